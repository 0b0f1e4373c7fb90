"""Moving the head a little to and fro while nothing prints, to measure a camera by it."""

from __future__ import annotations

import logging
import math
import threading
from dataclasses import dataclass
from typing import Optional

from ..gcode import Modal
from ..messages import N_, Message
from .grid import Point, Volume
from .head import STANDSTILL, Z_BIAS, Head, Misplaced, Reported
from .motion import Moves, Speeds
from .ports import (
    Activity,
    CaptureFailed,
    Clock,
    Interrupted,
    Interruption,
    Printer,
    PrinterGone,
)

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

MARK = "layercapture:nudge"  # tag of everything a Nudge sends
SPAN = 10.0  # mm between the two places
_HOMING = 180.0  # s without a word from the printer; each "busy" extends it
_SLACK = 15.0  # s allowed beyond what moves take by distance and speed


@dataclass(frozen=True)
class Pace:
    """How to move: mm and mm/s.

    Attributes:
        lift: how far above where it stands the head moves
        standstill: what waits for motion to end, as in
            :class:`~octoprint_layercapture.capture.terms.Terms`
    """

    lift: float
    travel_speed: float
    z_speed: float
    standstill: str = "m400"


class Nudge:
    """Takes the head up, to and fro between two places, and back to where it was.

    Both places are inside the volume minus its margin: the nearest to where the head
    stands, or after homing the middle of the bed. One thread uses it, but for
    :meth:`hand_over`.
    """

    def __init__(
        self,
        printer: Printer,
        head: Head,
        clock: Clock,
        volume: Volume,
        pace: Pace,
        interruption: Interruption,
    ) -> None:
        self.place: Point = (0.0, 0.0)
        self._printer = printer
        self._head = head
        self._clock = clock
        self._volume = volume
        self._pace = pace
        self._interruption = interruption
        self._restarts = head.restarts
        self._lock = threading.Lock()
        self._back: Optional[list[str]] = None
        self._moves: Optional[Moves] = None
        self._places: list[Point] = []
        self._bias = 0.0
        self._standing: Point = (0.0, 0.0)

    def enter(self, home: bool) -> None:
        """Home if asked to, lift, and go to the first place.

        Raises:
            CaptureFailed: the printer does not answer as it should, or there is no room
            Interrupted: something ended it meanwhile
            PrinterGone: there is no connection any more
        """
        self._head.standstill = STANDSTILL[self._pace.standstill]
        self._head.marks = frozenset({MARK})
        self._look()
        queued = self._printer.queued_seconds()
        if home:
            self._head.ask(["G28"], _HOMING, self._stop, needed=queued)
        found = self._head.ask((), _SLACK + 1.5 * queued, self._stop, needed=queued)
        if found is None:
            raise CaptureFailed(
                Message(
                    N_(
                        "This printer does not report where its head is, so a camera "
                        "cannot be measured by it. Keep the fixed delay."
                    )
                )
            )
        left = self._printer.modal()
        left.x, left.y, left.z = found
        x, y, z = (left.machine(axis) for axis in "XYZ")
        if x is None or y is None or z is None or left.inches:
            raise CaptureFailed(
                Message(
                    N_(
                        "What the printer says of the position of its head cannot be "
                        "relied on after G92, G20 or the like. Send G21, home it and "
                        "measure again."
                    )
                )
            )
        speeds = Speeds(self._pace.travel_speed * 60, self._pace.z_speed * 60, 60.0)
        self._places = self._chosen(self._volume.center if home else (x, y))
        high = z + self._pace.lift
        if high > self._volume.max_z:
            raise CaptureFailed(
                Message(
                    N_(
                        "There is no room for the head to move %(lift)s mm higher than "
                        "it is. Lower it and measure again."
                    ),
                    {"lift": f"{self._pace.lift:g}"},
                )
            )
        self._moves = moves = Moves(left, high, speeds, 0.0)
        with self._lock:
            self._back = moves.leave()
        self._standing = x, y
        self._lift([*_absolute(left), *moves.enter()], found)
        # what the report was off by would else be off by for good
        left.z = found[2] - self._bias
        with self._lock:
            if self._back is not None:
                self._back = Moves(left, high, speeds, 0.0).leave()
        self.move()

    def _lift(self, lines: list[str], found: Reported) -> None:
        needed = self._pace.lift / self._pace.z_speed
        reported = self._head.ask(lines, _SLACK + 3 * needed, self._stop, needed=needed)
        if reported is None:
            raise CaptureFailed(
                Message(N_("The printer did not answer where the head is in time."))
            )
        self._bias = reported[2] - found[2] - self._pace.lift
        if abs(self._bias) > Z_BIAS or math.dist(reported[:2], found[:2]) > Z_BIAS:
            raise Misplaced(
                Message(
                    N_(
                        "The head did not move up as it was told to. Home the printer "
                        "and measure again."
                    )
                )
            )

    def _chosen(self, near: Point) -> list[Point]:
        """The two places, the second one nearer to the middle."""
        around = self._volume
        first = _inside(around, near)
        for step in (
            (math.copysign(SPAN, around.center[0] - first[0]), 0.0),
            (0.0, math.copysign(SPAN, around.center[1] - first[1])),
        ):
            second = first[0] + step[0], first[1] + step[1]
            if not around.refusal(*first) and not around.refusal(*second):
                return [first, second]
        raise CaptureFailed(
            Message(
                N_("There is no room for the head to move inside the printable area.")
            )
        )

    def move(self) -> float:
        """Go to the other of the two places.

        Returns:
            when the head was proved to be there, by the clock, s

        Raises:
            as :meth:`enter`
        """
        assert self._moves is not None
        self._look()
        to = self._places[0]
        self._places.reverse()
        needed = 0.5 + math.dist(self._standing, to) / self._pace.travel_speed
        self._head.arrive(
            self._moves.visit(*to),
            self._moves.target(*to),
            self._bias,
            _SLACK + 3 * needed,
            self._stop,
            needed,
        )
        arrived = self._clock.monotonic()
        self._standing = self.place = to
        return arrived

    def leave(self) -> None:
        """Bring the head back to where it was, and every mode; never raises."""
        back = self.hand_over()
        try:
            if not back or self._printer.activity() is not Activity.IDLE:
                return
            if self._head.restarts == self._restarts:
                self._head.ask(back, _HOMING, self._elsewhere)
        except (CaptureFailed, Interrupted, PrinterGone) as error:
            _log.info("The head may not have come back: %s", error)
        finally:
            self._head.marks = frozenset()

    def hand_over(self) -> list[str]:
        """The lines that bring the head back, for whoever sends them now.

        Nothing may be sent by this Nudge afterwards. Safe on any thread, without waiting.
        """
        with self._lock:
            back, self._back = self._back, None
        return back or []

    def _look(self) -> None:
        reason = self._stop()
        if reason is not None:
            raise Interrupted(reason)

    def _stop(self) -> Optional[str]:
        return self._interruption() or self._elsewhere()

    def _elsewhere(self) -> Optional[str]:
        if self._head.restarts != self._restarts:
            return "reset"
        activity = self._printer.activity()
        return None if activity is Activity.IDLE else activity.value


def _absolute(left: Modal) -> list[str]:
    """Says again what may never have been said: some printers start out relative."""
    if not left.absolute:
        return []  # known, and seen to by the moves
    return ["G90", "M83"] if left.e_absolute is False else ["G90"]


def _inside(around: Volume, near: Point) -> Point:
    """The place nearest to ``near`` that is inside the volume minus its margin."""
    margin = around.margin
    x = min(max(near[0], around.min_x + margin), around.max_x - margin)
    y = min(max(near[1], around.min_y + margin), around.max_y - margin)
    if around.radius is not None:
        away = math.hypot(x - around.center[0], y - around.center[1])
        reach = around.radius - margin
        if away > reach > 0:
            x = around.center[0] + (x - around.center[0]) * reach / away
            y = around.center[1] + (y - around.center[1]) * reach / away
    return x, y
