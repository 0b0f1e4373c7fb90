"""Runs of extrusion: what the scanning of a file finds, before it is parted in layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import inf
from typing import Optional

from . import seam
from .head import UNKNOWN, Head
from .seam import Mark, Seam
from .shapes import Shapes

LONGEST_SEAM = 512 * 1024  # bytes; of a longer one only the beginning is looked at


@dataclass
class Run:
    """Extruding moves that follow one another at one height.

    ``start``, ``end``: positions before the first and after the latest of them. ``flat``:
    the height in mm, NaN while every move also climbs. ``last``: where the latest ended.
    ``marks``: how many layer marks stand before it. ``filament``, ``climbing``: mm laid
    flat, and while Z moved. ``moves``, ``climbs``: how many moves of either kind.
    ``top``: the highest z in mm. ``box``: min X, min Y, max X, max Y in mm, empty
    (inf, …) where not read. ``exact``: not so where the moves were not read one by one
    and ``filament`` and ``moves`` are guessed from the length of the text. ``relative``:
    so is E at its first move.
    """

    start: int
    end: int
    flat: float
    last: float
    marks: int
    filament: float = 0.0
    climbing: float = 0.0
    moves: int = 0
    climbs: int = 0
    top: float = UNKNOWN
    box: list[float] = field(default_factory=lambda: [inf, inf, -inf, -inf])
    exact: bool = True
    relative: bool = False
    seam: Optional[Seam] = None

    @property
    def z(self) -> float:
        """The run's height in mm."""
        flat = self.flat
        return flat if flat == flat else self.top  # NaN differs from itself

    @property
    def usable(self) -> bool:
        """Whether the height is one a layer can have."""
        return 0 < self.z < inf


class Record:
    """What a scanner has found so far, and where it is.

    ``head`` is the head after the text read so far. ``after`` is the head as the latest
    extruding move left it, where it was kept.
    """

    def __init__(self) -> None:
        self.head = Head()
        self.after: Optional[Head] = None
        self.runs: list[Run] = []
        self.marks: list[Mark] = []
        self.commands = 0  # lines that are G-code
        self.density = 1e-3  # mm of filament for a byte of extruding moves, about
        self.others = 0  # lines that are neither G-code nor comment
        self.shapes = Shapes()
        self.recoded = False  # positions are not byte offsets
        self._kept: list[bytes] = []  # the text since the run's end, from earlier pieces
        self._kept_size = 0

    @property
    def run(self) -> Optional[Run]:
        """The run that the next extruding move may continue."""
        return self.runs[-1] if self.runs else None

    def close(
        self, text: bytes, position: int, stop: int = 0, *, last: bool = False
    ) -> None:
        """Ends the current run; the next one starts at ``text[stop]``. ``text`` starts at
        ``position``."""
        run = self.run
        if run is None or run.seam is not None:
            return
        start = max(run.end - position, 0)
        between = text[start : min(stop, start + LONGEST_SEAM)]
        if run.end < position or last:
            between = b"".join(self._kept) + between
        after = self.after if self.after is not None else self.head.copy()
        run.seam = seam.cross(between[:LONGEST_SEAM], 0, run.end, after, last=last).seam
        self.after = None
        self._kept = []
        self._kept_size = 0

    def finish(self) -> None:
        """Ends the last run at the end of the file."""
        self.close(b"", 0, last=True)

    def learn(self) -> None:
        """Sees from what was read how much filament a byte of moves stands for."""
        amount = sum(run.filament for run in self.runs)
        length = sum(run.end - run.start for run in self.runs)
        if amount > 0:
            self.density = amount / length

    def keep(self, text: bytes, position: int) -> None:
        """Remembers the end of a piece, for the seam it may be part of."""
        run = self.run
        if run is None or run.seam is not None:
            return
        if run.end >= position:
            self._kept, self._kept_size = [], 0
        if self._kept_size < LONGEST_SEAM:
            kept = text[max(run.end - position, 0) :][:LONGEST_SEAM]
            self._kept.append(kept)
            self._kept_size += len(kept)
