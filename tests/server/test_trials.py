"""Test captures on a real OctoPrint with its virtual printer."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from PIL import Image

from tests.contract import Contract
from tests.server import captured, jobs, paths
from tests.server.captured import FAST
from tests.server.harness import OctoPrint
from tests.server.motion import first_difference
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

CONTRACT = Contract()
TRIAL = f"{CONTRACT.base}/trial"
UNDER_WAY = ("homing", "moving")
PATIENT = {**FAST["cameras"], "timeout": 60}
GRID = {"columns": 2, "rows": 2, "spacing_x": 40, "spacing_y": 40}


@pytest.fixture
def octoprint(octoprint: OctoPrint) -> Iterator[OctoPrint]:
    octoprint.configure(**{**FAST, "cameras": PATIENT}, grid=GRID)
    octoprint.command("G28", "G1 X30 Y40 Z7 F6000")
    octoprint.flush()
    yield octoprint
    octoprint.request("DELETE", TRIAL)
    ended(octoprint)


@pytest.fixture
def camera(octoprint: OctoPrint, camera: SnapshotServer) -> SnapshotServer:
    """A camera that OctoPrint waits for as long as a test needs it to."""
    octoprint.post(
        "/api/settings", {"plugins": {"classicwebcam": {"snapshotTimeout": 60}}}
    )
    return camera


def ask(octoprint: OctoPrint, method: str, **body: Any) -> requests.Response:
    """A request whose answer is as documented."""
    options = {"json": body} if method == "POST" else {}
    answer = octoprint.request(method, TRIAL, **options)
    kind = answer.headers["Content-Type"]
    CONTRACT.check(method, TRIAL, answer.status_code, kind, answer.json())
    return answer


def state(octoprint: OctoPrint) -> dict[str, Any]:
    found: dict[str, Any] = ask(octoprint, "GET").json()
    return found


def ended(octoprint: OctoPrint) -> dict[str, Any]:
    wait_until(lambda: state(octoprint)["state"] not in UNDER_WAY, "the end of it", 120)
    return state(octoprint)


def begin(octoprint: OctoPrint, **body: Any) -> dict[str, Any]:
    answer = ask(octoprint, "POST", **{"home": False, **body})
    assert answer.status_code == 202, answer.text
    begun: dict[str, Any] = answer.json()
    return begun


def refused(octoprint: OctoPrint, **body: Any) -> str:
    answer = ask(octoprint, "POST", **{"home": False, **body})
    assert answer.status_code == 409, answer.text
    text: str = answer.json()["message"]["text"]
    return text


def address(found: dict[str, Any], number: int, small: bool = False) -> str:
    folder = f"{TRIAL}/{found['id']}{'/thumbnails' if small else ''}"
    return f"{folder}/{found['pictures'][number]['name']}"


def moves(octoprint: OctoPrint, mark: Any) -> list[str]:
    octoprint.flush()
    return [line for line in octoprint.serial.sent(mark) if line.startswith("G1 ")]


def test_the_grid_is_visited_and_each_picture_can_be_had(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    mark = octoprint.serial.mark()
    assert begin(octoprint, home=True)["state"] == "homing"
    found = ended(octoprint)
    assert (found["state"], found["visited"], found["failures"]) == ("done", 4, [])
    assert found["z"] == octoprint.settings()["motion"]["height"]
    assert sorted(picture["index"] for picture in found["pictures"]) == [0, 1, 2, 3]
    for small in (False, True):
        for number in range(4):
            path = address(found, number, small)
            answer = octoprint.request("GET", path)
            assert answer.headers["Content-Type"] == "image/jpeg"
            with Image.open(io.BytesIO(answer.content)) as image:
                assert image.format == "JPEG"
    lines = octoprint.serial.sent(mark)
    assert "G28" in lines
    assert not any(line.startswith("G1") and " E" in line for line in lines)
    travels = [line for line in lines if line.startswith("G1 X")]
    assert len(travels) == 5  # four positions, and back
    assert captured.pictures(octoprint) == []


def test_one_that_is_over_is_kept_by_a_late_stop_and_forgotten_by_a_prints_capture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    begin(octoprint)
    path = address(ended(octoprint), 0)
    assert ask(octoprint, "DELETE").json()["state"] == "done"
    assert octoprint.request("GET", path).status_code == 200
    octoprint.configure(layers={"interval": 2})
    octoprint.print_gcode(jobs.tower(2))
    assert octoprint.request("GET", path).status_code == 404
    assert state(octoprint)["id"] is None


def test_without_homing_it_stays_above_where_the_head_is(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    mark = octoprint.serial.mark()
    begin(octoprint)
    assert ended(octoprint)["state"] == "done"
    made = moves(octoprint, mark)
    height = 7 + octoprint.settings()["motion"]["height"]
    assert [line for line in made if " Z" in line] == [made[0]]
    assert made[0].startswith(f"G1 Z{height:g} ")
    back = [line for line in made if line.startswith("G1 X")][-1]
    assert back.startswith("G1 X30 Y40 ")
    assert "G28" not in octoprint.serial.sent(mark)


def test_the_settings_on_the_screen_are_tested_and_not_saved(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    tree = {**octoprint.settings(), "grid": {**GRID, "columns": 1}}
    begin(octoprint, settings=tree)
    found = ended(octoprint)
    assert (found["visited"], len(found["positions"])) == (2, 2)
    assert octoprint.settings()["grid"]["columns"] == 2


def test_a_stop_keeps_the_pictures_that_were_taken(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    mark = octoprint.serial.mark()
    begin(octoprint)
    wait_until(lambda: state(octoprint)["pictures"], "a picture")
    camera.mode = "slow"
    ask(octoprint, "DELETE")
    found = ended(octoprint)
    camera.release.set()
    if found["state"] != "done":  # it may have been faster than we are
        assert found["state"] == "stopped"
        assert found["message"]["text"] == "The test capture was stopped."
    assert found["pictures"]
    back = [line for line in moves(octoprint, mark) if line.startswith("G1 X")][-1]
    assert back.startswith("G1 X30 Y40 ")


def test_a_stop_while_a_camera_lets_it_wait_ends_it_without_a_picture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.mode = "slow"
    begin(octoprint)
    assert camera.asked.wait(60)
    ask(octoprint, "DELETE")
    found = ended(octoprint)
    camera.release.set()
    assert (found["state"], found["pictures"]) == ("stopped", [])


def test_a_camera_that_fails_is_told_of_at_each_position(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.mode = "missing"
    begin(octoprint)
    found = ended(octoprint)
    assert (found["state"], found["pictures"]) == ("done", [])
    assert sorted(failure["index"] for failure in found["failures"]) == [0, 1, 2, 3]
    assert all(failure["text"] for failure in found["failures"])


def test_a_print_ends_it_before_its_first_line(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    gcode = jobs.tower(2)
    octoprint.upload("job.gcode", gcode)
    octoprint.configure(enabled=False)
    camera.mode = "slow"
    mark = octoprint.serial.mark()
    begin(octoprint)
    assert camera.asked.wait(60)
    assert "under way" in refused(octoprint)
    job = octoprint.begin("job.gcode")
    camera.release.set()
    job.wait()
    found = ended(octoprint)
    assert found["state"] == "stopped"
    assert "print has started" in found["message"]["text"]
    octoprint.flush()
    lines = [line for line in octoprint.serial.sent(mark) if not line.startswith("M117")]
    start = lines.index(paths.of_file(gcode)[0], 1)
    before = [line for line in lines[:start] if line.startswith("G1 ")]
    assert any(line.startswith("G1 X30 Y40 ") for line in before[-2:]), before
    assert first_difference(lines[start:], gcode.splitlines()) == ""


def test_a_lost_connection_ends_it(octoprint: OctoPrint, camera: SnapshotServer) -> None:
    camera.mode = "slow"
    begin(octoprint)
    assert camera.asked.wait(60)
    octoprint.disconnect()
    found = ended(octoprint)
    camera.release.set()
    assert found["state"] == "stopped"
    assert "disconnected" in found["message"]["text"]
    assert "Connect the printer" in refused(octoprint)
    octoprint.connect()


def test_nothing_is_tested_during_a_print(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(enabled=False)
    octoprint.upload("job.gcode", jobs.tower(40))
    job = octoprint.begin("job.gcode")
    octoprint.wait_for_state("Printing")
    assert "while nothing is printed" in refused(octoprint)
    octoprint.pause()
    octoprint.wait_for_state("Paused")
    assert "while nothing is printed" in refused(octoprint)
    octoprint.cancel()
    job.wait()


def test_what_cannot_be_tested_is_refused(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    tree = octoprint.settings()
    assert "No position" in refused(
        octoprint, settings={**tree, "grid": {"center_x": 1000}}
    )
    assert "above the maximum" in refused(
        octoprint, settings={**tree, "bed": {**tree["bed"], "max_z": 1}}
    )
    octoprint.use_webcam(None)
    assert refused(octoprint)
    assert ask(octoprint, "POST").status_code == 400


def test_pictures_of_another_test_are_gone(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    begin(octoprint)
    first = ended(octoprint)
    begin(octoprint)
    second = ended(octoprint)
    assert first["id"] != second["id"]
    for small in (False, True):
        path = address(first, 0, small)
        assert octoprint.request("GET", path).status_code == 404
    for name in ("nothing.jpg", "..%2Fconfig.yaml", "%2e%2e"):
        path = f"{TRIAL}/{second['id']}/{name}"
        assert octoprint.request("GET", path).status_code == 404


def test_settings_of_ones_own_need_the_right_to_save(octoprint: OctoPrint) -> None:
    name = "tester"
    user = {"name": name, "password": "secret", "active": True, "groups": ["users"]}
    octoprint.post("/api/access/users", user)
    try:
        key = octoprint.post(f"/api/access/users/{name}/apikey")["apikey"]
        answer = requests.post(
            octoprint.url + TRIAL,
            headers={"X-Api-Key": key},
            json={"home": False, "settings": {}},
            timeout=30,
        )
        assert answer.status_code == 403
    finally:
        octoprint.request("DELETE", f"/api/access/users/{name}")
