"""What a capture is to do, as the settings say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..gcode import Layer, Modal
from .grid import Position, Volume

_LEVEL = 1e-6  # mm


@dataclass(frozen=True)
class Terms:
    """What a capture is to do: mm, mm/s, s.

    Attributes:
        positions: the whole grid, refused ones included
        volume: where the head may go
        height: of the pictures above the layer
        delay: between arrival and exposure, as far as all cameras need it
        return_to_origin: back to where the file left the head, or on to where the
            file's next extruding move starts
        standstill: what waits for motion to end, ``"m400"``, ``"dwell"`` or ``"both"``
        before, after: the user's own lines around a capture
        pause: hold the job by OctoPrint's own pause instead of its hold on the job
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
    standstill: str = "m400"
    before: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    pause: bool = False

    @property
    def allowed(self) -> tuple[Position, ...]:
        """The positions that may be visited."""
        return tuple(place for place in self.positions if place.refused is None)

    def onward(self, layer: Layer, left: Modal) -> Optional[tuple[float, float]]:
        """Where to go instead of back: the next extruding move's start, if certain.

        Logical mm; None means back to where the file left the head.
        """
        certain = left.absolute and not any(left.offset.values()) and not self.pause
        # where it comes down may lie anywhere, so nothing printed may stand higher
        clear = left.z is not None and left.z >= layer.top - _LEVEL
        if self.return_to_origin or not certain or not clear:
            return None
        return layer.resume
