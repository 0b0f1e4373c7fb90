"""OctoPrint's printer, seen through the protocol of the capture room."""

from __future__ import annotations

import logging
import math
import threading
import time
import weakref
from collections import deque
from collections.abc import Sequence
from typing import Any, Optional

from .capture.ports import Activity, PrinterGone
from .gcode import Modal
from .gcode.factors import Factors, Said

_log = logging.getLogger("octoprint.plugins.layercapture.printer")

_OURS = ("source:plugin", "plugin:layercapture")

_BUFFERED = 64  # lines that a firmware may still have queued, with much to spare
_SLOW = 300.0  # mm/min assumed where no feedrate has been said
_LONGEST = 300.0  # s

COLD = 170.0  # °C below which Marlin, for one, refuses to move filament

_ACTIVITIES = {
    "STARTING": Activity.PRINTING,
    "PRINTING": Activity.PRINTING,
    "RESUMING": Activity.PRINTING,
    "FINISHING": Activity.PRINTING,
    "PAUSING": Activity.PAUSING,
    "PAUSED": Activity.PAUSED,
    "CANCELLING": Activity.CANCELLING,
    "OPERATIONAL": Activity.IDLE,
}


class OctoPrintPrinter:
    """Adapts ``self._printer`` of a plugin to :class:`capture.ports.Printer`.

    The comm hooks report to it: every line sent, in order, and which connection they
    come from. ``comm`` objects serve for identity only.
    """

    def __init__(self, printer: Any) -> None:
        self._printer = printer
        self._connection: Optional[object] = None
        self._ended: weakref.WeakSet[Any] = weakref.WeakSet()
        self._changing = threading.Lock()
        self._modal = Modal()
        self._factors = Factors()
        self._recent: deque[str] = deque(maxlen=_BUFFERED)

    def seen(self, connection: object) -> bool:
        """A hook was called for this connection; False where another has followed it.

        A closed connection's threads go on for seconds and still call hooks. What they
        say is about a printer that is gone, and a hold on the job taken meanwhile must
        not be looked for there.
        """
        if connection is self._connection:
            return True
        with self._changing:
            if connection in self._ended:
                return False
            if connection is not self._connection:
                if self._connection is not None:
                    self._ended.add(self._connection)
                self._connection = connection
                self.forget()
        return True

    def sending(self, connection: object, line: str) -> bool:
        """A line goes out on this connection; gives what :meth:`seen` does."""
        if not self.seen(connection):
            return False
        self._modal.feed(line)
        self._factors.feed(line)
        self._recent.append(line)
        return True

    def send(self, lines: Sequence[str], tags: frozenset[str]) -> None:
        if not self._printer.is_operational():
            raise PrinterGone()
        _log.debug("Sending %s", "; ".join(lines))
        self._printer.commands(list(lines), tags=set(tags))

    def hold(self) -> bool:
        try:
            return self._printer.set_job_on_hold(True, blocking=False) is True
        except RuntimeError:
            return False

    def release(self) -> None:
        try:
            self._printer.set_job_on_hold(False)
        except RuntimeError:
            _log.debug("Nothing to release, the connection is closed")

    def connection(self) -> Optional[object]:
        return None if self.activity() is Activity.GONE else self._connection

    def activity(self) -> Activity:
        return _ACTIVITIES.get(self._printer.get_state_id(), Activity.GONE)

    def can_hold(self) -> bool:
        state = getattr(self._printer, "connection_state", None)
        capabilities = getattr(state, "printer_capabilities", None)
        return bool(getattr(capabilities, "job_on_hold", True))

    def pause(self) -> None:
        self._printer.pause_print(tags=set(_OURS))

    def resume(self) -> None:
        self._printer.resume_print(tags=set(_OURS))

    def unblock(self) -> None:
        self._printer.fake_ack()

    def queued_seconds(self) -> float:
        state = Modal()
        # of modes stated longer ago than these lines, the present ones are the best guess
        state.absolute = self._modal.absolute
        state.inches = self._modal.inches
        seconds = 0.0
        for line in list(self._recent):
            before = (state.x, state.y, state.z)
            state.feed(line)
            steps = [
                there - here
                for here, there in zip(before, (state.x, state.y, state.z))
                if here is not None and there is not None
            ]
            seconds += math.hypot(*steps) / (state.feedrate or _SLOW) * 60
        return min(seconds, _LONGEST)

    def forget(self) -> None:
        self._modal = Modal()
        self._factors = Factors()
        self._recent.clear()

    def modal(self) -> Modal:
        return self._modal.copy()

    def said(self) -> Said:
        """What was said of fan, speed, flow and baby-steps over this connection."""
        return self._factors.said

    def hot(self) -> bool:
        temperatures = self._printer.get_current_temperatures() or {}
        tool = temperatures.get(f"tool{self._modal.tool}") or temperatures.get("tool0")
        actual = (tool or {}).get("actual")
        return actual is not None and actual >= COLD


class SystemClock:
    """The machine's own time."""

    def monotonic(self) -> float:
        return time.monotonic()

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        condition.wait(seconds)
