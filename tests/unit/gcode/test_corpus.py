"""Real slicers' files: every layer, every height, with comments and without."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import Any

import pytest

from octoprint_layercapture.gcode import LayerIndex, index

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS")


def _truth(folder: Path) -> dict[str, Any]:
    truth: dict[str, Any] = json.loads((folder / "truth.json").read_text())
    return truth


def _cases(folder: Path) -> list[Any]:
    return [pytest.param(folder, name, id=name) for name in sorted(_truth(folder))]


_UNSET = pytest.mark.skip(reason="LAYERCAPTURE_CORPUS is not set")
REAL = _cases(Path(CORPUS)) if CORPUS else [pytest.param(OWN, "none", marks=_UNSET)]


def _without_comments(path: Path, folder: Path) -> Path:
    bare = folder / path.name
    bare.write_bytes(re.sub(rb";[^\n\r]*", b"", path.read_bytes()))
    return bare


def _check(found: LayerIndex, truth: dict[str, Any]) -> None:
    heights = [layer.z for layer in found.layers]
    slack = truth.get("slack", 0)
    assert abs(len(heights) - len(truth["z"])) <= slack
    if not slack:
        assert heights == pytest.approx(truth["z"], abs=0.01)
    assert [layer.number for layer in found.layers] == list(range(1, len(heights) + 1))
    positions = [layer.capture_pos for layer in found.layers]
    assert positions == sorted(set(positions))
    for layer in found.layers:
        assert layer.triggers[0] == layer.capture_pos
        assert layer.top >= layer.z - 0.01


def _finest(truth: dict[str, Any]) -> float:
    """A least height in mm that lets all of the file's rises pass."""
    rises = [b - a for a, b in zip(truth["z"], truth["z"][1:]) if b > a]
    return min([0.05, *(rise * 0.9 for rise in rises)])


@pytest.mark.parametrize(("folder", "name"), _cases(OWN))
def test_layers_of_our_own_shapes_are_those_they_were_sliced_into(
    folder: Path, name: str
) -> None:
    truth = _truth(folder)[name]
    found = index(folder / name)
    _check(found, truth)
    assert found.spiral == truth.get("spiral", False)
    assert found.sequential == truth.get("sequential", False)
    assert found.slicer is not None


@pytest.mark.parametrize(
    ("folder", "name"),
    [case for case in _cases(OWN) if "vase" not in case.values[1]],
)
def test_layers_of_our_own_shapes_are_found_without_comments(
    folder: Path, name: str, tmp_path: Path
) -> None:
    truth = _truth(folder)[name]
    bare = _without_comments(folder / name, tmp_path)
    _check(index(bare, min_height=_finest(truth)), truth)


@pytest.mark.parametrize(("folder", "name"), REAL)
def test_layers_of_real_files(folder: Path, name: str) -> None:
    _check(index(folder / name), _truth(folder)[name])


@pytest.mark.parametrize(("folder", "name"), REAL)
def test_layers_of_real_files_are_found_without_comments(
    folder: Path, name: str, tmp_path: Path
) -> None:
    bare = _without_comments(folder / name, tmp_path)
    _check(index(bare), _truth(folder)[name])
