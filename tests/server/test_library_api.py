"""Prints, captures and pictures over HTTP, and every answer as documented."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import pytest
import requests

from tests.contract import Contract
from tests.server import captured, jobs, shelf
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

CONTRACT = Contract()
BASE = CONTRACT.base


def ask(octoprint: OctoPrint, method: str, path: str, **options: Any) -> Any:
    """An answer that was held against its description: (status, JSON or None)."""
    answer = octoprint.request(method, BASE + path, **options)
    kind = answer.headers.get("Content-Type", "")
    body = answer.json() if kind.startswith("application/json") else None
    CONTRACT.check(method, BASE + path, answer.status_code, kind, body)
    return answer.status_code, body


def get(octoprint: OctoPrint, path: str) -> Any:
    status, body = ask(octoprint, "GET", path)
    assert status == 200, body
    return body


def test_an_empty_library_is_no_error(octoprint: OctoPrint) -> None:
    found = get(octoprint, "/prints")
    assert found == {"prints": [], "total": 0, "offset": 0, "limit": 20}


def test_a_print_that_was_made_is_shown_as_documented(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.begin_gcode(jobs.tower(4), name="parts/job.gcode")
    job.wait_for_message("picture_saved", layer=2)
    get(octoprint, "/state")
    (running,) = get(octoprint, "/prints")["prints"]
    assert running["state"] == "running"
    job.wait()
    (shown,) = get(octoprint, "/prints")["prints"]
    assert (shown["name"], shown["file"], shown["state"]) == (
        "job",
        "parts/job.gcode",
        "done",
    )
    assert (shown["captures"], shown["pictures"], shown["failures"]) == (2, 4, 0)
    assert shown["bytes"] > 0 and shown["seconds"] > 0

    whole = get(octoprint, f"/prints/{shown['key']}")
    assert whole["layers"] == whole["layers_planned"] == [2, 4]
    grid = whole["grid"]
    assert [(at["x"], at["y"]) for at in grid["positions"]] == [(80, 100), (120, 100)]
    assert len(whole["cameras"]) == 1

    captures = get(octoprint, f"/prints/{shown['key']}/captures")["captures"]
    assert [(each["layer"], each["kept"]) for each in captures] == [(2, 2), (4, 2)]
    one = get(octoprint, f"/prints/{shown['key']}/captures/{captures[0]['key']}")
    pictures = get(octoprint, f"/prints/{shown['key']}/pictures")["pictures"]
    assert pictures[:2] == one["pictures"]
    whole_captures = get(octoprint, f"/prints/{shown['key']}/captures?layer=2&pictures=1")
    assert whole_captures["captures"] == [one]
    for picture in pictures:
        place = grid["positions"][picture["index"]]
        assert picture["position"] == {"x": place["x"], "y": place["y"]}
        assert picture["actual"]["x"] == pytest.approx(place["x"], abs=0.05)
        assert picture["temperatures"]["tool0"]["actual"] > 0
        same = get(octoprint, f"/prints/{shown['key']}/pictures/{picture['name']}")
        assert same == picture
    for url in (whole["json"], captures[0]["json"], pictures[0]["url"], whole["cover"]):
        status, _ = ask(octoprint, "GET", url[len(BASE) :])
        assert status == 200, url


def test_old_and_strange_records_are_shown_as_documented(octoprint: OctoPrint) -> None:
    root = captured.folder(octoprint)
    first = shelf.keep(root, whole=False)
    for key in first.captures:
        path = first.folder / f"{key}.json"
        record = json.loads(path.read_text(encoding="utf-8"))
        small = {
            name: record[name]
            for name in (
                "layer",
                "z_height",
                "timestamp",
                "gcode_file",
                "print_start_time",
            )
        }
        small["settings"] = {"grid_spacing": 40, "grid_center": {"x": 0, "y": 0}}
        small["settings"]["grid_size"] = 3
        small["images"] = [
            {name: image[name] for name in ("path", "position", "index")}
            for image in record["images"]
        ]
        path.write_text(json.dumps({**small, "new": {"field": 1}}), encoding="utf-8")
    huge = shelf.keep(root, folder="huge_20241202_143000")
    record = json.loads((huge.folder / "print.json").read_text(encoding="utf-8"))
    record["settings"]["grid"]["columns"] = 10**12
    (huge.folder / "print.json").write_text(json.dumps(record), encoding="utf-8")
    found = get(octoprint, "/prints")["prints"]
    assert len(found) == 2
    for each in found:
        whole = get(octoprint, f"/prints/{each['key']}")
        assert len(whole["grid"]["positions"]) in (0, 9)
        get(octoprint, f"/prints/{each['key']}/captures")
        assert get(octoprint, f"/prints/{each['key']}/pictures")["total"] == 6


def test_lists_come_in_pages(octoprint: OctoPrint) -> None:
    root = captured.folder(octoprint)
    for day in range(1, 6):
        shelf.keep(root, folder=f"part_2024120{day}_143000")
    keys = [each["key"] for each in get(octoprint, "/prints")["prints"]]
    assert keys == [f"part_2024120{day}_143000" for day in (5, 4, 3, 2, 1)]
    page = get(octoprint, "/prints?offset=1&limit=2")
    assert [each["key"] for each in page["prints"]] == keys[1:3]
    assert (page["total"], page["offset"], page["limit"]) == (5, 1, 2)
    assert get(octoprint, "/prints?limit=100000")["limit"] == 100
    assert get(octoprint, "/prints?offset=9")["prints"] == []
    key = keys[0]
    first = get(octoprint, f"/prints/{key}/pictures?limit=4")
    rest = get(octoprint, f"/prints/{key}/pictures?offset=4")
    everything = get(octoprint, f"/prints/{key}/pictures")
    assert first["pictures"] + rest["pictures"] == everything["pictures"]
    assert first["total"] == rest["total"] == 6
    captures = get(octoprint, f"/prints/{key}/captures?offset=1")
    assert [each["layer"] for each in captures["captures"]] == [20]


def test_pictures_are_chosen_by_layer_position_and_camera(octoprint: OctoPrint) -> None:
    kept = shelf.keep(captured.folder(octoprint), cameras=("a", "Küche #2"))
    url = f"/prints/{kept.folder.name}/pictures"

    def chosen(query: str) -> list[tuple[int, int, str]]:
        found = get(octoprint, f"{url}?{query}")["pictures"]
        return [(each["layer"], each["index"], each["camera"]) for each in found]

    assert len(chosen("")) == 12
    assert {layer for layer, _, _ in chosen("layer=20")} == {20}
    assert chosen("index=1&camera=a") == [(10, 1, "a"), (20, 1, "a")]
    assert chosen("layer=10&index=2&camera=K%C3%BCche%20%232") == [(10, 2, "Küche #2")]
    assert chosen("layer=7") == chosen("camera=other") == []


WHAT = ("captures", "pictures")


@pytest.mark.parametrize(
    "query",
    ["limit=0", "limit=-1", "offset=-1", "offset=x", "limit=1e3", "limit=", "offset=٣"],
)
def test_a_query_that_is_none_is_refused(octoprint: OctoPrint, query: str) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    for path in ("/prints", *(f"/prints/{kept.folder.name}/{w}" for w in WHAT)):
        status, body = ask(octoprint, "GET", f"{path}?{query}")
        assert status == 400
        assert query.partition("=")[0] in body["error"]


def test_what_is_not_there_is_said_so_in_a_sentence(octoprint: OctoPrint) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    key = kept.folder.name
    for method in ("GET", "DELETE"):
        for path in ("nothing", f"{key}/captures/nothing", f"{key}/pictures/nothing.jpg"):
            status, body = ask(octoprint, method, f"/prints/{path}")
            assert status == 404
            assert "%(" in body["message"]["text"]
            assert body["error"] == body["message"]["text"] % body["message"]["params"]
            assert str(octoprint.base) not in body["error"]


def test_deleting_takes_what_was_named_and_no_more(octoprint: OctoPrint) -> None:
    root = captured.folder(octoprint)
    other = shelf.keep(root, folder="other_20241130_143000")
    kept = shelf.keep(root)
    key = kept.folder.name
    size = (kept.folder / kept.pictures[0]).stat().st_size
    thumbnails = octoprint.base / "data" / "layercapture" / "thumbnails"
    before = set(thumbnails.rglob("*.jpg"))
    thumbnail = get(octoprint, f"/prints/{key}/pictures")["pictures"][0]["thumbnail"]
    assert octoprint.request("GET", thumbnail).status_code == 200
    assert len(set(thumbnails.rglob("*.jpg")) - before) == 1
    _, freed = ask(octoprint, "DELETE", f"/prints/{key}/pictures/{kept.pictures[0]}")
    assert freed == {"freed": size}
    left = get(octoprint, f"/prints/{key}/pictures")["pictures"]
    assert [each["name"] for each in left] == kept.pictures[1:]
    assert octoprint.request("GET", thumbnail).status_code == 404
    assert set(thumbnails.rglob("*.jpg")) <= before

    ask(octoprint, "DELETE", f"/prints/{key}/captures/{kept.captures[0]}")
    assert get(octoprint, f"/prints/{key}")["layers"] == [20]
    (kept.folder / "mine.txt").write_text("kept", encoding="utf-8")
    ask(octoprint, "DELETE", f"/prints/{key}")
    assert [path.name for path in kept.folder.iterdir()] == ["mine.txt"]
    assert [each["key"] for each in get(octoprint, "/prints")["prints"]] == [
        other.folder.name
    ]
    captured.check_whole(octoprint)


def test_the_print_under_way_is_not_deleted(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.begin_gcode(jobs.tower(40))
    job.wait_for_message("capture_finished", layer=2)
    (shown,) = get(octoprint, "/prints")["prints"]
    captures = get(octoprint, f"/prints/{shown['key']}/captures")["captures"]
    name = get(octoprint, f"/prints/{shown['key']}/pictures")["pictures"][0]["name"]
    for path in ("", f"/captures/{captures[0]['key']}", f"/pictures/{name}"):
        status, body = ask(octoprint, "DELETE", f"/prints/{shown['key']}{path}")
        assert status == 409
        assert body["message"]["params"]["name"] == "job"
    octoprint.cancel()
    job.wait()
    assert len(captured.pictures(octoprint)) >= 2
    status, _ = ask(octoprint, "DELETE", f"/prints/{shown['key']}")
    assert status == 200
    assert list(captured.folder(octoprint).iterdir()) == []


def test_every_browser_hears_that_something_was_deleted(octoprint: OctoPrint) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    assert octoprint.events is not None
    mark = octoprint.events.mark()
    ask(octoprint, "DELETE", f"/prints/{kept.folder.name}")
    heard = octoprint.events.wait(
        lambda kind, data: kind == "plugin" and data["data"].get("event") == "library",
        "message library",
        mark,
    )
    assert heard["data"]["event"] == "library"


def test_a_plan_says_what_would_happen(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.upload("parts/tower.gcode", jobs.tower(10))
    settings: dict[str, Any] = {
        "layers": {"interval": 4, "first": True},
        "grid": {"columns": 3, "rows": 1, "spacing_x": 90},
        "cameras": {"settling": "fixed", "delay": "2,5"},
    }
    asked = {"settings": settings, "file": "parts/tower.gcode"}
    status, body = ask(octoprint, "POST", "/plan", json=asked)
    assert (status, body["state"], body["problems"]) == (200, "ready", [])
    plan = body["plan"]
    assert (plan["layers"], plan["layers_total"]) == ([1, 4, 8], 10)
    assert (plan["positions"], plan["pictures"]) == (3, 9)
    assert len(plan["cameras"]) == 1
    assert plan["slicer"] == "PrusaSlicer"
    assert plan["bytes"] > 0 and plan["fits"]
    slow = plan["seconds"]
    assert slow > 9 * 2.5
    settings["cameras"]["delay"] = 0
    _, body = ask(octoprint, "POST", "/plan", json=asked)
    assert body["plan"]["seconds"] == pytest.approx(slow - 9 * 2.5, abs=0.2)
    assert octoprint.settings()["layers"]["interval"] == 10


def test_a_plan_is_as_good_as_the_print_that_follows(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST)
    octoprint.upload("tower.gcode", jobs.tower(4))
    asked = {"settings": octoprint.settings(), "file": "tower.gcode"}
    _, body = ask(octoprint, "POST", "/plan", json=asked)
    octoprint.print_file("tower.gcode")
    (shown,) = get(octoprint, "/prints")["prints"]
    whole = get(octoprint, f"/prints/{shown['key']}")
    assert whole["layers"] == body["plan"]["layers"]
    assert whole["pictures"] == body["plan"]["pictures"]
    # from now on it goes by how long these captures took
    _, body = ask(octoprint, "POST", "/plan", json=asked)
    assert body["plan"]["seconds"] == pytest.approx(whole["seconds"], rel=0.1)


def test_a_plan_for_nothing_says_why(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.upload("flat.gcode", jobs.flat_moves())
    octoprint.upload("tower.gcode", jobs.tower(3))
    said = {}
    for what, file, settings in (
        ("no layers", "flat.gcode", {}),
        ("none chosen", "tower.gcode", {"layers": {"interval": 50}}),
        ("no position", "tower.gcode", {"grid": {"center_x": 900}}),
        ("no camera", "tower.gcode", {"cameras": {"use": ["no such camera"]}}),
    ):
        asked = {"settings": settings, "file": file}
        status, body = ask(octoprint, "POST", "/plan", json=asked)
        assert (status, body["state"]) == (200, "ready"), what
        said[what] = [notice["text"] for notice in body["plan"]["notices"]]
        assert said[what], what
        assert body["plan"]["pictures"] == 0, what
    assert len({tuple(texts) for texts in said.values()}) == len(said)


def test_a_plan_names_what_is_wrong_with_the_settings(octoprint: OctoPrint) -> None:
    octoprint.upload("tower.gcode", jobs.tower(3))
    asked = {"settings": {"grid": {"columns": "many"}}, "file": "tower.gcode"}
    _, body = ask(octoprint, "POST", "/plan", json=asked)
    assert [problem["key"] for problem in body["problems"]] == ["grid.columns"]
    assert body["plan"]["positions"] == 9


@pytest.mark.parametrize(
    "file", ["gone.gcode", "", "..", "../config.yaml", "/etc/passwd", "a\x00b", "parts"]
)
def test_a_plan_for_a_file_that_is_none_is_refused(
    octoprint: OctoPrint, file: str
) -> None:
    octoprint.upload("parts/tower.gcode", jobs.tower(2))
    asked = {"settings": {}, "file": file}
    status, body = ask(octoprint, "POST", "/plan", json=asked)
    assert status == 404
    assert body["message"]["params"] == {"file": file}


@pytest.mark.parametrize("body", [{}, {"file": "a"}, {"settings": {}}, {"file": 1}])
def test_a_plan_needs_settings_and_a_file(
    octoprint: OctoPrint, body: dict[str, Any]
) -> None:
    status, _ = ask(octoprint, "POST", "/plan", json=body)
    assert status == 400


def has_result(octoprint: OctoPrint, path: str) -> bool:
    return bool(get(octoprint, path)["state"] != "running")


def test_a_test_of_a_camera_answers_as_documented(octoprint: OctoPrint) -> None:
    for camera in ("fake", "no such camera"):
        status, begun = ask(octoprint, "POST", "/cameras/test", json={"camera": camera})
        assert status == 202
        path = f"/cameras/test/{begun['id']}"
        wait_until(partial(has_result, octoprint, path), "a result")
        status, _ = ask(octoprint, "GET", f"{path}.jpg")
        assert status == (200 if camera == "fake" else 404)


def test_the_other_routes_answer_as_documented(octoprint: OctoPrint) -> None:
    for method, path, body in (
        ("GET", "/state", None),
        ("POST", "/enabled", {"enabled": True}),
        ("POST", "/enabled", {}),
        ("POST", "/job", {"command": "skip"}),
        ("POST", "/job", {}),
        ("POST", "/preview", {"settings": {"grid": {"center_x": 500, "rows": "x"}}}),
        ("POST", "/preview", {}),
        ("GET", "/cameras", None),
        ("GET", "/trial", None),
        ("DELETE", "/trial", None),
        ("GET", "/cameras/measure", None),
        ("DELETE", "/cameras/measure", None),
        ("POST", "/cameras/measure", {"camera": "no such camera"}),
        ("POST", "/cameras/test", {}),
        ("GET", "/cameras/test/0", None),
        ("GET", "/cameras/test/0.jpg", None),
    ):
        options = {} if body is None else {"json": body}
        ask(octoprint, method, path, **options)
    anybody = requests.get(f"{octoprint.url}{BASE}/state", timeout=60)
    kind = anybody.headers["Content-Type"]
    CONTRACT.check("GET", f"{BASE}/state", anybody.status_code, kind, anybody.json())
