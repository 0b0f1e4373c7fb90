"""The section of the plugin class that follows print jobs, by OctoPrint's events."""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from typing import Any, Callable

import octoprint.plugin
from octoprint.events import Events
from octoprint.filemanager import FileDestinations

from . import config as settings
from .cameras import Webcams
from .capture.engine import Engine
from .capture.ports import Activity
from .conditions import conditions
from .firstprint import FirstPrintSection
from .gcode import Abandoned
from .indexer import Indexed, Indexer
from .jobs import NotCaptured, Print, prepare, why_unreadable
from .library import Conditions
from .messages import N_, Message
from .printer import OctoPrintPrinter

_SWITCHED_OFF = Message(N_("Captures are switched off."))

_OVER = {
    Events.PRINT_CANCELLING: "cancelled",
    Events.PRINT_CANCELLED: "cancelled",
    Events.PRINT_FAILED: "failed",
    Events.DISCONNECTED: "disconnected",
    Events.ERROR: "error",
}

_READINESS = (Events.CONNECTED, Events.FILE_DESELECTED)


class PrintSection(FirstPrintSection, octoprint.plugin.EventHandlerPlugin):
    """From a selected file to an armed job, and on to its end."""

    _engine: Engine
    _printer_port: OctoPrintPrinter
    _indexer: Indexer
    _webcams: Webcams
    _config: settings.Config
    _beginning: threading.Lock
    _announced: bool
    _begun_by_event: bool
    forget_errand: Callable[[], None]

    def on_event(self, event: str, payload: dict[str, Any]) -> None:
        if event == Events.FILE_SELECTED:
            self._index_ahead(payload)
            self.state_changed()
        elif event in _READINESS:
            self.state_changed()
        elif event == Events.SETTINGS_UPDATED:
            # the cameras may be others
            self.look_for_cameras()
            self.state_changed()
        elif event == Events.PRINT_STARTED:
            with self._beginning:
                if self._print is None:
                    self._begin()
                    self._begun_by_event = True
                self._announced = True
        elif event == Events.PRINT_DONE or event in _OVER:
            self.forget_errand()
            # events come late: before its own PrintStarted they mean the job before
            if self._announced and not self._is_of_job_before(event):
                reason = _OVER.get(event, "done")
                if (payload or {}).get("reason") == "cancelled":
                    reason = "cancelled"
                self._end(reason, event == Events.PRINT_DONE)
            if event == Events.DISCONNECTED:
                self.state_changed()
        elif event in (Events.PRINT_PAUSED, Events.PRINT_RESUMED):
            self._logger.info("The print was %s", event[len("Print") :].lower())
        elif event == Events.Z_CHANGE:
            self._follow_print(payload)

    def _is_of_job_before(self, event: str) -> bool:
        """A PrintFailed that follows a cancel may come after the next job's start."""
        return event == Events.PRINT_FAILED and self._printer_port.activity() in (
            Activity.PRINTING,
            Activity.PAUSING,
            Activity.PAUSED,
        )

    def _index_ahead(self, payload: dict[str, Any]) -> None:
        if self._print is not None:
            return
        if self._config.enabled and payload.get("origin") == FileDestinations.LOCAL:
            path = self._on_disk(payload["path"])
            self._indexer.request(path, self._config.layers.min_height)

    def _on_disk(self, path: str) -> str:
        on_disk: str = self._file_manager.path_on_disk(FileDestinations.LOCAL, path)
        return on_disk

    def current_profile(self) -> dict[str, Any]:
        """The printer profile in use."""
        profile: dict[str, Any] = self._printer_profile_manager.get_current_or_default()
        return profile

    def before_print(self) -> None:
        """The script hook before the first line; PrintStarted may have come earlier."""
        with self._beginning:
            if not self._begun_by_event:
                self._begin()
            self._begun_by_event = False

    def _begin(self, midway: bool = False) -> None:
        """A job is about to print its first line, or is printing already."""
        before = self._print
        started = before.started if midway and before is not None else time.time()
        self._end("new job")
        self._story.begin()
        self._announced = midway
        file = self._printer.get_current_job().get("file") or {}
        path = file.get("path") or ""
        self._print = Print(path, "", started)
        if not self._config.enabled:
            self._logger.info("Captures are switched off, %s prints without", path)
            return
        if file.get("origin") != FileDestinations.LOCAL:
            self._do_without(
                Message(
                    N_(
                        "This print comes from the printer's own storage, where its "
                        "layers cannot be seen, so nothing is captured. Print the file "
                        "from OctoPrint's storage to capture it."
                    )
                )
            )
            return
        current = self._print = Print(path, self._on_disk(path), started)
        self._engine.expect(midway)
        config = self._config
        indexed = self._indexer.request(current.path, config.layers.min_height)
        indexed.add_done_callback(lambda future: self._arm(current, config, future))

    def _arm(
        self, current: Print, config: settings.Config, indexed: Future[Indexed]
    ) -> None:
        """The layers of the job are known, or are known not to be."""
        if self._print is not current:
            return
        try:
            job = prepare(
                indexed.result(),
                config,
                self.current_profile(),
                self._webcams,
                self.begin_keeping(current, config),
                self,
                self._conditions,
                self.skip_capture,
            )
        except NotCaptured as reason:
            self._engine.disarm("nothing to capture")
            self._do_without(reason.args[0])
            return
        except Abandoned:
            self._engine.disarm("abandoned")
            self._logger.info("The layers of %s are no longer wanted", current.file)
            return
        except Exception as error:
            self._engine.disarm("not indexed")
            self._logger.warning("%s could not be prepared: %s", current.file, error)
            self._logger.debug("Why:", exc_info=True)
            self._do_without(why_unreadable(error, current.file), "error")
            return
        self._story.armed(
            job.folder.print_id,
            current.file,
            job.armed.terms.positions,
            [camera.name for camera in job.pictures.cameras],
        )
        self._job = job
        self._engine.arm(job.armed)
        self.welcome(job, config)
        self.look_ahead(job, current, config)
        if not self._config.enabled:
            # switched off while the file was being read
            self.apply_switch()
        for notice in job.notices:
            self.tell(notice)
        if self._settings.global_get(["webcam", "timelapse", "type"]) == "zchange":
            self.tell(
                Message(
                    N_(
                        "OctoPrint's timelapse takes a picture at each change of Z, so "
                        "it will also see the lifts of captures. A timed timelapse "
                        "does not."
                    )
                )
            )
        self._logger.info(
            "%s: captures at layers %s of %d, %d positions each",
            current.file,
            ", ".join(str(layer.number) for layer in job.armed.plan.layers),
            job.armed.plan.total,
            len(job.armed.terms.allowed),
        )
        self.state_changed()

    def _do_without(self, why: Message, level: str = "notice") -> None:
        """This print gets no captures."""
        self._story.uncaptured = why
        self.tell(why, level)
        self.state_changed()

    def _end(self, reason: str, completed: bool = False) -> None:
        if self._print is None:
            return
        self._print = None
        self._story.over()
        self._begun_by_event = False
        if self._job is None:
            self._indexer.abandon()
        self._engine.disarm(reason, completed)
        self.close_job(reason)
        self.state_changed()

    def close_job(self, reason: str) -> None:
        job, self._job = self._job, None
        if job is None:
            return

        def completed() -> None:
            self.end_keeping(job, reason)

        self._engine.afterwards(lambda: job.close(completed))

    def _conditions(self) -> Conditions:
        return conditions(self._printer, self._printer_port.said())

    def _follow_print(self, payload: dict[str, Any]) -> None:
        job = self._job
        if job is None:
            return
        progress = self._printer.get_current_data().get("progress") or {}
        position = progress.get("filepos") or 0
        job.progressed(position)
        layer = job.indexed.layer_at(position)
        self._logger.debug(
            "ZChange to %s; by the file the job is in layer %s",
            payload.get("new"),
            "none" if layer is None else f"{layer.number} at Z {layer.z:g}",
        )

    # what users decide during a print

    def apply_switch(self) -> None:
        """Let the master switch act on the print under way."""
        if not self._config.enabled:
            self._engine.suspend(_SWITCHED_OFF)
        elif self._engine.suspended == _SWITCHED_OFF:
            self._go_on()
        elif self._print is not None and not self._print.path:
            with self._beginning:
                self._begin(midway=True)

    def skip_print(self, skip: bool) -> bool:
        """Leave out the rest of this print, or not; False where nothing prints."""
        if not self._engine.watching or not (skip or self._config.enabled):
            return False
        if skip:
            self._story.welcome = None
            self._engine.suspend(Message(N_("Captures are off for this print.")))
        else:
            self._go_on()
        self.state_changed()
        return True

    def _go_on(self) -> None:
        """Capture again, with the cameras that were left out as well."""
        job = self._job
        if job is not None:
            job.pictures.roster.restore()
        self._engine.go_on()

    def stop_capture(self) -> bool:
        """End the capture under way and keep its pictures; False without one."""
        under_way = self._engine.run is not None
        self._engine.interrupt("user")
        return under_way

    def capture_now(self) -> bool:
        """Capture at the next line of the file; False where nothing prints."""
        return self._config.enabled and self._engine.capture_now()

    def capture_next(self) -> bool:
        """Capture at the end of the layer being printed; False where nothing prints."""
        if not self._config.enabled:
            return False
        progress = self._printer.get_current_data().get("progress") or {}
        layer = self._engine.capture_next(progress.get("filepos") or 0)
        if layer is not None:
            self._logger.info("Asked for a capture once layer %d is done", layer.number)
            self.state_changed()
        return layer is not None

    def leave_next(self) -> bool:
        """Take that wish back; False where nothing prints."""
        known = self._engine.leave_next()
        self.state_changed()
        return known
