"""Layers by their heights alone, for files whose slicer marks none."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from statistics import median
from typing import Optional

from .groups import SAME, Box, Group, Groups
from .runs import Run, Runs

_FEW = 60  # moves; priming is shorter
_VERY_FEW = 12  # moves
_LATER = 4  # levels further on, purging is over
_EARLY = 8  # levels among which purging is looked for


def by_height(runs: Runs, min_height: float, *, turns: bool = False) -> Groups:
    """Parts ``runs`` where they rise by ``min_height`` mm or a new object begins.

    What is purged or primed before the print makes no layer, nor does a height that is
    left again at once for the layer it was left from. ``turns``: the marks that the runs
    count are those of a vase print's turns.
    """
    levels = _Levels(runs, turns)
    begin = _fall(levels)
    while begin + 1 < len(levels) and _is_priming(levels, begin):
        begin += 1
    layers = Groups(runs)
    layer, base = Group(), _Base()
    for index in range(begin, len(levels)):
        level = levels[index]
        first = layers.heights[0] if len(layers) else None
        if layer.runs and _begins_layer(
            levels.heights, index, base, layer, first, min_height
        ):
            layers.append(layer)
            layer, base = Group(), _Base()
        layer.runs.extend(level.runs)
        base.add(level)
    if layer.runs:
        layers.append(layer)
    return layers


class _Levels:
    """Runs that go on at one height, or within one turn, as groups; packed."""

    def __init__(self, runs: Runs, turns: bool) -> None:
        self.heights = array("d")
        self._runs = runs
        self._ends = array("i", [0])
        level = Group()
        for run in runs:
            if level.runs and not _goes_on(level, run, turns):
                self._append(level)
                level = Group()
            level.runs.append(run)
        if level.runs:
            self._append(level)

    def _append(self, level: Group) -> None:
        self.heights.append(level.z)
        self._ends.append(level.runs[-1].place + 1)

    def __len__(self) -> int:
        return len(self.heights)

    def __getitem__(self, index: int) -> Group:
        return Group([self._runs[at] for at in range(*self._ends[index : index + 2])])

    def after(self, index: int, most: int) -> list[Group]:
        """So many of the following levels, or fewer at the end."""
        return [self[each] for each in range(index + 1, min(index + 1 + most, len(self)))]


class _Base:
    """A layer so far: the height in mm at which most of it is laid."""

    def __init__(self) -> None:
        self.z = 0.0
        self._weights: dict[float, float] = {}

    def add(self, level: Group) -> None:
        """Takes in what is laid at one height or in one turn."""
        z = level.runs[0].z if len(level.runs) == 1 else level.z
        self._weights[z] = self._weights.get(z, 0.0) + level.filament
        if self._weights[z] > self._weights.get(self.z, -1.0):
            self.z = z

    def has(self, z: float) -> bool:
        """Whether something of it is laid at that height."""
        return any(abs(z - height) < SAME for height in self._weights)


def _goes_on(level: Group, run: Run, turns: bool) -> bool:
    """Whether a run is at the same height as the level, or of the same turn."""
    before = level.runs[-1]
    if turns and run.climbs:
        return run.marks == before.marks and run.top >= before.last
    if turns and before.climbs and abs(run.z - before.last) < SAME:
        return run.marks == before.marks
    return abs(level.runs[0].z - run.z) < SAME


def _begins_layer(
    heights: Sequence[float],
    index: int,
    base: _Base,
    layer: Group,
    first: Optional[float],
    min_height: float,
) -> bool:
    """Whether the level does not belong to ``layer`` before it, which ``base`` weighs.
    ``first``: the height of the first layer in mm, None where that is it.
    """
    z = heights[index]
    rise = z - base.z
    if abs(rise) < min_height - 1e-6:
        return False
    if rise > 0:
        following = heights[index + 1] if index + 1 < len(heights) else z
        return abs(following - base.z) >= SAME
    # It fell: a new object where it starts at the bed or climbs from there, a layer of
    # its own where the print goes on from it; else an excursion of the layer above.
    if z <= (layer.z if first is None else first) + SAME:
        return True
    higher = _higher(heights, index)
    if higher < 0 or base.has(z):
        return False
    if heights[higher] < base.z - SAME:
        return True
    next_higher = _higher(heights, higher)
    step = heights[higher] - z
    return next_higher > 0 and abs(heights[next_higher] - heights[higher] - step) < SAME


def _higher(heights: Sequence[float], index: int) -> int:
    """The next level above the one at ``index``, or -1."""
    for at in range(index + 1, len(heights)):
        if heights[at] > heights[index] + SAME:
            return at
    return -1


def _fall(levels: _Levels) -> int:
    """How many levels at the start are purge lines, higher than the print begins."""
    fall, highest = 0, 0.0
    for index, z in enumerate(levels.heights[:_EARLY]):
        if z < highest - SAME and z <= levels.heights[fall] + SAME:
            fall = index
        highest = max(highest, z)
        if not _is_small(levels, index):
            break
    return fall


def _is_small(levels: _Levels, index: int) -> bool:
    """Whether so little is laid that it may be a purge line."""
    level, following = levels[index], levels.after(index, _EARLY)
    if not following:
        return False
    if level.moves <= _FEW and level.moves < median(each.moves for each in following) / 2:
        return True
    box, later = level.box, _later_box(levels, index)
    if box is None:
        return False
    if level.moves <= _VERY_FEW and _width(box) < 3:
        return True
    strip = _width(box) < 15 and _length(box) > 5 * _width(box)
    return strip and later is not None and _apart(box, later)


def _is_priming(levels: _Levels, index: int) -> bool:
    """Whether the level is purging before the print rather than its first layer."""
    if not _is_small(levels, index):
        return False
    first, second = levels[index], levels[index + 1]
    if first.moves <= _VERY_FEW and first.moves * 10 <= second.moves:
        return True
    if len(levels) > index + 2:
        z, next_z, further_z = levels.heights[index : index + 3]
        step, next_step = next_z - z, further_z - next_z
        if first.filament < second.filament / 2 and 0 < step < 0.6 * next_step:
            return True
    here, there = first.box, _later_box(levels, index)
    if here is None or there is None:
        return False
    return _apart(here, there) or (_width(here) < 3 and _width(there) > 10)


def _later_box(levels: _Levels, index: int) -> Optional[Box]:
    """What a level some way above covers, of those whose moves were read."""
    boxes = [each.box for each in levels.after(index, _LATER)]
    return next((box for box in reversed(boxes) if box is not None), None)


def _length(box: Box) -> float:
    return max(box[2] - box[0], box[3] - box[1])


def _width(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _apart(a: Box, b: Box) -> bool:
    return a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
