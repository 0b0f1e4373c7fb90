"""The visits of a capture: travel to each position, settle, have it photographed."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Optional

from ..gcode import Layer
from .grid import Position
from .head import Head, Reported
from .motion import Moves
from .ports import Clock, Interruption, Recorder, Shot
from .terms import Terms

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

SLACK = 15.0  # s allowed beyond what moves take by distance and speed

_PATIENCE = 120.0  # s after which an exposure that has not ended is given up


class Visits:
    """Takes the head through the positions of one capture.

    :meth:`travel`, :meth:`settle` and :meth:`expose` follow each other until the first
    is False. They raise what :meth:`~.head.Head.arrive` raises; ``interruption`` names
    what ends the capture, or None.

    Attributes:
        order: the positions as they are visited
        visited: how many of them are done
    """

    def __init__(
        self,
        layer: Layer,
        terms: Terms,
        head: Head,
        clock: Clock,
        recorder: Recorder,
    ) -> None:
        self.order: Sequence[Position] = ()
        self.visited = 0
        self._layer = layer
        self._terms = terms
        self._head = head
        self._clock = clock
        self._recorder = recorder
        self._moves: Optional[Moves] = None
        self._z = 0.0
        self._z_bias = 0.0
        self._standing: Reported = (0.0, 0.0, 0.0)
        self._actual: Optional[Reported] = None
        self._arrived = 0.0

    def begin(
        self, moves: Moves, order: Sequence[Position], z: float, z_bias: float
    ) -> None:
        """The head is about to leave home; ``z`` is the machine height of pictures, mm.

        ``z_bias`` is what the printer's reports of Z are off by, mm.
        """
        self._moves = moves
        self.order = order
        self._z = z
        self._z_bias = z_bias
        self._standing = moves.home

    def travel(self, interruption: Interruption) -> bool:
        """Go to the next position and prove it; False where all are done."""
        if self.visited >= len(self.order) or self._moves is None:
            return False
        place = self.order[self.visited]
        target = self._moves.target(*place.nozzle)
        needed = self.seconds_to(target)
        self._actual = self._head.arrive(
            self._moves.visit(*place.nozzle),
            target,
            self._z_bias,
            SLACK + 3 * needed,
            interruption,
            needed,
        )
        self._standing = target
        self._arrived = self._clock.monotonic()
        return True

    def settle(self, interruption: Interruption) -> None:
        """Stand still as long as every camera needs it."""
        self._head.wait(self._terms.delay, interruption)

    def expose(self, interruption: Interruption) -> None:
        """Have all cameras take their picture, and count the position as visited."""
        place = self.order[self.visited]
        exposure = self._recorder.expose(
            Shot(
                layer=self._layer,
                index=place.index,
                order=self.visited,
                x=place.x,
                y=place.y,
                z=self._z,
                actual=self._actual,
                nozzle=place.nozzle,
                arrived=self._arrived,
            )
        )
        exposure.add_done_callback(lambda _: self._head.wake())
        self._head.wait_until(exposure.done, _PATIENCE, interruption)
        if not exposure.done():
            self.abandon()
        self.visited += 1

    def abandon(self) -> None:
        """The head moves away: no exposure under way counts. Never raises."""
        try:
            self._recorder.abandon()
        except Exception:
            _log.exception("The recorder did not let go of layer %d", self._layer.number)

    def seconds_to(self, target: Reported) -> float:
        """How long reaching ``target`` takes by speed, enter's lift included."""
        terms = self._terms
        way = math.dist(target[:2], self._standing[:2])
        lift = abs(target[2] - self._standing[2])
        retract = terms.retract / terms.retract_speed
        # standing still, starting and stopping take their part too
        return 0.5 + way / terms.travel_speed + lift / terms.z_speed + retract
