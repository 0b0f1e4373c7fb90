"""Looking for moves in a text: which extrude, and where the head was before them."""

from __future__ import annotations

import re
from typing import Optional

from .head import SMALLEST, Head
from .line import STRAIGHT

_X, _Y, _E = 1, 2, 4  # groups of STRAIGHT
_STRAIGHT = re.compile(STRAIGHT)
_WORDS = re.compile(rb"([XYZEIJR])([-+]?[0-9]*\.?[0-9]+)")
#: A move of Z that lays nothing. Its group is Z; ``%s``: an E word that lays nothing.
_Z_MOVE = (
    rb"G[0-3] [FXYIJP0-9. -]*Z(-?[0-9]*\.?[0-9]+)(?![0-9.])[FXYIJP0-9. -]*"
    rb"%s[ \t]*(?:;[^\n]*)?\r?\n"
)
#: Another line that lays nothing in XY: no move, or one without E or by E alone.
_IDLE = (
    rb"(?:G[01] (?:F[0-9.]+ )?E-?[0-9.]+(?: F[0-9.]+)?[ \t\r]*|G[^EZ;\n]*%s"
    rb"|[^G;\n][^;\n]*)?(?:;[^\n]*)?\n"
)
_NOTHING = rb"E(?:-[0-9.]+|0(?:\.0*)?(?![0-9.]))"
#: Lines in which Z moves and nothing is laid. The group is the last Z.
ABSOLUTE_HOP = re.compile(rb"(?:" + _Z_MOVE % b"" + rb"(?:" + _IDLE % b"" + rb")*)+")
RELATIVE_HOP = re.compile(
    rb"(?:" + _Z_MOVE % (rb"(?:" + _NOTHING + rb"(?: F[0-9.]+)?)?") + rb"(?:"
    rb"" + _IDLE % (rb"(?:" + _NOTHING + rb"[^EZ;\n]*)?") + rb")*)+"
)


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
