"""Cancel and pause in the middle of a capture."""

from __future__ import annotations

import pytest

from tests.conftest import LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import Job, OctoPrint
from tests.server.motion import Printer, first_difference
from tests.server.snapshots import SnapshotServer

GCODE = jobs.tower(6)


@pytest.fixture
def capturing(octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch) -> Job:
    """A print that stands at its first picture, which the camera holds back."""
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = "slow"
    octoprint.configure(**FAST)
    octoprint.upload("job.gcode", GCODE)
    job = octoprint.begin("job.gcode")
    job.wait_for_message("capture_started", layer=2)
    assert camera.asked.wait(30)
    return job


def end_of_capture(sent: list[str]) -> int:
    """The index after the last line that only a capture sends."""
    ours = [n for n, line in enumerate(sent) if line.startswith("M400")]
    return ours[-1] + 1


def test_cancel_ends_the_capture_and_the_heaters_go_off(
    octoprint: OctoPrint, camera: SnapshotServer, capturing: Job
) -> None:
    octoprint.cancel()
    camera.release.set()
    capturing.wait()
    assert capturing.ended == "PrintCancelled"
    sent = capturing.sent()
    after = sent[end_of_capture(sent) :]
    assert any(line.startswith("M104") and "S0" in line for line in after)
    assert any(line.startswith("M84") for line in after)
    captured.check_whole(octoprint)
    assert len(captured.pictures(octoprint)) <= 1


def test_cancel_leaves_the_head_where_the_file_left_it(
    octoprint: OctoPrint, camera: SnapshotServer, capturing: Job
) -> None:
    octoprint.cancel()
    camera.release.set()
    sent = capturing.wait().sent()
    printer, of_file = Printer(), Printer()
    expected = paths.of_file(GCODE)
    position = 0
    for line in sent:
        if line == expected[position]:
            of_file.take(line)
            position += 1
        if line.startswith("M84"):
            break
        printer.take(line)
    assert printer.xyz() == pytest.approx(of_file.xyz(), abs=1e-3)
    assert printer.filament == pytest.approx(of_file.filament, abs=1e-3)
    modes = (printer.relative, printer.relative_e, printer.scale, printer.feedrate)
    assert modes == (
        of_file.relative,
        of_file.relative_e,
        of_file.scale,
        of_file.feedrate,
    )


def test_print_after_a_cancelled_capture_is_captured_in_full(
    octoprint: OctoPrint, camera: SnapshotServer, capturing: Job
) -> None:
    octoprint.cancel()
    camera.mode = "good"
    camera.release.set()
    capturing.wait()
    before = set(captured.pictures(octoprint))
    octoprint.configure(grid=SMALL_GRID)
    job = octoprint.print_gcode(GCODE, name="next.gcode")
    assert job.ended == "PrintDone"
    assert len(set(captured.pictures(octoprint)) - before) == 6
    assert first_difference(job.sent(), GCODE.splitlines()) == ""


def test_pause_comes_through_and_the_print_resumes_unchanged(
    octoprint: OctoPrint, camera: SnapshotServer, capturing: Job
) -> None:
    octoprint.pause()
    camera.mode = "good"
    camera.release.set()
    octoprint.wait_for_state("Paused")
    captured.check_whole(octoprint)
    octoprint.resume()
    capturing.wait()
    assert capturing.ended == "PrintDone"
    assert first_difference(capturing.sent(), GCODE.splitlines()) == ""
    captures = captured.metadata(octoprint)
    assert len(captures[4]["images"]) == len(captures[6]["images"]) == 9
    captured.check_whole(octoprint)


def test_pause_and_cancel_between_captures_are_not_disturbed(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("long.gcode", jobs.tower(40))
    job = octoprint.begin("long.gcode")
    job.wait_for_message("capture_finished", layer=2)
    octoprint.pause()
    octoprint.wait_for_state("Paused")
    octoprint.resume()
    job.wait_for_message("capture_finished", layer=6)
    octoprint.cancel()
    assert job.wait().ended == "PrintCancelled"
    captured.check_whole(octoprint)
    assert {2, 4, 6} <= set(captured.metadata(octoprint))


def test_lost_connection_during_a_capture_ends_in_an_idle_printer(
    octoprint: OctoPrint, camera: SnapshotServer, capturing: Job, log: LogWatch
) -> None:
    octoprint.disconnect()
    camera.mode = "good"
    camera.release.set()
    octoprint.connect()
    captured.check_whole(octoprint)
    before = set(captured.pictures(octoprint))
    octoprint.configure(grid=SMALL_GRID)
    job = octoprint.print_gcode(GCODE, name="next.gcode")
    assert job.ended == "PrintDone"
    assert len(set(captured.pictures(octoprint)) - before) == 6
