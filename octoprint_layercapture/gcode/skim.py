"""Reading a file by leaps: from one layer's last extruding move to the next one's first.

While filament is laid at one height only the last move that extrudes counts. So the text
is searched for the next line that may change more than X, Y and E; the move is looked for
backwards from there, and the seam that begins with it is read line by line. What is left
out, how much filament and where in X and Y, is only estimated; where a layer hangs on it
the index is made by ``scan`` instead.
"""

from __future__ import annotations

import re
from math import nan

from . import scan, slicers
from .head import UNKNOWN
from .line import HARMLESS_MACRO
from .moves import ABSOLUTE_HOP, RELATIVE_HOP, Hop, Moves
from .runs import LONGEST_SEAM, Record, Run
from .seam import cross

#: A line that may change more than X, Y and E, from the line end before it on. Z moves
#: are found by their letter. What sets E alone is found like a move's E when that is
#: needed; a tool change, after which X and Y are unknown, when they are.
_EVENT = re.compile(
    rb"\n(?!G1 )(?!G(?:[0-3] |4[ \r\n]|1[01](?:[ \t]*[\r\n;]|[ \t]+S)|17\b"
    rb"|92 E-?[0-9]*\.?[0-9]+[ \t]*(?:;[^\n]*)?\r?\n|[1-9][0-9][0-9][ \r\n])"
    rb"|;(?!" + slicers.PROMISING + rb")|M(?!8[23]\b)|T[0-9]+[ \t]*[;\r\n]|\r?\n"
    rb"|" + HARMLESS_MACRO + rb")."
)
#: A move with a word in small letters.
_ODD = re.compile(rb"\nG[0-3] (?![^;\nxyze]*(?:[;\n]|\Z))")
_SAMPLE = 64 * 1024  # bytes of a piece by which it is judged
_DENSEST = 400  # bytes a leap; where it is less, leaping gains nothing
_PATIENCE = 100  # leaps before that is judged
_MOVE = 32  # bytes of an extruding move, about


def skim(record: Record, text: bytes, position: int) -> bytes:
    """Reads ``text``, whole lines that start at ``position``, into ``record``.

    The outcome is that of ``scan.lines`` but for the runs' amounts and boxes. Gives the
    end of the text, which was not read: a seam that does not end in it.
    """
    if _suits(record, text):
        return _Skimmer(record, text, position).run()
    scan.lines(record, text, position)
    return b""


def _suits(record: Record, text: bytes) -> bool:
    if not record.head.usual or not text.endswith(b"\n"):
        return False
    return _ODD.search(text, 0, _SAMPLE) is None


class _Skimmer:
    def __init__(self, record: Record, text: bytes, position: int) -> None:
        self._record = record
        self._head = record.head
        self._text = text
        self._position = position
        self._moves = Moves(text, record.head)
        self._events = _EVENT.finditer(text)
        self._event = 0  # where the next event is, or the text's end
        self._leaps = -_PATIENCE
        self._rest = b""

    def run(self) -> bytes:
        """Reads the text; gives what of it was left."""
        at = 0 if self._goes_on() else self._crawl(0)
        while at < len(self._text):
            at = self._cross(self._leap(at))
        return self._rest

    def _goes_on(self) -> bool:
        """Whether a run that nothing but an event or a Z word can end is open."""
        run = self._record.run
        if run is None or run.end != self._position or run.seam is not None:
            return False
        return run.marks == len(self._record.marks) and self._level(run)

    def _pays(self, at: int) -> bool:
        """Whether going on with leaps is faster than reading every line."""
        self._leaps += 1
        return self._leaps * _DENSEST < at

    def _give_up(self, at: int) -> int:
        """Reads the rest of the text, from ``at``, line by line."""
        self._record.keep(self._text[:at], self._position)
        scan.lines(self._record, self._text[at:], self._position + at)
        return len(self._text)

    def _crawl(self, start: int) -> int:
        """Reads line by line until filament is laid at one height; gives where."""
        text, record = self._text, self._record
        while start < len(text) and self._pays(start):
            stop = text.find(b"\n", start) + 1
            scan.line(record, text, start, stop, self._position)
            start = stop
            run = record.run
            if run is not None and run.end == self._position + stop and self._level(run):
                self._moves.floor = start
                return start
        return self._give_up(start)

    def _level(self, run: Run) -> bool:
        """Whether nothing but an event or a Z word can end the run."""
        head = self._head
        return head.usual and run.flat == run.last == head.height > UNKNOWN

    def _leap(self, start: int) -> int:
        """Goes from one extruding move's end to that of the last one before anything
        changes."""
        laid = self._moves.last_extrusion(start, self._next_change(start))
        if laid is None:
            return start
        end, head = laid.end, self._head
        run, length = self._record.run, end - start
        assert run is not None  # that of the move before
        run.end = self._position + end
        run.filament += length * self._record.density
        run.moves += length // _MOVE
        run.exact = False
        head.x, head.y = laid.x, laid.y
        head.e = laid.e if head.absolute_e else nan
        return end

    def _next_change(self, start: int) -> int:
        """Where the next line is that filament may not go on after as before."""
        text, find, z = self._text, self._text.find, self._head.z
        event = self._next_event(start)
        at = find(b"Z", start, event)
        if at < 0:
            return event
        hop = RELATIVE_HOP if not self._head.absolute_e else ABSOLUTE_HOP
        while at >= 0:
            line = text.rfind(b"\n", 0, at) + 1
            if text[line] == 0x47:
                found = hop.first.match(text, line, event)
                if found is not None and float(found[1]) == z:
                    at = find(b"Z", self._after_hops(found, hop, event), event)
                    continue
                if found is not None or self._moves.rises(line):
                    return line
            at = find(b"Z", find(b"\n", at), event)
        return event

    def _after_hops(self, first: re.Match[bytes], hop: Hop, event: int) -> int:
        """After the first hop and those that follow it and come back to the same Z."""
        text, begin = self._text, first.start(1)
        last = text.rfind(b"Z" + first[1], begin - 1, event)
        if last < first.end():
            return first.end()
        found = hop.more.match(text, begin, text.find(b"\n", last) + 1)
        return first.end() if found is None else max(first.end(), found.end())

    def _next_event(self, start: int) -> int:
        while self._event < start:
            found = next(self._events, None)
            self._event = len(self._text) if found is None else found.start() + 1
        return self._event

    def _cross(self, start: int) -> int:
        """Goes from an extruding move's end to that of the next; gives where that is."""
        text, position, record, head = (
            self._text,
            self._position,
            self._record,
            self._head,
        )
        before = head.copy()
        seam, marks, move = cross(text, start, position, head)
        length = len(text) - start if move is None else move.start - position - start
        if move is None or length > LONGEST_SEAM:
            record.head, record.after = before, before.copy()
            if length > LONGEST_SEAM:
                return self._give_up(start)
            self._rest = text[start:]
            return len(text)
        record.commands += 1
        for mark in marks:
            record.marks.append(mark)
        run = scan.continued(record, move)
        if run is None:
            assert record.run is not None  # the move before was of it
            record.run.seam = seam
            run = scan.begun(record, move)
            record.runs.append(run)
        stop = self._moves.floor = move.stop - position
        if self._level(run) and self._pays(stop):
            return stop
        record.after = head.copy()
        return self._crawl(stop)
