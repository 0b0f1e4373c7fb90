"""From a shot to files: asks the cameras and hands their frames to the library.

Here ``cameras`` and ``library`` meet. Exposures run in parallel, one worker for each
camera; writing runs on one thread behind them, so the head may travel meanwhile.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Callable, Protocol

from .cameras import Settler
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .hands import HANDS, Pool, Shut
from .library import CaptureRecord, CaptureWriter, Image
from .messages import N_, Message
from .recorder import CaptureRecorder, guarded
from .roster import Attendance, Roster

_log = logging.getLogger("octoprint.plugins.layercapture.pictures")

_WRITER = "layercapture-writer"


@dataclass(frozen=True)
class Setting:
    """What a scene needs to know of the print around a shot.

    ``offsets``: what cameras see from the nozzle, mm, by their names, where it is known.
    ``positions``: how many there are to a capture.
    """

    bed: tuple[float, float, float, float]
    circular: bool
    layers_total: int
    offsets: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    positions: int = 0


class PictureListener(Protocol):
    """Hears of captures and of what went wrong. Called on worker threads.

    A capture's story is told in order, on the writing thread: that it was opened, its
    pictures, what was kept; then the next one's, then ``then`` of the print's close.
    """

    def capture_opened(self, capture: CaptureRecord, positions: int) -> None:
        """A capture has begun; nothing of it is on disk yet."""

    def picture_saved(
        self, capture: CaptureRecord, shot: Shot, image: Image, kept: int
    ) -> None:
        """A picture is on disk; ``kept`` counts the capture's so far."""

    def picture_failed(self, shot: Shot, camera: str, message: Message) -> None:
        """A camera gave no picture, or it could not be kept."""

    def notice(self, message: Message) -> None:
        """Something the user should know once."""

    def cameras_gone(self, pictures: Pictures, why: Message) -> None:
        """No camera of a print is left that gives pictures."""

    def not_kept(self, message: Message) -> None:
        """A picture was taken and could not be written."""

    def capture_kept(
        self, capture: CaptureRecord, outcome: Outcome, kept: int, failed: int
    ) -> None:
        """Everything of this capture is on disk."""


class Pictures:
    """The workers of one print: its cameras and the writing thread."""

    def __init__(
        self, cameras: Sequence[Settler], setting: Setting, listener: PictureListener
    ) -> None:
        self.cameras = tuple(cameras)
        self.roster = Roster([camera.name for camera in self.cameras])
        self.setting = setting
        self.listener = listener
        self._told: set[str] = set()
        # a glance that hangs must keep neither the picture nor other cameras waiting
        self.exposing = {
            camera.name: Pool(2, f"layercapture-exposure-{camera.name}")
            for camera in self.cameras
        }
        self.writing = Pool(1, _WRITER)

    def open(self, writer: CaptureWriter, layer: Layer) -> CaptureRecorder:
        """The recorder of a capture of ``layer``, whose files ``writer`` keeps."""
        return CaptureRecorder(self, writer, layer)

    def same_again(self, camera: str) -> None:
        """A camera gave one picture for two places: said once, on a worker thread."""
        if camera in self._told:
            return
        self._told.add(camera)
        self.listener.notice(
            Message(
                N_(
                    "Camera %(camera)s gave the very same picture at two different "
                    "positions. It may be frozen: check it, or restart it."
                ),
                {"camera": camera},
            )
        )

    def concluded(self, attendance: Attendance) -> None:
        """A capture is over; said once where cameras are left out from now on."""
        news = self.roster.close(attendance)
        if news is None:
            return
        if self.roster.empty:
            self.listener.cameras_gone(self, news)
        else:
            self.listener.notice(news)

    def close(self, then: Callable[[], None] = lambda: None) -> None:
        """No captures follow; what is being written is finished, and ``then`` is done."""
        for pool in self.exposing.values():
            pool.shutdown(wait=False)
        try:
            self.writing.submit(guarded, then)
        except Shut:
            pass
        except RuntimeError as error:
            _log.warning("No thread to end a print's pictures: %s", error)
            self.writing.shutdown(wait=False)
            guarded(then)  # nothing is being written
        self.writing.shutdown(wait=False)


def written(seconds: float) -> bool:
    """Waits until everything that was given to be written is; False where that takes
    longer."""
    return HANDS.wait(_WRITER, seconds)
