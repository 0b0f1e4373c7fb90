"""What the tests on the Marlin printer have in common."""

from __future__ import annotations

import shutil
from typing import Any

from tests.printers.body import Limits, Move, Place
from tests.printers.marlin_pty import MarlinPty
from tests.printers.paper import Sent, on_paper
from tests.printers.path import first_difference
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import Job, OctoPrint
from tests.server.snapshots import SnapshotServer

GCODE = jobs.tower(6)
OURS = r"octoprint\.plugins\.(layercapture|classicwebcam)"
# Slow enough for something to happen while the head travels.
SLOW: dict[str, Any] = {**FAST, "motion": {**FAST["motion"], "travel_speed": 5}}


def alone(gcode: str) -> list[Move]:
    """The moves of a print without any captures."""
    script = [Sent(line) for line in paths.of_file(gcode) if not line.startswith("@")]
    return [move for _, move in on_paper(script, Limits())]


# where the second layer of GCODE ends
LAYER_2: Place = alone("".join(GCODE.split(";LAYER_CHANGE")[:3]))[-1].end


def made(marlin: MarlinPty) -> list[Move]:
    """The moves that the printer has made since its records began."""
    return [move for _, move in marlin.moves()]


def check_print(marlin: MarlinPty, gcode: str = GCODE) -> None:
    """The print is the one that the file alone makes."""
    difference = first_difference(made(marlin), alone(gcode))
    assert not difference, difference
    assert marlin.targets == (0, 0)


def check_next_print(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    """Another print is made and captured as if nothing had happened."""
    camera.mode = "good"
    camera.release.set()
    marlin.calm()
    octoprint.configure(**FAST, grid=SMALL_GRID)
    captured.check_whole(octoprint)
    shutil.rmtree(captured.folder(octoprint), ignore_errors=True)
    marlin.forget()
    gcode = jobs.tower(2)
    job = octoprint.print_gcode(gcode, name="next.gcode")
    assert job.ended == "PrintDone"
    job.wait_for_message("capture_finished", layer=2)
    captured.check_whole(octoprint)
    assert len(captured.metadata(octoprint)[2]["images"]) == 2
    check_print(marlin, gcode)


def lines(marlin: MarlinPty, since: float = 0.0) -> list[str]:
    """The commands executed from a moment of the printer's time on."""
    return [done.line for done in marlin.executed() if done.began >= since]


def stand_at_picture(octoprint: OctoPrint, camera: SnapshotServer) -> Job:
    """A print that stands at its first picture, which the camera holds back."""
    camera.mode = "slow"
    octoprint.configure(**FAST)
    octoprint.upload("job.gcode", GCODE)
    job = octoprint.begin("job.gcode")
    assert camera.asked.wait(30)
    return job


def catch_in_travel(octoprint: OctoPrint, marlin: MarlinPty) -> Job:
    """A print whose head is on the way to the second position of its first capture."""
    octoprint.configure(**SLOW)
    octoprint.upload("job.gcode", GCODE)
    on_the_way = marlin.at("M400", skip=2)
    job = octoprint.begin("job.gcode")
    assert on_the_way.wait(30)
    return job
