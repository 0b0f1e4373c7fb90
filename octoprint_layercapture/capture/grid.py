"""The grid: columns × rows × spacing as positions, the printable volume, the order."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Optional

from ..messages import N_, Message

Point = tuple[float, float]

_EXACT = 9  # positions up to which the order of visits is the shortest there is
_IMPROVED = 150  # positions up to which a good order is improved further


@dataclass(frozen=True)
class Volume:
    """Where the head may go, machine mm, the margin not yet taken off.

    ``bed`` is the printed area for drawing; ``min_x`` … ``max_y`` the box the head may
    use (a custom bounding box reaches beyond the bed); a circular volume is a circle of
    ``radius`` around ``center`` besides.
    """

    min_x: float
    min_y: float
    max_x: float
    max_y: float
    max_z: float
    margin: float
    bed: tuple[float, float, float, float]
    center: Point
    radius: Optional[float] = None
    origin: str = "lowerleft"

    @property
    def shape(self) -> str:
        """``"rectangular"`` or ``"circular"``."""
        return "rectangular" if self.radius is None else "circular"

    def refusal(self, x: float, y: float, aimed: bool = False) -> Optional[Message]:
        """Why the head must not go to (x, y), or None if it may.

        Args:
            aimed: the head goes there for a camera to see another place
        """
        slack = 0.001  # places are rounded to that
        inside = (
            self.min_x - slack <= x <= self.max_x + slack
            and self.min_y - slack <= y <= self.max_y + slack
        )
        place = {"x": x, "y": y, "margin": self.margin}
        if self.radius is not None:
            away = math.hypot(x - self.center[0], y - self.center[1])
            inside = inside and away <= self.radius + slack
            in_margin = away <= self.radius - self.margin + slack
        else:
            in_margin = True
        if not inside:
            return Message(
                N_(
                    "The nozzle would have to go to X %(x)s, Y %(y)s, which is outside "
                    "the printable area."
                )
                if aimed
                else N_("X %(x)s, Y %(y)s is outside the printable area."),
                place,
            )
        if not (
            in_margin
            and self.min_x + self.margin - slack <= x <= self.max_x - self.margin + slack
            and self.min_y + self.margin - slack <= y <= self.max_y - self.margin + slack
        ):
            return Message(
                N_(
                    "The nozzle would have to go to X %(x)s, Y %(y)s, which is within "
                    "the %(margin)s mm margin at the edge."
                )
                if aimed
                else N_(
                    "X %(x)s, Y %(y)s is within the %(margin)s mm margin at the edge."
                ),
                place,
            )
        return None


@dataclass(frozen=True)
class Position:
    """One place of the grid: its number (row by row from the front left), machine mm.

    ``x``, ``y`` is the place asked for. ``offset`` is how far from the nozzle that lies,
    where it is what a camera sees.
    """

    index: int
    x: float
    y: float
    refused: Optional[Message] = None
    offset: Point = (0.0, 0.0)

    @property
    def nozzle(self) -> Point:
        """Where the head goes."""
        return round(self.x - self.offset[0], 3), round(self.y - self.offset[1], 3)


def volume(
    profile: Mapping[str, Any],
    width: Optional[float] = None,
    depth: Optional[float] = None,
    max_z: Optional[float] = None,
    margin: float = 0.0,
) -> Volume:
    """The volume of an OctoPrint printer profile.

    Args:
        profile: the profile's dict; its ``volume`` has width, depth, height (mm),
            formFactor, origin and perhaps a custom_box
        width, depth, max_z: what stands instead of the profile's, mm; a width or depth
            given here also replaces the custom bounding box along its axis
        margin: kept free along the edges, mm
    """
    given = profile.get("volume") or {}
    circular = given.get("formFactor") == "circular"
    wide = width if width is not None else float(given.get("width") or 200)
    deep = depth if depth is not None else float(given.get("depth") or 200)
    if circular:
        # a profile of a round bed carries its diameter as width
        deep = wide if width is not None or depth is None else deep
        wide = deep if width is None and depth is not None else wide
    high = max_z if max_z is not None else float(given.get("height") or 200)
    origin = "center" if given.get("origin") == "center" else "lowerleft"
    left, front = (-wide / 2, -deep / 2) if origin == "center" else (0.0, 0.0)
    bed = (left, front, left + wide, front + deep)
    min_x, min_y, max_x, max_y = bed
    box = given.get("custom_box")
    if isinstance(box, Mapping):
        if width is None:
            min_x, max_x = _span(box, "x", min_x, max_x)
        if depth is None:
            min_y, max_y = _span(box, "y", min_y, max_y)
        if max_z is None:
            high = _span(box, "z", 0.0, high)[1]
    return Volume(
        min_x=min_x,
        min_y=min_y,
        max_x=max_x,
        max_y=max_y,
        max_z=high,
        margin=margin,
        bed=bed,
        center=((bed[0] + bed[2]) / 2, (bed[1] + bed[3]) / 2),
        radius=wide / 2 if circular else None,
        origin=origin,
    )


def _span(
    box: Mapping[str, Any], axis: str, least: float, most: float
) -> tuple[float, float]:
    low, high = box.get(f"{axis}_min"), box.get(f"{axis}_max")
    return (
        least if low is None else float(low),
        most if high is None else float(high),
    )


def positions(
    space: Volume,
    columns: int,
    rows: int,
    spacing_x: float,
    spacing_y: float,
    center_x: Optional[float] = None,
    center_y: Optional[float] = None,
    offset: Point = (0.0, 0.0),
) -> tuple[Position, ...]:
    """All positions of the grid, numbered row by row from the front left.

    Spacings in mm; a centre of None is the bed's. ``offset`` is what a camera sees from
    the nozzle, where the positions are what it is to see. Positions for which the nozzle
    would go outside the volume minus its margin carry the reason and keep their number.
    """
    aimed = offset != (0.0, 0.0)
    middle = (
        space.center[0] if center_x is None else center_x,
        space.center[1] if center_y is None else center_y,
    )
    found = []
    for index, (x, y) in enumerate(lattice(middle, columns, rows, spacing_x, spacing_y)):
        place = Position(index, x, y, None, offset)
        found.append(replace(place, refused=space.refusal(*place.nozzle, aimed)))
    return tuple(found)


def lattice(
    center: Point, columns: int, rows: int, spacing_x: float, spacing_y: float
) -> list[Point]:
    """The places of a grid around a centre, in the order of their numbers, mm."""
    found = []
    for index in range(columns * rows):
        row, column = divmod(index, columns)
        x = round(center[0] + (column - (columns - 1) / 2) * spacing_x, 3)
        y = round(center[1] + (row - (rows - 1) / 2) * spacing_y, 3)
        found.append((x, y))
    return found


def visiting_order(
    places: Sequence[Position], start: Optional[Point], end: Optional[Point]
) -> tuple[Position, ...]:
    """The allowed positions in the order that costs the least travel.

    From ``start`` through all of them to ``end`` (either may be None: anywhere). The
    shortest order up to nine positions, near it above.
    """
    allowed = [place for place in places if place.refused is None]
    if len(allowed) < 2:
        return tuple(allowed)
    if len(allowed) <= _EXACT:
        return _shortest(allowed, start, end)
    return _near_shortest(allowed, start, end)


def _away(place: Position, point: Optional[Point]) -> float:
    return 0.0 if point is None else math.dist(place.nozzle, point)


def _between(one: Position, other: Position) -> float:
    return math.hypot(one.x - other.x, one.y - other.y)


def _shortest(
    places: list[Position], start: Optional[Point], end: Optional[Point]
) -> tuple[Position, ...]:
    """Held and Karp's dynamic programme over the subsets visited so far."""
    count = len(places)
    everything = (1 << count) - 1
    steps = [
        [(i, 1 << i, _between(one, other)) for i, other in enumerate(places)]
        for one in places
    ]
    best = [[math.inf] * count for _ in range(everything + 1)]
    before = [[-1] * count for _ in range(everything + 1)]
    for i, place in enumerate(places):
        best[1 << i][i] = _away(place, start)
    for subset in range(1, everything):
        for last, so_far in enumerate(best[subset]):
            if so_far == math.inf:
                continue
            for i, bit, way in steps[last]:
                if subset & bit:
                    continue
                larger = subset | bit
                if so_far + way < best[larger][i] - 1e-9:
                    best[larger][i] = so_far + way
                    before[larger][i] = last
    subset = everything
    last = min(range(count), key=lambda i: best[everything][i] + _away(places[i], end))
    order = []
    while last >= 0:
        order.append(places[last])
        subset, last = subset & ~(1 << last), before[subset][last]
    return tuple(reversed(order))


def _near_shortest(
    places: list[Position], start: Optional[Point], end: Optional[Point]
) -> tuple[Position, ...]:
    """The best of the serpentines, improved by reversing stretches (2-opt)."""
    candidates = []
    for by_rows in (True, False):
        for flip_lines in (False, True):
            for flip_first in (False, True):
                candidates.append(_serpentine(places, by_rows, flip_lines, flip_first))
    tour = min(candidates, key=lambda way: _length(way, start, end))
    improved = len(tour) <= _IMPROVED
    while improved:
        improved = False
        for i in range(len(tour) - 1):
            for j in range(i + 1, len(tour)):
                if _gain(tour, i, j, start, end) > 1e-6:
                    tour[i : j + 1] = reversed(tour[i : j + 1])
                    improved = True
    return tuple(tour)


def _serpentine(
    places: Sequence[Position], by_rows: bool, flip_lines: bool, flip_first: bool
) -> list[Position]:
    lines: dict[float, list[Position]] = {}
    for place in places:
        lines.setdefault(place.y if by_rows else place.x, []).append(place)
    tour: list[Position] = []
    for number, key in enumerate(sorted(lines, reverse=flip_lines)):
        line = sorted(lines[key], key=lambda p: p.x if by_rows else p.y)
        tour.extend(reversed(line) if (number % 2 == 1) != flip_first else line)
    return tour


def _length(
    tour: Sequence[Position], start: Optional[Point], end: Optional[Point]
) -> float:
    inner = sum(_between(one, other) for one, other in zip(tour, tour[1:]))
    return _away(tour[0], start) + inner + _away(tour[-1], end)


def _gain(
    tour: list[Position],
    i: int,
    j: int,
    start: Optional[Point],
    end: Optional[Point],
) -> float:
    """By how much reversing ``tour[i:j + 1]`` shortens the way, mm."""
    first, last = tour[i], tour[j]
    gain = 0.0
    if i > 0:
        gain += _between(tour[i - 1], first) - _between(tour[i - 1], last)
    else:
        gain += _away(first, start) - _away(last, start)
    if j < len(tour) - 1:
        gain += _between(last, tour[j + 1]) - _between(first, tour[j + 1])
    else:
        gain += _away(last, end) - _away(first, end)
    return gain
