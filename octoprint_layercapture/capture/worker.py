"""The capture thread: it does what it is given, one thing after the other."""

from __future__ import annotations

import logging
import queue
import threading
from typing import Callable, Optional

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

Work = Callable[[], None]


class Worker:
    """One daemon thread and what waits for it."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._waiting: queue.Queue[Optional[Work]] = queue.Queue()
        self._thread: Optional[threading.Thread] = None

    def start(self) -> None:
        """Start the thread."""
        self._thread = threading.Thread(target=self._loop, name=self._name, daemon=True)
        self._thread.start()

    def put(self, work: Work) -> None:
        """Do this once everything before it is done."""
        self._waiting.put(work)

    def end(self, seconds: float) -> None:
        """End the thread once everything is done; waits for that so long at most."""
        self._waiting.put(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def work_off(self, wait: bool = True) -> bool:
        """Do the next thing that waits.

        Returns:
            False once the thread is to end, or if nothing waits and ``wait`` is False
        """
        try:
            work = self._waiting.get(wait)
        except queue.Empty:
            return False
        if work is None:
            return False
        try:
            work()
        except Exception:
            _log.exception("The capture thread met an unexpected error")
        return True

    def _loop(self) -> None:
        while self.work_off():
            pass
