"""How far a print is, and when the next capture comes, as honestly as can be said."""

from __future__ import annotations

from typing import Any

import pytest

from octoprint_layercapture.gcode import Layer
from octoprint_layercapture.live import rounded
from octoprint_layercapture.progress import Place, next_layer, place


def layer(number: int) -> Layer:
    return Layer(number, number * 0.2, 0.2, None, number * 100, False, number * 0.2)


def data(path: str = "box.gcode", **progress: Any) -> dict[str, Any]:
    usual = {"filepos": 400, "printTime": 60, "printTimeLeft": 300}
    return {
        "job": {"file": {"path": path, "size": 1000}},
        "progress": {**usual, **progress},
    }


def test_place_is_read_from_octoprints_data():
    assert place(data(), "box.gcode", 61) == Place(400, 1000, 300)
    assert place(data(printTimeLeft=None), "box.gcode", 61) == Place(400, 1000, None)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"job": None, "progress": None},
        data("cone.gcode"),
        data(filepos=None),
        data(printTime=None),
    ],
)
def test_data_that_tell_of_no_or_another_print_are_not_believed(told):
    assert place(told, "box.gcode", 61) is None


def test_same_file_printed_again_is_not_taken_for_the_print_before():
    before = data(filepos=1000, printTime=600, printTimeLeft=0)
    assert place(before, "box.gcode", 0.4) is None
    assert place(data(filepos=10, printTime=0), "box.gcode", 0.4) is not None


def test_time_to_a_layer_is_its_share_of_what_is_left():
    at = Place(400, 1000, 300)
    assert at.seconds_to(700) == 150
    assert at.seconds_to(1000) == 300
    assert at.seconds_to(300) == 0


@pytest.mark.parametrize(
    "at", [Place(400), Place(400, 1000), Place(400, None, 300), Place(1000, 1000, 300)]
)
def test_nobody_knows_when_without_an_estimate(at):
    assert at.seconds_to(2000) is None


def test_next_is_the_first_due_layer_that_was_not_handled():
    due = [layer(10), layer(20), layer(30)]
    assert next_layer(due, {10}, None, 12) == layer(20)
    assert next_layer(due, {10}, None, 21) == layer(30)
    assert next_layer(due, {10}, None, 20) == layer(20)
    assert next_layer(due, set(), None, None) == layer(10)
    assert next_layer(due, {10, 20, 30}, None, 31) is None


def test_layer_that_was_asked_for_comes_first():
    assert next_layer([layer(20)], set(), layer(13), 13) == layer(13)
    assert next_layer([], set(), layer(13), 13) == layer(13)
    assert next_layer([layer(20)], set(), layer(25), 13) == layer(20)


def test_estimates_are_no_more_exact_than_anybody_can_say():
    assert rounded(None) is None
    assert [rounded(seconds) for seconds in (2, 43, 100, 700)] == [0, 45, 90, 720]
