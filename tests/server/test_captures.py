"""A print on the virtual printer, with pictures from a real snapshot server."""

from __future__ import annotations

import re

import pytest

from tests.conftest import LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.motion import first_difference
from tests.server.snapshots import SnapshotServer

GRID = [(x, y) for y in (60, 100, 140) for x in (60, 100, 140)]


FILES = {
    "absolute": jobs.tower(),
    "relative": jobs.tower(relative_e=True),
    "without-retraction": jobs.tower(retract=False),
    "prusaslicer": jobs.sliced(5),
}


def test_pictures_and_metadata_of_every_due_layer_are_kept(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST)
    job = octoprint.print_gcode(jobs.tower(6), name="parts/job.gcode")
    assert job.ended == "PrintDone"

    captures = captured.metadata(octoprint)
    assert sorted(captures) == [2, 4, 6]
    captured.check_whole(octoprint)
    for layer, data in captures.items():
        assert data["z_height"] == pytest.approx(layer * jobs.HEIGHT)
        assert data["gcode_file"] == "parts/job.gcode"
        assert data["print_start_time"] <= data["timestamp"]
        assert data["failures"] == []
        assert data["settings"]["grid_size"] == 3
        assert data["settings"]["grid_spacing"] == 40
        assert data["settings"]["grid_center"] == {"x": 100, "y": 100}
        assert sorted(image["index"] for image in data["images"]) == list(range(9))
        for image in data["images"]:
            x, y = GRID[image["index"]]
            assert image["position"] == {"x": x, "y": y}
            assert image["actual"]["x"] == pytest.approx(x, abs=0.05)
            assert image["actual"]["y"] == pytest.approx(y, abs=0.05)
        assert sorted(image["order"] for image in data["images"]) == list(range(9))
    assert len({data["print_id"] for data in captures.values()}) == 1
    assert len({data["capture_id"] for data in captures.values()}) == 3


def test_files_are_named_by_print_layer_position_and_time(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(2), name="job.gcode")
    (print_folder,) = captured.folder(octoprint).iterdir()
    assert re.fullmatch(r"job_\d{8}_\d{6}", print_folder.name)
    shapes = {re.sub(r"\d{8}_\d{6}", "<time>", p.name) for p in print_folder.iterdir()}
    assert shapes == {
        "layer_0002_pos_00_<time>.jpg",
        "layer_0002_pos_01_<time>.jpg",
        "layer_0002_metadata_<time>.json",
        "print.json",
    }


def test_flat_layout_writes_into_one_folder(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID, files={"folder_per_print": False})
    octoprint.print_gcode(jobs.tower(2))
    octoprint.print_gcode(jobs.tower(2))
    folder = captured.folder(octoprint)
    assert {path.parent for path in captured.pictures(octoprint)} == {folder}
    assert len(captured.pictures(octoprint)) == 4
    assert len(list(folder.glob("layer_0002_metadata_*.json"))) == 2


def test_every_picture_is_a_new_one(octoprint: OctoPrint, camera: SnapshotServer) -> None:
    octoprint.configure(**FAST)
    octoprint.print_gcode(jobs.tower(2))
    contents = {path.read_bytes() for path in captured.pictures(octoprint)}
    assert len(contents) == 9


@pytest.mark.parametrize("gcode", FILES.values(), ids=FILES)
def test_extruded_path_is_the_same_with_the_plugin_on_and_off(
    octoprint: OctoPrint, camera: SnapshotServer, gcode: str
) -> None:
    octoprint.configure(**FAST, enabled=False)
    off = octoprint.print_gcode(gcode).sent()
    assert paths.of_captures(off, gcode) == []
    assert captured.pictures(octoprint) == []

    octoprint.configure(enabled=True)
    on = octoprint.print_gcode(gcode).sent()
    assert len(captured.pictures(octoprint)) == 9 * len(captured.metadata(octoprint)) > 0
    assert first_difference(on, off) == ""


def test_path_is_the_same_without_return_to_origin(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    gcode = FILES["prusaslicer"]
    motion = {**FAST["motion"], "return_to_origin": False}
    octoprint.configure(**{**FAST, "motion": motion})
    sent = octoprint.print_gcode(gcode).sent()
    assert captured.pictures(octoprint)
    assert first_difference(sent, gcode.splitlines()) == ""


def test_no_travel_of_a_capture_is_near_the_print(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    gcode = FILES["prusaslicer"]
    octoprint.configure(**FAST)
    sent = octoprint.print_gcode(gcode).sent()
    lowest = paths.lowest_travel(sent, gcode)
    assert 4.99 <= lowest < float("inf")


def test_browser_is_told_of_every_step(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST)
    job = octoprint.print_gcode(jobs.tower(4))
    job.wait_for_message("capture_finished", layer=4)
    started = job.messages("capture_started")
    assert [message["layer"] for message in started] == [2, 4]
    assert [message["total"] for message in started] == [9, 9]
    assert started[0]["z"] == pytest.approx(2 * jobs.HEIGHT)
    saved = job.messages("picture_saved")
    assert [(m["layer"], m["done"]) for m in saved] == [
        (layer, done) for layer in (2, 4) for done in range(1, 10)
    ]
    images = captured.metadata(octoprint)[2]["images"]
    assert {m["path"] for m in saved if m["layer"] == 2} == {i["path"] for i in images}
    finished = job.messages("capture_finished")
    assert [(m["pictures"], m["failures"]) for m in finished] == [(9, 0), (9, 0)]
    assert job.messages("capture_failed") == []


def test_log_lets_a_user_follow_a_capture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    since = octoprint.log.mark()
    octoprint.print_gcode(jobs.tower(2))
    ours = [r for r in octoprint.log.records(since) if "layercapture" in r.logger]
    assert any(r.level == "INFO" and "ayer 2" in r.text for r in ours)


def test_first_last_and_listed_layers_are_captured(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    layers = {"interval": 0, "first": True, "last": True, "list": "3, 5-6"}
    octoprint.configure(**{**FAST, "layers": layers}, grid={"columns": 1, "rows": 1})
    octoprint.print_gcode(jobs.tower(8))
    assert sorted(captured.metadata(octoprint)) == [1, 3, 5, 6, 8]


def test_positions_off_the_bed_are_refused_and_the_others_captured(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect("layercapture")
    grid = {"columns": 3, "rows": 1, "spacing_x": 95}
    octoprint.configure(**FAST, grid=grid)
    octoprint.print_gcode(jobs.tower(2))
    (data,) = captured.metadata(octoprint).values()
    assert [image["index"] for image in data["images"]] == [1]


def test_grid_off_the_bed_captures_nothing_and_says_so_once(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect("layercapture")
    gcode = jobs.tower(4)
    octoprint.configure(**FAST, grid={"center_x": 900, "columns": 1, "rows": 1})
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert captured.pictures(octoprint) == []
    assert len(job.messages("notice")) == 1
    assert paths.of_captures(job.sent(), gcode) == []


def test_fake_camera_needs_no_webcam(octoprint: OctoPrint) -> None:
    cameras = {"delay": 0, "fake": True}
    octoprint.configure(**{**FAST, "cameras": cameras}, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(2))
    captured.check_whole(octoprint)
    assert len(captured.pictures(octoprint)) == 2
