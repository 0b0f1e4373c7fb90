"""The route that says what would be captured of a stored file."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as StillReading
from typing import Any, Callable, Optional

import flask
import octoprint.plugin
from octoprint.access.permissions import Permissions
from octoprint.filemanager import FileDestinations

from .. import config as settings
from ..cameras import Webcams
from ..capture.engine import Engine
from ..gcode import Abandoned
from ..gcode.outline import Point, outline
from ..indexer import Indexed, Indexer
from ..jobs import Job, Print, cameras, why_unreadable
from ..library import Catalog
from ..library.space import Estimate, estimate, room
from ..messages import N_
from ..pace import pace
from .bodies import json_body
from .plan import planned
from .refusals import refusal

PATIENCE = 2.0  # s that a request waits for a file to be read

READY, READING, WAITING, UNREADABLE = "ready", "reading", "waiting", "unreadable"


class PlanSection(octoprint.plugin.BlueprintPlugin):
    """Plans for files that are not printed yet."""

    _engine: Engine
    _indexer: Indexer
    _indexing: Optional[dict[str, Any]]
    _webcams: Webcams
    _file_manager: Any
    _beginning: threading.Lock
    _print: Optional[Print]
    _job: Optional[Job]
    _planned: Optional[tuple[tuple[str, float], Indexed]] = None
    _outlined: Optional[tuple[Indexed, tuple[Point, ...]]] = None
    catalog: Callable[[], Catalog]
    current_profile: Callable[[], dict[str, Any]]

    @octoprint.plugin.BlueprintPlugin.route("/plan", methods=["POST"])
    @Permissions.PLUGIN_LAYERCAPTURE_VIEW.require(403)
    def plan_route(self) -> Any:
        """What the posted settings would capture of a file."""
        body = json_body()
        tree, file = body.get("settings"), body.get("file")
        if not isinstance(tree, dict) or not isinstance(file, str):
            flask.abort(400, description='Expected {"settings": {…}, "file": "…"}')
        path = self._stored(file)
        if path is None:
            return refusal(
                404,
                N_("%(file)s is not among the files that were uploaded to OctoPrint."),
                {"file": file[:500]},
            )
        config, problems = settings.parse(tree)
        return flask.jsonify(
            {
                "file": file,
                "percent": None,
                "message": None,
                "plan": None,
                "problems": [problem.to_dict() for problem in problems],
                **self._plan(file, path, config),
            }
        )

    def _plan(self, file: str, path: str, config: settings.Config) -> dict[str, Any]:
        asked = self._ask_for_layers(path, config.layers.min_height)
        if asked is None:
            return {"state": WAITING}
        try:
            indexed = asked.result(PATIENCE)
        except (StillReading, Abandoned, CancelledError):
            indexing = self._indexing or {}
            return {"state": READING, "percent": indexing.get("percent")}
        except Exception as error:
            return {
                "state": UNREADABLE,
                "message": why_unreadable(error, file).to_dict(),
            }
        used, problems = cameras(config, self._webcams)
        names = [camera.name for camera in used]
        catalog = self.catalog()

        def expected(captures: int, positions: int) -> Estimate:
            return estimate(captures, positions, names, catalog.iter_prints())

        profile = self.current_profile()
        plan = planned(
            indexed.layers,
            self._outline(indexed),
            config,
            profile,
            names,
            expected,
            pace(catalog.iter_prints(), profile, config.motion.hold),
        )
        free = room(catalog.store)
        plan["cameras"] = names
        plan["bytes_free"] = free
        plan["fits"] = free is None or plan["bytes"] <= free
        plan["notices"] += [problem.to_dict() for problem in problems]
        return {"state": READY, "plan": plan}

    def _outline(self, indexed: Indexed) -> tuple[Point, ...]:
        """What the file prints; nothing where it cannot be read any more."""
        known = self._outlined
        if known is not None and known[0] == indexed:
            return known[1]
        try:
            found = outline(indexed.path, indexed.layers)
        except OSError:
            return ()
        self._outlined = (indexed, found)
        return found

    def _ask_for_layers(self, path: str, min_height: float) -> Optional[Future[Indexed]]:
        """The layers of a file; None while a print waits for those of its own."""
        key = (path, min_height)
        known = self._planned
        if known is not None and known[0] == key and known[1].changed() is None:
            done: Future[Indexed] = Future()
            done.set_result(known[1])
            return done
        with self._beginning:
            # what is asked for last is what is read, and a print comes first
            current = self._print
            if current is not None and self._job is None and self._engine.watching:
                return None
            asked = self._indexer.request(path, min_height)

        def remember(future: Future[Indexed]) -> None:
            if not future.cancelled() and future.exception() is None:
                self._planned = (key, future.result())

        asked.add_done_callback(remember)
        return asked

    def _stored(self, file: str) -> Optional[str]:
        """Where a file below uploads is on disk, or None where it is no stored file."""
        try:
            if not self._file_manager.file_exists(FileDestinations.LOCAL, file):
                return None
            on_disk: str = self._file_manager.path_on_disk(FileDestinations.LOCAL, file)
        except Exception:
            # what a storage raises for paths that lead out of it differs
            return None
        return on_disk
