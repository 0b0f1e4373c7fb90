"""One capture's pictures: the cameras asked, their frames handed to the library."""

from __future__ import annotations

import logging
import threading
import time
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any, Callable, Optional

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
from .hands import Shut
from .labels import label_of
from .library import CaptureWriter, Ending, Image, StoreError
from .messages import N_, Message

if TYPE_CHECKING:
    from .pictures import Pictures

_log = logging.getLogger("octoprint.plugins.layercapture.pictures")

_FAILED = Message(N_("The camera failed, see octoprint.log for why."))
_UNWRITTEN = Message(N_("The picture could not be kept, see octoprint.log for why."))
_NO_THREAD = Message(
    N_(
        "The picture could not be kept: OctoPrint's computer has no room for one more "
        "thread. End other programs on it, or restart it."
    )
)


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
        self._write(self._open, self._open)

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
        self._write(
            lambda: self._finish(outcome), lambda: self._concluded(outcome), last=True
        )

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
            self._write(
                lambda: self._keep(camera, shot, settled, taken),
                lambda: self._not_kept(camera, shot, _NO_THREAD, on_disk=False),
            )

    def _refused(self, camera: Settler, shot: Shot, reason: Message) -> None:
        self._write(
            lambda: self._note_failure(camera, shot, reason),
            lambda: self._note_failure(camera, shot, reason, on_disk=False),
        )

    def _write(
        self, work: Callable[[], None], otherwise: Callable[[], None], last: bool = False
    ) -> None:
        """Do this on the writing thread; what comes after the last is dropped.

        Where no thread can be started, ``otherwise`` is done here instead: it tells what
        has become of it and leaves the disk alone. It comes in its turn, as a thread is
        only missing where nothing is being written.
        """
        with self._lock:
            if self._closed:
                return
            self._closed = last
            try:
                self._pictures.writing.submit(guarded, work)
                return
            except Shut:
                _log.debug("Nothing more is written, the server is going down")
                return
            except RuntimeError as error:
                _log.warning("Part of a capture is not written, no thread: %s", error)
        guarded(otherwise)

    def _open(self) -> None:
        positions = self._pictures.setting.positions
        self._pictures.listener.capture_opened(self._record, positions)

    def _keep(self, camera: Settler, shot: Shot, settled: Settled, taken: float) -> None:
        try:
            image = self._kept_image(camera, shot, settled, taken)
        except StoreError as error:
            self._not_kept(camera, shot, Message(error.text, error.params))
            return
        except Exception:
            _log.exception("A picture of %s could not be written", camera.name)
            self._not_kept(camera, shot, _UNWRITTEN)
            return
        self._kept += 1
        self._pictures.listener.picture_saved(self._record, shot, image, self._kept)

    def _kept_image(
        self, camera: Settler, shot: Shot, settled: Settled, taken: float
    ) -> Image:
        offset = self._pictures.setting.offsets.get(camera.name)
        width, height = size = picture_size(settled.jpeg)
        label = label_of(self._record, shot, camera.name, taken, size, offset)
        return self._writer.add_picture(
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

    def _not_kept(
        self, camera: Settler, shot: Shot, reason: Message, on_disk: bool = True
    ) -> None:
        self._note_failure(camera, shot, reason, on_disk)
        self._pictures.listener.not_kept(reason)

    def _note_failure(
        self, camera: Settler, shot: Shot, reason: Message, on_disk: bool = True
    ) -> None:
        with self._lock:
            self._failed += 1
        try:
            self._writer.add_failure(
                index=shot.index,
                position=(shot.x, shot.y),
                reason=str(reason),
                message=reason.to_dict(),
                camera=camera.name,
                on_disk=on_disk,
            )
        except StoreError as error:
            _log.debug("The failure could not be recorded: %s", error)
        finally:
            self._pictures.listener.picture_failed(shot, camera.name, reason)

    def _finish(self, outcome: Outcome) -> None:
        guarded(lambda: self._complete_record(outcome))
        self._concluded(outcome)

    def _complete_record(self, outcome: Outcome) -> None:
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

    def _concluded(self, outcome: Outcome) -> None:
        try:
            self._pictures.listener.capture_kept(
                self._record, outcome, self._kept, self._failed
            )
        finally:
            self._pictures.concluded(self._attendance)


def guarded(work: Callable[[], None]) -> None:
    """Does the work; what it raises goes to the log."""
    try:
        work()
    except Exception:
        _log.exception("Writing pictures met an unexpected error")
