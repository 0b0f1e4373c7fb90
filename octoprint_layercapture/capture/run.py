"""One capture from hold to release, as an explicit state machine.

    (PAUSE ▸) ENTER ▸ TRAVEL ▸ SETTLE ▸ EXPOSE ▸ TRAVEL … ▸ LEAVE ▸ RELEASE (▸ resume)

The hold has been taken when a run is made; the run alone releases it. Whatever happens
on the way (cancel, pause, disconnect, a fault), the next step is LEAVE where enter has
sent anything, and then RELEASE, once each.
"""

from __future__ import annotations

import enum
import logging
import math
from collections.abc import Sequence
from typing import Callable, Optional

from ..gcode import Layer, Modal
from ..messages import N_, Message
from .ending import BROKEN, end_of
from .grid import Position, visiting_order
from .head import STANDSTILL, Z_BIAS, Head, Reported, same_place
from .hold import Lease
from .motion import Moves, Speeds, picture_height
from .ports import (
    Activity,
    CaptureFailed,
    Clock,
    Interrupted,
    Outcome,
    Printer,
    PrinterGone,
    Recorder,
)
from .terms import Terms
from .visits import SLACK, Visits

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

SHUTDOWN = "shutdown"

_RESET = "reset"

_PAUSING = 120.0  # s for OctoPrint's pause, its scripts included, to be complete
_MISPLACED = 0.1  # mm between file and report that relative positioning does not forgive


class Step(enum.Enum):
    """Where a capture stands."""

    PAUSE = "pause"
    HOME = "home"  # of a test capture alone
    ENTER = "enter"
    TRAVEL = "travel"
    SETTLE = "settle"
    EXPOSE = "expose"
    LEAVE = "leave"
    RELEASE = "release"
    DONE = "done"


class CaptureRun:
    """One capture of one layer; :meth:`run` takes it from enter to release.

    Args:
        interruption: names what ends the capture from outside, or None

    ``planned`` is how many positions are to be visited. Nothing that a run holds refers
    back to it, so it goes with all its records as soon as it is over: what waits for the
    garbage collector of a process as large as OctoPrint's waits for many captures.
    """

    def __init__(
        self,
        layer: Layer,
        terms: Terms,
        printer: Printer,
        head: Head,
        hold: Lease,
        clock: Clock,
        recorder: Recorder,
        interruption: Callable[[], Optional[str]],
    ) -> None:
        self.layer = layer
        self.step = Step.PAUSE if terms.pause else Step.ENTER
        self.planned = len(terms.allowed)
        self._terms = terms
        self._printer = printer
        self._head = head
        self._hold = hold
        self._clock = clock
        self._recorder = recorder
        self._asked_to_stop = interruption
        self._visits = Visits(layer, terms, head, clock, recorder)
        self._usual = Activity.PRINTING
        self._started = clock.monotonic()
        self._restarts = head.restarts
        self._moves: Optional[Moves] = None
        self._onward: Optional[tuple[float, float]] = None
        self._entered = False
        self._paused = False
        self._z = 0.0
        self._z_bias = 0.0

    @property
    def order(self) -> Sequence[Position]:
        """The positions as they are visited."""
        return self._visits.order

    @property
    def visited(self) -> int:
        """How many positions are done."""
        return self._visits.visited

    def run(self) -> Outcome:
        """Go through all steps; never raises, and the job is released on return."""
        end = BROKEN
        try:
            end = end_of(self._go, f"Capture of layer {self.layer.number}")
        finally:
            paused = self._finish(end.misplaced)
        return end.outcome(
            self.layer,
            self.visited,
            self.planned,
            self._clock.monotonic() - self._started,
            paused=paused,
        )

    def _go(self) -> None:
        self._check_limits()
        while self.step in _STEPS:
            self._look()
            self.step = _STEPS[self.step](self)

    def _finish(self, misplaced: bool) -> bool:
        """Leave, release, resume; True where the job had to be paused for good."""
        lost = False
        try:
            self.step = Step.LEAVE
            self._visits.abandon()
            self._leave()
            lost = misplaced and self._is_lost()
            if lost and self._printer.activity() is Activity.PRINTING:
                self._printer.pause()
        except PrinterGone:
            _log.info("The connection is closed, the head stays where it is")
        except Exception:
            _log.exception("Leaving layer %d's capture failed", self.layer.number)
        finally:
            self.step = Step.RELEASE
            self._hold.release()
        if self._paused and not lost:
            self._resume()
        self.step = Step.DONE
        return lost

    def _resume(self) -> None:
        """Let a job go on that we paused, unless somebody else decided over it."""

        def complete() -> bool:
            return self._printer.activity() is not Activity.PAUSING

        try:
            self._head.wait_until(complete, _PAUSING, lambda: None)
            if (
                self._asked_to_stop() != SHUTDOWN
                and self._printer.activity() is Activity.PAUSED
            ):
                self._printer.resume()
        except Exception:
            _log.exception("The job could not be resumed")

    def _look(self) -> None:
        reason = self._interruption()
        if reason is not None:
            raise Interrupted(reason)

    def _interruption(self) -> Optional[str]:
        reason = self._asked_to_stop()
        if reason is not None:
            return reason
        return self._turn()

    def _turn(self) -> Optional[str]:
        """What printer or job did that ends the capture, or None."""
        if self._head.restarts != self._restarts:
            return _RESET
        activity = self._printer.activity()
        return None if activity is self._usual else activity.value

    def _check_limits(self) -> None:
        terms = self._terms
        if not terms.allowed:
            raise CaptureFailed(
                Message(N_("No position of the grid is inside the printable area."))
            )
        self._z = picture_height(self.layer.z, self.layer.top, terms.height)
        if self._z > terms.volume.max_z:
            raise CaptureFailed(
                Message(
                    N_(
                        "Layer %(layer)d was skipped: pictures at Z %(z)s mm would "
                        "be above the maximum of %(max_z)s mm."
                    ),
                    {
                        "layer": self.layer.number,
                        "z": self._z,
                        "max_z": terms.volume.max_z,
                    },
                ),
                harmless=True,
            )

    def _pause(self) -> Step:
        """Have OctoPrint pause the job, then hold what a resume would send."""
        self._paused = True
        self._printer.pause()
        self._hold.release()

        pausing = False

        def complete() -> bool:
            nonlocal pausing
            activity = self._printer.activity()
            if pausing and activity is Activity.PRINTING:
                return True  # somebody has resumed it meanwhile
            pausing = pausing or activity is Activity.PAUSING
            return activity not in (Activity.PRINTING, Activity.PAUSING)

        self._head.wait_until(complete, _PAUSING, self._asked_to_stop)
        if not complete():
            raise CaptureFailed(
                Message(N_("OctoPrint's pause did not become complete in time."))
            )
        self._usual = Activity.PAUSED
        self._look()
        self._hold.take(self._printer.connection())
        return Step.ENTER

    def _enter(self) -> Step:
        terms = self._terms
        self._head.standstill = STANDSTILL[terms.standstill]
        queued = self._printer.queued_seconds()
        reported = self._head.ask(
            (), SLACK + 1.5 * queued, self._interruption, needed=queued
        )
        left = self._printer.modal()
        here = self._check_place(left, reported)
        speeds = Speeds(
            travel=terms.travel_speed * 60,
            lift=terms.z_speed * 60,
            retract=terms.retract_speed * 60,
        )
        retract = terms.retract if self._printer.hot() else 0.0
        self._moves = Moves(left, self._z, speeds, retract)
        self._onward = terms.onward(self.layer, left)
        order = visiting_order(terms.positions, here, self._onward or here)
        self._visits.begin(self._moves, order, self._z, self._z_bias)
        self._recorder.glance(*here)
        self._entered = True
        self._head.send([*self._moves.enter(), *terms.before])
        return Step.TRAVEL

    def _check_place(
        self, left: Modal, reported: Optional[Reported]
    ) -> tuple[float, float]:
        """Where the head stands (machine x, y), or a refusal to move it from there."""
        x, y, z = left.machine("X"), left.machine("Y"), left.machine("Z")
        if x is None or y is None or z is None or left.workspace != 54:
            raise CaptureFailed(
                Message(
                    N_(
                        "The file has not said where the head is, so it could not be "
                        "brought back."
                    )
                )
            )
        if reported is None:
            return x, y
        logical = (left.x or 0.0, left.y or 0.0, left.z or 0.0)
        bias = reported[2] - logical[2]
        # firmwares set to inches may report in inches
        self._z_bias = bias if 0.005 < abs(bias) <= Z_BIAS and not left.inches else 0.0
        if not left.absolute and math.dist(reported[:2], logical[:2]) > _MISPLACED:
            raise CaptureFailed(
                Message(
                    N_(
                        "The printer says the head is at X %(x)s, Y %(y)s, which is "
                        "not where the file left it, so it could not be brought back."
                    ),
                    {"x": round(reported[0], 2), "y": round(reported[1], 2)},
                )
            )
        return x, y

    def _travel(self) -> Step:
        return Step.SETTLE if self._visits.travel(self._interruption) else Step.LEAVE

    def _settle(self) -> Step:
        self._visits.settle(self._interruption)
        return Step.EXPOSE

    def _expose(self) -> Step:
        self._visits.expose(self._interruption)
        return Step.TRAVEL

    def _leave(self) -> None:
        if not self._entered or self._moves is None:
            return
        self._entered = False
        if self._head.restarts != self._restarts:
            _log.info("The printer has restarted and knows no way back")
            return
        if self._printer.activity() in (Activity.GONE, Activity.IDLE):
            return
        leave = [*self._moves.leave(self._onward), *self._terms.after]
        if self._asked_to_stop() != SHUTDOWN:
            self._head.send(leave)
            return
        # what is only queued would end with the process
        try:
            self._head.ask(leave, SLACK, lambda: None)
        except CaptureFailed:
            _log.debug("Shutting down without proof that the head came back")

    def _is_lost(self) -> bool:
        """Whether the head did not come back to where it was to go."""
        if self._moves is None or self._asked_to_stop() == SHUTDOWN:
            return False
        back = self._moves.home if self._onward is None else (*self._onward, 0.0)
        try:
            reported = self._head.ask(
                (), SLACK + 3 * self._visits.seconds_to(self._moves.home), self._turn
            )
        except CaptureFailed:
            return True
        except Interrupted:
            return False
        return reported is not None and not same_place(reported[:2], back[:2])


_STEPS: dict[Step, Callable[[CaptureRun], Step]] = {
    Step.PAUSE: CaptureRun._pause,
    Step.ENTER: CaptureRun._enter,
    Step.TRAVEL: CaptureRun._travel,
    Step.SETTLE: CaptureRun._settle,
    Step.EXPOSE: CaptureRun._expose,
}
