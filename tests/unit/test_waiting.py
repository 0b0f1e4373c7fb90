"""What a capture waits for, in words."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from octoprint_layercapture.capture.grid import Position
from octoprint_layercapture.capture.run import Step
from octoprint_layercapture.waiting import place_of, words

ORDER = (Position(4, 50.0, 50.0), Position(0, 10.0, 10.0))


def at(step, visited=0):
    return SimpleNamespace(step=step, visited=visited, order=ORDER)


@pytest.mark.parametrize(
    ("step", "cameras", "said"),
    [
        (Step.PAUSE, [], "OctoPrint has paused"),
        (Step.ENTER, [], "finished its moves"),
        (Step.TRAVEL, [], "position 0, 2 of 2"),
        (Step.SETTLE, [], "rest at position 0"),
        (Step.EXPOSE, ["front", "side"], "position 0 from front, side"),
        (Step.EXPOSE, [], "Keeping the picture of position 0"),
        (Step.LEAVE, [], "back to the print"),
        (Step.RELEASE, [], "go on"),
        (Step.DONE, [], "go on"),
    ],
)
def test_each_step_is_said(step, cameras, said):
    assert said in str(words(at(step, visited=1), cameras))


def test_head_is_at_no_position_before_and_after_the_visits():
    assert place_of(at(Step.ENTER)) is None
    assert place_of(at(Step.EXPOSE)) is ORDER[0]
    assert place_of(at(Step.TRAVEL, visited=2)) is None
    assert place_of(at(Step.LEAVE, visited=1)) is None
