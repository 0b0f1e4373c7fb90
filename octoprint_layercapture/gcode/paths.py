"""Where a file lays filament: the beads of each layer as lines seen from above."""

from __future__ import annotations

import math
import os
import re
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import hypot, isnan, nan
from typing import Optional, Union

from . import source, words
from .layers import Layer

_PIECE = 256 * 1024  # bytes
_SMALLEST = 1e-6  # mm of filament; less is rounding
_CROSS_SECTION = math.pi * 1.75**2 / 4  # mm²
_THICK = (2.85 / 1.75) ** 2  # how much more a mm of thick filament is
_THIN_BEAD = 0.25  # mm; what comes out thinner is of thick filament
_ROUNDED = 1 - math.pi / 4  # of its height a bead with round sides is wider
_WIDTHS = 0.2, 1.5  # mm
_USUAL_WIDTH = 0.45  # mm
_SAGITTA = 0.02  # mm by which a chord may leave its arc
_MOST_CHORDS = 360

_N = rb"(-?[0-9]*\.?[0-9]+)"
#: A comment line, a plain move's words, or any other line.
_STEP = re.compile(
    rb";[^\n]*\n"
    rb"|G[01] (?:F[0-9.]+ ?)?(?:X" + _N + rb" ?)?(?:Y" + _N + rb" ?)?"
    rb"(?:Z-?[0-9.]+ ?)?(?:F[0-9.]+ ?)?(?:E" + _N + rb" ?)?(?:F[0-9.]+ ?)?"
    rb"(?:;[^\n]*)?\r?\n"
    rb"|([^\n]+)\n|\n"
)

_Place = tuple[float, float]


@dataclass(frozen=True)
class Bead:
    """Filament laid without a break.

    ``points``: x0, y0, x1, y1, … in machine coordinates, mm, two places at least.
    ``width``: mm, a guess from the amount of filament and the layer's height.
    """

    points: Sequence[float]
    width: float


def beads(
    path: Union[str, os.PathLike[str]], layers: Sequence[Layer]
) -> Iterator[list[Bead]]:
    """The beads of the file's layers, one list for each layer, in the file's order.

    What is laid before the first layer counts to it. The file is read as it is asked for
    layers, and no further than it has to; arcs come as chords. Where the file ends early
    there are fewer lists. Raises OSError.
    """
    walk = Walk()
    following = iter(layers)
    layer = next(following, None)
    if layer is None:
        return
    with open(path, "rb") as file:
        for position, text in source.pieces(file, _PIECE):
            begin = 0
            while layer is not None and layer.capture_pos <= position + len(text):
                end = max(layer.capture_pos - position, begin)
                walk.read(text[begin:end])
                yield walk.take(layer.height)
                begin = end
                layer = next(following, None)
            if layer is None:
                return
            walk.read(text[begin:])
    yield walk.take(layer.height)


class Walk:
    """Goes along the lines and keeps what they lay since it was last taken."""

    def __init__(self) -> None:
        self._state = words.Modal()
        self._state.e = 0.0
        self._done: list[tuple[array[float], float]] = []  # points, mm² across
        self._points: array[float] = array("f")
        self._filament = 0.0  # mm³ in these points
        self._length = 0.0  # mm between them

    def elsewhere(self) -> Walk:
        """A walk that begins at another place of the file, with the modes as here.

        Where the head is shows only with the first move, so that one lays nothing.
        """
        twin = Walk()
        state = self._state.copy()
        state.x = state.y = state.z = state.e = None
        twin._state = state
        return twin

    def take(self, height: float) -> list[Bead]:
        """The beads since the last time; ``height`` of their layer in mm."""
        self._finish()
        done, self._done = self._done, []
        return [Bead(points, _width(section, height)) for points, section in done]

    def read(self, text: bytes) -> None:
        """Takes whole lines; only the file's last one may lack its end."""
        if text and not text.endswith(b"\n"):
            text += b"\n"
        state = self._state
        x, y, e = _known(state.x), _known(state.y), _known(state.e)
        plain, relative = self._plain(), state.extrudes_relative
        for step in _STEP.finditer(text):
            xs, ys, es, other = step.groups()
            if other is not None or not plain:
                state.x, state.y, state.e = _number(x), _number(y), _number(e)
                start, stop = step.span()
                self._line(text[start:stop].decode("utf-8", "replace"))
                x, y, e = _known(state.x), _known(state.y), _known(state.e)
                plain, relative = self._plain(), state.extrudes_relative
                continue
            filament = 0.0
            if es is not None:
                value = float(es)
                filament = value if relative else value - e
                e = e + value if relative else value
            if xs is None and ys is None:
                continue
            was_x, was_y = x, y
            if xs is not None:
                x = float(xs)
            if ys is not None:
                y = float(ys)
            if filament > _SMALLEST:
                self._lay(was_x, was_y, x, y, filament)
            elif self._points:
                self._finish()
        state.x, state.y, state.e = _number(x), _number(y), _number(e)

    def _plain(self) -> bool:
        """Whether words say machine positions and filament in mm."""
        state = self._state
        return (
            state.absolute
            and not state.inches
            and state.area is None
            and all(self._unmoved(axis) for axis in "XY")
        )

    def _unmoved(self, axis: str) -> bool:
        """Whether G92 left the axis' origin where it was."""
        state = self._state
        logical = state.x if axis == "X" else state.y
        return state.offset[axis] == 0 and logical == state.machine(axis)

    def _line(self, line: str) -> None:
        """Takes one line, whatever it says."""
        state = self._state
        name = words.command(line)
        if name is None:
            return
        if name not in ("G0", "G1", "G2", "G3"):
            place = self._place()
            state.feed(line)
            if self._place() != place:
                self._finish()
            return
        given = words.words(line)
        before, filament = self._place(), self._fed(given.get("E"))
        state.feed(line)
        after = self._place()
        chords = [after]
        if before is not None and after is not None and name in ("G2", "G3"):
            scale = words.INCH if state.inches else 1.0
            center = _center(before, after, given, scale, name == "G2")
            if center is not None:
                chords = list(_chords(before, after, center, name == "G2"))
        if before is None or after is None or filament <= _SMALLEST:
            if before != after or len(chords) > 1:
                self._finish()
            return
        at = before
        for chord in chords:
            if chord is not None and chord != at:
                self._lay(*at, *chord, filament / len(chords))
                at = chord

    def _fed(self, value: Optional[float]) -> float:
        """mm of filament that an E word feeds now, negative where it pulls back."""
        state = self._state
        if value is None:
            return 0.0
        value *= words.INCH if state.inches else 1.0
        if not state.extrudes_relative:
            value = 0.0 if state.e is None else value - state.e
        return value / state.area if state.area else value

    def _place(self) -> Optional[_Place]:
        x, y = self._state.machine("X"), self._state.machine("Y")
        return None if x is None or y is None else (x, y)

    def _lay(self, x: float, y: float, to_x: float, to_y: float, filament: float) -> None:
        length = hypot(to_x - x, to_y - y)
        if not length:
            return
        if isnan(length):
            self._finish()
            return
        if not self._points:
            self._points.append(x)
            self._points.append(y)
        self._points.append(to_x)
        self._points.append(to_y)
        self._filament += filament
        self._length += length

    def _finish(self) -> None:
        if self._points:
            section = self._filament * _CROSS_SECTION / self._length
            self._done.append((self._points, section))
            self._points = array("f")
            self._filament = self._length = 0.0


def _known(value: Optional[float]) -> float:
    return nan if value is None else value


def _number(value: float) -> Optional[float]:
    return None if isnan(value) else value


def _width(section: float, height: float) -> float:
    """mm, of a bead with ``section`` mm² in a layer so high."""
    if height <= 0:
        return _USUAL_WIDTH
    if section < height * _THIN_BEAD:
        section *= _THICK
    width = section / height + height * _ROUNDED
    return min(max(width, _WIDTHS[0]), _WIDTHS[1])


def _center(
    start: _Place,
    end: _Place,
    given: dict[str, Optional[float]],
    scale: float,
    clockwise: bool,
) -> Optional[_Place]:
    """The centre of an arc, by I and J or by R; None where the words make none."""
    radius = given.get("R")
    if radius is None:
        i, j = given.get("I") or 0.0, given.get("J") or 0.0
        if i == 0 and j == 0:
            return None
        return start[0] + i * scale, start[1] + j * scale
    radius *= scale
    dx, dy = end[0] - start[0], end[1] - start[1]
    chord = hypot(dx, dy)
    if chord == 0 or abs(radius) < chord / 2:
        return None
    # left of the way lies the centre of a short turn to the left
    aside = math.sqrt(radius * radius - chord * chord / 4) / chord
    if clockwise != (radius < 0):
        aside = -aside
    return (start[0] + end[0]) / 2 - dy * aside, (start[1] + end[1]) / 2 + dx * aside


def _chords(
    start: _Place, end: _Place, center: _Place, clockwise: bool
) -> Iterator[_Place]:
    """The places along an arc after its start; one that ends where it starts is whole."""
    x, y = start[0] - center[0], start[1] - center[1]
    radius, first = hypot(x, y), math.atan2(y, x)
    turn = math.atan2(end[1] - center[1], end[0] - center[0]) - first
    if clockwise:
        turn = -turn
    turn %= 2 * math.pi
    if turn < 1e-9:
        turn = 2 * math.pi
    step = 2 * math.acos(max(1 - _SAGITTA / radius, 0.0)) if radius > _SAGITTA else turn
    count = min(max(math.ceil(turn / step), 1), _MOST_CHORDS)
    for number in range(1, count):
        angle = first + (-turn if clockwise else turn) * number / count
        yield center[0] + radius * math.cos(angle), center[1] + radius * math.sin(angle)
    yield end
