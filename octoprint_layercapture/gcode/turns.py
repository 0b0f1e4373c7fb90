"""Where the turns of a vase print begin that has no layer marks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Optional

from .runs import Mark, Run
from .slicers import Marker

_HEIGHT = re.compile(rb"^G[01] ([^;\nZ]*)Z(-?[0-9]*\.?[0-9]+)([^;\n]*)", re.M)
_PURE = re.compile(rb"\s*(?:F[0-9.]+\s*)*")

#: Parts runs, and is of no dialect.
_TURN = Marker(-1, None)


def climbs(run: Run) -> bool:
    """Whether a run may hold turns: several of its moves lay filament while rising."""
    return run.climbs > 1


def find(pieces: Iterable[tuple[int, bytes]], runs: Sequence[Run]) -> list[Mark]:
    """The turns that begin within those of ``runs`` that climb.

    ``pieces``: the file's text from its beginning, in whole lines, each with its
    position. slic3r, and prusa-slicer after it, begin each turn with a move to the height
    where the head already is: what has become of the step from layer to layer.
    """
    climbing = filter(climbs, runs)
    run = next(climbing, None)
    height: Optional[float] = None
    turns: list[Mark] = []
    for position, text in pieces:
        if run is None:
            break
        for found in _HEIGHT.finditer(text):
            before, height = height, float(found[2])
            at = position + found.start()
            while run is not None and run.end <= at:
                run = next(climbing, None)
            if run is None:
                break
            pure = _PURE.fullmatch(found[1]) and _PURE.fullmatch(found[3])
            if height == before and pure and run.start < at:
                turns.append(Mark(at, _TURN))
    return turns
