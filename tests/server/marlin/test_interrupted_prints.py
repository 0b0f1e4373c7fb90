"""Each interruption in the middle of a capture, at the step where it hurts most."""

from __future__ import annotations

import re
import shutil
from typing import Callable

import pytest

from tests.conftest import LogWatch
from tests.printers.marlin_pty import MarlinPty
from tests.printers.path import first_difference, laid
from tests.server import captured
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import Job, OctoPrint
from tests.server.marlin.rig import (
    GCODE,
    LAYER_2,
    OURS,
    SLOW,
    alone,
    catch_in_travel,
    check_next_print,
    check_print,
    lines,
    made,
    stand_at_picture,
)
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

GONE = ("Offline", "Closed", "Error")


@pytest.fixture(autouse=True)
def complaints(log: LogWatch) -> None:
    log.expect(OURS)


def check_cancelled(job: Job, marlin: MarlinPty, since: float) -> None:
    """Nothing but leave and OctoPrint's own script came after the cancel."""
    job.wait()
    assert job.ended == "PrintCancelled"
    sent = lines(marlin, since)
    ways = [line for line in sent if line.startswith("G1 X")]
    assert ways == [f"G1 X{LAYER_2[0]:g} Y{LAYER_2[1]:g} {ways[0].split()[-1]}"]
    off = next(n for n, line in enumerate(sent) if line.startswith(("M84", "M104")))
    assert not any(line.startswith("G1") for line in sent[off:])
    wait_until(lambda: marlin.head() == (LAYER_2, True), "the head is back")
    assert marlin.targets == (0, 0)


def test_cancel_in_travel_leads_back_and_switches_the_heaters_off(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = catch_in_travel(octoprint, marlin)
    since = marlin.now
    octoprint.cancel()
    check_cancelled(job, marlin, since)
    captured.check_whole(octoprint)
    check_next_print(octoprint, marlin, camera)


def test_cancel_does_not_wait_for_a_camera_that_gives_no_answer(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = stand_at_picture(octoprint, camera)
    since = marlin.now
    octoprint.cancel()
    check_cancelled(job, marlin, since)
    assert not camera.release.is_set()
    check_next_print(octoprint, marlin, camera)


def pause_and_resume(octoprint: OctoPrint, job: Job, marlin: MarlinPty) -> None:
    """The pause finds the head where the print left it, and the print goes on."""
    octoprint.wait_for_state("Paused")
    place, still = marlin.head()
    recorded = [line for line in lines(marlin) if line.startswith("M117 paused at")]
    assert recorded == [f"M117 paused at {place[0]} {place[1]} {place[2]}"]
    assert still and place == LAYER_2
    octoprint.resume()
    assert job.wait().ended == "PrintDone"
    check_print(marlin)


@pytest.fixture
def pause_script(octoprint: OctoPrint) -> None:
    """Have OctoPrint say which position it recorded for the pause."""
    position = "{{ pause_position.x }} {{ pause_position.y }} {{ pause_position.z }}"
    script = {"afterPrintPaused": f"M117 paused at {position}"}
    octoprint.post("/api/settings", {"scripts": {"gcode": script}})


@pytest.mark.usefixtures("pause_script")
def test_pause_during_an_exposure_records_the_prints_own_position(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = stand_at_picture(octoprint, camera)
    octoprint.pause()
    octoprint.wait_for_state("Paused")
    camera.mode = "good"
    camera.release.set()
    pause_and_resume(octoprint, job, marlin)
    assert {4, 6} <= set(captured.metadata(octoprint))
    check_next_print(octoprint, marlin, camera)


@pytest.mark.usefixtures("pause_script")
def test_pause_that_the_printer_asks_for_in_travel(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    octoprint.configure(**SLOW, grid=SMALL_GRID)
    marlin.at("M400", lambda: marlin.say("//action:pause"), skip=2)
    octoprint.upload("job.gcode", GCODE)
    job = octoprint.begin("job.gcode")
    pause_and_resume(octoprint, job, marlin)
    check_next_print(octoprint, marlin, camera)


@pytest.mark.usefixtures("pause_script")
@pytest.mark.parametrize("line", ["@pause", "M0"])
def test_pause_in_the_file_right_behind_a_capture(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer, line: str
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    head, change, rest = GCODE.partition(";LAYER_CHANGE\n;Z:0.60")
    octoprint.upload("job.gcode", f"{head}{line}\n{change}{rest}")
    job = octoprint.begin("job.gcode")
    pause_and_resume(octoprint, job, marlin)
    assert len(captured.pictures(octoprint)) == 3 * 2
    check_next_print(octoprint, marlin, camera)


BREAKS: dict[str, Callable[[OctoPrint, MarlinPty], object]] = {
    "cable-pulled": lambda octoprint, marlin: marlin.drop(),
    "disconnected": lambda octoprint, marlin: octoprint.disconnect(),
    "emergency-stop": lambda octoprint, marlin: octoprint.command("M112"),
    "fatal-error": lambda octoprint, marlin: marlin.say(
        "Error:Heating failed, system stopped! Heater_ID: 0"
    ),
}


@pytest.mark.parametrize("broken", BREAKS.values(), ids=BREAKS)
@pytest.mark.parametrize("step", ["travel", "exposure"])
def test_lost_connection_ends_the_job_and_not_the_next(
    octoprint: OctoPrint,
    marlin: MarlinPty,
    camera: SnapshotServer,
    log: LogWatch,
    broken: Callable[[OctoPrint, MarlinPty], object],
    step: str,
) -> None:
    log.expect(r"octoprint\.(util\.comm|printer|plugins\.serial_connector)")
    if step == "travel":
        catch_in_travel(octoprint, marlin)
    else:
        stand_at_picture(octoprint, camera)
    broken(octoprint, marlin)
    octoprint.wait_for_state(*GONE)
    marlin.calm()
    octoprint.connect(str(marlin.port))
    captured.check_whole(octoprint)
    check_next_print(octoprint, marlin, camera)


def test_reset_of_the_printer_ends_the_job_and_not_the_next(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = catch_in_travel(octoprint, marlin)
    marlin.reset()
    job.wait_for_event("PrintFailed", "PrintCancelled", "Disconnected")
    octoprint.wait_for_state("Operational", *GONE)
    if not octoprint.state().startswith("Operational"):
        octoprint.connect(str(marlin.port))
    check_next_print(octoprint, marlin, camera)


def test_captures_switched_off_during_one_let_the_print_go_on(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = stand_at_picture(octoprint, camera)
    octoprint.configure(enabled=False)
    assert job.wait().ended == "PrintDone"
    assert not camera.release.is_set()
    assert captured.pictures(octoprint) == []
    check_print(marlin)
    octoprint.configure(enabled=True)
    check_next_print(octoprint, marlin, camera)


def test_settings_saved_during_a_capture_do_not_disturb_it(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    job = stand_at_picture(octoprint, camera)
    octoprint.configure(motion={"height": 9}, grid={"columns": 1})
    camera.mode = "good"
    camera.release.set()
    assert job.wait().ended == "PrintDone"
    job.wait_for_message("capture_finished", layer=6)
    assert len(captured.pictures(octoprint)) == 3 * 9
    check_print(marlin)
    check_next_print(octoprint, marlin, camera)


def test_folder_deleted_during_a_capture_costs_pictures_and_no_print(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST)
    octoprint.upload("job.gcode", GCODE)
    job = octoprint.begin("job.gcode")
    job.wait_for_message("capture_finished", layer=2)
    camera.mode = "slow"
    camera.asked.clear()
    assert camera.asked.wait(30)
    shutil.rmtree(captured.folder(octoprint))
    camera.mode = "good"
    camera.release.set()
    assert job.wait().ended == "PrintDone"
    job.wait_for_message("capture_finished", layer=6)
    captured.check_whole(octoprint)
    assert len(captured.metadata(octoprint)[6]["images"]) == 9
    check_print(marlin)
    check_next_print(octoprint, marlin, camera)


def test_server_stopped_during_a_capture_brings_the_head_back_first(
    octoprint: OctoPrint, marlin: MarlinPty, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST)
    octoprint.upload("job.gcode", GCODE)
    job = octoprint.begin("job.gcode")
    job.wait_for_message("picture_saved", layer=2, index=4)
    octoprint.stop()
    assert octoprint.process is None
    captured.check_whole(octoprint)
    assert captured.pictures(octoprint)
    ways = [line for line in lines(marlin) if re.match(r"G1 X\S+ Y\S+ F60000", line)]
    assert len(ways) > 2
    assert ways[-1] == f"G1 X{LAYER_2[0]:g} Y{LAYER_2[1]:g} F60000"
    so_far = laid(made(marlin))
    assert first_difference(so_far, laid(alone(GCODE))[: len(so_far)]) == ""
    octoprint.start()
    octoprint.connect(str(marlin.port))
    check_next_print(octoprint, marlin, camera)
