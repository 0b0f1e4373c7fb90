"""Runs that belong together, and what they amount to."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from math import isfinite
from typing import Optional

from .columns import Numbers
from .runs import Run, Runs

SAME = 0.0075  # mm; heights closer than this are one height
_CLEARLY = 4  # times as much; no guess is as wrong as that

Box = tuple[float, float, float, float]


@dataclass
class Group:
    """Runs that make one layer. ``number`` is the slicer's for it; ``settled`` its height
    in mm where that is not just where most is laid.
    """

    runs: list[Run] = field(default_factory=list)
    number: Optional[int] = None
    settled: Optional[float] = None

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
    def level(self) -> Optional[float]:
        """The height in mm at which all of it is laid, None where that is not one."""
        z = self.runs[0].z
        for run in self.runs:
            if run.climbing or run.z != z:
                return None
        return z

    @property
    def spiral(self) -> bool:
        """Whether most of it is laid while climbing, or in steps, each of which climbs to
        the next: of a turn's many short moves most round to the height of the one before.
        """
        if len(self.runs) == 1:
            return self.runs[0].climbing > self.runs[0].filament
        climbing = sum([run.climbing for run in self.runs])
        if not climbing:
            return False
        flat = sum(run.filament for run in self.runs)
        if climbing > flat:
            return True
        steps = sum(run.filament for run in self.runs if run.last > run.flat)
        half = (climbing + flat) / 2
        return steps > half and max(self.weights.values()) < half

    @property
    def z(self) -> float:
        """The height in mm at which most of the filament is laid."""
        if self.settled is not None:
            return self.settled
        if len(self.runs) == 1:
            run = self.runs[0]
            return run.top if run.climbing > run.filament else run.z
        if self.spiral:
            return self.top
        weights = self.weights
        return max(weights, key=lambda height: weights[height])

    @property
    def certain(self) -> bool:
        """Whether ``z`` is certain although amounts may be guessed."""
        if len(self.runs) == 1:
            run = self.runs[0]
            return run.exact or not run.climbs or self.clearly_flat
        if all(run.exact for run in self.runs):
            return True
        return self.clearly_flat and len(self.weights) < 2

    @property
    def clearly_flat(self) -> bool:
        """Whether it is no spiral, however much is laid really."""
        climbing = sum(run.climbing for run in self.runs)
        return climbing * _CLEARLY <= sum(run.filament for run in self.runs)

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


class Groups:
    """The groups of a print in order, packed: they are many where layers are small.

    ``heights`` and ``tops`` are their ``z`` and ``top``. ``apart``: the places of runs
    that are of no group although they stand between some.
    """

    def __init__(self, runs: Runs, apart: range = range(0)) -> None:
        self.runs = runs
        self.apart = apart
        self.heights = array("d")
        self.tops = array("d")
        self._numbers = Numbers()
        self._first = array("i")
        self._last = array("i")
        self._spiral = bytearray()
        self._certain = bytearray()

    def append(self, group: Group) -> None:
        """Adds one at the end."""
        if group.settled is None:
            level = group.level  # most are such, and then need not be weighed
            if level is not None or len(group.runs) == 1:
                self._append_simple(group, level)
                return
        self.heights.append(group.z)
        self.tops.append(group.top)
        self._numbers.append(group.number)
        self._first.append(group.runs[0].place)
        self._last.append(group.runs[-1].place)
        self._spiral.append(group.spiral)
        self._certain.append(group.certain)

    def _append_simple(self, group: Group, level: Optional[float]) -> None:
        """Adds a group of one run, or all at one height: ``level``, mm."""
        first, last = group.runs[0], group.runs[-1]
        spiral = level is None and first.climbing > first.filament
        self.heights.append(first.top if spiral else first.z)
        self.tops.append(first.top if level is None else level)
        self._numbers.append(group.number)
        self._first.append(first.place)
        self._last.append(last.place)
        self._spiral.append(spiral)
        self._certain.append(
            level is not None
            or first.exact
            or not first.climbs
            or first.climbing * _CLEARLY <= first.filament
        )

    def extend(self, others: Groups) -> None:
        """Adds others of the same runs at the end."""
        self.heights.extend(others.heights)
        self.tops.extend(others.tops)
        self._numbers.extend(others._numbers)
        self._first.extend(others._first)
        self._last.extend(others._last)
        self._spiral.extend(others._spiral)
        self._certain.extend(others._certain)

    def __len__(self) -> int:
        return len(self.heights)

    def __getitem__(self, index: int) -> Group:
        """A copy; its height is settled."""
        places = range(self._first[index], self._last[index] + 1)
        runs = [self.runs[place] for place in places if place not in self.apart]
        return Group(runs, self._numbers[index], self.heights[index])

    def __iter__(self) -> Iterator[Group]:
        return (self[index] for index in range(len(self)))

    def number(self, index: int) -> Optional[int]:
        """The slicer's number of the group."""
        return self._numbers[index]

    def spiral(self, index: int) -> bool:
        """Whether the group is a spiral's turn."""
        return self._spiral[index] != 0

    def last_run(self, index: int) -> int:
        """The place of the group's last run."""
        return self._last[index]

    @property
    def spirals(self) -> int:
        """How many are a spiral's turns."""
        return sum(self._spiral)

    @property
    def certain(self) -> bool:
        """Whether all heights are certain."""
        return all(self._certain)
