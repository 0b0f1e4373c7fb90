"""What a printer would do with the lines it got: an interpreter for the tests.

Written from the meaning of G-code and not from the plugin, so that it can tell whether
the plugin changed what was extruded.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

WORD = re.compile(r"([A-Z])\s*(-?(?:\d+\.?\d*|\.\d+))")
MOVES = ("G0", "G1", "G2", "G3")
XYZ = ("X", "Y", "Z")
INCH = 25.4


@dataclass(frozen=True)
class Segment:
    """One move while filament comes out; mm, mm/min, filament counted from the start.

    `filament` is the net length fed before the move: it differs where a retraction was
    not taken back.
    """

    start: tuple[float, float, float]
    end: tuple[float, float, float]
    extruded: float
    filament: float
    feedrate: float
    tool: int
    shape: str

    def close_to(self, other: Segment, tolerance: float = 1e-4) -> bool:
        mine = (*self.start, *self.end, self.extruded, self.filament, self.feedrate)
        its = (*other.start, *other.end, other.extruded, other.filament, other.feedrate)
        near = all(abs(a - b) <= tolerance for a, b in zip(mine, its))
        return near and (self.tool, self.shape) == (other.tool, other.shape)


@dataclass
class Printer:
    """The state that lines change, as a Marlin keeps it."""

    position: dict[str, float] = field(default_factory=lambda: dict.fromkeys(XYZ, 0.0))
    offset: dict[str, float] = field(default_factory=lambda: dict.fromkeys(XYZ, 0.0))
    e: float = 0.0
    filament: float = 0.0
    feedrate: float = 0.0
    relative: bool = False
    relative_e: bool = False
    scale: float = 1.0
    tool: int = 0
    retracted: bool = False

    def xyz(self) -> tuple[float, float, float]:
        return self.position["X"], self.position["Y"], self.position["Z"]

    def take(self, line: str) -> Segment | None:
        """Do one line; the segment it lays down, where it lays one."""
        code, _, rest = line.split(";")[0].strip().upper().partition(" ")
        words = {letter: float(number) for letter, number in WORD.findall(rest)}
        if code in MOVES:
            return self._move(code, words)
        if code in ("G90", "G91"):
            self.relative = self.relative_e = code == "G91"
        elif code in ("M82", "M83"):
            self.relative_e = code == "M83"
        elif code in ("G20", "G21"):
            self.scale = INCH if code == "G20" else 1.0
        elif code == "G92":
            self._set(words)
        elif code == "G28":
            for axis in [a for a in XYZ if a in rest] or XYZ:
                self.position[axis] = 0.0
                self.offset[axis] = 0.0
        elif code in ("G10", "G11") and not words:
            self.retracted = code == "G10"
        elif re.fullmatch(r"T\d+", code):
            self.tool = int(code[1:])
        return None

    def _set(self, words: dict[str, float]) -> None:
        for axis in XYZ:
            if axis in words:
                shown = words[axis] * self.scale
                self.offset[axis] = self.position[axis] - shown
        if "E" in words:
            self.e = words["E"] * self.scale

    def _move(self, code: str, words: dict[str, float]) -> Segment | None:
        start = self.xyz()
        if "F" in words:
            self.feedrate = words["F"] * self.scale
        for axis in XYZ:
            if axis in words:
                value = words[axis] * self.scale
                base = self.position[axis] if self.relative else self.offset[axis]
                self.position[axis] = base + value
        extruded = 0.0
        if "E" in words:
            value = words["E"] * self.scale
            extruded = value if self.relative_e else value - self.e
            self.e += extruded
        fed = self.filament
        self.filament += extruded
        if extruded <= 0 or self.xyz() == start:
            return None
        arc = " ".join(f"{a}{words[a] * self.scale:.4f}" for a in "IJRP" if a in words)
        shape = f"{code} {arc}" if code in ("G2", "G3") else "line"
        return Segment(start, self.xyz(), extruded, fed, self.feedrate, self.tool, shape)


def segments(lines: Iterable[str]) -> Iterator[Segment]:
    """The extruding moves of these lines, in order."""
    printer = Printer()
    for line in lines:
        segment = printer.take(line)
        if segment:
            yield segment


def first_difference(lines: Iterable[str], others: Iterable[str]) -> str:
    """Where the paths of two prints part, for a message; empty where they do not."""
    ours, theirs = list(segments(lines)), list(segments(others))
    for number, (a, b) in enumerate(zip(ours, theirs)):
        if not a.close_to(b):
            return f"segment {number}: {a} is not {b}"
    if len(ours) != len(theirs):
        return f"{len(ours)} segments are not {len(theirs)}"
    return "" if ours else "there are no segments"
