"""One capture from hold to release, as an explicit state machine.

    ENTER ▸ TRAVEL ▸ SETTLE ▸ EXPOSE ▸ TRAVEL … ▸ LEAVE ▸ RELEASE

The hold has been taken when a run is made; the run alone releases it. Whatever happens
on the way (cancel, pause, disconnect, a fault), the next step is LEAVE where enter has
sent anything, and then RELEASE, once each.
"""

from __future__ import annotations

import enum
import logging
import math
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Callable, Optional

from ..gcode import Layer, Modal
from ..messages import N_, Message
from .grid import Position, Volume, visiting_order
from .head import Z_BIAS, Head, Reported
from .hold import JobHold
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
    Shot,
)

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

_DRAIN = 120.0  # s for the moves still queued in the firmware when the hold begins
_SLACK = 10.0  # s allowed beyond what a move of ours takes at its speed
_PATIENCE = 120.0  # s after which an exposure that has not ended is given up
_MISPLACED = 0.1  # mm between file and report that relative positioning does not forgive


class Step(enum.Enum):
    """Where a capture stands."""

    ENTER = "enter"
    TRAVEL = "travel"
    SETTLE = "settle"
    EXPOSE = "expose"
    LEAVE = "leave"
    RELEASE = "release"
    DONE = "done"


@dataclass(frozen=True)
class Terms:
    """What a capture is to do: mm, mm/s, s.

    Attributes:
        positions: the whole grid, refused ones included
        volume: where the head may go
        height: of the pictures above the layer
        delay: between arrival and exposure
        return_to_origin: back to where the file left the head, or on to where the
            file's next extruding move starts
    """

    positions: tuple[Position, ...]
    volume: Volume
    height: float
    travel_speed: float
    z_speed: float
    retract: float
    retract_speed: float
    delay: float
    return_to_origin: bool

    @property
    def allowed(self) -> tuple[Position, ...]:
        """The positions that may be visited."""
        return tuple(place for place in self.positions if place.refused is None)


class CaptureRun:
    """One capture of one layer; :meth:`run` takes it from enter to release.

    Args:
        interruption: names what ends the capture from outside, or None
    """

    def __init__(
        self,
        layer: Layer,
        terms: Terms,
        printer: Printer,
        head: Head,
        hold: JobHold,
        clock: Clock,
        recorder: Recorder,
        interruption: Callable[[], Optional[str]],
    ) -> None:
        self.layer = layer
        self.step = Step.ENTER
        self._terms = terms
        self._printer = printer
        self._head = head
        self._hold = hold
        self._clock = clock
        self._recorder = recorder
        self._asked_to_stop = interruption
        self._steps: dict[Step, Callable[[], Step]] = {
            Step.ENTER: self._enter,
            Step.TRAVEL: self._travel,
            Step.SETTLE: self._settle,
            Step.EXPOSE: self._expose,
        }
        self._started = clock.monotonic()
        self._moves: Optional[Moves] = None
        self._entered = False
        self._left: Optional[Modal] = None
        self._z = 0.0
        self._z_bias = 0.0
        self._at: Reported = (0.0, 0.0, 0.0)
        self._order: Sequence[Position] = ()
        self.visited = 0

    def run(self) -> Outcome:
        """Go through all steps; never raises, and the job is released on return."""
        failure: Optional[Message] = None
        interrupted: Optional[str] = None
        try:
            while self.step in self._steps:
                self._look()
                self.step = self._steps[self.step]()
        except Interrupted as stopped:
            interrupted = str(stopped)
        except CaptureFailed as failed:
            failure = failed.args[0]
        except PrinterGone:
            interrupted = Activity.GONE.value
        except Exception:
            _log.exception("Capture of layer %d broke off", self.layer.number)
            failure = Message(N_("An internal error, see octoprint.log for it."))
        finally:
            self._finish()
        return Outcome(
            layer=self.layer,
            visited=self.visited,
            planned=len(self._terms.allowed),
            failure=failure,
            interrupted=interrupted,
            seconds=self._clock.monotonic() - self._started,
        )

    def _finish(self) -> None:
        try:
            self.step = Step.LEAVE
            self._recorder.abandon()
            self._leave()
        except PrinterGone:
            _log.info("The connection is closed, the head stays where it is")
        except Exception:
            _log.exception("Leaving layer %d's capture failed", self.layer.number)
        finally:
            self.step = Step.RELEASE
            self._hold.release()
            self.step = Step.DONE

    def _look(self) -> None:
        reason = self._interruption()
        if reason is not None:
            raise Interrupted(reason)

    def _interruption(self) -> Optional[str]:
        reason = self._asked_to_stop()
        if reason is not None:
            return reason
        activity = self._printer.activity()
        return None if activity is Activity.PRINTING else activity.value

    def _enter(self) -> Step:
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
                        "z": f"{self._z:g}",
                        "max_z": f"{terms.volume.max_z:g}",
                    },
                )
            )
        reported = self._head.wait_for_answer((), _DRAIN, self._interruption)
        left = self._printer.modal()
        here = self._check_place(left, reported)
        retract = terms.retract if self._printer.hot() else 0.0
        speeds = Speeds(
            travel=terms.travel_speed * 60,
            lift=terms.z_speed * 60,
            retract=terms.retract_speed * 60,
        )
        self._left = left
        self._moves = Moves(left, self._z, speeds, retract)
        back = self._onward() or here
        self._order = visiting_order(terms.positions, here, back)
        self._at = reported
        self._entered = True
        self._head.send(self._moves.enter())
        return Step.TRAVEL

    def _check_place(self, left: Modal, reported: Reported) -> tuple[float, float]:
        """Where the head stands (machine x, y), or a refusal to move it from there."""
        x, y, z = left.machine("X"), left.machine("Y"), left.machine("Z")
        logical = (left.x, left.y, left.z)
        if x is None or y is None or z is None or left.workspace != 54:
            raise CaptureFailed(
                Message(
                    N_(
                        "The file has not said where the head is, so it could not be "
                        "brought back."
                    )
                )
            )
        away = [abs(told - (file or 0.0)) for told, file in zip(reported, logical)]
        bias = reported[2] - z + left.offset["Z"]
        # firmwares set to inches may report in inches
        self._z_bias = bias if 0.005 < abs(bias) <= Z_BIAS and not left.inches else 0.0
        if not left.absolute and max(away[0], away[1]) > _MISPLACED:
            raise CaptureFailed(
                Message(
                    N_(
                        "The printer says the head is at X %(x).2f, Y %(y).2f, which is "
                        "not where the file left it, so it could not be brought back."
                    ),
                    {"x": reported[0], "y": reported[1]},
                )
            )
        return x, y

    def _onward(self) -> Optional[tuple[float, float]]:
        """Where to go instead of back: the next extruding move's start, if certain."""
        left = self._left
        if self._terms.return_to_origin or self.layer.resume is None or left is None:
            return None
        if not left.absolute or any(left.offset.values()):
            return None
        return self.layer.resume

    def _travel(self) -> Step:
        if self.visited >= len(self._order) or self._moves is None:
            return Step.LEAVE
        place = self._order[self.visited]
        target = self._moves.target(place.x, place.y)
        seconds = self._seconds_to(target)
        self._at = self._head.arrive(
            self._moves.visit(place.x, place.y),
            target,
            self._z_bias,
            seconds,
            self._interruption,
        )
        return Step.SETTLE

    def _seconds_to(self, target: Reported) -> float:
        """How long reaching ``target`` may take, the lift of enter included."""
        terms = self._terms
        way = math.hypot(target[0] - self._at[0], target[1] - self._at[1])
        lift = abs(target[2] - self._at[2])
        retract = terms.retract / terms.retract_speed
        needed = way / terms.travel_speed + lift / terms.z_speed + retract
        return _SLACK + 3 * needed

    def _settle(self) -> Step:
        self._head.wait(self._terms.delay, self._interruption)
        return Step.EXPOSE

    def _expose(self) -> Step:
        place = self._order[self.visited]
        exposure = self._recorder.expose(
            Shot(
                layer=self.layer,
                index=place.index,
                order=self.visited,
                x=place.x,
                y=place.y,
                z=self._z,
                actual=self._at,
            )
        )
        exposure.add_done_callback(self._wake)
        self._head.wait_until(exposure.done, _PATIENCE, self._interruption)
        if not exposure.done():
            self._recorder.abandon()
        self.visited += 1
        return Step.TRAVEL

    def _wake(self, _exposure: Future[None]) -> None:
        with self._head.news:
            self._head.news.notify_all()

    def _leave(self) -> None:
        if not self._entered or self._moves is None:
            return
        self._entered = False
        if self._printer.activity() in (Activity.GONE, Activity.IDLE):
            return
        self._head.send(self._moves.leave(self._onward()))
