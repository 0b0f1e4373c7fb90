"""What was laid down, for comparing two prints of one file."""

from __future__ import annotations

from collections.abc import Sequence

from tests.printers.body import Move


def laid(moves: Sequence[Move]) -> list[Move]:
    """The moves among these during which filament came out."""
    return [move for move in moves if move.lays]


def first_difference(moves: Sequence[Move], others: Sequence[Move]) -> str:
    """Where two prints part, for a message; empty where they do not."""
    ours, theirs = laid(moves), laid(others)
    for number, (a, b) in enumerate(zip(ours, theirs)):
        mine = (*a.start, *a.end, a.extruded, a.feedrate, a.filament)
        its = (*b.start, *b.end, b.extruded, b.feedrate, b.filament)
        if any(abs(one - other) > 1e-6 for one, other in zip(mine, its)):
            return f"segment {number}: {a} is not {b}"
    if len(ours) != len(theirs):
        return f"{len(ours)} segments are not {len(theirs)}"
    return "" if ours else "nothing was laid down"
