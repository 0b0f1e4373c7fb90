"""Between hooks and captures: the job that is armed, and the thread that captures.

The queuing hook asks :attr:`Engine.tags` and calls :meth:`Engine.on_boundary`; the
captures themselves run on one daemon thread, one after the other.
"""

from __future__ import annotations

import logging
import threading
from dataclasses import replace
from typing import Any, Callable, Optional

from ..gcode import Layer
from ..messages import N_, Message
from .head import Head
from .hold import JobHold
from .job import NO_RECORDER, Armed, Called, Listener, broken
from .plan import NO_TAGS
from .ports import Clock, Outcome, Printer, Recorder
from .run import SHUTDOWN, CaptureRun
from .worker import Worker

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

FILE_LINES: frozenset[str] = frozenset({"source:file"})
FAILURES_IN_A_ROW = 3

_MOVES = ("G0", "G1", "G2", "G3")


class Engine:
    """Captures the layers of the armed job.

    Args:
        printer, clock: the world
        listener: hears of captures
        watch_for: is told which tags matter, each time they change

    Attributes:
        tags: what the queuing hook compares a line's tags with
        run: the capture under way, or None
        suspended: why no layer of the armed job is captured for now, or None
        handled: the numbers of the armed job's layers that were captured or missed
    """

    def __init__(
        self,
        printer: Printer,
        clock: Clock,
        listener: Listener,
        watch_for: Callable[[frozenset[str]], None] = lambda tags: None,
    ) -> None:
        self.tags: frozenset[str] = NO_TAGS
        self.head = Head(printer, clock)
        self.run: Optional[CaptureRun] = None
        self.suspended: Optional[Message] = None
        self._printer = printer
        self._clock = clock
        self._listener = listener
        self._watch_for = watch_for
        self._hold = JobHold(printer)
        self._waiting = self._hold.lease()
        self._lock = threading.Lock()
        self._expected = False
        self._job: Optional[Armed] = None
        self.handled: set[int] = set()
        self._wanted: dict[str, Layer] = {}
        self._now = False
        self._overlook = False
        self._failures = 0
        self._told_silent: Optional[object] = None
        self._called: list[Called] = []
        self._work = Worker("layercapture")

    # life

    def start(self) -> None:
        """Start the capture thread."""
        self._work.start()

    def shutdown(self, seconds: float = 15.0) -> None:
        """End a capture under way, put the head back, stop the thread."""
        self.disarm(SHUTDOWN)
        self._work.end(seconds)

    def afterwards(self, work: Callable[[], None]) -> None:
        """Do something on the capture thread once the captures given to it are over."""
        self._work.put(work)

    @property
    def armed(self) -> bool:
        """Whether a job is being watched."""
        return self._job is not None

    @property
    def watching(self) -> bool:
        """Whether a job is being watched or is about to be."""
        return self._job is not None or self._expected

    def expect(self, midway: bool = False) -> None:
        """A job is about to print whose layers are not known yet.

        It is held at its first move until :meth:`arm` or :meth:`disarm` follows.

        Args:
            midway: it prints already, so layers not seen were not missed
        """
        self.disarm("new job")
        with self._lock:
            self._expected = True
            self._overlook = midway
            self.suspended = None
            self._refresh()

    def arm(self, job: Armed) -> None:
        """Watch for the layers of the job that was expected."""
        with self._lock:
            if not self._expected:
                return
            self._expected = False
            self._job = job
            self.handled = set()
            self._wanted = {}
            self._failures = 0
            self.head.forget()
            self._refresh()
        self._waiting.release()

    def disarm(self, reason: str, completed: bool = False) -> None:
        """The job is over or no longer to be captured; ends a capture under way.

        Args:
            reason: in a word, for the log
            completed: the job printed to its end, so layers not seen were missed
        """
        with self._lock:
            expected, self._expected = self._expected, False
            job, self._job = self._job, None
            self._wanted, self._now = {}, False
            overlook = self._overlook or self.suspended is not None
            handled = set(self.handled)
            self._refresh()
        if expected:
            # not here: this may be a hook, and a release runs the job's next lines
            self._work.put(self._waiting.release)
        if job is None:
            return
        if not completed:
            self.interrupt(reason)
        elif not overlook:
            self._report_missed(job.plan.left(handled))

    # what users decide during a job

    def interrupt(self, reason: str) -> None:
        """End the capture under way, if there is one, at its next look."""
        with self._lock:
            for called in self._called:
                called.stop = called.stop or reason
        with self.head.news:
            self.head.news.notify_all()

    def suspend(self, why: Message) -> None:
        """Capture no more layers of this job until :meth:`go_on`."""
        with self._lock:
            if not self.watching:
                return
            self.suspended = why
            self._wanted, self._now = {}, False
            self._refresh()
        self.interrupt("suspended")

    def go_on(self) -> None:
        """Capture the layers of this job again."""
        with self._lock:
            if self.suspended is not None:
                self._overlook = True
            self.suspended = None
            self._failures = 0
            self._refresh()

    def capture_next(self, position: int) -> Optional[Layer]:
        """Capture the layer being printed once it is complete, whatever the plan says.

        Returns the layer, by about where in the file the job is (``filepos``), or None
        without a job or after its last layer.
        """
        with self._lock:
            job = self._job
            layer = None if job is None else job.layer_at(position)
            if job is None or layer is None:
                return None
            self._wanted = job.wanted(layer)
            self._refresh()
            return layer

    def leave_next(self) -> bool:
        """Take back :meth:`capture_next`; False without a job."""
        with self._lock:
            self._wanted = {}
            self._refresh()
            return self._job is not None

    @property
    def asked(self) -> Optional[Layer]:
        """The layer that :meth:`capture_next` waits for."""
        return next(iter(self._wanted.values()), None)

    def capture_now(self) -> bool:
        """Capture at the next line of the file; False without a job."""
        with self._lock:
            self._now = self.watching
            self._refresh()
            return self._now

    # the queuing hook

    def on_boundary(
        self, tags: Any, connection: object, gcode: Optional[str] = None
    ) -> None:
        """A line with one of :attr:`tags` is being queued: hold, and capture.

        Called within the queuing hook; nobody keeps the lock while calling out. Where
        the hold is refused, the layer's next lines try again.
        """
        with self._lock:
            if self._expected:
                if gcode in _MOVES and self._waiting.take(connection):
                    _log.info("The job waits until its layers are known")
                return
            job = self._job
            layer = None if job is None else self._called_for(job, tags)
            if job is None or layer is None:
                return
            called = Called(job, layer, self._hold.lease())
            if self._printer.can_hold() and not called.lease.take(connection):
                _log.debug("Layer %d: the hold was refused, trying on", layer.number)
                return
            self._called.append(called)
            if not self._now or job.plan.tags.intersection(tags):
                self.handled.add(layer.number)
            self._wanted, self._now = {}, False
            self._refresh()
        self._work.put(lambda: self._capture(called))

    def _called_for(self, job: Armed, tags: Any) -> Optional[Layer]:
        """The layer that a line with these tags is to be captured for."""
        for tag in tags:
            wanted = self._wanted.get(tag)
            if wanted is not None:
                return wanted
            due = None if self.suspended else job.plan.by_tag.get(tag)
            if due is not None and due.number not in self.handled:
                return due
        if self._now:
            for tag in tags:
                if tag.startswith("filepos:"):
                    return job.layer_at(int(tag[len("filepos:") :]))
        return None

    def _refresh(self) -> None:
        """Say which tags matter now; called with the lock held."""
        if self._expected:
            self.tags = FILE_LINES
        elif self._job is None:
            self.tags = NO_TAGS
        else:
            due = NO_TAGS if self.suspended else self._job.plan.tags
            asked = FILE_LINES if self._now else NO_TAGS
            self.tags = due | asked | self._wanted.keys()
        self._watch_for(self.tags)

    # the capture thread

    def work_off(self, wait: bool = True) -> bool:
        """As :meth:`Worker.work_off`, on whatever thread asks."""
        return self._work.work_off(wait)

    def _capture(self, called: Called) -> None:
        outcome = None
        recorder = NO_RECORDER
        try:
            run, recorder = self._prepare(called)
            if run is not None:
                self._listener.capture_started(called.layer, run.planned)
                # the next capture may begin in here, where the run lets the job go on
                outcome = run.run()
        except Exception:
            _log.exception("Layer %d could not be captured", called.layer.number)
            outcome = broken(called)
        finally:
            self.run = None
            called.lease.release()
            with self._lock:
                self._called.remove(called)
        if outcome is None:
            return
        # the recorder last, since what is told of the pictures ends the capture's story
        for end in (self._listener.capture_ended, self._learn, recorder.close):
            try:
                end(outcome)
            except Exception:
                _log.exception("Layer %d: its end was not told", called.layer.number)

    def _prepare(self, called: Called) -> tuple[Optional[CaptureRun], Recorder]:
        """The capture's run, or None where its file has changed or it is skipped."""
        job, layer = called.job, called.layer
        self._report_missed(self._passed_over(job, layer))
        changed = job.changed()
        if changed is not None:
            self.give_up(changed)
        if changed is not None or job.skip(layer):
            return None, NO_RECORDER
        terms = job.terms
        if not self._printer.can_hold():
            terms = replace(terms, pause=True)
        recorder = job.open_recorder(layer)
        self.run = CaptureRun(
            layer,
            terms,
            self._printer,
            self.head,
            called.lease,
            self._clock,
            recorder,
            lambda: called.stop,
        )
        return self.run, recorder

    def _learn(self, outcome: Outcome) -> None:
        """What a capture's end means for those to come."""
        connection = self._printer.connection()
        # once may be a line lost on the way
        if self.head.unanswered > 1 and self._told_silent is not connection:
            self._told_silent = connection
            self._listener.notice(
                Message(
                    N_(
                        "This printer does not report where its head is, so pictures "
                        "are timed by distance and speed instead."
                    )
                )
            )
        self.head.unanswered = 0
        if outcome.failure is None and outcome.interrupted is None:
            self._failures = 0
        elif outcome.failure is not None and not outcome.harmless:
            self._failures += 1
            if self._failures >= FAILURES_IN_A_ROW:
                self.give_up(
                    Message(
                        N_(
                            "%(count)d captures in a row failed, so captures are off "
                            "for this print. The last one: %(why)s"
                        ),
                        {"count": self._failures, "why": outcome.failure},
                    )
                )

    def give_up(self, why: Message) -> None:
        """Capture no more layers of this job, and say so: this keeps going wrong."""
        self.suspend(why)
        self._listener.captures_suspended(why)

    def _passed_over(self, job: Armed, layer: Layer) -> list[Layer]:
        """Due layers before this one whose lines never came; they count as handled."""
        with self._lock:
            overlook, self._overlook = self._overlook, False
            missed = job.plan.left(self.handled, before=layer.number)
            self.handled.update(other.number for other in missed)
        return [] if overlook or self.suspended else missed

    def _report_missed(self, missed: list[Layer]) -> None:
        if missed:
            self._listener.layers_missed(missed)
