"""The print head: send, wait until arrived, read the position.

The only code that sends to the printer. Arrival is a position report that we asked for
after our own M400 was acknowledged, equal to the target within tolerance; reports that
come unasked satisfy nothing, since they carry planned positions.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from typing import Callable, Optional

from ..messages import N_, Message
from .ports import CaptureFailed, Clock, Interrupted, Interruption, Printer

Reported = tuple[float, float, float]

TAG = "plugin:layercapture"
TOLERANCE = 0.05  # mm; M114 has two decimals
Z_BIAS = 2.0  # mm by which a firmware's Z report may differ throughout (mesh, baby-steps)

_ASK = ("M400", "M114")
_SLICE = 0.1  # s between looks at what may interrupt
_BUSY_GRANTS = 10.0  # s that one "busy" adds
_NUMBER = r":\s*([-+]?\d+(?:\.\d*)?|[-+]?\.\d+)(?![\w.])"
_AXES = tuple(re.compile(rf"(?<![A-Za-z]){axis}{_NUMBER}") for axis in "XYZ")
_FAR = 1e5  # mm; a report beyond is garbage


def parse_report(line: str) -> Optional[Reported]:
    """The logical x, y, z (mm) of a position report in any firmware's dialect, or None.

    Marlin and Prusa put stepper counts behind ``Count``, RepRapFirmware machine
    coordinates behind it too; Smoothie writes ``ok C:`` in front.
    """
    if "X:" not in line or "Y:" not in line:
        return None
    logical = re.split(r"\b(?:Count|Machine)\b", line, maxsplit=1)[0]
    found = []
    for axis in _AXES:
        match = axis.search(logical)
        if match is None or abs(float(match.group(1))) > _FAR:
            return None
        found.append(float(match.group(1)))
    return found[0], found[1], found[2]


class Head:
    """The head of one printer, for one asker at a time.

    ``on_sending`` and ``on_received`` are called from OctoPrint's comm threads for every
    line and cost next to nothing unless an answer is awaited.
    """

    def __init__(self, printer: Printer, clock: Clock) -> None:
        self._printer = printer
        self._clock = clock
        self.news = threading.Condition()
        self._number = 0
        self._awaited: Optional[str] = None
        self._asked = False
        self._acknowledged = False
        self._candidate: Optional[Reported] = None
        self._answer: Optional[Reported] = None
        self._busy_until = 0.0

    def on_sending(self, line: str, tags: Iterable[str]) -> None:
        """A line is about to be sent: notice our own question going out."""
        awaited = self._awaited
        if awaited is not None and awaited in tags and line.startswith("M114"):
            with self.news:
                self._asked = True

    def on_received(self, line: str) -> None:
        """A line came from the printer."""
        if self._awaited is None:
            return
        with self.news:
            if "busy:" in line:
                self._busy_until = self._clock.monotonic() + _BUSY_GRANTS
            if not self._asked or self._answer is not None:
                return
            report = parse_report(line)
            acknowledges = line.lstrip().lower().startswith("ok")
            if report is not None and (acknowledges or self._acknowledged):
                self._answer = report
            elif report is not None:
                self._candidate = report
            elif acknowledges:
                self._acknowledged = True
                self._answer = self._candidate
            self.news.notify_all()

    def send(self, lines: Sequence[str]) -> None:
        """Send lines in one piece and wait for nothing.

        Raises:
            PrinterGone: there is no connection any more
        """
        self._printer.send(list(lines), frozenset({TAG}))

    def wait(self, seconds: float, interruption: Interruption) -> None:
        """Stand still for so long.

        Raises:
            Interrupted: something ended the capture meanwhile
        """
        self.wait_until(lambda: False, seconds, interruption)

    def wait_for_answer(
        self, lines: Sequence[str], seconds: float, interruption: Interruption
    ) -> Reported:
        """Send lines, then ask where the head is once it stands still.

        Args:
            seconds: how long the lines may take; each ``busy`` the firmware sends
                extends it
            interruption: names what ends the capture, or None

        Raises:
            CaptureFailed: no answer in time
            Interrupted: something ended the capture meanwhile
            PrinterGone: there is no connection any more
        """
        self._number += 1
        tag = f"layercapture:{self._number}"
        with self.news:
            self._asked = self._acknowledged = False
            self._candidate = self._answer = None
            self._busy_until = 0.0
            self._awaited = tag
        try:
            self._printer.send([*lines, *_ASK], frozenset({TAG, tag}))
            self.wait_until(lambda: self._answer is not None, seconds, interruption)
            answer = self._answer
        finally:
            self._awaited = None
        if answer is None:
            raise CaptureFailed(
                Message(N_("The printer did not answer where the head is in time."))
            )
        return answer

    def arrive(
        self,
        lines: Sequence[str],
        target: Reported,
        z_bias: float,
        seconds: float,
        interruption: Interruption,
    ) -> Reported:
        """Send lines that lead to ``target`` and prove that the head stands there.

        Raises:
            CaptureFailed: it stands elsewhere, or no answer came in time
            Interrupted, PrinterGone: as :meth:`wait_for_answer`
        """
        reported = self.wait_for_answer(lines, seconds, interruption)
        if not _equal(reported, target, z_bias):
            # ask once more: a line that was resent may have been executed since
            reported = self.wait_for_answer((), seconds, interruption)
        if not _equal(reported, target, z_bias):
            raise CaptureFailed(
                Message(
                    N_(
                        "The head was sent to X %(x)s, Y %(y)s, Z %(z)s, but the "
                        "printer says it stands at X %(at_x)s, Y %(at_y)s, Z %(at_z)s."
                    ),
                    {
                        **_named(("x", "y", "z"), target),
                        **_named(("at_x", "at_y", "at_z"), reported),
                    },
                )
            )
        return reported

    def wait_until(
        self, done: Callable[[], bool], seconds: float, interruption: Interruption
    ) -> None:
        """Wait until ``done()``, looked at after each notification on ``news``.

        Returns at the latest after so many seconds (more while the firmware is busy).

        Raises:
            Interrupted: something ended the capture meanwhile
        """
        deadline = self._clock.monotonic() + seconds
        with self.news:
            while not done():
                reason = interruption()
                if reason is not None:
                    raise Interrupted(reason)
                left = max(deadline, self._busy_until) - self._clock.monotonic()
                if left <= 0:
                    return
                self._clock.wait(self.news, min(left, _SLICE))


def _equal(reported: Reported, target: Reported, z_bias: float) -> bool:
    slack = TOLERANCE + 1e-9
    return (
        abs(reported[0] - target[0]) <= slack
        and abs(reported[1] - target[1]) <= slack
        and abs(reported[2] - z_bias - target[2]) <= slack
    )


def _named(names: Sequence[str], values: Reported) -> dict[str, str]:
    return {name: f"{value:.2f}" for name, value in zip(names, values)}
