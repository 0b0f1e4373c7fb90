"""Looking for moves in a text: which extrude, and where the head was before them."""

from __future__ import annotations

import re
from typing import Optional

from .head import SMALLEST, Head
from .line import STRAIGHT

_X, _Y, _E = 1, 2, 4  # groups of STRAIGHT
_STRAIGHT = re.compile(STRAIGHT)
_WORDS = re.compile(rb"([XYZEIJR])([-+]?[0-9]*\.?[0-9]+)")
_Z_MOVE = re.compile(rb"G[0-3] (?:[FXYIJPE]-?[0-9.]+ +)*Z(-?[0-9]*\.?[0-9]+)(?![0-9.])")
#: Text in which no filament is laid in XY: comments, and moves without E or by E alone.
_IDLE = (
    rb"(?:[^E;\n]+|;[^\n]*"
    rb"|\n(?:G[01] (?:F[0-9.]+ )?E-?[0-9.]+(?: F[0-9.]+)?(?=[ \t]*[;\r\n]))?"
)
_IDLE_ABSOLUTE = re.compile(_IDLE + rb")*")
_IDLE_RELATIVE = re.compile(_IDLE + rb"|E(?:0(?=[ \r\n])|-))*")
_LONGEST_HOP = 4096  # bytes


class Moves:
    """The moves in ``text``, whole lines, while positions are absolute and in mm.

    ``head``'s x, y and e are those before ``floor``, an offset.
    """

    def __init__(self, text: bytes, head: Head) -> None:
        self._text = text
        self._head = head
        self.floor = 0

    def last_extrusion(self, start: int, stop: int) -> int:
        """Where the last extruding move of the span ends, or -1."""
        text, relative = self._text, not self._head.absolute_e
        at = text.rfind(b"E", start, stop)
        while at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            if text[line] == 0x47 and not (relative and text[at + 1] == 0x2D):
                if self._extrudes(line):
                    return text.find(b"\n", at) + 1
            at = text.rfind(b"E", start, line)
        return -1

    def first_extrusion(self, start: int, stop: int) -> int:
        """Where the first extruding move of the span starts, or -1."""
        text = self._text
        at = text.find(b"E", start, stop)
        while at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            if self._extrudes(line):
                return line
            at = text.find(b"E", text.find(b"\n", at) + 1, stop)
        return -1

    def end_of_hop(self, start: int, stop: int, limit: int, height: bytes) -> int:
        """Where the head is back at ``height``, a Z word, after the line that takes it
        off, ``text[start:stop]``; -1 where it lays filament before that, or may.
        """
        text = self._text
        limit = min(limit, start + _LONGEST_HOP)
        if text.find(b"E", start, limit) >= 0:
            idle = _IDLE_ABSOLUTE if self._head.absolute_e else _IDLE_RELATIVE
            found = idle.match(text, start - 1, limit)
            limit = found.end() if found is not None else start
        at = text.find(height, stop, limit)
        if at < 0:
            return -1
        found = _Z_MOVE.match(text, text.rfind(b"\n", 0, at) + 1)
        if found is None or found[1] != height[1:]:
            return -1
        end = text.find(b"\n", at) + 1
        return end if end <= limit else -1

    def place(self, stop: int) -> tuple[float, float]:
        """X and Y before ``stop``."""
        text, floor = self._text, self.floor
        at = text.rfind(b"X", floor, stop)
        if at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            found = _STRAIGHT.match(text, line)
            if found is not None and found[_X] is not None:
                y = found[_Y]
                if y is not None and text.rfind(b"Y", at, stop) <= found.end(_Y):
                    return float(found[_X]), float(y)
        return self._before(stop, b"X", _X), self._before(stop, b"Y", _Y)

    def filament(self, stop: int) -> float:
        """E before ``stop``, where it is absolute."""
        return self._before(stop, b"E", _E)

    def catch_up(self, stop: int) -> None:
        """Brings the head's x, y and e up to ``stop``."""
        head = self._head
        x, y = self.place(stop)
        if head.absolute_e:
            head.e = self.filament(stop)
        head.x, head.y = x, y
        self.floor = stop

    def _extrudes(self, line: int) -> bool:
        """Whether the line there is a move that extrudes in XY."""
        straight = _STRAIGHT.match(self._text, line)
        if straight is not None:
            x, y, _, e = straight.groups()
            arc = False
        else:
            found = self._words(line)
            x, y, e = found.get(b"X"), found.get(b"Y"), found.get(b"E")
            arc = self._text[line + 1] > 0x31 and not found.keys().isdisjoint(
                (b"I", b"J", b"R")
            )
        if e is None or not (arc or x is not None or y is not None):
            return False
        filament = float(e)
        if self._head.absolute_e:
            filament -= self._before(line, b"E", _E)
        if filament <= SMALLEST:
            return False
        return (
            arc
            or (x is not None and float(x) != self._before(line, b"X", _X))
            or (y is not None and float(y) != self._before(line, b"Y", _Y))
        )

    def _words(self, start: int) -> dict[bytes, bytes]:
        """The words of the move's line that starts there; none in another line."""
        if self._text[start] != 0x47:
            return {}
        line = self._text[start : self._text.find(b"\n", start)]
        comment = line.find(b";")
        return dict(_WORDS.findall(line if comment < 0 else line[:comment]))

    def _before(self, stop: int, letter: bytes, group: int) -> float:
        """The value of X, Y or E before ``stop``."""
        text, floor = self._text, self.floor
        at = stop
        while True:
            at = text.rfind(letter, floor, at)
            if at < 0:
                head = self._head
                return head.x if group == _X else head.y if group == _Y else head.e
            line = text.rfind(b"\n", 0, at) + 1
            straight = _STRAIGHT.match(text, line)
            value: Optional[bytes]
            if straight is not None:
                value = straight[group]
            else:
                value = self._words(line).get(letter)
            if value is not None:
                return float(value)
            at = line
