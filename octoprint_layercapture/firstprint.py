"""The section of the plugin class that says what captures do to a print.

It is said at each print until somebody has answered: whether anybody looked at a page is
nothing that the server knows.
"""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path

from . import config as settings
from .capture.duration import seconds_per_capture
from .jobs import Job
from .keeping import KeepingSection
from .pace import settling

_ANSWERED = "first_print.json"


class FirstPrintSection(KeepingSection):
    """The first prints after the installation are told of, and hold for nobody."""

    _logger: logging.Logger

    def welcome(self, job: Job, config: settings.Config) -> None:
        """Says what will happen, unless somebody has answered that before."""
        if self._answer().exists():
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

    def answered(self) -> None:
        """Somebody has read it and decided: it is said no more."""
        if self._story.welcome is None:
            return
        self._story.welcome = None
        try:
            self._answer().write_text(
                json.dumps({"answered": time.time()}) + "\n", encoding="utf-8"
            )
        except OSError as error:
            self._logger.warning("%s could not be written: %s", self._answer(), error)

    def understood(self) -> bool:
        """It is fine by somebody: it goes in all browsers."""
        self.answered()
        self.state_changed()
        return True

    def _answer(self) -> Path:
        return Path(self.get_plugin_data_folder()) / _ANSWERED
