from __future__ import annotations

import threading
from pathlib import Path

import pytest

from octoprint_layercapture.library import Catalog, StoreError
from octoprint_layercapture.library.background import Background
from octoprint_layercapture.library.space import GUESS, Guard, estimate

CAMERAS = ("classic", "side")


@pytest.fixture
def store(new_store):
    return new_store()


@pytest.fixture
def keep(store, begin, add):
    def keep_print(started, sizes):
        """One capture, with a picture of each size for each camera."""
        writer = begin(store.begin_print("a.gcode", started), cameras=list(CAMERAS))
        for camera, size in sizes.items():
            add(writer, camera=camera, jpeg=b"x" * size)
        writer.finish()

    return keep_print


def recent(store):
    return Catalog(store).iter_prints()


def test_estimate_goes_by_the_last_pictures_of_each_camera(store, keep):
    keep(1733063400, {"classic": 1000, "side": 100})
    keep(1733163400, {"classic": 3000, "side": 300})
    found = estimate(10, 9, CAMERAS, recent(store))
    assert found.pictures == 10 * 9 * 2
    assert found.bytes == 10 * 9 * (2000 + 200)
    assert found.guessed == ()


def test_only_the_newest_prints_count(store, keep):
    keep(1700000000, {"classic": 1_000_000})
    for day in range(3):
        keep(1733063400 + day * 86400, {"classic": 1000})
    assert estimate(1, 1, ("classic",), recent(store)).bytes == 1000


def test_a_new_camera_is_taken_to_be_like_the_others(store, keep):
    keep(1733063400, {"classic": 1000})
    found = estimate(1, 1, CAMERAS, recent(store))
    assert (found.bytes, found.guessed) == (2000, ("side",))


def test_without_any_picture_the_size_is_that_of_a_usual_webcam(store):
    found = estimate(2, 3, ("classic",), recent(store))
    assert found.bytes == round(2 * 3 * GUESS)
    assert found.guessed == ("classic",)


def test_nothing_to_capture_takes_nothing(store):
    assert estimate(0, 9, CAMERAS, recent(store)).bytes == 0


def test_a_disk_that_is_well_is_no_trouble(store, root):
    assert Guard(store.check, root).trouble() is None


def test_trouble_comes_and_goes_with_the_room_on_the_disk(new_store, root):
    free = [10]
    store = new_store(floor=100, free=lambda folder: free[0])
    guard = Guard(store.check, root)
    assert "to make room" in str(guard.trouble())
    free[0] = 1000
    assert guard.trouble() is None


def test_a_folder_that_became_a_file_is_trouble(store, root):
    root.write_bytes(b"precious")
    assert "is a file" in str(Guard(store.check, root).trouble())


def test_a_disk_that_hangs_is_asked_once_and_waited_for_no_longer():
    answer = threading.Event()
    asked = []

    def check():
        asked.append(1)
        answer.wait(60)
        raise StoreError("late")

    guard = Guard(check, Path("/disk"), seconds=0.01)
    for _ in range(3):
        assert "/disk does not answer" in str(guard.trouble())
    assert len(asked) == 1
    answer.set()
    guard._seconds = 60
    assert str(guard.trouble()) == "late"


def test_every_question_is_asked_by_the_same_thread(store, root):
    asking = set()

    def check():
        asking.add(threading.get_ident())

    guard = Guard(check, root)
    for _ in range(20):
        assert guard.trouble() is None
    assert len(asking) == 1
    assert not guard.waiting


def test_a_check_that_breaks_is_no_answer_for_ever(monkeypatch):
    monkeypatch.setattr(threading, "excepthook", lambda _: None)

    def check():
        raise RuntimeError

    assert Guard(check, Path("/disk")).trouble() is None


@pytest.mark.parametrize("flat, counted", [(True, 4), (False, 0)])
def test_pictures_in_one_folder_are_counted_no_further_than_needed(
    new_store, begin, add, root, flat, counted
):
    store = new_store(folder_per_print=not flat)
    assert store.count_flat(10) == 0
    writer = begin(store.begin_print("a.gcode", 0))
    for index in range(4):
        add(writer, index)
    (root / "photo.jpg").write_bytes(b"foreign")
    assert store.count_flat(10) == counted
    assert store.count_flat(2) == min(counted, 3)


def test_where_the_disk_cannot_be_asked_it_is_asked_again(no_thread):
    guard = Guard(lambda: None, Path("/disk"), 60, Background("threadless-disk"))
    no_thread.add("threadless-disk")
    with pytest.raises(RuntimeError):
        guard.trouble()
    assert not guard.waiting
    no_thread.clear()
    assert guard.trouble() is None
