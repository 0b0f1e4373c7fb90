"""Random prints whose layers are known: all are found, however they are written."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_layercapture.gcode import index, indexing, skim

MARKS = {
    "none": None,
    "cura": ";LAYER:{n}",
    "prusa": ";LAYER_CHANGE\n;Z:{z:.3f}\n;HEIGHT:0.2",
    "bambu": "; CHANGE_LAYER\n; Z_HEIGHT: {z:.3f}",
    "simplify3d": "; layer {m}, Z = {z:.3f}",
    "kisslicer": "; BEGIN_LAYER_OBJECT z={z:.3f} z_thickness=0.200",
    "kirimoto": ";; --- layer {n} (0.200 @ {z:.3f}) ---",
    "flashprint": ";layer:{z:.2f}",
    "icesl": ";(<layer {n}>)",
}


@dataclass(frozen=True)
class Style:
    """How a print is written."""

    marks: str
    relative_e: bool
    relative: bool
    inches: bool
    hops: bool
    retraction: str
    purge: bool
    crlf: bool
    chatter: bool
    object_count: int
    mark_first: bool


STYLES = st.builds(
    Style,
    marks=st.sampled_from(sorted(MARKS)),
    relative_e=st.booleans(),
    relative=st.booleans(),
    inches=st.booleans(),
    hops=st.booleans(),
    retraction=st.sampled_from(["none", "plain", "firmware", "wipe"]),
    purge=st.booleans(),
    crlf=st.booleans(),
    chatter=st.booleans(),
    object_count=st.integers(1, 3),
    mark_first=st.booleans(),
)
RISES = st.lists(st.sampled_from([0.06, 0.1, 0.2, 0.28, 0.35]), min_size=3, max_size=12)


class Writer:
    """Writes G-code in one style, lengths in mm in, and keeps the layers' truth."""

    def __init__(self, style: Style) -> None:
        self.style = style
        self.lines: list[str] = []
        self.x = self.y = self.z = self.e = 0.0
        self.heights: list[float] = []
        self.ends: list[int] = []  # lines in the file when a layer's last move is written
        self.unit = 25.4 if style.inches else 1.0
        self.line("G28")
        self.line("G20" if style.inches else "G21")
        self.line("G91" if style.relative else "G90")
        self.line("M83" if style.relative_e else "M82")
        self.line("G92 E0")

    def line(self, text: str) -> None:
        self.lines += text.split("\n")

    def move(
        self,
        x: Optional[float] = None,
        y: Optional[float] = None,
        z: Optional[float] = None,
        e: float = 0.0,
    ) -> None:
        words = ["G1"]
        for axis, value in (("x", x), ("y", y), ("z", z)):
            if value is None:
                continue
            before = getattr(self, axis)
            shown = value - before if self.style.relative else value
            words.append(f"{axis.upper()}{shown / self.unit:.6f}")
            setattr(self, axis, value)
        if e:
            self.e += e
            words.append(f"E{(e if self.style.relative_e else self.e) / self.unit:.6f}")
        self.line(" ".join([*words, "F3000"]))

    def travel(self, x: float, y: float) -> None:
        hop = self.style.hops
        if hop:
            self.move(z=self.z + 0.4)
        self.move(x, y)
        if hop:
            self.move(z=self.z - 0.4)

    def retract(self) -> None:
        kind = self.style.retraction
        if kind == "firmware":
            self.line("G10")
        elif kind == "plain":
            self.move(e=-1.0)
        elif kind == "wipe":
            self.move(self.x + 0.5, self.y, e=-0.6)
            self.move(e=-0.4)

    def prime(self) -> None:
        kind = self.style.retraction
        if kind == "firmware":
            self.line("G11")
        elif kind != "none":
            self.move(e=1.0)

    def loop(self, x: float, size: float) -> None:
        for dx, dy in ((size, 0.0), (size, size), (0.0, size), (0.0, 0.0)):
            self.move(x + dx, 50 + dy, e=size * 0.04)

    def layer(self, number: int, z: float, x: float) -> None:
        mark = MARKS[self.style.marks]
        text = None if mark is None else mark.format(n=number, m=number + 1, z=z)
        if text and self.style.mark_first:
            self.line(text)
        self.move(z=z)
        if text and not self.style.mark_first:
            self.line(text)
        for size in (20.0, 16.0):
            self.travel(x + 10 - size / 2, 50.0)
            self.prime()
            if self.style.chatter:
                self.line("M204 S1000\n;TYPE:WALL-OUTER Z9 E9\nM117 E1 Z77 layer 3")
            self.loop(x + 10 - size / 2, size)
            self.ends.append(len(self.lines))
            self.retract()
        del self.ends[-2]
        self.heights.append(z)

    def text(self) -> bytes:
        end = "\r\n" if self.style.crlf else "\n"
        return "".join(line + end for line in self.lines).encode()


def write(style: Style, rises: list[float]) -> Writer:
    """A whole print: purge line, objects, end G-code."""
    writer = Writer(style)
    if style.purge:
        writer.move(0.0, 1.0)
        writer.move(z=0.5)
        writer.move(90.0, 1.0, e=15.0)
        writer.move(z=5.0)
        writer.line("G92 E0")
        writer.e = 0.0
    writer.retract()
    number = 0
    for item in range(style.object_count):
        z = 0.0
        if item:
            writer.move(z=40.0)
        for rise in [0.3, *rises]:
            z = round(z + rise, 4)
            writer.layer(number, z, 30.0 + 40 * item)
            number += 1
    writer.line("M104 S0\nM140 S0")
    writer.move(z=writer.z + 10)
    writer.move(0.0, 150.0)
    writer.line("M84")
    return writer


@settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(style=STYLES, rises=RISES, leaping=st.booleans())
def test_all_layers_of_a_random_print_are_found(
    monkeypatch: pytest.MonkeyPatch, style: Style, rises: list[float], leaping: bool
) -> None:
    monkeypatch.setattr(indexing, "_BEGINNING", 600 if leaping else 10**9)
    monkeypatch.setattr(skim, "_DENSEST", 1)
    writer = write(style, rises)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "print.gcode"
        path.write_bytes(writer.text())
        found = index(path)
    heights = [layer.z for layer in found.layers]
    assert heights == pytest.approx(writer.heights, abs=0.01)
    assert found.sequential == (style.object_count > 1)
    assert not found.spiral
    newline = 2 if style.crlf else 1
    offsets = [0]
    for line in writer.lines:
        offsets.append(offsets[-1] + len(line) + newline)
    moves = {"none": 0, "plain": 1, "firmware": 1, "wipe": 2}[style.retraction]
    for layer, end in zip(found.layers, writer.ends):
        assert layer.capture_pos == offsets[end + moves]
        assert layer.retracted == (moves > 0)
