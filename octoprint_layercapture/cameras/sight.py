"""Which place a camera sees that hands out old frames and shakes after a move."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass
from typing import Callable

from .scene import Scene

_SWING = 1.5  # mm at first
_FREQUENCY = 9.0  # Hz


@dataclass(frozen=True)
class Seen:
    """The place of the nozzle in the frame, mm, and that place's number in the grid.

    ``shake_x``, ``shake_y`` (mm): how far the camera is off that place just then.
    ``smear_x``, ``smear_y`` (mm, >= 0): how far it moves while the frame is exposed.
    """

    x: float
    y: float
    index: int
    shake_x: float = 0.0
    shake_y: float = 0.0
    smear_x: float = 0.0
    smear_y: float = 0.0


class Sight:
    """Knows where the head was, from what it is told with each frame.

    A frame is ``latency`` seconds old. For ``blur`` seconds after a move the camera
    swings to and fro along it, less and less. Between two places that it was told of,
    the head is taken to be at the first until it arrives at the second.
    """

    def __init__(
        self, latency: float, blur: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._latency = latency
        self._blur = blur
        self._clock = clock
        self._places: deque[tuple[float, float, float, int]] = (
            deque()
        )  # since, x, y, index
        self._left: tuple[float, float] | None = None

    def see(self, scene: Scene) -> Seen:
        """What a frame shows that is asked for now, with the head where ``scene`` says.

        ``scene.arrived`` is when it got there, by the clock; None: when this place was
        first told of. The first place of all was never arrived at.
        """
        now = self._clock()
        places = self._places
        since = now if scene.arrived is None else min(scene.arrived, now)
        if places and places[-1][1:3] == (scene.x, scene.y):
            since = places.pop()[0]
        places.append((since, scene.x, scene.y, scene.index))
        exposed = now - self._latency
        while len(places) > 1 and places[1][0] <= exposed:
            _, left_x, left_y, _ = places.popleft()
            self._left = left_x, left_y
        since, x, y, index = places[0]
        shaking = 1 - (exposed - since) / self._blur if self._blur else 0.0
        if self._left is None or shaking <= 0:
            return Seen(x, y, index)
        dx, dy = x - self._left[0], y - self._left[1]
        distance = math.hypot(dx, dy)
        reach = _SWING * shaking * shaking
        swing = reach * math.cos(2 * math.pi * _FREQUENCY * (exposed - since))
        along_x, along_y = dx / distance, dy / distance
        return Seen(
            x,
            y,
            index,
            swing * along_x,
            swing * along_y,
            reach * abs(along_x),
            reach * abs(along_y),
        )
