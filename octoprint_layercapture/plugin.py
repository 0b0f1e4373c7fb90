"""The one plugin class: OctoPrint's events and hooks in, plugin messages out."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Optional

import octoprint.plugin
from flask import has_request_context
from octoprint.access.permissions import Permissions

from . import config as settings
from . import credentials, migrations, updates
from .cameras import Webcams
from .capture.engine import Engine
from .comm import CommSection
from .filming import VideoSection
from .gcode.cache import IndexCache
from .indexer import Indexer
from .messages import N_, Message, Problem
from .pictures import written
from .printer import OctoPrintPrinter, SystemClock
from .titles import section, title
from .web.api import ApiSection
from .web.camera_tests import CameraTests
from .web.cameras import CamerasSection
from .web.measure import MeasureRoutes
from .web.permissions import permissions
from .web.planning import PlanSection
from .web.prints import PrintsSection
from .web.trial import TrialRoutes
from .web.videos import VideoRoutes

_WRITING = 15.0  # s that the last pictures may take when the server ends


class LayerCapturePlugin(
    ApiSection,
    CamerasSection,
    MeasureRoutes,
    PlanSection,
    PrintsSection,
    TrialRoutes,
    VideoRoutes,
    VideoSection,
    CommSection,
    octoprint.plugin.StartupPlugin,
    octoprint.plugin.ShutdownPlugin,
    octoprint.plugin.SettingsPlugin,
    octoprint.plugin.TemplatePlugin,
    octoprint.plugin.AssetPlugin,
):
    """Layer Capture, as OctoPrint sees it."""

    def initialize(self) -> None:
        self._printer_port = OctoPrintPrinter(self._printer)
        self._engine = Engine(self._printer_port, SystemClock(), self, self.watch_for)
        self._webcams = Webcams()
        self._test_webcams = Webcams()
        self._camera_tests = CameraTests()
        cache = IndexCache(Path(self.get_plugin_data_folder()) / "layers")
        self._indexer = Indexer(cache.index, self.indexing_progressed)
        self._config, _ = settings.parse(self._settings.get_all_data())
        self._print = None
        self._beginning = threading.Lock()
        self._announced = False
        self._begun_by_event = False
        self._job = None
        self._last = {}
        self._indexing = None

    def on_after_startup(self) -> None:
        self._engine.start()
        self._background.submit(self.clear_trials)
        for problem in settings.parse(self._settings.get_all_data())[1]:
            self._logger.warning("Setting %s: %s", problem.key, problem.message)

        self.look_for_cameras()
        self.tidy()

    def on_shutdown(self) -> None:
        self.end_errand("shutdown")
        self.close_job("shutdown")
        self._engine.shutdown()
        if not written(_WRITING):
            self._logger.warning("Not all pictures were written before the end")
        self._indexer.shutdown()

    def get_settings_defaults(self) -> dict[str, Any]:
        return settings.defaults()

    def get_settings_version(self) -> int:
        return migrations.VERSION

    def on_settings_migrate(self, target: int, current: Optional[int]) -> None:
        stored = self._settings.get_all_data(merged=False, incl_defaults=False)
        if stored:
            self._settings.set([], migrations.migrated(stored, current))
            self._logger.info("The settings were brought to form %d", target)

    def on_settings_initialized(self) -> None:
        # they were first read before they were migrated
        self._config, _ = settings.parse(self._settings.get_all_data())

    def on_settings_load(self) -> dict[str, Any]:
        may_edit = not has_request_context() or Permissions.SETTINGS.can()
        return credentials.withheld(self._config, addresses=not may_edit)

    def on_settings_save(self, data: dict[str, Any]) -> Any:
        before = self._config
        saved = octoprint.plugin.SettingsPlugin.on_settings_save(
            self, settings.known(credentials.kept(data))
        )
        self._config, problems = settings.parse(self._settings.get_all_data(), before)
        folder = self.settle_folder(self._config)
        if folder is not None:
            problems.append(folder)
            files = self._config.files.model_copy(update={"folder": before.files.folder})
            self._config = self._config.model_copy(update={"files": files})
        for key, value in self._config.model_dump(mode="json").items():
            self._settings.set([key], value)
        for problem in problems:
            self.tell(_corrected(problem, self._config), "error")
        if self._config.files != before.files:
            self.tidy()
        if self._config.enabled != before.enabled:
            self.apply_switch()
        self.look_for_cameras()
        self.state_changed()
        return saved

    def set_enabled(self, enabled: bool) -> None:
        """The master switch."""
        self._settings.set_boolean(["enabled"], enabled)
        self._settings.save(trigger_event=True)
        self._config, _ = settings.parse(self._settings.get_all_data())
        self._logger.info("Captures are switched %s", "on" if enabled else "off")
        self.apply_switch()
        self.state_changed()

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
            "js": [
                "js/layercapture_fields.js",
                "js/layercapture_board.js",
                "js/layercapture_camera.js",
                "js/layercapture_cameras.js",
                "js/layercapture_settings_drawing.js",
                "js/layercapture_settings_handles.js",
                "js/layercapture_settings_plan.js",
                "js/layercapture_settings_typed.js",
                "js/layercapture_settings.js",
                "js/layercapture_gallery_words.js",
                "js/layercapture_gallery_pictures.js",
                "js/layercapture_gallery_look.js",
                "js/layercapture_gallery_list.js",
                "js/layercapture_gallery_transfer.js",
                "js/layercapture_gallery_videos.js",
                "js/layercapture_gallery_compare.js",
                "js/layercapture_gallery_play.js",
                "js/layercapture_gallery_viewer.js",
                "js/layercapture_gallery_print.js",
                "js/layercapture_gallery.js",
                "js/layercapture_live_feed.js",
                "js/layercapture_live_words.js",
                "js/layercapture_live.js",
                "js/layercapture_trial.js",
                "js/layercapture_tab.js",
            ],
            "clientjs": ["clientjs/layercapture.js"],
            "css": [
                "css/layercapture.css",
                "css/layercapture_settings.css",
                "css/layercapture_live.css",
                "css/layercapture_trial.css",
                "css/layercapture_gallery.css",
                "css/layercapture_gallery_viewing.css",
            ],
        }

    def update_information(self) -> dict[str, dict[str, Any]]:
        name, version = self._plugin_name, self._plugin_version
        return updates.check_config(self._identifier, name, version)

    def additional_permissions(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        return permissions()


def _corrected(problem: Problem, config: settings.Config) -> Message:
    group, _, name = problem.key.partition(".")
    where = {"section": section(problem.key), "name": title(problem.key)}
    what = {**where, "why": problem.message}
    value = getattr(getattr(config, group), name) if name else None
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return Message(
            N_(
                "Settings, %(section)s: “%(name)s” was not saved as entered. %(why)s "
                "What was set before was kept."
            ),
            what,
        )
    return Message(
        N_(
            "Settings, %(section)s: “%(name)s” was not saved as entered. %(why)s "
            "%(value)s was kept."
        ),
        {**what, "value": value},
    )
