"""The section of the plugin class that says what captures do: log, messages, state."""

from __future__ import annotations

import logging
import os
from typing import Any, Optional

from . import config as settings
from .capture.engine import Engine
from .capture.job import Listener
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .jobs import Job, Print
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
        self.message("capture_started", layer=layer.number, z=layer.z, total=positions)

    def capture_ended(self, outcome: Outcome) -> None:
        layer = outcome.layer.number
        if outcome.failure is not None:
            self._logger.warning("Layer %d: %s", layer, outcome.failure)
            self.message("capture_failed", layer=layer, **outcome.failure.to_dict())
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

    def picture_saved(self, shot: Shot, path: str, kept: int) -> None:
        job = self._job
        self._logger.debug("Layer %d: kept %s", shot.layer.number, path)
        self.message(
            "picture_saved",
            layer=shot.layer.number,
            index=shot.index,
            path=path,
            done=kept,
            total=0 if job is None else len(job.armed.terms.allowed),
        )

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

    def capture_kept(self, outcome: Outcome, kept: int, failed: int) -> None:
        self._last = {
            "layer": outcome.layer.number,
            "pictures": kept,
            "failures": failed,
            "seconds": round(outcome.seconds, 1),
        }
        self._logger.info(
            "Layer %d: %d pictures kept, %d failed", outcome.layer.number, kept, failed
        )
        self.message("capture_finished", **self._last)
        self.message("state", **self.state())

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

    def message(self, event: str, **payload: Any) -> None:
        self._plugin_manager.send_plugin_message(
            self._identifier, {"event": event, **payload}
        )
