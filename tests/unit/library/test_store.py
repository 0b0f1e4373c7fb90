from __future__ import annotations

import errno
import shutil
import time
from pathlib import Path

import pytest

from octoprint_layercapture.library import StoreError
from octoprint_layercapture.library.errors import explain

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))


def test_a_print_has_a_folder_named_for_it_below_the_root(new_store, root, begin, add):
    folder = new_store().begin_print("parts/test_print.gcode", STARTED)
    image = add(begin(folder), taken_at=STARTED + 22)
    assert folder.path == root / "test_print_20241201_143000"
    assert image.path == (
        "/uploads/layercapture/test_print_20241201_143000/"
        "layer_0010_pos_00_20241201_143022.jpg"
    )
    assert (folder.path / "layer_0010_pos_00_20241201_143022.jpg").is_file()


def test_the_flat_layout_writes_straight_into_the_root(new_store, root, begin, add):
    store = new_store(folder_per_print=False)
    image = add(begin(store.begin_print("a.gcode", STARTED)), taken_at=STARTED)
    assert image.path == "/uploads/layercapture/layer_0010_pos_00_20241201_143000.jpg"
    assert {path.suffix for path in root.iterdir()} == {".jpg", ".json"}


def test_nothing_is_created_before_there_is_something_to_keep(new_store, uploads, begin):
    folder = new_store().begin_print("a.gcode", STARTED)
    writer = begin(folder)
    writer.finish()
    assert list(uploads.iterdir()) == []
    assert folder.path is None
    assert writer.metadata_path is None


def test_two_prints_of_one_file_in_one_second_have_folders_of_their_own(
    new_store, root, begin, add
):
    for _ in range(3):
        add(begin(new_store().begin_print("a.gcode", STARTED)))
    assert sorted(path.name for path in root.iterdir()) == [
        "a_20241201_143000",
        "a_20241201_143000_2",
        "a_20241201_143000_3",
    ]


def test_all_captures_of_a_print_go_to_its_one_folder(new_store, root, begin, add):
    folder = new_store().begin_print("a.gcode", STARTED)
    first = add(begin(folder, layer=1))
    second = add(begin(folder, layer=2))
    assert len(list(root.iterdir())) == 1
    assert Path(first.path).parent == Path(second.path).parent


def test_a_folder_deleted_during_the_print_is_made_again(new_store, root, begin, add):
    folder = new_store().begin_print("a.gcode", STARTED)
    add(begin(folder, layer=1))
    shutil.rmtree(root)
    image = add(begin(folder, layer=2))
    assert (folder.path / Path(image.path).name).is_file()
    assert [path.name for path in root.iterdir()] == ["a_20241201_143000"]


def test_folders_have_names_octoprint_leaves_as_they_are(
    new_store, root, begin, add, sanitize
):
    store = new_store(sanitize=sanitize)
    for name in ("../../up.gcode", "a:b|c.gcode", "💚.gcode", "CON.gcode", "ü" * 200):
        add(begin(store.begin_print(name, STARTED)))
    folders = [path.name for path in root.iterdir()]
    assert len(folders) == 5
    assert [sanitize(name) for name in folders] == folders


def test_a_folder_that_became_a_file_is_named_and_left_alone(new_store, root, begin, add):
    folder = new_store().begin_print("a.gcode", STARTED)
    add(begin(folder, layer=1))
    shutil.rmtree(folder.path)
    folder.path.write_bytes(b"precious")
    with pytest.raises(StoreError, match="is a file. Rename or delete") as caught:
        add(begin(folder, layer=2))
    assert str(folder.path) in str(caught.value)
    assert folder.path.read_bytes() == b"precious"


def test_a_root_that_is_a_file_is_named(new_store, root, begin, add):
    root.write_bytes(b"precious")
    with pytest.raises(StoreError, match="is a file"):
        add(begin(new_store().begin_print("a.gcode", STARTED)))
    assert root.read_bytes() == b"precious"


def test_a_missing_uploads_folder_is_not_made_but_said(new_store, uploads, begin, add):
    uploads.rmdir()
    with pytest.raises(StoreError, match="missing. Is its disk plugged in"):
        add(begin(new_store().begin_print("a.gcode", STARTED)))
    assert not uploads.exists()


def test_below_the_floor_nothing_is_written(new_store, root, begin, add):
    store = new_store(floor=200_000_000, free=lambda folder: 199_000_000)
    writer = begin(store.begin_print("a.gcode", STARTED))
    with pytest.raises(StoreError, match="Only 199 MB are free .* 200 MB are to stay"):
        add(writer)
    assert not list(root.rglob("*.*"))


def test_without_a_floor_a_disk_without_room_is_said_to_be_full(new_store, begin, add):
    store = new_store(floor=0, free=lambda folder: 3)
    writer = begin(store.begin_print("a.gcode", 0))
    with pytest.raises(StoreError, match="is full"):
        add(writer, jpeg=b"picture")
    with pytest.raises(StoreError, match="is full"):
        store.check()


def test_the_picture_itself_counts_towards_the_floor(new_store, begin, add):
    store = new_store(floor=1000, free=lambda folder: 1004)
    writer = begin(store.begin_print("a.gcode", STARTED))
    add(writer, jpeg=b"1234")
    with pytest.raises(StoreError):
        add(writer, jpeg=b"12345")


def test_why_a_picture_is_missing_is_kept_below_the_floor_as_well(new_store, root, begin):
    store = new_store(floor=1000, free=lambda folder: 0)
    writer = begin(store.begin_print("a.gcode", STARTED))
    writer.add_failure(index=0, position=(1, 2), camera="classic", reason="no room")
    assert writer.metadata_path.is_file()


def test_real_free_space_is_asked_for(new_store, begin, add):
    store = new_store(floor=10**18)
    with pytest.raises(StoreError, match="to make room"):
        add(begin(store.begin_print("a.gcode", STARTED)))


@pytest.mark.parametrize(
    "number, sentence",
    [
        (errno.ENOSPC, "is full"),
        (errno.EDQUOT, "is full"),
        (errno.EACCES, "not allowed to write"),
        (errno.EPERM, "not allowed to write"),
        (errno.EROFS, "can only be read"),
        (errno.ENOTDIR, "is a file"),
        (errno.EIO, "Input/output error"),
    ],
)
def test_what_the_system_says_becomes_a_sentence_that_can_be_translated(number, sentence):
    error = OSError(number, "Input/output error")
    explained = explain(error, Path("/somewhere/100%"))
    assert sentence in str(explained)
    assert "/somewhere/100%" in str(explained)
    assert explained.text % explained.params == str(explained)
