"""The ``layers`` command."""

from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner

from octoprint_layercapture.cli import commands, main
from octoprint_layercapture.gcode import LayerIndex, index

FILE = Path(__file__).parents[2] / "fixtures" / "gcode" / "prusa-objects.gcode"


def test_json_is_the_index_and_nothing_else() -> None:
    done = CliRunner().invoke(main, ["layers", str(FILE), "--json"])
    assert done.exit_code == 0
    assert LayerIndex.from_dict(json.loads(done.output)) == index(FILE)


def test_output_writes_the_bare_json(tmp_path: Path) -> None:
    out = tmp_path / "layers.json"
    done = CliRunner().invoke(main, ["layers", str(FILE), "--output", str(out)])
    assert done.exit_code == 0
    assert LayerIndex.from_dict(json.loads(out.read_text())) == index(FILE)


def test_the_table_names_every_layer() -> None:
    done = CliRunner().invoke(main, ["layers", str(FILE)])
    assert "Slicer: PrusaSlicer" in done.output
    assert "Layers: 22 (object by object)" in done.output
    assert len(done.output.splitlines()) == 22 + 4


def test_a_file_that_is_no_gcode_is_an_error_people_can_read(tmp_path: Path) -> None:
    path = tmp_path / "shape.stl"
    path.write_text("solid shape\n")
    done = CliRunner().invoke(main, ["layers", str(path)])
    assert done.exit_code == 1
    assert "is not G-code" in done.output


def test_octoprint_is_given_the_command() -> None:
    assert [each.name for each in commands(None, None)] == ["layers", "export"]
