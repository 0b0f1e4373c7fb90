"""The printer lays down the same, whatever comes over the serial line meanwhile."""

from __future__ import annotations

import pytest

from tests import environments
from tests.conftest import LogWatch
from tests.printers.body import Place
from tests.printers.marlin_pty import MarlinPty
from tests.printers.path import first_difference
from tests.server import captured, jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.marlin.conftest import Camera
from tests.server.marlin.rig import (
    GCODE,
    OURS,
    SLOW,
    check_next_print,
    check_print,
    made,
)


def test_sample_is_laid_down_the_same_with_the_plugin_on_and_off(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    gcode = jobs.sliced(2)
    octoprint.configure(**{**FAST, "layers": {"interval": 1}}, enabled=False)
    octoprint.print_gcode(gcode)
    off = made(marlin)
    assert camera.hits == 0

    marlin.forget()
    octoprint.configure(enabled=True)
    octoprint.print_gcode(gcode)
    assert first_difference(made(marlin), off) == ""
    assert len(made(marlin)) >= len(off) + 2 * 9
    assert len(captured.pictures(octoprint)) == 2 * 9


def test_pictures_are_taken_where_the_head_stands_whatever_is_reported_unasked(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    seen: list[tuple[Place, bool]] = []
    camera.on_request = lambda: seen.append(marlin.head())
    octoprint.configure(**SLOW, grid=SMALL_GRID)
    marlin.at("M400", lambda: marlin.report_positions(every=0.5))
    before = marlin.unasked
    assert octoprint.print_gcode(GCODE).ended == "PrintDone"
    marlin.report_positions(every=0)
    assert marlin.unasked - before > 20
    assert len(seen) == 6
    for place, still in seen:
        assert still
        assert place[:2] in ((80.0, 100.0), (120.0, 100.0))
    check_print(marlin)


def test_garbage_on_the_line_costs_neither_picture_nor_print(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    octoprint.configure(**FAST)
    for step in range(6):
        marlin.at("M400", marlin.babble, skip=3 * step)
        marlin.at("M114", marlin.babble, skip=3 * step)
    assert octoprint.print_gcode(GCODE).ended == "PrintDone"
    assert len(captured.pictures(octoprint)) == 3 * 9
    check_print(marlin)


@pytest.mark.parametrize("step", ["M400", "M114", r"G1 X\S+ Y\S+ F60000", r"G1 Z\S+ F"])
def test_lines_damaged_during_a_capture_are_sent_again(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, step: str
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)

    def damage() -> None:
        marlin.faults.corrupt_lines = 2

    damaged = marlin.at(step, damage, skip=1)
    assert octoprint.print_gcode(GCODE).ended == "PrintDone"
    assert damaged.is_set()
    assert len(captured.pictures(octoprint)) == 3 * 2
    check_print(marlin)


def test_lost_ok_during_a_capture_costs_time_and_no_print(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)

    def swallow() -> None:
        marlin.faults.swallow_oks = 1

    swallowed = marlin.at("M400", swallow, skip=1)
    assert octoprint.print_gcode(GCODE).ended == "PrintDone"
    assert swallowed.is_set()
    assert len(captured.pictures(octoprint)) >= 2 * 2
    check_print(marlin)
    check_next_print(octoprint, marlin, camera)


def test_firmware_without_position_reports_is_told_of_once_and_served_by_time(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    marlin.faults.mute = "ok"
    seen: list[bool] = []
    camera.on_request = lambda: seen.append(marlin.head()[1])
    gcode = jobs.tower(3)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    job.wait_for_message("capture_finished", layer=2)
    assert seen == [True] * 2
    (notice,) = job.messages("notice")
    assert "does not report" in notice["text"]
    check_print(marlin, gcode)
    check_next_print(octoprint, marlin, camera)


@pytest.mark.parametrize("octoprint_version", [environments.PRIMARY], indirect=True)
def test_position_that_is_never_answered_ends_the_capture_and_not_the_print(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    marlin.faults.mute = "nothing"
    gcode = jobs.tower(3)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    (failed,) = job.messages("capture_failed")
    assert "did not answer" in failed["text"]
    check_print(marlin, gcode)
    check_next_print(octoprint, marlin, camera)


def test_captures_end_after_three_that_the_endstops_cut_short(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera, log: LogWatch
) -> None:
    log.expect(OURS)
    # the profile is for a larger bed than the printer has
    bed = {"width": 300, "depth": 300}
    grid = {"center_x": 220, "center_y": 100, "columns": 1, "rows": 1}
    octoprint.configure(**{**FAST, "layers": {"interval": 1}}, bed=bed, grid=grid)
    job = octoprint.print_gcode(GCODE)
    assert job.ended == "PrintDone"
    failed = job.messages("capture_failed")
    assert [message["layer"] for message in failed] == [1, 2, 3]
    assert failed[0]["params"]["at_x"] == 200
    assert job.messages("notice")[-1]["params"]["count"] == 3
    assert captured.pictures(octoprint) == []
    check_print(marlin)
    octoprint.configure(bed={"width": None, "depth": None}, grid={"center_x": None})
    check_next_print(octoprint, marlin, camera)


def test_at_commands_in_the_file_capture_and_switch(
    octoprint: OctoPrint, marlin: MarlinPty, camera: Camera
) -> None:
    layers = jobs.tower(10).split(";LAYER_CHANGE\n")
    for number, wish in ((3, ""), (5, "off"), (7, "on"), (9, "now")):
        before, middle, after = layers[number].partition("G1 F4800\n")
        layers[number] = f"{before}{middle}@LAYERCAPTURE {wish}\n{after}"
    gcode = ";LAYER_CHANGE\n".join(layers)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    assert octoprint.print_gcode(gcode).ended == "PrintDone"
    assert sorted(captured.metadata(octoprint)) == [2, 3, 4, 8, 9, 10]
    check_print(marlin, gcode)
