"""Taking the head up and back while nothing prints, for what is done above the bed."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Callable, Optional

from ..gcode import Modal
from ..messages import N_, Message
from .grid import Point
from .head import STANDSTILL, Z_BIAS, Head, Misplaced, Reported
from .motion import Moves, Speeds
from .ports import (
    Activity,
    CaptureFailed,
    Interrupted,
    Interruption,
    Printer,
    PrinterGone,
)
from .visits import SLACK

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

MARK = "layercapture:outing"  # tag of everything that is sent on one
RESET = "reset"
HOMING = 180.0  # s without a word from the printer; each "busy" extends it


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


class Outing:
    """One way up from where the head stands, and the way back.

    One thread uses it, but for :meth:`hand_over`.

    Args:
        max_z: as high as the head may go, machine mm
        interruption: names what ends it, or None
        lower: whether the way back ends where the head was, or above it

    Attributes:
        moves: to be made from up there, once :meth:`enter` is through
        place: where the head stood, machine x, y
        bias: what the printer's reports of Z are off by, mm
    """

    def __init__(
        self,
        printer: Printer,
        head: Head,
        max_z: float,
        pace: Pace,
        interruption: Interruption,
        lower: bool = True,
    ) -> None:
        self.moves: Optional[Moves] = None
        self.place: Point = (0.0, 0.0)
        self.bias = 0.0
        self._printer = printer
        self._head = head
        self._max_z = max_z
        self._pace = pace
        self._interruption = interruption
        self._lower = lower
        self._restarts = head.restarts
        self._connection = printer.connection()
        self._lock = threading.Lock()
        self._over = False
        self._back: Optional[list[str]] = None

    def home(self) -> None:
        """Home all axes.

        Raises:
            as :meth:`enter`
        """
        self._begin()
        self._head.ask(["G28"], HOMING, self.stop, needed=self._printer.queued_seconds())

    def enter(
        self,
        height: Callable[[float], float],
        unreported: Message,
        check: Callable[[Point], None] = lambda place: None,
    ) -> None:
        """Find out where the head stands, and lift it.

        Args:
            height: the machine Z to go to, from the one at which the head stands
            unreported: what to say where the printer does not tell where that is
            check: may refuse the place where it stands before anything moves

        Raises:
            CaptureFailed: the printer does not answer as it should, or there is no room
            Interrupted: something ended it meanwhile
            PrinterGone: there is no connection any more
        """
        self._begin()
        queued = self._printer.queued_seconds()
        found = self._head.ask((), SLACK + 1.5 * queued, self.stop, needed=queued)
        if found is None:
            raise CaptureFailed(unreported)
        left = self._printer.modal()
        left.x, left.y, left.z = found
        x, y, z = (left.machine(axis) for axis in "XYZ")
        if x is None or y is None or z is None or left.inches:
            raise CaptureFailed(
                Message(
                    N_(
                        "What the printer says of the position of its head cannot be "
                        "relied on after G92, G20 or the like. Send G21, home it and "
                        "try again."
                    )
                )
            )
        pace = self._pace
        speeds = Speeds(pace.travel_speed * 60, pace.z_speed * 60, 60.0)
        self.place = x, y
        check(self.place)
        high = height(z)
        if high > self._max_z:
            raise CaptureFailed(
                Message(
                    N_(
                        "There is no room above the head: it would have to go up to "
                        "Z %(z)s mm, above the maximum of %(max_z)s mm. Lower it, or "
                        "home the printer, and try again."
                    ),
                    {"z": high, "max_z": self._max_z},
                )
            )
        moves = Moves(left, high, speeds, 0.0)
        # whoever goes back may do so before a line of the lift went out: it says all anew
        absolute = _absolute(left) or ["G90"]
        self._keep([*absolute, *moves.leave(lower=self._lower)], anew=True)
        self._lift([*_absolute(left), *moves.enter()], found, high - z)
        # what the report was off by would else be off by for good
        left.z = found[2] - self.bias
        self.moves = Moves(left, high, speeds, 0.0)
        self._keep([*absolute, *self.moves.leave(lower=self._lower)])

    def send(self, lines: Sequence[str], undo: Sequence[str] = ()) -> None:
        """Send lines of the user's own, and ``undo`` at the end of the way back."""
        with self._lock:
            if self._back is None:
                return
            self._back = [*self._back, *undo]
        if lines:
            self._head.send(lines)

    def look(self) -> None:
        """Raises Interrupted where something has ended it."""
        reason = self.stop()
        if reason is not None:
            raise Interrupted(reason)

    def stop(self) -> Optional[str]:
        """What ends it, in a word, or None."""
        return self._interruption() or self._elsewhere()

    def leave(self) -> None:
        """Bring the head back, and every mode; never raises.

        Until the printer has answered, the way back is there for a print that begins:
        what waits in OctoPrint's queue is dropped then. A print that was noticed finds it
        however long its hook is on the way, behind those of other plugins perhaps.
        """
        with self._lock:
            self._over = True
            back = self._back
        try:
            if back and self._elsewhere() is None:
                self._head.ask(back, HOMING, self._elsewhere)
                self._drop()
        except (CaptureFailed, Interrupted, PrinterGone) as error:
            _log.info("The head may not have come back: %s", error)
        finally:
            if self._elsewhere() in (None, RESET, Activity.GONE.value):
                self._drop()
            self._head.marks = frozenset()

    def hand_over(self) -> list[str]:
        """The lines that bring the head back, for whoever sends them now.

        Nothing may be sent on this outing afterwards. Safe on any thread, without
        waiting. Some of the lines may have been sent already: twice does no harm.
        There are none for a printer that has restarted since, or for another one.
        """
        with self._lock:
            back, self._back = self._back, None
            self._over = True
        known = self._restarts, self._connection
        if known != (self._head.restarts, self._printer.connection()):
            return []
        return back or []

    def _begin(self) -> None:
        self._head.standstill = STANDSTILL[self._pace.standstill]
        self._head.marks = frozenset({MARK})
        self.look()

    def _keep(self, back: list[str], anew: bool = False) -> None:
        """Remember the way back, unless somebody else goes it already."""
        with self._lock:
            if not self._over and (anew or self._back is not None):
                self._back = back

    def _drop(self) -> None:
        with self._lock:
            self._back = None

    def _lift(self, lines: list[str], found: Reported, way: float) -> None:
        needed = abs(way) / self._pace.z_speed
        reported = self._head.ask(lines, SLACK + 3 * needed, self.stop, needed=needed)
        if reported is None:
            raise CaptureFailed(
                Message(N_("The printer did not answer where the head is in time."))
            )
        moved = reported[2] - found[2]
        self.bias = moved - way
        stuck = abs(moved) < abs(way) / 2
        if (
            stuck
            or abs(self.bias) > Z_BIAS
            or math.dist(reported[:2], found[:2]) > Z_BIAS
        ):
            raise Misplaced(
                Message(
                    N_(
                        "The head did not move up as it was told to. Home the printer "
                        "and try again."
                    )
                )
            )

    def _elsewhere(self) -> Optional[str]:
        if self._head.restarts != self._restarts:
            return RESET
        activity = self._printer.activity()
        return None if activity is Activity.IDLE else activity.value


def _absolute(left: Modal) -> list[str]:
    """Says again what may never have been said: some printers start out relative."""
    if not left.absolute:
        return []  # known, and seen to by the moves
    told_last = left.e_absolute is False and left.e_mode_last
    return ["G90", "M83"] if told_last else ["G90"]
