"""The plan in words: what the settings on the page would make of the selected file."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.screens import SettingsScreen
from tests.server import jobs
from tests.server.harness import OctoPrint

PLAN = "**/plugin/layercapture/plan"
EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def settings(page: Page) -> SettingsScreen:
    return SettingsScreen(page).open()


def select(octoprint: OctoPrint, name: str, gcode: str) -> None:
    octoprint.upload(name, gcode)
    octoprint.post(f"/api/files/local/{name}", {"command": "select"})


def answer(route: Route, **changes: Any) -> None:
    """Instead of what the server says: another state, or another plan."""
    real = route.fetch()
    body = real.json()
    plan = {**(body["plan"] or {}), **changes.pop("plan", {})}
    route.fulfill(response=real, json={**body, "plan": plan or None, **changes})


def test_plan_of_the_selected_file_follows_the_fields(settings, octoprint):
    select(octoprint, "plan.gcode", jobs.tower(layers=40))
    settings.field("cameras.fake").check()
    expect(settings.plan_file).to_have_text("plan.gcode")
    expect(settings.plan("layers")).to_have_text("4 of 40 layers: 10, 20, 30, 40")
    expect(settings.plan("pictures")).to_contain_text("36 pictures: 9 positions in each")
    expect(settings.plan("pictures")).to_contain_text("1 camera")
    expect(settings.plan("time")).to_have_text(
        re.compile(r"about \d+ (seconds|minutes) longer")
    )
    expect(settings.plan("space")).to_contain_text(re.compile(r"About \d.*B.* are free"))
    settings.type(layers__interval=1, grid__rows=1)
    expect(settings.plan("layers")).to_have_text(
        "40 of 40 layers: 1, 2, 3, 4, 5, 6, 7, 8, 9 … 38, 39, 40"
    )
    expect(settings.plan("pictures")).to_contain_text("120 pictures: 3 positions")
    assert octoprint.settings()["layers"]["interval"] == 10


def test_file_that_is_uploaded_anew_is_planned_anew(settings, octoprint):
    select(octoprint, "anew.gcode", jobs.tower(layers=20))
    expect(settings.plan("layers")).to_have_text("2 of 20 layers: 10, 20")
    octoprint.upload("anew.gcode", jobs.tower(layers=30))
    expect(settings.plan("layers")).to_have_text("3 of 30 layers: 10, 20, 30")


def test_without_a_file_the_page_says_to_select_one(open_page, octoprint):
    select(octoprint, "gone.gcode", jobs.tower(layers=10))
    octoprint.post("/api/files/local/gone.gcode", {"command": "unselect"})
    settings = SettingsScreen(open_page()).open()
    expect(settings.plan_state).to_contain_text("Select a file")
    expect(settings.plan_file).to_be_hidden()
    expect(settings.preset("print")).to_be_disabled()
    expect(settings.printed).to_have_attribute("d", "")


def test_why_nothing_would_be_captured_is_said(settings, octoprint):
    select(octoprint, "few.gcode", jobs.tower(layers=5))
    settings.field("cameras.fake").check()
    notice = settings.notices.filter(has_text="None of the 5 layers")
    expect(notice).to_be_visible()
    expect(settings.plan("layers")).to_have_text("0 of 5 layers: none")
    settings.field("layers.last").check()
    expect(notice).to_be_hidden()
    expect(settings.plan("layers")).to_have_text("1 of 5 layers: 5")


def test_file_that_is_no_gcode_is_called_so(settings, octoprint):
    select(octoprint, "words.gcode", "these are words\nand no commands\n" * 50)
    expect(settings.plan_state).to_contain_text("words.gcode holds no G-code")
    expect(settings.plan("layers")).to_have_count(0)
    select(octoprint, "fine.gcode", jobs.tower(layers=10))
    expect(settings.plan("layers")).to_have_text("1 of 10 layers: 10")
    expect(settings.plan_state).to_be_hidden()


def test_how_far_a_large_file_is_read_is_shown_until_it_is(settings, octoprint):
    held = {"state": "reading", "percent": 40}
    settings.page.route(PLAN, lambda route: answer(route, **held))
    select(octoprint, "large.gcode", jobs.tower(layers=10))
    expect(settings.plan_state).to_contain_text("Reading the file: 40 %")
    bar = settings.pane.get_by_role("progressbar", name="Reading the file")
    expect(bar).to_have_attribute("aria-valuenow", "40")
    held.update(state="waiting", percent=None)
    expect(settings.plan_state).to_contain_text("A print is being prepared")
    expect(bar).to_be_hidden()
    settings.page.unroute(PLAN)
    expect(settings.plan("layers")).to_have_text("1 of 10 layers: 10")


def test_disk_that_is_too_full_is_said_with_the_way_out(settings, octoprint):
    full = {"fits": False, "bytes": 7_000_000_000, "bytes_free": 2_000_000, "pictures": 9}
    settings.page.route(PLAN, lambda route: answer(route, plan=full))
    select(octoprint, "full.gcode", jobs.tower(layers=10))
    expect(settings.plan("space")).to_have_class("text-error")
    expect(settings.plan("space")).to_contain_text("Make room on the disk")


def test_without_an_answer_the_plan_says_so_and_recovers(settings, octoprint, console):
    console.expect("plugin/layercapture/plan")
    select(octoprint, "lost.gcode", jobs.tower(layers=10))
    expect(settings.plan("layers")).to_contain_text("of 10 layers")
    settings.page.route(PLAN, lambda route: route.abort())
    settings.type(layers__interval=5)
    expect(settings.plan_state).to_contain_text("The server does not answer")
    settings.page.unroute(PLAN)
    expect(settings.plan("layers")).to_have_text("2 of 10 layers: 5, 10")


def test_late_plan_of_earlier_settings_is_not_shown(settings, octoprint):
    held: list[Route] = []

    def every_second(request: Request) -> bool:
        if not request.url.endswith("/plugin/layercapture/plan"):
            return False
        body: Any = request.post_data_json
        return bool(body["settings"]["layers"]["interval"] == 2)

    def hold_back_two(route: Route) -> None:
        if every_second(route.request):
            held.append(route)
        else:
            route.continue_()

    select(octoprint, "late.gcode", jobs.tower(layers=10))
    expect(settings.plan("layers")).to_have_text("1 of 10 layers: 10")
    settings.page.route(PLAN, hold_back_two)
    with settings.page.expect_request(every_second):
        settings.type(layers__interval=2)
    settings.type(layers__interval=5)
    expect(settings.plan("layers")).to_have_text("2 of 10 layers: 5, 10")
    with settings.page.expect_response(PLAN):
        held[0].continue_()
    settings.page.evaluate("new Promise(requestAnimationFrame)")
    expect(settings.plan("layers")).to_have_text("2 of 10 layers: 5, 10")


def test_file_with_markup_in_its_name_is_shown_as_it_is_called(open_page, octoprint):
    select(octoprint, "evil.gcode", jobs.tower(layers=10))
    page = open_page()

    def rename(route: Route) -> None:
        real = route.fetch()
        route.fulfill(response=real, json={**real.json(), "display": EVIL, "name": EVIL})

    page.route("**/api/files/local/evil.gcode*", rename)
    page.reload()
    page.locator("#page-container-loading").wait_for(state="hidden", timeout=60_000)
    settings = SettingsScreen(page).open()
    expect(settings.plan_file).to_have_text(EVIL)
    expect(settings.pane.locator("img[src=x]")).to_have_count(0)


def test_notice_with_markup_of_a_camera_is_shown_as_text(settings, octoprint):
    named = {
        "notices": [{"text": "Camera %(name)s is gone.", "params": {"name": EVIL}}],
    }
    settings.page.route(PLAN, lambda route: answer(route, plan=named))
    select(octoprint, "notice.gcode", jobs.tower(layers=10))
    expect(settings.notices).to_have_text(re.compile("Camera <img src=x"))
    expect(settings.pane.locator("img[src=x]")).to_have_count(0)
