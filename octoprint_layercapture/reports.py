"""The section of the plugin class that says what captures do: log, messages, events."""

from __future__ import annotations

import logging
import os
from typing import Any, Callable, Optional

from . import events
from .capture.job import Listener
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .library import CaptureRecord, Image, PrintFolder, PrintRecord
from .live import LiveSection
from .messages import N_, Message
from .pictures import Pictures
from .story import MISSED


class ReportSection(LiveSection, Listener):
    """Hears of captures and pictures, and says what becomes of them."""

    _keeping: Optional[PrintFolder]
    _logger: logging.Logger
    _event_bus: Any
    forget_trial: Callable[[], None]

    def indexing_progressed(self, path: str, fraction: Optional[float]) -> None:
        """A large file is being read; None once it is over. On the indexing thread."""
        if fraction is None:
            self._indexing = None
        else:
            name = os.path.basename(path)
            self._indexing = {"file": name, "percent": int(fraction * 100)}
        self.state_changed()

    def capture_started(self, layer: Layer, positions: int) -> None:
        self._logger.info(
            "Layer %d (Z %g): the job is held, %d positions",
            layer.number,
            layer.z,
            positions,
        )
        self.forget_trial()  # a page shows one board, and this print's is the newer
        self._teller.wake()

    def capture_ended(self, outcome: Outcome) -> None:
        layer = outcome.layer.number
        if outcome.failure is not None:
            self._logger.warning("Layer %d: %s", layer, outcome.failure)
        elif outcome.interrupted is not None:
            self._logger.info("Layer %d: ended by %s", layer, outcome.interrupted)
        if outcome.paused:
            self.tell(
                Message(
                    N_(
                        "The print was paused: after the capture of layer %(layer)d the "
                        "head is not where it should be. Home X and Y, check the print, "
                        "then resume or cancel it."
                    ),
                    {"layer": layer},
                ),
                "error",
            )
        self._logger.info(
            "Layer %d: the job goes on after %.1f s, %d of %d positions visited",
            layer,
            outcome.seconds,
            outcome.visited,
            outcome.planned,
        )

    def layers_missed(self, layers: list[Layer]) -> None:
        self._story.layers([layer.number for layer in layers], MISSED)
        numbers = ", ".join(str(layer.number) for layer in layers)
        self.tell(
            Message(
                N_(
                    "The end of layer %(layers)s never came past Layer Capture, so it "
                    "was not captured. Another plugin may have changed these lines."
                ),
                {"layers": numbers},
            )
        )

    def captures_suspended(self, why: Message) -> None:
        self.tell(why, "error")
        self.state_changed()

    def notice(self, message: Message) -> None:
        self.tell(message)

    def capture_opened(self, capture: CaptureRecord, positions: int) -> None:
        self._story.opened(
            capture.capture_id, capture.print_id, capture.layer, capture.z_height
        )
        self.message(
            "capture_started",
            capture_id=capture.capture_id,
            layer=capture.layer,
            z=capture.z_height,
            total=positions,
        )
        self._fire(events.capture_started(capture, positions))
        self.state_changed()

    def picture_saved(
        self, capture: CaptureRecord, shot: Shot, image: Image, kept: int
    ) -> None:
        job, folder = self._job, self._keeping
        key = folder.key if folder and folder.print_id == capture.print_id else None
        self._story.saved(capture.capture_id, image.index, image.camera, key, image.file)
        self._logger.debug("Layer %d: kept %s", capture.layer, image.path)
        self.message(
            "picture_saved",
            capture_id=capture.capture_id,
            layer=capture.layer,
            index=shot.index,
            camera=image.camera,
            path=image.path,
            key=key,
            name=image.file,
            done=kept,
            total=0 if job is None else len(job.armed.terms.allowed),
        )
        self._fire(events.picture_saved(capture, image, kept))

    def picture_failed(self, shot: Shot, camera: str, message: Message) -> None:
        self._logger.warning(
            "Layer %d, position %d, camera %s: %s",
            shot.layer.number,
            shot.index,
            camera,
            message,
        )
        capture = self._story.failed(shot.layer.number, shot.index, camera, message)
        if capture is not None:
            self.message(
                "picture_failed",
                capture_id=capture,
                layer=shot.layer.number,
                index=shot.index,
                camera=camera,
                **message.to_dict(),
            )

    def cameras_gone(self, pictures: Pictures, why: Message) -> None:
        if self._job is not None and self._job.pictures is pictures:
            self._engine.give_up(why)

    def capture_kept(
        self, capture: CaptureRecord, outcome: Outcome, kept: int, failed: int
    ) -> None:
        told: dict[str, Any] = {
            "layer": capture.layer,
            "pictures": kept,
            "failures": failed,
            "seconds": round(outcome.seconds, 1),
        }
        failure = outcome.failure
        self._last = {
            **told,
            "interrupted": outcome.interrupted,
            "failure": None if failure is None else failure.to_dict(),
        }
        self._story.written(
            capture.capture_id, capture.layer, kept, failed, outcome.seconds, not failure
        )
        self._logger.info(
            "Layer %d: %d pictures kept, %d failed", capture.layer, kept, failed
        )
        told = {"capture_id": capture.capture_id, **told}
        if failure is None:
            self.message("capture_finished", **told)
        else:
            self.message("capture_failed", **told, **failure.to_dict())
        self._fire(events.capture_ended(capture, outcome, kept, failed))
        self.state_changed()

    def print_kept(self, record: PrintRecord) -> None:
        """The last capture of a print is on disk, and how the print ended is known."""
        self._fire(events.print_finished(record))
        self.message("library")

    def tell(self, message: Message, level: str = "notice") -> None:
        """Say something once: to the log and to whoever looks at the page."""
        self._logger.warning("%s", message)
        self.message("notice", level=level, **message.to_dict())

    def _fire(self, event: events.Event) -> None:
        self._event_bus.fire(events.PREFIX + event.name, event.payload)
