"""A print watched while it is captured: from two browsers, by reloads and lost lines."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.browser import told
from tests.browser.chromium import log_in
from tests.browser.conftest import DESKTOP
from tests.browser.screens import TabScreen, load
from tests.server import jobs, roles
from tests.server.harness import OctoPrint
from tests.server.shelf import keep
from tests.server.waiting import wait_until

PHONE = {"width": 400, "height": 900}
GOING_AWAY = 1001  # the WebSocket close code of a server that shuts down
LONG = 120_000  # ms; nothing takes this long, even on a slow machine

# a capture that takes longer than anything that is tried meanwhile
ENDLESS = {
    "cameras": {"fake": True, "settling": "fixed", "delay": 3},
    "layers": {"interval": 3},
    "grid": {"columns": 15, "rows": 15, "spacing_x": 10, "spacing_y": 10},
}
SHORT = {
    "cameras": {"fake": True, "settling": "fixed", "delay": 0.1},
    "layers": {"interval": 3},
    "grid": {"columns": 2, "rows": 1},
}


def pictures_of(screen: TabScreen, least: int) -> None:
    expect(screen.pictures.nth(least - 1)).to_be_visible(timeout=LONG)


def test_a_capture_is_the_same_in_two_browsers_and_outlasts_what_may_happen(
    octoprint: OctoPrint, open_page, console
) -> None:
    console.expect("ERR_INTERNET_DISCONNECTED")
    lines: list[WebSocketRoute] = []

    def pass_on(line: WebSocketRoute) -> None:
        line.connect_to_server()
        lines.append(line)

    octoprint.configure(**ENDLESS)
    desktop = TabScreen(open_page(websockets=pass_on)).open()
    phone = TabScreen(open_page(viewport=PHONE)).open()
    octoprint.upload("tower.gcode", jobs.tower(layers=6))
    job = octoprint.begin("tower.gcode")
    for screen in (desktop, phone):
        expect(screen.doing).to_contain_text("Taking pictures of layer 3", timeout=LONG)
        expect(screen.title).to_have_text("Layer 3 at Z 0.6 mm")
        expect(screen.cells).to_have_count(225)
        expect(screen.waits).to_contain_text("position")
        pictures_of(screen, 2)
    first = desktop.pictures.first
    expect(first).to_have_attribute("alt", re.compile(r"position \d+, camera fake"))
    assert first.evaluate("i => i.decode().then(() => i.naturalWidth)") > 0

    there = phone.pictures.count()
    load(phone.page, octoprint.url)
    phone.open()
    expect(phone.doing).to_contain_text("Taking pictures of layer 3")
    pictures_of(phone, there)

    there = desktop.pictures.count()
    desktop.page.context.set_offline(True)
    lines[-1].close(code=GOING_AWAY)
    # OctoPrint may turn to another of its tabs meanwhile
    expect(desktop.lost).not_to_have_attribute("style", re.compile("none"), timeout=LONG)
    desktop.page.context.set_offline(False)
    expect(desktop.lost).to_have_attribute("style", re.compile("none"), timeout=LONG)
    desktop.open()
    pictures_of(desktop, there + 1)

    phone.stop.click()
    job.wait_for_message("capture_finished", layer=3)
    for screen in (desktop, phone):
        expect(screen.last).to_contain_text("It was stopped.")
        # the next layer's capture is as long
        expect(screen.title).to_have_text("Layer 6 at Z 1.2 mm", timeout=LONG)
    desktop.skip.click()
    job.wait()
    for screen in (desktop, phone):
        expect(screen.doing).to_contain_text("Ready")
        expect(screen.title).to_have_text("Layer 6 at Z 1.2 mm")
        expect(screen.progress).to_be_hidden()
        expect(screen.totals).to_contain_text("tower.gcode: 2 captures")


@pytest.fixture
def first_print(octoprint: OctoPrint) -> Iterator[None]:
    """As if nothing had been printed since the installation."""
    octoprint.first_print.unlink(missing_ok=True)
    yield
    octoprint.first_print.touch()


def test_what_captures_do_is_told_until_somebody_has_answered(
    octoprint: OctoPrint, open_page, first_print: None
) -> None:
    octoprint.configure(**{**SHORT, "layers": {"interval": 1000}})
    octoprint.upload("tower.gcode", jobs.tower(layers=3000))
    octoprint.begin("tower.gcode")
    wait_until(
        lambda: octoprint.get("/plugin/layercapture/state")["welcome"],
        "it is told, but nobody looks",
    )
    octoprint.cancel()
    octoprint.wait_for_state("Operational")

    one, two = TabScreen(open_page()).open(), TabScreen(open_page()).open()
    octoprint.begin("tower.gcode")
    for screen in (one, two):
        expect(screen.welcome).to_contain_text(
            "At 3 of 3000 layers the print is held, the head visits 2 positions",
            timeout=LONG,
        )
        expect(screen.page.locator(".layercapture-welcome-notice")).to_be_visible()
    notice = one.page.locator(".layercapture-welcome-notice")
    notice.get_by_role("button", name="Not in this print").click()
    for screen in (one, two):
        expect(screen.doing).to_contain_text("off for this print")
        expect(screen.welcome).to_be_hidden()
        expect(screen.page.locator(".layercapture-welcome-notice")).to_have_count(0)
    octoprint.cancel()
    octoprint.wait_for_state("Operational")

    octoprint.begin("tower.gcode")
    expect(one.doing).to_contain_text("Watching tower.gcode", timeout=LONG)
    expect(one.welcome).to_be_hidden()
    load(two.page, octoprint.url)
    two.open()
    expect(two.doing).to_contain_text("Watching tower.gcode")
    expect(two.welcome).to_be_hidden()


def test_what_captures_do_is_known_after_a_captured_print(
    octoprint: OctoPrint, page: Page, first_print: None
) -> None:
    octoprint.configure(**{**SHORT, "layers": {"interval": 3}})
    tab = TabScreen(page).open()
    octoprint.print_gcode(jobs.tower(layers=3)).wait()
    wait_until(octoprint.first_print.exists, "it is remembered")
    octoprint.begin_gcode(jobs.tower(layers=3000))
    expect(tab.doing).to_contain_text("Watching", timeout=LONG)
    expect(tab.welcome).to_be_hidden()


def test_pictures_that_fail_say_why_at_their_place(
    octoprint: OctoPrint, camera, open_page, log
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = "missing"
    octoprint.configure(
        cameras={"settling": "fixed", "delay": 0, "url": camera.url},
        layers={"interval": 3},
        grid={"columns": 2, "rows": 1},
    )
    tab = TabScreen(open_page()).open()
    job = octoprint.begin_gcode(jobs.tower(layers=3))
    expect(tab.failures).to_have_count(2, timeout=LONG)
    expect(tab.failures.first).to_contain_text("HTTP 404")
    expect(tab.cells.first).to_have_attribute("data-state", "failed")
    expect(tab.cells.first).to_have_attribute("aria-label", re.compile("HTTP 404"))
    job.wait()
    expect(tab.last).to_contain_text("2 pictures failed.")


@pytest.fixture
def viewer(chromium: Browser, octoprint: OctoPrint, console) -> Iterator[Page]:
    """The page of somebody who may look and not act."""
    console.expect("status of 403 .*/api/")  # OctoPrint's own page asks for too much
    octoprint.configure(cameras={"fake": True})
    person = roles.people(octoprint)["viewer"]
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    console.watch(page)
    log_in(page, octoprint.url, person.name)
    yield page
    context.close()
    assert console.unexpected() == []


def test_who_may_only_look_sees_everything_and_has_no_buttons(viewer: Page) -> None:
    tab = TabScreen(viewer).open()
    expect(tab.doing).to_contain_text("Ready")
    told.tell(
        viewer,
        told.state(
            **{"state": "capturing", "job": told.job(), "capture": told.capture()},
            board=told.board(pictures=told.pictures(0)),
        ),
    )
    expect(tab.cells).to_have_count(9)
    for button in (tab.ask, tab.skip, tab.stop, tab.switch):
        expect(button).to_be_hidden()


def test_board_shows_each_camera_and_takes_the_keyboard(page: Page, console) -> None:
    console.expect("404")  # pictures that nobody took
    tab = TabScreen(page).open()
    evil = "<img src=x onerror=alert(1)>"
    failure = {"index": 3, "camera": evil, **told.sentence("<b>%(x)s</b>", x="<i>")}
    named = {"index": 4, "camera": "front"}
    named.update(told.sentence("Camera %(camera)s is off.", camera="Front Webcam"))
    told.tell(
        page,
        told.state(
            board=told.board(
                cameras=("front", evil),
                pictures=told.pictures(2) + told.pictures(1, evil),
                failures=[failure, named],
            )
        ),
    )
    state = "data-state"
    expect(tab.cells.nth(1)).to_have_attribute(state, "arrived")
    expect(tab.failures).to_have_text(
        [
            f"Position 3, camera {evil}: <b><i></b>",
            "Position 4: Camera Front Webcam is off.",
        ]
    )
    page.get_by_test_id("layercapture-board-camera").select_option(evil)
    expect(tab.cells.nth(1)).to_have_attribute(state, "empty")
    expect(tab.cells.nth(3)).to_have_attribute(state, "failed")
    page.get_by_test_id("layercapture-board-camera").select_option("front")

    tab.cells.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tab.cells.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    caption = page.get_by_test_id("layercapture-large-caption")
    expect(caption).to_contain_text("Position 1")
    page.keyboard.press("ArrowLeft")
    expect(caption).to_contain_text("Position 0")
    page.keyboard.press("Escape")
    expect(tab.large).to_be_hidden()
    expect(tab.cells.nth(1)).to_be_focused()


def test_board_cuts_nothing_off_its_pictures(page: Page, octoprint, console) -> None:
    kept = keep(octoprint.uploads / "layercapture", layers=(10,), size=(640, 240))
    tab = TabScreen(page).open()
    names = [{"index": 0, "camera": "front", "name": kept.pictures[0]}]
    told.tell(page, told.state(board=told.board(key=kept.folder.name, pictures=names)))
    expect(tab.pictures).to_have_css("object-fit", "contain")
    assert tab.pictures.evaluate(
        "i => i.decode().then(() => i.naturalWidth / i.naturalHeight)"
    ) == pytest.approx(640 / 240, rel=0.02)


def test_large_grid_holds_no_more_than_a_hundred_pictures(open_page, console) -> None:
    console.expect("404")  # pictures that nobody took
    page = open_page(viewport=PHONE)
    tab = TabScreen(page).open()
    for columns, rows in ((1, 1), (1, 15), (15, 1), (15, 15)):
        count = columns * rows
        board = told.board(columns, rows, pictures=told.pictures(count))
        board["capture_id"] = f"{columns} by {rows}"
        told.tell(page, told.state(board=board))
        expect(tab.cells).to_have_count(count)
        expect(page.locator("[data-state=arrived]")).to_have_count(count)
        assert page.locator("#tab_plugin_layercapture img").count() <= 100
        pane = page.locator("#tab_plugin_layercapture")
        assert pane.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
        box = tab.cells.last.bounding_box()
        assert box is not None and min(box["width"], box["height"]) >= 14


def test_a_button_that_comes_too_late_says_so(page: Page, octoprint, console) -> None:
    console.expect("plugin/layercapture/job")
    octoprint.configure(cameras={"fake": True})
    tab = TabScreen(page).open()
    expect(tab.doing).to_contain_text("Ready")
    told.tell(
        page,
        told.state(state="capturing", job=told.job(), capture=told.capture()),
    )
    tab.stop.click()
    notice = page.locator(".ui-pnotify", has_text="The capture was over already.")
    expect(notice).to_be_visible()
    # and what is really going on is asked for
    expect(tab.doing).to_contain_text("Ready")
    wait_until(lambda: tab.stop.is_hidden(), "no button for what is over")
