from __future__ import annotations

import os
import shutil

import pytest

from octoprint_layercapture.library import Place, Store, StoreError
from octoprint_layercapture.library.place import folder_problem, settle


@pytest.fixture
def memory(tmp_path):
    return tmp_path / "data" / "folders.json"


@pytest.fixture
def disk(tmp_path):
    return tmp_path / "media" / "usb"


@pytest.fixture
def place(uploads, disk, memory):
    return Place(uploads, disk / "pictures", memory)


@pytest.fixture
def store(place):
    return Store(place, sanitize=str)


def test_another_folder_is_made_and_gets_the_pictures(store, disk, begin, add):
    image = add(begin(store.begin_print("a.gcode", 1733063400)))
    (picture,) = disk.rglob("*.jpg")
    assert image.path == f"/uploads/layercapture/{picture.parent.name}/{picture.name}"
    assert picture.parent.parent == disk / "pictures"


def test_a_disk_that_was_unplugged_is_not_replaced_by_its_mount_point(
    store, disk, begin, add, tmp_path
):
    folder = store.begin_print("a.gcode", 0)
    add(begin(folder, layer=1))
    unplugged = tmp_path / "unplugged"
    os.rename(disk / "pictures", unplugged)
    with pytest.raises(StoreError, match="may not be plugged in"):
        add(begin(folder, layer=2))
    assert not (disk / "pictures").exists()
    (disk / "pictures").mkdir()
    for _ in range(2):
        with pytest.raises(StoreError, match="may not be plugged in"):
            add(begin(store.begin_print("b.gcode", 0)))
        with pytest.raises(StoreError, match="may not be plugged in"):
            store.check()
    assert list((disk / "pictures").iterdir()) == []
    (disk / "pictures").rmdir()
    os.rename(unplugged, disk / "pictures")
    store.check()
    add(begin(folder, layer=3))
    assert len(list(disk.rglob("*.jpg"))) == 2


def test_a_disk_not_mounted_at_the_start_of_a_print_is_missed(
    place, disk, uploads, memory
):
    settle(place)
    shutil.rmtree(disk)
    disk.mkdir()
    later = Place(uploads, disk / "pictures", memory)
    assert later.vanished()
    with pytest.raises(StoreError, match="may not be plugged in"):
        later.make()
    assert list(disk.iterdir()) == []


def test_saving_the_settings_starts_the_folder_anew(place, disk):
    settle(place)
    shutil.rmtree(disk)
    settle(place)
    place.make()
    assert not place.vanished()


def test_a_damaged_memory_costs_nothing(place, memory):
    memory.parent.mkdir()
    for text in (b"{", b"[1]", b"\xff"):
        memory.write_bytes(text)
        place.make()


def test_the_usual_folder_needs_no_mark(uploads):
    place = Place(uploads)
    place.make()
    settle(place)
    assert list(place.root.iterdir()) == []
    assert not place.vanished()


@pytest.mark.parametrize(
    "folder, sentence",
    [
        ("", None),
        ("{tmp}/new/folder", None),
        ("{tmp}", "holds OctoPrint's uploads folder"),
        ("{uploads}", "inside OctoPrint's uploads"),
        ("{uploads}/parts", "inside OctoPrint's uploads"),
        ("{uploads}/layercapture", "is the usual folder"),
        ("{uploads}/layercapture/deeper", "is the usual folder"),
        ("{tmp}/link", "inside OctoPrint's uploads"),
        ("{tmp}/file", "is a file, not a folder"),
        ("{tmp}/file/below", "is a file, not a folder"),
        ("{tmp}/dangling", "is a file, not a folder"),
    ],
)
def test_folders_that_cannot_be_used_are_refused_with_a_reason(
    uploads, tmp_path, folder, sentence
):
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "link").symlink_to(uploads / "parts")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    problem = folder_problem(folder.format(tmp=tmp_path, uploads=uploads), uploads)
    assert (problem is None) == (sentence is None)
    if problem is not None:
        assert sentence in str(problem)
    assert sorted(tmp_path.iterdir()) == before


def test_a_folder_that_may_not_be_written_to_is_refused(uploads, monkeypatch):
    monkeypatch.setattr(os, "access", lambda *_, **__: False)
    problem = folder_problem("/some/where", uploads)
    assert "not allowed to write to /" in str(problem)


def test_a_folder_that_cannot_be_made_is_explained(uploads, tmp_path, memory):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StoreError, match="is a file"):
        settle(Place(uploads, tmp_path / "file" / "below", memory))
