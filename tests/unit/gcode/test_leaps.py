"""The index made by leaps is the one made by reading every line, in whatever file."""

from __future__ import annotations

import os
import random
from dataclasses import replace
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import LayerIndex, index, indexing, scan, skim
from octoprint_layercapture.gcode.runs import Record
from tests.bench import _repeated, layers

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS", "")
FILES = sorted(OWN.glob("*.gcode")) + sorted(
    Path(CORPUS).glob("*.gcode") if CORPUS else []
)
SIZE = 400_000  # bytes of a file that is changed
EDITS = 12  # lines of it
ROUNDS = 2

ODD = (
    *("G92 E0", "G92 E5.5", "G92 Z0.3", "G92 X1", "G92", "M82", "M83", "G91", "G90"),
    *("T0", "T1", "G28", "G28 X", "M600", "M104 S200", "M109 S200", "M84", "G10", "G11"),
    *("T2 ; tool", "T0=5", "T1\r", "G999 T0", "G130 X5", "TIMELAPSE_TAKE_FRAME"),
    *("@pause", "PURGE", "SET_FAN SPEED=1", "G20", "G21", "M106 S255", "M204 P500"),
    *("G1 Z0.2", "G1 Z0.05", "G1 Z99", "G1 Z1e3", "G0 Z5 ; Z", "G1 E-1", "G1 E1"),
    *(
        "G1 E0",
        "G1 X1 Y1",
        "G1 X1 Y1 E-0.5",
        "G1 X1 Y1 E0.5",
        "G1 X1 Y1 Z2 E0.5",
        " G1 X5",
    ),
    *("g1 x5 e3", "G01 X9 Y9 E1", "G1X5Y5E5", "G2 X5 Y5 I1 J1 E0.2", "G3 Z2 I1 J1 P1"),
    *(";LAYER:7", ";LAYER_CHANGE", "; layer 3, Z = 1.2", ";TYPE:Z", ";WIPE_START"),
    *(";WIPE_END", ";", "", "   ", "N5 G1 X3*7", "G1 F1800", "G1", "M", "G1 X", "G1 XE5"),
)


def _read(record: Record, text: bytes, position: int) -> bytes:
    scan.lines(record, text, position)
    return b""


def _index(path: Path, *, leaping: bool) -> LayerIndex:
    with pytest.MonkeyPatch.context() as patch:
        if not leaping:
            patch.setattr(skim, "skim", _read)
        return index(path)


def _check(path: Path) -> None:
    leaping, reading = _index(path, leaping=True), _index(path, leaping=False)
    for here, there in zip(leaping.layers, reading.layers):
        assert here == there
    # Where a print reaches is known only if every move was read.
    assert replace(leaping, bounds=reading.bounds) == reading


def _at_a_seam(lines: list[bytes], chance: random.Random) -> int:
    """A line that moves Z or marks a layer, or one near it, or any."""
    seams = [n for n, line in enumerate(lines) if b" Z" in line or b"LAYER" in line]
    if not seams or chance.random() < 0.2:
        return chance.randrange(len(lines))
    return min(max(chance.choice(seams) + chance.randint(-6, 6), 0), len(lines) - 1)


def _edit(lines: list[bytes], chance: random.Random) -> None:
    at = _at_a_seam(lines, chance)
    kind = chance.randrange(6)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        other = min(at + 1, len(lines) - 1)
        lines[at], lines[other] = lines[other], lines[at]
    elif kind == 2:
        lines.insert(at, chance.choice(ODD).encode("ascii"))
    elif kind == 3:
        lines[at] = lines[at].replace(b" ", chance.choice((b"  ", b"\t", b"")), 1)
    elif kind == 4:
        lines.insert(at, lines[_at_a_seam(lines, chance)])
    else:
        digits = [n for n, byte in enumerate(lines[at]) if 0x30 <= byte <= 0x39]
        if digits:
            digit, line = chance.choice(digits), bytearray(lines[at])
            line[digit] = chance.choice(b"0123456789.-")
            lines[at] = bytes(line)


@pytest.fixture(autouse=True)
def leap_early(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexing, "_BEGINNING", 20_000)
    monkeypatch.setattr(skim, "_DENSEST", 1)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_whole_files(path: Path) -> None:
    _check(path)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
@pytest.mark.parametrize("marks", [True, False])
def test_files_with_odd_lines_at_their_seams(
    path: Path, marks: bool, tmp_path: Path
) -> None:
    source = tmp_path / "source.gcode"
    if _repeated.marked(path):
        _repeated.write(path, source, SIZE, marks=marks)
    else:
        source.write_bytes(path.read_bytes()[:SIZE])
    text = source.read_bytes()[:SIZE]
    for round in range(ROUNDS):
        chance = random.Random(f"{path.name} {marks} {round}")
        lines = text.split(b"\n")
        for _ in range(EDITS):
            _edit(lines, chance)
        changed = tmp_path / "changed.gcode"
        changed.write_bytes(b"\n".join(lines))
        _check(changed)


@pytest.mark.parametrize("layer", [layers.cura, layers.prusa])
@pytest.mark.parametrize("marked", [True, False])
def test_generated_files(layer: object, marked: bool, tmp_path: Path) -> None:
    path = tmp_path / "print.gcode"
    layers.write(path, layer, 1_500_000, marked)
    _check(path)
