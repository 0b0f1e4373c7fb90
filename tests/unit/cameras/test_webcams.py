from __future__ import annotations

import threading

import pytest
from octoprint.webcams import WebcamNotAbleToTakeSnapshotException

from octoprint_layercapture.cameras import CameraError, Source, Webcams, picture_size
from octoprint_layercapture.cameras.webcam import Limits
from octoprint_layercapture.hands import HANDS


def failing(camera, scene):
    with pytest.raises(CameraError) as caught:
        camera.snapshot(scene)
    return str(caught.value)


def test_the_chunks_of_an_answer_become_one_picture(
    new_provider, new_camera, jpeg, scene
):
    chunks = [jpeg[at : at + 1000] for at in range(0, len(jpeg), 1000)]
    assert new_camera(new_provider(chunks)).snapshot(scene) == jpeg


def test_the_webcam_is_asked_by_its_own_name(new_provider, new_camera, jpeg, scene):
    provider = new_provider([jpeg])
    new_camera(provider, name="side").snapshot(scene)
    assert provider.asked == ["side"]


def test_a_provider_that_answers_with_plain_bytes_is_understood(
    new_provider, new_camera, jpeg, scene
):
    assert new_camera(new_provider(jpeg)).snapshot(scene) == jpeg


def test_a_picture_that_needs_no_turning_is_the_cameras_own_byte_for_byte(
    new_provider, new_camera, jpeg, scene
):
    camera = new_camera(new_provider([jpeg]), quality=1)
    assert camera.snapshot(scene) == jpeg


def test_flips_and_rotation_of_the_webcam_are_applied(
    new_provider, new_camera, jpeg, scene
):
    flat = new_camera(new_provider([jpeg]), flipH=True).snapshot(scene)
    upright = new_camera(new_provider([jpeg]), rotate90=True).snapshot(scene)
    assert flat != jpeg
    assert picture_size(flat) == (320, 240)
    assert picture_size(upright) == (240, 320)


def test_the_quality_counts_where_a_picture_is_turned(
    new_provider, new_camera, jpeg, scene
):
    good, poor = (
        new_camera(new_provider([jpeg]), flipV=True, quality=quality).snapshot(scene)
        for quality in (95, 20)
    )
    assert len(poor) < len(good) / 2


@pytest.mark.parametrize("first", [ConnectionError("x"), [b"<html>"], [b""], None])
def test_a_camera_that_fails_once_or_twice_is_asked_again(
    new_provider, new_camera, jpeg, scene, first
):
    provider = new_provider(first, first, [jpeg])
    assert new_camera(provider).snapshot(scene) == jpeg
    assert len(provider.asked) == 3


def test_a_camera_is_asked_only_a_few_times(new_provider, new_camera, scene):
    provider = new_provider(ConnectionError("x"))
    assert "cannot be reached" in failing(new_camera(provider), scene)
    assert len(provider.asked) == 3


def test_a_camera_that_cannot_take_pictures_is_not_asked_again(
    new_provider, new_camera, scene
):
    provider = new_provider(WebcamNotAbleToTakeSnapshotException("classic"))
    assert "cannot take single pictures" in failing(new_camera(provider), scene)
    assert len(provider.asked) == 1


def test_there_is_no_further_try_when_the_time_is_over(new_provider, new_camera, scene):
    provider = new_provider(ConnectionError("x"))
    limits = Limits(seconds=0, tries=3, pause=0)
    failing(new_camera(provider, limits=limits), scene)
    assert len(provider.asked) <= 1


def test_a_reason_never_holds_what_the_exception_said(new_provider, new_camera, scene):
    provider = new_provider(RuntimeError("http://user:secret@host/?token=secret"))
    reason = failing(new_camera(provider), scene)
    assert "RuntimeError" in reason
    assert "secret" not in reason


def test_nothing_of_an_exception_is_logged(new_provider, new_camera, scene, caplog):
    caplog.set_level("DEBUG")
    failing(new_camera(new_provider(RuntimeError("secret"))), scene)
    assert "RuntimeError" in caplog.text
    assert "secret" not in caplog.text


def test_more_than_the_cap_is_not_read(new_provider, new_camera, scene):
    given = []
    closed = []

    def endless():
        try:
            while True:
                given.append(1000)
                yield b"\xff\xd8" + b"x" * 998
        finally:
            closed.append(True)

    limits = Limits(seconds=20, size=50_000)
    provider = new_provider(endless)
    reason = failing(new_camera(provider, limits=limits), scene)
    assert "without an end" in reason
    assert sum(given) <= 51_000
    assert closed == [True]
    assert len(provider.asked) == 1


def test_an_answer_that_never_ends_is_given_up_in_time(new_provider, new_camera, scene):
    ended = threading.Event()

    def drip():
        try:
            while True:
                yield b"\xff\xd8"
                ended.wait(0.01)
        finally:
            ended.set()

    limits = Limits(seconds=0.3)
    reason = failing(new_camera(new_provider(drip), limits=limits), scene)
    assert "was not done within" in reason
    assert ended.wait(10)


@pytest.fixture
def hanging(new_provider, jpeg):
    """A provider that hangs until ``released``, then always answers at once."""
    provider = new_provider([jpeg])
    provider.released = threading.Event()
    provider.entered = threading.Event()
    answer_at_once = provider.take_webcam_snapshot

    def hang(name):
        provider.entered.set()
        provider.released.wait(20)
        return answer_at_once(name)

    provider.take_webcam_snapshot = hang
    yield provider
    provider.released.set()


def test_a_camera_that_never_answers_costs_no_more_than_the_deadline(
    hanging, new_camera, scene
):
    camera = new_camera(hanging, limits=Limits(seconds=0.2))
    assert "did not answer within" in failing(camera, scene)


def test_a_camera_that_hung_once_is_not_busy_when_it_is_asked_again(
    new_camera, new_provider, scene, jpeg
):
    released = threading.Event()

    def hang():
        released.wait(20)
        return [jpeg]

    camera = new_camera(new_provider(hang, [jpeg]), limits=Limits(seconds=0.2))
    assert "did not answer within" in failing(camera, scene)
    assert camera.snapshot(scene) == jpeg
    released.set()


def test_threads_that_hang_do_not_pile_up(hanging, new_camera, scene, jpeg):
    camera = new_camera(hanging, limits=Limits(seconds=0.2), displayName="Hangs on")
    reasons = [failing(camera, scene) for _ in range(6)]
    assert ["still busy" in reason for reason in reasons] == [False] * 2 + [True] * 4
    assert HANDS.busy("layercapture-camera-Hangs on") == 2
    hanging.released.set()
    assert HANDS.wait("layercapture-camera-Hangs on", 20)
    assert camera.snapshot(scene) == jpeg


def test_two_who_want_a_picture_of_one_camera_get_it_one_after_the_other(
    new_camera, new_provider, scene, jpeg
):
    at_once, most = [], []

    def answer():
        at_once.append(True)
        most.append(len(at_once))
        threading.Event().wait(0.02)
        at_once.pop()
        return [jpeg]

    camera = new_camera(new_provider(answer))
    pictures = []
    threads = [
        threading.Thread(target=lambda: pictures.append(camera.snapshot(scene)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert pictures == [jpeg] * 4
    assert max(most) == 1


@pytest.mark.parametrize(
    "answer, silent",
    [
        (TimeoutError(), True),
        (ConnectionRefusedError(), False),
        ([b"<html>"], False),
    ],
)
def test_an_error_says_whether_the_camera_let_the_time_go_by(
    new_provider, new_camera, scene, answer, silent
):
    with pytest.raises(CameraError) as caught:
        new_camera(new_provider(answer)).snapshot(scene)
    assert caught.value.silent is silent


def test_a_camera_that_hangs_let_the_time_go_by(hanging, new_camera, scene):
    with pytest.raises(CameraError) as caught:
        new_camera(hanging, limits=Limits(seconds=0.2)).frame(scene)
    assert caught.value.silent


def test_a_camera_that_comes_back_after_hanging_is_used_again(
    hanging, new_camera, scene, jpeg
):
    camera = new_camera(hanging, limits=Limits(seconds=0.2), displayName="Comes back")
    failing(camera, scene)
    hanging.released.set()
    assert HANDS.wait("layercapture-camera-Comes back", 20)
    assert camera.snapshot(scene) == jpeg


def test_a_hanging_camera_does_not_keep_the_process_alive(hanging, new_camera, scene):
    limits = Limits(seconds=0.2)
    failing(new_camera(hanging, limits=limits, displayName="Hangs"), scene)
    name = "layercapture-camera-Hangs"
    (worker,) = [each for each in threading.enumerate() if each.name == name]
    assert worker.daemon


def test_a_picture_can_be_called_off_while_it_is_waited_for(hanging, new_camera, scene):
    camera = new_camera(hanging, limits=Limits(seconds=25))
    reasons = []
    waiting = threading.Thread(target=lambda: reasons.append(failing(camera, scene)))
    waiting.start()
    assert hanging.entered.wait(10)
    camera.abandon()
    waiting.join(10)
    assert reasons == ["The picture of camera Classic Webcam was called off."]


def test_pictures_can_be_taken_one_right_after_the_other(
    new_provider, new_camera, jpeg, scene
):
    camera = new_camera(new_provider([jpeg]))
    for _ in range(50):
        assert camera.snapshot(scene) == jpeg


@pytest.fixture
def webcams(provided, new_provider, jpeg):
    known = {
        name: provided(new_provider([jpeg]), name=name, displayName=name.title())
        for name in ("classic", "side", "top")
    }
    known["blind"] = provided(new_provider([jpeg]), name="blind", canSnapshot=False)
    return Webcams(listed=lambda: known, preferred=lambda: known["classic"])


def test_without_a_choice_octoprints_snapshot_webcam_is_used(webcams, scene, jpeg):
    cameras, problems = webcams.choose()
    assert [camera.name for camera in cameras] == ["classic"]
    assert problems == []
    assert cameras[0].snapshot(scene) == jpeg


def test_chosen_cameras_come_in_the_order_chosen_and_once(webcams):
    cameras, problems = webcams.choose(["top", "classic", "top"])
    assert [camera.name for camera in cameras] == ["top", "classic"]
    assert problems == []


def test_a_chosen_camera_that_is_gone_is_named_and_the_others_are_used(webcams):
    cameras, problems = webcams.choose(["gone", "side"])
    assert [camera.name for camera in cameras] == ["side"]
    assert "no camera named gone" in str(problems[0])


def test_a_camera_without_snapshots_is_said_before_it_is_asked(webcams):
    cameras, problems = webcams.choose(["blind"])
    assert cameras == []
    assert "cannot take single pictures" in str(problems[0])


def test_without_any_webcam_it_is_said_what_to_do():
    cameras, problems = Webcams(listed=dict, preferred=lambda: None).choose()
    assert cameras == []
    assert "Enter a snapshot URL" in str(problems[0])


@pytest.mark.parametrize("use", [[], ["side"]])
def test_a_fault_while_cameras_are_listed_is_said_and_not_raised(use):
    def fail():
        raise LookupError("secret")

    cameras, problems = Webcams(listed=fail, preferred=fail).choose(use)
    assert cameras == []
    assert "could not list its cameras (LookupError)" in str(problems[0])


def test_a_camera_that_hung_in_one_print_is_still_known_to_in_the_next(
    hanging, provided, scene
):
    webcam = provided(hanging)
    webcams = Webcams(preferred=lambda: webcam, limits=Limits(seconds=0.2))
    for _ in range(2):
        failing(webcams.choose()[0][0], scene)
    assert "still busy" in failing(webcams.choose()[0][0], scene)


def test_a_frame_is_asked_for_once_and_stays_as_the_camera_sent_it(
    new_provider, new_camera, jpeg, scene
):
    provider = new_provider([jpeg])
    assert new_camera(provider, flipH=True).frame(scene) == jpeg
    assert len(provider.asked) == 1


def test_a_frame_that_fails_is_not_asked_for_again(new_provider, new_camera, scene, jpeg):
    provider = new_provider(ConnectionError("x"), [jpeg])
    with pytest.raises(CameraError, match="cannot be reached"):
        new_camera(provider).frame(scene)
    assert len(provider.asked) == 1


@pytest.mark.parametrize("sent", [b"", b"<html>", b"\xff\xd8\xff\xda"])
def test_a_frame_is_a_whole_jpeg(new_provider, new_camera, scene, sent):
    with pytest.raises(CameraError):
        new_camera(new_provider([sent])).frame(scene)


def test_a_snapshot_is_a_frame_turned_upright(new_provider, new_camera, jpeg, scene):
    camera = new_camera(new_provider([jpeg]), rotate90=True)
    frame = camera.frame(scene)
    assert picture_size(frame) == (320, 240)
    assert camera.upright(frame) == camera.snapshot(scene)
    assert picture_size(camera.upright(frame)) == (240, 320)


def test_upright_leaves_a_frame_alone_that_needs_no_turning(
    new_provider, new_camera, jpeg
):
    assert new_camera(new_provider([jpeg])).upright(jpeg) is jpeg


def test_a_frame_that_cannot_be_turned_is_said_to_be_damaged(new_provider, new_camera):
    camera = new_camera(new_provider([b""]), flipH=True)
    with pytest.raises(CameraError, match="damaged"):
        camera.upright(b"\xff\xd8 no picture")


def test_a_webcam_with_the_name_of_our_own_is_refused_and_not_mixed_up(
    provided, new_provider, jpeg
):
    theirs = provided(new_provider([jpeg]), name="url", displayName="Theirs")
    webcams = Webcams(listed=lambda: {"url": theirs}, preferred=lambda: None)
    own = Source(url="http://127.0.0.1:9/snapshot.jpg")
    cameras, problems = webcams.choose(["url"], source=own)
    assert [camera.name for camera in cameras] == ["url"]
    assert [problem.params for problem in problems] == [{"camera": "Theirs"}]
    assert [camera.name for camera in webcams.choose(["url"])[0]] == ["url"]


def test_where_no_thread_can_be_started_the_camera_is_not_busy_for_ever(
    new_provider, new_camera, jpeg, scene, no_thread
):
    camera = new_camera(new_provider([jpeg]), displayName="threadless")
    no_thread.add("layercapture-camera-threadless")
    for _ in range(3):
        with pytest.raises(RuntimeError):
            camera.snapshot(scene)
    no_thread.clear()
    assert camera.snapshot(scene) == jpeg
