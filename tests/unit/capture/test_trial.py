"""A test capture on the printer model: what the head does, and how it ends."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.capture.ports import Activity
from octoprint_layercapture.capture.run import Step
from octoprint_layercapture.capture.trial import TrialRun
from octoprint_layercapture.waiting import place_of
from tests.unit.capture.conftest import PROFILE, Stage, some_terms

START = ("G21", "G90", "M82", "G1 X50 Y60 Z12 F3000")
STEPS = (Step.HOME, Step.ENTER, Step.TRAVEL, Step.SETTLE, Step.EXPOSE)


class Idle(Stage):
    """A printer that prints nothing, and test captures on it."""

    def __init__(self, start=START, **kwargs):
        super().__init__(start, **kwargs)
        self.printer.state = Activity.IDLE
        self.printer.now = self.printer.free_at + 60  # long standing still
        self.steps = []
        self.on_step = lambda step: None
        self.run: TrialRun | None = None

    def test(self, home=False, terms=None):
        self.begin = (self.printer.machine(), dict(self.printer.at), self.printer.modes())
        self.run = TrialRun(
            terms or some_terms(retract=0.0),
            self.printer,
            self.head,
            self.printer,
            self.recorder,
            lambda: self.stop,
            home,
            self._stepped,
        )
        return self.run.run()

    def _stepped(self):
        self.steps.append(self.run.step)
        self.on_step(self.run.step)

    def strike(self, step, what, count=2):
        """Do ``what`` when it comes to this step for the second time, or the first."""
        wanted = 1 if step in (Step.HOME, Step.ENTER) else count

        def look(now):
            if now is step and self.steps.count(step) == wanted:
                what()

        self.on_step = look

    def moves(self):
        return [move for move in self.printer.moves if move.ours]

    def is_above(self):
        """The head stands where it was or higher, and the modes are those it had."""
        place, _, modes = self.begin
        now = self.printer.machine()
        return (
            now[:2] == pytest.approx(place[:2], abs=1e-6)
            and now[2] >= place[2]
            and self.printer.modes() == modes
        )


def test_every_position_is_photographed_where_it_is_labelled():
    idle = Idle()
    outcome = idle.test()
    assert (outcome.failure, outcome.interrupted, outcome.visited) == (None, None, 9)
    for shot, stood in zip(idle.recorder.shots, idle.recorder.stood):
        assert stood == pytest.approx((shot.x, shot.y, 17.0), abs=1e-6)
        assert shot.actual == pytest.approx((shot.x, shot.y, 17.0), abs=0.01)
    assert sorted(shot.index for shot in idle.recorder.shots) == list(range(9))


def test_nothing_is_extruded_nothing_held_and_nothing_printed_on():
    idle = Idle()
    idle.test()
    assert not any(move.filament for move in idle.moves())
    assert (idle.printer.holds, idle.printer.released) == (0, 0)
    assert idle.printer.asked == []


def test_after_homing_pictures_have_their_usual_height_above_the_bed():
    idle = Idle()
    outcome = idle.test(home=True, terms=some_terms(height=7.0, retract=0.0))
    assert idle.printer.sent[0] == "G28"
    assert outcome.visited == 9
    assert {round(stood[2], 6) for stood in idle.recorder.stood} == {7.0}
    assert idle.run is not None and idle.run.z == 7.0


@pytest.mark.parametrize("z,height,above", [(12, 5, 17), (60, 1, 61), (0, 5, 5)])
def test_without_homing_no_travel_is_lower_than_the_head_stood(z, height, above):
    idle = Idle(("G90", f"G1 X50 Y60 Z{z} F3000"))
    idle.test(terms=some_terms(height=height, retract=0.0))
    assert "G28" not in idle.printer.sent
    for move in idle.moves():
        if move.start[:2] != move.end[:2]:
            assert min(move.start[2], move.end[2]) >= above - 1e-6


def test_the_head_ends_above_where_it_was():
    idle = Idle()
    idle.test()
    assert idle.is_above()
    assert idle.printer.machine() == (50, 60, 17)


@pytest.mark.parametrize(
    "start",
    [
        ("G90", "M83", "G1 X50 Y60 Z12 F3000", "G91"),
        ("G90", "M82", "G1 X50 Y60 Z12 F3000", "G91", "M83"),
        ("G90", "G1 X50 Y60 Z12 F3000", "G92 X10 Y10"),
        ("G28", "G1 Z12 F600"),
        ("M83", "G90", "G1 X50 Y60 Z12 F3000"),
        ("G90", "M83", "G1 X50 Y60 Z12 F3000"),
    ],
)
@pytest.mark.parametrize("marlin", [True, False])
@pytest.mark.parametrize("home", [False, True])
def test_modes_are_put_back(start, home, marlin):
    idle = Idle(start, g90_switches_e=marlin)
    modes = idle.printer.modes()
    outcome = idle.test(home)
    assert outcome.visited == 9
    assert idle.printer.modes() == modes


def test_the_users_own_lines_run_around_it():
    idle = Idle()
    idle.test(terms=some_terms(before=("M42 P4 S255",), after=("M42 P4 S0",)))
    sent = [line for line in idle.printer.sent if line not in ("M400", "M114")]
    assert sent.index("M42 P4 S255") < next(
        number for number, line in enumerate(sent) if line.startswith("G1 X")
    )
    assert sent[-1] == "M42 P4 S0"


def test_positions_outside_the_margin_are_never_travelled_to():
    idle = Idle()
    idle.test(terms=some_terms(columns=5, rows=5, spacing=48, retract=0.0))
    assert 0 < len(idle.recorder.shots) < 25
    for move in idle.moves():
        if move.start[:2] != move.end[:2]:
            back = move.end[:2] == (50, 60)
            assert back or all(10 <= place <= 190 for place in move.end[:2])


def test_a_height_past_the_maximum_is_refused_without_a_move():
    idle = Idle(("G90", "G1 X50 Y60 Z199 F3000"))
    outcome = idle.test(terms=some_terms(volume=volume(PROFILE, max_z=200.0, margin=10)))
    assert "no room above" in str(outcome.failure)
    assert idle.moves() == []


def test_a_printer_that_reports_nothing_is_not_moved():
    idle = Idle()
    send = idle.printer.send

    def silent(lines, tags):
        send([line for line in lines if line != "M114"], tags)
        if "M114" in lines:
            idle.head.on_sending("M114", tags)
            idle.printer.at_time(idle.printer.now, "ok")

    idle.printer.send = silent
    outcome = idle.test()
    assert "does not report" in str(outcome.failure)
    assert idle.moves() == []


def test_what_the_head_is_at_is_told():
    idle = Idle()
    places = []
    idle.on_step = lambda step: places.append((step, place_of(idle.run)))
    idle.test(home=True, terms=some_terms(columns=2, rows=1, retract=0.0))
    visits = [place.index for step, place in places if step is Step.EXPOSE]
    assert sorted(visits) == [0, 1]
    assert idle.steps[:3] == [Step.HOME, Step.ENTER, Step.TRAVEL]
    assert idle.steps[-1] is Step.LEAVE and places[-1][1] is None
    assert idle.run.step is Step.DONE


# broken at every step


@pytest.mark.parametrize("step", STEPS)
def test_a_stop_at_any_step_brings_the_head_back_above(step):
    idle = Idle()
    idle.strike(step, lambda: setattr(idle, "stop", "user"))
    outcome = idle.test(home=step is Step.HOME)
    assert outcome.interrupted == "user"
    assert outcome.visited < 3
    if step is not Step.HOME:
        assert idle.is_above()
    assert idle.recorder.abandoned


@pytest.mark.parametrize("step", STEPS)
def test_a_lost_connection_at_any_step_ends_it_and_sends_nothing_more(step):
    idle = Idle()
    sent = []

    def unplug():
        idle.printer.state = Activity.GONE
        sent.append(len(idle.printer.sent))

    idle.strike(step, unplug)
    outcome = idle.test(home=step is Step.HOME)
    assert outcome.interrupted == "gone"
    assert [len(idle.printer.sent)] == sent


@pytest.mark.parametrize("step", STEPS)
def test_a_reset_at_any_step_ends_it_and_the_head_stays(step):
    idle = Idle()
    sent = []

    def restart():
        idle.printer.power_on()
        idle.head.on_received("start")
        sent.append(len(idle.printer.sent))

    idle.strike(step, restart)
    outcome = idle.test(home=step is Step.HOME)
    assert outcome.interrupted == "reset"
    assert not any(line.startswith("G1") for line in idle.printer.sent[sent[0] :])


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("state", [Activity.PRINTING, Activity.PAUSED])
def test_a_print_at_any_step_gets_the_way_back_and_nothing_else_is_sent(step, state):
    idle = Idle()
    handed = []

    def begins():
        idle.printer.state = state
        handed.append((len(idle.printer.sent), idle.run.outing.hand_over()))

    idle.strike(step, begins)
    outcome = idle.test(home=step is Step.HOME)
    assert outcome.interrupted == state.value
    ((sent, back),) = handed
    assert len(idle.printer.sent) == sent
    for line in back:
        idle.printer.print_line(line)
    if step is not Step.HOME:
        assert idle.is_above()


@pytest.mark.parametrize(
    "start",
    [
        (*START, "G91"),
        (*START, "M83"),
        ("G90", "M83", "G1 X50 Y60 Z12 F3000", "G91"),
        ("G90", "G1 X50 Y60 Z12 F3000", "G91", "M82"),
    ],
)
@pytest.mark.parametrize("sent", range(4))
def test_a_print_that_begins_within_the_lift_stays_where_it_is(start, sent):
    """Only so many lines of the lift went out, and the rest is held back."""
    idle = Idle(start)
    send = idle.printer.send
    handed = []

    def cut(lines, tags):
        if not any(line.startswith("G1 Z") for line in lines):
            return send(lines, tags)
        send(lines[:sent], tags)
        idle.printer.state = Activity.PRINTING
        handed.append(idle.run.outing.hand_over())

    idle.printer.send = cut
    assert idle.test().interrupted == "printing"
    (back,) = handed
    for line in back:
        idle.printer.print_line(line)
    assert idle.is_above()


@pytest.mark.parametrize("step", STEPS)
def test_an_error_of_our_own_at_any_step_brings_the_head_back(step, caplog):
    idle = Idle()

    def burn():
        raise OSError("on fire")

    idle.strike(step, burn)
    outcome = idle.test(home=step is Step.HOME)
    assert "internal error" in str(outcome.failure)
    if step is not Step.HOME:
        assert idle.is_above()
    assert "on fire" in caplog.text


@pytest.mark.parametrize("step", STEPS)
def test_a_printer_that_goes_mute_at_any_step_ends_it(step):
    idle = Idle()
    idle.strike(step, lambda: idle.printer.mute.add("M114"))
    outcome = idle.test(home=step is Step.HOME)
    assert "did not answer" in str(outcome.failure)


def test_an_exposure_that_never_ends_costs_its_picture_and_no_more():
    idle = Idle()
    idle.recorder.seconds = None
    outcome = idle.test(terms=some_terms(columns=2, rows=1, retract=0.0))
    assert outcome.failure is None
    assert outcome.visited == 2
    assert idle.is_above()


def test_a_head_that_stands_elsewhere_ends_it():
    idle = Idle()

    def jam(line):
        if line.startswith("G1 X"):
            idle.printer.report = lambda: "X:1.00 Y:2.00 Z:17.00 E:0.00 Count X:0 Y:0"

    idle.printer.on_line = jam
    outcome = idle.test()
    assert "says it stands at X 1, Y 2" in str(outcome.failure)
    assert idle.recorder.shots == []


@pytest.mark.parametrize("height", [1.0, 2.0, 5.0])
def test_a_head_that_does_not_lift_is_not_moved_on(height):
    idle = Idle()
    idle.printer.report = lambda: "X:50.00 Y:60.00 Z:8.00 E:0.00 Count X:0"
    outcome = idle.test(terms=some_terms(height=height, retract=0.0))
    assert "did not move up" in str(outcome.failure)
    assert idle.recorder.shots == []


def test_all_it_sends_is_marked_and_what_follows_is_not():
    idle = Idle()
    seen = []
    send = idle.printer.send
    idle.printer.send = lambda lines, tags: (seen.append(tags), send(lines, tags))
    idle.test(home=True, terms=some_terms(before=("M42 P4 S1",), retract=0.0))
    assert all("layercapture:outing" in tags for tags in seen)
    idle.head.send(["M400"])
    assert "layercapture:outing" not in seen[-1]
