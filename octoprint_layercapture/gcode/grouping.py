"""From runs to layers: by the slicer's marks where they fit, by heights elsewhere."""

from __future__ import annotations

from collections.abc import Sequence

from .groups import SAME, Group
from .levels import by_height
from .runs import Run
from .seam import Mark
from .slicers import DIALECTS, TURN

_SOON = 200  # layers
_FAR = 2.5  # times as much as the next layer's rise


def group(runs: Sequence[Run], marks: Sequence[Mark], min_height: float) -> list[Group]:
    """The layers of a print in the order of printing.

    ``min_height`` (mm): a smaller rise is no new layer, where no marks say otherwise.
    """
    usable = [run for run in runs if run.usable]
    turns = any(mark.marker is TURN for mark in marks)
    heights = by_height(usable, min_height, turns=turns)
    by_dialect: dict[int, list[Mark]] = {}
    for mark in marks:
        if mark.marker is not TURN:
            by_dialect.setdefault(mark.marker.dialect, []).append(mark)
    for dialect, fitting in sorted(by_dialect.items()):
        groups = _by_marks(usable, fitting)
        if not DIALECTS[dialect].whole:
            first = fitting[0].position
            groups[:0] = [one for one in heights if one.runs[-1].end <= first]
        if 2 * len(groups) >= len(heights) or _is_vase(groups):
            return _without_excursions(groups)
    return _without_excursions(heights)


def _is_vase(groups: Sequence[Group]) -> bool:
    """Whether most layers are turns, for whose heights there is no telling."""
    return 2 * sum(each.spiral for each in groups) > len(groups)


def _by_marks(runs: Sequence[Run], marks: Sequence[Mark]) -> list[Group]:
    """A group for each mark that something is extruded after; marks at one height, of
    several processes or objects, are one.
    """
    groups: list[Group] = []
    segment, latest = -1, -1
    for run in runs:
        while segment + 1 < len(marks) and marks[segment + 1].position < run.end:
            segment += 1
        if segment < 0:
            continue
        if segment != latest:
            groups.append(Group(number=marks[segment].marker.number))
            latest = segment
        groups[-1].runs.append(run)
    joined: list[Group] = []
    for each in groups:
        if joined and _same_height(joined[-1], each):
            joined[-1].runs.extend(each.runs)
        else:
            joined.append(each)
    return joined


def _same_height(a: Group, b: Group) -> bool:
    if abs(a.z - b.z) >= SAME or (a.spiral and b.spiral):
        return False
    return a.spiral or abs(a.runs[0].z - b.runs[0].z) < SAME


def _without_excursions(groups: list[Group]) -> list[Group]:
    """Takes a height that is printed early, with heights below it still to come, out of
    the order: what is laid there belongs to the layer it was left from.
    """
    settled: list[Group] = []
    heights = [each.z for each in groups]
    before = 0.0
    for index, (each, here) in enumerate(zip(groups, heights)):
        if settled and _is_excursion(before, heights, index):
            settled[-1].settled = before
            settled[-1].runs.extend(each.runs)
        else:
            settled.append(each)
            before = here
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
