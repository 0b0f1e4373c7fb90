"""From the tags of a file's lines to captures: arming, triggering, ending."""

from __future__ import annotations

import threading

import pytest

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.job import Armed, Listener
from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.capture.ports import Activity
from octoprint_layercapture.messages import Message
from tests.unit.capture.conftest import FakeRecorder, a_layer, some_terms
from tests.unit.capture.marlin import ModelPrinter


class Job(Listener):
    """A file of numbered layers, printed through the engine as OctoPrint would."""

    def __init__(self, count=4):
        self.printer = ModelPrinter()
        self.engine = Engine(self.printer, self.printer, self)
        self.printer.head = self.engine.head
        self.layers = [
            a_layer(
                number=n,
                z=0.2 * n,
                capture_pos=n * 100,
                triggers=(n * 100, n * 100 + 50),
            )
            for n in range(1, count + 1)
        ]
        self.recorders = []
        self.started = []
        self.ended = []
        self.missed = []
        self.suspensions = []
        self.notices = []
        self.changed = None
        self.skipped = []
        self.idle = threading.Event()
        self.engine.start()

    def arm(self, interval=2, midway=False, **terms):
        self.engine.expect(midway)
        self.engine.arm(self.armed(interval, **terms))

    def armed(self, interval=2, **terms):
        return Armed(
            plan(self.layers, interval, False, False, ()),
            some_terms(columns=2, rows=1, **terms),
            self.open_recorder,
            lambda: self.changed,
            self.layer_at,
            self.skip,
        )

    def skip(self, layer):
        if layer not in self.skipped:
            return False
        self.idle.set()
        return True

    def layer_at(self, position):
        return next((x for x in self.layers if x.capture_pos >= position), None)

    def captures_suspended(self, why):
        self.suspensions.append(str(why))

    def notice(self, message):
        self.notices.append(str(message))

    def open_recorder(self, layer):
        self.recorders.append(FakeRecorder(self.printer))
        return self.recorders[-1]

    def line(self, position, text="G1 X50 Y50 Z0.2 E1 F1800"):
        tags = {"source:file", f"filepos:{position}", "fileline:1"}
        self.idle.clear()
        held = self.printer.holds
        if not self.engine.tags.isdisjoint(tags):
            self.engine.on_boundary(tags, self.printer.link, text.split()[0])
        self.printer.print_line(text)
        if self.printer.holds > held and self.engine.armed:
            assert self.idle.wait(10)

    def capture_started(self, layer, positions):
        self.started.append((layer.number, positions))

    def capture_ended(self, outcome):
        self.ended.append(outcome)
        self.idle.set()

    def layers_missed(self, layers):
        self.missed += [layer.number for layer in layers]

    def settle(self):
        """Wait until the capture thread has done what it was given."""
        done = threading.Event()
        self.engine._work.put(done.set)
        assert done.wait(10)


@pytest.fixture
def job():
    job = Job()
    yield job
    job.engine.shutdown()


def test_due_layers_are_captured_and_others_are_not(job):
    job.arm()
    for position in (100, 150, 200, 250, 300, 350, 400, 450):
        job.line(position)
    assert [o.layer.number for o in job.ended] == [2, 4]
    assert job.started == [(2, 2), (4, 2)]
    assert all(o.visited == 2 for o in job.ended)
    assert job.printer.holds == 0
    assert job.printer.released == 2
    assert job.missed == []


def test_a_layer_triggers_once_although_its_tag_comes_on_several_lines(job):
    job.arm()
    for position in (200, 200, 250, 200):
        job.line(position)
    assert len(job.ended) == 1


def test_a_swallowed_line_leaves_the_layer_to_its_next_one(job):
    job.arm()
    job.line(250)
    assert [o.layer.number for o in job.ended] == [2]


def test_a_refused_hold_is_tried_again_on_the_next_line(job):
    job.arm()
    job.printer.refuse_hold = True
    job.line(200)
    assert job.ended == []
    job.printer.refuse_hold = False
    job.line(250)
    assert [o.layer.number for o in job.ended] == [2]


def test_layers_whose_lines_never_came_are_reported_as_missed(job):
    job.arm(interval=1)
    job.line(100)
    job.line(300)
    job.engine.disarm("done", completed=True)
    assert job.missed == [2, 4]


def test_a_cancelled_print_misses_nothing(job):
    job.arm(interval=1)
    job.engine.disarm("cancelled")
    assert job.missed == []
    job.line(100)
    assert job.ended == []


def test_a_layer_that_cannot_be_kept_is_left_out_and_the_head_stays(job):
    job.skipped = [job.layers[1]]
    job.arm()
    before = len(job.printer.sent)
    job.line(200)
    job.settle()
    assert job.printer.holds == 0
    assert job.printer.released == 1
    assert (job.started, job.recorders) == ([], [])
    assert job.printer.sent[before:] == []
    job.skipped.clear()
    job.line(400)
    assert [o.layer.number for o in job.ended] == [4]
    job.engine.disarm("done", completed=True)
    assert job.missed == []


def test_disarming_ends_a_capture_under_way(job):
    job.arm()

    def switch_off(shot):
        job.engine.disarm("switched off")

    opened = job.open_recorder

    def opening(layer):
        recorder = opened(layer)
        recorder.on_expose = switch_off
        return recorder

    job.open_recorder = opening
    job.arm()
    job.line(200)
    assert job.idle.wait(10)
    assert job.ended[0].interrupted == "switched off"
    assert job.ended[0].visited == 0
    job.settle()
    assert job.printer.holds == 0


def test_the_job_waits_at_its_first_move_until_its_layers_are_known(job):
    job.engine.expect()
    job.line(10, "M109 S200")
    assert job.printer.holds == 0
    job.line(20, "G1 Z5 F600")
    assert job.printer.holds == 1
    job.engine.arm(job.armed())
    assert job.printer.holds == 0
    assert job.printer.released == 1


def test_a_job_whose_layers_cannot_be_known_goes_on(job):
    job.engine.expect()
    job.line(20, "G1 Z5 F600")
    job.engine.disarm("not indexed")
    job.settle()
    assert job.printer.holds == 0
    job.line(200)
    assert job.ended == []


def test_an_index_that_comes_too_late_arms_nothing(job):
    job.engine.expect()
    job.engine.disarm("cancelled")
    job.engine.arm(job.armed())
    assert not job.engine.armed


def test_a_recorder_that_cannot_be_opened_costs_the_capture_only(job):
    def broken(layer):
        raise OSError("disk gone")

    job.open_recorder = broken
    job.arm()
    job.idle.set()
    tags = {"filepos:200"}
    job.engine.on_boundary(tags, job.printer.link, "G1")
    job.settle()
    assert job.printer.holds == 0
    assert job.printer.released == 1


def test_a_print_that_is_being_cancelled_is_not_entered(job):
    job.arm()
    job.printer.state = Activity.CANCELLING
    job.line(200)
    assert job.printer.sent == []
    assert job.ended[0].interrupted == "cancelling"
    assert job.printer.holds == 0


def test_every_capture_works_after_a_failed_one(job):
    job.arm(interval=1)
    job.printer.mute = {"M114"}
    job.line(100)
    assert job.ended[0].failure is not None
    job.printer.mute = set()
    job.line(200)
    assert job.ended[1].failure is None
    assert job.ended[1].visited == 2


def numbers(job):
    return [outcome.layer.number for outcome in job.ended]


def print_through(job, *positions):
    for position in positions:
        job.line(position)


def test_three_failures_in_a_row_end_captures_for_this_print(job):
    job.arm(interval=1)
    job.printer.mute = {"M114"}
    print_through(job, 100, 200, 300, 400)
    job.settle()
    assert numbers(job) == [1, 2, 3]
    assert len(job.suspensions) == 1
    assert "3 captures in a row failed" in job.suspensions[0]
    assert job.printer.holds == 0


def test_captures_that_were_given_up_can_be_switched_on_again(job):
    job.arm(interval=1)
    job.printer.mute = {"M114"}
    print_through(job, 100, 200, 300)
    job.settle()
    job.printer.mute = set()
    job.engine.go_on()
    job.line(400)
    assert job.ended[-1].failure is None
    assert job.engine.suspended is None


def test_a_capture_that_works_forgives_earlier_failures(job):
    job.arm(interval=1)
    job.printer.mute = {"M114"}
    print_through(job, 100, 200)
    job.printer.mute = set()
    job.line(300)
    job.printer.mute = {"M114"}
    job.line(400)
    job.settle()
    assert job.suspensions == []


def test_layers_that_pass_while_captures_are_off_are_not_missed(job):
    job.arm(interval=1)
    job.engine.suspend("off")
    print_through(job, 100, 200)
    job.engine.go_on()
    job.line(300)
    job.line(400)
    assert numbers(job) == [3, 4]
    job.engine.disarm("done", completed=True)
    assert job.missed == []


def test_a_file_that_changed_ends_captures_with_a_message(job):
    job.arm(interval=1)
    job.line(100)
    job.changed = "the file changed"
    job.idle.set()
    job.engine.on_boundary({"filepos:200"}, job.printer.link, "G1")
    job.settle()
    assert numbers(job) == [1]
    assert job.suspensions == ["the file changed"]
    assert job.printer.holds == 0


def test_a_capture_can_be_asked_for_at_the_end_of_the_layer_under_way(job):
    job.arm(interval=4)
    assert job.engine.capture_next(120).number == 2
    print_through(job, 200, 250, 300, 350)
    assert numbers(job) == [2]


def test_an_asked_for_layer_that_has_passed_is_made_up_by_the_next(job):
    job.arm(interval=4)
    job.engine.capture_next(120)
    print_through(job, 300, 400)
    assert numbers(job) == [3, 4]


def test_a_capture_now_happens_at_the_next_line_and_once(job):
    job.arm(interval=4)
    assert job.engine.capture_now()
    print_through(job, 110, 120, 130)
    assert numbers(job) == [2]


def test_nothing_can_be_asked_for_without_a_job(job):
    assert not job.engine.capture_now()
    assert job.engine.capture_next(0) is None


def test_a_job_armed_midway_misses_no_layer_before(job):
    job.arm(interval=1, midway=True)
    job.line(300)
    assert numbers(job) == [3]
    assert job.missed == []


def test_with_pause_the_pictures_wait_for_the_pause_and_the_job_resumes(job):
    job.printer.pause_script = ("G91", "G1 Z10 F600", "G90", "G1 X0 Y0 F6000")
    job.arm(pause=True)
    job.line(200)
    job.settle()
    assert job.printer.asked == ["pause", "resume"]
    assert job.ended[0].visited == 2
    assert job.printer.machine() == (0.0, 0.0, pytest.approx(10.2))
    assert job.printer.holds == 0
    assert job.printer.released == 2
    assert job.printer.state is Activity.PRINTING


def test_a_connection_that_cannot_hold_is_paused_instead(job):
    job.printer.holding_works = False
    job.printer.refuse_hold = True
    job.arm()
    job.line(100)
    job.engine.on_boundary({"filepos:200"}, job.printer.link, "G1")
    job.settle()
    assert job.printer.asked == ["pause", "resume"]
    assert job.ended[0].visited == 2
    assert job.printer.released == 0


def test_a_cancel_while_paused_for_a_capture_is_not_resumed(job):
    opened = job.open_recorder

    def opening(layer):
        recorder = opened(layer)
        recorder.on_expose = lambda shot: setattr(
            job.printer, "state", Activity.CANCELLING
        )
        return recorder

    job.open_recorder = opening
    job.arm(pause=True)
    job.line(200)
    job.settle()
    assert job.printer.asked == ["pause"]
    assert job.ended[0].interrupted == "cancelling"
    assert job.printer.holds == 0


def test_a_head_that_does_not_come_back_pauses_the_job_for_good(job):
    job.arm()

    def slip(line):
        if line.startswith("G1 X"):
            job.printer.offset["X"] += 5
            job.printer.report = lambda: "X:1.00 Y:1.00 Z:5.40 E:0.00 Count X:0"

    job.printer.on_line = slip
    job.line(200)
    job.settle()
    assert job.ended[0].paused
    assert job.printer.asked == ["pause"]
    assert job.printer.holds == 0


def test_a_printer_without_position_reports_is_served_and_said_once(job):
    def no_report():
        return "echo:nothing"

    job.printer.report = no_report
    job.arm(interval=1)
    print_through(job, 100, 200)
    job.settle()
    assert [outcome.visited for outcome in job.ended] == [2, 2]
    assert len(job.notices) == 1
    assert all(shot.actual is None for r in job.recorders for shot in r.shots)


def test_what_is_wished_before_the_layers_are_known_counts(job):
    job.engine.expect()
    job.engine.suspend("off")
    job.engine.arm(job.armed(interval=1))
    print_through(job, 100, 200)
    assert numbers(job) == []
    job.engine.go_on()
    job.line(300)
    assert numbers(job) == [3]


def test_a_capture_now_leaves_the_layers_own_capture_due(job):
    job.arm(interval=2)
    job.engine.capture_now()
    print_through(job, 110, 200)
    assert numbers(job) == [2, 2]


def test_a_job_given_up_from_outside_is_not_captured_until_somebody_says_so(job):
    job.arm(interval=1)
    job.line(100)
    job.engine.give_up(Message("No camera is left."))
    print_through(job, 200, 300)
    assert numbers(job) == [1]
    assert job.suspensions == ["No camera is left."]
    assert str(job.engine.suspended) == "No camera is left."
    job.engine.go_on()
    job.line(400)
    assert numbers(job) == [1, 4]


@pytest.mark.parametrize("what", ["capture_started", "capture_ended", "notice"])
def test_a_fault_in_telling_of_a_capture_costs_nothing_else(job, monkeypatch, what):
    def broken(*args):
        job.idle.set()
        raise ValueError(what)

    monkeypatch.setattr(job, what, broken)
    job.engine.head.unanswered = 2
    job.arm()
    job.line(200)
    job.settle()
    (recorder,) = job.recorders
    assert recorder.outcome is not None
    assert job.engine.head.unanswered == 0 or what == "notice"
    assert job.printer.holds == 0
