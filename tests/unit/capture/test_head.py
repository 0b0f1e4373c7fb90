"""Arrival is what we asked for ourselves, after our own M400."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.head import STANDSTILL, TAG, Head, parse_report
from octoprint_layercapture.capture.ports import CaptureFailed, Interrupted
from tests.unit.capture.marlin import ModelPrinter

REPORTS = {
    "X:10.00 Y:20.00 Z:0.30 E:0.00 Count X:800 Y:1600 Z:120": (10, 20, 0.3),
    "ok C: X:10.0000 Y:-20.5000 Z:0.3000 E:0.0": (10, -20.5, 0.3),
    "X:10.000 Y:20.000 Z:0.300 E:1.0 E0:1.0 Count 800 1600 12 Machine 1 2 3": (
        10,
        20,
        0.3,
    ),
    "X: 10.00 Y: 20.00 Z: 0.30 E: 0.00": (10, 20, 0.3),
    "X:10.00 Y:20.00 Z:0.30 E:0.00 Count X: 10.00 Y:20.00 Z:0.30 E:0.00": (10, 20, 0.3),
}


@pytest.mark.parametrize("line", REPORTS)
def test_reports_of_every_dialect_are_read(line):
    assert parse_report(line) == REPORTS[line]


@pytest.mark.parametrize(
    "line",
    [
        "ok T:200.0 /200.0 B:60.0 /60.0",
        "X:10.00 Y:20",
        "X:nan Y:20.00 Z:0.30",
        "X:1e9 Y:20.00 Z:0.30",
        "X:9999999 Y:20.00 Z:0.30",
        "X:10.0.0 Y:1 Z:2",
        "echo:X:abc Y:1 Z:2",
        "",
    ],
)
def test_garbage_is_no_report(line):
    assert parse_report(line) is None


class Wire:
    """A printer whose answers the test writes."""

    def __init__(self):
        self.sent = []
        self.model = ModelPrinter()
        self.head = Head(self, self.model)
        self.model.head = self.head

        self.unblocked = 0

    def send(self, lines, tags):
        self.sent.append((lines, tags))

    def unblock(self):
        self.unblocked += 1

    def ask(self, *answers, seconds=5.0, lines=("G1 X10",)):
        """Answers are lines from the printer, or None for "M114 goes out now"."""
        for number, answer in enumerate(answers):
            self.model.at_time(self.model.now + 0.1 * (number + 1), self._say(answer))
        return self.head.ask(lines, seconds, lambda: None)

    def _say(self, answer):
        def now():
            if answer is None:
                self.head.on_sending("M114", self.sent[-1][1])
            else:
                self.head.on_received(answer)

        return now


HERE = "X:10.00 Y:20.00 Z:0.30 E:0.00 Count X:0"
ELSEWHERE = "X:99.00 Y:99.00 Z:9.00 E:0.00 Count X:0"


def test_unasked_reports_before_our_question_satisfy_nothing():
    wire = Wire()
    assert wire.ask(ELSEWHERE, "ok", ELSEWHERE, "ok", None, HERE, "ok") == (
        10,
        20,
        0.3,
    )
    with pytest.raises(CaptureFailed):
        wire.ask(HERE, "ok", HERE, "ok")


def test_the_report_that_the_ok_belongs_to_counts():
    assert Wire().ask(None, ELSEWHERE, HERE, "ok") == (10, 20, 0.3)


def test_an_ok_before_the_report_is_fine():
    assert Wire().ask(None, "ok", HERE) == (10, 20, 0.3)


def test_a_report_that_comes_later_than_right_behind_the_ok_was_not_asked_for():
    wire = Wire()
    assert wire.ask(None, "ok", " T:200.00 /200.00", HERE) is None
    assert wire.head.silent


def test_an_ok_that_belonged_to_something_else_does_not_hide_the_answer():
    wire = Wire()
    assert wire.ask(None, "ok", "echo:busy: processing", HERE, "ok") == (10, 20, 0.3)
    assert not wire.head.silent


def test_a_printer_that_reports_is_waited_for_behind_an_ok_of_something_else():
    wire = Wire()
    assert wire.ask(None, HERE, "ok") == (10, 20, 0.3)
    late = [" T:200.00 /200.00"] * 25
    assert wire.ask(None, "ok", *late, HERE, "ok", seconds=60.0) == (10, 20, 0.3)
    assert not wire.head.silent


def test_a_report_within_the_ok_is_fine():
    assert Wire().ask(None, "ok C: X:10.00 Y:20.00 Z:0.30 E:0.0") == (10, 20, 0.3)


def test_a_question_of_somebody_else_is_not_ours():
    wire = Wire()
    wire.model.at_time(
        wire.model.now + 0.1, lambda: wire.head.on_sending("M114", {"source:api"})
    )
    with pytest.raises(CaptureFailed):
        wire.ask("ok", HERE, "ok")


def test_busy_extends_the_wait():
    wire = Wire()
    busy = ["echo:busy: processing"] * 45
    assert wire.ask(*busy, None, HERE, "ok", seconds=2.0) == (10, 20, 0.3)


def test_busy_ends_with_the_answer():
    wire = Wire()
    wire.ask("echo:busy: processing", None, HERE, "ok")
    before = wire.model.now
    wire.head.wait(1.0, lambda: None)
    assert wire.model.now - before == pytest.approx(1.0)


def test_the_wait_ends_without_an_answer():
    wire = Wire()
    before = wire.model.now
    with pytest.raises(CaptureFailed, match="in time"):
        wire.ask(None, seconds=7.0)
    assert wire.model.now - before == pytest.approx(12.0, abs=0.2)


def test_a_lost_ok_is_made_up_for_once_the_time_is_over():
    wire = Wire()
    wire.unblock = lambda: [
        wire.model.at_time(wire.model.now, wire._say(what)) for what in (None, HERE, "ok")
    ]
    assert wire.ask(seconds=7.0) == (10, 20, 0.3)


def test_a_report_whose_ok_was_lost_counts_after_a_while():
    wire = Wire()
    assert wire.ask(None, HERE, seconds=60.0) == (10, 20, 0.3)
    assert wire.model.now < 1005


def test_a_firmware_without_reports_is_waited_for_by_the_clock():
    wire = Wire()
    assert wire.ask(None, "ok", seconds=60.0) is None
    assert wire.head.silent
    before = wire.model.now
    wire.model.at_time(before + 0.1, wire._say(None))
    wire.model.at_time(before + 0.2, wire._say("ok"))
    assert wire.head.ask(("G1 X9",), 60, lambda: None, needed=3.0) is None
    assert wire.model.now - before == pytest.approx(3.0, abs=0.2)


def test_a_firmware_that_reports_again_is_believed_again():
    wire = Wire()
    wire.ask(None, "ok", seconds=60.0)
    assert wire.ask(None, HERE, "ok") == (10, 20, 0.3)
    assert not wire.head.silent


@pytest.mark.parametrize(
    ("choice", "lines"),
    [
        ("m400", ["M400", "M114"]),
        ("dwell", ["G4 P0", "M114"]),
        ("both", ["M400", "G4 P0", "M114"]),
    ],
)
def test_what_waits_for_the_end_of_motion_can_be_chosen(choice, lines):
    wire = Wire()
    wire.head.standstill = STANDSTILL[choice]
    wire.ask(None, HERE, "ok", lines=())
    assert wire.sent[0][0] == lines


def test_an_interruption_ends_the_wait_at_once():
    wire = Wire()
    with pytest.raises(Interrupted, match="cancelled"):
        wire.head.ask((), 60, lambda: "cancelled")
    assert wire.model.now == 1000.0


def test_lines_carry_our_tag_and_go_out_in_one_piece():
    wire = Wire()
    wire.ask(None, HERE, "ok")
    lines, tags = wire.sent[0]
    assert lines == ["G1 X10", "M400", "M114"]
    assert TAG in tags
