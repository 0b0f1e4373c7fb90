"""Videos of positions, made by the rendering queue of a real server."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.contract import Contract
from tests.server import captured, jobs, shelf
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

CONTRACT = Contract()
PATH = f"{CONTRACT.base}/videos"
LAYERS = (10, 20, 30, 40, 50)
FFMPEG = shutil.which("ffmpeg") or "ffmpeg"


def configure(octoprint: OctoPrint, ffmpeg: str) -> None:
    octoprint.post("/api/settings", {"webcam": {"ffmpegPath": ffmpeg}})


@pytest.fixture
def filming(octoprint: OctoPrint) -> Iterator[OctoPrint]:
    """A server that knows where FFmpeg is, with no timelapse yet."""
    shutil.rmtree(timelapses(octoprint), ignore_errors=True)
    timelapses(octoprint).mkdir()
    configure(octoprint, FFMPEG)
    yield octoprint
    wait_until(
        lambda: all(ended(each) for each in videos(octoprint)["videos"]), "all are made"
    )
    configure(octoprint, "")


def timelapses(octoprint: OctoPrint) -> Path:
    return octoprint.base / "timelapse"


def checked(method: str, answer: Any) -> Any:
    CONTRACT.check(method, PATH, answer.status_code, "application/json", answer.json())
    return answer.json()


def videos(octoprint: OctoPrint) -> dict[str, Any]:
    state: dict[str, Any] = checked("GET", octoprint.request("GET", PATH))
    return state


def ended(video: dict[str, Any]) -> bool:
    return video["state"] in ("done", "failed")


def make(octoprint: OctoPrint, kept: shelf.Kept, **which: Any) -> list[dict[str, Any]]:
    """Asks for a print's videos; those that were queued for it."""
    body = {"print": kept.folder.name, **which}
    answer = octoprint.request("POST", PATH, json=body)
    assert answer.status_code == 202, answer.text
    return of(checked("POST", answer), kept.folder.name)


def of(state: dict[str, Any], key: str) -> list[dict[str, Any]]:
    return [each for each in state["videos"] if each["print"] == key]


def made(octoprint: OctoPrint, key: str, number: int = 1) -> list[dict[str, Any]]:
    """The videos of a print, once all of them are over."""

    def over() -> list[dict[str, Any]]:
        found = of(videos(octoprint), key)
        return found if len(found) == number and all(map(ended, found)) else []

    found: list[dict[str, Any]] = wait_until(over, "the videos are made", 300)
    return found


def listed(octoprint: OctoPrint) -> dict[str, int]:
    """OctoPrint's own list of timelapses, with their bytes."""
    files = octoprint.get("/api/timelapse")["files"]
    return {each["name"]: each["bytes"] for each in files}


def frames(movie: Path) -> int:
    command = ["ffprobe", "-v", "error", "-count_frames", "-select_streams", "v:0"]
    command += ["-show_entries", "stream=nb_read_frames", "-of", "csv=p=0", str(movie)]
    said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(said.strip().strip(","))


def fresh(octoprint: OctoPrint, name: str, **options: Any) -> shelf.Kept:
    """A print of which no other test made videos."""
    root = captured.folder(octoprint)
    return shelf.keep(root, folder=f"{name}_20241201_143000", layers=LAYERS, **options)


def test_a_video_gets_into_octoprints_timelapses_with_its_events(
    filming: OctoPrint,
) -> None:
    kept = fresh(filming, "film")
    assert filming.events is not None
    mark = filming.events.mark()
    (queued,) = make(filming, kept, index=1)
    assert (queued["index"], queued["frames"]) == (1, len(LAYERS))
    (video,) = made(filming, kept.folder.name)
    assert (video["state"], video["progress"], video["message"]) == ("done", 100.0, None)
    movie = timelapses(filming) / video["movie"]
    assert listed(filming)[video["movie"]] == movie.stat().st_size > 0
    assert frames(movie) == len(LAYERS)
    heard = filming.events.since(mark)
    events = [
        (data["type"], data["payload"]["movie_basename"])
        for kind, data in heard
        if kind == "event" and data["type"].startswith("Movie")
    ]
    assert events == [
        ("MovieRendering", video["movie"]),
        ("MovieDone", video["movie"]),
    ]
    states = [
        data["data"]["state"]
        for kind, data in heard
        if kind == "plugin" and data["data"].get("event") == "video"
    ]
    assert states[0] == "queued" and states[-1] == "done"
    assert "rendering" in states
    own = filming.base / "data" / "layercapture" / "videos"
    wait_until(lambda: not list(own.iterdir()), "the links to its frames are gone")


def test_one_click_makes_the_videos_of_all_positions_and_cameras(
    filming: OctoPrint,
) -> None:
    kept = fresh(filming, "all", columns=2, cameras=("a", "Küche #2"))
    assert len(make(filming, kept)) == 4
    found = made(filming, kept.folder.name, 4)
    assert {each["state"] for each in found} == {"done"}
    assert len({each["movie"] for each in found}) == 4
    assert {each["movie"] for each in found} <= set(listed(filming))


def test_missing_pictures_are_skipped(filming: OctoPrint) -> None:
    kept = fresh(filming, "gaps")
    gone = [name for name in kept.pictures if "_pos_02_" in name]
    for name in gone[1:3]:
        (kept.folder / name).unlink()
    make(filming, kept, index=2)
    (video,) = made(filming, kept.folder.name)
    assert (video["state"], video["frames"]) == ("done", len(LAYERS) - 2)
    assert frames(timelapses(filming) / video["movie"]) == len(LAYERS) - 2


def test_a_second_video_of_the_same_does_not_replace_the_first(
    filming: OctoPrint,
) -> None:
    kept = fresh(filming, "twice")
    make(filming, kept, index=0)
    made(filming, kept.folder.name)
    make(filming, kept, index=0)
    first, second = made(filming, kept.folder.name, 2)
    assert first["movie"] != second["movie"]
    assert {first["movie"], second["movie"]} <= set(listed(filming))


def test_no_video_is_made_while_something_prints(
    filming: OctoPrint, camera: SnapshotServer
) -> None:
    filming.configure(**FAST, grid=SMALL_GRID)
    kept = fresh(filming, "waits")
    job = filming.begin_gcode(jobs.tower(60))
    job.wait_for_message("capture_finished", layer=2)
    (video,) = make(filming, kept, index=0)
    assert video["state"] == "queued"
    job.wait_for_message("capture_finished", layer=6)
    (video,) = of(videos(filming), kept.folder.name)
    assert video["state"] == "queued"
    filming.cancel()
    job.wait()
    (video,) = made(filming, kept.folder.name)
    assert video["state"] == "done"
    events = job.events()
    assert events.index("MovieRendering") > events.index("PrintCancelled")


def test_videos_are_made_after_a_print_where_that_is_wanted(
    filming: OctoPrint, camera: SnapshotServer
) -> None:
    filming.configure(**FAST, grid=SMALL_GRID, video={"automatic": True})
    filming.print_gcode(jobs.tower(4), name="automatic.gcode")
    (shown,) = filming.get(f"{CONTRACT.base}/prints")["prints"]
    found = made(filming, shown["key"], 2)
    assert [(each["state"], each["frames"]) for each in found] == [("done", 2)] * 2


@pytest.mark.parametrize("ffmpeg", ["", "/nowhere/ffmpeg"])
def test_without_ffmpeg_it_is_said_what_to_configure(
    octoprint: OctoPrint, ffmpeg: str
) -> None:
    configure(octoprint, ffmpeg)
    kept = fresh(octoprint, "none")
    problem = videos(octoprint)["problem"]
    assert "FFmpeg" in problem["text"]
    assert "Webcam & Timelapse" in problem["text"]
    body = {"print": kept.folder.name}
    answer = octoprint.request("POST", PATH, json=body)
    assert answer.status_code == 409
    assert checked("POST", answer)["message"] == problem
    assert of(videos(octoprint), kept.folder.name) == []
    configure(octoprint, "")


def test_a_print_without_two_pictures_of_a_position_says_so(filming: OctoPrint) -> None:
    root = captured.folder(filming)
    kept = shelf.keep(root, folder="single_20241201_143000", layers=(10,))
    body = {"print": kept.folder.name}
    answer = filming.request("POST", PATH, json=body)
    assert answer.status_code == 409
    assert "two pictures" in checked("POST", answer)["message"]["text"]
    answer = filming.request("POST", PATH, json={"print": "nothing"})
    assert answer.status_code == 404
    assert checked("POST", answer)["message"]["params"] == {"key": "nothing"}
