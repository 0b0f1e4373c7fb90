"""Firmware that answers garbage: nothing raises, and the run ends.

The print goes on, or it was paused with a reason: it is never resumed blind.
"""

from __future__ import annotations

import logging
import math

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_layercapture.capture.head import Head, parse_report
from octoprint_layercapture.capture.ports import Activity
from octoprint_layercapture.gcode import Modal, index
from tests.unit.capture.host import Host
from tests.unit.capture.marlin import ModelPrinter
from tests.unit.capture.replay import FIXTURES, differences, print_plain, read_job

FILE = FIXTURES / "relative_e.gcode"
LINES = read_job(FILE)
LAYERS = index(FILE).layers
PLAIN = print_plain(LINES)

thorough = settings(
    deadline=None,
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

numbers = st.one_of(
    st.sampled_from(["nan", "-nan", "inf", "1e30", "9" * 400, "-", "", "0x1", "1.2.3"]),
    st.floats(-1e6, 1e6).map(lambda value: f"{value:.2f}"),
    st.floats(0, 200).map(lambda value: f"{value:.2f}"),
)
reports = st.builds(
    "{}X:{}{} Y:{} Z:{} E:{}".format,
    st.sampled_from(["", "ok ", "ok C: ", "echo:", "// ", "  "]),
    st.sampled_from(["", " "]),
    numbers,
    numbers,
    numbers,
    st.sampled_from(["0.00", "0.00 Count X:1 Y:2 Z:3", " Machine 1 2 3", ""]),
)
halves = st.tuples(reports, st.integers(0, 60)).map(lambda cut: cut[0][: cut[1]])
noise = st.sampled_from(
    [
        "",
        "ok",
        "OK",
        "o",
        "okok",
        "ok T:200.0 /200.0 B:60.0 /60.0",
        "echo:busy: processing",
        "busy:",
        "Error:checksum mismatch, Last Line: 7",
        "Resend: 8",
        "rs 8",
        "wait",
        "starting",
        "echo:Unknown command: M114",
        "!! Printer not ready",
        "\x00\ufffd\x7f",
    ]
)
garbage = st.one_of(reports, halves, noise, st.text(max_size=30)).filter(
    lambda line: line.rstrip() != "start"
)
WHEN = ("between", "instead")


def a_host(**kwargs):
    return Host(LINES, LAYERS, **kwargs)


class Babbling(Host):
    """A printer that says ``lines`` between its answers, or instead of its reports."""

    def __init__(self, lines, when):
        super().__init__(LINES, LAYERS, every=3)
        self.babble = list(lines)
        self.when = when

    def wait(self, condition, seconds):
        if self.when == "between" and self.babble:
            self.head.on_received(self.babble.pop())
        super().wait(condition, seconds)

    def report(self):
        if self.when == "instead" and self.babble:
            return self.babble.pop()
        return super().report()


@pytest.mark.parametrize("when", WHEN)
@thorough
@given(lines=st.lists(garbage, max_size=40))
def test_garbage_never_raises_and_never_harms_the_print(caplog, when, lines):
    caplog.clear()
    caplog.set_level(logging.ERROR, "octoprint.plugins.layercapture")
    host = Babbling(lines, when)
    host.start()
    host.go()
    assert [record.getMessage() for record in caplog.records] == []
    assert host.engine.run is None
    assert host.violations == []
    assert host.holds == 0
    assert host.taken == host.freed
    laid = host.extruding()
    assert differences(PLAIN.extruding()[: len(laid)], laid) == []
    if host.activity() is Activity.PAUSED:
        assert host.ended[-1].paused
        assert host.ended[-1].failure is not None
    else:
        assert len(laid) == len(PLAIN.extruding())
        assert len(host.ended) == 2
        for outcome in host.ended:
            assert outcome.visited == outcome.planned or outcome.failure is not None


@pytest.mark.parametrize("answers", range(1, 8))
def test_a_head_that_is_said_to_be_elsewhere_is_not_resumed_blind(answers):
    """The reports are wrong from one of the answers on, and stay wrong."""
    host = a_host(every=3)
    true, asked = host.report, []

    def report():
        asked.append(1)
        return true() if len(asked) < answers else "X:1.00 Y:2.00 Z:3.00 E:0.00"

    host.report = report
    host.start()
    host.go()
    assert host.violations == []
    if answers <= 5:
        assert host.ended[0].paused
        assert "says it stands" in str(host.ended[0].failure)
        assert host.activity() is Activity.PAUSED
        assert len(host.ended) == 1
    assert host.taken == host.freed


def wrong_once(host):
    """The second report is wrong, those after it are right."""
    true, asked = host.report, []

    def report():
        asked.append(1)
        return "X:1.00 Y:2.00 Z:3.00 E:0.00" if len(asked) == 2 else true()

    host.report = report


def test_a_report_that_is_wrong_once_is_asked_for_again():
    host = a_host(every=3)
    wrong_once(host)
    host.start()
    host.go()
    assert [outcome.visited for outcome in host.ended] == [4, 4]
    assert [outcome.failure for outcome in host.ended] == [None, None]


def test_a_head_elsewhere_that_says_nothing_more_is_not_resumed_blind():
    host = a_host(every=3)
    true, asked = host.report, []

    def report():
        asked.append(1)
        if len(asked) == 3:
            host.mute = {"M114"}
        return true() if len(asked) == 1 else "X:1.00 Y:2.00 Z:3.00 E:0.00"

    host.report = report
    host.start()
    host.go()
    assert host.ended[0].paused
    assert host.state in (Activity.PAUSING, Activity.PAUSED)
    assert len(host.ended) == 1


@thorough
@given(garbage)
def test_a_report_is_finite_and_near_or_no_report(line):
    found = parse_report(line)
    if found is not None:
        assert len(found) == 3
        assert all(math.isfinite(value) and abs(value) <= 1e5 for value in found)


@thorough
@given(st.lists(garbage, max_size=20), st.lists(st.text(max_size=20), max_size=5))
def test_the_head_hears_anything_without_an_error(lines, sent):
    printer = ModelPrinter()
    head = printer.head = Head(printer, printer)
    for line in lines:
        printer.at_time(printer.now, line)
    for line in sent:
        head.on_sending(line, {"plugin:layercapture"})
    printer.mute = {"M114"}
    try:
        head.ask((), 5.0, lambda: None)
    except Exception as error:
        assert "did not answer" in str(error)
    assert printer.now < 1000.0 + 5.0 + 5.0 + 10.0 * len(lines) + 1.0


values = st.one_of(numbers, st.integers(-999, 999).map(str))
file_lines = st.one_of(
    st.builds(
        "{}{} X{} Y{} E{}".format,
        st.sampled_from(["G1", "G92", "G2", "G10", "M200", "G28", "T", "N5 G1", "g0"]),
        st.sampled_from(["", ".1", ".99"]),
        values,
        values,
        values,
    ),
    st.text(max_size=30),
)


@thorough
@given(st.lists(file_lines, max_size=20))
def test_whatever_is_sent_leaves_places_that_are_finite_or_not_known(lines):
    state = Modal()
    for line in lines:
        state.feed(line)
        for axis in "XYZ":
            place = state.machine(axis)
            assert place is None or math.isfinite(place), line


FAR = "9" * 308


@pytest.mark.parametrize(
    ("lines", "x"),
    [
        (("G1 X" + FAR,), None),
        (("G1 X" + FAR, "G1 X1"), 1),
        (("G91", "G1 X" + FAR, "G1 X1"), None),
        (("G92 X" + FAR, "G1 X1"), None),
        (("G92 X9999999", "G1 X1"), None),
        (("G92 X9999999", "G28", "G1 X1"), 1),
    ],
)
def test_an_enormous_place_is_a_place_not_known(lines, x):
    state = Modal()
    for line in ("G90", "G1 X5 Y6 Z7", *lines):
        state.feed(line)
    assert state.machine("X") == x


def test_an_enormous_tool_number_is_no_command():
    state = Modal()
    state.feed("T" + "9" * 5000)
    assert state.tool == 0
