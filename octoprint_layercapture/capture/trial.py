"""A test capture: the visits of a capture while nothing prints, above the empty bed.

    (HOME ▸) ENTER ▸ TRAVEL ▸ SETTLE ▸ EXPOSE ▸ TRAVEL … ▸ LEAVE

No job is held and no filament moved. The head ends above where it was.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Callable, Optional

from ..gcode import Layer
from ..messages import N_, Message
from .ending import BROKEN, end_of
from .grid import Position, visiting_order
from .head import Head
from .outing import Outing, Pace
from .ports import (
    Clock,
    Interruption,
    Outcome,
    Printer,
    Recorder,
)
from .run import Step
from .terms import Terms
from .visits import Visits

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

# what is in front of the cameras: the bed, as before a first layer
BED = Layer(
    number=1,
    z=0.0,
    height=0.0,
    slicer_number=None,
    capture_pos=0,
    retracted=False,
    top=0.0,
)


class TrialRun:
    """One test capture; :meth:`run` takes it from enter to leave.

    Pictures are taken at their usual height above the bed. Without homing, it is that
    much above where the head stands, as if all below it were printed: a print may be
    there.

    Args:
        home: home the printer first; then the bed is taken to be empty
        interruption: names what ends it from outside, or None
        on_step: is called at each step

    Attributes:
        z: machine height of the pictures, mm, once it is known
        still_homing: it was ended while the printer homed, which cannot be stopped
    """

    def __init__(
        self,
        terms: Terms,
        printer: Printer,
        head: Head,
        clock: Clock,
        recorder: Recorder,
        interruption: Interruption,
        home: bool,
        on_step: Callable[[], None] = lambda: None,
    ) -> None:
        self.step = Step.HOME if home else Step.ENTER
        self.z: Optional[float] = None
        self.still_homing = False
        self._terms = terms
        self._clock = clock
        self._head = head
        self._recorder = recorder
        self._home = home
        self._on_step = on_step
        self._started = clock.monotonic()
        pace = Pace(terms.height, terms.travel_speed, terms.z_speed, terms.standstill)
        self.outing = Outing(
            printer, head, terms.volume.max_z, pace, interruption, lower=False
        )
        self._visits = Visits(BED, terms, head, clock, recorder)

    @property
    def order(self) -> Sequence[Position]:
        """The positions as they are visited."""
        return self._visits.order

    @property
    def visited(self) -> int:
        """How many positions are done."""
        return self._visits.visited

    def run(self) -> Outcome:
        """Go through all steps; never raises, and the head is back on return."""
        end = BROKEN
        try:
            end = end_of(self._go, "The test capture")
        finally:
            self._finish()
        return end.outcome(
            BED,
            self.visited,
            len(self._terms.allowed),
            self._clock.monotonic() - self._started,
            harmless=True,
        )

    def _go(self) -> None:
        self._enter()
        self._visit()

    def _enter(self) -> None:
        terms = self._terms
        if self._home:
            self._to(Step.HOME)
            self.outing.home()
        self._to(Step.ENTER)
        self.outing.enter(
            self._height,
            Message(
                N_(
                    "This printer does not report where its head is, so there can be no "
                    "test capture. Captures during a print are made all the same."
                )
            ),
        )
        moves, here = self.outing.moves, self.outing.place
        assert moves is not None and self.z is not None
        order = visiting_order(terms.positions, here, here)
        self._visits.begin(moves, order, self.z, self.outing.bias)
        self._recorder.glance(*here)
        self.outing.send(terms.before, undo=terms.after)

    def _height(self, z: float) -> float:
        """The machine Z of pictures where the head stands at ``z``, mm."""
        self.z = (0.0 if self._home else max(z, 0.0)) + self._terms.height
        return self.z

    def _visit(self) -> None:
        while True:
            self._to(Step.TRAVEL)
            if not self._visits.travel(self.outing.stop):
                return
            self._to(Step.SETTLE)
            self._visits.settle(self.outing.stop)
            self._to(Step.EXPOSE)
            self._visits.expose(self.outing.stop)

    def _finish(self) -> None:
        self.still_homing = self.step is Step.HOME
        self.step = Step.LEAVE
        self._visits.abandon()
        try:
            self._on_step()
        except Exception:
            _log.exception("The end of the test capture could not be told")
        finally:
            self.outing.leave()
        self.step = Step.DONE

    def _to(self, step: Step) -> None:
        self.step = step
        self._on_step()
        self.outing.look()
