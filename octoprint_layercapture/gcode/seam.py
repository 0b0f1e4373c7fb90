"""What stands between two layers: where the capture may run, and what comes next."""

from __future__ import annotations

import re
from math import isfinite, nan
from typing import NamedTuple, Optional

from . import slicers
from .head import (
    EXTRUDE,
    FARTHEST,
    MODE,
    OTHER,
    PAUSE,
    PRIME,
    RESET,
    RETRACT,
    SMALLEST,
    STOP,
    TRAVEL,
    Head,
    kind_of_move,
    plain,
)
from .line import STRAIGHT, code

MOST_TRIGGERS = 200

#: A straight move's words, or another line; where a comment may say something, that too.
_LINE = re.compile(
    rb"(?:;(?!" + slicers.PROMISING + rb"|\s*WIPE_)[^\n]*\n|\r?\n)*"
    rb"(?:" + STRAIGHT + rb"|([^\n]+)\n?)"
)
_ANY_LINE = re.compile(rb"(?:\r?\n)*(?:" + STRAIGHT + rb"|([^\n]+)\n?)")
_OTHER = 5  # their last group
_NEW_E = re.compile(rb"G92 E(-?[0-9]*\.?[0-9]+)[ \t]*(?:;.*)?\r?")
_WIPE = re.compile(rb";\s*WIPE_(START|END)\b")
_END_OF_PRINT = re.compile(
    rb";\s*(?:END_OF_PRINT|End G-?code|End of G-?code|MACHINE_END_GCODE|filament end"
    rb"|Filament-specific end|TYPE:Custom|FEATURE: Custom|END SCRIPT|layer end"
    rb"|-+ shutdown|\*\*\* G-code Postfix|EXECUTABLE_BLOCK_END)",
    re.IGNORECASE,
)
#: What may stand inside a slicer's retraction: acceleration, progress.
_QUIET = frozenset(("M73", "M201", "M203", "M204", "M205", "M221", "M566", "M900"))
_CLOSING = frozenset((PAUSE, STOP, PRIME, EXTRUDE))


class Seam(NamedTuple):
    """The text from after a layer's last extruding move to before the next such move.

    ``capture_pos``, ``retracted``, ``triggers`` and ``resume`` are as in Layer.
    ``marker_pos``: after the last command before the first layer mark, None without one.
    """

    capture_pos: int
    retracted: bool
    triggers: tuple[int, ...]
    resume: Optional[tuple[float, float]]
    marker_pos: Optional[int] = None


class Mark(NamedTuple):
    """A layer mark and where it stands."""

    position: int
    marker: slicers.Marker


class Extrusion(NamedTuple):
    """An extruding move, from position ``start`` to ``stop``. ``before``: the height in
    mm it starts at. ``filament``: mm.
    """

    start: int
    stop: int
    before: float
    filament: float


class Crossing(NamedTuple):
    """A seam, the layer marks in it, and the move that ends it where there is one."""

    seam: Seam
    marks: list[Mark]
    extrusion: Optional[Extrusion]


def cross(
    text: bytes, start: int, position: int, head: Head, *, last: bool = False
) -> Crossing:
    """Reads from ``text[start]``, right after an extruding move, to after the next one.

    ``text`` starts at ``position``. ``head`` is as the move before left it, and is taken
    along. ``last``: nothing extrudes after it.
    """
    point = Point(position + start, last)
    extrusion = _walk(text, start, position, head, point)
    seam = Seam(
        point.capture,
        point.retracted,
        tuple(point.triggers),
        None if last else point.place,
        point.marker_pos,
    )
    return Crossing(seam, point.marks, extrusion)


def _walk(
    text: bytes, start: int, position: int, head: Head, point: Point
) -> Optional[Extrusion]:
    """Takes ``head`` and ``point`` through the lines, up to the first that extrudes."""
    x, y, z, e = head.x, head.y, head.z, head.e
    usual, relative = head.usual, not head.absolute_e
    for found in (_ANY_LINE if point.last else _LINE).finditer(text, start):
        xs, ys, zs, es, other = found.groups()
        end = position + found.end()
        if other is not None:
            if other[0] == 0x3B:
                point.comment(position + found.start(_OTHER), other.strip())
                continue
            effect = plain(other)
            if effect is not None:
                kind, _, _, _, command = effect
                if kind == MODE:
                    head.e = e
                    head.extrude_by(command)
                    usual, relative = head.usual, not head.absolute_e
                elif command[:1] == "T":
                    x = y = nan
                point.step(end, kind, False, False, command)
                continue
            new = _NEW_E.fullmatch(other) if usual else None
            if new is not None and isfinite(value := float(new[1])):
                e = value
                point.step(end, RESET, False, False, "G92")
                continue
        if other is not None or not usual:
            head.x, head.y, head.z, head.e = x, y, z, e
            extrusion = _odd_line(text, found.end(), position, head, point)
            if extrusion is not None:
                return extrusion
            x, y, z, e = head.x, head.y, head.z, head.e
            usual, relative = head.usual, not head.absolute_e
            continue
        was_x, was_y, was_z = x, y, z
        planar = False
        filament = 0.0
        if xs is not None:
            x = float(xs)
            planar = x != was_x
            if not -FARTHEST < x < FARTHEST:
                x = nan
        if ys is not None:
            y = float(ys)
            planar = planar or y != was_y
            if not -FARTHEST < y < FARTHEST:
                y = nan
        if zs is not None:
            z = float(zs)
        if es is not None:
            value = float(es)
            filament = value if relative else value - e
            e = e + value if relative else value
            if planar and filament > SMALLEST:
                head.x, head.y, head.z, head.e = was_x, was_y, was_z, e
                before, point.place = head.height, head.place
                head.x, head.y, head.z = x, y, z
                head.z_known = head.z_known or zs is not None
                begin = position + text.rfind(b"\n", 0, found.end() - 1) + 1
                return Extrusion(begin, end, before, filament)
        if zs is not None:
            head.z_known = True
        if point.moves:
            point.step(end, kind_of_move(filament, planar), planar, z != was_z, "G1")
            continue
        # As point.step would: most lines come here, and a call takes as long as they.
        point.latest = end
        if point.open:
            if filament > SMALLEST or len(point.triggers) > MOST_TRIGGERS:
                point.open = False
            else:
                point.triggers.append(end)
    head.x, head.y, head.z, head.e = x, y, z, e
    point.place = head.place
    return None


def _odd_line(
    text: bytes, stop: int, position: int, head: Head, point: Point
) -> Optional[Extrusion]:
    """Takes in a line that ends at ``stop`` and is no plain move; gives it if it
    extrudes."""
    start = text.rfind(b"\n", 0, stop - 1) + 1
    line = text[start:stop]
    command = code(line)
    if not command:
        point.comment(position + start, line.strip())
        return None
    before, place = head.height, head.place
    kind, filament, planar, rise, name = head.feed(command)
    if kind == EXTRUDE:
        point.place = place
        return Extrusion(position + start, position + stop, before, filament)
    point.step(position + stop, kind, planar, rise, name)
    return None


class Point:
    """Where the capture may run, as far as the lines given to it say: where the slicer's
    retraction and wipe are over, or where it began without one.
    """

    def __init__(self, position: int, last: bool) -> None:
        self.capture = position
        self.retracted = False
        self.triggers = [position]
        self.marks: list[Mark] = []
        self.marker_pos: Optional[int] = None
        self.place: Optional[tuple[float, float]] = None  # before the next extruding move
        self.last = last
        self.latest = position  # after the latest command that does not pause
        self.moves = True  # a later line may be the place
        self.open = True  # further lines may trigger
        self._pulled = False  # the line before was a retraction standing still
        self.wiping = False
        self._ending = False  # end G-code has begun

    def comment(self, position: int, text: bytes) -> None:
        """Takes in a comment line that starts at ``position``."""
        marker = slicers.marker(text[1:])
        if marker is not None:
            self.marks.append(Mark(position, marker))
            if self.marker_pos is None:
                self.marker_pos = self.latest
            return
        wipe = _WIPE.match(text)
        if wipe is not None:
            self.wiping = wipe[1] == b"START"
        elif self.last and _END_OF_PRINT.match(text):
            self._ending = True

    def step(self, end: int, kind: str, planar: bool, rise: bool, command: str) -> None:
        """Takes in a command that ends at ``end``."""
        if kind != PAUSE:
            self.latest = end
        if self.moves and self._goes_on(kind, planar, rise, command):
            self.capture, self.triggers, self.open = end, [end], True
        elif self.open:
            if kind in _CLOSING or len(self.triggers) > MOST_TRIGGERS:
                self.open = False
            else:
                self.triggers.append(end)

    def _goes_on(self, kind: str, planar: bool, rise: bool, command: str) -> bool:
        """Whether the place is after this command; ``moves`` says if it may still be."""
        self.moves = False
        if rise or self._ending:
            return False
        if kind == RETRACT:
            if self._pulled and not planar:
                return False  # a second one: end G-code, or preparing a tool change
            self._pulled = not planar
            self.moves = self.retracted = True
            return True
        if kind == TRAVEL:
            if planar and self.wiping:
                self._pulled = False
                self.moves = True
                return True
            self.moves = not planar or not self.retracted  # not planar: a feedrate
        elif kind == OTHER:
            self.moves = not self.retracted or command in _QUIET
        elif kind == RESET:
            self.moves = not self.last and not self.retracted
        return False
