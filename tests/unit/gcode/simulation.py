"""A plain simulation of a file, for tests: every line is read, nothing is leapt over.

It shares no code with the package, so that the two can be held against each other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

_WORD = re.compile(rb"([A-Z])(-?[0-9]*\.?[0-9]+)")
_NAME = re.compile(rb"([GMT])0*([0-9]+)")
_MOVES = ("G0", "G1", "G2", "G3")


class Step(NamedTuple):
    """One command: its line is ``text[start:end]``. Lengths in mm."""

    start: int
    end: int
    name: str
    planar: bool  # X or Y moved
    z_before: float
    z: float
    filament: float  # pushed forward, or pulled back where negative

    @property
    def lays(self) -> bool:
        """Whether filament is laid in XY."""
        return self.planar and self.filament > 1e-6

    @property
    def pulls(self) -> bool:
        """Whether it retracts."""
        return self.filament < -1e-6 or self.name == "G10"

    @property
    def pushes(self) -> bool:
        """Whether it primes or lays filament."""
        return self.filament > 1e-6 or self.name == "G11"


@dataclass
class _State:
    x: float = 0.0
    y: float = 0.0
    z: float = 0.0
    e: float = 0.0
    shift: float = 0.0  # what G92 took from Z
    absolute: bool = True
    absolute_e: bool = True
    stated_e: bool = False  # by M82 or M83, which slicers mean to last
    unit: float = 1.0


def steps(text: bytes) -> Iterator[Step]:
    """The commands of a file, whose lines end in a newline."""
    state = _State()
    end = 0
    for line in text.splitlines(keepends=True):
        start, end = end, end + len(line)
        code = line.split(b";")[0].strip()
        found = _NAME.match(code)
        if found is None:
            continue
        name = (found[1] + found[2]).decode()
        words = {key.decode(): float(value) for key, value in _WORD.findall(code)}
        yield _step(state, start, end, name, words)


def heights(text: bytes) -> list[float]:
    """The heights in mm at which filament is laid, each named anew where it changes."""
    found: list[float] = []
    for step in steps(text):
        if step.lays and (not found or abs(found[-1] - step.z) > 1e-4):
            found.append(round(step.z, 4))
    return found


def _step(
    state: _State, start: int, end: int, name: str, words: dict[str, float]
) -> Step:
    before = state.z + state.shift
    planar, filament = False, 0.0
    if name in _MOVES:
        planar = name in ("G2", "G3") and bool(words.keys() & {"I", "J", "R"})
        for axis in "XYZ":
            if axis in words:
                was = getattr(state, axis.lower())
                now = words[axis] * state.unit + (0.0 if state.absolute else was)
                planar = planar or (axis != "Z" and now != was)
                setattr(state, axis.lower(), now)
        if "E" in words:
            filament = words["E"] * state.unit
            if state.absolute_e:
                filament -= state.e
            state.e += filament
    elif name == "G92":
        state.e = words.get("E", state.e) * (state.unit if "E" in words else 1.0)
        if "Z" in words:
            state.shift += state.z - words["Z"] * state.unit
            state.z = words["Z"] * state.unit
    elif name == "G28" and not words.keys() & {"X", "Y"}:
        state.z = state.shift = 0.0
    elif name in ("G20", "G21"):
        state.unit = 25.4 if name == "G20" else 1.0
    elif name in ("G90", "G91"):
        state.absolute = name == "G90"
        if not state.stated_e:
            state.absolute_e = state.absolute
    elif name in ("M82", "M83"):
        state.absolute_e, state.stated_e = name == "M82", True
    return Step(start, end, name, planar, before, state.z + state.shift, filament)
