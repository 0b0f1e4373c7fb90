"""Runs of extrusion: what the scanning of a file finds, before it is parted in layers."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from math import inf, nan
from typing import Any, Optional

from . import seam
from .columns import Lists, Numbers, Rows
from .head import UNKNOWN, Head
from .seam import Mark, Seam
from .slicers import Marker

LONGEST_SEAM = 512 * 1024  # bytes; of a longer one only the beginning is looked at

_DEEPEST = -5.0  # mm; no offset between nozzle and bed takes a layer further down
_NOWHERE = [inf, inf, -inf, -inf]
_NO_MARKER = -(2**31)


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
    so is E at its first move. ``seam``: what follows, once it was read. ``place``: where
    it is among the packed ones, if it is a copy of one.
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
    box: list[float] = field(default_factory=_NOWHERE.copy)
    exact: bool = True
    relative: bool = False
    seam: Optional[Seam] = None
    place: int = -1

    @property
    def z(self) -> float:
        """The run's height in mm."""
        flat = self.flat
        return flat if flat == flat else self.top  # NaN differs from itself

    @property
    def usable(self) -> bool:
        """Whether the height is one a layer can have. Where Z is zero depends on the
        offset the slicer was given, so the first layers may lie below that.
        """
        return _DEEPEST < self.z < inf


class Runs:
    """The runs of a file, packed but for the latest: small layers make many of them.

    A run that is asked for is a copy without its seam; ``put`` takes what was changed.
    ``seams`` are those of the packed ones.
    """

    def __init__(self) -> None:
        self.latest: Optional[Run] = None
        self.seams = Seams()
        self._rows = Rows("qqddiddiid??i")
        self._boxes = array("d")
        self._usable = True

    def append(self, run: Run) -> None:
        """Adds a run after the latest, whose seam is known."""
        self.close()
        self.latest = run

    def close(self) -> None:
        """Packs the latest run, whose seam is known."""
        run, self.latest = self.latest, None
        if run is not None:
            assert run.seam is not None
            self._rows.append(*self._packed(run))
            self._usable = self._usable and run.usable
            self.seams.append(run.seam)

    def put(self, run: Run) -> None:
        """Takes a changed copy back."""
        self._rows.put(run.place, *self._packed(run))

    def _packed(self, run: Run) -> tuple[Any, ...]:
        box = -1
        if run.box != _NOWHERE:
            box = len(self._boxes)
            self._boxes.extend(run.box)
        return (
            run.start,
            run.end,
            run.flat,
            run.last,
            run.marks,
            run.filament,
            run.climbing,
            run.moves,
            run.climbs,
            run.top,
            run.exact,
            run.relative,
            box,
        )

    def __len__(self) -> int:
        return len(self.seams) + (self.latest is not None)

    def __getitem__(self, index: int) -> Run:
        if index == len(self.seams) and self.latest is not None:
            return self.latest
        return self._run(index, self._rows[index])

    def __iter__(self) -> Iterator[Run]:
        yield from map(self._run, count(), self._rows)
        if self.latest is not None:
            yield self.latest

    def _run(self, place: int, row: tuple[Any, ...]) -> Run:
        run = Run(*row[:10])
        run.exact, run.relative, box = row[10:]
        run.place = place
        if box >= 0:
            run.box = list(self._boxes[box : box + 4])
        return run

    def clear(self) -> None:
        """Forgets all but the seams, which stay where they are in ``seams``."""
        self.__dict__.update(Runs().__dict__)

    def leave_unusable_out(self) -> None:
        """Keeps only the runs whose height a layer can have."""
        if self._usable:
            return
        kept = Runs()
        for run, its in zip(self, self.seams):
            if run.usable:
                run.seam = its
                kept.append(run)
        kept.close()
        self.__dict__.update(kept.__dict__)


class Seams:
    """Seams, packed."""

    def __init__(self) -> None:
        self._rows = Rows("qddIHHi?")
        self.triggers = Lists()  # from each capture on

    def append(self, seam: Seam) -> None:
        """Adds one at the end."""
        capture, marker = seam.capture_pos, seam.marker_pos
        x, y = (nan, nan) if seam.resume is None else seam.resume
        after = _NO_MARKER if marker is None else marker - capture
        triggers = [each - capture for each in seam.triggers]
        piece, begin = self.triggers.append(triggers)
        self._rows.append(
            capture, x, y, piece, begin, len(triggers), after, seam.retracted
        )

    def __len__(self) -> int:
        return len(self._rows)

    def __getitem__(self, index: int) -> Seam:
        return self._seam(self._rows[index])

    def place(self, index: int) -> tuple[tuple[Any, ...], bool]:
        """Where the capture is and where the file goes on, as it is packed, the triggers
        by where they are in ``triggers``; and whether the slicer has retracted."""
        *place, _, retracted = self._rows[index]
        return tuple(place), retracted

    def __iter__(self) -> Iterator[Seam]:
        return map(self._seam, self._rows)

    def _seam(self, row: tuple[Any, ...]) -> Seam:
        capture, x, y, *where, marker, retracted = row
        triggers = self.triggers.get(*where)
        return Seam(
            capture,
            retracted,
            tuple([capture + each for each in triggers]),
            (x, y) if x == x else None,
            None if marker == _NO_MARKER else capture + marker,
        )


class Marks:
    """Layer marks in the order of the file, packed: ``of`` has them by their dialect.

    There ``positions`` and ``numbers`` belong together.
    """

    def __init__(self) -> None:
        self.of: dict[int, tuple[array[int], Numbers]] = {}
        self._count = 0

    def append(self, mark: Mark) -> None:
        """Adds one at the end."""
        dialect, number = mark.marker
        if dialect not in self.of:
            self.of[dialect] = array("q"), Numbers()
        positions, numbers = self.of[dialect]
        positions.append(mark.position)
        numbers.append(number)
        self._count += 1

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Mark]:
        """All, dialect by dialect."""
        for dialect, (positions, numbers) in self.of.items():
            for position, number in zip(positions, numbers):
                yield Mark(position, Marker(dialect, number))


class Record:
    """What a scanner has found so far, and where it is.

    ``head`` is the head after the text read so far. ``after`` is the head as the latest
    extruding move left it, where it was kept.
    """

    def __init__(self) -> None:
        self.head = Head()
        self.after: Optional[Head] = None
        self.runs = Runs()
        self.marks = Marks()
        self.commands = 0  # lines that are G-code
        self.density = 1e-3  # mm of filament for a byte of extruding moves, about
        self.others = 0  # lines that are neither G-code nor comment
        self.recoded = False  # positions are not byte offsets
        self._kept: list[bytes] = []  # the text since the run's end, from earlier pieces
        self._kept_size = 0

    @property
    def run(self) -> Optional[Run]:
        """The run that the next extruding move may continue."""
        return self.runs.latest

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
        self.runs.close()

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
