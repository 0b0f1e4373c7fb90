"""What a file prints, seen from above: the convex outline around it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import BinaryIO, Optional, Union

from . import slicers
from .layers import Layer, LayerIndex
from .paths import Bead, Walk

Point = tuple[float, float]

_BUDGET = 2 * 1024 * 1024  # bytes to read of a file
_LARGEST = 512 * 1024  # bytes to read of a layer
_BEGINNING = 1024 * 1024  # bytes of the file to find modes and the first layer in
_CORNERS = 60
_BESIDE = 1.0  # mm that rounding may lead out of the known bounds

_COMMENT = re.compile(rb"^[ \t]*;([^\n]*)", re.M)


def outline(
    path: Union[str, os.PathLike[str]], index: LayerIndex, budget: int = _BUDGET
) -> tuple[Point, ...]:
    """The corners of the convex outline of what is printed, counter-clockwise, mm.

    Of a file larger than ``budget`` (bytes) only so many layers are read, evenly
    distributed, so it may be a little too small. Purging and priming before the first
    layer are no part of it where the file says where that begins. Empty where nothing
    was found. Raises OSError.
    """
    places: set[Point] = set()
    with open(path, "rb") as file:
        for bead in _beads(file, index.layers, budget):
            points = iter(bead.points)
            places.update((round(x, 1), round(y, 1)) for x, y in zip(points, points))
    return thinned(hull(_within(places, index.bounds)))


def _beads(file: BinaryIO, layers: Sequence[Layer], budget: int) -> Iterator[Bead]:
    if not layers:
        return
    first = layers[0]
    text = file.read(min(first.capture_pos, _BEGINNING))
    begin = _first_layer(text)
    walk = Walk()
    walk.read(text[:begin])
    walk.take(first.height)
    walk.read(text[begin:])
    yield from walk.take(first.height)
    size = layers[-1].capture_pos - first.capture_pos
    step = max(-(-size // budget), 1)
    chosen = {*range(1, len(layers), step), len(layers) - 1} - {0}
    for number in sorted(chosen):
        layer, start = layers[number], layers[number - 1].capture_pos
        file.seek(start)
        at_layer = walk.elsewhere()
        at_layer.read(file.read(max(min(layer.capture_pos - start, _LARGEST), 0)))
        yield from at_layer.take(layer.height)


def _first_layer(text: bytes) -> int:
    """Where the first layer's marker stands; 0 without one."""
    for comment in _COMMENT.finditer(text):
        if slicers.marker(comment[1].strip()) is not None:
            return comment.start()
    return 0


def _within(
    places: Iterable[Point], bounds: Optional[tuple[float, float, float, float]]
) -> list[Point]:
    if bounds is None:
        return list(places)
    left, front, right, back = bounds
    return [
        (x, y)
        for x, y in places
        if left - _BESIDE <= x <= right + _BESIDE
        and front - _BESIDE <= y <= back + _BESIDE
    ]


def hull(places: Iterable[Point]) -> list[Point]:
    """The corners of the convex hull, counter-clockwise (Andrew's monotone chain)."""
    ordered = sorted(set(places))
    if len(ordered) < 3:
        return ordered
    return [*_chain(ordered)[:-1], *_chain(ordered[::-1])[:-1]]


def _chain(ordered: list[Point]) -> list[Point]:
    found: list[Point] = []
    for x, y in ordered:
        while len(found) > 1:
            (ax, ay), (bx, by) = found[-2:]
            if (bx - ax) * (y - ay) - (by - ay) * (x - ax) > 0:
                break
            found.pop()
        found.append((x, y))
    return found


def thinned(corners: list[Point], most: int = _CORNERS) -> tuple[Point, ...]:
    """So many of the corners, evenly, where there are more; the outermost always."""
    step = -(-len(corners) // most)
    if step < 2:
        return tuple(corners)
    outermost = {
        choose(corners, key=lambda corner: corner[axis])
        for choose in (min, max)
        for axis in (0, 1)
    }
    return tuple(
        corner
        for number, corner in enumerate(corners)
        if number % step == 0 or corner in outermost
    )
