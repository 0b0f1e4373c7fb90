"""Where a head that need not go back may go on to."""

from __future__ import annotations

import pytest

from octoprint_layercapture.gcode import Modal
from tests.unit.capture.conftest import a_layer, some_terms

HERE = ("G90", "M83", "G1 X50 Y60 Z0.2 F1800")


def onward(*lines, top=0.2, resume=(90.0, 80.0), **kwargs):
    left = Modal()
    for line in lines:
        left.feed(line)
    terms = some_terms(return_to_origin=False, **kwargs)
    return terms.onward(a_layer(top=top, resume=resume), left)


def test_the_start_of_the_next_extrusion_saves_the_way_back():
    assert onward(*HERE) == (90.0, 80.0)


@pytest.mark.parametrize(
    "lines", [("G91",), ("G92 X0",), ("G92 Z5",), ("G92 Y1", "G1 Y5")]
)
def test_where_places_are_shifted_or_relative_the_head_goes_back(lines):
    assert onward(*HERE, *lines) is None


def test_where_something_stands_higher_the_head_goes_back():
    assert onward(*HERE, top=0.21) is None
    assert onward(*HERE, "G1 Z0.6", top=0.5) == (90.0, 80.0)


def test_in_a_pause_the_head_goes_back_to_where_the_pause_left_it():
    assert onward(*HERE, pause=True) is None


def test_an_uncertain_next_place_means_going_back():
    assert onward(*HERE, resume=None) is None


def test_returning_is_what_the_setting_says():
    left = Modal()
    for line in HERE:
        left.feed(line)
    assert some_terms().onward(a_layer(resume=(90.0, 80.0)), left) is None
