"""The settings' cameras: chosen, tried out and measured as a user does it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.screens import SettingsScreen, load
from tests.server.snapshots import SnapshotServer

MEASURE = "**/plugin/layercapture/cameras/measure"
LIST = "**/plugin/layercapture/cameras"
PHONE = {"width": 400, "height": 900}


@pytest.fixture
def settings(page: Page, camera: SnapshotServer) -> SettingsScreen:
    return SettingsScreen(page).open()


@pytest.fixture
def own(camera: SnapshotServer) -> Iterator[SnapshotServer]:
    """A camera that OctoPrint does not know."""
    server = SnapshotServer()
    yield server
    server.close()


def part(settings: SettingsScreen, name: str, row: int = 0) -> Locator:
    """A part of a used camera's box."""
    box = settings.pane.get_by_test_id("layercapture-camera-row").nth(row)
    return box.get_by_test_id(f"layercapture-{name}")


def titles(settings: SettingsScreen) -> Locator:
    return settings.pane.get_by_test_id("layercapture-camera-row").locator(
        ".layercapture-camera-head strong"
    )


def test_default_webcam_is_used_until_others_are_chosen(settings):
    expect(titles(settings)).to_have_text(["Classic Webcam"])
    expect(settings.cameras).not_to_be_checked()
    settings.type(cameras__url="http://camera.local/snapshot")
    expect(titles(settings)).to_have_text(["Snapshot URL"])
    settings.cameras.check()
    expect(titles(settings)).to_have_text(["Classic Webcam", "Snapshot URL"])
    settings.field("cameras.fake").check()
    expect(titles(settings)).to_have_text(["Fake camera"])


def test_webcam_that_takes_no_pictures_says_so_and_cannot_be_chosen(page, octoprint):
    settings = SettingsScreen(page).open()
    expect(settings.cameras).to_be_disabled()
    note = settings.pane.get_by_test_id("layercapture-camera-note")
    expect(note).to_contain_text("It cannot take single pictures.")
    choice = settings.pane.locator(
        "label", has=page.get_by_test_id("layercapture-camera")
    )
    assert choice.inner_text().count("Classic Webcam") == 1


def test_list_that_does_not_come_can_be_asked_for_again(open_page, camera, console):
    console.expect("plugin/layercapture/cameras")
    page = open_page()
    page.route(LIST, lambda route: route.abort())
    settings = SettingsScreen(page).open()
    unknown = settings.pane.get_by_test_id("layercapture-cameras-unknown")
    expect(unknown).to_be_visible()
    page.unroute(LIST)
    unknown.get_by_role("button").click()
    expect(unknown).to_be_hidden()
    expect(settings.cameras).to_have_count(1)


def test_test_shows_the_picture_and_its_figures(settings, camera):
    camera.hits = 100  # pictures that no test before has shown
    part(settings, "test").click()
    picture = part(settings, "test-picture")
    expect(picture).to_be_visible()
    expect(picture).to_have_attribute("alt", "Test picture of camera Classic Webcam")
    assert picture.evaluate("i => i.decode().then(() => i.naturalWidth)") == 320
    facts = part(settings, "test-facts")
    expect(facts).to_contain_text(re.compile(r"320 × 240 pixels, .*B, taken in [\d.]+ s"))
    expect(part(settings, "test-fine")).to_be_visible()

    camera.mode = "same"
    part(settings, "test").click()
    expect(part(settings, "test-fine")).to_be_visible()
    part(settings, "test").click()
    expect(part(settings, "test-warning")).to_contain_text("may be frozen")
    expect(part(settings, "test-picture")).to_be_visible()


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("denied", "401"),
        ("html", "web page"),
        ("stream", "video stream"),
        ("drop", "camera Snapshot URL"),
        ("dead", "cannot be reached"),
    ],
)
def test_test_says_what_is_wrong(settings, own, mode, said):
    own.mode = mode
    settings.type(cameras__url=own.url)
    if mode == "dead":
        own.close()
    part(settings, "test").click()
    failure = part(settings, "test-failure")
    expect(failure).to_contain_text(re.compile(re.escape(said), re.IGNORECASE))
    expect(part(settings, "test-picture")).to_be_hidden()
    expect(part(settings, "test")).to_be_enabled()


def test_wrong_url_is_marked_and_not_tried(settings, own):
    settings.type(cameras__url="camera.local")
    expect(settings.problem("cameras.url")).to_contain_text("begins with http")
    part(settings, "test").click()
    expect(part(settings, "test-failure")).to_contain_text("begins with http")
    assert own.hits == 0


def everything(page: Page) -> str:
    """The page with what stands in its fields."""
    fields = "[...document.querySelectorAll('input, textarea')].map(e => e.value)"
    return page.content() + str(page.evaluate(fields))


def test_password_is_kept_and_never_comes_back(open_page, octoprint, own):
    own.mode = "denied"
    page = open_page()
    answers: list[bytes] = []

    def listen(route: Route) -> None:
        answer = route.fetch()
        answers.append(answer.body())
        route.fulfill(response=answer)

    page.route(re.compile("/api/|/plugin/layercapture/"), listen)
    settings = SettingsScreen(page).open()
    settings.type(cameras__url=own.url)
    settings.field("cameras.auth").select_option("basic")
    settings.type(cameras__username=own.user, cameras__password=own.password)
    expect(settings.field("cameras.password")).to_have_attribute("type", "password")
    part(settings, "test").click()
    expect(part(settings, "test-picture")).to_be_visible()
    settings.save()
    assert own.password not in everything(page)

    load(page, octoprint.url)
    settings.open()
    password = settings.field("cameras.password")
    expect(password).to_have_value("")
    expect(password).to_have_attribute("placeholder", re.compile("stored"))
    part(settings, "test").click()
    expect(part(settings, "test-picture")).to_be_visible()
    settings.type(cameras__delay="1.5")
    settings.save()
    settings.open()
    part(settings, "test").click()
    expect(part(settings, "test-picture")).to_be_visible()

    assert own.password not in everything(page)
    page.unroute_all(behavior="wait")
    assert any(b"password_set" in answer for answer in answers)
    assert not any(own.password.encode() in answer for answer in answers)
    assert own.password not in str(octoprint.log.records())


def test_password_typed_and_not_saved_is_gone(settings, octoprint, own):
    settings.type(cameras__url=own.url)
    settings.field("cameras.auth").select_option("bearer")
    settings.type(cameras__token="my-own-token")
    settings.close()
    assert "my-own-token" not in everything(settings.page)
    settings.open()
    expect(settings.field("cameras.url")).to_have_value("")


def test_details_are_kept_by_camera(settings, octoprint, own):
    settings.cameras.check()
    settings.type(cameras__url=own.url)
    part(settings, "detail-offset_x").fill("-12,5")
    part(settings, "detail-latency").fill("0.4")
    part(settings, "detail-stale", 1).fill("2")
    settings.save()
    none = {"offset_x": 0, "offset_y": 0, "latency": None, "rest": None, "stale": None}
    assert octoprint.settings()["cameras"]["details"] == [
        {**none, "camera": "classic", "offset_x": -12.5, "latency": 0.4},
        {**none, "camera": "url", "stale": 2},
    ]

    load(settings.page, octoprint.url)
    settings.open()
    expect(part(settings, "detail-offset_x")).to_have_value("-12.5")
    expect(part(settings, "detail-rest")).to_have_value("")
    expect(part(settings, "detail-stale", 1)).to_have_value("2")
    part(settings, "detail-offset_x").fill("0")
    part(settings, "detail-latency").fill("")
    settings.save()
    (left,) = octoprint.settings()["cameras"]["details"]
    assert left["camera"] == "url"


def test_wrong_detail_is_marked_where_it_is(settings, own):
    settings.cameras.check()
    settings.type(cameras__url=own.url)
    wrong = part(settings, "detail-latency", 1)
    wrong.fill("soon")
    expect(wrong).to_have_attribute("aria-invalid", "true")
    problems = part(settings, "detail-problems", 1)
    expect(problems).to_contain_text("“soon” is not a number from 0 to 30")
    expect(part(settings, "detail-latency")).to_have_attribute("aria-invalid", "false")
    expect(part(settings, "detail-problems")).to_have_text("")
    wrong.fill("1")
    expect(wrong).to_have_attribute("aria-invalid", "false")
    expect(problems).to_have_text("")


def test_everything_else_is_saved_and_there_again(settings, octoprint):
    settings.field("cameras.fake").check()
    settings.field("fake_camera.mount").select_option("fixed")
    settings.type(
        fake_camera__field="120",
        fake_camera__noise="2",
        fake_camera__latency="0.5",
        fake_camera__blur="0.3",
        cameras__timeout="8",
        cameras__max_size="4,5",
        cameras__settle_max="7",
    )
    settings.field("grid.aim").select_option("camera")
    settings.field("cameras.settling").select_option("fixed")
    expect(settings.field("cameras.settle_max")).to_be_hidden()
    settings.save()
    saved = octoprint.settings()
    assert saved["fake_camera"] == {
        **{"mount": "fixed", "field": 120, "noise": 2, "latency": 0.5, "blur": 0.3}
    }
    assert (saved["cameras"]["timeout"], saved["cameras"]["max_size"]) == (8, 4.5)
    assert (saved["cameras"]["settling"], saved["cameras"]["settle_max"]) == ("fixed", 7)
    assert saved["grid"]["aim"] == "camera"

    load(settings.page, octoprint.url)
    settings.open()
    expect(settings.field("fake_camera.mount")).to_have_value("fixed")
    expect(settings.field("grid.aim")).to_have_value("camera")
    settings.field("cameras.fake").uncheck()
    expect(settings.field("fake_camera.mount")).to_be_hidden()


def test_fields_of_the_access_follow_the_url_and_the_choice(settings):
    for key in ("auth", "username", "password", "token", "verify"):
        expect(settings.field(f"cameras.{key}")).to_be_hidden()
    settings.type(cameras__url="https://camera.local/x")
    expect(settings.field("cameras.verify")).to_be_visible()
    auth = settings.field("cameras.auth")
    auth.select_option("digest")
    expect(settings.field("cameras.password")).to_be_visible()
    expect(settings.field("cameras.token")).to_be_hidden()
    auth.select_option("bearer")
    expect(settings.field("cameras.token")).to_be_visible()
    expect(settings.field("cameras.username")).to_be_hidden()


class Measured:
    """Stands in for the server's measurement: answers what the test sets."""

    idle = {"state": "idle", "camera": None, "done": 0, "total": 0}

    def __init__(self, page: Page) -> None:
        self.state: dict[str, Any] = {**self.idle, "result": None, "message": None}
        self.begun: list[dict[str, Any]] = []
        self.stopped = 0
        self.refusal: dict[str, Any] | None = None
        page.route(MEASURE, self._answer)

    def set(self, **state: Any) -> None:
        self.state = {**self.state, "camera": "classic", **state}

    def _answer(self, route: Route) -> None:
        method = route.request.method
        if method == "POST" and self.refusal is not None:
            route.fulfill(status=409, json={"message": self.refusal})
            return
        if method == "POST":
            self.begun.append(route.request.post_data_json)
            self.set(state="moving", done=3, total=12)
        elif method == "DELETE":
            self.stopped += 1
            self.set(state="stopped")
        route.fulfill(status=202 if method == "POST" else 200, json=self.state)


@pytest.fixture
def measured(settings: SettingsScreen) -> Measured:
    return Measured(settings.page)


FOUND = {"latency": 0.42, "rest": 0.31, "stale": 1, "seconds": 1.1, "accepted": True}


def test_measurement_is_asked_for_followed_and_used(settings, octoprint, measured):
    part(settings, "measure").click()
    ask = part(settings, "measure-ask")
    expect(ask).to_contain_text("The head rises")
    expect(part(settings, "measure-home")).to_be_checked()
    assert measured.begun == []
    expect(part(settings, "measure-start")).to_be_focused()
    settings.page.keyboard.press("Enter")
    progress = part(settings, "measure-progress")
    expect(progress).to_have_text("Moving to and fro: 3 of 12")
    expect(ask).to_be_hidden()
    expect(part(settings, "measure")).to_be_disabled()
    (begun,) = measured.begun
    assert (begun["camera"], begun["home"]) == ("classic", True)
    assert begun["settings"]["grid"]["columns"] == 3

    measured.set(state="done", result=FOUND)
    outcome = part(settings, "measure-outcome")
    expect(outcome).to_contain_text("Latency 0.42 s, at rest after 0.31 s")
    part(settings, "measure-use").click()
    expect(outcome).to_be_hidden()
    expect(part(settings, "detail-latency")).to_have_value("0.42")
    settings.save()
    (kept,) = octoprint.settings()["cameras"]["details"]
    found = {key: FOUND[key] for key in ("latency", "rest", "stale")}
    assert {key: kept[key] for key in found} == found


def test_measurement_can_be_called_off_and_stopped(settings, measured):
    part(settings, "measure").click()
    part(settings, "measure-cancel").click()
    expect(part(settings, "measure-ask")).to_be_hidden()
    assert measured.begun == []
    part(settings, "measure").click()
    part(settings, "measure-home").uncheck()
    part(settings, "measure-start").click()
    part(settings, "measure-stop").click()
    expect(part(settings, "measure-outcome")).to_contain_text("was stopped")
    expect(part(settings, "measure-use")).to_be_hidden()
    assert (measured.begun[0]["home"], measured.stopped) == (False, 1)
    part(settings, "measure-dismiss").click()
    expect(part(settings, "measure-outcome")).to_have_count(0)


def test_measurement_that_is_refused_says_why(settings, measured, console):
    console.expect("409")
    text = "A camera can only be measured while nothing is printed, not <b>now</b>."
    measured.refusal = {"text": text, "params": {}}
    part(settings, "measure").click()
    part(settings, "measure-start").click()
    expect(part(settings, "measure-outcome")).to_have_text(text)


def test_slow_camera_can_be_used_all_the_same_and_says_what_it_needs(settings, measured):
    why = {"text": "It needs %(seconds)s s.", "params": {"seconds": "9"}}
    part(settings, "measure").click()
    part(settings, "measure-start").click()
    expect(part(settings, "measure-progress")).to_be_visible()
    measured.set(state="done", result={**FOUND, "accepted": False}, message=why)
    expect(part(settings, "measure-outcome")).to_contain_text("It needs 9 s.")
    expect(part(settings, "measure-use")).to_be_visible()


def test_every_input_of_the_cameras_has_a_name(settings, own):
    settings.cameras.check()
    settings.type(cameras__url=own.url)
    part(settings, "measure", 1).click()
    nameless = settings.pane.locator("input, select, textarea").evaluate_all(
        "all => all.filter(i => !i.labels.length && !i.ariaLabel).map(i => i.outerHTML)"
    )
    assert nameless == []
    ids = settings.pane.locator("[id]").evaluate_all("all => all.map(e => e.id)")
    assert len(ids) == len(set(ids))


def test_phone_needs_no_sideways_scrolling(open_page, camera, own):
    page = open_page(viewport=PHONE)
    settings = SettingsScreen(page).open()
    settings.cameras.check()
    settings.type(cameras__url=own.url)
    settings.field("cameras.auth").select_option("basic")
    part(settings, "test").click()
    part(settings, "measure").click()
    expect(part(settings, "test-picture")).to_be_visible()
    content = page.locator("#settings_dialog_content")
    assert content.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    around = content.bounding_box()
    boxes = settings.pane.locator("input:visible, select:visible, button:visible, img")
    for box in [b.bounding_box() for b in boxes.all() if b.is_visible()]:
        assert around["x"] <= box["x"]
        assert box["x"] + box["width"] <= around["x"] + around["width"]


def test_forged_request_without_the_token_of_the_page_is_refused(settings, console):
    console.expect("400|403")
    status = settings.page.evaluate(
        """() => fetch(OctoPrint.plugins.layercapture.url && BASEURL +
            "plugin/layercapture/cameras/test", {
            method: "POST",
            headers: {"Content-Type": "application/json"},
            body: JSON.stringify({camera: "fake"}),
        }).then(answer => answer.status)"""
    )
    assert status in (400, 403)


def test_fake_camera_is_measured_by_moving_the_head(settings, octoprint):
    settings.field("cameras.fake").check()
    settings.type(fake_camera__latency="0.3", fake_camera__noise="1")
    part(settings, "measure").click()
    part(settings, "measure-start").click()
    expect(part(settings, "measure-progress")).to_be_visible()

    load(settings.page, octoprint.url)
    settings.open()
    settings.field("cameras.fake").check()
    outcome = part(settings, "measure-outcome")
    expect(outcome).to_contain_text("Latency", timeout=120_000)
    part(settings, "measure-use").click()
    expect(part(settings, "detail-latency")).to_have_value(re.compile(r"0\.\d+"))
    settings.save()
    (kept,) = octoprint.settings()["cameras"]["details"]
    assert kept["camera"] == "fake"
    assert kept["latency"] >= 0.3


def test_camera_with_markup_in_its_name_is_shown_as_it_is_called(open_page, camera):
    evil = "<img src=x onerror=alert(1)>"
    problem = {"text": "Camera %(name)s takes no pictures.", "params": {"name": evil}}

    def rename(route: Route) -> None:
        real = route.fetch()
        cameras = real.json()["cameras"]
        for known in cameras:
            if known["kind"] == "webcam":
                known.update(name=evil, title=evil, problem=problem)
        route.fulfill(response=real, json={"cameras": cameras})

    page = open_page()
    page.route(LIST, rename)
    settings = SettingsScreen(page).open()
    expect(titles(settings)).to_have_text([evil])
    expect(settings.pane.get_by_role("checkbox", name=evil)).to_be_visible()
    note = settings.pane.get_by_test_id("layercapture-camera-note")
    expect(note).to_contain_text(f"Camera {evil} takes no pictures.")
    settings.cameras.check()
    expect(titles(settings)).to_have_text([evil])
    expect(settings.pane.locator("img[src=x]")).to_have_count(0)
