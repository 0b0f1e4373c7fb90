"""From groups of runs to the LayerIndex: numbers, heights, and where to capture."""

from __future__ import annotations

from itertools import accumulate
from typing import Optional

from .groups import SAME, Group
from .layers import Layer, LayerIndex

Bounds = tuple[float, float, float, float]


def assemble(slicer: Optional[str], groups: list[Group]) -> LayerIndex:
    """The index of a print whose layers are ``groups``, in order."""
    spiral = sum(each.spiral for each in groups) * 2 > len(groups)
    heights = [each.z for each in groups]
    below = _below(heights)
    tops = accumulate((each.top for each in groups), max)
    layers = tuple(
        _layer(number, each, z, z - base, top)
        for number, (each, z, base, top) in enumerate(
            zip(groups, heights, below, tops), 1
        )
    )
    return LayerIndex(slicer, spiral, _sequential(heights), layers, _bounds(groups))


def _layer(number: int, group: Group, z: float, height: float, top: float) -> Layer:
    seam = group.runs[-1].seam
    assert seam is not None  # every run is ended
    capture, triggers = seam.capture_pos, seam.triggers
    if group.spiral and seam.marker_pos is not None and seam.marker_pos > capture:
        capture = seam.marker_pos
        triggers = (capture, *(each for each in triggers if each > capture))
    return Layer(
        number=number,
        z=round(z, 4),
        height=round(height, 4),
        slicer_number=group.number,
        capture_pos=capture,
        retracted=seam.retracted,
        top=round(top, 4),
        triggers=triggers,
        resume=seam.resume,
    )


def _below(heights: list[float]) -> list[float]:
    """For each layer the height in mm it lies on: the layer below, or 0 for the bed."""
    below: list[float] = []
    stack: list[float] = []  # of the object being printed
    for z in heights:
        while stack and stack[-1] > z - SAME:
            stack.pop()
        below.append(stack[-1] if stack else 0.0)
        stack.append(z)
    return below


def _sequential(heights: list[float]) -> bool:
    """Whether a new object begins: a fall to where the print began, or a climb anew."""
    for at in range(1, len(heights)):
        if heights[at] > heights[at - 1] - SAME:
            continue
        if heights[at] <= heights[0] + SAME:
            return True
        if at + 1 < len(heights) and heights[at] < heights[at + 1] < heights[at - 1]:
            return True
    return False


def _bounds(groups: list[Group]) -> Optional[Bounds]:
    if not all(run.exact for each in groups for run in each.runs):
        return None
    boxes = [box for box in (each.box for each in groups) if box is not None]
    if not boxes or len(boxes) < len(groups):
        return None
    low_x, low_y, high_x, high_y = zip(*boxes)
    return min(low_x), min(low_y), max(high_x), max(high_y)
