"""Where the turns of a vase print begin that has no layer marks."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable
from typing import Optional

from .runs import Run, Runs

_HEIGHT = re.compile(rb"^G[01] ([^;\nZ]*)Z(-?[0-9]*\.?[0-9]+)([^;\n]*)", re.M)
_SOME = 3  # moves; a purge line may rise, too
_PURE = re.compile(rb"\s*(?:F[0-9.]+\s*)*")


def climbs(runs: Iterable[Run]) -> bool:
    """Whether there may be turns: several moves lay filament while rising."""
    return sum(run.climbs for run in runs) > _SOME


def find(pieces: Iterable[tuple[int, bytes]], runs: Runs) -> array[int]:
    """Where the turns begin within those of ``runs`` that climb, or between them.

    ``pieces``: the file's text from its beginning, in whole lines, each with its
    position. slic3r, and prusa-slicer after it, begin each turn with a move to the height
    where the head already is: what has become of the step from layer to layer.
    """
    height: Optional[float] = None
    turns = array("q")
    after = 0  # the first run that starts further on
    for position, text in pieces:
        for found in _HEIGHT.finditer(text):
            before, height = height, float(found[2])
            if height != before:
                continue
            if not (_PURE.fullmatch(found[1]) and _PURE.fullmatch(found[3])):
                continue
            at = position + found.start()
            while after < len(runs) and runs[after].start < at:
                after += 1
            around = range(max(after - 1, 0), min(after + 1, len(runs)))
            if any(runs[each].climbs for each in around):
                turns.append(at)
    return turns
