"""Letting the oldest prints go, where the user set limits."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import Optional

from .catalog import Catalog
from .entries import RUNNING, PrintEntry
from .errors import StoreError

_log = logging.getLogger("octoprint.plugins.layercapture.library")

DAY = 86400.0
GIGABYTE = 1_000_000_000

# 2001: a print said to be older was made while the clock was not set
_CLOCK_NOT_SET = 978307200.0


@dataclass
class Pruned:
    """What was let go: the names of the prints, the bytes freed, what went wrong."""

    names: list[str] = field(default_factory=list)
    freed: int = 0
    trouble: Optional[StoreError] = None


def prune(
    catalog: Catalog,
    now: float,
    max_age: Optional[float] = None,
    max_total: Optional[int] = None,
) -> Pruned:
    """Deletes the oldest prints, as far as needed; never the one under way.

    Args:
        now: seconds since the epoch
        max_age: s since a print's end, or None for any
        max_total: bytes that all prints may take together, or None for any number; the
            newest print stays, whatever it takes
    """
    pruned = Pruned()
    if max_age is None and max_total is None:
        return pruned
    entries = list(catalog.iter_prints())
    total = 0
    if max_total is not None:
        total = sum(entry.counts.bytes for entry in entries)
    for entry in reversed(entries):
        if entry.state == RUNNING:
            continue
        old = max_age is not None and _too_old(entry, now, max_age)
        over = max_total is not None and total > max_total and entry is not entries[0]
        if not old and not over:
            continue
        try:
            freed = catalog.delete_print(entry.key)
        except StoreError as error:
            _log.debug("%s was not deleted: %s", entry.name, error)
            pruned.trouble = error
            continue
        pruned.names.append(entry.name)
        pruned.freed += freed
        total -= freed
    return pruned


def _too_old(entry: PrintEntry, now: float, max_age: float) -> bool:
    ended = entry.record.print_end_time or entry.started
    return ended > _CLOCK_NOT_SET and now - ended > max_age
