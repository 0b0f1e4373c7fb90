"""The section of the plugin class that says what captures do: log, messages, state."""

from __future__ import annotations

import logging
import os
from typing import Any, Optional

from . import config as settings
from . import events
from .capture.engine import Engine
from .capture.job import Listener
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .jobs import Job, Print
from .library import CaptureRecord, Image, PrintRecord
from .messages import N_, Message
from .pictures import Pictures


class ReportSection(Listener):
    """Hears of captures and pictures, and answers what is going on."""

    _engine: Engine
    _config: settings.Config
    _print: Optional[Print]
    _job: Optional[Job]
    _last: dict[str, Any]
    _indexing: Optional[dict[str, Any]]
    _logger: logging.Logger
    _plugin_manager: Any
    _event_bus: Any
    _identifier: str

    def indexing_progressed(self, path: str, fraction: Optional[float]) -> None:
        """A large file is being read; None once it is over. On the indexing thread."""
        if fraction is None:
            self._indexing = None
        else:
            name = os.path.basename(path)
            self._indexing = {"file": name, "percent": int(fraction * 100)}
        self.message("state", **self.state())

    def capture_started(self, layer: Layer, positions: int) -> None:
        self._logger.info(
            "Layer %d (Z %g): the job is held, %d positions",
            layer.number,
            layer.z,
            positions,
        )

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
        self.message("state", **self.state())

    def notice(self, message: Message) -> None:
        self.tell(message)

    def capture_opened(self, capture: CaptureRecord, positions: int) -> None:
        self.message(
            "capture_started",
            capture_id=capture.capture_id,
            layer=capture.layer,
            z=capture.z_height,
            total=positions,
        )
        self._fire(events.capture_started(capture, positions))

    def picture_saved(
        self, capture: CaptureRecord, shot: Shot, image: Image, kept: int
    ) -> None:
        job = self._job
        self._logger.debug("Layer %d: kept %s", capture.layer, image.path)
        self.message(
            "picture_saved",
            capture_id=capture.capture_id,
            layer=capture.layer,
            index=shot.index,
            camera=image.camera,
            path=image.path,
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

    def cameras_gone(self, pictures: Pictures, why: Message) -> None:
        if self._job is not None and self._job.pictures is pictures:
            self._engine.give_up(why)

    def capture_kept(
        self, capture: CaptureRecord, outcome: Outcome, kept: int, failed: int
    ) -> None:
        self._last = {
            "layer": capture.layer,
            "pictures": kept,
            "failures": failed,
            "seconds": round(outcome.seconds, 1),
        }
        self._logger.info(
            "Layer %d: %d pictures kept, %d failed", capture.layer, kept, failed
        )
        told = {"capture_id": capture.capture_id, **self._last}
        if outcome.failure is None:
            self.message("capture_finished", **told)
        else:
            self.message("capture_failed", **told, **outcome.failure.to_dict())
        self._fire(events.capture_ended(capture, outcome, kept, failed))
        self.message("state", **self.state())

    def print_kept(self, record: PrintRecord) -> None:
        """The last capture of a print is on disk, and how the print ended is known."""
        self._fire(events.print_finished(record))
        self.message("library")

    def state(self) -> dict[str, Any]:
        """What the plugin does now, as the browser sees it."""
        run, job, current = self._engine.run, self._job, self._print
        state = "capturing" if run else "armed" if self._engine.armed else "idle"
        shown: dict[str, Any] = {
            "enabled": self._config.enabled,
            "state": state,
            "job": None,
            "capture": None,
            "last": self._last or None,
            "suspended": None,
            "indexing": self._indexing,
        }
        if job is not None and current is not None:
            shown["job"] = {
                "file": current.file,
                "layers_total": job.armed.plan.total,
                "layers": [layer.number for layer in job.armed.plan.layers],
                "positions": len(job.armed.terms.allowed),
                "expected": job.expected,
            }
        if self._engine.suspended is not None:
            shown["suspended"] = self._engine.suspended.to_dict()
        if run is not None:
            shown["capture"] = {
                "layer": run.layer.number,
                "z": run.layer.z,
                "step": run.step.value,
                "visited": run.visited,
            }
        return shown

    def tell(self, message: Message, level: str = "notice") -> None:
        """Say something once: to the log and to whoever looks at the page."""
        self._logger.warning("%s", message)
        self.message("notice", level=level, **message.to_dict())

    def _fire(self, event: events.Event) -> None:
        self._event_bus.fire(events.PREFIX + event.name, event.payload)

    def message(self, event: str, **payload: Any) -> None:
        self._plugin_manager.send_plugin_message(
            self._identifier, {"event": event, **payload}
        )
