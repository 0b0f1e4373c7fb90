"""From runs to layers: by the slicer's marks where they fit, by heights elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from math import isfinite
from statistics import median
from typing import Optional

from .runs import Mark, Run
from .slicers import DIALECTS

SAME = 0.0075  # mm; heights closer than this are one height
_FEW = 60  # moves; priming is shorter

Box = tuple[float, float, float, float]


@dataclass
class Group:
    """Runs that belong together. ``number`` is the slicer's for it."""

    runs: list[Run] = field(default_factory=list)
    number: Optional[int] = None

    @property
    def filament(self) -> float:
        """mm laid."""
        return sum(run.filament + run.climbing for run in self.runs)

    @property
    def moves(self) -> int:
        """How many moves, about."""
        return sum(run.moves + run.climbs for run in self.runs)

    @property
    def top(self) -> float:
        """The highest z in mm."""
        return max(run.top for run in self.runs)

    @property
    def spiral(self) -> bool:
        """Whether most of it is laid while climbing."""
        climbing = sum(run.climbing for run in self.runs)
        return climbing > sum(run.filament for run in self.runs)

    @property
    def z(self) -> float:
        """The height in mm at which most of the filament is laid."""
        if self.spiral:
            return self.top
        weights = self.weights
        return max(weights, key=lambda height: weights[height])

    @property
    def certain(self) -> bool:
        """Whether ``z`` is certain although amounts may be guessed."""
        if all(run.exact for run in self.runs):
            return True
        weights = sorted(self.weights.values())
        return len(weights) < 2 or weights[-1] > 10 * weights[-2]

    @property
    def weights(self) -> dict[float, float]:
        """mm laid by height."""
        weights: dict[float, float] = {}
        for run in self.runs:
            weights[run.z] = weights.get(run.z, 0.0) + run.filament
        return weights

    @property
    def box(self) -> Optional[Box]:
        """What the moves cover, None where they were not read one by one."""
        boxes = [run.box for run in self.runs]
        low_x, low_y = min(box[0] for box in boxes), min(box[1] for box in boxes)
        high_x, high_y = max(box[2] for box in boxes), max(box[3] for box in boxes)
        if not isfinite(low_x) or not isfinite(low_y):
            return None
        return low_x, low_y, high_x, high_y


def group(runs: Sequence[Run], marks: Sequence[Mark], min_height: float) -> list[Group]:
    """The layers of a print in the order of printing."""
    usable = [run for run in runs if run.usable]
    by_height = _by_height(usable, min_height)
    for dialect, each in enumerate(DIALECTS):
        positions = [mark for mark in marks if mark.marker.dialect == dialect]
        if not positions:
            continue
        groups = _by_marks(usable, positions, each.whole, min_height)
        if 2 * len(groups) >= len(by_height):
            return groups
    return by_height


def _by_marks(
    runs: Sequence[Run], marks: Sequence[Mark], whole: bool, min_height: float
) -> list[Group]:
    groups: list[Group] = []
    before: list[Run] = []
    current = -1
    for run in runs:
        segment = current
        while segment + 1 < len(marks) and marks[segment + 1].position < run.end:
            segment += 1
        if segment < 0:
            before.append(run)
            continue
        if segment != current or not groups:
            groups.append(Group(number=marks[segment].marker.number))
            current = segment
        groups[-1].runs.append(run)
    if not whole:
        groups[:0] = _by_height(before, min_height)
    joined: list[Group] = []
    for each in groups:
        if joined and abs(joined[-1].z - each.z) < SAME:
            joined[-1].runs.extend(each.runs)
        else:
            joined.append(each)
    return joined


def _by_height(runs: Sequence[Run], min_height: float) -> list[Group]:
    levels: list[Group] = []
    for run in runs:
        if levels and abs(levels[-1].z - run.z) < SAME:
            levels[-1].runs.append(run)
        else:
            levels.append(Group([run]))
    del levels[: _fall(levels)]
    while len(levels) > 1 and _is_priming(levels):
        del levels[0]
    layers: list[Group] = []
    for index, level in enumerate(levels):
        if not layers or _begins_layer(layers, levels, index, min_height):
            layers.append(level)
        else:
            layers[-1].runs.extend(level.runs)
    return layers


def _begins_layer(
    layers: Sequence[Group], levels: Sequence[Group], index: int, min_height: float
) -> bool:
    level = levels[index]
    base = layers[-1].runs[0].z
    rise = level.z - base
    following = levels[index + 1 :]
    if abs(rise) < min_height - 1e-6:
        return False
    if rise > 0:
        back = following and following[0].z < level.z - SAME
        small = level.filament < 0.1 * layers[-1].filament
        return not (back and small and following[0].z >= base - SAME)
    # It fell: a new object where it starts at the bed or climbs from there, else an
    # excursion of the layer above.
    if level.z <= layers[0].z + SAME:
        return True
    higher = next((each.z for each in following if each.z > level.z + SAME), None)
    return higher is not None and higher < base - SAME


def _fall(levels: Sequence[Group]) -> int:
    """How many levels at the start are purge lines, higher than the print begins."""
    beginning = levels[:8]
    fall = 0
    for index, level in enumerate(beginning):
        if level.moves > _FEW:
            beginning = beginning[: index + 1]
            break
    for index, level in enumerate(beginning):
        if level.z < beginning[fall].z - SAME:
            fall = index
    return fall


def _is_priming(levels: Sequence[Group]) -> bool:
    """Whether the first level is purging before the print rather than its first layer."""
    first, second = levels[0], levels[1]
    if first.moves > _FEW:
        return False
    typical = median(each.filament for each in levels[1:8])
    if len(levels) > 2:
        step, next_step = second.z - first.z, levels[2].z - second.z
        slight = first.moves < second.moves / 2 and first.filament < typical / 2
        if slight and 0 < step < 0.6 * next_step:
            return True
    here, there = first.box, second.box
    if here is None or there is None:
        return False
    if _apart(here, there):
        return True
    return first.moves <= 12 and _width(here) < 3 and _width(there) > 10


def _width(box: Box) -> float:
    return min(box[2] - box[0], box[3] - box[1])


def _apart(a: Box, b: Box) -> bool:
    return a[2] < b[0] or b[2] < a[0] or a[3] < b[1] or b[3] < a[1]
