"""The section of the plugin class that says what captures do to a print.

It is said at each print until somebody has answered or a captured print is done, which
has shown it: whether anybody looked at a page is nothing that the server knows.
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
        self._say_no_more()

    def understood(self) -> bool:
        """It is fine by somebody: it goes in all browsers."""
        self.answered()
        self.state_changed()
        return True

    def end_keeping(self, job: Job, ending: str) -> None:
        super().end_keeping(job, ending)
        record = job.folder.record
        if record.outcome == "done" and record.totals.captures:
            self._say_no_more()

    def _say_no_more(self) -> None:
        mark = self._answer()
        try:
            if not mark.exists():
                text = json.dumps({"answered": time.time()}) + "\n"
                mark.write_text(text, encoding="utf-8")
        except OSError as error:
            self._logger.warning("%s could not be written: %s", mark, error)

    def _answer(self) -> Path:
        return Path(self.get_plugin_data_folder()) / _ANSWERED
