"""The routes of the cameras: who may ask them, and what they tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import requests

from tests.conftest import LogWatch
from tests.server import jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

ROUTES = "/plugin/layercapture/cameras"
VIEW, CAPTURE = "PLUGIN_LAYERCAPTURE_VIEW", "PLUGIN_LAYERCAPTURE_CAPTURE"
PEOPLE = {"nobody": None, "viewer": [VIEW], "operator": [VIEW, CAPTURE], "admin": None}

Ask = Callable[..., requests.Response]


@pytest.fixture(scope="module")
def keys(octoprint_server: OctoPrint) -> Iterator[dict[str, str]]:
    """API keys of people with different permissions."""
    server, found = octoprint_server, {"nobody": "", "admin": octoprint_server.api_key}
    users = "/api/access/users"
    made = {name: rights for name, rights in PEOPLE.items() if rights is not None}
    for name, rights in made.items():
        user = {"name": name, "password": name, "active": True, "admin": False}
        server.post(users, {**user, "groups": [], "permissions": rights})
        found[name] = server.post(f"{users}/{name}/apikey")["apikey"]
    yield found
    for name in made:
        server.request("DELETE", f"{users}/{name}")


@pytest.fixture
def ask(octoprint: OctoPrint, keys: dict[str, str]) -> Ask:
    """Sends a request as one of these people."""

    def send(who: str, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"X-Api-Key": keys[who]} if keys[who] else {}
        url = octoprint.url + ROUTES + path
        return requests.request(method, url, headers=headers, timeout=30, **options)

    return send


def outcome(ask: Ask, number: str) -> dict[str, Any]:
    """The answer of a test once it is over."""

    def over() -> Any:
        answer = ask("operator", "GET", f"/test/{number}").json()
        return None if answer["state"] == "running" else answer

    answer: dict[str, Any] = wait_until(over, "the test is over")
    return answer


def tried(ask: Ask, who: str = "admin", **body: Any) -> dict[str, Any]:
    answer = ask(who, "POST", "/test", json=body)
    assert answer.status_code == 202, answer.text
    return outcome(ask, answer.json()["id"])


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "", {"viewer", "operator", "admin"}),
        ("POST", "/test", {"operator", "admin"}),
        ("GET", "/test/none", {"operator", "admin"}),
        ("GET", "/test/none.jpg", {"operator", "admin"}),
    ],
)
def test_routes_are_for_those_with_the_permission(
    ask: Ask, method: str, path: str, allowed: set[str]
) -> None:
    for who in PEOPLE:
        status = ask(who, method, path, json={"camera": "fake"}).status_code
        # a stranger's POST fails for want of a CSRF token before anybody asks who it is
        refused = (400, 401, 403) if who == "nobody" else (403,)
        assert (status not in refused) == (who in allowed), (who, status)


def test_settings_of_ones_own_need_the_right_to_save_them(
    ask: Ask, camera: SnapshotServer
) -> None:
    body: dict[str, Any] = {
        "camera": "url",
        "settings": {"cameras": {"url": camera.url}},
    }
    assert ask("operator", "POST", "/test", json=body).status_code == 403
    assert camera.hits == 0
    assert tried(ask, **body)["state"] == "done"


def test_cameras_are_listed_with_what_is_wrong(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(cameras={"use": ["classic", "garage"], "url": "http://cam/x"})
    listed = {each["name"]: each for each in ask("viewer", "GET", "").json()["cameras"]}
    assert list(listed) == ["classic", "garage", "url", "fake"]
    classic = listed["classic"]
    assert (classic["kind"], classic["provider"]) == ("webcam", "classicwebcam")
    assert (classic["can_snapshot"], classic["problem"]) == (True, None)
    assert [name for name, each in listed.items() if each["default"]] == ["classic"]
    assert listed["garage"]["can_snapshot"] is False
    assert listed["garage"]["problem"]["params"] == {"camera": "garage"}
    assert "http://cam" not in str(listed)


def test_webcam_without_a_snapshot_url_cannot_take_pictures(
    ask: Ask, octoprint: OctoPrint
) -> None:
    classic = ask("viewer", "GET", "").json()["cameras"][0]
    assert classic["can_snapshot"] is False
    assert "snapshot URL" in classic["problem"]["text"]
    assert "camera" not in classic["problem"]["params"]  # its name stands beside it
    answer = tried(ask, camera="classic")
    assert answer["state"] == "failed"
    assert answer["message"]["params"] == {"camera": "Classic Webcam"}


def test_test_gives_the_picture_and_its_figures(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.hits = 200  # pictures that no test before has shown
    number = ask("operator", "POST", "/test", json={"camera": "classic"}).json()["id"]
    answer = outcome(ask, number)
    assert answer["state"] == "done"
    assert (answer["width"], answer["height"]) == (320, 240)
    assert answer["warnings"] == []
    picture = ask("operator", "GET", f"/test/{number}.jpg")
    assert picture.headers["Content-Type"] == "image/jpeg"
    assert picture.headers["Cache-Control"] == "no-store"
    assert len(picture.content) == answer["size"]
    assert picture.content.startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("denied", "401"),
        ("missing", "404"),
        ("html", "web page"),
        ("stream", "video stream"),
        ("broken", "part of a picture"),
    ],
)
def test_failure_says_what_is_wrong(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer, mode: str, said: str
) -> None:
    camera.mode = mode
    answer = tried(ask, camera="url", settings={"cameras": {"url": camera.url}})
    assert answer["state"] == "failed"
    message = answer["message"]
    assert said in message["text"] % message["params"]


def test_wrong_settings_of_the_camera_are_said(ask: Ask, octoprint: OctoPrint) -> None:
    answer = tried(ask, camera="url", settings={"cameras": {"url": "camera.local"}})
    assert "http://" in answer["message"]["text"]
    answer = tried(ask, camera="url", settings={"cameras": {"url": ""}})
    assert "Enter the snapshot URL" in answer["message"]["text"]
    settings = {"cameras": {"timeout": "long"}}
    assert "long" in str(tried(ask, camera="classic", settings=settings)["message"])
    assert tried(ask, camera="fake", settings=settings)["state"] == "done"


def test_saved_password_stands_in_for_an_empty_one(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.mode = "denied"
    login = {"url": camera.url, "auth": "basic", "username": camera.user}
    octoprint.configure(cameras={**login, "password": camera.password})
    on_screen = {"cameras": {**login, "password": ""}}
    since = octoprint.log.mark()
    assert tried(ask, camera="url", settings=on_screen)["state"] == "done"
    assert tried(ask, "operator", camera="url")["state"] == "done"
    on_screen["cameras"]["password"] = "wrong-password"
    assert tried(ask, camera="url", settings=on_screen)["state"] == "failed"
    logged = str(octoprint.log.records(since))
    assert camera.password not in logged
    assert "wrong-password" not in logged


def test_saved_password_is_not_sent_to_another_server(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    elsewhere = SnapshotServer()
    elsewhere.mode = camera.mode = "denied"
    login = {"auth": "basic", "username": camera.user}
    octoprint.configure(cameras={**login, "url": camera.url, "password": camera.password})
    on_screen = {"cameras": {**login, "url": elsewhere.url, "password": ""}}
    assert tried(ask, camera="url", settings=on_screen)["state"] == "failed"
    assert elsewhere.hits > 0
    elsewhere.close()


def test_nothing_of_a_test_is_saved(ask: Ask, octoprint: OctoPrint) -> None:
    before = octoprint.settings()
    settings = {"cameras": {"fake": True}, "fake_camera": {"field": 120}}
    assert tried(ask, camera="fake", settings=settings)["state"] == "done"
    assert octoprint.settings() == before


@pytest.mark.parametrize("body", [{}, {"camera": 7}, {"camera": "x", "settings": []}])
def test_body_that_is_none_is_refused(ask: Ask, body: Any) -> None:
    assert ask("admin", "POST", "/test", json=body).status_code == 400


def test_camera_is_not_tested_while_a_capture_is_under_way(
    ask: Ask, octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    camera.mode = "slow"
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("job.gcode", jobs.tower(3))
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    job = octoprint.begin("job.gcode")
    job.wait_for_message("capture_started")
    answer = ask("admin", "POST", "/test", json={"camera": "fake"})
    assert answer.status_code == 409
    assert "under way" in answer.json()["message"]["text"]
    camera.mode = "good"
    camera.release.set()
    job.wait()
