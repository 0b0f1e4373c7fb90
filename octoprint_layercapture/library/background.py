"""Work on files that nobody waits for: one daemon thread, one thing after the other."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Callable, Optional

_log = logging.getLogger("octoprint.plugins.layercapture.library")


class Background:
    """Does what it is given, in order. A disk that hangs stops nothing but this."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._work: queue.Queue[Callable[[], None]] = queue.Queue()
        self._lock = threading.Lock()
        self._thread: Optional[threading.Thread] = None

    def submit(self, work: Callable[[], None]) -> None:
        """Do this once everything before it is done."""
        self._work.put(work)
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop, name=self._name, daemon=True
                )
                self._thread.start()

    def _loop(self) -> None:
        while True:
            work = self._work.get()
            try:
                work()
            except Exception:
                _log.exception("Work on the pictures in the background failed")
