"""Comparing what went to the printer with what stands in the file."""

from __future__ import annotations

import re
from collections.abc import Iterable

from tests.server.motion import Printer


def of_file(gcode: str) -> list[str]:
    """The lines of a file that OctoPrint sends: no comments, no blank ones."""
    stripped = (line.split(";", 1)[0].strip() for line in gcode.splitlines())
    return [line for line in stripped if line]


def added(sent: Iterable[str], gcode: str) -> list[str]:
    """The lines among those sent that are not the file's, in order.

    Fails where the file's own lines did not all come, once each and in order.
    """
    expected = of_file(gcode)
    others, position = [], 0
    for line in sent:
        if position < len(expected) and line == expected[position]:
            position += 1
        else:
            others.append(line)
    assert position == len(expected), f"never sent: {expected[position:][:3]}"
    return others


def of_captures(sent: Iterable[str], gcode: str) -> list[str]:
    """The lines of a print that only a capture adds: moves, modes, positions.

    M400 is not among them: OctoPrint itself ends every job with one.
    """
    ours = re.compile(r"(?:G[0-3]|G4|G9[0-2]|M8[23]|M114)\b")
    return [line for line in added(sent, gcode) if ours.match(line)]


def lowest_travel(sent: Iterable[str], gcode: str) -> float:
    """The lowest height above the print so far of an XY move that is not the file's, mm.

    Infinite where there is none.
    """
    expected = of_file(gcode)
    printer, position, top, lowest = Printer(), 0, 0.0, float("inf")
    for line in sent:
        start = printer.xyz()
        segment = printer.take(line)
        of_the_file = position < len(expected) and line == expected[position]
        position += of_the_file
        if segment:
            top = max(top, segment.end[2])
        if not of_the_file and printer.xyz()[:2] != start[:2]:
            lowest = min(lowest, start[2] - top, printer.xyz()[2] - top)
    return lowest
