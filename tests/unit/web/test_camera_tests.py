"""Tests of cameras: what is kept of them, for how long, and what is said."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from octoprint_layercapture.cameras import CameraError
from octoprint_layercapture.cameras.appearance import appearance, remarks
from octoprint_layercapture.web import camera_tests
from octoprint_layercapture.web.camera_tests import CameraTests, TooMany


def picture(size=(640, 480), colors=((200, 30, 30), (20, 90, 200)), quality=90):
    """Two halves of different colours."""
    image = Image.new("RGB", size, colors[0])
    image.paste(colors[1], (0, 0, size[0] // 2, size[1]))
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality)
    return out.getvalue()


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Spawn:
    """Runs what it is given when the test says so."""

    def __init__(self):
        self.waiting = []

    def __call__(self, work):
        self.waiting.append(work)

    def run(self):
        while self.waiting:
            self.waiting.pop(0)()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def spawn():
    return Spawn()


@pytest.fixture
def tests(clock, spawn):
    return CameraTests(clock, spawn)


def take(tests, spawn, jpeg, source="front"):
    number = tests.start("front", source, lambda: jpeg, 15)
    spawn.run()
    return tests.answer(number)


def texts(answer):
    return [warning["text"] for warning in answer["warnings"]]


def test_picture_that_is_fine_comes_with_its_figures(tests, clock, spawn):
    jpeg = picture()

    def after_a_while():
        clock.now += 0.75
        return jpeg

    number = tests.start("front", "front", after_a_while, 15)
    assert tests.answer(number) == {"state": "running", "camera": "front"}
    assert tests.picture(number) is None
    spawn.run()
    assert tests.answer(number) == {
        "state": "done",
        "camera": "front",
        "width": 640,
        "height": 480,
        "size": len(jpeg),
        "seconds": 0.75,
        "warnings": [],
    }
    assert tests.picture(number) == jpeg


def test_failure_is_told_in_the_cameras_own_words(tests, spawn):
    def fail():
        raise CameraError("Camera %(camera)s is asleep.", camera="front")

    number = tests.start("front", "front", fail, 15)
    spawn.run()
    assert tests.answer(number) == {
        "state": "failed",
        "camera": "front",
        "message": {
            "text": "Camera %(camera)s is asleep.",
            "params": {"camera": "front"},
        },
    }
    assert tests.picture(number) is None


def test_unexpected_error_never_shows_what_it_holds(tests, spawn, caplog):
    def fail():
        raise RuntimeError("http://me:hunter2@camera/")

    number = tests.start("front", "front", fail, 15)
    spawn.run()
    answer = tests.answer(number)
    assert answer["message"]["params"] == {"kind": "RuntimeError"}
    assert "RuntimeError" in caplog.text
    assert "hunter2" not in caplog.text + str(answer)


@pytest.mark.parametrize(
    ("jpeg", "said"),
    [
        (picture(colors=((3, 3, 3), (12, 9, 9))), "very dark"),
        (picture(colors=((90, 90, 90), (90, 90, 90))), "single colour"),
        (picture(size=(200, 480)), "very small"),
        (picture(size=(640, 100)), "very small"),
    ],
)
def test_picture_that_looks_wrong_is_said_to(tests, spawn, jpeg, said):
    (text,) = texts(take(tests, spawn, jpeg))
    assert said in text


def test_slow_and_heavy_pictures_are_said_to_be(tests):
    seen = appearance(picture())
    assert remarks(seen, 5_000_000, 2.0, None) == []
    slow, heavy = remarks(seen, 5_000_001, 2.1, None)
    assert "2.1 s" in str(slow)
    assert "5 MB" in str(heavy)


def test_same_picture_twice_may_be_a_frozen_camera(tests, spawn):
    assert texts(take(tests, spawn, picture())) == []
    (text,) = texts(take(tests, spawn, picture()))
    assert "frozen" in text
    assert texts(take(tests, spawn, picture(), source="back")) == []
    other = picture(colors=((200, 30, 30), (20, 90, 210)))
    assert texts(take(tests, spawn, other)) == []


def test_same_pixels_in_another_file_are_the_same_picture(tests, spawn):
    jpeg = picture()
    comment = b"\xff\xfe\x00\x0ftime 12:00:01"
    take(tests, spawn, jpeg)
    (text,) = texts(take(tests, spawn, jpeg[:2] + comment + jpeg[2:]))
    assert "frozen" in text


def test_camera_that_draws_its_pictures_may_repeat_itself(tests, spawn):
    take(tests, spawn, picture(), source=None)
    assert texts(take(tests, spawn, picture(), source=None)) == []


def test_refused_test_says_why(tests):
    why = camera_tests.Message("No such camera.")
    answer = tests.answer(tests.refuse("front", why))
    assert answer["state"] == "failed"
    assert answer["message"] == why.to_dict()


def test_test_that_never_ends_counts_as_failed(tests, clock, spawn):
    number = tests.start("front", "front", picture, 15)
    clock.now += 15.1
    answer = tests.answer(number)
    assert answer["state"] == "failed"
    assert answer["message"]["params"] == {"seconds": 15}
    spawn.run()
    assert tests.answer(number) == answer
    assert tests.picture(number) is None


def test_results_are_forgotten_after_some_minutes(tests, clock, spawn):
    number = tests.start("front", "front", picture, 15)
    spawn.run()
    clock.now += 299
    assert tests.answer(number)["state"] == "done"
    clock.now += 2
    assert tests.answer(number) is None
    assert tests.picture(number) is None


def test_unknown_test_has_no_answer(tests):
    assert tests.answer("nothing") is None
    assert tests.picture("nothing") is None


def test_only_the_last_few_are_kept(tests, spawn):
    numbers = []
    for _ in range(6):
        numbers.append(tests.start("front", "front", picture, 15))
        spawn.run()
    assert [tests.answer(n) is not None for n in numbers] == [False] * 2 + [True] * 4


def test_large_pictures_are_kept_fewer_at_a_time(tests, spawn):
    padding = b"\xff\xfe\xff\xff" + bytes(65533)
    large = picture()[:2] + padding * 350 + picture()[2:]
    numbers = []
    for _ in range(2):
        numbers.append(tests.start("front", None, lambda: large, 15))
        spawn.run()
    assert tests.answer(numbers[0]) is None
    assert tests.picture(numbers[1]) == large


def test_no_more_than_a_few_run_at_once(tests, clock, spawn):
    for _ in range(4):
        tests.start("front", "front", picture, 15)
    with pytest.raises(TooMany):
        tests.start("front", "front", picture, 15)
    spawn.run()
    tests.start("front", "front", picture, 15)


def test_one_that_cannot_be_started_is_not_running(clock):
    def fail(work):
        raise RuntimeError("can't start new thread")

    tests = CameraTests(clock, fail)
    for _ in range(camera_tests._KEPT + 1):
        with pytest.raises(RuntimeError):
            tests.start("front", None, picture, 15)
