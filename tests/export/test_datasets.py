"""A dataset goes into Hugging Face's `datasets` as it is, without a line of code."""

from __future__ import annotations

import io
import json
import subprocess
import time
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from octoprint_layercapture.cli import main
from octoprint_layercapture.library import CaptureSettings, Place, Store
from octoprint_layercapture.library.dataset import COLUMNS
from tests import environments

LOADING = Path(__file__).with_name("loading.py")
STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
SIZE = (32, 24)


@pytest.fixture(scope="session")
def library_python() -> Path:
    """A Python with the real library, in an environment of its own."""
    with environments.exclusively():
        env = environments.Environment("datasets")
        env.create()
        if "datasets" not in env.done:
            env.pip("datasets", "install", "datasets>=3", "pillow")
            env.stamp("datasets", "datasets")
    return env.python


def load(python: Path, *folders: Path) -> dict:
    done = subprocess.run(
        [python, LOADING, *folders],
        capture_output=True,
        text=True,
        check=False,
        env={**environments.environment(), "HF_HUB_OFFLINE": "1"},
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


def shade(layer: int, index: int) -> int:
    return layer * 4 + index * 16


def picture(layer: int, index: int) -> bytes:
    out = io.BytesIO()
    Image.new("L", SIZE, shade(layer, index)).save(out, "JPEG", quality=100)
    return out.getvalue()


def printer(folder: Path, name: str, *, reports: bool) -> Path:
    """The pictures of one printer: two prints with two captures of three pictures."""
    store = Store(Place(folder, folder), sanitize=lambda text: text)
    grid = CaptureSettings.of_grid(
        center=(100, 100), columns=3, rows=1, spacing_x=40, spacing_y=40
    )
    for number in range(2):
        kept = store.begin_print("part.gcode", STARTED + number * 9000, instance=name)
        for layer in (10, 20):
            writer = kept.begin_capture(
                layer=layer, z_height=layer / 5, started=STARTED, settings=grid
            )
            for index in range(3):
                x = 60.0 + 40 * index
                writer.add_picture(
                    index=index,
                    order=index,
                    position=(x, 100.0),
                    actual=(x, 100.0, 9.0) if reports else None,
                    camera="a",
                    jpeg=picture(layer, index),
                    taken_at=STARTED + layer,
                    width=SIZE[0],
                    height=SIZE[1],
                )
            writer.finish()
    return folder


def exported(source: Path, target: Path) -> Path:
    command = ["export", "--all", "--dataset", "--from", str(source), "--to", str(target)]
    result = CliRunner().invoke(main, command)
    assert result.exit_code == 0, result.output
    return target


def test_the_real_library_loads_two_printers_as_one(library_python, tmp_path):
    folders = []
    for name, reports in (("Left", True), ("Right", False)):
        pictures = printer(tmp_path / name, name, reports=reports)
        folders.append(exported(pictures, tmp_path / f"{name} dataset"))
    loaded = load(library_python, *folders)
    assert loaded["columns"] == ["image", *COLUMNS]
    rows = loaded["rows"]
    assert len(rows) == len({row["id"] for row in rows}) == 24
    assert len({row["print_id"] for row in rows}) == 4
    assert len({row["capture_id"] for row in rows}) == 8
    for row in rows:
        # the row's data stand beside the row's own picture
        expected = shade(row["layer"], row["index"]) * SIZE[0] * SIZE[1]
        assert row["pixels"] == pytest.approx(expected, rel=0.02)
        assert row["shape"] == list(SIZE)
        assert row["actual_x"] == (row["x"] if row["instance"] == "Left" else None)
    together = load(library_python, _side_by_side(tmp_path, folders))
    assert {row["id"] for row in together["rows"]} == {row["id"] for row in rows}


def _side_by_side(tmp_path: Path, folders: list[Path]) -> Path:
    """One folder with the exports of both printers in it."""
    both = tmp_path / "both"
    both.mkdir()
    for folder in folders:
        folder.rename(both / folder.name)
    return both
