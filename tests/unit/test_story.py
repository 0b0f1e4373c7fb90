"""The story of a print: what a screen that comes later is told."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from octoprint_layercapture.capture.grid import Position
from octoprint_layercapture.messages import Message
from octoprint_layercapture.story import DONE, FAILED, LEFT_OUT, MISSED, Story

GRID = (
    Position(0, 10.0, 20.0),
    Position(1, 50.0, 20.0),
    Position(2, 90.0, 20.0, Message("Too far")),
)
LONG = 60.0  # s; nothing that is waited for takes this long
WHY = Message("Camera %(camera)s is gone.", {"camera": "side"})


@pytest.fixture
def story():
    story = Story()
    story.begin()
    story.armed("print", "box.gcode", GRID, ["front", "side"])
    story.opened("capture", "print", 10, 2.0)
    return story


def test_board_has_the_whole_grid_and_what_came(story):
    story.saved("capture", 1, "front", "box_1", "one.jpg")
    assert story.failed(10, 0, "side", WHY) == "capture"
    board = story.shown()["board"]
    assert (board["layer"], board["z"], board["key"]) == (10, 2.0, "box_1")
    assert [place["refused"] for place in board["positions"]] == [
        None,
        None,
        {"text": "Too far", "params": {}},
    ]
    assert board["pictures"] == [{"index": 1, "camera": "front", "name": "one.jpg"}]
    assert board["failures"] == [{"index": 0, "camera": "side", **WHY.to_dict()}]


def test_cameras_that_have_given_nothing_yet_are_waited_for(story):
    assert story.missing(1) == ["front", "side"]
    story.saved("capture", 1, "side", "box_1", "one.jpg")
    story.failed(10, 1, "front", WHY)
    assert story.missing(1) == []
    assert story.missing(0) == ["front", "side"]


def test_capture_is_being_written_until_everything_is_kept(story):
    story.saved("capture", 1, "front", "box_1", "one.jpg")
    story.saved("capture", 1, "side", "box_1", "two.jpg")
    assert story.writing() == {"layer": 10, "z": 2.0, "visited": 1, "total": 2}
    story.written("capture", 10, 3, 1, 4.5, ok=True)
    assert story.writing() is None
    assert story.shown()["board"]["layer"] == 10
    assert story.shown()["totals"] == {
        **{"file": "box.gcode", "captures": 1, "pictures": 3, "failures": 1},
        "seconds": 4.5,
    }


def test_layers_are_captured_failed_missed_or_left_out(story):
    story.written("capture", 10, 3, 0, 4.5, ok=True)
    story.opened("next", "print", 20, 4.0)
    story.written("next", 20, 0, 3, 4.5, ok=True)
    story.opened("third", "print", 30, 6.0)
    story.written("third", 30, 2, 0, 4.5, ok=False)
    story.layers([40, 50], MISSED)
    story.layers([60], LEFT_OUT)
    assert story.known() == {
        **{10: DONE, 20: FAILED, 30: FAILED},
        **{40: MISSED, 50: MISSED, 60: LEFT_OUT},
    }


def test_what_comes_late_of_the_print_before_changes_nothing(story):
    story.begin()
    story.armed("another", "cone.gcode", GRID[:1], ["front"])
    story.opened("late", "print", 20, 4.0)
    story.saved("capture", 0, "front", "box_1", "one.jpg")
    assert story.failed(10, 0, "side", WHY) is None
    story.written("capture", 10, 3, 1, 4.5, ok=True)
    assert story.shown() == {
        "board": None,
        "totals": {
            **{"file": "cone.gcode", "captures": 0, "pictures": 0, "failures": 0},
            "seconds": 0.0,
        },
    }
    assert story.known() == {}


def test_board_and_totals_outlast_the_print_and_its_welcome_does_not(story):
    story.welcome = {"layers": 3}
    story.uncaptured = WHY
    story.over()
    assert story.welcome is None and story.uncaptured is None
    assert story.shown()["board"] is not None
    assert story.shown()["totals"]["file"] == "box.gcode"


def test_pictures_that_were_deleted_are_shown_no_more(story):
    story.saved("capture", 0, "front", "box_1", "gone.jpg")
    story.saved("capture", 1, "front", "box_1", "here.jpg")
    story.prune(lambda key, name: (key, name) == ("box_1", "here.jpg"))
    names = [each["name"] for each in story.shown()["board"]["pictures"]]
    assert names == ["here.jpg"]
    story.prune(lambda key, name: False)
    assert story.shown()["board"]["pictures"] == []

    story.saved("capture", 1, "front", "box_1", "here.jpg")
    story.written("capture", 10, 1, 0, 1.0, ok=True)
    story.prune(lambda key, name: False)
    assert story.shown()["board"] is None


class Disk:
    """Says of no picture that it is there, and only once it is let go on."""

    def __init__(self):
        self.asked = threading.Event()
        self.goes_on = threading.Event()

    def there(self, key, name):
        self.asked.set()
        assert self.goes_on.wait(LONG)
        return False


@pytest.fixture
def disk():
    disk = Disk()
    yield disk
    disk.goes_on.set()


@pytest.fixture
def meanwhile():
    with ThreadPoolExecutor(2) as threads:
        yield threads.submit


def test_disk_that_hangs_holds_up_nobody_else(story, meanwhile, disk):
    story.saved("capture", 0, "front", "box_1", "gone.jpg")
    pruned = meanwhile(story.prune, disk.there)
    try:
        assert disk.asked.wait(LONG)
        meanwhile(story.layers, [20], LEFT_OUT).result(5)
        before = story.revision
        assert meanwhile(story.turn).result(5) == before + 1
        assert not pruned.done()
    finally:
        disk.goes_on.set()
    pruned.result(LONG)
    assert story.shown()["board"]["pictures"] == []
    assert story.known() == {20: LEFT_OUT}


def test_pictures_that_come_while_the_disk_is_asked_stay(story, meanwhile, disk):
    story.saved("capture", 0, "front", "box_1", "gone.jpg")
    story.saved("capture", 0, "side", "box_1", "replaced.jpg")
    pruned = meanwhile(story.prune, disk.there)
    try:
        assert disk.asked.wait(LONG)
        meanwhile(story.saved, "capture", 0, "side", "box_1", "new.jpg").result(5)
        meanwhile(story.saved, "capture", 1, "front", "box_1", "added.jpg").result(5)
        meanwhile(story.written, "capture", 10, 3, 0, 1.0, True).result(5)
    finally:
        disk.goes_on.set()
    pruned.result(LONG)
    names = {each["name"] for each in story.shown()["board"]["pictures"]}
    assert names == {"new.jpg", "added.jpg"}


def test_board_that_opens_while_the_disk_is_asked_stays(story, meanwhile, disk):
    story.saved("capture", 0, "front", "box_1", "same.jpg")
    story.written("capture", 10, 1, 0, 1.0, ok=True)
    pruned = meanwhile(story.prune, disk.there)
    try:
        assert disk.asked.wait(LONG)
        meanwhile(story.opened, "next", "print", 20, 4.0).result(5)
        meanwhile(story.saved, "next", 0, "front", "box_1", "same.jpg").result(5)
        meanwhile(story.written, "next", 20, 1, 0, 1.0, True).result(5)
    finally:
        disk.goes_on.set()
    pruned.result(LONG)
    board = story.shown()["board"]
    assert board["capture_id"] == "next"
    assert [each["name"] for each in board["pictures"]] == ["same.jpg"]


def test_each_turn_is_a_later_revision():
    story, other = Story(), Story()
    assert story.turn() < story.turn() == story.revision
    assert story.session != other.session
