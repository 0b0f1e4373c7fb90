"""The section of the plugin class for what moves the head while nothing prints.

One errand at a time: measuring a camera, or a test capture. It runs on the capture
thread, so that no capture can want the head at the same time, and a print that begins
ends it.
"""

from __future__ import annotations

import threading
from typing import Any, Optional, Protocol

from .capture.engine import Engine
from .capture.outing import MARK
from .capture.ports import Activity
from .messages import N_, Message
from .printer import OctoPrintPrinter


class NotNow(Exception):
    """Nothing can be begun now; the one argument is the Message that says why."""


class Errand(Protocol):
    """Something that moves the head."""

    cut: bool

    @property
    def under_way(self) -> bool:
        """Whether it still wants the head."""

    def hand_over(self) -> list[str]:
        """The lines that bring the head back; nothing is sent afterwards."""

    def end(self, why: str) -> None:
        """Have it end soon; ``why`` in a word. Waits for nothing."""


class ErrandSection:
    """Lets one errand at a time have the head."""

    _engine: Engine
    _printer_port: OctoPrintPrinter

    def __init__(self) -> None:
        super().__init__()
        self._errand: Optional[Errand] = None
        self._errand_lock = threading.Lock()

    def yield_to_print(self) -> list[str]:
        """A print begins: end an errand before the file's first line.

        Called within a hook: nothing is waited for. An errand that has noticed the print
        by itself, and is over, still has its way back for it.

        Returns:
            the lines to send first, which put the head back
        """
        errand = self._errand
        if errand is None:
            return []
        under_way, back = errand.under_way, errand.hand_over()
        if under_way or back:
            errand.cut = True
            self.recall(errand, Activity.PRINTING.value)
        return back

    def forget_errand(self) -> None:
        """A print is over: a way back that it did not take is no other print's."""
        errand = self._errand
        if errand is not None and not errand.under_way:
            errand.hand_over()

    def is_cut(self, tags: Any) -> bool:
        """Whether a line with these tags is an errand's that may not go out now."""
        errand = self._errand
        return errand is not None and errand.cut and MARK in tags

    def end_errand(self, why: str) -> None:
        """End whatever is under way."""
        errand = self._errand
        if errand is not None and errand.under_way:
            self.recall(errand, why)

    def recall(self, errand: Errand, why: str) -> None:
        """Have this errand end, and the head wake up for it."""
        errand.end(why)
        self._engine.head.wake()

    def lend_head(self, errand: Errand, gone: Message, busy: Message) -> None:
        """Give the errand the head.

        Args:
            gone, busy: why not, where there is no printer or where it prints

        Raises:
            NotNow: with one of these
        """
        with self._errand_lock:
            if self._errand is not None and self._errand.under_way:
                raise NotNow(
                    Message(
                        N_(
                            "A test capture or the measurement of a camera is under way "
                            "already. Stop it, or wait until it is over."
                        )
                    )
                )
            activity = self._printer_port.activity()
            if activity is Activity.GONE:
                raise NotNow(gone)
            if activity is not Activity.IDLE:
                raise NotNow(busy)
            if self._engine.run is not None:
                raise NotNow(
                    Message(N_("A capture is just ending. Try again in a moment."))
                )
            self._errand = errand
