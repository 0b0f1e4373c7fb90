"""Where the turns of a vase print begin that has no layer marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Optional

from .runs import Run
from .seam import Mark
from .slicers import TURN

_HEIGHT = re.compile(rb"^G[01] ([^;\nZ]*)Z(-?[0-9]*\.?[0-9]+)([^;\n]*)", re.M)
_SOME = 3  # moves; a purge line may rise, too
_PURE = re.compile(rb"\s*(?:F[0-9.]+\s*)*")


def climbs(runs: Sequence[Run]) -> bool:
    """Whether there may be turns: several moves lay filament while rising."""
    return sum(run.climbs for run in runs) > _SOME


def find(pieces: Iterable[tuple[int, bytes]], runs: Sequence[Run]) -> list[Mark]:
    """The turns that begin within those of ``runs`` that climb, or between them.

    ``pieces``: the file's text from its beginning, in whole lines, each with its
    position. slic3r, and prusa-slicer after it, begin each turn with a move to the height
    where the head already is: what has become of the step from layer to layer.
    """
    height: Optional[float] = None
    turns: list[Mark] = []
    next_run = 0
    for position, text in pieces:
        for found in _HEIGHT.finditer(text):
            before, height = height, float(found[2])
            if height != before:
                continue
            if not (_PURE.fullmatch(found[1]) and _PURE.fullmatch(found[3])):
                continue
            at = position + found.start()
            while next_run < len(runs) and runs[next_run].start < at:
                next_run += 1
            around = runs[max(next_run - 1, 0) : next_run + 1]
            if any(run.climbs for run in around):
                turns.append(Mark(at, TURN))
    return turns
