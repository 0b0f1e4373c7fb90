"""What was typed and not saved stays when OctoPrint's page reads its settings anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, WebSocketRoute, expect

from tests.browser.chromium import log_in
from tests.browser.screens import SettingsScreen
from tests.server.harness import OctoPrint

GOING_AWAY = 1001
SETTINGS = "**/api/settings"
UPDATE_DETECTED = "#settings_dialog_update_detected"
REREAD = "OctoPrint.coreui.viewmodels.settingsViewModel.requestData().then(() => null)"


@pytest.fixture
def fresh(chromium: Browser, octoprint: OctoPrint, console: Any) -> Iterator[Page]:
    """A page with a clock that can be set forward, just logged in by the form."""
    context = chromium.new_context(viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.clock.install()
    log_in(page, octoprint.url)
    page.locator("#page-container-loading").wait_for(state="hidden", timeout=60_000)
    yield page
    context.close()


@pytest.fixture
def settings(page: Page) -> SettingsScreen:
    return SettingsScreen(page).open()


class Network:
    """What is between a page and its server; it can be taken away as a whole."""

    def __init__(self) -> None:
        self.connections: list[WebSocketRoute] = []
        self.gone = False

    def pass_on(self, connection: WebSocketRoute) -> None:
        if self.gone:
            connection.close(code=GOING_AWAY)
            return
        connection.connect_to_server()
        self.connections.append(connection)

    def take_away(self, page: Page) -> None:
        self.gone = True
        page.context.set_offline(True)
        while self.connections:
            self.connections.pop().close(code=GOING_AWAY)

    def give_back(self, page: Page) -> None:
        self.gone = False
        page.context.set_offline(False)


def reread(settings: SettingsScreen) -> None:
    """As OctoPrint does by itself, and wait until it is done."""
    settings.page.evaluate(REREAD)


def test_typed_values_outlast_the_reading_when_the_login_has_aged(fresh, octoprint):
    settings = SettingsScreen(fresh).open()
    settings.type(grid__columns=7, layers__list="1, 5-", cameras__url="http://cam/")
    settings.field("layers.first").check()
    expect(settings.positions).to_have_count(21)
    with fresh.expect_response(SETTINGS, timeout=60_000):
        fresh.clock.fast_forward("24:30:00")  # the server under test lets them last a day
    fresh.evaluate(REREAD)
    expect(settings.field("grid.columns")).to_have_value("7")
    expect(settings.field("layers.list")).to_have_value("1, 5-")
    expect(settings.field("cameras.url")).to_have_value("http://cam/")
    expect(settings.field("layers.first")).to_be_checked()
    settings.type(layers__list="1, 5")
    settings.save()
    saved = octoprint.settings()
    assert saved["grid"]["columns"] == 7
    assert saved["layers"]["list"] == "1, 5"
    assert saved["layers"]["first"] is True


def test_typed_values_outlast_a_lost_connection(open_page, octoprint, console):
    console.expect("ERR_INTERNET_DISCONNECTED|WebSocket")
    network = Network()
    settings = SettingsScreen(open_page(websockets=network.pass_on)).open()
    page = settings.page
    settings.type(grid__columns=7)
    expect(settings.positions).to_have_count(21)
    network.take_away(page)
    settings.type(grid__rows=2)
    expect(settings.unreachable).to_be_visible()
    expect(page.locator("#offline_overlay")).to_be_visible()
    with page.expect_response(SETTINGS, timeout=180_000):
        network.give_back(page)
    expect(page.locator("#offline_overlay")).to_be_hidden()
    reread(settings)  # after the one that the page has begun by itself
    expect(settings.unreachable).to_be_hidden()
    expect(settings.positions).to_have_count(14)
    expect(settings.field("grid.columns")).to_have_value("7")
    settings.save()
    assert octoprint.settings()["grid"]["columns"] == 7


@pytest.fixture
def no_presets(octoprint: OctoPrint) -> Iterator[None]:
    """Without temperature presets: those without a chamber look changed to OctoPrint."""
    temperature = octoprint.get("/api/settings")["temperature"]
    octoprint.post("/api/settings", {"temperature": {"profiles": []}})
    yield
    profiles = temperature["profiles"]
    octoprint.post("/api/settings", {"temperature": {"profiles": profiles}})


def test_page_on_which_nothing_was_typed_follows_what_others_save(
    no_presets, open_page, octoprint
):
    octoprint.configure(cameras={"url": "http://cam/", "auth": "basic", "password": "x"})
    settings = SettingsScreen(open_page()).open()
    for secret in ("first", ""):  # typed and taken back: nothing is left to be saved
        settings.field("cameras.password").fill(secret)
    octoprint.configure(layers={"interval": 7}, grid={"rows": 2})
    expect(settings.field("layers.interval")).to_have_value("7")
    expect(settings.field("grid.rows")).to_have_value("2")
    expect(settings.positions).to_have_count(6)
    expect(settings.page.locator(UPDATE_DETECTED)).to_be_hidden()


def test_what_others_changed_meanwhile_is_taken_over(settings, octoprint):
    def with_two_rows(route: Route) -> None:
        real = route.fetch()
        tree = real.json()
        tree["plugins"]["layercapture"]["grid"]["rows"] = 2
        route.fulfill(response=real, json=tree)

    settings.type(grid__columns=7)
    settings.page.route(SETTINGS, with_two_rows)
    reread(settings)
    expect(settings.field("grid.columns")).to_have_value("7")
    expect(settings.field("grid.rows")).to_have_value("2")
    expect(settings.positions).to_have_count(14)


def test_closing_discards_what_was_kept(settings, octoprint):
    settings.type(grid__columns=7)
    reread(settings)
    expect(settings.field("grid.columns")).to_have_value("7")
    settings.close()
    settings.open()
    expect(settings.field("grid.columns")).to_have_value("3")
    settings.save()
    assert octoprint.settings()["grid"]["columns"] == 3


def test_loading_everything_again_discards_what_was_typed(settings, octoprint):
    settings.type(grid__columns=7)
    octoprint.configure(grid={"rows": 2})
    settings.page.locator(f"{UPDATE_DETECTED} .reload_all").click()
    expect(settings.field("grid.columns")).to_have_value("3")
    expect(settings.field("grid.rows")).to_have_value("2")
    settings.type(grid__columns=6)
    reread(settings)
    expect(settings.field("grid.columns")).to_have_value("6")


def test_known_of_a_camera_stays_as_typed(settings, octoprint):
    settings.field("cameras.fake").check()
    offset = settings.pane.get_by_test_id("layercapture-detail-offset_x")
    offset.fill("12.5")
    reread(settings)
    expect(offset).to_have_value("12.5")
    expect(settings.field("cameras.fake")).to_be_checked()
    settings.save()
    (detail,) = octoprint.settings()["cameras"]["details"]
    assert detail["offset_x"] == 12.5


def test_value_that_the_server_refused_is_not_shown_as_saved(settings, octoprint, log):
    log.expect("was not saved as entered")
    settings.type(grid__rows="lots")
    settings.save()
    settings.open()
    expect(settings.field("grid.rows")).to_have_value("3")
