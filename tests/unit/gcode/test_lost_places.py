"""After some commands nobody can say where the head is, so nobody claims to."""

from __future__ import annotations

import pytest

from octoprint_layercapture.gcode import Modal

KNOWN = ("G28", "G90", "G1 X5 Y6 Z7 F600")


def after(*lines):
    state = Modal()
    for line in lines:
        state.feed(line)
    return state


@pytest.mark.parametrize(
    "line",
    "G12 G26 G27 G29 G30 G32 G33 G34 G35 G38 G38.2 G42 G61 G76 G80 G425 M48 M125 M206 "
    "M428 G92".split(),
)
def test_moves_of_the_firmwares_own_lose_the_place(line):
    state = after(*KNOWN, line)
    assert [state.machine(axis) for axis in "XYZ"] == [None] * 3


@pytest.mark.parametrize("line", ["G4 P5", "G60", "M114", "M106 S9", "G90.1", "M600"])
def test_other_lines_leave_it_known(line):
    assert after(*KNOWN, line).machine("X") == 5


@pytest.mark.parametrize("line", ["G92 X0", "G92"])
def test_what_g92_shifts_unseen_stays_unknown_until_homed(line):
    state = after("G28", line, "G90", "G1 X5 Y6 Z7")
    assert (state.x, state.machine("X")) == (5, None)
    state.feed("G28 X")
    state.feed("G1 X9")
    assert state.machine("X") == 9


def test_g92_of_one_axis_leaves_the_others_known():
    state = after("G28", "G92 X0", "G90", "G1 X5 Y6 Z7")
    assert (state.machine("Y"), state.machine("Z")) == (6, 7)


def test_the_native_place_comes_back_with_g92_1():
    state = after("G28", "G92 X0", "G92.1", "G90", "G1 X5")
    assert state.machine("X") == 5


def test_a_copy_knows_what_the_state_did_not():
    state = after("G28", "G92 X0", "G90", "G1 X5")
    twin = state.copy()
    state.feed("G28")
    assert twin.machine("X") is None
