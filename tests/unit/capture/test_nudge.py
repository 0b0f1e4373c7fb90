"""Moving the head to and fro on the printer model."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.capture.nudge import SPAN, Nudge, Pace
from octoprint_layercapture.capture.ports import (
    Activity,
    CaptureFailed,
    Interrupted,
    PrinterGone,
)
from tests.unit.capture.conftest import PROFILE, Stage

START = ("G21", "G90", "M82", "G1 X50 Y60 Z12 F3000")


class Idle(Stage):
    """A printer that prints nothing, and a Nudge for it."""

    def __init__(self, start=START, profile=PROFILE, lift=5.0, **kwargs):
        super().__init__(start, **kwargs)
        self.printer.state = Activity.IDLE
        self.begin = (self.printer.machine(), dict(self.printer.at), self.printer.modes())
        self.stopped = None
        self.nudge = Nudge(
            self.printer,
            self.head,
            self.printer,
            volume(profile, margin=10),
            Pace(lift, 150.0, 10.0),
            lambda: self.stopped,
        )

    def moves(self):
        return [move for move in self.printer.moves if move.ours]


def test_the_head_goes_to_and_fro_above_where_it_was_and_back():
    idle = Idle()
    idle.nudge.enter(False)
    places = []
    for _ in range(4):
        arrived = idle.nudge.move()
        assert arrived == idle.printer.now
        assert idle.printer.free_at <= arrived
        assert idle.nudge.place == pytest.approx(idle.printer.machine()[:2])
        places.append(idle.printer.machine())
    assert places[0] == places[2] and places[1] == places[3]
    assert abs(places[0][0] - places[1][0]) == SPAN
    assert {place[2] for place in places} == {17.0}
    idle.nudge.leave()
    assert idle.is_as_before()


@pytest.mark.parametrize("said", [(), ("M83",), ("M82",)])
def test_a_printer_that_started_out_relative_is_moved_absolutely(said):
    idle = Idle(("G1 X50 Y60 Z12 F3000", *said))
    idle.printer.relative = True
    extruder = idle.printer.e_relative
    idle.nudge.enter(False)
    idle.nudge.move()
    assert idle.printer.machine()[2] == 17.0
    idle.nudge.leave()
    assert idle.printer.machine() == (50, 60, 12)
    if said:
        assert idle.printer.e_relative == extruder


def test_no_travel_runs_lower_than_the_lift():
    idle = Idle()
    idle.nudge.enter(False)
    idle.nudge.move()
    idle.nudge.leave()
    for move in idle.moves():
        if move.start[:2] != move.end[:2]:
            assert min(move.start[2], move.end[2]) >= 17.0


@pytest.mark.parametrize(
    "start",
    [
        ("G90", "M83", "G1 X50 Y60 Z12 F3000", "G91"),
        ("G90", "M82", "G1 X50 Y60 Z12 F3000", "G91", "M83"),
        ("G90", "G1 X50 Y60 Z12 F3000", "G92 X10 Y10"),
        ("G28", "G1 Z12 F600"),
    ],
)
def test_modes_and_offsets_are_put_back(start):
    idle = Idle(start)
    idle.nudge.enter(False)
    idle.nudge.move()
    idle.nudge.leave()
    assert idle.is_as_before()


@pytest.mark.parametrize(
    "x,y", [(0, 0), (-20, 100), (199, 199), (100, 250), (189.9, 12), (10, 10)]
)
def test_both_places_are_inside_the_margin_wherever_the_head_was(x, y):
    idle = Idle(("G90", f"G1 X{x} Y{y} Z12 F3000"))
    idle.nudge.enter(False)
    for _ in range(2):
        idle.nudge.move()
        assert all(10 <= axis <= 190 for axis in idle.nudge.place)
    idle.nudge.leave()
    assert idle.is_as_before()


def test_a_round_bed_is_respected():
    profile = {
        "volume": {
            "width": 200,
            "depth": 200,
            "height": 200,
            "formFactor": "circular",
            "origin": "center",
            "custom_box": False,
        }
    }
    idle = Idle(("G90", "G1 X80 Y80 Z12 F3000"), profile=profile)
    idle.nudge.enter(False)
    for _ in range(2):
        idle.nudge.move()
        x, y = idle.nudge.place
        assert (x * x + y * y) ** 0.5 <= 90 + 1e-6


def test_it_homes_only_if_asked_to():
    idle = Idle()
    idle.nudge.enter(False)
    assert "G28" not in idle.printer.sent
    idle = Idle()
    idle.nudge.enter(True)
    assert idle.printer.sent[0] == "G28"
    assert idle.nudge.place[1] == 100.0
    idle.nudge.leave()
    assert idle.printer.machine() == (0.0, 0.0, 0.0)


def test_a_bed_too_small_to_move_on_is_refused_without_a_move():
    profile = {"volume": {**PROFILE["volume"], "width": 25, "depth": 25}}
    idle = Idle(profile=profile)
    with pytest.raises(CaptureFailed, match="no room"):
        idle.nudge.enter(False)
    assert idle.moves() == []


def test_a_lift_past_the_maximum_is_refused_without_a_move():
    idle = Idle(("G90", "G1 X50 Y60 Z198 F3000"))
    with pytest.raises(CaptureFailed, match="no room above"):
        idle.nudge.enter(False)
    assert idle.moves() == []


def test_inches_and_unknown_offsets_are_refused_without_a_move():
    for start in (("G20", "G1 X2 Y2 Z1 F300"), ("G92 X5", "G1 X2 Y2 Z1 F300")):
        idle = Idle(start)
        with pytest.raises(CaptureFailed, match="cannot be relied on"):
            idle.nudge.enter(False)
        assert idle.moves() == []


def test_a_printer_that_reports_nothing_is_refused():
    idle = Idle()
    idle.printer.mute = {"M114"}
    with pytest.raises(CaptureFailed):
        idle.nudge.enter(False)
    assert idle.moves() == []


def test_a_report_that_is_off_by_a_little_in_z_does_not_move_the_head_for_good():
    idle = Idle()
    at = idle.printer.at
    idle.printer.report = lambda: (
        f"X:{at['X']:.2f} Y:{at['Y']:.2f} Z:{at['Z'] + 0.4:.2f} E:0.00 Count X:0"
    )
    idle.nudge.enter(False)
    idle.nudge.move()
    idle.nudge.leave()
    assert idle.printer.machine() == pytest.approx((50, 60, 12), abs=0.41)


@pytest.mark.parametrize("lift", [1.0, 2.0, 5.0])
def test_a_head_that_does_not_lift_is_not_moved_on(lift):
    idle = Idle(lift=lift)
    idle.printer.report = lambda: "X:50.00 Y:60.00 Z:12.00 E:0.00 Count X:0"
    with pytest.raises(CaptureFailed, match="did not move up"):
        idle.nudge.enter(False)
    assert all(move.start[:2] == move.end[:2] for move in idle.moves())


@pytest.mark.parametrize("state", [Activity.PRINTING, Activity.GONE, Activity.PAUSED])
def test_whatever_else_the_printer_does_ends_it(state):
    idle = Idle()
    idle.nudge.enter(False)
    idle.printer.state = state
    sent = len(idle.printer.sent)
    with pytest.raises((Interrupted, PrinterGone)):
        idle.nudge.move()
    idle.nudge.leave()
    assert len(idle.printer.sent) == sent


def test_a_stop_brings_the_head_back():
    idle = Idle()
    idle.nudge.enter(False)
    idle.stopped = "user"
    with pytest.raises(Interrupted, match="user"):
        idle.nudge.move()
    idle.nudge.leave()
    assert idle.is_as_before()


def test_who_takes_over_gets_the_way_back_once_and_nothing_else_is_sent():
    idle = Idle()
    idle.nudge.enter(False)
    sent = len(idle.printer.sent)
    back = idle.nudge.hand_over()
    assert idle.nudge.hand_over() == []
    idle.nudge.leave()
    assert len(idle.printer.sent) == sent
    for line in back:
        idle.printer.print_line(line)
    assert idle.is_as_before()


def test_who_takes_over_while_it_goes_back_gets_the_whole_way_back():
    idle = Idle()
    idle.nudge.enter(False)
    handed = []

    def queue(lines, tags):
        handed.append(idle.nudge.hand_over())
        idle.printer.state = Activity.PRINTING

    idle.printer.send = queue
    idle.nudge.leave()
    (back,) = handed
    for line in back:
        idle.printer.print_line(line)
    assert back and idle.is_as_before()


@pytest.mark.parametrize("state", [Activity.IDLE, Activity.GONE])
def test_once_it_is_back_or_the_printer_gone_there_is_nothing_to_hand_over(state):
    idle = Idle()
    idle.nudge.enter(False)
    idle.printer.state = state
    idle.nudge.leave()
    assert idle.nudge.hand_over() == []


def test_a_printer_that_has_restarted_is_sent_nowhere():
    idle = Idle()
    idle.nudge.enter(False)
    idle.head.on_received("start")
    with pytest.raises(Interrupted, match="reset"):
        idle.nudge.move()
    sent = len(idle.printer.sent)
    idle.nudge.leave()
    assert len(idle.printer.sent) == sent


def test_all_it_sends_is_marked_and_what_follows_is_not():
    idle = Idle()
    seen = []
    send = idle.printer.send
    idle.printer.send = lambda lines, tags: (seen.append(tags), send(lines, tags))
    idle.nudge.enter(False)
    idle.nudge.leave()
    assert all("layercapture:outing" in tags for tags in seen)
    idle.head.send(["M400"])
    assert "layercapture:outing" not in seen[-1]
