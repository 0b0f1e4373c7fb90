"""How long captures take here: how long pictures wait, how fast this printer is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import Any

from .capture.duration import seconds_per_capture
from .config import Config, parse
from .jobs import terms
from .library import PrintEntry

RECENT_PRINTS = 3
RECENT_CAPTURES = 5


def settling(config: Config, cameras: Sequence[str]) -> float:
    """How long pictures wait after arrival, s: as set, or as far as it was measured."""
    use = config.cameras
    waits = []
    for name in cameras:
        detail = use.detail(name)
        if use.settling == "fixed" or detail.latency is None:
            waits.append(use.delay)
        else:
            waits.append(min(detail.latency + (detail.rest or 0.0), use.settle_max))
    return max(waits, default=0.0)


def pace(recent: Iterable[PrintEntry], profile: Mapping[str, Any], hold: str) -> float:
    """How long captures took without their waits, as a share of what was computed.

    Goes by the last captures of the newest prints in ``recent``, as far as they were
    made with this printer profile and way of holding the print, ``motion.hold``, and
    nothing was missing in them; 1 without any.
    """
    took = computed = 0.0
    for entry in islice(recent, RECENT_PRINTS):
        record = entry.record
        config, _ = parse(record.config)
        same_printer = record.printer_profile.get("id") == profile.get("id")
        if not same_printer or config.motion.hold != hold:
            continue
        names = [camera.name for camera in record.cameras]
        what = terms(config, profile, names[0] if names else None)
        moving = seconds_per_capture(what, 0.0, None)
        waiting = len(what.allowed) * settling(config, names)
        first = max(0, len(entry.metadata) - RECENT_CAPTURES)
        for capture in entry.captures(first, RECENT_CAPTURES).items:
            ending, failures = capture.record.ending, capture.record.failures
            if failures or ending is None or ending.visited != len(what.allowed):
                continue
            took += max(0.0, ending.seconds - waiting)
            computed += moving
    return took / computed if computed else 1.0
