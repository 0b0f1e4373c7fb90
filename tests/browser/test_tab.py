"""The tab: what the plugin is doing right now, the same in every browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.screens import SettingsScreen, TabScreen, load
from tests.server import jobs

STATE = "**/plugin/layercapture/state"
GOING_AWAY = 1001  # the WebSocket close code of a server that shuts down


@pytest.fixture
def tab(page: Page) -> TabScreen:
    return TabScreen(page).open()


def test_idle_printer_is_ready(tab):
    expect(tab.doing).to_contain_text("Ready")
    expect(tab.progress).to_be_hidden()


def test_master_switch_is_the_same_in_every_browser(tab, octoprint, open_page):
    other = TabScreen(open_page()).open()
    tab.switch.click()
    for screen in (tab, other):
        expect(screen.doing).to_contain_text("Switched off")
        expect(screen.switch).to_have_text("Switch layer captures on")
    assert octoprint.settings()["enabled"] is False

    other.switch.click()
    for screen in (tab, other):
        expect(screen.doing).to_contain_text("Ready")
    assert octoprint.settings()["enabled"] is True


def test_master_switch_of_the_settings_shows_in_the_tab(tab):
    settings = SettingsScreen(tab.page).open()
    settings.field("enabled").uncheck()
    settings.save()
    expect(tab.doing).to_contain_text("Switched off")


def answering(body: Any) -> Callable[[Route], None]:
    return lambda route: route.fulfill(json=body)


def test_state_is_said_in_words(page, octoprint):
    job = {
        "file": "<img src=x onerror=alert(1)>.gcode",
        "layers": [10, 20],
        "layers_total": 24,
        "positions": 9,
    }
    last = {"layer": 10, "pictures": 8, "failures": 1, "seconds": 13.42}
    why = {"text": "%(file)s is gone.", "params": {"file": "<b>box</b>"}}
    idle = {"enabled": True, "state": "idle", "job": None, "capture": None, "last": None}
    armed = {**idle, "state": "armed", "job": job, "last": last}
    capture = {"layer": 20, "z": 4.0, "step": "visit", "visited": 4}

    for state, words in (
        (idle, "Ready"),
        ({**idle, "enabled": False}, "Switched off"),
        (
            {**idle, "indexing": {"file": "<b>big</b>.gcode", "percent": 40}},
            "Reading the layers of <b>big</b>.gcode: 40 %",
        ),
        (armed, f"Watching {job['file']}: pictures at 2 of 24 layers."),
        ({**armed, "suspended": why}, "<b>box</b> is gone."),
        ({**armed, "capture": capture}, "Taking pictures of layer 20: 4 of 9"),
    ):
        page.route(STATE, answering(state))
        load(page, octoprint.url)
        tab = TabScreen(page).open()
        expect(tab.doing).to_contain_text(words)
        page.unroute(STATE)
    expect(tab.last).to_have_text(
        "Last capture: layer 10, 8 pictures in 13.4 s. 1 picture failed."
    )
    expect(tab.progress).to_have_attribute("aria-valuenow", "4")


def test_print_is_watched_until_its_last_capture(tab, octoprint):
    octoprint.configure(
        cameras={"fake": True, "delay": 0.8}, layers={"interval": 3}, grid={"rows": 1}
    )
    octoprint.upload("tower.gcode", jobs.tower(layers=6))
    job = octoprint.begin("tower.gcode")
    # the virtual printer takes its time to heat up
    expect(tab.doing).to_contain_text("Taking pictures of layer 3", timeout=90_000)
    expect(tab.progress).to_be_visible()

    load(tab.page, octoprint.url)
    tab.open()
    job.wait_for_message("capture_finished", layer=6)
    expect(tab.last).to_contain_text("layer 6, 3 pictures")
    job.wait()
    expect(tab.doing).to_contain_text("Ready")
    expect(tab.progress).to_be_hidden()


def test_a_print_can_be_left_out_and_captured_again(tab, octoprint):
    octoprint.configure(
        cameras={"fake": True, "delay": 0.3}, layers={"interval": 2500}, grid={"rows": 1}
    )
    # so long that it does not end by itself while the buttons are tried
    octoprint.upload("tower.gcode", jobs.tower(layers=3000))
    job = octoprint.begin("tower.gcode")
    expect(tab.doing).to_contain_text("Watching tower.gcode", timeout=90_000)
    skip = tab.page.get_by_test_id("layercapture-skip")
    skip.click()
    expect(tab.doing).to_contain_text("off for this print")
    expect(skip).to_have_text("Capture this print again")
    skip.click()
    expect(tab.doing).to_contain_text("Watching tower.gcode")
    octoprint.cancel()
    job.wait()
    expect(skip).to_be_hidden()


def test_what_goes_wrong_is_said_once(tab, octoprint, log):
    log.expect("nothing is captured")
    travels = [f"G1 X{x} Y50 F6000" for x in (50, 150) * 10]
    octoprint.upload("flat.gcode", jobs.flat_moves() + "\n".join(travels))
    job = octoprint.begin("flat.gcode")
    notice = tab.page.locator(".ui-pnotify", has_text="No layers were found")
    expect(notice).to_have_count(1)
    job.wait()
    expect(tab.doing).to_contain_text("Ready")


def test_state_is_asked_for_again_after_the_connection_was_lost(open_page, octoprint):
    connections: list[WebSocketRoute] = []

    def pass_on(connection: WebSocketRoute) -> None:
        connection.connect_to_server()
        connections.append(connection)

    tab = TabScreen(open_page(websockets=pass_on)).open()
    expect(tab.doing).to_contain_text("Ready")
    connections[0].close(code=GOING_AWAY)
    octoprint.configure(enabled=False)
    expect(tab.doing).to_contain_text("Switched off", timeout=60_000)
    assert len(connections) > 1


def test_narrow_window_shows_the_tab(open_page):
    page = open_page(viewport={"width": 400, "height": 800})
    tab = TabScreen(page).open()
    pane = page.locator("#tab_plugin_layercapture")
    assert pane.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    expect(tab.switch).to_be_visible()
