"""Looking for moves in a text: which extrude, and where the head was before them."""

from __future__ import annotations

import re
from math import nan
from typing import NamedTuple, Optional

from .head import SMALLEST, Head
from .line import STRAIGHT, code

_X, _Y, _Z, _E = 1, 2, 3, 4  # groups of STRAIGHT
_STRAIGHT = re.compile(STRAIGHT)
_TOOL = re.compile(rb"\nT[0-9]")
_WORDS = re.compile(rb"([XYZEIJR])([-+]?[0-9]*\.?[0-9]+)")
#: A move of Z that lays nothing. ``%s``: the pattern of Z's number; an E word that lays
#: nothing.
_Z_MOVE = (
    rb"G[0-3] [FXYIJP0-9. -]*Z%s(?![0-9.])[FXYIJP0-9. -]*"
    rb"%s[ \t]*(?:;[^\n]*)?\r?\n"
)
#: Another line that lays nothing in XY: no move, or one without E or by E alone. Each way
#: begins with a character of its own, by which it is passed over at once.
_IDLE = (
    rb"(?:;[^\n]*\n|\n|[^G;\n][^\n]*\n"
    rb"|G(?:[01] (?:F[0-9.]+ )?E-?[0-9.]+(?: F[0-9.]+)?[ \t\r]*|[^EZ;\n]*%s)"
    rb"(?:;[^\n]*)?\n)"
)
_NUMBER = rb"-?[0-9]*\.?[0-9]+"


class Hop(NamedTuple):
    """``first``: lines in which Z moves and nothing is laid; the group is the last Z.
    ``more``: from that Z's number on, as far as every hop comes back to it.
    """

    first: re.Pattern[bytes]
    more: re.Pattern[bytes]


def _hop(laid: bytes, idle: bytes) -> Hop:
    """``laid``, ``idle``: what E may say in a move of Z and in another one."""
    lines = rb"(?:" + _IDLE % idle + rb")*"
    there = _Z_MOVE % (_NUMBER, laid) + lines
    back = _Z_MOVE % (rb"(?P=z)", laid)
    first = rb"(?:" + _Z_MOVE % (rb"(" + _NUMBER + rb")", laid) + lines + rb")+"
    more = rb"(?P<z>" + _NUMBER + rb")(?:[^Z]*\n(?:" + there + rb")+?" + back + rb")*"
    return Hop(re.compile(first), re.compile(more))


_NOTHING = rb"E(?:-[0-9.]+|0(?:\.0*)?(?![0-9.]))"
ABSOLUTE_HOP = _hop(b"", b"")
RELATIVE_HOP = _hop(
    rb"(?:" + _NOTHING + rb"(?: F[0-9.]+)?)?", rb"(?:" + _NOTHING + rb"[^EZ;\n]*)?"
)


class Laid(NamedTuple):
    """A move that extrudes: where its line ends, and the X, Y and E it goes to."""

    end: int
    x: float
    y: float
    e: float


class Moves:
    """The moves in ``text``, whole lines, while positions are absolute and in mm.

    ``head``'s x, y and e are those before ``floor``, an offset.
    """

    def __init__(self, text: bytes, head: Head) -> None:
        self._text = text
        self._head = head
        self.floor = 0

    def last_extrusion(self, start: int, stop: int) -> Optional[Laid]:
        """The last move of the span that extrudes."""
        text, absolute = self._text, self._head.absolute_e
        at = text.rfind(b"E", start, stop)
        while at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            if text[line] == 0x47 and (absolute or text[at + 1] != 0x2D):
                laid = self._laid(line)
                if laid is not None:
                    return laid
            at = text.rfind(b"E", start, line)
        return None

    def rises(self, line: int) -> bool:
        """Whether the line of a G command that starts there may change Z."""
        straight = _STRAIGHT.match(self._text, line)
        if straight is not None:
            return straight[_Z] is not None and float(straight[_Z]) != self._head.z
        return b"Z" in code(self._text[line : self._text.find(b"\n", line)])

    def _laid(self, line: int) -> Optional[Laid]:
        """The move there, if it extrudes in XY."""
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
            return None
        filament = now = float(e)
        if self._head.absolute_e:
            filament -= self._before(line, b"E", _E)
        if filament <= SMALLEST:
            return None
        was_x, was_y = self._place(line)
        to_x = was_x if x is None else float(x)
        to_y = was_y if y is None else float(y)
        if not arc:
            moved_x = x is not None and to_x != was_x
            if not moved_x and (y is None or to_y == was_y):
                return None
        return Laid(self._text.find(b"\n", line) + 1, to_x, to_y, now)

    def _place(self, line: int) -> tuple[float, float]:
        """X and Y before the line that starts there."""
        text = self._text
        before = text.rfind(b"\n", 0, max(line - 1, 0)) + 1
        if self.floor <= before < line:
            found = _STRAIGHT.match(text, before)
            if found is not None:
                x, y = found[_X], found[_Y]
                if x is not None and y is not None:
                    return float(x), float(y)
        return self._before(line, b"X", _X), self._before(line, b"Y", _Y)

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
            if group != _E and _TOOL.search(text, max(at, floor - 1), stop) is not None:
                return nan
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
