"""Seams that differ in their numbers only: the first of a kind teaches a pattern, and the
others are read by it.

What a seam comes to hangs on what its lines do, not on where they go. So a shape is the
lines' wording, and what each must do: retract, prime, travel, rise. A seam that is worded
the same but does something else is not read by the shape.
"""

from __future__ import annotations

import re
from math import nan
from typing import NamedTuple, Optional

from . import slicers
from .head import FARTHEST, Head, kind_of_move
from .seam import MOST_TRIGGERS, Crossing, Extrusion, Mark, Seam
from .wording import Item, Wording, pattern, read

MOST_SHAPES = 16
MOST_LESSONS = 24  # to learn a shape takes as long as reading a hundred seams
LONGEST = 4096  # bytes of a seam

_END = re.compile(rb"\n")
_NUMBERS = b"0123456789.-"

_FARTHEST = FARTHEST * FARTHEST
_LOST = -1  # instead of a group: no longer known


class _Step(NamedTuple):
    """A move whose effect counts: the groups of the position before it, as far as other
    lines set it, and of its own words. ``relative``: whether E is, if a line said so.
    """

    from_x: Optional[int]
    from_y: Optional[int]
    from_z: Optional[int]
    from_e: Optional[int]
    to_x: Optional[int]
    to_y: Optional[int]
    to_z: Optional[int]
    to_e: Optional[int]
    relative: Optional[bool]
    arc: bool
    effect: tuple[str, bool, bool]


_Place = tuple[float, float, float, float]  # X, Y, Z, E


class _Moved(NamedTuple):
    """The last move of a shape: where from, where to, and how much it feeds in mm."""

    was: _Place
    now: _Place
    filament: float


class Shapes:
    """The shapes of one file's seams, most recently seen first."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []
        self._seen: dict[tuple[bytes, ...], int] = {}
        self._lessons = 0

    def cross(
        self, text: bytes, start: int, position: int, head: Head
    ) -> Optional[Crossing]:
        """As ``seam.cross``, but None, and ``head`` as it was, if no shape fits."""
        for index, shape in enumerate(self._shapes):
            found = shape.pattern.match(text, start)
            if found is not None:
                crossing = shape.read(found, position, head)
                if crossing is not None:
                    if index:
                        self._shapes.insert(0, self._shapes.pop(index))
                    return crossing
        return None

    def learn(self, text: bytes, head: Head) -> None:
        """Takes in a seam of which no shape was known, the extruding move after it
        included. ``head`` is as before it, and is changed."""
        if self._lessons >= MOST_LESSONS or len(text) > LONGEST:
            return
        words = tuple(dict.fromkeys(text.translate(None, _NUMBERS).splitlines()))
        seen = self._seen[words] = self._seen.get(words, 0) + 1
        if seen == 1 or seen & (seen - 1):
            return  # the second time, the fourth, the eighth …
        wording = read(text, head)
        if wording is not None:
            self._lessons += 1
            self._shapes.insert(0, _Shape(wording))
            del self._shapes[MOST_SHAPES:]


class _Shape:
    """A seam's pattern, what its lines must do, and what it comes to then."""

    def __init__(self, wording: Wording) -> None:
        items, point = wording
        ends = {point.capture, point.marker_pos, *point.triggers, len(items)}
        self.pattern = pattern(items, ends)
        self._steps = _steps(items)
        modes = [each.relative for each in items if each.relative is not None]
        self._relative = modes[-1] if modes else None
        self._marks = [each.groups["mark"] for each in items if each.marks]
        self._last = items[-1].groups["line"]
        self._retracted = point.retracted
        # 0 is the whole match, of which the start counts.
        groups = [0, *(each.groups.get("line", 0) for each in items)]
        self._capture = groups[point.capture]
        self._marker = None if point.marker_pos is None else groups[point.marker_pos]
        self._triggers = [
            (groups[at], at > 0 and items[at - 1].repeated)
            for at in dict.fromkeys(point.triggers)
        ]

    def read(
        self, found: re.Match[bytes], position: int, head: Head
    ) -> Optional[Crossing]:
        """The seam that was found, None where it does something else."""
        try:
            moved = self._move(found.groups(), head)
        except ValueError:  # some number is none
            return None
        if moved is None:
            return None
        marks = self._found_marks(found, position)
        triggers = self._found_triggers(found, position)
        if marks is None or len(triggers) > MOST_TRIGGERS:
            return None
        head.x, head.y, head.z, head.e = moved.was
        before, place = head.height, head.place
        head.x, head.y, head.z, head.e = moved.now
        if self._relative is not None:
            head.absolute_e, head.e_mode_stated = not self._relative, True
        start, stop = found.span(self._last)
        seam = Seam(
            position + (found.end(self._capture) if self._capture else found.start()),
            self._retracted,
            tuple(triggers),
            place,
            self._marker_pos(found, position),
        )
        move = Extrusion(position + start, position + stop, before, moved.filament)
        return Crossing(seam, marks, move)

    def _move(self, words: tuple[bytes, ...], head: Head) -> Optional[_Moved]:
        """Goes through the steps; None where one does not do what it should."""
        x, y, z, e = head.x, head.y, head.z, head.e
        relative = not head.absolute_e
        for step in self._steps:
            from_x, from_y, from_z, from_e, to_x, to_y, to_z, to_e, mode, arc, effect = (
                step
            )
            if from_x is not None:
                x = float(words[from_x]) if from_x >= 0 else nan
            if from_y is not None:
                y = float(words[from_y]) if from_y >= 0 else nan
            if from_z is not None:
                z = float(words[from_z])
            if from_e is not None:
                e = float(words[from_e])
            if mode is not None:
                relative = mode
            was_x, was_y, was_z, was_e = x, y, z, e
            planar, filament = arc, 0.0
            if to_x is not None:
                x = float(words[to_x])
                planar = planar or x != was_x
            if to_y is not None:
                y = float(words[to_y])
                planar = planar or y != was_y
            if to_z is not None:
                z = float(words[to_z])
            if to_e is not None:
                value = float(words[to_e])
                filament = value if relative else value - e
                e = e + value if relative else value
            if (kind_of_move(filament, planar), planar, z != was_z) != effect:
                return None
            if filament != filament or x * x > _FARTHEST or y * y > _FARTHEST:
                return None
        return _Moved((was_x, was_y, was_z, was_e), (x, y, z, e), filament)

    def _found_marks(self, found: re.Match[bytes], position: int) -> Optional[list[Mark]]:
        marks = []
        for group in self._marks:
            marker = slicers.marker(found[group + 1].strip()[1:])
            if marker is None:
                return None
            marks.append(Mark(position + found.start(group + 1), marker))
        return marks

    def _found_triggers(self, found: re.Match[bytes], position: int) -> list[int]:
        triggers: list[int] = []
        for group, repeated in self._triggers:
            if repeated:
                lines = _END.finditer(found.string, *found.span(group))
                triggers += [position + each.end() for each in lines]
            else:
                triggers.append(position + (found.end(group) if group else found.start()))
        return triggers

    def _marker_pos(self, found: re.Match[bytes], position: int) -> Optional[int]:
        if self._marker is None:
            return None
        return position + (found.end(self._marker) if self._marker else found.start())


def _steps(items: list[Item]) -> list[_Step]:
    steps: list[_Step] = []
    before: dict[str, int] = {}
    mode: Optional[bool] = None
    for item in items:
        if item.relative is not None:
            mode = item.relative
        elif item.lost:
            before["X"] = before["Y"] = _LOST
        elif item.effect is None:
            before.update((letter, item.groups[letter]) for letter in item.words)
        else:
            now = item.groups
            steps.append(
                _Step(
                    *(before.get("X"), before.get("Y"), before.get("Z"), before.get("E")),
                    *(now.get("X"), now.get("Y"), now.get("Z"), now.get("E")),
                    *(mode, item.arc, item.effect),
                )
            )
            before = {}
    return steps
