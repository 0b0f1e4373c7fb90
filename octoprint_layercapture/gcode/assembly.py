"""From groups of runs to the LayerIndex: numbers, heights, and where to capture."""

from __future__ import annotations

from array import array
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Optional

from .groups import SAME, Groups
from .layers import Layer, LayerIndex, Layers
from .seam import Seam

_MOST_SEAMS = 2  # for each layer, not to keep more of them than the layers need

Bounds = tuple[float, float, float, float]


def assemble(slicer: Optional[str], groups: Groups) -> LayerIndex:
    """The index of a print whose layers are ``groups``, in order. Their runs are left
    empty: where there are many, the layers take their room."""
    heights = groups.heights
    spiral, bounds = groups.spirals * 2 > len(groups), _bounds(groups)
    seams = groups.runs.seams
    groups.runs.clear()
    # The seams' triggers are the layers' where most of them are the end of one.
    shared = len(seams) <= _MOST_SEAMS * len(groups)
    layers = Layers(triggers=seams.triggers if shared else None)
    tops = accumulate(groups.tops, max)
    for at, (z, below, top) in enumerate(zip(heights, _below(heights), tops)):
        number, run = groups.number(at), groups.last_run(at)
        sizes = round(z, 4), round(z - below, 4), round(top, 4)
        if shared and not groups.spiral(at):
            layers.add(number, at + 1, *sizes, *seams.place(run))
            continue
        seam = seams[run]
        if groups.spiral(at):
            seam = _after_turn(seam)
        layers.append(
            Layer(
                *(at + 1, *sizes[:2], number, seam.capture_pos, seam.retracted),
                *(sizes[2], seam.triggers, seam.resume),
            )
        )
    sequential = _sequential(heights, groups.tops)
    return LayerIndex(slicer, spiral, sequential, layers, bounds)


def _after_turn(seam: Seam) -> Seam:
    """The seam after a spiral's turn, which ends no earlier than the next one's mark."""
    marker = seam.marker_pos
    if marker is None or marker <= seam.capture_pos:
        return seam
    later = (each for each in seam.triggers if each > marker)
    return seam._replace(capture_pos=marker, triggers=(marker, *later))


def _below(heights: Sequence[float]) -> Iterator[float]:
    """For each layer the height in mm it lies on: the layer below, or the bed."""
    bed = _bed(heights)
    stack = array("d")  # of the object being printed
    for z in heights:
        while stack and stack[-1] > z - SAME:
            stack.pop()
        yield stack[-1] if stack else min(bed, z)
        stack.append(z)


def _bed(heights: Sequence[float]) -> float:
    """The bed's height in mm: 0, or where the print begins lower, as far below the first
    layer as the second is above it.
    """
    if not heights or heights[0] > 0:
        return 0.0
    second = next((z for z in heights if z > heights[0] + SAME), heights[0])
    return 2 * heights[0] - second


def _sequential(heights: Sequence[float], tops: Sequence[float]) -> bool:
    """Whether a new object begins: where the print began, or at a height long passed from
    which it climbs anew. What is higher in the layer, beside a low tower, says no.
    """
    for at in range(1, len(heights)):
        z = heights[at]
        if tops[at] > tops[at - 1] + SAME:
            continue
        if z <= heights[0] + SAME:
            return True
        if z > heights[at - 1] - SAME:
            continue
        # On a raft the second layer may be lower than the first, above all the same.
        if at > 1 and z > heights[at - 2] + SAME:
            continue
        if at + 1 < len(heights) and z < heights[at + 1] < heights[at - 1]:
            return True
    return False


def _bounds(groups: Groups) -> Optional[Bounds]:
    """What the moves of all layers cover; None where some were not read one by one."""
    bounds: Optional[Bounds] = None
    for each in groups:
        box = each.box
        if box is None or not all(run.exact for run in each.runs):
            return None
        if bounds is None:
            bounds = box
        else:
            low_x, low_y, high_x, high_y = bounds
            bounds = (
                *(min(low_x, box[0]), min(low_y, box[1])),
                *(max(high_x, box[2]), max(high_y, box[3])),
            )
    return bounds
