"""What lets us in at a camera stays on the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.conftest import LogWatch
from tests.server import captured, jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import PLUGIN, OctoPrint
from tests.server.snapshots import SnapshotServer

USER, PASSWORD, TOKEN = "kim", "s3cret-pass", "t0ken-t0ken"


@pytest.fixture
def guarded(octoprint: OctoPrint) -> Iterator[SnapshotServer]:
    """A camera by URL whose login the plugin has stored."""
    server = SnapshotServer()
    octoprint.configure(
        cameras={
            "url": server.url,
            "auth": "basic",
            "username": USER,
            "password": PASSWORD,
            "token": TOKEN,
        }
    )
    yield server
    octoprint.configure(cameras={"auth": "none", "url": "", "username": ""})
    server.close()


def stored(octoprint: OctoPrint) -> dict[str, Any]:
    text = (octoprint.base / "config.yaml").read_text(encoding="utf-8")
    tree: dict[str, Any] = yaml.safe_load(text)["plugins"][PLUGIN].get("cameras", {})
    return tree


def secrets_in(text: str) -> list[str]:
    return [secret for secret in (PASSWORD, TOKEN) if secret in text]


def test_no_answer_to_an_administrator_holds_a_secret(
    octoprint: OctoPrint, guarded: SnapshotServer, log: LogWatch
) -> None:
    log.expect(r"was not saved as entered")
    assert stored(octoprint)["password"] == PASSWORD
    cameras = octoprint.settings()["cameras"]
    assert (cameras["password_set"], cameras["token_set"]) == (True, True)
    assert (cameras["url"], cameras["username"]) == (guarded.url, USER)
    wrong = {"cameras": {"password": PASSWORD * 99, "token": TOKEN * 999}}
    answers = [
        octoprint.get("/api/settings"),
        octoprint.post("/api/settings", {"plugins": {PLUGIN: wrong}}),
        octoprint.post("/plugin/layercapture/preview", {"settings": wrong}),
        octoprint.post("/plugin/layercapture/enabled", {"enabled": True}),
        octoprint.get("/plugin/layercapture/state"),
    ]
    assert secrets_in(json.dumps(answers)) == []
    assert octoprint.events is not None
    assert secrets_in(json.dumps(octoprint.events.since())) == []
    assert stored(octoprint)["password"] == PASSWORD


def test_who_may_not_change_settings_sees_no_address(
    octoprint: OctoPrint, guarded: SnapshotServer
) -> None:
    octoprint.post(
        "/api/access/users",
        {"name": "guest", "password": "guest", "active": True, "groups": ["users"]},
    )
    try:
        key = octoprint.post("/api/access/users/guest/apikey")["apikey"]
        seen = octoprint.request("GET", "/api/settings", headers={"X-Api-Key": key})
        seen.raise_for_status()
        cameras = seen.json()["plugins"][PLUGIN]["cameras"]
        assert (cameras["url"], cameras["username"]) == ("", "")
        assert guarded.url not in seen.text
        assert secrets_in(seen.text) == []
    finally:
        octoprint.request("DELETE", "/api/access/users/guest").raise_for_status()


@pytest.mark.parametrize("empty", [{}, {"password": "", "token": ""}, {"password": None}])
def test_saving_without_a_secret_keeps_the_stored_one(
    octoprint: OctoPrint, guarded: SnapshotServer, empty: dict[str, Any]
) -> None:
    shown = octoprint.settings()["cameras"]
    octoprint.configure(cameras={**shown, "timeout": 7, **empty})
    kept = stored(octoprint)
    assert (kept["password"], kept["token"]) == (PASSWORD, TOKEN)
    assert kept["timeout"] == 7
    assert not {"password_set", "token_set"} & set(kept)


def test_a_new_secret_takes_the_place_of_the_stored_one(
    octoprint: OctoPrint, guarded: SnapshotServer
) -> None:
    octoprint.configure(cameras={"password": "another"})
    assert stored(octoprint)["password"] == "another"
    assert stored(octoprint)["token"] == TOKEN


def test_switching_the_login_off_forgets_the_secrets(
    octoprint: OctoPrint, guarded: SnapshotServer
) -> None:
    octoprint.configure(cameras={"auth": "none"})
    cameras = octoprint.settings()["cameras"]
    assert (cameras["password_set"], cameras["token_set"]) == (False, False)
    config = (octoprint.base / "config.yaml").read_text(encoding="utf-8")
    assert secrets_in(config) == []


def test_a_login_in_the_address_moves_out_of_it(
    octoprint: OctoPrint, guarded: SnapshotServer
) -> None:
    url = guarded.url.replace("http://", "http://lee:in-the-url@")
    octoprint.configure(cameras={"auth": "none", "url": url})
    cameras = octoprint.settings()["cameras"]
    assert cameras["url"] == guarded.url
    assert (cameras["auth"], cameras["username"]) == ("basic", "lee")
    assert cameras["password_set"] is True
    assert stored(octoprint)["password"] == "in-the-url"
    assert "in-the-url" not in json.dumps(octoprint.settings())


def test_a_secret_is_used_and_neither_logged_nor_kept_with_the_pictures(
    octoprint: OctoPrint, guarded: SnapshotServer, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.layercapture")
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(3))
    assert guarded.logins and all(each.startswith("Basic ") for each in guarded.logins)
    (data,) = captured.metadata(octoprint).values()
    assert len(data["images"]) == 2
    guarded.mode = "denied"
    octoprint.print_gcode(jobs.tower(3))
    kept = b"".join(
        path.read_bytes()
        for path in captured.folder(octoprint).rglob("*")
        if path.is_file()
    ).decode("latin-1")
    assert "HTTP 401" in kept
    written = octoprint.log.path.read_text(encoding="utf-8")
    output = octoprint.output.read_text(encoding="utf-8")
    for text in (kept, written, output):
        assert secrets_in(text) == []
        assert guarded.logins[0] not in text
