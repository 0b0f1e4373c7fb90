"""The print head: send, wait until arrived, read the position.

The only code that sends to the printer. Arrival is a position report that we asked for
after our own M400 was acknowledged, equal to the target within tolerance; reports that
come unasked satisfy nothing, since they carry planned positions.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Sequence
from typing import Callable, Optional

from ..messages import N_, Message
from .ports import CaptureFailed, Clock, Interrupted, Interruption, Printer

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

Reported = tuple[float, float, float]

TAG = "plugin:layercapture"
TOLERANCE = 0.05  # mm; M114 has two decimals
Z_BIAS = 2.0  # mm by which a firmware's Z report may differ throughout (mesh, baby-steps)

STANDSTILL = {"m400": ("M400",), "dwell": ("G4 P0",), "both": ("M400", "G4 P0")}

_ASK = "M114"
_RESTARTED = "start"
_SLICE = 0.1  # s between looks at what may interrupt
_BUSY_GRANTS = 10.0  # s that one "busy" adds
_PATIENCE = 1.0  # s for the other half when only report or only ok came
_STRAY_OK = 5.0  # s more than motion needs, for the report of a printer that does report
_LOST_OK = 5.0  # s for the answer once sending was let go on without an ok
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


class Misplaced(CaptureFailed):
    """The head stands elsewhere than where it was sent."""


class _Question:
    """Our own question on its way: when it went out and what came back.

    The answer is a report and an ok, the one right behind the other where an ok has come
    before: that one belonged to something else, or the firmware reports behind its ok. A
    report on its own after the ok is one that nobody asked for.
    """

    def __init__(self, tag: str) -> None:
        self.tag = tag
        self.asked = False
        self.over = False
        self._report: Optional[Reported] = None
        self._reported_at: Optional[float] = None
        self._acknowledged_at: Optional[float] = None
        self._before = ""

    @property
    def answer(self) -> Optional[Reported]:
        """The report, once all is settled; None where there was only an ok."""
        lost_ok = self._acknowledged_at is None
        return self._report if self.over or lost_ok else None

    def hear(self, line: str, now: float) -> None:
        """A line from the printer after the question went out."""
        report = parse_report(line)
        acknowledges = line.lstrip().lower().startswith("ok")
        if report is not None:
            self._report, self._reported_at = report, now
            self.over = acknowledges or self._before == "ok"
        elif acknowledges:
            first = self._acknowledged_at is None
            self.over = self._report is not None and (first or self._before == "report")
            self._acknowledged_at = now
        self._before = "report" if report is not None else "ok" if acknowledges else line

    def settled(self, now: float, without_report: float) -> bool:
        """Whether no more is to be waited for: over, or half of it came long ago.

        ``without_report``: how long to wait for a report behind an ok, s
        """

        def long_ago(since: Optional[float], seconds: float) -> bool:
            return since is not None and now - since >= seconds

        return (
            self.over
            or long_ago(self._acknowledged_at, without_report)
            or (self._acknowledged_at is None and long_ago(self._reported_at, _PATIENCE))
        )


class Head:
    """The head of one printer, for one asker at a time.

    ``on_sending`` and ``on_received`` are called from OctoPrint's comm threads for every
    line and cost next to nothing unless an answer is awaited.

    Attributes:
        standstill: the commands that wait until motion has ended
        restarts: how often the printer has restarted; it knows no position then
        silent: the firmware acknowledges M114 without a report, so arrival is a matter
            of time computed from distance and speed
        unanswered: how often it did so
        marks: tags that everything sent carries besides
    """

    def __init__(self, printer: Printer, clock: Clock) -> None:
        self._printer = printer
        self._clock = clock
        self.news = threading.Condition()
        self.standstill: tuple[str, ...] = STANDSTILL["m400"]
        self.restarts = 0
        self.silent = False
        self.unanswered = 0
        self.marks: frozenset[str] = frozenset()
        self._reports = False
        self._number = 0
        self._question: Optional[_Question] = None
        self._busy_until = 0.0

    def on_sending(self, line: str, tags: Iterable[str]) -> None:
        """A line is about to be sent: notice our own question going out."""
        question = self._question
        if question is not None and question.tag in tags and line.startswith(_ASK):
            with self.news:
                question.asked = True

    def on_received(self, line: str) -> None:
        """A line came from the printer."""
        if line.startswith(_RESTARTED) and line.rstrip() == _RESTARTED:
            self._printer.forget()
            with self.news:
                self.restarts += 1
                self.news.notify_all()
        question = self._question
        if question is None:
            return
        with self.news:
            if "busy:" in line:
                self._busy_until = self._clock.monotonic() + _BUSY_GRANTS
            if question.asked and not question.over:
                question.hear(line, self._clock.monotonic())
            self.news.notify_all()

    def wake(self) -> None:
        """Let who waits look again, at once."""
        with self.news:
            self.news.notify_all()

    def forget(self) -> None:
        """Another job, perhaps another printer: whether it reports is to be seen."""
        self.silent = self._reports = False
        self.unanswered = 0

    def send(self, lines: Sequence[str]) -> None:
        """Send lines in one piece and wait for nothing.

        Raises:
            PrinterGone: there is no connection any more
        """
        self._printer.send(list(lines), self.marks | {TAG})

    def wait(self, seconds: float, interruption: Interruption) -> None:
        """Stand still for so long.

        Raises:
            Interrupted: something ended the capture meanwhile
        """
        self.wait_until(lambda: False, seconds, interruption)

    def ask(
        self,
        lines: Sequence[str],
        seconds: float,
        interruption: Interruption,
        needed: float = 0.0,
    ) -> Optional[Reported]:
        """Send lines, then ask where the head is once it stands still.

        Args:
            seconds: how long the lines may take; each ``busy`` the firmware sends
                extends it
            interruption: names what ends the capture, or None
            needed: how long they take by distance and speed; waited out where the
                firmware gives no reports

        Returns:
            the logical x, y, z, mm; None from a firmware that gives no reports

        Raises:
            CaptureFailed: no answer in time
            Interrupted: something ended the capture meanwhile
            PrinterGone: there is no connection any more
        """
        self._number += 1
        question = _Question(f"layercapture:{self._number}")
        began = self._clock.monotonic()
        if self.silent:
            without_report = 0.0
        elif self._reports:
            # the ok may have been that of something else, and the head still on its way
            without_report = needed + _STRAY_OK
        else:
            without_report = _PATIENCE

        def settled() -> bool:
            return question.settled(self._clock.monotonic(), without_report)

        with self.news:
            self._busy_until = 0.0
            self._question = question
        try:
            self._printer.send(
                [*lines, *self.standstill, _ASK], self.marks | {TAG, question.tag}
            )
            self.wait_until(settled, seconds, interruption)
            if not settled():
                # perhaps an ok was lost, and with it the leave to send the rest
                _log.debug("No answer in %.0f s, sending on without an ok", seconds)
                self._printer.unblock()
                self.wait_until(settled, _LOST_OK, interruption)
        finally:
            self._question = None
            # busy was the printer with the question, and not with what is waited for next
            self._busy_until = 0.0
        if not settled():
            raise CaptureFailed(
                Message(N_("The printer did not answer where the head is in time."))
            )
        self.silent = question.answer is None
        self._reports = not self.silent
        if self.silent:
            self.unanswered += 1
            self.wait(began + needed - self._clock.monotonic(), interruption)
        return question.answer

    def arrive(
        self,
        lines: Sequence[str],
        target: Reported,
        z_bias: float,
        seconds: float,
        interruption: Interruption,
        needed: float,
    ) -> Optional[Reported]:
        """Send lines that lead to ``target`` and prove that the head stands there.

        Raises:
            CaptureFailed: it stands elsewhere, or no answer came in time
            Interrupted, PrinterGone: as :meth:`ask`
        """
        expected = (target[0], target[1], target[2] + z_bias)
        reported = self.ask(lines, seconds, interruption, needed)
        if reported is not None and not same_place(reported, expected):
            # ask once more: a line that was resent may have been executed since
            reported = self.ask((), seconds, interruption)
        if reported is not None and not same_place(reported, expected):
            raise Misplaced(
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


def same_place(reported: Sequence[float], target: Sequence[float]) -> bool:
    """Whether two places agree on every axis as far as reports are exact."""
    slack = TOLERANCE + 1e-9
    return all(abs(told - meant) <= slack for told, meant in zip(reported, target))


def _named(names: Sequence[str], values: Reported) -> dict[str, float]:
    return {name: round(float(value), 2) for name, value in zip(names, values)}
