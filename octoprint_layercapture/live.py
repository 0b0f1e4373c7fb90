"""The section of the plugin class that shows screens what goes on: state and messages."""

from __future__ import annotations

import logging
import time
from typing import Any, Optional

from octoprint.filemanager import FileDestinations

from . import config as settings
from .cameras import Webcams
from .capture.engine import Engine
from .capture.run import CaptureRun
from .jobs import Job, Print, cameras
from .messages import N_, Message
from .progress import Place, next_layer, place
from .story import LEFT_OUT, Story
from .teller import Teller
from .waiting import WRITE, WRITING, place_of, words

_log = logging.getLogger("octoprint.plugins.layercapture.live")

_CAPTURING = 0.3  # s between two looks at a capture under way
_PRINTING = 3.0  # s between two looks at how far the print is

_OFFLINE = Message(
    N_("The printer is not connected. Connect it, and the next print is captured.")
)
_NO_FILE = Message(
    N_("Ready. Choose a file and print it: pictures are taken from the next print on.")
)
_ON_CARD = Message(
    N_(
        "%(file)s lies on the printer's own storage, where its layers cannot be seen. "
        "Print it from OctoPrint's storage to capture it."
    )
)


class LiveSection:
    """What the plugin does now, told as it happens and as a whole."""

    _engine: Engine
    _config: settings.Config
    _print: Optional[Print]
    _job: Optional[Job]
    _last: dict[str, Any]
    _indexing: Optional[dict[str, Any]]
    _webcams: Webcams
    _printer: Any
    _plugin_manager: Any
    _identifier: str

    def __init__(self) -> None:
        super().__init__()
        self._story = Story()
        self._teller = Teller(self._progress, self._tell_progress)
        self._without_camera: Optional[Message] = None

    # telling

    def message(self, event: str, **payload: Any) -> None:
        """A piece of the story, to all browsers."""
        self._send(event, {**payload, **self._stamp(self._story.turn())})

    def state_changed(self) -> None:
        """The whole state, to all browsers. Never raises: callers have more to do."""
        self._story.turn()
        try:
            self._send("state", self.state())
        except Exception:
            _log.exception("The state could not be told")
        self._teller.wake()

    def _tell_progress(self, found: dict[str, Any]) -> None:
        self.message("progress", **found)

    def _stamp(self, revision: int) -> dict[str, Any]:
        return {"revision": revision, "session": self._story.session}

    def _send(self, event: str, payload: dict[str, Any]) -> None:
        self._plugin_manager.send_plugin_message(
            self._identifier, {"event": event, **payload}
        )

    # the whole

    def state(self) -> dict[str, Any]:
        """What the plugin does now, as the browser sees it."""
        stamp = self._stamp(self._story.revision)
        run, job, current = self._engine.run, self._job, self._print
        state = "capturing" if run else "armed" if self._engine.armed else "idle"
        why = self._engine.suspended
        shown: dict[str, Any] = {
            **stamp,
            "enabled": self._config.enabled,
            "state": state,
            "advice": None,
            "job": None,
            "capture": self._capture(run),
            "last": self._last or None,
            "suspended": None if why is None else why.to_dict(),
            "indexing": self._indexing,
            "welcome": self._story.welcome,
            **self._story.shown(),
        }
        if job is not None and current is not None:
            shown["job"] = self._shown_plan(job, current)
        elif self._config.enabled:
            advice = self._advice(current)
            shown["advice"] = None if advice is None else advice.to_dict()
        return shown

    def _shown_plan(self, job: Job, current: Print) -> dict[str, Any]:
        """This print's plan, and what has become of it so far."""
        plan = job.armed.plan
        asked, where = self._engine.asked, self._where(job, current)
        known = self._story.known()
        if where["current"] is not None:
            for layer in plan.left(self._engine.handled, before=where["current"]):
                known.setdefault(layer.number, LEFT_OUT)
        outcome: dict[str, list[int]] = {
            what: sorted(number for number, became in known.items() if became == what)
            for what in ("done", "failed", "missed", "left_out")
        }
        return {
            "file": current.file,
            "layers_total": plan.total,
            "layers": [layer.number for layer in plan.layers],
            "positions": len(job.armed.terms.allowed),
            "cameras": [camera.name for camera in job.pictures.cameras],
            "expected": job.expected,
            "asked": None if asked is None else asked.number,
            **outcome,
            **where,
        }

    def _where(self, job: Job, current: Print) -> dict[str, Any]:
        """The current layer, the next one to capture, and about when that is."""
        at = self._printed(current)
        layer = None if at is None else job.indexed.layer_at(at.position)
        number = None if layer is None else layer.number
        suspended = self._engine.suspended is not None
        following = next_layer(
            () if suspended else job.armed.plan.layers,
            self._engine.handled,
            self._engine.asked,
            number,
        )
        return {
            "current": number,
            "next": None
            if following is None
            else {
                "layer": following.number,
                "seconds": None
                if at is None
                else rounded(at.seconds_to(following.capture_pos)),
            },
        }

    def _printed(self, current: Print) -> Optional[Place]:
        elapsed = time.time() - current.started
        return place(self._printer.get_current_data(), current.file, elapsed)

    def _capture(self, run: Optional[CaptureRun]) -> Optional[dict[str, Any]]:
        if run is None:
            writing = self._story.writing()
            if writing is None:
                return None
            return {
                **writing,
                "step": WRITE,
                "index": None,
                "waits_for": WRITING.to_dict(),
            }
        at = place_of(run)
        missing = [] if at is None else self._story.missing(at.index)
        return {
            "layer": run.layer.number,
            "z": run.layer.z,
            "step": run.step.value,
            "visited": run.visited,
            "total": run.planned,
            "index": None if at is None else at.index,
            "waits_for": words(run, missing).to_dict(),
        }

    def _progress(self) -> tuple[Optional[float], dict[str, Any]]:
        """What changes all the time, for the teller."""
        run, job, current = self._engine.run, self._job, self._print
        if job is None or current is None:
            capture = self._capture(run)
            return (None if capture is None else _CAPTURING), {"capture": capture}
        found = {"capture": self._capture(run), **self._where(job, current)}
        return (_PRINTING if found["capture"] is None else _CAPTURING), found

    # nothing is captured now

    def look_for_cameras(self) -> None:
        """Find out whether there is any; asks other plugins, so not in hooks."""
        found, problems = cameras(self._config, self._webcams)
        self._without_camera = problems[0] if problems and not found else None

    def _advice(self, current: Optional[Print]) -> Optional[Message]:
        """What stands in the way of captures, or what to do to get some."""
        if self._story.uncaptured is not None:
            return self._story.uncaptured
        if current is not None:
            return None
        if not self._printer.is_operational():
            return _OFFLINE
        if self._without_camera is not None:
            return self._without_camera
        chosen = (self._printer.get_current_job() or {}).get("file") or {}
        if not chosen.get("path"):
            return _NO_FILE
        if chosen.get("origin") != FileDestinations.LOCAL:
            return Message(_ON_CARD.text, {"file": chosen["path"]})
        return None


def rounded(seconds: Optional[float]) -> Optional[int]:
    """As exact as anybody can say it, so that it is not told anew each second."""
    if seconds is None:
        return None
    step = 5 if seconds < 90 else 30 if seconds < 600 else 60
    return int(step * round(seconds / step))
