"""What takes and keeps the pictures of one print, or of a test.

Here ``cameras`` and ``capture`` are put together by the settings.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from .cameras import FakeCamera, Settler, common_delay
from .cameras.settling import Camera
from .capture.grid import Volume
from .capture.terms import Terms
from .config import Config
from .library import CaptureSettings
from .pictures import PictureListener, Pictures, Setting
from .printer import SystemClock


def settling(used: Sequence[Camera], config: Config) -> list[Settler]:
    """What takes each camera's pictures in one print."""
    wishes = config.cameras
    return [
        Settler(camera, wishes.detail(camera.name), wishes, SystemClock())
        for camera in used
    ]


def workers(
    used: Sequence[Camera],
    config: Config,
    what: Terms,
    layers_total: int,
    listener: PictureListener,
) -> tuple[Terms, Pictures]:
    """What takes and keeps the pictures, and the terms with the delay that they need."""
    around = what.volume
    circular = around.radius is not None
    for camera in used:
        if isinstance(camera, FakeCamera):
            camera.prepare(around.bed, circular)
    settlers = settling(used, config)
    setting = Setting(
        around.bed, circular, layers_total, offsets(config), len(what.allowed)
    )
    return (
        replace(what, delay=common_delay(settlers)),
        Pictures(settlers, setting, listener),
    )


def grid_settings(config: Config, around: Volume) -> CaptureSettings:
    """The grid as a capture's record tells of it."""
    grid, center = config.grid, around.center
    return CaptureSettings.of_grid(
        center=(
            center[0] if grid.center_x is None else grid.center_x,
            center[1] if grid.center_y is None else grid.center_y,
        ),
        columns=grid.columns,
        rows=grid.rows,
        spacing_x=grid.spacing_x,
        spacing_y=grid.spacing_y,
    )


def offsets(config: Config) -> dict[str, tuple[float, float]]:
    """How far from the nozzle cameras see, mm, where somebody has said so."""
    places = {each.camera: each for each in reversed(config.cameras.details)}
    return {
        name: (detail.offset_x, detail.offset_y)
        for name, detail in places.items()
        if detail.offset_x or detail.offset_y
    }
