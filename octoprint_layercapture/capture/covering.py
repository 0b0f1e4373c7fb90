"""Ready-made grids: of so many positions, over the whole bed, over what is printed."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Optional

from .grid import Point, Volume

_MOST = 6  # spacings along an axis
_HALVINGS = 30
_EXACT = 1e-6  # mm
_SMALLEST = 0.1  # mm between positions
_TIGHT = 1.0  # mm between positions, less is no room

Box = tuple[float, float, float, float]  # min x, min y, max x, max y


@dataclass(frozen=True)
class Covering:
    """A grid as the settings take it, mm; a centre of None is the bed's."""

    columns: int
    rows: int
    spacing_x: float
    spacing_y: float
    center_x: Optional[float]
    center_y: Optional[float]


def sized(space: Volume, offset: Point, count: int, wish: Covering) -> Covering:
    """``count`` × ``count`` positions with the spacing and the centre wished for.

    Where these do not fit, the spacing is the largest that does; where there is no room
    around the centre, it is the bed's, or that of what can be reached.
    """
    half_x = (count - 1) * wish.spacing_x / 2
    half_y = (count - 1) * wish.spacing_y / 2
    closest = min(wish.spacing_x, wish.spacing_y)
    left, front, right, back = _reach(space, offset)
    reached = _tidy(space, 0, (left + right) / 2), _tidy(space, 1, (front + back) / 2)
    for x, y in ((wish.center_x, wish.center_y), (None, None), reached):
        share = _share(space, offset, _middle(space, x, y), half_x, half_y)
        if share is not None and share * closest >= min(_TIGHT, closest):
            return Covering(
                count,
                count,
                wish.spacing_x if share == 1.0 else _down(wish.spacing_x * share),
                wish.spacing_y if share == 1.0 else _down(wish.spacing_y * share),
                x,
                y,
            )
    return Covering(count, count, wish.spacing_x, wish.spacing_y, None, None)


def over_bed(space: Volume, offset: Point, wish: Covering) -> Optional[Covering]:
    """A grid over all of the bed that can be reached, about as dense as wished for."""
    return _over(space, offset, space.bed, wish, least=1)


def over_print(
    space: Volume, offset: Point, outline: Sequence[Point], wish: Covering
) -> Optional[Covering]:
    """A grid over what is printed, as far as it can be reached; None where it cannot."""
    if not outline:
        return None
    xs, ys = zip(*outline)
    return _over(space, offset, (min(xs), min(ys), max(xs), max(ys)), wish, least=0)


def _over(
    space: Volume, offset: Point, area: Box, wish: Covering, least: int
) -> Optional[Covering]:
    left, front, right, back = _common(area, _reach(space, offset))
    if left > right or front > back:
        return None
    center = (_tidy(space, 0, (left + right) / 2), _tidy(space, 1, (front + back) / 2))
    share = _share(space, offset, center, (right - left) / 2, (back - front) / 2)
    if share is None:
        return None
    columns, spacing_x = _steps((right - left) * share, wish.spacing_x, least)
    rows, spacing_y = _steps((back - front) * share, wish.spacing_y, least)
    return Covering(
        columns,
        rows,
        spacing_x,
        spacing_y,
        None if abs(center[0] - space.center[0]) < _EXACT else center[0],
        None if abs(center[1] - space.center[1]) < _EXACT else center[1],
    )


def _steps(span: float, wish: float, least: int) -> tuple[int, float]:
    """How many positions over ``span``, and how far from each other, mm."""
    count = min(max(round(span / wish), least), _MOST)
    if count == 0 or span / count < _SMALLEST:
        return 1, wish
    return count + 1, _down(span / count)


def _down(spacing: float) -> float:
    """Rounded down, to whole mm where that takes little away."""
    if spacing >= 10:
        return float(math.floor(spacing + _EXACT))
    return max(math.floor(spacing * 10 + _EXACT) / 10, _SMALLEST)


def _reach(space: Volume, offset: Point) -> Box:
    """Where positions may lie at most, by the box that the nozzle may use."""
    return (
        space.min_x + space.margin + offset[0],
        space.min_y + space.margin + offset[1],
        space.max_x - space.margin + offset[0],
        space.max_y - space.margin + offset[1],
    )


def _common(one: Box, other: Box) -> Box:
    return (
        max(one[0], other[0]),
        max(one[1], other[1]),
        min(one[2], other[2]),
        min(one[3], other[3]),
    )


def _middle(space: Volume, x: Optional[float], y: Optional[float]) -> Point:
    return space.center[0] if x is None else x, space.center[1] if y is None else y


def _tidy(space: Volume, axis: int, value: float) -> float:
    """The bed's centre where it is meant; otherwise to half a millimetre."""
    middle = space.center[axis]
    return middle if abs(value - middle) < 0.5 else round(value * 2) / 2


def _free(
    space: Volume, offset: Point, center: Point, half_x: float, half_y: float
) -> bool:
    """Whether the four corners around ``center``, and so all between, may be visited."""
    return all(
        space.refusal(center[0] + dx - offset[0], center[1] + dy - offset[1]) is None
        for dx in (-half_x, half_x)
        for dy in (-half_y, half_y)
    )


def _share(
    space: Volume, offset: Point, center: Point, half_x: float, half_y: float
) -> Optional[float]:
    """The largest part of the rectangle around ``center`` that is free, 0 to 1."""
    if not _free(space, offset, center, 0, 0):
        return None
    if _free(space, offset, center, half_x, half_y):
        return 1.0
    low, high = 0.0, 1.0
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        if _free(space, offset, center, half_x * middle, half_y * middle):
            low = middle
        else:
            high = middle
    return low
