from __future__ import annotations

import io
import json
import shutil
import subprocess
import time

import pytest
from octoprint import timelapse
from octoprint.events import Events
from PIL import Image

from octoprint_layercapture.library import CaptureSettings, Catalog, Place, Store
from octoprint_layercapture.rendering import DONE, FAILED, QUEUED, VideoError, Videos

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
COMMAND = (
    '{ffmpeg} -framerate {fps} -i "{input}" -vcodec {videocodec} -threads {threads}'
    ' -b:v {bitrate} -f {containerformat} -y {filters} "{output}"'
)
LAYERS = 6


class Settings(dict):
    """OctoPrint's settings, as far as videos need them."""

    def get(self, path, **_):
        return self[path[-1]]


@pytest.fixture
def settings(monkeypatch):
    values = Settings(
        ffmpeg=shutil.which("ffmpeg"),
        ffmpegCommandline=COMMAND,
        ffmpegThumbnailCommandline=COMMAND,
        ffmpegVideoCodec="libx264",
        ffmpegThreads=1,
        bitrate="1000k",
        watermark=False,
    )
    monkeypatch.setattr(timelapse, "settings", lambda: values)
    return values


@pytest.fixture
def queue(monkeypatch):
    """Jobs in OctoPrint's rendering queue, which nobody works on by itself."""
    waiting = []
    monkeypatch.setattr(timelapse, "enqueue_for_rendering", waiting.append)
    return waiting


class Heard:
    def __init__(self):
        self.events = []
        self.states = []

    def fire(self, event, payload):
        json.dumps(payload)
        self.events.append((event, payload))

    def changed(self, video):
        self.states.append((video.index, video.state))


@pytest.fixture
def heard():
    return Heard()


@pytest.fixture
def target(tmp_path):
    folder = tmp_path / "timelapse"
    folder.mkdir()
    return folder


@pytest.fixture
def videos(settings, target, tmp_path, heard):
    return Videos(settings.get, target, tmp_path / "frames", heard.fire, heard.changed)


def jpeg(shade, size):
    out = io.BytesIO()
    Image.new("L", size, shade).save(out, "JPEG")
    return out.getvalue()


@pytest.fixture
def keep(tmp_path):
    """Keeps a print with one picture at each of two positions in each layer."""

    def keep_print(name="part.gcode", layers=LAYERS, size=(64, 48)):
        root = tmp_path / "pictures"
        store = Store(Place(root, root), sanitize=lambda text: text)
        root.mkdir(exist_ok=True)
        grid = CaptureSettings.of_grid(
            center=(100, 100), columns=2, rows=1, spacing_x=40, spacing_y=40
        )
        kept = store.begin_print(name, STARTED)
        for layer in range(1, layers + 1):
            writer = kept.begin_capture(
                layer=layer, z_height=layer / 5, started=STARTED, settings=grid
            )
            for index in range(2):
                writer.add_picture(
                    index=index,
                    order=index,
                    position=(80.0 + 40 * index, 100.0),
                    actual=None,
                    camera="a",
                    jpeg=jpeg(layer * 20 + index * 100, size),
                    taken_at=STARTED + layer,
                    width=size[0],
                    height=size[1],
                )
            writer.finish()
        (entry,) = [e for e in Catalog(store).iter_prints() if e.record.gcode_file]
        return entry

    return keep_print


def frames_in(movie):
    probe = subprocess.run(
        ["ffmpeg", "-v", "error", "-i", movie, "-f", "rawvideo"]
        + ["-pix_fmt", "gray", "-vf", "scale=1:1", "-"],
        capture_output=True,
        check=True,
    )
    return list(probe.stdout)


def render(queue):
    while queue:
        queue.pop(0)._render()


def test_each_position_becomes_a_video_of_its_layers(videos, keep, queue, target, heard):
    videos.make(keep(), fps=5)
    render(queue)
    movies = sorted(target.glob("*.mp4"))
    assert [movie.stem[-6:] for movie in movies] == ["pos_00", "pos_01"]
    for index, movie in enumerate(movies):
        shades = frames_in(movie)
        assert shades == pytest.approx(
            [layer * 20 + index * 100 for layer in range(1, LAYERS + 1)], abs=6
        )
    assert [event for event, _ in heard.events] == [
        Events.MOVIE_RENDERING,
        Events.MOVIE_DONE,
    ] * 2
    assert heard.events[1][1]["movie_basename"] == movies[0].name
    assert heard.events[1][1]["gcode"] == "part.gcode"
    assert [video["state"] for video in videos.state()] == [DONE, DONE]
    assert videos.state()[0]["movie"] == movies[0].name


def test_one_position_can_be_chosen(videos, keep, queue, target):
    videos.make(keep(), fps=5, index=1, camera="a")
    render(queue)
    assert [movie.stem[-6:] for movie in target.glob("*.mp4")] == ["pos_01"]


def test_missing_pictures_are_skipped(videos, keep, queue, target):
    entry = keep()
    videos.make(entry, fps=5, index=0)
    gone = [p.path for p in entry.iter_pictures(layer=3, index=0)]
    gone[0].unlink()
    render(queue)
    (movie,) = target.glob("*.mp4")
    assert len(frames_in(movie)) == LAYERS - 1


def test_nothing_is_overwritten_and_nothing_left_behind(videos, keep, queue, target):
    entry = keep()
    for _ in range(2):
        videos.make(entry, fps=5, index=0)
        render(queue)
    assert len(list(target.glob("*.mp4"))) == 2
    assert not any(videos.folder.iterdir())


def test_a_video_that_waits_is_not_queued_twice(videos, keep, queue):
    entry = keep()
    assert len(videos.make(entry, fps=5)) == 2
    assert videos.make(entry, fps=5) == []
    assert [video["state"] for video in videos.state()] == [QUEUED, QUEUED]


def test_pictures_of_odd_size_are_no_obstacle(videos, keep, queue, target):
    videos.make(keep(size=(65, 47)), fps=5, index=0)
    render(queue)
    (movie,) = target.glob("*.mp4")
    assert len(frames_in(movie)) == LAYERS


def test_names_cannot_reach_the_command_line(videos, keep, queue, target):
    videos.make(keep('a"; touch {hurt} $(b) %d.gcode'), fps=5, index=0)
    render(queue)
    (movie,) = target.glob("*.mp4")
    assert len(frames_in(movie)) == LAYERS


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("ffmpeg", None, "Install it and enter its path"),
        ("ffmpeg", "/nowhere/ffmpeg", "FFmpeg is not at /nowhere/ffmpeg"),
        ("bitrate", None, "Install it and enter its path"),
    ],
)
def test_what_must_be_configured_is_said(videos, settings, keep, key, value, said):
    settings[key] = value
    with pytest.raises(VideoError) as refused:
        videos.make(keep(), fps=5)
    assert said in str(refused.value.args[0])
    assert said in str(videos.problem())


def test_a_single_picture_is_no_video(videos, keep):
    with pytest.raises(VideoError) as refused:
        videos.make(keep(layers=1), fps=5)
    assert "at least two pictures" in str(refused.value.args[0])


def test_a_video_that_fails_says_what_to_check(videos, settings, keep, queue, heard):
    settings["ffmpegVideoCodec"] = "no-such-codec"
    videos.make(keep(), fps=5, index=0)
    render(queue)
    (video,) = videos.state()
    assert video["state"] == FAILED
    assert "Check codec and bitrate" in video["message"]["text"]
    assert [event for event, _ in heard.events][-1] == Events.MOVIE_FAILED


def test_a_print_deleted_meanwhile_fails_its_video_only(videos, keep, queue, target):
    entry = keep()
    videos.make(entry, fps=5)
    shutil.rmtree(entry.path)
    render(queue)
    assert {video["state"] for video in videos.state()} == {FAILED}
    assert not list(target.iterdir())


def test_links_of_a_server_that_was_stopped_are_removed(videos, settings, target, heard):
    (videos.folder / "old").mkdir(parents=True)
    Videos(settings.get, target, videos.folder, heard.fire, heard.changed)
    assert not videos.folder.exists()
