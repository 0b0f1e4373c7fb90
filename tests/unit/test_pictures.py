"""From a shot to files, with cameras that do what a test tells them."""

from __future__ import annotations

import io
import json
import threading
from types import SimpleNamespace

import pytest
from PIL import Image

from octoprint_layercapture.cameras import CameraError, Settler
from octoprint_layercapture.capture.ports import Outcome, Shot
from octoprint_layercapture.config import Cameras
from octoprint_layercapture.gcode import Layer
from octoprint_layercapture.hands import Hands, Pool
from octoprint_layercapture.library import CaptureSettings, Place, Store
from octoprint_layercapture.pictures import Pictures, Setting
from octoprint_layercapture.printer import SystemClock
from octoprint_layercapture.roster import CAPTURES_IN_A_ROW

POSITIONS = 2
LAYER = Layer(10, 2.0, 0.2, None, 100, False, 2.0)
SETTINGS = CaptureSettings.of_grid(
    center=(100, 100), columns=2, rows=1, spacing_x=40, spacing_y=40
)


def a_jpeg():
    out = io.BytesIO()
    Image.effect_noise((64, 48), 60).save(out, "JPEG")
    return out.getvalue()


class Camera:
    """Gives ``answer``: bytes, or an exception to raise."""

    def __init__(self, name, answer):
        self.name = name
        self.answer = answer
        self.scenes = []

    def snapshot(self, scene):
        self.scenes.append(scene)
        answer = self.answer
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer

    def abandon(self):
        pass


class Listener:
    def __init__(self):
        self.saved, self.failed, self.notices, self.gone = [], [], [], []
        self.unkept = []
        self.broken = None
        self.ended = threading.Event()
        self.story = []
        self.go_on = threading.Event()
        self.go_on.set()

    def capture_opened(self, capture, positions):
        self.story.append(("opened", capture.capture_id, positions))

    def picture_saved(self, capture, shot, image, kept):
        assert self.go_on.wait(20)
        self.saved.append((shot.index, image.path))
        self.story.append(("saved", capture.capture_id, kept))

    def picture_failed(self, shot, camera, message):
        self.failed.append((shot.index, camera, str(message)))

    def notice(self, message):
        self.notices.append(str(message))

    def not_kept(self, message):
        self.unkept.append(str(message))

    def cameras_gone(self, pictures, why):
        self.gone.append((pictures, str(why)))

    def capture_kept(self, capture, outcome, kept, failed):
        self.story.append(("kept", capture.capture_id, kept))
        self.counted = kept, failed
        self.ended.set()
        if self.broken is not None:
            raise self.broken


def shot(index, offset=(0.0, 0.0)):
    x = 80 + 40 * index
    nozzle = (x - offset[0], 100 - offset[1])
    actual = (*nozzle, 7.0)
    return Shot(
        layer=LAYER,
        index=index,
        order=index,
        x=x,
        y=100,
        z=7,
        actual=actual,
        nozzle=nozzle,
        arrived=0.0,
    )


OUTCOME = Outcome(LAYER, 2, 2, None, False, None, False, 5.0)


@pytest.fixture
def kit(tmp_path):
    """Pictures of cameras, and a way to run one capture with them."""
    made = []

    def of(*cameras, offsets=None):
        listener = Listener()
        setting = Setting((0, 0, 200, 200), False, 50, offsets or {}, POSITIONS)
        wishes = Cameras(delay=0)
        settlers = [
            Settler(camera, wishes.detail(camera.name), wishes, SystemClock())
            for camera in cameras
        ]
        pictures = Pictures(settlers, setting, listener)
        made.append(pictures)
        store = Store(Place(tmp_path), sanitize=lambda name: name)
        folder = store.begin_print("parts/box.gcode", 1733060000.0, instance="Octo")

        def begin():
            return folder.begin_capture(
                layer=10,
                z_height=2.0,
                started=1733063400.0,
                settings=SETTINGS,
                height=0.2,
                layers_total=50,
                cameras=[camera.name for camera in cameras],
            )

        def capture(*shots):
            listener.ended.clear()
            writer = begin()
            recorder = pictures.open(writer, LAYER)
            for each in shots or (shot(0), shot(1)):
                recorder.expose(each).result(20)
            recorder.close(OUTCOME)
            assert listener.ended.wait(20)
            pictures.writing.submit(lambda: None).result(20)
            return json.loads(writer.metadata_path.read_text(encoding="utf-8"))

        return SimpleNamespace(
            pictures=pictures,
            listener=listener,
            begin=begin,
            capture=capture,
            uploads=tmp_path,
        )

    yield of
    for pictures in made:
        pictures.close()


def mute():
    error = CameraError("Camera %(camera)s did not answer.", camera="side")
    error.silent = True
    return error


def test_a_camera_that_fails_costs_the_others_nothing(kit):
    refused = CameraError("Camera %(camera)s cannot be reached.", camera="side")
    data = kit(Camera("top", a_jpeg()), Camera("side", refused)).capture()
    assert [(i["index"], i["camera"]) for i in data["images"]] == [(0, "top"), (1, "top")]
    assert [(f["index"], f["camera"], f["reason"]) for f in data["failures"]] == [
        (0, "side", "Camera side cannot be reached."),
        (1, "side", "Camera side cannot be reached."),
    ]


def test_cameras_take_their_pictures_of_a_position_at_the_same_time(kit):
    together = threading.Barrier(3, timeout=20)

    def answer():
        together.wait()
        return a_jpeg()

    data = kit(*(Camera(name, answer) for name in "abc")).capture()
    assert len(data["images"]) == 6


def test_a_mute_camera_is_asked_once_in_a_capture_and_again_in_the_next(kit):
    side = Camera("side", mute())
    print_ = kit(Camera("top", a_jpeg()), side)
    data = print_.capture()
    assert len(side.scenes) == 1
    assert [f["index"] for f in data["failures"]] == [0, 1]
    assert data["failures"][0]["reason"] == "Camera side did not answer."
    said = data["failures"][1]["message"]
    assert said["text"].endswith("%(why)s")
    assert said["params"]["why"]["params"] == {"camera": "side"}
    assert data["failures"][1]["reason"].endswith(": Camera side did not answer.")
    side.answer = a_jpeg()
    data = print_.capture()
    assert (len(data["images"]), data["failures"]) == (4, [])


def test_a_fault_of_our_own_is_a_failure_with_a_reason(kit):
    data = kit(Camera("side", RuntimeError("secret"))).capture()
    assert [f["reason"] for f in data["failures"]] == [
        "The camera failed, see octoprint.log for why."
    ] * 2


def test_a_camera_that_keeps_failing_is_left_out_and_said_once(kit):
    side = Camera("side", CameraError("No."))
    print_ = kit(Camera("top", a_jpeg), side)
    for _ in range(CAPTURES_IN_A_ROW):
        print_.capture()
    assert len(print_.listener.notices) == 1
    assert "side" in print_.listener.notices[0]
    times = len(side.scenes)
    data = print_.capture()
    assert len(side.scenes) == times
    assert (len(data["images"]), data["failures"]) == (2, [])
    assert len(print_.listener.notices) == 1
    assert print_.listener.gone == []


def test_with_no_camera_left_it_is_said_that_they_are_gone(kit):
    print_ = kit(Camera("side", CameraError("No.")))
    for _ in range(CAPTURES_IN_A_ROW):
        print_.capture()
    ((pictures, why),) = print_.listener.gone
    assert pictures is print_.pictures
    assert "captures are off for this print" in why
    assert print_.listener.notices == []


def test_a_camera_that_gives_one_picture_for_two_places_is_told_of_once(kit):
    same, live = Camera("same", a_jpeg()), Camera("live", a_jpeg)
    print_ = kit(same, live)
    data = [print_.capture(), print_.capture()][0]
    repeated = {(i["camera"], i["index"]): i["repeated"] for i in data["images"]}
    assert repeated == {
        ("same", 0): False,
        ("same", 1): True,
        ("live", 0): False,
        ("live", 1): False,
    }
    (said,) = print_.listener.notices
    assert "Camera same gave the very same picture" in said


def test_pictures_say_how_long_after_arrival_they_were_asked_for(kit):
    before = SystemClock().monotonic()
    (image,) = kit(Camera("top", a_jpeg())).capture(shot(0))["images"]
    # the shot arrived when its clock began
    assert before - 1 < image["settle"] < SystemClock().monotonic() + 1


def test_pictures_with_offsets_say_where_the_camera_looks(kit):
    camera = Camera("top", a_jpeg())
    print_ = kit(camera, Camera("side", a_jpeg()), offsets={"top": (30.0, -5.5)})
    data = print_.capture(shot(0, (30.0, -5.5)))
    by_name = {image["camera"]: image for image in data["images"]}
    assert by_name["top"]["offset"] == {"x": 30, "y": -5.5}
    assert by_name["side"]["offset"] is None
    assert by_name["top"]["position"] == {"x": 80, "y": 100}
    assert by_name["top"]["actual"] == {"x": 50, "y": 105.5, "z": 7}
    assert [(scene.x, scene.y) for scene in camera.scenes] == [(50, 105.5)]


def test_a_picture_that_lost_its_json_still_says_what_it_is(kit):
    jpeg = a_jpeg()
    print_ = kit(Camera("top", jpeg), offsets={"top": (30.0, 0.0)})
    data = print_.capture(shot(1))
    (image,) = data["images"]
    path = print_.uploads / image["path"][len("/uploads/") :]
    kept = path.read_bytes()
    assert image["size"] == len(kept)
    with Image.open(io.BytesIO(kept)) as picture:
        exif = picture.getexif()
        facts = json.loads(exif.get_ifd(0x8769)[0x9286][8:])
        assert picture.tobytes() == Image.open(io.BytesIO(jpeg)).tobytes()
    for name in ("index", "order", "position", "actual", "camera", "timestamp", "offset"):
        assert facts[name] == image[name]
    for name in ("layer", "z_height", "height", "layers_total", "gcode_file"):
        assert facts[name] == data[name]
    for name in ("print_id", "capture_id", "instance", "print_start_time"):
        assert facts[name] == data[name]
    assert exif[0x0131].startswith("Layer Capture ")
    for part in ("parts/box.gcode", "layer 10 of 50", "Z 2 mm", "X 120 Y 100", "top"):
        assert part in exif[0x010E]


def test_captures_are_told_of_one_after_the_other_however_slow_the_disk(kit):
    print_ = kit(Camera("top", a_jpeg))
    listener = print_.listener
    listener.go_on.clear()
    ids = []
    for _ in range(2):
        writer = print_.begin()
        ids.append(writer.record.capture_id)
        recorder = print_.pictures.open(writer, LAYER)
        for index in range(POSITIONS):
            recorder.expose(shot(index)).result(20)
        recorder.close(OUTCOME)
    finished = threading.Event()
    print_.pictures.close(finished.set)
    listener.go_on.set()
    assert finished.wait(20)
    first, second = (
        [
            ("opened", key, POSITIONS),
            ("saved", key, 1),
            ("saved", key, 2),
            ("kept", key, 2),
        ]
        for key in ids
    )
    assert listener.story == first + second


def test_a_picture_that_comes_after_its_capture_is_over_is_left_out(kit):
    late = threading.Event()

    def answer():
        assert late.wait(20)
        return a_jpeg()

    print_ = kit(Camera("top", answer))
    recorder = print_.pictures.open(print_.begin(), LAYER)
    exposing = recorder.expose(shot(0))
    recorder.close(OUTCOME)
    late.set()
    exposing.result(20)
    print_.pictures.writing.submit(lambda: None).result(20)
    assert [what for what, _, _ in print_.listener.story] == ["opened", "kept"]
    assert list(print_.uploads.rglob("*.jpg")) == []


@pytest.mark.parametrize("glancing", [False, True])
def test_a_camera_that_no_thread_can_ask_gives_no_picture_of_a_place_left(
    kit, no_thread, glancing
):
    go_on, name = threading.Event(), f"threadless-{glancing}"
    print_ = kit(Camera(name, a_jpeg))
    recorder = print_.pictures.open(print_.begin(), LAYER)
    pool = print_.pictures.exposing[name]
    # a thread that is there, and free only once the head has left
    glance = pool.submit(go_on.wait, 20) if glancing else None
    no_thread.add(f"layercapture-exposure-{name}")
    assert recorder.expose(shot(0)).done()
    no_thread.clear()
    go_on.set()
    if glance is not None:
        glance.result(20)
    recorder.expose(shot(1)).result(20)
    recorder.close(OUTCOME)
    assert print_.listener.ended.wait(20)
    assert [index for index, _ in print_.listener.saved] == [1]
    assert print_.listener.failed == [
        (0, name, "The camera failed, see octoprint.log for why.")
    ]


def test_where_one_camera_cannot_be_asked_the_others_frames_are_given_up(kit, no_thread):
    go_on = threading.Event()

    def answer():
        assert go_on.wait(20)
        return a_jpeg()

    print_ = kit(Camera("top", answer), Camera("second", a_jpeg))
    recorder = print_.pictures.open(print_.begin(), LAYER)
    no_thread.add("layercapture-exposure-second")
    assert recorder.expose(shot(0)).done()
    no_thread.clear()
    go_on.set()
    recorder.expose(shot(1)).result(20)
    recorder.close(OUTCOME)
    assert print_.listener.ended.wait(20)
    assert {index for index, _ in print_.listener.saved} == {1}
    assert [who for _, who, _ in print_.listener.failed] == ["second"]


@pytest.fixture
def threadless(kit, no_thread):
    """A print whose writing thread cannot be started while ``no_thread`` names it."""
    print_ = kit(Camera("top", a_jpeg))
    print_.pictures.writing = Pool(1, "threadless-writer", Hands())
    no_thread.add("threadless-writer")
    return print_


def test_a_picture_that_no_thread_can_write_is_a_failure_like_any(threadless, no_thread):
    writer = threadless.begin()
    recorder = threadless.pictures.open(writer, LAYER)
    recorder.expose(shot(0)).result(20)
    listener = threadless.listener
    assert [what for what, _, _ in listener.story] == ["opened"]
    ((index, camera, why),) = listener.failed
    assert (index, camera) == (0, "top")
    assert "no room for one more thread" in why
    assert listener.unkept == [why]
    no_thread.clear()
    recorder.expose(shot(1)).result(20)
    recorder.close(OUTCOME)
    assert listener.ended.wait(20)
    assert [index for index, _ in listener.saved] == [1]
    assert listener.counted == (1, 1)
    (failure,) = json.loads(writer.metadata_path.read_text(encoding="utf-8"))["failures"]
    assert (failure["index"], failure["reason"]) == (0, why)


def test_a_capture_that_no_thread_can_write_ends_all_the_same(threadless):
    for _ in range(CAPTURES_IN_A_ROW):
        threadless.listener.ended.clear()
        recorder = threadless.pictures.open(threadless.begin(), LAYER)
        recorder.expose(shot(0)).result(20)
        recorder.close(OUTCOME)
        assert threadless.listener.ended.is_set()
        assert threadless.listener.counted == (0, 1)
    assert list(threadless.uploads.rglob("*.json")) == []


def test_a_fault_of_our_own_in_writing_is_a_failure_with_a_reason(kit, monkeypatch):
    def broken(*args, **kwargs):
        raise ValueError("secret")

    print_ = kit(Camera("top", a_jpeg))
    monkeypatch.setattr("octoprint_layercapture.recorder.label_of", broken)
    data = print_.capture(shot(0))
    assert [f["reason"] for f in data["failures"]] == print_.listener.unkept
    assert "see octoprint.log" in print_.listener.unkept[0]
    assert print_.listener.counted == (0, 1)


@pytest.mark.parametrize("what", ["finish", "capture_kept"])
def test_a_fault_at_a_captures_end_keeps_no_camera_that_fails(kit, monkeypatch, what):
    print_ = kit(Camera("top", a_jpeg), Camera("side", CameraError("No.")))
    print_.listener.broken = ValueError(what) if what == "capture_kept" else None

    def broken(outcome):
        raise ValueError(what)

    for _ in range(CAPTURES_IN_A_ROW):
        print_.listener.ended.clear()
        writer = print_.begin()
        if what == "finish":
            monkeypatch.setattr(writer, "finish", broken)
        recorder = print_.pictures.open(writer, LAYER)
        recorder.expose(shot(0)).result(20)
        recorder.close(OUTCOME)
        assert print_.listener.ended.wait(20)
    print_.pictures.writing.submit(lambda: None).result(20)
    assert ["side" in notice for notice in print_.listener.notices] == [True]


def test_without_a_thread_to_write_a_print_still_ends(threadless):
    over = threading.Event()
    threadless.pictures.close(over.set)
    assert over.is_set()
