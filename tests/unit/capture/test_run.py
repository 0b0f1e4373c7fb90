"""One capture on the printer model: what the printer does, and how it ends."""

from __future__ import annotations

import gc
import math

import pytest

from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.capture.ports import Activity
from tests.unit.capture.conftest import PROFILE, Stage, a_layer, some_terms

STARTS = {
    "relative E": ("G21", "G90", "M83", "G1 X50 Y60 Z0.2 F9000", "G1 X90 E2 F1800"),
    "absolute E": ("G90", "M82", "G92 E0", "G1 X50 Y60 Z0.2 F9000", "G1 X90 E2 F1800"),
    "M82 before G90": ("M82", "G90", "G1 X50 Y60 Z0.2 F9000", "G1 X90 E2 F1800"),
    "nothing said of E": ("G90", "G1 X50 Y60 Z0.2 F9000", "G1 X90 E2 F1800"),
    "relative": (
        "G90",
        "M83",
        "G1 X50.1 Y60.2 Z0.2 F9000",
        "G91",
        "M83",
        "G1 X40.1 Y0.3 E2 F1800",
    ),
    "relative before M82": (
        "G90",
        "G1 X50 Y60 Z0.2 F9000",
        "M82",
        "G91",
        "G1 X40 E2 F1800",
    ),
    "inches": ("G20", "G90", "M83", "G1 X2 Y2.5 Z0.01 F300", "G1 X3 E0.1 F60"),
    "G92 on X and E": (
        "G90",
        "M82",
        "G1 X50 Y60 Z0.2 F9000",
        "G92 X10 E5",
        "G1 X50 E7 F1800",
    ),
    "retracted by the slicer": (
        "G90",
        "M83",
        "G1 X50 Y60 Z0.2 F9000",
        "G1 X90 E2 F1800",
        "G1 E-0.8 F2100",
    ),
    "retracted by firmware": (
        "G90",
        "M83",
        "G1 X50 Y60 Z0.2 F9000",
        "G1 X90 E2 F1800",
        "G10",
    ),
    "second tool": ("G90", "M83", "T1", "G1 X50 Y60 Z0.2 F9000", "G1 X90 E2 F1800"),
}


@pytest.mark.parametrize("switches", [True, False], ids=["marlin", "others"])
@pytest.mark.parametrize("start", STARTS.values(), ids=STARTS.keys())
def test_leave_puts_back_position_filament_feedrate_and_modes(start, switches):
    stage = Stage(start, g90_switches_e=switches)
    outcome = stage.capture()
    assert outcome.failure is None
    assert outcome.visited == 9
    assert stage.is_as_before()
    assert stage.printer.holds == 0
    assert stage.printer.released == 1


@pytest.mark.parametrize("stop", [None, "cancelled"], ids=["done", "interrupted"])
def test_a_run_that_is_over_is_gone_without_the_garbage_collector(stage, stop):
    stage.stop = stop
    gc.disable()
    try:
        assert stage.capture().interrupted == stop
        assert stage.run() is None
    finally:
        gc.enable()


def test_every_position_is_photographed_where_it_is_labelled(stage):
    stage.capture()
    for shot, stood in zip(stage.recorder.shots, stage.recorder.stood):
        assert stood == pytest.approx((shot.x, shot.y, 5.2), abs=1e-6)
        assert shot.actual == pytest.approx((shot.x, shot.y, 5.2), abs=0.01)
    assert sorted(shot.index for shot in stage.recorder.shots) == list(range(9))
    assert [shot.order for shot in stage.recorder.shots] == list(range(9))


def test_retraction_and_priming_are_equal(stage):
    stage.capture()
    ours = [move.filament for move in stage.printer.moves if move.ours]
    assert min(ours) == -1.0
    assert math.fsum(ours) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("already", ["G1 E-0.8 F2100", "G10"])
def test_what_is_already_retracted_is_not_retracted_again(already):
    stage = Stage((*Stage.START, already))
    stage.capture()
    assert not any(move.filament for move in stage.printer.moves if move.ours)


def test_cold_filament_is_not_moved(stage):
    stage.printer.is_hot = False
    stage.capture()
    assert not any(move.filament for move in stage.printer.moves if move.ours)


def test_volumetric_extrusion_retracts_the_same_length():
    stage = Stage(("M200 D1.75", *Stage.START))
    stage.capture()
    pulled = min(move.filament for move in stage.printer.moves if move.ours)
    assert pulled == pytest.approx(-math.pi * 1.75**2 / 4, abs=1e-6)


def test_no_travel_runs_below_the_safe_height(stage):
    stage.capture(a_layer(z=0.2, top=30.0), some_terms(height=5.0))
    home = stage.begin[0]
    for move in stage.printer.moves:
        if move.ours and move.start[:2] != move.end[:2]:
            assert min(move.start[2], move.end[2]) >= 32.0
    assert stage.printer.machine() == pytest.approx(home)


def test_pictures_are_taken_at_the_set_height_above_the_layer():
    stage = Stage((*Stage.START, "G1 Z12.4 F600"))
    stage.capture(a_layer(z=12.0), some_terms(height=3.0))
    assert {round(stood[2], 6) for stood in stage.recorder.stood} == {15.0}


def test_a_lift_past_the_maximum_z_skips_the_capture_and_says_so(stage):
    low = volume(PROFILE, max_z=5.0, margin=10)
    outcome = stage.capture(a_layer(z=0.2), some_terms(volume=low))
    assert "maximum of 5 mm" in str(outcome.failure)
    assert stage.printer.sent == []
    assert stage.printer.released == 1


def test_positions_outside_the_margin_are_never_travelled_to(stage):
    terms = some_terms(columns=5, rows=5, spacing=48)
    stage.capture(terms=terms)
    assert 0 < len(stage.recorder.shots) < 25
    for move in stage.printer.moves:
        if move.ours and move.start[:2] != move.end[:2]:
            assert all(10 <= place <= 190 for place in move.end[:2])


def test_the_exposure_waits_for_the_delay_after_arrival(stage):
    times = []
    stage.recorder.on_expose = lambda shot: times.append(stage.printer.now)
    stage.capture(terms=some_terms(columns=2, rows=1, delay=2.0))
    travel = 40 / 150
    assert times[1] - times[0] == pytest.approx(2.0 + travel, abs=0.2)


def test_cameras_glance_once_before_the_head_leaves_the_print(stage):
    before = []
    glance = stage.recorder.glance
    stage.recorder.glance = lambda x, y: (
        before.append(stage.printer.machine()),
        glance(x, y),
    )
    stage.capture()
    assert stage.recorder.glanced == [(90.0, 60.0)]
    assert before == [stage.begin[0]]


def test_a_shot_says_when_the_head_had_arrived(stage):
    stage.capture(terms=some_terms(columns=2, rows=1, delay=1.5))
    first, second = stage.recorder.shots
    assert second.arrived - first.arrived == pytest.approx(1.5 + 40 / 150, abs=0.2)
    assert 0 < first.arrived <= stage.printer.now - 1.5


@pytest.mark.parametrize("state", [Activity.CANCELLING, Activity.PAUSING])
def test_cancel_and_pause_end_the_visits_and_bring_the_head_back(stage, state):
    def third(shot):
        if shot.order == 2:
            stage.printer.state = state

    stage.recorder.on_expose = third
    outcome = stage.capture()
    assert outcome.interrupted == state.value
    assert len(stage.recorder.shots) == 3
    assert stage.is_as_before()
    assert stage.printer.released == 1


def test_a_cancel_during_a_travel_leaves_at_once(stage):
    def cancel(line):
        if line.startswith("G1 X"):
            stage.printer.state = Activity.CANCELLING
            stage.printer.on_line = None

    stage.printer.on_line = cancel
    outcome = stage.capture()
    assert outcome.interrupted == "cancelling"
    assert stage.recorder.shots == []
    assert stage.is_as_before()


def test_a_lost_connection_sends_nothing_and_frees_no_other_hold(stage):
    def unplug(shot):
        stage.printer.state = Activity.GONE
        stage.recorder.sent = len(stage.printer.sent)

    stage.recorder.on_expose = unplug
    outcome = stage.capture()
    assert outcome.interrupted == "gone"
    assert len(stage.printer.sent) == stage.recorder.sent
    assert stage.printer.released == 0


def test_a_release_after_a_reconnect_is_not_ours_to_make(stage):
    stage.recorder.on_expose = lambda shot: setattr(stage.printer, "link", object())
    stage.capture()
    assert stage.printer.released == 0


def test_a_position_that_never_comes_ends_in_leave_and_release(stage):
    def go_mute(shot):
        stage.printer.mute = {"M114"}

    stage.recorder.on_expose = go_mute
    outcome = stage.capture()
    assert "did not answer" in str(outcome.failure)
    assert outcome.visited == 1
    assert stage.is_as_before()
    assert stage.printer.released == 1


def test_an_exposure_that_never_ends_costs_its_picture_and_no_more(stage):
    stage.recorder.seconds = None
    outcome = stage.capture(terms=some_terms(columns=2, rows=1))
    assert outcome.failure is None
    assert outcome.visited == 2
    assert stage.recorder.abandoned >= 2
    assert stage.is_as_before()


def test_a_head_that_stands_elsewhere_fails_the_capture(stage):
    def jam(line):
        if line.startswith("G1 X"):
            stage.printer.report = lambda: "X:1.00 Y:2.00 Z:5.20 E:0.00 Count X:0 Y:0 Z:0"

    stage.printer.on_line = jam
    outcome = stage.capture()
    assert "says it stands at X 1, Y 2" in str(outcome.failure)
    assert stage.recorder.shots == []
    assert stage.printer.released == 1


def test_a_constant_difference_of_reported_z_is_no_fault(stage):
    x_y = stage.printer.at

    def raised():
        return (
            f"X:{x_y['X']:.2f} Y:{x_y['Y']:.2f} Z:{x_y['Z'] + 0.35:.2f} E:0.00 Count X:0"
        )

    stage.printer.report = raised
    outcome = stage.capture()
    assert outcome.failure is None
    assert outcome.visited == 9


def test_a_place_the_file_never_said_is_not_left():
    stage = Stage(("G28", "G91", "G1 X10 E1 F1000"))
    outcome = stage.capture()
    assert "has not said where the head is" in str(outcome.failure)
    assert not any(line.startswith("G1") for line in stage.printer.sent)
    assert stage.printer.released == 1


def test_without_return_the_head_goes_on_to_the_next_extrusion(stage):
    layer = a_layer(resume=(120.0, 70.0))
    stage.capture(layer, some_terms(return_to_origin=False))
    assert stage.printer.machine() == pytest.approx((120.0, 70.0, 0.2))


def test_without_return_an_uncertain_next_place_means_going_back(stage):
    stage.capture(a_layer(resume=None), some_terms(return_to_origin=False))
    assert stage.is_as_before()


def test_an_unexpected_error_still_leaves_and_releases(stage):
    def break_down(shot):
        raise OSError("camera room on fire")

    stage.recorder.on_expose = break_down
    outcome = stage.capture()
    assert "internal error" in str(outcome.failure)
    assert stage.is_as_before()
    assert stage.printer.released == 1


def test_positions_aimed_with_a_camera_send_the_nozzle_beside_them(stage):
    stage.capture(terms=some_terms(columns=2, rows=2, offset=(25.0, -10.0)))
    assert len(stage.recorder.shots) == 4
    for shot, stood in zip(stage.recorder.shots, stage.recorder.stood):
        assert shot.nozzle == (shot.x - 25, shot.y + 10)
        assert stood[:2] == pytest.approx(shot.nozzle, abs=0.01)
        assert shot.actual[:2] == pytest.approx(shot.nozzle, abs=0.01)
    assert stage.is_as_before()
