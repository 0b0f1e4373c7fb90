"""Test captures on the Marlin printer: where its head really is meanwhile."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import LogWatch
from tests.printers.marlin_pty import MarlinPty
from tests.server.captured import FAST
from tests.server.harness import OctoPrint
from tests.server.marlin.conftest import Camera
from tests.server.marlin.rig import GCODE, OURS, check_print, made
from tests.server.waiting import wait_until

TRIAL = "/plugin/layercapture/trial"
GRID = {"columns": 2, "rows": 2, "spacing_x": 40, "spacing_y": 40}
PLACES = {(x, y) for x in (80.0, 120.0) for y in (80.0, 120.0)}
HOME = (30.0, 40.0, 7.0)
HEIGHT = 5.0
SLOW = {**FAST["motion"], "height": HEIGHT, "travel_speed": 5}
QUICK = {**FAST["motion"], "height": HEIGHT}


@pytest.fixture(autouse=True)
def complaints(log: LogWatch) -> None:
    log.expect(OURS)


@pytest.fixture(autouse=True)
def standing(octoprint: OctoPrint, marlin: MarlinPty) -> None:
    """The head stands still, above nothing."""
    octoprint.configure(**{**FAST, "motion": QUICK}, grid=GRID)
    octoprint.command("G28", "G1 X30 Y40 Z7 F6000")
    wait_until(lambda: marlin.head() == (HOME, True), "the head at its place")


def begin(octoprint: OctoPrint, home: bool = False) -> None:
    octoprint.post(TRIAL, {"home": home})


def ended(octoprint: OctoPrint) -> dict[str, Any]:
    def over() -> bool:
        return octoprint.get(TRIAL)["state"] not in ("homing", "moving")

    wait_until(over, "the end of the test", 120)
    found: dict[str, Any] = octoprint.get(TRIAL)
    return found


@pytest.mark.parametrize("home", [False, True])
def test_each_picture_is_taken_while_the_head_stands_at_its_place(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, home: bool
) -> None:
    seen = []
    camera.on_request = lambda: seen.append(marlin.head())
    begin(octoprint, home)
    found = ended(octoprint)
    assert (found["state"], len(found["pictures"])) == ("done", 4)
    assert all(still for _, still in seen)
    assert {place[:2] for place, _ in seen} == PLACES
    assert {place[2] for place, _ in seen} == {HEIGHT if home else HOME[2] + HEIGHT}
    place, still = marlin.head()
    assert still and place[2] == found["z"]
    if not home:
        assert place[:2] == HOME[:2]


def in_travel(octoprint: OctoPrint, marlin: MarlinPty) -> None:
    """A test whose head is on the way to its second position."""
    octoprint.configure(motion=SLOW)
    on_the_way = marlin.at("M400", skip=3)
    begin(octoprint)
    assert on_the_way.wait(60)


def test_a_stop_in_travel_brings_the_head_back_above(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    in_travel(octoprint, marlin)
    octoprint.request("DELETE", TRIAL).raise_for_status()
    assert ended(octoprint)["state"] == "stopped"
    assert marlin.head() == ((*HOME[:2], HOME[2] + HEIGHT), True)


def test_a_reset_in_travel_moves_nothing_any_more(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    in_travel(octoprint, marlin)
    marlin.reset()
    found = ended(octoprint)
    assert found["state"] == "stopped", found
    octoprint.settle()
    assert made(marlin) == []


def test_a_print_that_begins_in_travel_is_the_one_of_its_file(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    octoprint.upload("job.gcode", GCODE)
    octoprint.configure(enabled=False)
    in_travel(octoprint, marlin)
    marlin.forget()
    job = octoprint.begin("job.gcode")
    assert job.wait().ended == "PrintDone"
    found = ended(octoprint)
    assert found["state"] == "stopped"
    assert "print has started" in found["message"]["text"]
    check_print(marlin)
