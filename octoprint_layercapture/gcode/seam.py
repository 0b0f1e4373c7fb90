"""What stands between two layers: where the capture may run, and what comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from math import nan
from typing import Optional

from . import head as heads
from . import slicers
from .head import FARTHEST, Head, kind_of_move
from .line import STRAIGHT, code

MOST_TRIGGERS = 200

#: A straight move's words, or another line; where a comment may say something, that too.
_LINE = re.compile(
    rb"(?:;(?!" + slicers.PROMISING + rb"|\s*WIPE_)[^\n]*\n|\n)*"
    rb"(?:" + STRAIGHT + rb"|([^\n]+)\n?)"
)
_ANY_LINE = re.compile(rb"\n*(?:" + STRAIGHT + rb"|([^\n]+)\n?)")
_WIPE = re.compile(rb";\s*WIPE_(START|END)\b")
_END_OF_PRINT = re.compile(
    rb";\s*(?:END_OF_PRINT|End G-?code|End of G-?code|MACHINE_END_GCODE|filament end"
    rb"|Filament-specific end|TYPE:Custom|FEATURE: Custom|END SCRIPT|layer end"
    rb"|-+ shutdown|\*\*\* G-code Postfix|EXECUTABLE_BLOCK_END)",
    re.IGNORECASE,
)
#: What may stand inside a slicer's retraction: acceleration, progress.
_QUIET = frozenset(("M73", "M201", "M203", "M204", "M205", "M221", "M566", "M900"))
_CLOSING = frozenset((heads.PAUSE, heads.STOP, heads.PRIME, heads.EXTRUDE))


@dataclass(frozen=True)
class Seam:
    """The text from after a layer's last extruding move to before the next such move.

    ``capture_pos``, ``retracted``, ``triggers`` and ``resume`` are as in Layer.
    ``marker_pos``: after the last command before the first layer mark, None without one.
    """

    capture_pos: int
    retracted: bool
    triggers: tuple[int, ...]
    resume: Optional[tuple[float, float]]
    marker_pos: Optional[int] = None


def read(text: bytes, position: int, head: Head, *, last: bool) -> Seam:
    """Reads ``text``, which starts at ``position`` right after an extruding move.

    ``head`` is as that move left it, and is changed. ``last``: nothing extrudes after it.
    """
    point = _Point(position, last)
    marker_pos = _walk(text, position, head, point)
    return Seam(
        capture_pos=point.capture,
        retracted=point.retracted,
        triggers=tuple(point.triggers),
        resume=None if last else head.place,
        marker_pos=marker_pos,
    )


def _walk(text: bytes, position: int, head: Head, point: _Point) -> Optional[int]:
    """Takes ``head`` and ``point`` through the lines; gives the seam's ``marker_pos``."""
    marker_pos: Optional[int] = None
    latest = position
    x, y, z, e = head.x, head.y, head.z, head.e
    usual, relative = head.absolute and head.scale == 1.0, not head.absolute_e
    for found in (_ANY_LINE if point.last else _LINE).finditer(text):
        xs, ys, zs, es, other = found.groups()
        end = found.end()
        if other is not None or not usual:
            line = text[text.rfind(b"\n", 0, end - 1) + 1 : end]
            command = code(line)
            if command:
                head.x, head.y, head.z, head.e = x, y, z, e
                effect = head.feed(command)
                x, y, z, e = head.x, head.y, head.z, head.e
                usual, relative = head.absolute and head.scale == 1.0, not head.absolute_e
                kind, planar, rise = effect.kind, effect.planar, effect.rise
                point.step(position + end, kind, planar, rise, effect.command)
                if kind != heads.PAUSE:
                    latest = position + end
            else:
                comment = line.strip()
                point.comment(comment)
                if marker_pos is None and slicers.marker(comment[1:]) is not None:
                    marker_pos = latest
            continue
        planar = rise = False
        filament = 0.0
        if xs is not None:
            was, x = x, float(xs)
            planar = x != was
            if not -FARTHEST < x < FARTHEST:
                x = nan
        if ys is not None:
            was, y = y, float(ys)
            planar = planar or y != was
            if not -FARTHEST < y < FARTHEST:
                y = nan
        if zs is not None:
            was, z = z, float(zs)
            rise = z != was
            head.z_known = True
        if es is not None:
            value = float(es)
            filament = value if relative else value - e
            e = e + value if relative else value
        latest = position + end
        point.step(latest, kind_of_move(filament, planar), planar, rise, "G1")
    head.x, head.y, head.z, head.e = x, y, z, e
    return marker_pos


class _Point:
    """Where the capture may run, as far as the lines given to it say: where the slicer's
    retraction and wipe are over, or where it began without one.
    """

    def __init__(self, position: int, last: bool) -> None:
        self.capture = position
        self.retracted = False
        self.triggers = [position]
        self.last = last
        self._moves = True  # a later line may be the place
        self._open = True  # further lines may trigger
        self._pulled = False  # the line before was a retraction standing still
        self._wiping = False
        self._ending = False  # end G-code has begun

    def comment(self, text: bytes) -> None:
        """Takes in a comment line."""
        wipe = _WIPE.match(text)
        if wipe is not None:
            self._wiping = wipe[1] == b"START"
        elif self.last and _END_OF_PRINT.match(text):
            self._ending = True

    def step(self, end: int, kind: str, planar: bool, rise: bool, command: str) -> None:
        """Takes in a command that ends at ``end``."""
        if self._moves and self._goes_on(kind, planar, rise, command):
            self.capture, self.triggers, self._open = end, [end], True
        elif self._open:
            if kind in _CLOSING or len(self.triggers) > MOST_TRIGGERS:
                self._open = False
            else:
                self.triggers.append(end)

    def _goes_on(self, kind: str, planar: bool, rise: bool, command: str) -> bool:
        """Whether the place is after this command; ``_moves`` says if it may still be."""
        self._moves = False
        if rise or self._ending:
            return False
        if kind == heads.RETRACT:
            if self._pulled and not planar:
                return False  # a second one: end G-code, or preparing a tool change
            self._pulled = not planar
            self._moves = self.retracted = True
            return True
        if kind == heads.TRAVEL:
            if planar and self._wiping:
                self._pulled = False
                self._moves = True
                return True
            self._moves = not planar or not self.retracted  # not planar: a feedrate
        elif kind == heads.OTHER:
            self._moves = not self.retracted or command in _QUIET
        elif kind == heads.RESET:
            self._moves = not self.last and not self.retracted
        return False
