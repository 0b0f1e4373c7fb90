"""Work on files that nobody waits for: one daemon thread, one thing after the other."""

from __future__ import annotations

import logging
from typing import Callable

from ..hands import Pool

_log = logging.getLogger("octoprint.plugins.layercapture.library")


class Background:
    """Does what it is given, in order. A disk that hangs stops nothing but this."""

    def __init__(self, name: str) -> None:
        self._pool = Pool(1, name)

    def submit(self, work: Callable[[], None]) -> None:
        """Do this once everything before it is done."""
        self._pool.submit(_guarded, work)


def _guarded(work: Callable[[], None]) -> None:
    try:
        work()
    except Exception:
        _log.exception("Work on the pictures in the background failed")
