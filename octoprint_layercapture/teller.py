"""A thread that looks from time to time whether there is something new to tell.

Captures take steps faster than anybody could read, and prints make progress all the
time: what is told is what has changed since the last look.
"""

from __future__ import annotations

import logging
import threading
from typing import Any, Callable, Optional

_log = logging.getLogger("octoprint.plugins.layercapture.live")

_AGAIN = 5.0  # s until it looks again after an error

Look = Callable[[], tuple[Optional[float], dict[str, Any]]]
"""How long until the next look, s (None: until woken), and what there is to tell."""


class Teller:
    """Calls ``tell`` with what ``look`` finds, where it is not what it told before.

    The one thread is made at the first :meth:`wake` and kept for good. After an error it
    tries again, ``again`` seconds later; of errors in a row only the first is logged.
    """

    def __init__(
        self, look: Look, tell: Callable[[dict[str, Any]], None], again: float = _AGAIN
    ) -> None:
        self._look = look
        self._tell = tell
        self._again = again
        self._news = threading.Condition()
        self._woken = False
        self._thread: Optional[threading.Thread] = None

    def wake(self) -> None:
        """Something has begun or ended: look now. Waits for nothing."""
        with self._news:
            self._woken = True
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop, name="layercapture-teller", daemon=True
                )
                self._thread.start()
            self._news.notify()

    def _loop(self) -> None:
        told: dict[str, Any] = {}
        pause: Optional[float] = None
        broken = False
        while True:
            with self._news:
                self._news.wait_for(lambda: self._woken, pause)
                self._woken = False
            try:
                pause, found = self._look()
                if found and found != told:
                    self._tell(found)
                told, broken = found, False
            except Exception:
                level = logging.DEBUG if broken else logging.ERROR
                _log.log(level, "What captures do could not be told", exc_info=True)
                pause, broken = self._again, True
