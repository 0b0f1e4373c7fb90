"""What a printer remembers after the lines fed to it."""

from __future__ import annotations

import pytest

from octoprint_layercapture.gcode.words import Modal, command, words


def after(*lines):
    state = Modal()
    for line in lines:
        state.feed(line)
    return state


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("G1 X5", "G1"),
        ("N12 g01 X5*33", "G1"),
        ("  G92.1", "G92.1"),
        ("T1", "T1"),
        ("M117 G1 X5", "M117"),
        ("; G1", None),
        ("@pause", None),
        ("", None),
    ],
)
def test_commands_are_read_in_their_plain_form(line, name):
    assert command(line) == name


def test_e_is_a_word_and_never_an_exponent():
    assert words("X1E5 Y-.5 F+30 ; Z9") == {"X": 1, "E": 5, "Y": -0.5, "F": 30}


def test_absolute_and_relative_moves_add_up():
    state = after("G90", "G1 X10 Y20 Z0.3 F1200", "G91", "G1 X-1.1 Z0.2", "G1 X0.1")
    assert (state.x, state.y, state.z) == (9.0, 20, 0.5)
    assert state.feedrate == 1200
    assert not state.absolute


def test_a_position_not_yet_said_is_not_known():
    state = after("G28", "G91", "G1 X10")
    assert state.x is None
    assert after("G1 X10", "G28").x is None
    assert after("G1 X10 Y5", "G28 X").y == 5
    assert after("G1 X10", "G29").x is None
    assert after("G1 X10", "G92").x is None


def test_inches_are_kept_as_millimetres():
    state = after("G20", "G1 X2 F10")
    assert (state.x, state.feedrate, state.inches) == (50.8, 254, True)


def test_g92_moves_the_logical_position_and_not_the_head():
    state = after("G1 X50", "G92 X10", "G1 X20")
    assert state.x == 20
    assert state.machine("X") == 60
    state.feed("G92.1")
    assert (state.x, state.machine("X")) == (60, 60)


@pytest.mark.parametrize(
    ("lines", "retracted"),
    [
        (("M83", "G1 E-2"), 2),
        (("M83", "G1 E-2", "G1 E2"), 0),
        (("M83", "G1 E-2", "G1 E2.1", "G1 E-1"), 1),
        (("M83", "G1 X5 E-0.5", "G1 E-1.5"), 2),
        (("M82", "G92 E0", "G1 E10", "G1 E7"), 3),
        (("M82", "G92 E0", "G1 E10", "G1 E7", "G92 E0", "G1 E3"), 0),
        (("M83", "G1 E-2", "T1"), 0),
        (("M83", "G1 E-2", "T1", "T0"), 2),
    ],
)
def test_the_filament_pulled_back_is_counted_by_tool(lines, retracted):
    assert after(*lines).retracted == pytest.approx(retracted)


def test_priming_within_rounding_counts_as_primed():
    assert after("M83", "G1 E-.8", "G1 E.799999").retracted == 0


def test_firmware_retraction_is_seen_and_tool_offsets_are_not():
    assert after("G10").firmware_retracted
    assert not after("G10", "G11").firmware_retracted
    assert not after("G10 P0 S200").firmware_retracted


def test_the_order_of_the_mode_words_is_kept():
    assert after("G90", "M83").e_mode_last
    assert not after("M83", "G90").e_mode_last
    assert after("M83", "G90").extrudes_relative
    assert after("G91").extrudes_relative
    assert not after("G90").extrudes_relative


def test_volumetric_extrusion_is_seen():
    assert after("M200 D1.75").area == pytest.approx(2.405, abs=1e-3)
    assert after("M200 D1.75", "M200 D0").area is None
    assert after("M200 S0 D1.75").area is None


def test_arcs_end_where_they_say():
    state = after("G90", "G2 X10 Y20 I5 J0 E1")
    assert (state.x, state.y) == (10, 20)


def test_a_copy_is_not_moved_by_later_lines():
    state = after("M83", "G1 X1 E-1", "G92 Y3")
    twin = state.copy()
    state.feed("G1 X9 E1")
    state.feed("G92 X0")
    assert (twin.x, twin.retracted, twin.offset["X"]) == (1, 1, 0)
