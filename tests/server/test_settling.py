"""Pictures of a late camera, measured and settled for on a real OctoPrint."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.cameras.film import Film, read_place
from tests.cameras.server import FilmServer, LoggedHead
from tests.conftest import LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.motion import first_difference
from tests.server.waiting import wait_until

MEASURE = "/plugin/layercapture/cameras/measure"
CAMERA = "classic"
UNDER_WAY = ("homing", "moving")


@pytest.fixture
def late(octoprint: OctoPrint) -> Iterator[FilmServer]:
    """A camera 0.6 s late with a buffer of 3, on the virtual printer's head."""
    head = LoggedHead(octoprint.serial.path)
    server = FilmServer(Film(head.at, delay=0.6, rate=12.0, queued=3))
    octoprint.use_webcam(server.url)
    yield server
    octoprint.request("DELETE", MEASURE)
    wait_until(lambda: measured(octoprint)["state"] not in UNDER_WAY, "the end of it")
    server.close()


def measured(octoprint: OctoPrint) -> dict[str, Any]:
    state: dict[str, Any] = octoprint.get(MEASURE)
    return state


def begin(octoprint: OctoPrint, **more: Any) -> requests.Response:
    body = {"camera": CAMERA, "home": False, **more}
    return octoprint.request("POST", MEASURE, json=body)


def misplaced(octoprint: OctoPrint) -> list[str]:
    """The pictures that show another place than the metadata say."""
    wrong = []
    for data in captured.metadata(octoprint).values():
        for image in data["images"]:
            shown = read_place(captured.on_disk(octoprint, image).read_bytes())
            at = (round(image["position"]["x"]), round(image["position"]["y"]))
            if shown != at:
                wrong.append(f"{image['path']}: {shown} is not {at}")
    return wrong


def test_a_measured_camera_gives_only_pictures_of_the_right_place(
    octoprint: OctoPrint, late: FilmServer, log: LogWatch
) -> None:
    octoprint.command("G28", "G1 X100 Y100 Z10 F6000")
    octoprint.flush()
    assert begin(octoprint, home=True).status_code == 202
    wait_until(lambda: measured(octoprint)["state"] not in UNDER_WAY, "a result", 180)
    state = measured(octoprint)
    assert state["state"] == "done", state
    found = state["result"]
    assert found["accepted"]
    assert state["done"] == state["total"]
    detail = {key: found[key] for key in ("latency", "rest", "stale")}

    gcode = jobs.tower(4)
    late_settings = {**FAST["cameras"], "settle_max": 10}
    octoprint.configure(
        **{
            **FAST,
            "cameras": {**late_settings, "details": [{"camera": CAMERA, **detail}]},
        },
        grid=SMALL_GRID,
    )
    job = octoprint.print_gcode(gcode)
    captures = captured.metadata(octoprint)
    images = [image for data in captures.values() for image in data["images"]]
    assert len(images) == 4
    assert misplaced(octoprint) == []
    assert all(image["settle"] >= found["latency"] for image in images)
    assert first_difference(job.sent(), gcode.splitlines()) == ""


def test_a_fixed_delay_too_short_for_the_camera_gives_pictures_of_other_places(
    octoprint: OctoPrint, late: FilmServer
) -> None:
    cameras = {"settling": "fixed", "delay": 0.1}
    octoprint.configure(**{**FAST, "cameras": cameras}, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(4))
    assert len(captured.pictures(octoprint)) == 4
    assert misplaced(octoprint)


def test_a_print_ends_a_measurement_before_its_first_line(
    octoprint: OctoPrint, late: FilmServer
) -> None:
    gcode = jobs.tower(2)
    octoprint.configure(enabled=False)
    octoprint.upload("job.gcode", gcode)
    octoprint.command("G28", "G1 X100 Y100 Z10 F6000")
    octoprint.flush()
    mark = octoprint.serial.mark()
    assert begin(octoprint).status_code == 202
    wait_until(
        lambda: sum(line.startswith("G1 X") for line in octoprint.serial.sent(mark)) > 2,
        "moves of the measurement",
    )
    assert begin(octoprint).status_code == 409
    job = octoprint.begin("job.gcode")
    job.wait()
    state = measured(octoprint)
    assert state["state"] == "stopped", state
    assert "print has started" in state["message"]["text"]
    lines = octoprint.serial.sent(mark)
    start = lines.index(paths.of_file(gcode)[0], 1)
    before = [line for line in lines[:start] if line.startswith("G1 ")]
    assert before[0].startswith("G1 Z")
    assert before[-2:] == ["G1 Z10 F600", "G1 F6000"], before
    assert before[-3].startswith("G1 X100 Y100 "), before
    assert first_difference(lines[start:], gcode.splitlines()) == ""
    assert begin(octoprint, camera="nobody").status_code == 409


def test_a_stopped_measurement_brings_the_head_back(
    octoprint: OctoPrint, late: FilmServer
) -> None:
    octoprint.command("G28", "G1 X30 Y40 Z7 F6000")
    octoprint.flush()
    mark = octoprint.serial.mark()
    assert begin(octoprint).status_code == 202
    wait_until(
        lambda: sum(line.startswith("G1 X") for line in octoprint.serial.sent(mark)) > 2,
        "moves of the measurement",
    )
    answer = octoprint.request("DELETE", MEASURE)
    answer.raise_for_status()
    wait_until(lambda: measured(octoprint)["state"] == "stopped", "its end")
    assert measured(octoprint)["result"] is None
    octoprint.flush()
    moves = [line for line in octoprint.serial.sent(mark) if line.startswith("G1 ")]
    assert [line for line in moves if "X30 Y40 " in line][-1] == moves[-3]
    assert moves[-2].startswith("G1 Z7 ")


@pytest.mark.parametrize(
    "body", [[], {"camera": 7}, {"camera": "classic", "home": "yes"}, {"settings": 1}]
)
def test_a_measurement_of_nothing_is_refused(octoprint: OctoPrint, body: Any) -> None:
    assert octoprint.request("POST", MEASURE, json=body).status_code == 400


def test_nothing_is_measured_without_a_printer(
    octoprint: OctoPrint, late: FilmServer
) -> None:
    octoprint.disconnect()
    answer = begin(octoprint)
    assert answer.status_code == 409
    assert "Connect the printer" in answer.json()["message"]["text"]


def test_who_may_not_change_settings_may_not_measure(octoprint: OctoPrint) -> None:
    answer = requests.get(octoprint.url + MEASURE, timeout=30)
    assert answer.status_code == 403
    name = "onlooker"
    user = {"name": name, "password": "secret", "active": True, "groups": ["users"]}
    octoprint.post("/api/access/users", user)
    try:
        key = octoprint.post(f"/api/access/users/{name}/apikey")["apikey"]
        headers = {"X-Api-Key": key}
        url = octoprint.url + MEASURE
        assert requests.get(url, headers=headers, timeout=30).status_code == 200
        body = {"camera": CAMERA}
        for method in ("POST", "DELETE"):
            answer = requests.request(method, url, headers=headers, json=body, timeout=30)
            assert answer.status_code == 403
    finally:
        octoprint.request("DELETE", f"/api/access/users/{name}")


def test_the_settings_on_the_screen_decide_which_cameras_there_are(
    octoprint: OctoPrint, late: FilmServer
) -> None:
    cameras = {"use": ["nobody"]}
    answer = begin(octoprint, settings={"cameras": cameras}, camera="nobody")
    assert answer.status_code == 409
    assert "no camera named" in answer.json()["message"]["text"]
