"""Between hooks and captures: the job that is armed, and the thread that captures.

The queuing hook asks :attr:`Engine.tags` and calls :meth:`Engine.on_boundary`; the
captures themselves run on one daemon thread, one after the other.
"""

from __future__ import annotations

import logging
import queue
import threading
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..gcode import Layer
from .head import Head
from .hold import JobHold
from .plan import Plan
from .ports import Clock, Outcome, Printer, Recorder, Shot
from .run import CaptureRun, Terms

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

NO_TAGS: frozenset[str] = frozenset()
FILE_LINES: frozenset[str] = frozenset({"source:file"})

_MOVES = ("G0", "G1", "G2", "G3")


class Listener:
    """Hears what becomes of captures. Called on the capture thread."""

    def capture_started(self, layer: Layer, positions: int) -> None:
        """A layer's boundary was reached and the job is held."""

    def capture_ended(self, outcome: Outcome) -> None:
        """The job goes on."""

    def layers_missed(self, layers: list[Layer]) -> None:
        """The boundaries of these layers never came."""


@dataclass(frozen=True)
class Armed:
    """A job that is ready to be captured.

    Attributes:
        plan: its due layers and their tags
        terms: what each capture does
        open_recorder: makes the Recorder of one capture
    """

    plan: Plan
    terms: Terms
    open_recorder: Callable[[Layer], Recorder]


class Engine:
    """Captures the layers of the armed job.

    Args:
        printer, clock: the world
        listener: hears of captures
    """

    def __init__(self, printer: Printer, clock: Clock, listener: Listener) -> None:
        self.tags: frozenset[str] = NO_TAGS
        self.head = Head(printer, clock)
        self._printer = printer
        self._clock = clock
        self._listener = listener
        self._hold = JobHold(printer)
        self._job: Optional[Armed] = None
        self._handled: set[int] = set()
        self._lock = threading.Lock()
        self._work: queue.Queue[Optional[Callable[[], None]]] = queue.Queue()
        self._stop_reason: Optional[str] = None
        self._expected = False
        self._thread: Optional[threading.Thread] = None
        self.run: Optional[CaptureRun] = None

    def start(self) -> None:
        """Start the capture thread."""
        self._thread = threading.Thread(
            target=self._loop, name="layercapture", daemon=True
        )
        self._thread.start()

    def shutdown(self, seconds: float = 5.0) -> None:
        """End a capture under way, put the head back, stop the thread."""
        self.disarm("shutdown")
        self._work.put(None)
        if self._thread is not None:
            self._thread.join(seconds)

    def expect(self) -> None:
        """A job is about to print whose layers are not known yet.

        It is held at its first move until :meth:`arm` or :meth:`disarm` follows.
        """
        self.disarm("new job")
        with self._lock:
            self._expected = True
            self.tags = FILE_LINES

    def arm(self, job: Armed) -> None:
        """Watch for the layers of the job that was expected."""
        with self._lock:
            if not self._expected:
                return
            self._expected = False
            self._job = job
            self._handled = set()
            self._stop_reason = None
            self.tags = job.plan.tags
        self._hold.release()

    def disarm(self, reason: str, completed: bool = False) -> None:
        """The job is over or no longer to be captured; ends a capture under way.

        Args:
            reason: in a word, for the log
            completed: the job printed to its end, so layers not seen were missed
        """
        with self._lock:
            expected, self._expected = self._expected, False
            job, self._job = self._job, None
            self.tags = NO_TAGS
            handled = set(self._handled)
        if expected:
            # not here: this may be a hook, and a release runs the job's next lines
            self._work.put(self._hold.release)
        if job is None:
            return
        if completed:
            self._report_missed(
                [layer for layer in job.plan.layers if layer.number not in handled]
            )
        else:
            self.interrupt(reason)

    def interrupt(self, reason: str) -> None:
        """End the capture under way, if there is one, at its next look."""
        self._stop_reason = reason
        with self.head.news:
            self.head.news.notify_all()

    @property
    def armed(self) -> bool:
        """Whether a job is being watched."""
        return self._job is not None

    def on_boundary(
        self, tags: Any, connection: object, gcode: Optional[str] = None
    ) -> None:
        """A line with one of :attr:`tags` is being queued: hold, and capture.

        Called within the queuing hook; nobody keeps the lock while calling out. Where
        the hold is refused, the layer's next lines try again.
        """
        with self._lock:
            if self._expected:
                if gcode in _MOVES and self._hold.take(connection):
                    _log.info("The job waits until its layers are known")
                return
            job = self._job
            if job is None:
                return
            by_tag = job.plan.by_tag
            layer = next((by_tag[tag] for tag in tags if tag in by_tag), None)
            if layer is None or layer.number in self._handled:
                return
            if not self._hold.take(connection):
                _log.debug("Layer %d: the hold was refused, trying on", layer.number)
                return
            self._handled.add(layer.number)
            self._stop_reason = None
        self._work.put(lambda: self._capture(job, layer))

    def _loop(self) -> None:
        while True:
            work = self._work.get()
            if work is None:
                return
            try:
                work()
            except Exception:
                _log.exception("The capture thread met an unexpected error")

    def _capture(self, job: Armed, layer: Layer) -> None:
        recorder: Recorder = _NO_RECORDER
        try:
            self._report_missed(self._passed_over(job, layer))
            recorder = job.open_recorder(layer)
            self._listener.capture_started(layer, len(job.terms.allowed))
            run = self.run = CaptureRun(
                layer,
                job.terms,
                self._printer,
                self.head,
                self._hold,
                self._clock,
                recorder,
                lambda: self._stop_reason,
            )
            outcome = run.run()
        finally:
            self.run = None
            self._hold.release()
        recorder.close(outcome)
        self._listener.capture_ended(outcome)

    def _passed_over(self, job: Armed, layer: Layer) -> list[Layer]:
        """Due layers before this one whose lines never came; they count as handled."""
        missed = [
            other
            for other in job.plan.layers
            if other.number < layer.number and other.number not in self._handled
        ]
        self._handled.update(other.number for other in missed)
        return missed

    def _report_missed(self, missed: list[Layer]) -> None:
        if missed:
            self._listener.layers_missed(missed)


class _NoRecorder:
    """Stands in until a capture's own recorder is open."""

    def expose(self, shot: Shot) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def abandon(self) -> None:
        pass

    def close(self, outcome: Outcome) -> None:
        pass


_NO_RECORDER = _NoRecorder()
