"""A camera that does not do its part never costs the print."""

from __future__ import annotations

import pytest

from tests.conftest import LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.motion import first_difference
from tests.server.snapshots import SnapshotServer


@pytest.mark.parametrize("mode", ["missing", "html", "broken", "drop"])
def test_failures_are_recorded_and_the_print_goes_on(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, mode: str
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = mode
    gcode = jobs.tower(3)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert camera.hits > 0
    (data,) = captured.metadata(octoprint).values()
    assert data["images"] == []
    assert sorted(failure["index"] for failure in data["failures"]) == [0, 1]
    assert all(failure["reason"] for failure in data["failures"])
    assert captured.pictures(octoprint) == []
    assert first_difference(job.sent(), gcode.splitlines()) == ""


def test_camera_that_comes_back_is_used_again(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = "missing"
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("job.gcode", jobs.tower(4))
    job = octoprint.begin("job.gcode")
    job.wait_for_message("capture_finished", layer=2)
    camera.mode = "good"
    job.wait()
    captures = captured.metadata(octoprint)
    assert (len(captures[2]["images"]), len(captures[2]["failures"])) == (0, 2)
    assert (len(captures[4]["images"]), len(captures[4]["failures"])) == (2, 0)


def test_no_webcam_is_said_and_the_print_goes_on(
    octoprint: OctoPrint, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.layercapture")
    gcode = jobs.tower(3)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert captured.pictures(octoprint) == []
    said = [m["text"] for m in job.messages("notice") + job.messages("capture_failed")]
    assert any("webcam" in text.lower() or "camera" in text.lower() for text in said)
    paths.added(job.sent(), gcode)
