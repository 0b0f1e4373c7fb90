"""Leaping finds what reading line by line finds."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import amounts, index, indexing, seam, skim
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


@pytest.mark.parametrize(
    ("lines", "resume"),
    [
        ("T1\nG1 X5\nG1 Y9 E0.1\n", (5.0, 9.0)),
        ("T1\nG1 Y9 E0.1\n", None),
        ("G1 X5\nT1 ; tool\nG1 Y9 E0.1\n", None),
        ("G1 X5\nTIMELAPSE_TAKE_FRAME\nG1 Y9 E0.1\n", (5.0, 9.0)),
        ("G1 X5\nT=1\nG1 Y9 E0.1\n", None),
    ],
)
def test_a_tool_change_ends_no_run_and_forgets_where_the_head_is(
    lines: str,
    resume: tuple[float, float] | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(indexing, "_BEGINNING", 100)
    monkeypatch.setattr(skim, "_DENSEST", 1)
    laid = "".join(f"G1 X{n % 2} Y{n} E0.1\n" for n in range(200))
    path = tmp_path / "print.gcode"
    path.write_text(
        "G28\nG90\nM83\nG1 Z0.2\nG1 X0 Y0\n"
        + laid
        + lines
        + "G1 Z0.4\nG1 E0.1\nG1 X1 Y1 E0.1\n"
        + laid
    )
    record = _scan(path, True)
    assert [run.exact for run in record.runs] == [False, False]
    assert [layer.resume for layer in index(path).layers] == [resume, None]


def test_a_move_to_the_height_it_is_at_ends_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "_BEGINNING", 100)
    monkeypatch.setattr(skim, "_DENSEST", 1)
    crossed: list[int] = []

    def cross(*args: object) -> seam.Crossing:
        crossed.append(1)
        return seam.cross(*args)  # type: ignore[arg-type]

    monkeypatch.setattr(skim, "cross", cross)
    path = tmp_path / "print.gcode"
    path.write_text(
        "G28\nG90\nM83\nG1 Z0.2\nG1 X0 Y0\n"
        + "".join(f"G1 X{n % 2} Y{n} Z0.200 E0.1\n" for n in range(200))
        + "G1 Z0.4\n"
        + "".join(f"G1 X{n % 2} Y{n} Z0.400 E0.1\n" for n in range(200))
    )
    assert [layer.z for layer in index(path).layers] == [0.2, 0.4]
    assert len(crossed) <= 3  # at the beginning, at the rise and at the end
