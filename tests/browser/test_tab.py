"""The tab: what the plugin is doing right now, the same in every browser."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, WebSocketRoute, expect

from tests.browser import told
from tests.browser.screens import SettingsScreen, TabScreen, load
from tests.server import jobs
from tests.server.harness import OctoPrint

GOING_AWAY = 1001  # the WebSocket close code of a server that shuts down


@pytest.fixture
def tab(octoprint: OctoPrint, page: Page) -> TabScreen:
    """The tab where there is a camera, so that nothing stands in the way."""
    octoprint.configure(cameras={"fake": True})
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


FILE = "<img src=x onerror=alert(1)>.gcode"
GONE = told.sentence("%(file)s is gone.", file="<b>box</b>")
IN_WORDS = {
    "nothing": ({}, "Ready"),
    "advice": ({"advice": GONE}, "<b>box</b> is gone."),
    "off": ({"enabled": False}, "Switched off"),
    "reading": (
        {"indexing": {"file": "<b>big</b>.gcode", "percent": 40}},
        "Reading the layers of <b>big</b>.gcode: 40 %",
    ),
    "armed": (
        {"state": "armed", "job": told.job(file=FILE)},
        f"Watching {FILE}: pictures at 2 of 24 layers.",
    ),
    "suspended": (
        {"state": "armed", "job": told.job(), "suspended": GONE},
        "<b>box</b> is gone.",
    ),
    "capturing": (
        {"state": "capturing", "job": told.job(), "capture": told.capture()},
        "Taking pictures of layer 20: 4 of 9",
    ),
}


def test_state_is_said_in_words(tab):
    for parts, words in IN_WORDS.values():
        told.tell(tab.page, told.state(**parts))
        expect(tab.doing).to_contain_text(words)


def test_last_capture_is_summed_up(tab):
    last = {"layer": 10, "pictures": 8, "failures": 1, "seconds": 13.42}
    last |= {"interrupted": None, "failure": None}
    told.tell(tab.page, told.state(last=last))
    expect(tab.last).to_have_text(
        "Last capture: layer 10, 8 pictures in 13.4 s. 1 picture failed."
    )
    stopped = told.state(last={**last, "failures": 0, "interrupted": "user"})
    told.tell(tab.page, stopped)
    expect(tab.last).to_contain_text("It was stopped.")
    failed = told.state(last={**last, "failures": 0, "failure": GONE})
    told.tell(tab.page, failed)
    expect(tab.last).to_contain_text("<b>box</b> is gone.")


def test_next_capture_is_said_as_exactly_as_it_is_known(tab):
    for upcoming, words in (
        ({"layer": 20, "seconds": 360}, "Next capture at layer 20, in about 6 minutes"),
        ({"layer": 20, "seconds": 45}, "Next capture at layer 20, in about 45 seconds"),
        ({"layer": 20, "seconds": 9000}, "in about 2.5 hours"),
        ({"layer": 20, "seconds": 0}, "Next capture at layer 20, any moment now"),
        ({"layer": 12, "seconds": None}, "Next capture once layer 12 is complete"),
        (None, "No more captures are due in this print."),
        ({"layer": 20, "seconds": None}, "Next capture at layer 20"),
    ):
        job = told.job(current=12, next=upcoming)
        told.tell(tab.page, told.state(state="armed", job=job))
        expect(tab.next).to_contain_text(words)


def test_plan_says_what_became_of_each_layer(tab):
    job = told.job(
        **{"layers": [3, 6, 9, 12, 15, 18], "done": [3, 6], "failed": [9]},
        **{"missed": [12], "left_out": [15], "current": 16},
    )
    totals = {"file": "box.gcode", "captures": 3, "pictures": 20, "failures": 7}
    totals |= {"seconds": 200.0}
    told.tell(tab.page, told.state(state="armed", job=job, totals=totals))
    expect(tab.outcomes).to_have_text(
        [
            "Captured: 2 layers (3, 6)",
            "Still to come: layer 18",
            "Failed: layer 9",
            "Missed: layer 12",
            "Left out: layer 15",
        ]
    )
    expect(tab.totals).to_have_text(
        "So far: 3 captures, 20 pictures, the print stood still for 3 minutes. "
        "7 pictures failed."
    )


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
    skip = tab.skip
    skip.click()
    expect(tab.doing).to_contain_text("off for this print")
    expect(skip).to_have_text("Capture this print again")
    skip.click()
    expect(tab.doing).to_contain_text("Watching tower.gcode")
    octoprint.cancel()
    job.wait()
    expect(skip).to_be_hidden()


def test_a_capture_can_be_asked_for_and_that_taken_back(tab, octoprint):
    octoprint.configure(cameras={"fake": True}, layers={"interval": 2500})
    octoprint.upload("tower.gcode", jobs.tower(layers=3000))
    octoprint.begin("tower.gcode")
    expect(tab.doing).to_contain_text("Watching tower.gcode", timeout=90_000)
    octoprint.pause()  # so that the layer does not end meanwhile
    octoprint.wait_for_state("Paused")
    expect(tab.ask).to_have_text("Capture once this layer is done")
    tab.ask.click()
    expect(tab.ask).to_have_attribute("aria-pressed", "true")
    expect(tab.ask).to_contain_text("will be captured; take that back")
    tab.ask.click()
    expect(tab.ask).to_have_attribute("aria-pressed", "false")
    expect(tab.ask).to_have_text("Capture once this layer is done")


def test_what_stands_in_the_way_is_said_while_nothing_prints(tab, octoprint):
    octoprint.configure(cameras={"fake": False})
    expect(tab.doing).to_contain_text("cannot take single pictures")
    octoprint.configure(cameras={"fake": True})
    expect(tab.doing).to_contain_text("Ready")
    octoprint.disconnect()
    expect(tab.doing).to_contain_text("The printer is not connected. Connect it")
    octoprint.connect()
    expect(tab.doing).to_contain_text("Ready")


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

    octoprint.configure(cameras={"fake": True})
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
