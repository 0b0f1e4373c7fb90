"""Runs that belong together, and what they amount to."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isfinite
from typing import Optional

from .runs import Run

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
    def spiral(self) -> bool:
        """Whether most of it is laid while climbing, or in steps, each of which climbs to
        the next: of a turn's many short moves most round to the height of the one before.
        """
        if len(self.runs) == 1:
            return self.runs[0].climbing > self.runs[0].filament
        climbing = sum(run.climbing for run in self.runs)
        flat = sum(run.filament for run in self.runs)
        if climbing > flat:
            return True
        steps = sum(run.filament for run in self.runs if run.last > run.flat)
        half = (climbing + flat) / 2
        return climbing > 0 and steps > half and max(self.weights.values()) < half

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
