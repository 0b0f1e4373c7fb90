"""What is in front of a camera when a picture is taken."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Scene:
    """One exposure: lengths in mm, in the printer's coordinates.

    ``z`` is the height the layer is printed at and ``height`` how thick the layer is;
    ``index`` is the position's number in the grid; ``time`` is seconds since the epoch;
    ``bed`` is ``(min_x, min_y, max_x, max_y)``. A real camera sees for itself and needs
    none of it; the fake camera draws it. ``x``, ``y`` is where the nozzle is, and
    ``arrived`` when that was proved, by ``time.monotonic``; None where nobody knows.
    """

    layer: int
    z: float
    height: float
    x: float
    y: float
    index: int
    time: float
    bed: tuple[float, float, float, float]
    circular: bool = False
    layers_total: int | None = None
    arrived: float | None = None
