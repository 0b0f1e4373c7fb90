"""The one plugin class: OctoPrint's events and hooks in, plugin messages out."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Optional

import octoprint.plugin
from octoprint.events import Events
from octoprint.filemanager import FileDestinations

from . import config as settings
from .cameras import Webcams
from .capture.engine import Engine, Listener
from .capture.ports import Outcome, Shot
from .gcode import Layer
from .gcode.cache import IndexCache
from .jobs import Indexed, Indexer, Job, NotCaptured, Print, prepare, why_unreadable
from .library import Store
from .messages import N_, Message, Problem
from .printer import OctoPrintPrinter, SystemClock
from .web.api import ApiSection
from .web.permissions import permissions

_OVER = {
    Events.PRINT_CANCELLING: "cancelled",
    Events.PRINT_CANCELLED: "cancelled",
    Events.PRINT_FAILED: "failed",
    Events.DISCONNECTED: "disconnected",
    Events.ERROR: "error",
}


class LayerCapturePlugin(
    ApiSection,
    Listener,
    octoprint.plugin.StartupPlugin,
    octoprint.plugin.ShutdownPlugin,
    octoprint.plugin.SettingsPlugin,
    octoprint.plugin.TemplatePlugin,
    octoprint.plugin.AssetPlugin,
    octoprint.plugin.EventHandlerPlugin,
):
    """Layer Capture, as OctoPrint sees it."""

    _engine: Engine
    _printer_port: OctoPrintPrinter
    _indexer: Indexer
    _webcams: Webcams

    def initialize(self) -> None:
        self._printer_port = OctoPrintPrinter(self._printer)
        self._engine = Engine(self._printer_port, SystemClock(), self)
        self._webcams = Webcams()
        cache = IndexCache(Path(self.get_plugin_data_folder()) / "layers")
        self._indexer = Indexer(cache.index)
        self._config, _ = settings.parse(self._settings.get_all_data())
        self._print: Optional[Print] = None
        self._job: Optional[Job] = None
        self._last: dict[str, Any] = {}

    # OctoPrint's life

    def on_after_startup(self) -> None:
        self._engine.start()
        for problem in settings.parse(self._settings.get_all_data())[1]:
            self._logger.warning("Setting %s: %s", problem.key, problem.message)

    def on_shutdown(self) -> None:
        self._engine.shutdown()
        self._close_job()
        self._indexer.shutdown()

    # settings

    def get_settings_defaults(self) -> dict[str, Any]:
        return settings.defaults()

    def get_settings_version(self) -> int:
        return settings.VERSION

    def on_settings_save(self, data: dict[str, Any]) -> Any:
        before = self._config
        saved = octoprint.plugin.SettingsPlugin.on_settings_save(self, data)
        self._config, problems = settings.parse(self._settings.get_all_data(), before)
        for key, value in self._config.model_dump(mode="json").items():
            self._settings.set([key], value)
        self._settings.save()
        for problem in problems:
            self._tell(_corrected(problem, self._config), "error")
        self._apply_switch()
        return saved

    def set_enabled(self, enabled: bool) -> None:
        """The master switch."""
        self._settings.set_boolean(["enabled"], enabled)
        self._settings.save(trigger_event=True)
        self._config, _ = settings.parse(self._settings.get_all_data())
        self._logger.info("Captures are switched %s", "on" if enabled else "off")
        self._apply_switch()
        self._message("state", **self.state())

    def _apply_switch(self) -> None:
        """Let the master switch act on the print under way."""
        if not self._config.enabled:
            self._engine.suspend(Message(N_("Captures are switched off.")))
        elif self._engine.suspended is not None:
            self._engine.go_on()
        elif self._print is not None and not self._print.path:
            self._begin(midway=True)

    def skip_print(self, skip: bool) -> bool:
        """Leave out the rest of this print, or not; False where nothing prints."""
        if not self._engine.armed:
            return False
        if skip:
            self._engine.suspend(Message(N_("Captures are off for this print.")))
        else:
            self._engine.go_on()
        self._message("state", **self.state())
        return True

    def stop_capture(self) -> None:
        """End the capture under way, keep its pictures and let the job go on."""
        self._engine.interrupt("user")

    def capture_next(self) -> bool:
        """Capture at the end of the layer being printed; False where nothing prints."""
        progress = self._printer.get_current_data().get("progress") or {}
        layer = self._engine.capture_next(progress.get("filepos") or 0)
        if layer is not None:
            self._logger.info("Asked for a capture once layer %d is done", layer.number)
        return layer is not None

    def get_template_configs(self) -> list[dict[str, Any]]:
        return [
            {
                "type": "settings",
                "name": "Layer Capture",
                "template": "layercapture_settings.jinja2",
                "custom_bindings": True,
            },
            {
                "type": "tab",
                "name": "Layer Capture",
                "template": "layercapture_tab.jinja2",
                "custom_bindings": True,
            },
        ]

    def is_template_autoescaped(self) -> bool:
        return True

    def get_assets(self) -> dict[str, list[str]]:
        return {
            "js": ["js/layercapture_settings.js", "js/layercapture_tab.js"],
            "clientjs": ["clientjs/layercapture.js"],
            "css": ["css/layercapture.css"],
        }

    def additional_permissions(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return permissions()

    # comm hooks: never block, never raise, next to nothing where nothing is due

    def on_gcode_queuing(
        self,
        comm: Any,
        phase: str,
        cmd: str,
        cmd_type: Optional[str],
        gcode: Optional[str],
        subcode: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        engine = self._engine
        if tags and not engine.tags.isdisjoint(tags):
            try:
                self._printer_port.seen(comm)
                engine.on_boundary(tags, comm, gcode)
            except Exception:
                self._logger.exception("The boundary of a layer was not recognised")

    def on_gcode_sending(
        self,
        comm: Any,
        phase: str,
        cmd: str,
        cmd_type: Optional[str],
        gcode: Optional[str],
        subcode: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        try:
            self._printer_port.sending(comm, cmd)
            self._engine.head.on_sending(cmd, tags or ())
        except Exception:
            self._logger.exception("A line being sent was not understood")

    def on_gcode_received(self, comm: Any, line: str, *args: Any, **kwargs: Any) -> str:
        try:
            self._printer_port.seen(comm)
            self._engine.head.on_received(line)
        except Exception:
            self._logger.exception("A line from the printer was not understood")
        return line

    def on_script(
        self, comm: Any, script_type: str, script_name: str, *args: Any, **kwargs: Any
    ) -> None:
        if script_type == "gcode" and script_name == "beforePrintStarted":
            try:
                self._printer_port.seen(comm)
                self._begin()
            except Exception:
                self._logger.exception("The job could not be prepared for captures")

    def on_at_command(
        self,
        comm: Any,
        phase: str,
        command: str,
        parameters: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        if command.upper() != "LAYERCAPTURE":
            return
        try:
            self._obey((parameters or "").strip().lower())
        except Exception:
            self._logger.exception("@%s %s failed", command, parameters)

    def _obey(self, wish: str) -> None:
        """``@LAYERCAPTURE`` now (also without a word), on or off."""
        if wish in ("", "now"):
            done = self._engine.capture_now()
        elif wish in ("on", "off"):
            done = self.skip_print(wish == "off")
        else:
            self._logger.warning(
                "@LAYERCAPTURE %s is not known; it takes now, on or off", wish
            )
            return
        if not done:
            self._logger.info("@LAYERCAPTURE %s: nothing is printed with captures", wish)

    # events

    def on_event(self, event: str, payload: dict[str, Any]) -> None:
        if event == Events.FILE_SELECTED:
            self._index_ahead(payload)
        elif event == Events.PRINT_STARTED:
            if self._print is None:
                self._begin()
        elif event == Events.PRINT_DONE:
            self._end("done", completed=True)
        elif event in _OVER:
            self._end(_OVER[event])
        elif event in (Events.PRINT_PAUSED, Events.PRINT_RESUMED):
            self._logger.info("The print was %s", event[len("Print") :].lower())
        elif event == Events.Z_CHANGE:
            self._log_z_change(payload)

    def _index_ahead(self, payload: dict[str, Any]) -> None:
        if self._config.enabled and payload.get("origin") == FileDestinations.LOCAL:
            path = self._on_disk(payload["path"])
            self._indexer.request(path, self._config.layers.min_height)

    def _on_disk(self, path: str) -> str:
        on_disk: str = self._file_manager.path_on_disk(FileDestinations.LOCAL, path)
        return on_disk

    # jobs

    def _begin(self, midway: bool = False) -> None:
        """A job is about to print its first line, or is printing already."""
        self._end("new job")
        file = self._printer.get_current_job().get("file") or {}
        path = file.get("path") or ""
        self._print = Print(path, "", time.time())
        if not self._config.enabled:
            self._logger.info("Captures are switched off, %s prints without", path)
            return
        if file.get("origin") != FileDestinations.LOCAL:
            self._tell(
                Message(
                    N_(
                        "This print comes from the printer's own storage, where its "
                        "layers cannot be seen, so nothing is captured. Print the file "
                        "from OctoPrint's storage to capture it."
                    )
                )
            )
            return
        current = self._print = Print(path, self._on_disk(path), time.time())
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
                self._store(config).begin_print(
                    current.file, current.started, instance=self._instance()
                ),
                self,
            )
        except NotCaptured as reason:
            self._engine.disarm("nothing to capture")
            self._tell(reason.args[0])
            return
        except Exception as error:
            self._engine.disarm("not indexed")
            self._logger.warning("%s could not be prepared: %s", current.file, error)
            self._logger.debug("Why:", exc_info=True)
            self._tell(why_unreadable(error, current.file), "error")
            return
        self._job = job
        self._engine.arm(job.armed)
        for notice in job.notices:
            self._tell(notice)
        if self._settings.global_get(["webcam", "timelapse", "type"]) == "zchange":
            self._tell(
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
        self._message("state", **self.state())

    def _end(self, reason: str, completed: bool = False) -> None:
        if self._print is None:
            return
        self._print = None
        self._engine.disarm(reason, completed)
        self._close_job()
        self._message("state", **self.state())

    def _close_job(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.pictures.close()

    def _store(self, config: settings.Config) -> Store:
        uploads = Path(self._settings.global_get_basefolder("uploads"))
        return Store(
            uploads / "layercapture",
            sanitize=self._sanitize,
            uploads=uploads,
            folder_per_print=config.files.folder_per_print,
        )

    def _sanitize(self, name: str) -> str:
        clean: str = self._file_manager.sanitize_name(FileDestinations.LOCAL, name)
        return clean

    def _instance(self) -> str:
        name = self._settings.global_get(["appearance", "name"])
        return str(name or "OctoPrint")

    def current_profile(self) -> dict[str, Any]:
        """The printer profile in use."""
        profile: dict[str, Any] = self._printer_profile_manager.get_current_or_default()
        return profile

    def _log_z_change(self, payload: dict[str, Any]) -> None:
        job = self._job
        if job is None:
            return
        progress = self._printer.get_current_data().get("progress") or {}
        layer = job.indexed.layer_at(progress.get("filepos") or 0)
        self._logger.debug(
            "ZChange to %s; by the file the job is in layer %s",
            payload.get("new"),
            "none" if layer is None else f"{layer.number} at Z {layer.z:g}",
        )

    # what captures say

    def capture_started(self, layer: Layer, positions: int) -> None:
        self._logger.info(
            "Layer %d (Z %g): the job is held, %d positions",
            layer.number,
            layer.z,
            positions,
        )
        self._message("capture_started", layer=layer.number, z=layer.z, total=positions)

    def capture_ended(self, outcome: Outcome) -> None:
        layer = outcome.layer.number
        if outcome.failure is not None:
            self._logger.warning("Layer %d: %s", layer, outcome.failure)
            self._message("capture_failed", layer=layer, **outcome.failure.to_dict())
        elif outcome.interrupted is not None:
            self._logger.info("Layer %d: ended by %s", layer, outcome.interrupted)
        if outcome.paused:
            self._tell(
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
        self._tell(
            Message(
                N_(
                    "The end of layer %(layers)s never came past Layer Capture, so it "
                    "was not captured. Another plugin may have changed these lines."
                ),
                {"layers": numbers},
            )
        )

    def captures_suspended(self, why: Message) -> None:
        self._tell(why, "error")
        self._message("state", **self.state())

    def notice(self, message: Message) -> None:
        self._tell(message)

    def picture_saved(self, shot: Shot, path: str, kept: int) -> None:
        job = self._job
        self._logger.debug("Layer %d: kept %s", shot.layer.number, path)
        self._message(
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
        self._message("capture_finished", **self._last)
        self._message("state", **self.state())

    # out

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
        }
        if job is not None and current is not None:
            shown["job"] = {
                "file": current.file,
                "layers_total": job.armed.plan.total,
                "layers": [layer.number for layer in job.armed.plan.layers],
                "positions": len(job.armed.terms.allowed),
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

    def _tell(self, message: Message, level: str = "notice") -> None:
        """Say something once: to the log and to whoever looks at the page."""
        self._logger.warning("%s", message)
        self._message("notice", level=level, **message.to_dict())

    def _message(self, event: str, **payload: Any) -> None:
        self._plugin_manager.send_plugin_message(
            self._identifier, {"event": event, **payload}
        )


def _corrected(problem: Problem, config: settings.Config) -> Message:
    group, _, name = problem.key.partition(".")
    value = getattr(config, group)
    return Message(
        N_("The setting %(key)s was not saved as entered: %(why)s It is %(value)s now."),
        {
            "key": problem.key,
            "why": str(problem.message),
            "value": getattr(value, name) if name else value,
        },
    )
