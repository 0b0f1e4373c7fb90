"""Captures that hold the job by OctoPrint's own pause, and lines of the user's own."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server import captured, jobs, paths
from tests.server.captured import FAST
from tests.server.harness import OctoPrint, merge
from tests.server.motion import first_difference
from tests.server.snapshots import SnapshotServer

GCODE = jobs.tower(4)


def settings(**motion: Any) -> dict[str, Any]:
    return merge({key: dict(value) for key, value in FAST.items()}, {"motion": motion})


@pytest.fixture
def pausing(octoprint: OctoPrint, camera: SnapshotServer) -> OctoPrint:
    octoprint.configure(**settings(hold="pause"))
    return octoprint


def test_a_capture_by_pause_is_taken_while_paused_and_the_job_resumes(
    pausing: OctoPrint,
) -> None:
    job = pausing.print_gcode(GCODE)
    assert job.ended == "PrintDone"
    assert sorted(captured.metadata(pausing)) == [2, 4]
    captured.check_whole(pausing)
    told = [name for name in job.events() if name in ("PrintPaused", "PrintResumed")]
    assert told == ["PrintPaused", "PrintResumed"] * 2


def test_a_capture_by_pause_changes_nothing_of_what_is_printed(
    pausing: OctoPrint,
) -> None:
    sent = pausing.print_gcode(GCODE).sent()
    assert first_difference(paths.of_file(GCODE), sent) == ""


def test_a_cancel_during_a_capture_by_pause_ends_the_job(pausing: OctoPrint) -> None:
    pausing.upload("job.gcode", GCODE)
    job = pausing.begin("job.gcode")
    job.wait_for_message("picture_saved", layer=2)
    pausing.cancel()
    assert job.wait().ended == "PrintCancelled"
    assert pausing.print_gcode(GCODE, name="next.gcode").ended == "PrintDone"


def test_own_lines_run_around_each_capture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**settings(before="M106 S7 ; lamp on", after="M106 S0"))
    sent = octoprint.print_gcode(GCODE).sent()
    ours = [line for line in sent if line.startswith(("M106", "M114"))]
    positions = ours.count("M114")
    assert ours.count("M106 S7") == ours.count("M106 S0") == 2
    first = ours[: ours.index("M106 S0")]
    assert first.index("M106 S7") == 1
    assert first.count("M114") == positions / 2
