"""Lines of the user's own around a capture: light and fan yes, harm to the print no."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_layercapture.config import parse
from octoprint_layercapture.gcode import Modal
from octoprint_layercapture.gcode.custom import lines_of, refusal

ALLOWED = (
    "M106 S255",
    "M107",
    "M42 P4 S1",
    "M355 S1 P200",
    "M150 R255 U255 B255",
    "M117 taking pictures",
    "M117 G28 X",
    "M300 S440 P50",
    "M104 S200",
    "M400",
    "G4 P200",
    "N3 M106 S0*12",
)

REFUSED = {
    "moves": (
        "G0 X1",
        "G1 Z5",
        "g1 z5",
        "G01 X5",
        "N4 G1 X5*7",
        "  G1 X5",
        "G2 X5 I1",
        "G03 X5 I1",
        "G5 X5",
        "G6 X5",
        "G10",
        "G11",
        "G12",
        "G26",
        "G27",
        "G29",
        "G30",
        "G32",
        "G38.2 X5",
        "G42 I1",
        "G60 S0",
        "G61 S0",
        "G76",
        "G80",
        "G425",
        "M48",
        "M206 X1",
        "M290 Z0.1",
        "M428",
        "M701",
        "M702",
        "M851 Z1",
    ),
    "homes": ("G28", "G28 X", "g28"),
    "modes": (
        "G17",
        "G20",
        "G21",
        "G53",
        "G54",
        "G59.1",
        "G90",
        "G91",
        "G91.1",
        "G92 E0",
        "G92.1",
        "G93",
        "M82",
        "M83",
        "M92 E500",
        "M110 N5",
        "M200 D1.75",
        "M220 S50",
        "M221 S50",
        "M420 S0",
        "M501",
        "M502",
    ),
    "waits": ("M109 S200", "M190 S60", "M191 S40", "M116", "M303"),
    "stops": (
        "M0",
        "M1",
        "M2",
        "M17",
        "M18",
        "M24",
        "M25",
        "M26",
        "M28 a.gco",
        "M29",
        "M30 a.gco",
        "M32 a.gco",
        "M80",
        "M81",
        "M84",
        "M85 S1",
        "M112",
        "M125",
        "M226 P1 S1",
        "M410",
        "M524",
        "M600",
        "M601",
        "M603",
        "M928 a.gco",
        "M997",
        "M999",
    ),
    "tools": ("T0", "T1", "t2", "M6 T1"),
    "unknown": ("@pause", "PARK_HEAD", "hello", "T?", "*7", "(x) G28", "M", "G"),
}
PAIRS = [(line, reason) for reason, lines in REFUSED.items() for line in lines]


@pytest.mark.parametrize("line", ALLOWED)
def test_lines_that_leave_head_and_modes_alone_may_run(line):
    assert refusal(line) is None


@pytest.mark.parametrize(("line", "reason"), PAIRS, ids=[line for line, _ in PAIRS])
def test_lines_that_do_harm_are_refused_with_the_reason(line, reason):
    assert refusal(line) == reason


def test_lines_are_taken_without_comments_and_empty_lines():
    text = "M106 S0 ; fan off\n\n ; only words\r\n  M117 hi\t\rG4 P1"
    assert lines_of(text) == ("M106 S0", "M117 hi", "G4 P1")
    assert lines_of(";G28") == ()


@pytest.mark.parametrize("key", ["before", "after"])
@pytest.mark.parametrize(
    "line", ["G28", "g1 x5", "M109 S200", "G91", "M600", "T1", "@pause"]
)
def test_settings_refuse_them_and_keep_what_was_there(key, line):
    old, _ = parse({"motion": {key: "M107"}})
    config, problems = parse({"motion": {key: f"M106 S9\n{line}"}}, old)
    assert getattr(config.motion, key) == "M107"
    assert [problem.key for problem in problems] == [f"motion.{key}"]
    assert line in str(problems[0].message)


commands = st.builds(
    "{}{}{}{} {}".format,
    st.sampled_from(["", " ", "N7 ", "n7"]),
    st.sampled_from("GgMmTt"),
    st.sampled_from(["", "0", "00"]),
    st.integers(0, 120),
    st.text("XYZEFSPD0123456789.- ", max_size=12),
)


@settings(deadline=None)
@given(commands)
def test_no_line_that_is_allowed_changes_what_the_printer_remembers(line):
    if refusal(line) is not None:
        return
    state = Modal()
    for before in ("G90", "M83", "G1 X50 Y60 Z2 E1 F1800", "G1 E-1"):
        state.feed(before)
    was = vars(state.copy())
    state.feed(line)
    assert vars(state) == was


@settings(deadline=None)
@given(st.text(max_size=40))
def test_any_text_is_judged_without_an_error(text):
    for line in lines_of(text):
        refusal(line)
