"""The webcams OctoPrint knows, whichever plugin provides them."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any, Callable

import octoprint.webcams

from . import reasons
from .errors import CameraError
from .url import Source, webcam_at
from .webcam import Limits, WebcamCamera, shown
from .worker import Worker


class Webcams:
    """Finds the cameras to use. Keep one for as long as the plugin lives.

    It remembers which cameras hang, also from one print to the next. ``listed`` and
    ``preferred`` are OctoPrint's ``get_webcams`` and ``get_snapshot_webcam``.
    """

    def __init__(
        self,
        *,
        listed: Callable[[], dict[str, Any]] = octoprint.webcams.get_webcams,
        preferred: Callable[[], Any] = octoprint.webcams.get_snapshot_webcam,
        limits: Limits | None = None,
    ) -> None:
        self._listed = listed
        self._preferred = preferred
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._workers: dict[tuple[str, str], Worker] = {}

    def choose(
        self,
        use: Sequence[str] = (),
        *,
        source: Source | None = None,
        quality: int = 95,
        limits: Limits | None = None,
    ) -> tuple[list[WebcamCamera], list[CameraError]]:
        """The cameras named in ``use``, in that order, and what is wrong with the others.

        ``source`` adds a camera by its snapshot URL. With neither it is the webcam
        OctoPrint takes its own snapshots with.
        """
        try:
            named = bool(use or source)
            provided, problems = self._named(use) if named else self._default()
            if source:
                own = webcam_at(source)
                for webcam in provided:
                    if webcam.config.name == own.config.name:
                        problems.append(_same_name(shown(webcam)))
                provided = [
                    webcam for webcam in provided if webcam.config.name != own.config.name
                ]
                provided.append(own)
        except Exception as error:
            problem = CameraError(
                "OctoPrint could not list its cameras (%(kind)s). Check the plugins that"
                " provide cameras.",
                kind=type(error).__name__,
            )
            return [], [problem]
        cameras = []
        for webcam in provided:
            if webcam.config.canSnapshot:
                cameras.append(self._camera(webcam, quality, limits or self._limits))
            else:
                problems.append(reasons.unable(shown(webcam)))
        return cameras, problems

    def _named(self, use: Sequence[str]) -> tuple[list[Any], list[CameraError]]:
        webcams = self._listed()
        names = list(dict.fromkeys(use))
        missing = [
            CameraError(
                "OctoPrint has no camera named %(camera)s. Choose another one in the"
                " settings of Layer Capture.",
                camera=name,
            )
            for name in names
            if name not in webcams
        ]
        return [webcams[name] for name in names if name in webcams], missing

    def _default(self) -> tuple[list[Any], list[CameraError]]:
        webcam = self._preferred()
        if webcam is not None:
            return [webcam], []
        problem = CameraError(
            "OctoPrint has no camera that takes pictures. Enter a snapshot URL in"
            " OctoPrint's webcam settings, or use the fake camera."
        )
        return [], [problem]

    def _camera(self, webcam: Any, quality: int, limits: Limits) -> WebcamCamera:
        key = (webcam.providerIdentifier, webcam.config.name)
        with self._lock:
            worker = self._workers.setdefault(key, Worker(shown(webcam)))
        return WebcamCamera(webcam, worker, quality=quality, limits=limits)


def _same_name(camera: str) -> CameraError:
    return CameraError(
        "OctoPrint's camera %(camera)s has the name that the camera of the snapshot URL"
        " has. Give it another name in OctoPrint's settings to use both.",
        camera=camera,
    )
