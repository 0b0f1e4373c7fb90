"""Which cameras are asked: silence costs its time once, failing for good ends it."""

from __future__ import annotations

import pytest

from octoprint_layercapture.messages import Message
from octoprint_layercapture.roster import CAPTURES_IN_A_ROW, Roster

WHY = Message("Camera %(camera)s is asleep.", {"camera": "x"})


def capture(roster, gave=(), failed=()):
    """One capture in which these cameras gave a picture and those failed."""
    attendance = roster.open()
    for camera in gave:
        attendance.gave(camera)
    for camera in failed:
        attendance.failed(camera, WHY, silent=False)
    return roster.close(attendance)


def asked(roster):
    return set(roster.open().cameras)


def test_a_camera_that_let_the_time_go_by_is_not_asked_again_in_this_capture():
    roster = Roster(["side", "top"])
    attendance = roster.open()
    assert attendance.refusal("side") is None
    attendance.failed("side", WHY, silent=True)
    assert str(attendance.refusal("side")).endswith(": Camera x is asleep.")
    assert attendance.refusal("top") is None
    roster.close(attendance)
    assert roster.open().refusal("side") is None


def test_a_camera_that_failed_quickly_is_asked_again_in_this_capture():
    attendance = Roster(["side"]).open()
    attendance.failed("side", WHY, silent=False)
    assert attendance.refusal("side") is None


def test_a_camera_without_a_picture_at_several_captures_in_a_row_is_left_out():
    roster = Roster(["side", "top"])
    for _ in range(CAPTURES_IN_A_ROW - 1):
        assert capture(roster, gave=["top"], failed=["side"]) is None
    assert asked(roster) == {"side", "top"}
    news = capture(roster, gave=["top"], failed=["side"])
    assert "of camera side, so it is left out" in str(news)
    assert "asleep" in str(news)
    assert asked(roster) == {"top"}
    assert not roster.empty
    # said once
    assert capture(roster, gave=["top"]) is None


@pytest.mark.parametrize("between", [{"gave": ["side"]}, {"gave": ["side"] * 2}])
def test_one_picture_in_between_begins_the_count_anew(between):
    roster = Roster(["side"])
    for _ in range(4):
        for _ in range(CAPTURES_IN_A_ROW - 1):
            assert capture(roster, failed=["side"]) is None
        assert capture(roster, failed=["side"], **between) is None
    assert asked(roster) == {"side"}


def test_a_capture_that_ended_before_the_camera_was_asked_counts_for_nothing():
    roster = Roster(["side"])
    for _ in range(2 * CAPTURES_IN_A_ROW):
        assert capture(roster) is None
    assert not roster.empty


def test_with_the_last_camera_left_out_nothing_is_left():
    roster = Roster(["side", "top"])
    for _ in range(CAPTURES_IN_A_ROW):
        news = capture(roster, failed=["side", "top"])
    assert roster.empty
    assert "of camera side, top. No camera is left" in str(news)


def test_a_capture_asked_for_with_no_camera_left_tries_all_and_keeps_what_works():
    roster = Roster(["side", "top"])
    for _ in range(CAPTURES_IN_A_ROW):
        capture(roster, failed=["side", "top"])
    assert asked(roster) == {"side", "top"}
    assert capture(roster, gave=["top"], failed=["side"]) is None
    assert not roster.empty
    assert asked(roster) == {"top"}


def test_restored_cameras_are_asked_and_counted_anew():
    roster = Roster(["side"])
    for _ in range(CAPTURES_IN_A_ROW):
        capture(roster, failed=["side"])
    roster.restore()
    assert not roster.empty
    assert capture(roster, failed=["side"]) is None
    assert not roster.empty


def test_a_print_without_cameras_has_none_to_lose():
    assert not Roster([]).empty
