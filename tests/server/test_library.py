"""What is kept of a print, where, and what happens when there is no room for it."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
import zipfile
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import LogWatch
from tests.server import captured, jobs, paths, shelf
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import Job, OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

OURS = r"octoprint\.plugins\.layercapture"
OLD = time.time() - 100 * 86400


def print_records(folder: Path) -> list[dict[str, Any]]:
    return [json.loads(path.read_bytes()) for path in folder.rglob("print*.json")]


def ended_record(folder: Path) -> dict[str, Any]:
    """The one print's record, once its end is in it."""

    def ended() -> dict[str, Any]:
        (record,) = print_records(folder)
        return record if record["print_end_time"] else {}

    found: dict[str, Any] = wait_until(ended, "the record of a print that is over")
    return found


def told(job: Job, text: str) -> list[str]:
    """The notices of a print that hold this text, with what goes into them."""
    notices = job.messages("notice")
    return [json.dumps(each) for each in notices if text in json.dumps(each)]


@pytest.mark.parametrize("folder_per_print", [True, False])
def test_a_print_that_is_done_says_what_it_was(
    octoprint: OctoPrint, camera: SnapshotServer, folder_per_print: bool
) -> None:
    gcode = "M106 S51\nM220 S100\nM221 S95\n" + jobs.tower(4)
    octoprint.configure(
        **FAST, grid=SMALL_GRID, files={"folder_per_print": folder_per_print}
    )
    wait_until(
        lambda: octoprint.get("/api/printer")["temperature"].get("tool0"),
        "the first temperatures",
    )
    octoprint.print_gcode(gcode, name="part.gcode")
    record = ended_record(captured.folder(octoprint))
    assert (record["outcome"], record["name"]) == ("done", "part")
    assert record["gcode_file"] == record["file"]["path"] == "part.gcode"
    digest = hashlib.sha256((octoprint.uploads / "part.gcode").read_bytes())
    assert record["file"]["sha256"] == digest.hexdigest()
    assert record["octoprint_version"] == octoprint.version
    assert record["layers"] == [2, 4]
    assert record["printer_profile"]["volume"]["width"] > 0
    assert record["config"]["grid"]["columns"] == 2
    assert not {"password", "token", "username"} & set(record["config"]["cameras"])
    assert record["totals"]["captures"] == 2
    assert record["totals"]["pictures"] == len(captured.pictures(octoprint)) == 4
    kept = captured.metadata(octoprint)
    assert sorted(kept) == [2, 4]
    for data in kept.values():
        assert data["print_id"] == record["print_id"]
        conditions = data["conditions"]
        assert conditions["fan"] == 0.2
        assert (conditions["feed_factor"], conditions["flow_factor"]) == (1, 0.95)
        assert 0 < conditions["progress"] <= 1
        assert conditions["temperatures"]["tool0"]["actual"] > 100
        for image in data["images"]:
            file = captured.on_disk(octoprint, image)
            assert image["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
            assert image["requested"]["z"] > data["z_height"]


def test_a_cancelled_print_says_so(octoprint: OctoPrint, camera: SnapshotServer) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("part.gcode", jobs.tower(40))
    job = octoprint.begin("part.gcode")
    job.wait_for_message("capture_finished")
    octoprint.cancel()
    job.wait()
    record = ended_record(captured.folder(octoprint))
    assert (record["outcome"], record["reason"]) == ("cancelled", "cancelled")
    assert record["totals"]["pictures"] == len(captured.pictures(octoprint))


def test_without_room_layers_are_left_out_before_the_head_moves_and_it_is_said_once(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    gcode = jobs.tower(8)
    octoprint.configure(**FAST, grid=SMALL_GRID, files={"floor_mb": 10_000_000})
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert len(told(job, "No pictures for now")) == 1
    assert paths.of_captures(job.sent(), gcode) == []
    assert captured.pictures(octoprint) == []


def test_a_file_in_place_of_the_folder_is_said_once_and_left_alone(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    captured.folder(octoprint).write_bytes(b"precious")
    try:
        octoprint.configure(**FAST, grid=SMALL_GRID)
        job = octoprint.print_gcode(jobs.tower(6))
        assert job.ended == "PrintDone"
        assert len(told(job, "is a file. Rename or delete")) == 1
        assert captured.folder(octoprint).read_bytes() == b"precious"
    finally:
        captured.folder(octoprint).unlink()


def test_pictures_that_cannot_be_written_cost_one_notice_and_not_the_print(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("part.gcode", jobs.tower(40))
    job = octoprint.begin("part.gcode")
    job.wait_for_message("capture_finished")
    (folder,) = captured.folder(octoprint).iterdir()
    folder.rename(octoprint.base / "moved")
    folder.write_bytes(b"precious")
    job.wait()
    assert job.ended == "PrintDone"
    assert len(told(job, "is a file. Rename or delete")) == 1
    assert folder.read_bytes() == b"precious"
    shutil.rmtree(octoprint.base / "moved")


def test_pictures_go_to_another_folder_and_never_to_where_its_disk_was(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, tmp_path: Path
) -> None:
    log.expect(OURS)
    disk = tmp_path / "usb" / "pictures"
    octoprint.configure(**FAST, grid=SMALL_GRID, files={"folder": str(disk)})
    octoprint.print_gcode(jobs.tower(2))
    assert len(list(disk.rglob("*.jpg"))) == 2
    assert captured.pictures(octoprint) == []
    (metadata,) = disk.rglob("layer_*.json")
    for image in json.loads(metadata.read_bytes())["images"]:
        assert image["path"].startswith(f"/uploads/layercapture/{metadata.parent.name}/")
        assert (metadata.parent / image["file"]).is_file()
    ended_record(disk)

    shutil.rmtree(disk)
    disk.mkdir()
    job = octoprint.print_gcode(jobs.tower(6))
    assert job.ended == "PrintDone"
    assert len(told(job, "may not be plugged in")) == 1
    assert list(disk.iterdir()) == []
    assert captured.pictures(octoprint) == []


@pytest.mark.parametrize(
    ("folder", "why"),
    [
        ("usb", "full path"),
        ("{uploads}/parts", "inside OctoPrint"),
        ("/dev/null", "file"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_and_the_old_one_stays(
    octoprint: OctoPrint, log: LogWatch, folder: str, why: str
) -> None:
    log.expect(OURS)
    folder = folder.format(uploads=octoprint.uploads)
    files = {"files": {"folder": folder}}
    shown = octoprint.post("/plugin/layercapture/preview", {"settings": files})
    (problem,) = shown["problems"]
    assert problem["key"] == "files.folder"
    assert why in problem["text"]
    octoprint.configure(**files)
    assert octoprint.settings()["files"]["folder"] == ""


def test_old_prints_go_after_a_print_and_what_is_not_ours_stays(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(2), name="old.gcode")
    ended_record(captured.folder(octoprint))
    (folder,) = captured.folder(octoprint).iterdir()
    record = json.loads((folder / "print.json").read_bytes())
    record["print_end_time"] = OLD
    (folder / "print.json").write_text(json.dumps(record))
    (folder / "notes.txt").write_bytes(b"mine")
    octoprint.configure(**FAST, files={"max_age_days": 90})
    wait_until(lambda: not list(folder.glob("*.jpg")), "the old print's end")
    octoprint.print_gcode(jobs.tower(2), name="new.gcode")
    assert [path.name for path in folder.iterdir()] == ["notes.txt"]
    assert len(captured.pictures(octoprint)) == 2


@pytest.mark.parametrize("fits", [True, False])
def test_what_a_print_will_take_is_known_and_said_where_it_does_not_fit(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, fits: bool
) -> None:
    log.expect(OURS)
    octoprint.configure(
        **FAST, grid=SMALL_GRID, files={"floor_mb": 0 if fits else 10_000_000}
    )
    octoprint.upload("part.gcode", jobs.tower(400))
    job = octoprint.begin("part.gcode")

    def known() -> Any:
        state = octoprint.get("/plugin/layercapture/state")
        return (state["job"] or {}).get("expected")

    expected = wait_until(known, "the estimate")
    octoprint.cancel()
    job.wait()
    assert expected["pictures"] == 200 * 2
    assert expected["bytes"] > 0
    assert expected["fits"] is fits
    assert len(told(job, "will take about")) == (0 if fits else 1)


def test_a_backup_has_the_pictures_and_not_what_is_made_from_them(
    octoprint: OctoPrint,
) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    key, name = kept.folder.name, kept.pictures[0]
    thumbnail = f"/plugin/layercapture/thumbnails/{key}/{name}"
    assert octoprint.request("GET", thumbnail).status_code == 200
    begun = octoprint.post("/plugin/backup/backup", {"exclude": []})
    backup = octoprint.base / "data" / "backup" / begun["name"]
    wait_until(backup.exists, "the backup is complete", 120)
    with zipfile.ZipFile(backup) as archive:
        names = archive.namelist()
    assert any(each.endswith(f"uploads/layercapture/{key}/{name}") for each in names)
    assert not [each for each in names if "layercapture/thumbnails" in each]
    backup.unlink()
