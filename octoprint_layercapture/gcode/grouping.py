"""From runs to layers: by the slicer's marks where they fit, by heights elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Optional

from .groups import SAME, Group, Groups
from .levels import by_height
from .runs import Marks, Runs
from .slicers import DIALECTS, TURN

_SOON = 200  # layers
_FAR = 2.5  # times as much as the next layer's rise


def group(runs: Runs, marks: Marks, min_height: float) -> Groups:
    """The layers of a print in the order of printing; all of ``runs`` are usable.

    ``min_height`` (mm): a smaller rise is no new layer, where no marks say otherwise.
    """
    heights: Optional[Groups] = None
    turns = TURN.dialect in marks.of
    for dialect in sorted(marks.of.keys() - {TURN.dialect}):
        groups = _by_marks(runs, marks, dialect)
        if not DIALECTS[dialect].whole:
            heights = heights or by_height(runs, min_height, turns=turns)
            groups = _preceded(heights, groups, marks.of[dialect][0][0])
        if 2 * len(groups) >= len(runs):  # and so many heights there cannot be
            return _without_excursions(groups)
        heights = heights or by_height(runs, min_height, turns=turns)
        # Of a vase print most layers are turns, for whose heights there is no telling.
        vase = 2 * groups.spirals > len(groups)
        if 2 * len(groups) >= len(heights) or vase:
            return _without_excursions(groups)
    return _without_excursions(heights or by_height(runs, min_height, turns=turns))


def _preceded(heights: Groups, groups: Groups, first: int) -> Groups:
    """``groups``, before them those of ``heights`` that end where ``first`` is."""
    runs = groups.runs
    before = list(takewhile(lambda each: each.runs[-1].end <= first, heights))
    if not before:
        return groups
    begin = before[-1].runs[-1].place + 1
    end = groups[0].runs[0].place if len(groups) else begin
    joined = Groups(runs, range(begin, end))
    for each in before:
        joined.append(each)
    joined.extend(groups)
    return joined


def _by_marks(runs: Runs, marks: Marks, dialect: int) -> Groups:
    """A group for each mark that something is extruded after; marks at one height, of
    several processes or objects, are one where the dialect has such.
    """
    positions, numbers = marks.of[dialect]
    alone = DIALECTS[dialect].alone
    groups = Groups(runs)
    joined: Optional[Group] = None
    each = Group()
    segment = latest = -1
    for run in runs:
        while segment + 1 < len(positions) and positions[segment + 1] < run.end:
            segment += 1
        if segment < 0:
            continue
        if segment != latest:
            joined = _join(groups, joined, each, alone)
            each = Group(number=numbers[segment])
            latest = segment
        each.runs.append(run)
    joined = _join(groups, joined, each, alone)
    if joined is not None:
        groups.append(joined)
    return groups


def _join(
    groups: Groups, joined: Optional[Group], each: Group, alone: bool
) -> Optional[Group]:
    """Puts the two together where they are of one height and not ``alone``, else
    ``joined`` into ``groups``; gives what further ones may be joined with."""
    if not each.runs:
        return joined
    if joined is None:
        return each
    if not alone and _same_height(joined, each):
        joined.runs.extend(each.runs)
        return joined
    groups.append(joined)
    return each


def _same_height(a: Group, b: Group) -> bool:
    one, other = a.level, b.level
    if one is not None and other is not None:
        return abs(one - other) < SAME
    if a.spiral:
        return not b.spiral and abs(a.z - b.z) < SAME
    return abs(a.runs[0].z - b.runs[0].z) < SAME and abs(a.z - b.z) < SAME


def _without_excursions(groups: Groups) -> Groups:
    """Takes a height that is printed early, with heights below it still to come, out of
    the order: what is laid there belongs to the layer it was left from.
    """
    heights = groups.heights
    early: set[int] = set()
    before = 0.0
    for index, here in enumerate(heights):
        if index and _is_excursion(before, heights, index):
            early.add(index)
        else:
            before = here
    if not early:
        return groups
    settled = Groups(groups.runs, groups.apart)
    latest = groups[0]
    for index in range(1, len(groups)):
        if index in early:
            latest.runs.extend(groups[index].runs)
        else:
            settled.append(latest)
            latest = groups[index]
    settled.append(latest)
    return settled


def _is_excursion(before: float, heights: Sequence[float], index: int) -> bool:
    """Whether the print goes on from ``before`` mm and comes to this height again, before
    the next object begins.

    What goes on lower, but far above ``before``, goes on from this height: on a raft
    CuraEngine prints the second layer lower than the first.
    """
    here = heights[index]
    if index + 1 == len(heights) or not before + SAME < heights[index + 1] < here - SAME:
        return False
    following = heights[index + 1 : index + 1 + _SOON]
    low = following[0]
    step = next((z - low for z in following if z > low + SAME), 0.0)
    if low - before > _FAR * step:
        return False
    for z in following:
        if abs(z - here) < SAME:
            return True
        if z <= heights[0] + SAME:
            return False
    return False
