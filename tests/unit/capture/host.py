"""A model of OctoPrint with a printer on its wire, on simulated time and one thread.

``Host`` prints a file through the engine as OctoPrint does: a line at a time, each
waiting for its ok, none of the file while the job is held, and a pause or cancel only
once every hold is released. It notes in ``violations`` whatever no capture may do, and
calls ``moment(name)`` where an interruption can strike. Long, since a line, a hold and a
pause of OctoPrint's are one machine.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from typing import Any, Callable

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.job import Armed, Listener
from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.capture.ports import Activity, PrinterGone
from octoprint_layercapture.capture.run import Step
from octoprint_layercapture.gcode import Modal
from tests.unit.capture.conftest import some_terms
from tests.unit.capture.marlin import ModelPrinter, read
from tests.unit.capture.replay import BED

ANSWER = 0.005  # s between a line and its ok
PLANNED = 16  # moves that the firmware plans ahead
GIVEN_UP = 30.0  # s after which OctoPrint itself sends on without an ok
EXPOSURE = 0.3  # s
WRITING = 1.0  # s

PAUSED_SCRIPT = ("G91", "G1 Z10 F600", "G90", "M83", "G1 X0 Y0 F6000")
CANCELLED_SCRIPT = ("M84", "M104 S0", "M140 S0")
PAUSING_LINES = ("M0", "M1", "M25", "@pause")


class Pictures:
    """A recorder: grabs for a while, then writes behind the scenes."""

    def __init__(self, host, layer):
        self.host = host
        self.layer = layer
        self.grabbed = []
        self.kept = []
        self.stood = []
        self.outcome = None
        self._open: Any = None

    def glance(self, x, y):
        pass

    def expose(self, shot):
        done: Future[None] = Future()
        self._open = done
        self.stood.append((shot, self.host.standing()))
        self.host.after(EXPOSURE, lambda: self._grab(shot, done))
        self.host.moment("exposure")
        return done

    def _grab(self, shot, done):
        if self._open is not done:
            return
        self._open = None
        self.stood.append((shot, self.host.standing()))
        self.grabbed.append(shot.index)
        self.host.after(WRITING, lambda: self.kept.append(shot.index))
        self.host.after(0.02, lambda: self.host.moment("writing"))
        done.set_result(None)

    def abandon(self):
        self._open = None

    def close(self, outcome):
        self.outcome = outcome


class Host(ModelPrinter, Listener):
    """``strike`` is called with the name of each moment."""

    def __init__(self, lines, layers, every=2, pause_mode=False, **machine):
        super().__init__(**machine)
        self.lines = lines
        self.layers = layers
        self.plan = plan(layers, every, False, False, ())
        self.terms = some_terms(
            columns=2, rows=2, profile=BED, delay=0.5, pause=pause_mode
        )
        self.engine = Engine(self, self, self)
        self.head = self.engine.head
        self.strike: Callable[[str], Any] = lambda name: None
        self.rewrite = lambda line: [line]
        self.violations = []
        self.pictures = []
        self.ended = []
        self.missed = []
        self.suspensions = []
        self.changed = None
        self.taken = 0
        self.freed = 0
        self.stale = 0  # holds that went down with their connection
        self.lose_oks = 0
        self.corrupt = 0
        self.silent_m114 = False
        self.dead = False
        self.asked_at = self.paused_at = self.off_at = None
        self.pause_place: Any = None
        self.told = []
        self.grabbed = []  # before an interruption, for the test that has one
        self._next = 0
        self._queue: deque[Any] = deque()
        self._job_queue: deque[Any] = deque()
        self._credit = 1
        self._awaiting = None
        self._finishing = []
        self._place = None
        self.moved_before_reset = None
        self._ours_held = 0

    # the job

    def start(self):
        """Select the file and print from its first line."""
        self.state = Activity.PRINTING
        self._next = 0
        self._place = None
        self.engine.expect()
        self.engine.arm(
            Armed(self.plan, self.terms, self._open, lambda: self.changed, self._layer_at)
        )

    def go(self):
        """Print until the job is over or nothing happens any more."""
        for _ in range(100_000):
            if self._work():
                continue
            if self._may_send_file():
                if self._next < len(self.lines):
                    self._send_file_line()
                    continue
                if not self._queue and self._awaiting is None:
                    self.state = Activity.IDLE
                    self.engine.disarm("done", completed=True)
                    continue
            if self._pass_time():
                continue
            if self._awaiting is not None and not self.dead:
                self._awaiting = None
                self.now += GIVEN_UP
                self._credit = 1
                self._pump()
                continue
            return
        raise AssertionError("the job goes round in circles")

    def _work(self):
        return self.engine.work_off(wait=False)

    def _may_send_file(self):
        return (
            self.state is Activity.PRINTING
            and not self.holds
            and not self._job_queue
            and self._credit > 0
            and not self._queue
        )

    def _send_file_line(self):
        line = self.lines[self._next]
        self._next += 1
        for text, tags in self.rewrite((line.text, line.tags)):
            if not self.engine.tags.isdisjoint(tags):
                self.engine.on_boundary(tags, self.link, (read(text) or (None,))[0])
            if text in PAUSING_LINES:
                self.pause()
                if text.startswith("@"):
                    continue
            self._enqueue(text, tags)

    def _layer_at(self, position):
        return next((x for x in self.layers if x.capture_pos >= position), None)

    def _open(self, layer):
        self.pictures.append(Pictures(self, layer))
        return self.pictures[-1]

    # what users, other plugins and faults do

    def cancel(self):
        self.asked_at = self.now
        self._cancel(("M400", "M114", *CANCELLED_SCRIPT))

    def _cancel(self, script):
        self.state = Activity.CANCELLING
        self.after(0.05, lambda: self.engine.disarm("cancelled"))
        self._job_queue.extend((text, "cancel") for text in script)
        self._job_queue.append((None, self._cancelled))
        self._flush_job_queue()

    def _cancelled(self):
        self.state = Activity.IDLE
        self.engine.disarm("cancelled")

    def pause(self):
        """By the user, a line, the firmware or the plugin."""
        if self.state is not Activity.PRINTING:
            return
        self.asked_at = self.now
        self.state = Activity.PAUSING
        self._job_queue.extend((text, "pause") for text in ("M400", "M114"))
        self._job_queue.append((None, self._record_pause))
        self._flush_job_queue()

    def _record_pause(self):
        self.paused_at = self.now
        self.pause_place = (*self.machine(), self.feedrate)
        self._queue.extendleft(
            reversed([(text, frozenset({"script"})) for text in PAUSED_SCRIPT])
        )
        self._queue.append((None, self._paused))
        self._pump()

    def _paused(self):
        if self.state is Activity.PAUSING:
            self.state = Activity.PAUSED
            self.moment("paused")

    def resume(self):
        """The head goes back to where the pause was recorded, then the job goes on."""
        if self.state is not Activity.PAUSED:
            return
        x, y, z, speed = self.pause_place
        back = (f"G1 X{x:.6f} Y{y:.6f} F6000", f"G1 Z{z:.6f} F600", f"G1 F{speed:g}")
        self.state = Activity.PRINTING
        self._job_queue.extend((text, "resume") for text in back)
        self._flush_job_queue()

    def disconnect(self):
        """The cable is pulled, or an error closes the connection."""
        self.state = Activity.GONE
        self.stale += self._ours_held
        self._ours_held = self.holds = 0
        self.link = object()
        self._drop()
        self.after(0.05, lambda: self.engine.disarm("disconnected"))

    def reconnect(self):
        """The printer restarts as Marlin does when its port is opened."""
        self.state = Activity.IDLE
        self.dead = False
        self._drop()
        self.power_on()
        self.tracked = Modal()
        self._credit = 1

    def emergency_stop(self):
        self.dead = True
        self.disconnect()

    def reset(self):
        """The printer restarts by itself: OctoPrint cancels what it prints."""
        self._restart()
        self.head.on_received("start")
        self._cancel(CANCELLED_SCRIPT)

    def reset_at_once(self):
        """The same, where the job is over before anybody looks."""
        self._restart()
        self.state = Activity.IDLE
        self.engine.disarm("failed")

    def _restart(self):
        self.power_on()
        self.free_at = self.now
        self._drop()
        self._credit = 1
        self._place = None
        self.moved_before_reset = len(self.moves)

    def _drop(self):
        self._queue.clear()
        self._job_queue.clear()
        self._finishing.clear()
        self._awaiting = None
        self._credit = 0

    def hold_by_other(self, seconds):
        """Another plugin holds the job for so long."""
        link = self.link
        self.holds += 1

        def let_go():
            if self.link is link:
                self.holds -= 1
                self._continue()

        self.after(seconds, let_go)

    # Printer

    def send(self, lines, tags):
        if self.state is Activity.GONE:
            raise PrinterGone()
        for line in lines:
            self.sent.append(line)
            self._enqueue(line, tags | {"ours"})
        step = self.engine.run.step if self.engine.run else None
        if step is Step.ENTER:
            moving = any(line.startswith("G1") for line in lines)
            self.moment("enter" if moving else "standstill")
        elif step is Step.TRAVEL:
            self.moment("travel")
        elif step is Step.LEAVE:
            self.moment("leave")

    def hold(self):
        if self.refuse_hold or self.state is Activity.GONE:
            return False
        self.holds += 1
        self.taken += 1
        self._ours_held += 1
        if self._ours_held > 1:
            self.violations.append("held twice")
        return True

    def connection(self):
        if self.engine.run is not None and self.engine.run.step is Step.RELEASE:
            self.moment("release")
        return super().connection()

    def release(self):
        if not self._ours_held:
            self.violations.append("a hold was released that is not ours")
        self._ours_held -= 1
        self.freed += 1
        self.holds -= 1
        self._continue()

    def _continue(self):
        """As OctoPrint: the next line's hooks run on the releasing thread."""
        if self.holds:
            return
        self._flush_job_queue()
        if self.state is Activity.PRINTING and self._next < len(self.lines):
            self._send_file_line()

    def unblock(self):
        self.asked.append("unblock")
        if self._awaiting is not None and not self.dead:
            self._awaiting = None
            self._credit = 1
            self._pump()

    def standing(self):
        """Where the head is, if it stands; the model knows only where moves end."""
        return self.machine() if self.now >= self.free_at else None

    # Clock

    def wait(self, condition, seconds):
        if self.engine.run is not None and self.engine.run.step is Step.SETTLE:
            self.moment("settle")
        super().wait(condition, seconds)

    def after(self, seconds, what):
        self.at_time(self.now + seconds, what)

    def moment(self, name):
        self.strike(name)

    def _pass_time(self):
        """Go on to the next thing that happens; False where nothing will."""
        if not self._events:
            return False
        self.wait(None, max(0.0, self._events[0][0] - self.now))
        return True

    # the wire

    def _flush_job_queue(self):
        while self._job_queue and not self.holds:
            what = self._job_queue.popleft()
            self._queue.append(what if what[0] is None else (what[0], frozenset()))
        self._pump()

    def _enqueue(self, text, tags):
        self._queue.append((text, frozenset(tags)))
        self._pump()

    def _pump(self):
        while self._queue and self._credit > 0:
            text, tags = self._queue.popleft()
            if text is None:
                tags()
                continue
            self._credit = 0
            self._awaiting = text
            self.tracked.feed(text)
            self.head.on_sending(text, tags)
            if self.dead:
                return
            if self.corrupt:
                self.corrupt -= 1
                self._refuse(text, tags)
            else:
                self._run(text, tags)

    def _refuse(self, text, tags):
        """The line arrived garbled: asked for again, and sent without its hooks."""
        token = self._awaiting = object()
        for late, line in enumerate(
            ("Error:checksum mismatch, Last Line: 7", "Resend: 8", "ok")
        ):
            self.after(ANSWER * (late + 1), line)

        def again():
            if self._awaiting is token:
                self._run(text, tags)

        self.after(ANSWER * 4, again)

    def _run(self, text, tags):
        ours = "ours" in tags
        if not ours:
            self._check_place(text)
        if text.startswith("@"):
            self._credit = 1
            return
        if text == "M104 S0":
            self.off_at = self.now
        took = self.execute(text, ours=ours)
        self.free_at = max(self.free_at, self.now) + took
        if not ours:
            self._place = self.machine(), self.modes(), self.at["E"]
        self._answer(text)

    def _answer(self, text):
        ready = self.now + ANSWER
        if text == "M400":
            ready = max(ready, self.free_at)
        elif text == "M114":
            if text in self.mute:
                return
            if not self.silent_m114:
                self.at_time(ready, self.report())
        elif self.moves and self.moves[-1].line == text:
            self._finishing = [t for t in self._finishing if t > self.now]
            self._finishing.append(self.free_at)
            if len(self._finishing) > PLANNED:
                ready = max(ready, self._finishing[-PLANNED - 1])
        token = object()
        self._awaiting = token
        self.at_time(ready, lambda: self._ok(token))

    def _ok(self, token):
        if self.lose_oks:
            self.lose_oks -= 1
            return
        if self._awaiting is not token:
            return
        self._awaiting = None
        self._credit = 1
        self.head.on_received("ok")
        self._pump()
        if self._may_send_file() and self._next < len(self.lines):
            self._send_file_line()

    def _check_place(self, text):
        """A line that is not ours may only run where the job left the head."""
        if self._place is None:
            return
        place, modes, filament = self._place
        apart = max(abs(one - other) for one, other in zip(place, self.machine()))
        if apart > 1e-6 or modes != self.modes() or abs(filament - self.at["E"]) > 1e-6:
            self.violations.append(
                f"{text} ran at {self.machine()} {self.modes()} E{self.at['E']:g}, "
                f"not at {place} {modes} E{filament:g}"
            )

    # Listener

    def capture_started(self, layer, positions):
        self.moment("hold")

    def capture_ended(self, outcome):
        self.ended.append(outcome)

    def layers_missed(self, layers):
        self.missed += [layer.number for layer in layers]

    def captures_suspended(self, why):
        self.suspensions.append(str(why))

    def notice(self, message):
        self.told.append(str(message))
