"""Getting a job ready: its file indexed, the layers due, what each capture does.

Here ``gcode``, ``capture``, ``cameras`` and ``library`` are put together for one print.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Callable, Optional

from .cameras import (
    CameraError,
    FakeCamera,
    Limits,
    PrintedLayers,
    Source,
    Webcams,
)
from .cameras.settling import Camera
from .capture.grid import Volume, positions, volume
from .capture.job import Armed
from .capture.plan import Plan, plan
from .capture.terms import Terms
from .config import Cameras as CameraSettings
from .config import Config
from .equipment import grid_settings, offsets, workers
from .gcode import GcodeError, Layer, LayerIndex
from .gcode.custom import lines_of
from .gcode.paths import beads
from .indexer import Indexed
from .library import Conditions, PrintFolder
from .library.prints import PrintCamera
from .library.records import point
from .messages import N_, Message
from .pictures import PictureListener, Pictures
from .shareable import shareable

_log = logging.getLogger("octoprint.plugins.layercapture.jobs")


NO_LAYERS = Message(N_("No layers were found in this file, so nothing is captured."))
NO_POSITION = Message(
    N_(
        "No position of the grid is inside the printable area, so nothing is captured. "
        "Check the grid in the settings of Layer Capture."
    )
)


def none_chosen(total: int) -> Message:
    """The settings choose none of a file's layers."""
    return Message(
        N_(
            "None of the %(total)d layers of this file is chosen in the settings, so "
            "nothing is captured."
        ),
        {"total": total},
    )


class NotCaptured(Exception):
    """This job gets no captures; the one argument is the Message that says why."""


@dataclass(frozen=True)
class Print:
    """One job from OctoPrint's storage.

    Attributes:
        file: path below uploads, as OctoPrint names it
        path: the same on disk
        started: seconds since the epoch
    """

    file: str
    path: str
    started: float


@dataclass
class Job:
    """A print with what was found out about it.

    Attributes:
        armed: what the engine watches for
        pictures: the workers of its cameras
        folder: where its files go
        notices: what the user is to know although captures will be made
        watching: the cameras that are to know how far the print is
        expected: how many pictures and bytes it will take and whether these fit, once
            that is known
    """

    indexed: Indexed
    armed: Armed
    pictures: Pictures
    folder: PrintFolder
    notices: Sequence[Message]
    watching: Sequence[FakeCamera] = ()
    expected: Optional[dict[str, Any]] = None

    def close(self, completed: Callable[[], None] = lambda: None) -> None:
        """No captures follow; ``completed`` runs once all pictures are written."""

        def over() -> None:
            try:
                completed()
            finally:
                for camera in self.watching:
                    camera.forget()

        self.pictures.close(over)
        for camera in self.watching:
            camera.close()

    def progressed(self, position: int) -> None:
        """Tells the fake camera how far the file was printed. Waits for nothing."""
        if not self.watching:
            return
        layer = self.indexed.layer_at(position)
        printed = len(self.indexed.layers.layers) if layer is None else layer.number - 1
        for camera in self.watching:
            camera.follow(printed)


def chosen_layers(index: LayerIndex, config: Config) -> Plan:
    """The layers of a file that the settings choose."""
    layers = config.layers
    return plan(
        index.layers,
        layers.interval,
        layers.first,
        layers.last,
        layers.ranges,
        layers.words,
    )


def space(config: Config, profile: Mapping[str, Any]) -> Volume:
    """The volume of a printer profile as the settings override it."""
    bed = config.bed
    return volume(profile, bed.width, bed.depth, bed.max_z, bed.margin)


def terms(
    config: Config, profile: Mapping[str, Any], camera: Optional[str] = None
) -> Terms:
    """What each capture does, by the settings and the printer profile.

    ``camera`` is the first one, which the positions may be aimed with.
    """
    around = space(config, profile)
    grid, motion = config.grid, config.motion
    return Terms(
        positions=positions(
            around,
            grid.columns,
            grid.rows,
            grid.spacing_x,
            grid.spacing_y,
            grid.center_x,
            grid.center_y,
            aim(config, camera),
        ),
        volume=around,
        height=motion.height,
        travel_speed=motion.travel_speed,
        z_speed=motion.z_speed,
        retract=motion.retract,
        retract_speed=motion.retract_speed,
        delay=config.cameras.delay,
        return_to_origin=motion.return_to_origin,
        standstill=motion.wait,
        before=lines_of(motion.before),
        after=lines_of(motion.after),
        pause=motion.hold == "pause",
    )


def aim(config: Config, camera: Optional[str]) -> tuple[float, float]:
    """What the positions are aimed with: how far from the nozzle ``camera`` sees, mm."""
    if config.grid.aim != "camera" or camera is None:
        return 0.0, 0.0
    detail = config.cameras.detail(camera)
    return detail.offset_x, detail.offset_y


def cameras(
    config: Config, webcams: Webcams, layers: Optional[PrintedLayers] = None
) -> tuple[list[Camera], list[Message]]:
    """The cameras to use, and what is wrong with those that cannot be.

    ``layers`` is what the fake camera sees being printed.
    """
    if config.cameras.fake:
        return [_fake_camera(config, layers)], []
    wanted = config.cameras
    found, problems = webcams.choose(
        wanted.use,
        source=_source(wanted),
        quality=config.files.quality,
        limits=Limits(seconds=wanted.timeout, size=round(wanted.max_size * 1e6)),
    )
    return list(found), [_message(problem) for problem in problems]


def _source(wanted: CameraSettings) -> Optional[Source]:
    """The camera by its snapshot URL, where there is one."""
    if not wanted.url:
        return None
    return Source(
        url=wanted.url,
        auth=wanted.auth,
        username=wanted.username,
        password=wanted.password,
        token=wanted.token,
        verify=wanted.verify,
        patience=wanted.timeout,
    )


def _fake_camera(config: Config, layers: Optional[PrintedLayers]) -> FakeCamera:
    detail, pretended = config.cameras.detail("fake"), config.fake_camera
    return FakeCamera(
        mount=pretended.mount,
        offset=(detail.offset_x, detail.offset_y),
        field=pretended.field,
        quality=config.files.quality,
        noise=pretended.noise,
        latency=pretended.latency,
        blur=pretended.blur,
        layers=layers,
    )


def _message(problem: CameraError) -> Message:
    return Message(problem.text, problem.params)


def prepare(
    indexed: Indexed,
    config: Config,
    profile: Mapping[str, Any],
    webcams: Webcams,
    folder: PrintFolder,
    listener: PictureListener,
    now: Callable[[], Conditions],
    skip: Callable[[Layer], bool],
) -> Job:
    """Everything the engine needs for one print.

    Args:
        now: what the printer is at
        skip: whether a layer's capture cannot be kept now

    Raises:
        NotCaptured: there is nothing to capture or nothing to capture it with
    """
    index = indexed.layers
    if not index.layers:
        raise NotCaptured(NO_LAYERS)
    chosen = chosen_layers(index, config)
    used, problems = cameras(config, webcams, partial(beads, indexed.path, index.layers))
    if not used:
        raise NotCaptured(problems[0])
    what = terms(config, profile, used[0].name)
    notices = _refusals(what)
    if not chosen.layers:
        # not an end: a capture can still be asked for during the print
        notices.append(none_chosen(chosen.total))
    if not what.allowed:
        raise NotCaptured(NO_POSITION)
    watching = [camera for camera in used if isinstance(camera, FakeCamera)]
    what, pictures = workers(used, config, what, chosen.total, listener)
    settings = grid_settings(config, what.volume)

    folder.describe(
        layers_total=chosen.total,
        layers=[layer.number for layer in chosen.layers],
        slicer=index.slicer,
        printer_profile=dict(profile),
        settings=settings,
        cameras=[_described(camera.name, config) for camera in used],
        config=shareable(config),
    )

    def open_recorder(layer: Layer) -> Any:
        return pictures.open(
            folder.begin_capture(
                layer=layer.number,
                z_height=layer.z,
                started=time.time(),
                settings=settings,
                height=layer.height,
                layers_total=chosen.total,
                slicer=index.slicer,
                slicer_layer=layer.slicer_number,
                conditions=now(),
                cameras=[camera.name for camera in used],
            ),
            layer,
        )

    return Job(
        indexed=indexed,
        armed=Armed(chosen, what, open_recorder, indexed.changed, indexed.layer_at, skip),
        pictures=pictures,
        folder=folder,
        notices=[*notices, *problems],
        watching=watching,
    )


def _described(name: str, config: Config) -> PrintCamera:
    detail, offset = config.cameras.detail(name), offsets(config).get(name)
    return PrintCamera(
        name=name,
        offset=None if offset is None else point(offset),
        latency=detail.latency,
        rest=detail.rest,
        stale=detail.stale,
    )


def _refusals(what: Terms) -> list[Message]:
    refused = [place for place in what.positions if place.refused is not None]
    if not refused or len(refused) == len(what.positions):
        return []
    named = ", ".join(str(place.index) for place in refused[:20])
    more = " …" if len(refused) > 20 else ""
    return [
        Message(
            N_(
                "%(count)d of %(total)d grid positions are left out because they are "
                "outside the printable area or its margin: %(named)s."
            ),
            {
                "count": len(refused),
                "total": len(what.positions),
                "named": named + more,
            },
        )
    ]


def why_unreadable(error: BaseException, file: str) -> Message:
    """What to say when a file could not be indexed."""
    params = {"file": file}
    if isinstance(error, GcodeError):
        if error.readable:
            return Message(
                N_("%(file)s holds no G-code, so nothing is captured."), params
            )
        return Message(
            N_(
                "%(file)s could not be read, so nothing is captured. Check the disk that "
                "OctoPrint's uploads are on."
            ),
            params,
        )
    return Message(
        N_("%(file)s cannot be captured: its layers could not be found."), params
    )
