"""Another plugin in the same OctoPrint: what it hears of us, and what it may call."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import environments
from tests.conftest import HOT
from tests.server import captured, jobs, neighbour
from tests.server.captured import FAST, SMALL_GRID
from tests.server.events import Events
from tests.server.harness import OctoPrint
from tests.server.roles import people
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

OURS = "plugin_layercapture_"
DOCS = Path(__file__).resolve().parents[2] / "docs" / "api.md"


@pytest.fixture(scope="module")
def server(
    octoprint_version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OctoPrint]:
    """A server of its own, with the other plugin in its `plugins` folder."""
    environments.ensure([octoprint_version])
    program = environments.executable(octoprint_version, "octoprint")
    base = tmp_path_factory.mktemp(f"neighbour-{octoprint_version}")
    server = OctoPrint(program, base, octoprint_version, config=HOT)
    server.prepare()
    (base / "plugins").mkdir()
    shutil.copy(str(neighbour.__file__), base / "plugins" / "neighbour.py")
    try:
        server.start()
        server.connect()
        yield server
    finally:
        server.stop()


@pytest.fixture
def octoprint(server: OctoPrint) -> Iterator[OctoPrint]:
    server.settle()
    server.configure(**FAST, grid=SMALL_GRID)
    shutil.rmtree(captured.folder(server), ignore_errors=True)
    notes(server).unlink(missing_ok=True)
    yield server
    server.settle()


@pytest.fixture
def camera(octoprint: OctoPrint) -> Iterator[SnapshotServer]:
    camera = SnapshotServer()
    octoprint.use_webcam(camera.url)
    yield camera
    camera.close()


def notes(octoprint: OctoPrint) -> Path:
    return octoprint.base / "data" / "neighbour" / "events.jsonl"


def heard(octoprint: OctoPrint) -> list[tuple[str, dict[str, Any]]]:
    """What the other plugin has noted of our events, in order, without the prefix."""
    path = notes(octoprint)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    found = [json.loads(line) for line in lines]
    return [
        (name[len(OURS) :], payload) for name, payload in found if name.startswith(OURS)
    ]


def story(octoprint: OctoPrint) -> list[tuple[str, dict[str, Any]]]:
    """All that was heard of one print, once its end was."""
    wait_until(
        lambda: [name for name, _ in heard(octoprint)][-1:] == ["print_finished"],
        "the event print_finished",
    )
    return heard(octoprint)


def call(octoprint: OctoPrint, helper: str, **arguments: Any) -> Any:
    asked = {"command": "call", "helper": helper, "arguments": arguments}
    return octoprint.post("/api/plugin/neighbour", asked)


def documented() -> dict[str, set[str]]:
    """The fields of each event, from the table in docs/api.md."""
    found = {}
    for name, fields in re.findall(
        rf"^\| `{OURS}(\w+)` \| (.+?) \|$", DOCS.read_text(encoding="utf-8"), re.M
    ):
        found[name] = set(re.findall(r"`(\w+)`", fields))
    return found


def check_order(told: list[tuple[str, dict[str, Any]]]) -> None:
    """Each capture begins, has its pictures and ends before the next one begins."""
    words = "".join(
        {"capture_started": "<", "picture_saved": "."}.get(n, n) for n, _ in told
    )
    words = words.replace("capture_finished", ">").replace("capture_failed", "!")
    assert re.fullmatch(r"(<\.*[>!])*print_finished", words), words
    current = ""
    for name, payload in told[:-1]:
        if name == "capture_started":
            current = payload["capture_id"]
        assert payload["capture_id"] == current
    assert len({payload["print_id"] for _, payload in told}) == 1


def test_a_print_is_told_in_order_and_as_documented(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.print_gcode(jobs.tower(4), name="parts/job.gcode")
    told = story(octoprint)
    capture = ["capture_started", "picture_saved", "picture_saved", "capture_finished"]
    assert [name for name, _ in told] == [*capture, *capture, "print_finished"]
    check_order(told)
    fields = documented()
    for name, payload in told:
        assert set(payload) == fields[name], name
        assert payload["file"] == "parts/job.gcode"
        assert str(octoprint.base) not in json.dumps(payload)
    metadata = captured.metadata(octoprint)
    for name, payload in told[:-1]:
        record = metadata[payload["layer"]]
        assert payload["capture_id"] == record["capture_id"]
        assert payload["print_id"] == record["print_id"]
        if name == "picture_saved":
            assert payload["path"] in [image["path"] for image in record["images"]]
    end = told[-1][1]
    assert (end["outcome"], end["captures"], end["pictures"]) == ("done", 2, 4)
    assert end["ended"] > end["started"]


def test_pictures_that_fail_are_counted(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.mode = "missing"
    octoprint.print_gcode(jobs.tower(2))
    told = story(octoprint)
    check_order(told)
    (finished,) = [payload for name, payload in told if name == "capture_finished"]
    assert (finished["pictures"], finished["failures"]) == (0, 2)


def test_captures_that_fail_end_as_such(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(bed={"max_z": 5})
    octoprint.print_gcode(jobs.tower(4))
    told = story(octoprint)
    check_order(told)
    failed = [payload for name, payload in told if name == "capture_failed"]
    assert [payload["layer"] for payload in failed] == [2, 4]
    fields = documented()["capture_failed"]
    assert all(set(payload) == fields and payload["reason"] for payload in failed)
    octoprint.configure(bed={"max_z": None})


def test_a_cancelled_print_ends_after_its_last_picture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    job = octoprint.begin_gcode(jobs.tower(40))
    job.wait_for_message("picture_saved", layer=4, index=0)
    octoprint.cancel()
    job.wait()
    told = story(octoprint)
    check_order(told)
    assert told[-1][1]["outcome"] == "cancelled"
    saved = [payload for name, payload in told if name == "picture_saved"]
    assert told[-1][1]["pictures"] == len(saved) == len(captured.pictures(octoprint))


def test_captures_on_each_others_heels_are_told_one_after_the_other(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(layers={"interval": 1})
    job = octoprint.print_gcode(jobs.tower(12))
    check_order(story(octoprint))
    events = ("capture_started", "picture_saved", "capture_finished", "capture_failed")
    messages = [each for each in job.messages() if each["event"] in events]
    current = ""
    for message in messages:
        if message["event"] == "capture_started":
            current = message["capture_id"]
        assert message["capture_id"] == current
    assert len(messages) == 12 * 4


def test_a_print_without_captures_is_none_of_our_business(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(enabled=False)
    octoprint.print_gcode(jobs.tower(2))
    octoprint.configure(enabled=True)
    assert heard(octoprint) == []


def test_those_who_may_not_look_do_not_hear(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    persons = people(octoprint)
    sockets = {}
    for role in ("stranger", "viewer"):
        key = {"X-Api-Key": persons[role].key}
        login = octoprint.post("/api/login", {"passive": True}, headers=key)
        address = f"{octoprint.host}:{octoprint.port}"
        sockets[role] = Events(address, f"{login['name']}:{login['session']}")
    octoprint.print_gcode(jobs.tower(2))
    story(octoprint)

    def ours(role: str) -> int:
        return sum(
            data.get("plugin") == "layercapture" or data.get("type", "").startswith(OURS)
            for _, data in sockets[role].since()
        )

    wait_until(lambda: ours("viewer") > 4, "the viewer hears")
    assert ours("stranger") == 0
    for socket in sockets.values():
        socket.close()


def test_helpers_tell_and_do_what_is_documented(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    names = octoprint.post("/api/plugin/neighbour", {"command": "names"})
    table = re.findall(r"^\| `(\w+)\(", DOCS.read_text(encoding="utf-8"), re.M)
    assert names == sorted(table)
    for helper in ("capture_next", "capture_now", "is_capturing", "skip"):
        assert call(octoprint, helper) == {"answer": False}, helper

    def now() -> Any:
        return octoprint.get("/plugin/layercapture/state")

    wait_until(lambda: now()["board"] is None, "earlier pictures are seen to be gone")
    state, told = now(), call(octoprint, "state")["answer"]
    # what was told meanwhile counts on
    assert {**told, "revision": 0} == {**state, "revision": 0}
    assert call(octoprint, "prints") == {"answer": []}
    assert call(octoprint, "pictures", print_id="none") == {"lookup": "none"}

    camera.mode = "slow"
    octoprint.configure(layers={"interval": 0})
    job = octoprint.begin_gcode(jobs.tower(40))
    wait_until(lambda: call(octoprint, "state")["answer"]["state"] == "armed", "watched")
    assert call(octoprint, "capture_next") == {"answer": True}
    job.wait_for_message("capture_started")
    wait_until(lambda: call(octoprint, "is_capturing")["answer"], "capturing")
    camera.mode = "good"
    camera.release.set()
    job.wait_for_message("capture_finished")
    assert call(octoprint, "skip") == {"answer": True}
    assert call(octoprint, "state")["answer"]["suspended"]
    octoprint.cancel()
    job.wait()
    told = story(octoprint)

    (shown,) = call(octoprint, "prints")["answer"]
    assert shown["print_id"] == told[-1][1]["print_id"]
    assert shown["captures"] == 1
    pictures = call(octoprint, "pictures", print_id=shown["print_id"])["answer"]
    assert len(pictures) == shown["pictures"]
    for picture in pictures:
        assert os.path.dirname(picture["path"]) == shown["folder"]
        assert os.path.isfile(picture["path"])
