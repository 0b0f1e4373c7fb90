"""The section of the plugin class that says once what captures do to a print."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

from . import config as settings
from .capture.duration import seconds_per_capture
from .jobs import Job
from .keeping import KeepingSection
from .web.plan import settling

_TOLD = "first_print.json"


class FirstPrintSection(KeepingSection):
    """The first print after the installation is told of, and holds for nobody."""

    _logger: logging.Logger

    def welcome(self, job: Job, config: settings.Config) -> None:
        """Says what will happen, if no print was captured before."""
        told = Path(self.get_plugin_data_folder()) / _TOLD
        if told.exists():
            return
        try:
            told.write_text(json.dumps({"told": time.time()}) + "\n", encoding="utf-8")
        except OSError as error:
            # it would be said at each print
            self._logger.warning("%s could not be written: %s", told, error)
            return
        names = [camera.name for camera in job.pictures.cameras]
        layers, terms = len(job.armed.plan.layers), job.armed.terms
        each = seconds_per_capture(terms, settling(config, names), None)
        self._story.welcome = {
            "layers": layers,
            "layers_total": job.armed.plan.total,
            "positions": len(terms.allowed),
            "cameras": len(names),
            "seconds": round(layers * each),
        }

    def understood(self) -> bool:
        """Somebody has read it: it goes in all browsers."""
        self._story.welcome = None
        self.state_changed()
        return True
