"""Seams that differ in their numbers only: the first of a kind teaches a pattern, and the
others are read by it.

What a seam comes to hangs on what its lines do, not on where they go. So a shape is the
lines' wording, and what each must do: retract, prime, travel, rise. A seam that is worded
the same but does something else is not read by the shape.
"""

from __future__ import annotations

import re
from math import inf, nan, nextafter
from typing import NamedTuple, Optional

from . import head as heads
from . import slicers
from .head import FARTHEST, SMALLEST, Head
from .seam import MOST_TRIGGERS, Crossing, Extrusion, Mark, Seam
from .wording import Item, Wording, pattern, read

MOST_SHAPES = 32
MOST_LESSONS = 40  # to learn a shape takes as long as reading a hundred seams
LONGEST = 4096  # bytes of a seam
_FURTHER, _FIRST = 24, 8  # lines of a seam by which its shape is guessed
_GLANCE = 1024  # bytes in which they are looked for
_MOST_GLANCES = 512

_END = re.compile(rb"\n")
_NUMBERS = b"0123456789.-"

_FARTHEST = FARTHEST * FARTHEST
_LOST = -1  # instead of a group: no longer known


_Groups = tuple[Optional[int], Optional[int], Optional[int], Optional[int]]  # X, Y, Z, E


class _Step(NamedTuple):
    """A move whose effect counts: the groups of the position before it, as far as other
    lines set it, and of its own words. ``relative``: whether E is, if a line said so.
    ``effect``: what it must do: bounds of what it feeds, whether it moves in XY and in Z.
    """

    before: _Groups
    now: _Groups
    relative: Optional[bool]
    arc: bool
    effect: tuple[float, float, bool, bool]


_BELOW = nextafter(-SMALLEST, -inf)
#: By what a move does: it feeds more than the first and at most the second, in mm.
_FEEDS = {
    heads.EXTRUDE: (SMALLEST, inf),
    heads.PRIME: (SMALLEST, inf),
    heads.TRAVEL: (_BELOW, SMALLEST),
    heads.RETRACT: (-inf, _BELOW),
}

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
        self._expected: dict[tuple[bytes, ...], _Shape] = {}  # by how a seam begins
        self._seen: dict[tuple[bytes, ...], int] = {}
        self._lessons = 0

    def cross(
        self, text: bytes, start: int, position: int, head: Head
    ) -> Optional[Crossing]:
        """As ``seam.cross``, but None, and ``head`` as it was, if no shape fits."""
        words = text[start : start + _GLANCE].translate(None, _NUMBERS)
        lines = words.split(b"\n", _FURTHER)
        glances = tuple(lines[:_FURTHER]), tuple(lines[:_FIRST])
        tried: Optional[_Shape] = None
        for glance in glances:
            shape = self._expected.get(glance)
            if shape is not None and shape is not tried:
                crossing = shape.cross(text, start, position, head)
                if crossing is not None:
                    return crossing
                tried = shape
        for index, shape in enumerate(self._shapes):
            crossing = shape.cross(text, start, position, head)
            if crossing is not None:
                if index:
                    self._shapes.insert(0, self._shapes.pop(index))
                if len(self._expected) >= _MOST_GLANCES:
                    self._expected.clear()
                self._expected.update(dict.fromkeys(glances, shape))
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
        self._match = pattern(items, ends).match
        self._steps = _steps(items)
        modes = [each.relative for each in items if each.relative is not None]
        self._relative = modes[-1] if modes else None
        self._marks = [each.groups["mark"] for each in items if each.marks]
        self._last = items[-1].groups["line"]
        self._retracted = point.retracted
        # 0 is the whole match, of which the start counts.
        groups = [0, *(each.groups.get("line", 0) for each in items)]
        self._marker = None if point.marker_pos is None else groups[point.marker_pos]
        triggers = list(dict.fromkeys(point.triggers))  # the capture's first
        self._at_once = triggers[0] == 0
        triggers = triggers[self._at_once :]
        self._ends = [groups[at] for at in triggers]
        self._repeated = [items[at - 1].repeated for at in triggers]
        self._repeats = any(self._repeated)

    def cross(
        self, text: bytes, start: int, position: int, head: Head
    ) -> Optional[Crossing]:
        """The seam that begins there, None where it is not of this shape."""
        found = self._match(text, start)
        if found is None:
            return None
        try:
            moved = self._move(found.groups(), head)
        except ValueError:  # some number is none
            return None
        if moved is None:
            return None
        marks = self._found_marks(found, position) if self._marks else []
        triggers = self._found_triggers(found, position)
        if marks is None or len(triggers) > MOST_TRIGGERS:
            return None
        head.x, head.y, head.z, head.e = moved.was
        before, place = head.height, head.place
        head.x, head.y, head.z, head.e = moved.now
        if self._relative is not None:
            head.absolute_e, head.e_mode_stated = not self._relative, True
        if self._marker is None:
            marker_pos = None
        else:
            marker_pos = position + (found.end(self._marker) if self._marker else start)
        begin, end = found.span(self._last)
        return Crossing(
            Seam(triggers[0], self._retracted, tuple(triggers), place, marker_pos),
            marks,
            Extrusion(position + begin, position + end, before, moved.filament),
        )

    def _move(self, words: tuple[bytes, ...], head: Head) -> Optional[_Moved]:
        """Goes through the steps; None where one does not do what it should."""
        x, y, z, e = head.x, head.y, head.z, head.e
        relative = not head.absolute_e
        for before, now, mode, arc, (least, most, goes, rises) in self._steps:
            from_x, from_y, from_z, from_e = before
            to_x, to_y, to_z, to_e = now
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
            # a NaN is neither
            if not least < filament <= most or planar is not goes:
                return None
            if (z != was_z) is not rises or x * x > _FARTHEST or y * y > _FARTHEST:
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
        """The positions that trigger, the capture's first."""
        if not self._repeats:
            triggers = [position + end for end in map(found.end, self._ends)]
        else:
            triggers = []
            for group, repeated in zip(self._ends, self._repeated):
                if repeated:
                    lines = _END.finditer(found.string, *found.span(group))
                    triggers += [position + each.end() for each in lines]
                else:
                    triggers.append(position + found.end(group))
        if self._at_once:
            triggers.insert(0, position + found.start())
        return triggers


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
            now, (kind, planar, rise) = item.groups, item.effect
            steps.append(
                _Step(
                    (before.get("X"), before.get("Y"), before.get("Z"), before.get("E")),
                    (now.get("X"), now.get("Y"), now.get("Z"), now.get("E")),
                    *(mode, item.arc, (*_FEEDS[kind], planar, rise)),
                )
            )
            before = {}
    return steps
