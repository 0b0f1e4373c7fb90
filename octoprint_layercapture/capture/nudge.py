"""Moving the head a little to and fro while nothing prints, to measure a camera by it."""

from __future__ import annotations

import math

from ..messages import N_, Message
from .grid import Point, Volume
from .head import Head
from .outing import Outing, Pace
from .ports import CaptureFailed, Clock, Interruption, Printer
from .visits import SLACK

SPAN = 10.0  # mm between the two places


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
        self._head = head
        self._clock = clock
        self._volume = volume
        self._pace = pace
        self._outing = Outing(printer, head, volume.max_z, pace, interruption)
        self._places: list[Point] = []
        self._standing: Point = (0.0, 0.0)

    def enter(self, home: bool) -> None:
        """Home if asked to, lift, and go to the first place.

        Raises:
            CaptureFailed: the printer does not answer as it should, or there is no room
            Interrupted: something ended it meanwhile
            PrinterGone: there is no connection any more
        """
        if home:
            self._outing.home()
        self._outing.enter(
            lambda z: z + self._pace.lift,
            Message(
                N_(
                    "This printer does not report where its head is, so a camera "
                    "cannot be measured by it. Keep the fixed delay."
                )
            ),
            lambda place: self._choose(self._volume.center if home else place),
        )
        self._standing = self._outing.place
        self.move()

    def _choose(self, near: Point) -> None:
        """Set the two places, the second one nearer to the middle."""
        around = self._volume
        first = _inside(around, near)
        for step in (
            (math.copysign(SPAN, around.center[0] - first[0]), 0.0),
            (0.0, math.copysign(SPAN, around.center[1] - first[1])),
        ):
            second = first[0] + step[0], first[1] + step[1]
            if not around.refusal(*first) and not around.refusal(*second):
                self._places = [first, second]
                return
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
        moves = self._outing.moves
        assert moves is not None
        self._outing.look()
        to = self._places[0]
        self._places.reverse()
        needed = 0.5 + math.dist(self._standing, to) / self._pace.travel_speed
        self._head.arrive(
            moves.visit(*to),
            moves.target(*to),
            self._outing.bias,
            SLACK + 3 * needed,
            self._outing.stop,
            needed,
        )
        arrived = self._clock.monotonic()
        self._standing = self.place = to
        return arrived

    def leave(self) -> None:
        """Bring the head back to where it was, and every mode; never raises."""
        self._outing.leave()

    def hand_over(self) -> list[str]:
        """The lines that bring the head back, for whoever sends them now.

        Nothing may be sent by this Nudge afterwards. Safe on any thread, without waiting.
        """
        return self._outing.hand_over()


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
