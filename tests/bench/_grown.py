"""Layers of larger things: a real file's layers, each path in them laid several times.

What a slicer writes between two layers hangs on the slicer, not on how large the layers
are. So layers keep their seams, travels, hops and retractions, and only what is laid
without a break is laid again and again, from where it started, with E going on.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import nan

from octoprint_layercapture.gcode.head import SMALLEST, Head
from octoprint_layercapture.gcode.line import code

_LAYING = re.compile(
    rb"G[123] (?=[^;\n]*[XY])[^;\nZ]*E-?[0-9.]+[^;\nZ]*(?:;[^\n]*)?\r?\n"
)
_E = re.compile(rb"(?<=E)-?[0-9]*\.?[0-9]+")


def grown(text: bytes, head: Head, times: int) -> bytes:
    """``text``, whole lines, with each path in it followed so many times.

    ``head`` is as before the text, and is taken along.
    """
    return b"".join(_Grower(head, times).lines(text))


def paths(text: bytes, head: Head) -> int:
    """How many bytes of ``text`` one more time would add, about."""
    return len(grown(text, head.copy(), 2)) - len(text)


class _Grower:
    def __init__(self, head: Head, times: int) -> None:
        self._head = head
        self._times = times
        self._path: list[tuple[bytes, float]] = []  # lines, and mm of filament
        self._start = (nan, nan)  # of the path
        self._e = head.e  # where the lines written so far leave it

    def lines(self, text: bytes) -> Iterator[bytes]:
        """The lines to write."""
        head = self._head
        for line in text.splitlines(keepends=True):
            command = code(line)
            place, before, absolute = (head.x, head.y), head.e, head.absolute_e
            if command:
                head.feed(command)
            fed = head.e - before
            lays = head.usual and fed > SMALLEST and _LAYING.fullmatch(line)
            if lays and (place != (head.x, head.y) or line[1] != 0x31):
                if not self._path:
                    self._start = place
                self._path.append((line, fed))
                continue
            yield from self._finish(absolute)
            if command.startswith(b"G92") and _E.search(command):
                self._e = head.e
            elif command.startswith(b"G") and head.absolute_e and _E.search(command):
                line = self._fed(line, fed)
            yield line
        yield from self._finish(head.absolute_e)

    def _finish(self, absolute: bool) -> Iterator[bytes]:
        """The path, now that its end is known. ``absolute``: so was E along it."""
        path, self._path = self._path, []
        x, y = self._start
        known = x == x and y == y  # not NaN
        for time in range(self._times if path and known else min(len(path), 1)):
            if time:
                amount = path[0][1]
                end = b"\r\n" if path[0][0].endswith(b"\r\n") else b"\n"
                back = b"G1 X%.3f Y%.3f E%.5f%s" % (x, y, amount, end)
                path_again = [(back, amount), *path]
            else:
                path_again = path
            for line, fed in path_again:
                yield self._fed(line, fed) if absolute else line

    def _fed(self, line: bytes, fed: float) -> bytes:
        """The line with E so much further than where it is."""
        self._e += fed
        return _E.sub(b"%.5f" % self._e, line, count=1)
