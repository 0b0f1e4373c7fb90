"""About how long captures hold a print up."""

from __future__ import annotations

import math
from typing import Optional

from .grid import Point, visiting_order
from .terms import Terms

ACCELERATION = 2000.0  # mm/s², between slow and fast printers
LIFT_ACCELERATION = 100.0  # mm/s², of Z
DRAINING = 0.75  # s, until the moves that the firmware has queued are done
STARTING = 0.1  # s, from standing still to a move, and the round trip of asking
EXPOSURE = 0.3  # s, until a camera has handed its picture over


def seconds_per_capture(
    terms: Terms, wait: float, middle: Optional[Point], pace: float = 1.0
) -> float:
    """How long the job stands still for one capture, s.

    Args:
        wait: from arrival until a picture may be taken, s
        middle: of what is printed, mm; the bed's where None
        pace: how long this printer and its cameras take for all but the waits, as a
            share of what is computed here
    """
    start = terms.volume.center if middle is None else middle
    order = visiting_order(terms.positions, start, start)
    if not order:
        return 0.0
    stops = [start, *((place.x, place.y) for place in order), start]
    legs = [math.hypot(b[0] - a[0], b[1] - a[1]) for a, b in zip(stops, stops[1:])]
    travel = sum(_move(leg, terms.travel_speed, ACCELERATION) for leg in legs)
    lift = 2 * _move(terms.height, terms.z_speed, LIFT_ACCELERATION)
    filament = 2 * terms.retract / terms.retract_speed
    starting = DRAINING + (len(legs) + 1) * STARTING
    exposing = len(order) * EXPOSURE
    return pace * (starting + travel + lift + filament + exposing) + len(order) * wait


def _move(length: float, speed: float, acceleration: float) -> float:
    """A move from standstill to standstill, s."""
    if length >= speed * speed / acceleration:
        return length / speed + speed / acceleration
    return 2 * math.sqrt(length / acceleration)
