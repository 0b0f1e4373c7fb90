"""From a shot to files: asks the cameras and hands their frames to the library.

Here ``cameras`` and ``library`` meet. Exposures run in parallel, one worker for each
camera; writing runs on one thread behind them, so the head may travel meanwhile.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any, Callable, Optional, Protocol

from .cameras import (
    CameraError,
    FrozenCamera,
    Scene,
    Settled,
    Settler,
    labelled,
    picture_size,
)
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .hands import HANDS, Pool, Shut
from .labels import label_of
from .library import CaptureRecord, CaptureWriter, Ending, Image, StoreError
from .messages import N_, Message
from .roster import Attendance, Roster

_log = logging.getLogger("octoprint.plugins.layercapture.pictures")

_WRITER = "layercapture-writer"
_FAILED = Message(N_("The camera failed, see octoprint.log for why."))


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


class CaptureRecorder:
    """The :class:`~octoprint_layercapture.capture.ports.Recorder` of one capture."""

    def __init__(self, pictures: Pictures, writer: CaptureWriter, layer: Layer) -> None:
        self._pictures = pictures
        self._layer = layer
        self._writer = writer
        self._record = writer.record
        self._attendance = pictures.roster.open()
        self._cameras = [
            camera
            for camera in pictures.cameras
            if camera.name in self._attendance.cameras
        ]
        self._kept = 0
        self._failed = 0
        self._epoch = 0
        self._lock = threading.Lock()
        self._closed = False
        self._write(self._open)

    def glance(self, x: float, y: float) -> None:
        """Let each camera note what it shows before the head moves."""
        scene = self._scene(self._layer, (x, y), -1)
        try:
            for camera in self._cameras:
                self._pictures.exposing[camera.name].submit(camera.glance, scene)
        except Shut:
            _log.debug("The workers were shut down: the print is over")
        except RuntimeError as error:
            _log.warning("No thread for a look at what the cameras show: %s", error)

    def expose(self, shot: Shot) -> Future[None]:
        """All cameras at once; done when each has its frame or has given up.

        Where one cannot be asked, the frames of all are given up: the head goes on.
        """
        done: Future[None] = Future()
        cameras = self._cameras
        left = len(cameras)
        asked = 0
        epoch = self._epoch

        def ended(_: Any) -> None:
            nonlocal left
            with self._lock:
                left -= 1
                last = left == 0
            if last and not done.done():
                done.set_result(None)

        try:
            for camera in cameras:
                pool = self._pictures.exposing[camera.name]
                work = pool.submit(self._take, camera, shot, epoch)
                asked += 1
                work.add_done_callback(ended)
        except RuntimeError as error:
            self.abandon()
            if isinstance(error, Shut):
                _log.debug("The workers were shut down: the print is over")
            else:
                _log.warning("No thread for the picture of a camera: %s", error)
                for camera in cameras[asked:]:
                    self._refused(camera, shot, _FAILED)
            if not done.done():
                done.set_result(None)
        if not cameras:
            done.set_result(None)
        return done

    def abandon(self) -> None:
        """The head moves away: a frame that comes now shows no known place."""
        self._epoch += 1
        for camera in self._cameras:
            camera.abandon()

    def close(self, outcome: Outcome) -> None:
        self._write(lambda: self._finish(outcome), last=True)

    def _scene(
        self,
        layer: Layer,
        place: tuple[float, float],
        index: int,
        arrived: Optional[float] = None,
    ) -> Scene:
        setting = self._pictures.setting
        return Scene(
            layer=layer.number,
            z=layer.z,
            height=layer.height,
            x=place[0],
            y=place[1],
            index=index,
            time=time.time(),
            bed=setting.bed,
            circular=setting.circular,
            layers_total=setting.layers_total,
            arrived=arrived,
        )

    def _take(self, camera: Settler, shot: Shot, epoch: int) -> None:
        refusal = self._attendance.refusal(camera.name)
        if refusal is not None:
            self._refused(camera, shot, refusal)
            return
        scene = self._scene(shot.layer, shot.nozzle, shot.index, shot.arrived)
        try:
            settled = camera.picture(scene, shot.arrived, lambda: epoch != self._epoch)
        except CameraError as error:
            if isinstance(error, FrozenCamera):
                self._pictures.same_again(camera.name)
            if epoch == self._epoch:
                why = Message(error.text, error.params)
                self._attendance.failed(camera.name, why, error.silent)
                self._refused(camera, shot, why)
        except Exception:
            _log.exception("Camera %s failed", camera.name)
            self._attendance.failed(camera.name, _FAILED, silent=False)
            self._refused(camera, shot, _FAILED)
        else:
            if epoch != self._epoch:
                _log.debug("A picture of %s came after the head left", camera.name)
                return
            taken = time.time()
            self._attendance.gave(camera.name)
            if settled.repeated:
                self._pictures.same_again(camera.name)
            self._write(lambda: self._keep(camera, shot, settled, taken))

    def _refused(self, camera: Settler, shot: Shot, reason: Message) -> None:
        self._write(lambda: self._note_failure(camera, shot, reason))

    def _write(self, work: Callable[[], None], last: bool = False) -> None:
        """Do this on the writing thread; what comes after the last is dropped."""
        with self._lock:
            if self._closed:
                return
            self._closed = last
            try:
                self._pictures.writing.submit(guarded, work)
            except Shut:
                _log.debug("Nothing more is written, the server is going down")
            except RuntimeError as error:
                _log.warning("Part of a capture is not written, no thread: %s", error)

    def _open(self) -> None:
        positions = self._pictures.setting.positions
        self._pictures.listener.capture_opened(self._record, positions)

    def _keep(self, camera: Settler, shot: Shot, settled: Settled, taken: float) -> None:
        offset = self._pictures.setting.offsets.get(camera.name)
        width, height = size = picture_size(settled.jpeg)
        label = label_of(self._record, shot, camera.name, taken, size, offset)
        try:
            image = self._writer.add_picture(
                index=shot.index,
                order=shot.order,
                position=(shot.x, shot.y),
                actual=shot.actual,
                camera=camera.name,
                jpeg=labelled(settled.jpeg, label),
                taken_at=taken,
                width=width,
                height=height,
                z=shot.z,
                offset=offset,
                settle=settled.settle,
                repeated=settled.repeated,
            )
        except StoreError as error:
            reason = Message(error.text, error.params)
            self._note_failure(camera, shot, reason)
            self._pictures.listener.not_kept(reason)
            return
        self._kept += 1
        self._pictures.listener.picture_saved(self._record, shot, image, self._kept)

    def _note_failure(self, camera: Settler, shot: Shot, reason: Message) -> None:
        self._failed += 1
        try:
            self._writer.add_failure(
                index=shot.index,
                position=(shot.x, shot.y),
                reason=str(reason),
                message=reason.to_dict(),
                camera=camera.name,
            )
        except StoreError as error:
            _log.debug("The failure could not be recorded: %s", error)
        self._pictures.listener.picture_failed(shot, camera.name, reason)

    def _finish(self, outcome: Outcome) -> None:
        try:
            self._writer.finish(
                Ending(
                    planned=outcome.planned,
                    visited=outcome.visited,
                    seconds=round(outcome.seconds, 3),
                    interrupted=outcome.interrupted,
                    failure=None if outcome.failure is None else str(outcome.failure),
                )
            )
        except StoreError as error:
            _log.warning("The capture's record could not be finished: %s", error)
        self._pictures.listener.capture_kept(
            self._record, outcome, self._kept, self._failed
        )
        self._pictures.concluded(self._attendance)


def guarded(work: Callable[[], None]) -> None:
    """Does the work; what it raises goes to the log."""
    try:
        work()
    except Exception:
        _log.exception("Writing pictures met an unexpected error")
