from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from octoprint_layercapture.library import Ending, StoreError, read_capture

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))


@pytest.fixture
def folder(new_store):
    return new_store().begin_print("a.gcode", STARTED, instance="Printer 1")


@pytest.fixture
def writer(folder, begin):
    return begin(
        folder,
        started=STARTED + 60,
        height=0.2,
        layers_total=30,
        slicer="PrusaSlicer",
        slicer_layer=9,
    )


def on_disk(writer):
    return json.loads(writer.metadata_path.read_text(encoding="utf-8"))


def names_in(folder):
    return sorted(path.name for path in folder.path.iterdir())


def test_the_metadata_says_everything_about_capture_and_picture(folder, writer, add):
    add(
        writer,
        index=4,
        order=2,
        position=(140, 60),
        actual=(140.01, 59.99, 7.0),
        jpeg=b"12345",
        taken_at=STARTED + 61.25,
        z=7,
        offset=(-20.5, 3),
        settle=0.75,
    )
    written = on_disk(writer)
    image = written.pop("images")[0]
    assert image.pop("path").endswith("/layer_0010_pos_04_20241201_143101.jpg")
    assert image == {
        "file": "layer_0010_pos_04_20241201_143101.jpg",
        "sha256": "5994471abb01112afcc18159f6cc74b4f511b99806da59b3caf5a9c173cacfc5",
        "requested": {"x": 140, "y": 60, "z": 7},
        "position": {"x": 140, "y": 60},
        "index": 4,
        "order": 2,
        "actual": {"x": 140.01, "y": 59.99, "z": 7},
        "camera": "classic",
        "timestamp": STARTED + 61.25,
        "width": 640,
        "height": 480,
        "size": 5,
        "offset": {"x": -20.5, "y": 3},
        "settle": 0.75,
        "repeated": False,
    }
    assert written.pop("capture_id") != written["print_id"]
    assert written == {
        "schema_version": 2,
        "print_id": folder.print_id,
        "instance": "Printer 1",
        "layer": 10,
        "z_height": 2.0,
        "height": 0.2,
        "layers_total": 30,
        "slicer": "PrusaSlicer",
        "slicer_layer": 9,
        "timestamp": STARTED + 60,
        "gcode_file": "a.gcode",
        "print_start_time": STARTED,
        "failures": [],
        "conditions": None,
        "ending": None,
        "settings": {
            "grid_spacing": 40,
            "grid_center": {"x": 100, "y": 100},
            "grid_size": 3,
            "grid": {"columns": 3, "rows": 2, "spacing_x": 40, "spacing_y": 30},
        },
    }


def test_a_picture_is_kept_byte_for_byte(folder, writer, add):
    jpeg = bytes(range(256)) * 100
    image = add(writer, jpeg=jpeg)
    assert (folder.path / Path(image.path).name).read_bytes() == jpeg


def test_the_metadata_is_complete_after_every_picture_and_keeps_its_name(
    folder, writer, add
):
    for index in range(5):
        add(writer, index=index)
        assert writer.metadata_path.name == "layer_0010_metadata_20241201_143100.json"
        images = on_disk(writer)["images"]
        assert [image["index"] for image in images] == list(range(index + 1))
    assert len(list(folder.path.glob("layer_*.json"))) == 1


def test_what_was_kept_can_be_read_again(writer, add):
    add(writer)
    record = writer.finish()
    assert read_capture(writer.metadata_path.read_bytes()) == record
    assert writer.record == record


def test_the_record_that_is_handed_out_is_a_copy(writer, add):
    add(writer)
    writer.record.images.clear()
    writer.finish().images.clear()
    assert len(writer.record.images) == 1


def test_failures_are_recorded_with_their_reason(writer, add):
    add(writer, index=0)
    dark = {"text": "It is %(how)s", "params": {"how": "dark"}}
    writer.add_failure(
        index=1, position=(1, 2), camera="side", reason="It is dark", message=dark
    )
    writer.add_failure(index=2, position=(3, 4), reason="Never arrived")
    assert on_disk(writer)["failures"] == [
        {
            "index": 1,
            "position": {"x": 1, "y": 2},
            "camera": "side",
            "reason": "It is dark",
            "message": dark,
        },
        {
            "index": 2,
            "position": {"x": 3, "y": 4},
            "camera": None,
            "reason": "Never arrived",
            "message": None,
        },
    ]
    assert len(on_disk(writer)["images"]) == 1


def test_a_capture_of_nothing_but_failures_is_recorded(folder, writer):
    writer.add_failure(index=0, position=(1, 2), reason="no camera")
    writer.finish()
    assert names_in(folder) == ["layer_0010_metadata_20241201_143100.json", "print.json"]


def test_pictures_of_further_cameras_carry_the_camera_in_their_name(folder, begin, add):
    writer = begin(folder, cameras=["classic", "Side Cam"])
    at = STARTED + 61
    add(writer, camera="Side Cam", taken_at=at)
    add(writer, camera="classic", taken_at=at)
    assert {path.name for path in folder.path.glob("*.jpg")} == {
        "layer_0010_pos_00_20241201_143101.jpg",
        "layer_0010_pos_00_Side-Cam_20241201_143101.jpg",
    }
    assert [image["camera"] for image in on_disk(writer)["images"]] == [
        "Side Cam",
        "classic",
    ]


def test_a_name_that_exists_gets_a_number_and_the_old_file_stays(folder, writer, add):
    add(writer, jpeg=b"one", taken_at=STARTED)
    image = add(writer, jpeg=b"two", taken_at=STARTED)
    assert image.path.endswith("layer_0010_pos_00_20241201_143000_2.jpg")
    old = folder.path / "layer_0010_pos_00_20241201_143000.jpg"
    assert old.read_bytes() == b"one"


def test_two_captures_of_a_layer_in_one_second_have_metadata_of_their_own(
    folder, begin, add
):
    writers = [begin(folder, started=STARTED) for _ in range(2)]
    for writer in writers:
        add(writer, taken_at=STARTED)
    for writer in writers:
        add(writer, index=1, taken_at=STARTED)
    assert [writer.metadata_path.name for writer in writers] == [
        "layer_0010_metadata_20241201_143000.json",
        "layer_0010_metadata_20241201_143000_2.json",
    ]
    paths = [image["path"] for writer in writers for image in on_disk(writer)["images"]]
    assert len(set(paths)) == 4


def test_a_picture_the_user_deleted_is_no_longer_named(folder, writer, add):
    gone = add(writer, index=0)
    add(writer, index=1)
    (folder.path / Path(gone.path).name).unlink()
    add(writer, index=2)
    assert [image["index"] for image in on_disk(writer)["images"]] == [1, 2]


def test_after_the_folder_was_deleted_only_what_came_later_is_named(folder, writer, add):
    add(writer, index=0)
    name = writer.metadata_path.name
    shutil.rmtree(folder.path)
    add(writer, index=1)
    assert writer.metadata_path.name == name
    assert [image["index"] for image in on_disk(writer)["images"]] == [1]


def test_a_folder_deleted_before_the_end_is_not_left_without_its_record(
    folder, writer, add
):
    add(writer)
    shutil.rmtree(folder.path)
    record = writer.finish()
    assert record.images == []
    assert on_disk(writer)["images"] == []


def test_a_picture_that_does_not_fit_leaves_nothing(folder, writer, add, small_files):
    add(writer, index=0)
    before = names_in(folder), on_disk(writer)
    with small_files(10_000), pytest.raises(StoreError):
        add(writer, index=1, jpeg=b"x" * 20_000)
    assert (names_in(folder), on_disk(writer)) == before


def test_a_picture_whose_metadata_does_not_fit_leaves_nothing(
    folder, writer, add, small_files
):
    add(writer, index=0)
    before = names_in(folder), on_disk(writer)
    with small_files(100), pytest.raises(StoreError):
        add(writer, index=1, jpeg=b"small")
    assert (names_in(folder), on_disk(writer)) == before
    add(writer, index=1)
    assert [image["index"] for image in on_disk(writer)["images"]] == [0, 1]


def test_a_failure_that_could_not_be_written_comes_with_the_next_picture(
    writer, add, small_files
):
    with small_files(100), pytest.raises(StoreError):
        writer.add_failure(index=0, position=(1, 2), reason="The disk is full")
    add(writer, index=1)
    assert [failure["index"] for failure in on_disk(writer)["failures"]] == [0]


def test_pictures_from_several_threads_are_all_kept(writer, add):
    threads = [
        threading.Thread(target=add, args=(writer, index), kwargs={"camera": camera})
        for index in range(5)
        for camera in ("classic", "side", "top")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    images = on_disk(writer)["images"]
    assert len({(image["index"], image["camera"]) for image in images}) == 15
    assert len({image["path"] for image in images}) == 15


def test_a_reader_sees_whole_metadata_that_names_only_pictures_that_exist(
    folder, writer, add
):
    add(writer)
    stop = threading.Event()
    seen = []

    def read():
        while not stop.is_set():
            images = on_disk(writer)["images"]
            missing = [
                image["path"]
                for image in images
                if not (folder.path / Path(image["path"]).name).is_file()
            ]
            seen.append((len(images), missing))

    reader = threading.Thread(target=read)
    reader.start()
    for index in range(1, 20):
        add(writer, index=index)
    stop.set()
    reader.join()
    assert seen
    assert all(not missing for _, missing in seen)


ENDLESS_PRINT = """
import sys, time
from pathlib import Path
from octoprint_layercapture.library import CaptureSettings, Place, Store

uploads = Path(sys.argv[1])
store = Store(Place(uploads), sanitize=str)
folder = store.begin_print("a.gcode", 0)
settings = CaptureSettings.of_grid(
    center=(0, 0), columns=3, rows=3, spacing_x=1, spacing_y=1
)
for layer in range(1, 100000):
    writer = folder.begin_capture(
        layer=layer, z_height=1, started=layer, settings=settings
    )
    for index in range(9):
        writer.add_picture(
            index=index, order=index, position=(0, 0), actual=None, camera="c",
            jpeg=b"start" + b"x" * 200000 + b"end", taken_at=0, width=1, height=1,
        )
        print(flush=True)
"""


@pytest.mark.parametrize("pictures", [1, 4, 12])
def test_what_was_captured_before_a_crash_stays_readable(uploads, pictures):
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    process = subprocess.Popen(
        [sys.executable, "-c", ENDLESS_PRINT, str(uploads)],
        stdout=subprocess.PIPE,
        env=environment,
    )
    for _ in range(pictures):
        assert process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    process.communicate()

    files = [
        path
        for path in (uploads / "layercapture").rglob("*")
        if path.is_file() and not path.name.startswith(".")
    ]
    named = set()
    for path in files:
        data = path.read_bytes()
        if path.suffix == ".jpg":
            assert data.startswith(b"start") and data.endswith(b"end")
        elif path.name != "print.json":
            images = json.loads(data)["images"]
            named.update(Path(image["path"]).name for image in images)
    assert named <= {path.name for path in files}
    assert len(named) >= pictures


def test_how_a_capture_ended_is_kept_also_without_a_picture(writer):
    ending = Ending(planned=9, visited=0, seconds=1.5, interrupted="cancelling")
    writer.finish(ending)
    kept = read_capture(writer.metadata_path.read_bytes())
    assert kept.ending == ending
    assert kept.images == []


def test_a_picture_whose_record_cannot_be_made_never_was(
    folder, writer, add, monkeypatch
):
    def broken(record):
        raise ValueError("secret")

    with monkeypatch.context() as patched:
        patched.setattr("octoprint_layercapture.library.writer.to_json", broken)
        with pytest.raises(ValueError):
            add(writer)
    assert writer.finish().images == []
    assert list(folder.path.glob("*.jpg")) == []
