"""Reading a file by leaps: only lines that change more than X, Y and E are looked at.

Between two such lines the height is one and the same, so all that counts there is the
last move that extrudes. It is found from the end, and the first one only where a run of
extrusion begins. What this leaves out, how much filament and where in X and Y, is only
estimated; where a layer hangs on it the index is made by ``scan`` instead.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import nan
from typing import Optional

from . import scan, slicers
from .line import HARMLESS_MACRO
from .moves import Moves
from .runs import Mark, Record

#: A line that may change more than X, Y and E, from the line end before it on. Z moves
#: are found by their letter.
_EVENT = re.compile(
    rb"\n(?!G(?:[0-3] |4[ \r\n]|1[01](?:[ \t]*[\r\n;]|[ \t]+S)|17\b)"
    rb"|;(?!" + slicers.PROMISING + rb")|M(?!8[23]\b)|\r?\n|" + HARMLESS_MACRO + rb")."
)
_ODD = re.compile(rb"\nG[0-3] [^;\n]*[xyze]")
_NEW_E = re.compile(rb"G92 E(-?[0-9]*\.?[0-9]+)[ \t]*(?:;[^\n]*)?\r?\n")
_Z_MOVE = re.compile(
    rb"G[0-3] (?:[FXYIJP]-?[0-9.]+ )*Z(-?[0-9]*\.?[0-9]+)"
    rb"(?: [FXYIJP]-?[0-9.]+)*( E0)?(?: F[0-9.]+)?[ \t]*(?:;[^\n]*)?\r?\n"
)
_SAMPLE = 64 * 1024  # bytes of a piece by which it is judged
_DENSEST = 150  # bytes between events; where they are closer, leaping gains nothing
_MOVE = 32  # bytes of an extruding move, about


def skim(record: Record, text: bytes, position: int) -> None:
    """Reads ``text``, whole lines that start at ``position``, into ``record``.

    The outcome is that of ``scan.lines`` but for the runs' amounts and boxes.
    """
    if _suits(record, text):
        _Skimmer(record, text, position).run()
        record.keep(text, position)
    else:
        scan.lines(record, text, position)


def _suits(record: Record, text: bytes) -> bool:
    head = record.head
    if not head.absolute or head.scale != 1.0 or not text.endswith(b"\n"):
        return False
    sample = text[:_SAMPLE]
    events = sum(1 for _ in _EVENT.finditer(sample)) + text.count(b"Z")
    return events * _DENSEST < len(text) and _ODD.search(sample) is None


class _Skimmer:
    def __init__(self, record: Record, text: bytes, position: int) -> None:
        self._record = record
        self._head = record.head
        self._text = text
        self._position = position
        self._moves = Moves(text, record.head)
        self._events: Iterator[re.Match[bytes]] = iter(())
        self._latest_z: Optional[bytes] = None  # the Z word read last
        self._z_word = b""  # the one that gave the run its height, if known
        self._z = nan  # what it says
        self._end: Optional[int] = None  # of the latest extruding move, if not settled
        self._end_z = self._pending_z = 0.0
        #: Stretches at the run's height with filament in them, not looked at closer yet:
        #: only the last extruding move counts, and there may come a later one.
        self._pending: list[tuple[int, int]] = []

    def run(self) -> None:
        """Reads the text from event to event."""
        text, find, size = self._text, self._text.find, len(self._text)
        at = find(b"\n") + 1
        self._event(0, at)
        self._events = _EVENT.finditer(text, at - 1)
        event_at, z_at = self._next_event(), find(b"Z", at)
        while True:
            if 0 <= z_at < event_at:
                start = text.rfind(b"\n", 0, z_at) + 1
                stop = find(b"\n", z_at) + 1
                if text[start] != 0x47:  # a comment, or a line that changes nothing
                    z_at = find(b"Z", stop)
                    continue
                if self._z != self._head.z:
                    self._span(at, start)  # a run may begin, which the line then leaves
                    at = start
                back = self._end_of_hop(start, stop, event_at)
                z_at = find(b"Z", max(back, stop))
                if back > 0:
                    continue
                self._span(at, start)
                self._z_move(start, stop)
            elif event_at < size:
                start, stop = event_at, find(b"\n", event_at) + 1
                self._span(at, start)
                self._event(start, stop)
                if not self._plain():
                    stop = self._crawl(stop)
                    self._events = _EVENT.finditer(text, stop - 1)
                event_at = self._next_event()
                if 0 <= z_at < stop:
                    z_at = find(b"Z", stop)
            else:
                break
            at = stop
        self._span(at, size)
        self._settle()
        self._moves.catch_up(size)
        self._record.commands += 1

    def _next_event(self) -> int:
        """Where the next event is, or the text's end."""
        for event in self._events:
            at = event.start() + 1
            if not (self._text.startswith(b"G92 E", at) and self._new_e(at)):
                return at
        return len(self._text)

    def _plain(self) -> bool:
        return self._head.absolute and self._head.scale == 1.0

    def _crawl(self, start: int) -> int:
        """Reads line by line while positions are relative or in inches."""
        while start < len(self._text) and not self._plain():
            stop = self._text.find(b"\n", start) + 1
            scan.line(self._record, self._text, start, stop, self._position)
            self._moves.floor = start = stop
        return start

    def _end_of_hop(self, start: int, stop: int, limit: int) -> int:
        """Where the hop that starts there is over and nothing was laid in it, or -1."""
        if self._z != self._head.z:
            return -1
        return self._moves.end_of_hop(start, stop, limit, self._z_word)

    def _new_e(self, start: int) -> bool:
        """Takes in a G92 that sets E alone. Where E is absolute it is found like a move's
        E when it is needed."""
        found = _NEW_E.match(self._text, start)
        if found is None:
            return False
        if not self._head.absolute_e:
            self._head.e = float(found[1])
        return True

    def _event(self, start: int, stop: int) -> None:
        if self._text[start] == 0x3B:
            self._take_in()
            found = slicers.marker(self._text[start + 1 : stop].strip())
            if found is not None:
                self._record.marks.append(Mark(self._position + start, found))
            return
        self._settle()
        self._moves.catch_up(start)
        scan.line(self._record, self._text, start, stop, self._position)
        self._moves.floor = stop

    def _z_move(self, start: int, stop: int) -> None:
        only = _Z_MOVE.match(self._text, start)
        if only is None or (only[2] is not None and self._head.absolute_e):
            code = self._text[start:stop].partition(b";")[0]
            if b"Z" in code:
                self._event(start, stop)
            return
        self._head.z = float(only[1])
        self._head.z_known = True
        self._latest_z = only[1]

    def _span(self, start: int, stop: int) -> None:
        """Takes in what is extruded from ``start`` to ``stop``, where Z stays."""
        if self._text.find(b"E", start, stop) < 0:
            return
        record, run, height = self._record, self._record.run, self._head.height
        if (
            run is not None
            and run.flat == height == run.last
            and run.seam is None
            and run.marks == len(record.marks)
        ):
            self._pending.append((start, stop))
            self._pending_z = self._head.z
            return
        end = self._moves.last_extrusion(start, stop)
        if end >= 0:
            self._settle()
            start = self._begin(start, end)
            if start < end:
                self._pending.append((start, end))
                self._pending_z = self._head.z

    def _take_in(self) -> None:
        """Looks at the stretches that were put off."""
        record, run = self._record, self._record.run
        pending, self._pending = self._pending, []
        while pending and run is not None:
            start, stop = pending.pop()
            end = self._moves.last_extrusion(start, stop)
            if end < 0:
                continue
            length = end - start + sum(b - a for a, b in pending)
            run.end = self._position + end
            run.filament += length * record.density
            run.moves += length // _MOVE
            run.exact = False
            record.after = None
            self._end, self._end_z = end, self._pending_z
            return

    def _begin(self, start: int, end: int) -> int:
        """Begins a run with the first move that extrudes; gives where that ends."""
        text = self._text
        line = self._moves.first_extrusion(start, end)
        if line < 0:
            return end
        stop = text.find(b"\n", line) + 1
        self._moves.catch_up(line)
        scan.line(self._record, text, line, stop, self._position)
        self._moves.floor = stop
        if self._latest_z is not None and float(self._latest_z) == self._head.z:
            self._z_word, self._z = b"Z" + self._latest_z, self._head.z
        return stop

    def _settle(self) -> None:
        """Keeps the head as the latest extruding move left it, before it changes."""
        self._take_in()
        if self._end is None:
            return
        after = self._head.copy()
        after.x, after.y = self._moves.place(self._end)
        if after.absolute_e:
            after.e = self._moves.filament(self._end)
        after.z = self._end_z
        self._record.after = after
        self._end = None
