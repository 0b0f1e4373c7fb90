from __future__ import annotations

import io
import os
import threading

import pytest
from PIL import Image

from octoprint_layercapture.library import thumbnails
from octoprint_layercapture.library.thumbnails import Thumbnails


def jpeg(width=1280, height=720, color="red"):
    out = io.BytesIO()
    Image.new("RGB", (width, height), color).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "layer_0001_pos_00_20241201_143000.jpg"
    path.write_bytes(jpeg())
    return path


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "thumbnails"


@pytest.fixture
def small(folder):
    return Thumbnails(folder)


def wait_for(get, seconds=30):
    pause = threading.Event()
    for _ in range(int(seconds / 0.01)):
        found = get()
        if found:
            return found
        pause.wait(0.01)
    return get()


def files(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [(1280, 720), (480, 640), (100, 50)])
def test_a_thumbnail_fits_its_frame_and_keeps_its_shape(small, picture, size):
    picture.write_bytes(jpeg(*size))
    with Image.open(small.make(picture)) as image:
        assert image.format == "JPEG"
        assert image.width <= thumbnails.WIDTH and image.height <= thumbnails.HEIGHT
        assert image.width <= size[0]
        assert image.width / image.height == pytest.approx(size[0] / size[1], rel=0.02)


def test_thumbnails_are_made_in_the_background_when_asked_for(small, picture):
    assert small.get(picture) is None
    made = wait_for(lambda: small.get(picture))
    assert made.is_file()
    assert small.get(picture) == small.make(picture) == made


def test_a_missing_thumbnail_is_made_again(small, picture):
    small.make(picture).unlink()
    assert small.make(picture).is_file()


def test_a_changed_picture_gets_a_new_thumbnail_and_the_old_one_goes(
    small, picture, folder
):
    first = small.make(picture)
    picture.write_bytes(jpeg(color="blue"))
    os.utime(picture, ns=(1, 1))
    second = small.make(picture)
    assert second != first
    assert files(folder) == [second]


def test_damaged_pictures_get_none_and_are_tried_once(small, picture, folder):
    picture.write_bytes(jpeg()[:500])
    assert small.make(picture) is None
    assert small.damaged(picture)
    assert small.get(picture) is None
    assert files(folder) == []
    picture.write_bytes(b"no picture")
    assert small.make(picture) is None
    picture.write_bytes(jpeg())
    assert not small.damaged(picture)
    assert small.make(picture).is_file()


def test_a_picture_that_is_not_there_gets_none(small, picture):
    picture.unlink()
    assert small.get(picture) is None
    assert small.make(picture) is None


def test_other_formats_are_not_opened(small, picture):
    out = io.BytesIO()
    Image.new("RGB", (10, 10)).save(out, "PNG")
    picture.write_bytes(out.getvalue())
    assert small.make(picture) is None


def test_the_thumbnail_of_a_deleted_picture_goes(small, picture, folder):
    small.make(picture)
    picture.unlink()
    small.forget(picture)
    assert files(folder) == []


def test_thumbnails_of_pictures_that_vanished_are_swept_away(small, picture, folder):
    stays = small.make(picture)
    other = picture.with_name("other.jpg")
    other.write_bytes(jpeg())
    small.make(other)
    names = {small.name_of(picture)}
    assert small.sweep(names.__contains__) == 1
    assert files(folder) == [stays]


def test_none_is_made_while_a_capture_is_on(folder, picture):
    capturing = [True]
    small = Thumbnails(folder, busy=lambda: capturing[0])
    assert small.get(picture) is None
    assert wait_for(lambda: small.get(picture), seconds=0.2) is None
    capturing[0] = False
    small.nudge()
    assert wait_for(lambda: small.get(picture)).is_file()


def test_a_capture_without_end_holds_nothing_up_for_ever(folder, picture):
    small = Thumbnails(folder, busy=lambda: True, patience=0)
    small.get(picture)
    assert wait_for(lambda: small.get(picture)).is_file()


def test_the_queue_is_bounded_and_forgets_the_oldest(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(thumbnails, "WAITING", 3)
    capturing = [True]
    small = Thumbnails(folder, busy=lambda: capturing[0])
    pictures = []
    for number in range(8):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(jpeg(32, 24))
        pictures.append(path)
        small.get(path)
    capturing[0] = False
    small.nudge()
    newest = {small.name_of(path) for path in pictures[-3:]}

    def made():
        # what is still being written begins with a dot
        return {path.name.partition(".")[0] for path in files(folder)} - {""}

    assert wait_for(lambda: newest <= made())
    assert len(made()) <= 4
