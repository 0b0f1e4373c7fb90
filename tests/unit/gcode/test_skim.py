"""Leaping finds what reading line by line finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import amounts, index, indexing, skim
from octoprint_layercapture.gcode.grouping import group
from octoprint_layercapture.gcode.runs import Record
from tests.bench import _repeated

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS", "")
FILES = sorted(OWN.glob("*.gcode")) + sorted(
    Path(CORPUS).glob("*.gcode") if CORPUS else []
)


def _scan(path: Path, leaping: bool) -> Record:
    with open(path, "rb") as file:
        return indexing._scan(file, None, leaping=leaping)


def _runs(record: Record) -> list[tuple[object, ...]]:
    return [
        (run.start, run.end, run.z, run.top, seam)
        for run, seam in zip(record.runs, record.runs.seams)
    ]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("piece", [9_999, 4_000_000])
def test_runs_and_marks_are_the_same(
    path: Path, piece: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octoprint_layercapture.gcode.source.PIECE", piece)
    monkeypatch.setattr(indexing, "_BEGINNING", 2_000)
    monkeypatch.setattr(skim, "_DENSEST", 1)
    leaping, reading = _scan(path, True), _scan(path, False)
    assert _runs(leaping) == _runs(reading)
    assert list(leaping.marks) == list(reading.marks)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("marks", [True, False])
def test_runs_and_marks_of_a_long_print_are_the_same(
    path: Path, marks: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not _repeated.marked(path):
        return  # no telling where its layers begin
    monkeypatch.setattr(skim, "_DENSEST", 1)
    long = tmp_path / path.name
    _repeated.write(path, long, max(2 * path.stat().st_size, 1_000_000), marks=marks)
    leaping, reading = _scan(long, True), _scan(long, False)
    assert _runs(leaping) == _runs(reading)
    assert list(leaping.marks) == list(reading.marks)


def test_a_height_that_hangs_on_guessed_amounts_is_weighed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Short moves with much filament at one height, long text with little at another."""
    monkeypatch.setattr(indexing, "_BEGINNING", 100)
    monkeypatch.setattr(skim, "_DENSEST", 1)
    text = (
        "G28\nG90\nM83\n;LAYER:0\nG1 Z0.2\nG1 X0 Y0\nG1 X9 E1\nG1 Y9 E1\n" + ";x\n" * 99
    )
    for number, z in ((1, 1.0), (2, 2.0), (3, 3.0)):
        text += f";LAYER:{number}\nG1 Z{z}\nG1 X0 Y0\n"
        text += "".join(f"G1 X{n % 2 + 1}.000000 Y{n}.000000 E0.001\n" for n in range(60))
        text += f"G1 Z{z + 0.4:.1f}\n" + "G1 X0 E3\nG1 X9 E3\n" * 4
    path = tmp_path / "print.gcode"
    path.write_text(text)
    record = _scan(path, True)
    groups = group(record.runs, record.marks, 0.05)
    assert not groups.certain
    with open(path, "rb") as file:
        assert amounts.settle(file, groups)
    groups = group(record.runs, record.marks, 0.05)
    expected = [0.2, 1.4, 2.4, 3.4]
    assert [each.z for each in groups] == pytest.approx(expected)
    assert [layer.z for layer in index(path).layers] == pytest.approx(expected)
