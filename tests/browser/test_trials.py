"""Test captures as a user makes them: from the settings and from the tab."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.screens import SettingsScreen, TabScreen, load
from tests.server import jobs
from tests.server.captured import FAST
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

TRIAL = "/plugin/layercapture/trial"
GRID = {"columns": 2, "rows": 2, "spacing_x": 40, "spacing_y": 40}
PATIENT = {**FAST["cameras"], "timeout": 60}
PHONE = {"width": 400, "height": 800}


@pytest.fixture
def octoprint(octoprint: OctoPrint) -> Iterator[OctoPrint]:
    octoprint.configure(**{**FAST, "cameras": PATIENT}, grid=GRID)
    octoprint.command("G28", "G1 X30 Y40 Z7 F6000")
    octoprint.flush()
    yield octoprint
    octoprint.request("DELETE", TRIAL)
    wait_until(
        lambda: octoprint.get(TRIAL)["state"] not in ("homing", "moving"), "its end", 120
    )


@pytest.fixture
def camera(octoprint: OctoPrint, camera: SnapshotServer) -> SnapshotServer:
    """A camera that OctoPrint waits for as long as a test needs it to."""
    octoprint.post(
        "/api/settings", {"plugins": {"classicwebcam": {"snapshotTimeout": 60}}}
    )
    return camera


class Panel:
    """The panel of test captures in one of its places."""

    def __init__(self, page: Page, where: str) -> None:
        self.page = page
        self.itself = page.get_by_test_id(f"layercapture-trial-{where}")
        self.question = self.part("trial-question")
        self.home = self.part("trial-home")
        self.explained = self.part("trial-explained")
        self.refused = self.part("trial-refused")
        self.progress = self.part("trial-progress")
        self.waits = self.part("trial-waits")
        self.stop = self.part("trial-stop")
        self.outcome = self.part("trial-outcome")
        self.hide = self.part("trial-hide")
        self.board = self.part("board")
        self.pictures = self.part("board-picture")
        self.failures = self.part("board-failures").locator("li")

    def part(self, name: str) -> Locator:
        return self.itself.get_by_test_id(f"layercapture-{name}")

    def cells(self, state: str) -> Locator:
        return self.itself.locator(f'.layercapture-cell[data-state="{state}"]')

    def ask(self) -> None:
        self.part("trial-ask").click()
        expect(self.question).to_be_visible()

    def start(self, home: bool = False) -> None:
        self.ask()
        self.home.set_checked(home)
        self.part("trial-start").click()

    def loaded(self, count: int) -> None:
        """So many pictures are there to be seen."""
        expect(self.pictures).to_have_count(count)
        for picture in self.pictures.all():
            picture.scroll_into_view_if_needed()
            expect(picture).to_have_js_property("complete", True)
            expect(picture).not_to_have_js_property("naturalWidth", 0)


def in_settings(page: Page) -> Panel:
    SettingsScreen(page).open()
    return Panel(page, "settings")


def in_tab(page: Page) -> Panel:
    TabScreen(page).open()
    return Panel(page, "tab")


@pytest.mark.parametrize("place", [in_settings, in_tab])
def test_each_picture_is_shown_in_its_place(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page, place
) -> None:
    panel = place(page)
    panel.ask()
    expect(panel.home).to_be_checked()
    expect(panel.explained).to_contain_text("off the bed")
    panel.home.uncheck()
    expect(panel.explained).to_contain_text("motors")
    panel.home.check()
    mark = octoprint.serial.mark()
    panel.part("trial-start").click()
    expect(panel.outcome).to_contain_text("4 pictures of 4 positions were taken.")
    expect(panel.progress).to_be_hidden()
    expect(panel.cells("arrived")).to_have_count(4)
    panel.loaded(4)
    expect(page.get_by_test_id("layercapture-board-picture")).to_have_count(4)
    assert "G28" in octoprint.serial.sent(mark)
    panel.hide.click()
    expect(panel.outcome).to_be_hidden()
    expect(panel.board).to_have_count(0)


def test_what_is_typed_and_not_saved_is_tested(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page, console
) -> None:
    console.expect("409")
    settings = SettingsScreen(page).open()
    panel = Panel(page, "settings")
    settings.type(grid__columns=3)
    panel.start()
    expect(panel.outcome).to_contain_text("6 pictures of 6 positions")
    settings.type(grid__columns="many")
    panel.hide.click()
    panel.start()
    expect(panel.refused).to_contain_text("Correct the setting “Columns” (Grid) first")
    assert octoprint.settings()["grid"]["columns"] == 2


def test_a_print_shows_its_own_pictures_after_a_test(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page
) -> None:
    octoprint.configure(layers={"interval": 3})
    tab = TabScreen(page).open()
    panel = Panel(page, "tab")
    panel.start()
    expect(panel.outcome).to_contain_text("4 pictures of 4 positions")
    panel.loaded(4)
    job = octoprint.begin_gcode(jobs.tower(layers=3))
    expect(tab.title).to_have_text("Layer 3 at Z 0.6 mm")
    expect(page.locator('.layercapture-cell[data-state="arrived"]')).to_have_count(4)
    job.wait()
    expect(tab.title).to_be_visible()
    expect(panel.outcome).to_be_hidden()
    expect(panel.board).to_have_count(0)


def test_it_can_be_stopped_and_says_that_there_is_no_picture(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page
) -> None:
    camera.mode = "slow"
    panel = in_tab(page)
    panel.start()
    expect(panel.waits).to_contain_text("Waiting for the picture of position")
    expect(panel.progress).to_be_visible()
    expect(panel.cells("visiting")).to_have_count(1)
    panel.stop.click()
    expect(panel.outcome).to_contain_text("The test capture was stopped.")
    expect(panel.outcome).to_contain_text("No picture was taken.")
    expect(panel.board).to_have_count(0)
    camera.release.set()


def test_two_browsers_and_a_reload_show_the_same(
    octoprint: OctoPrint, camera: SnapshotServer, open_page
) -> None:
    page, other = open_page(), open_page()
    camera.mode = "slow"
    first, second = in_tab(page), in_settings(other)
    first.start()
    for panel in (first, second):
        expect(panel.waits).to_contain_text("Waiting for the picture")
        expect(panel.cells("visiting")).to_have_count(1)
    load(page, octoprint.url)
    first = in_tab(page)
    expect(first.waits).to_contain_text("Waiting for the picture")
    expect(first.cells("visiting")).to_have_count(1)
    camera.mode = "good"
    camera.release.set()
    for panel in (first, second):
        expect(panel.outcome).to_contain_text("4 pictures of 4 positions")
        panel.loaded(4)
    load(page, octoprint.url)
    first = in_tab(page)
    first.loaded(4)
    first.hide.click()
    expect(first.outcome).to_be_hidden()
    load(page, octoprint.url)
    first = in_tab(page)
    expect(first.part("trial-ask")).to_be_visible()
    expect(first.outcome).to_be_hidden()


def test_the_other_browser_can_stop_it(
    octoprint: OctoPrint, camera: SnapshotServer, open_page
) -> None:
    page, other = open_page(), open_page()
    camera.mode = "slow"
    first, second = in_settings(page), in_tab(other)
    first.start()
    expect(second.stop).to_be_enabled()
    second.stop.click()
    for panel in (first, second):
        expect(panel.outcome).to_contain_text("The test capture was stopped.")
    camera.release.set()


def test_each_position_without_a_picture_says_why(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page
) -> None:
    camera.mode = "missing"
    panel = in_tab(page)
    panel.start()
    expect(panel.outcome).to_contain_text("No picture was taken.")
    expect(panel.outcome).to_contain_text("4 pictures are missing")
    expect(panel.cells("failed")).to_have_count(4)
    expect(panel.failures).to_have_count(4)
    expect(panel.failures.first).to_contain_text("404")


def test_a_refusal_says_why_and_what_to_do(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page, console
) -> None:
    console.expect("409")
    panel = in_tab(page)
    octoprint.configure(grid={"center_x": 1000})
    panel.start()
    expect(panel.refused).to_contain_text("No position of the grid")
    panel.part("trial-cancel").click()
    expect(panel.refused).to_be_hidden()
    expect(panel.question).to_be_hidden()


def test_it_fits_on_a_phone(
    octoprint: OctoPrint, camera: SnapshotServer, open_page
) -> None:
    page = open_page(viewport=PHONE)
    panel = in_tab(page)
    panel.start()
    expect(panel.outcome).to_contain_text("4 pictures of 4 positions")
    panel.loaded(4)
    for part in (panel.itself, panel.board):
        assert part.evaluate("it => it.scrollWidth - it.clientWidth") <= 1


def test_a_camera_with_a_strange_name_is_text_and_nothing_else(
    octoprint: OctoPrint, camera: SnapshotServer, page: Page
) -> None:
    name = "<img src=x onerror=alert(1)>"
    panel = in_tab(page)
    page.route(
        f"**{TRIAL}",
        lambda route: route.fulfill(
            json={
                **octoprint.get(TRIAL),
                "id": "strange",
                "state": "done",
                "total": 1,
                "cameras": [name],
                "positions": [{"index": 0, "x": 1, "y": 1, "refused": None}],
                "pictures": [],
                "failures": [
                    {
                        "index": 0,
                        "camera": name,
                        "text": "Camera %(camera)s is gone.",
                        "params": {"camera": name},
                    }
                ],
            }
        ),
    )
    load(page, octoprint.url)
    panel = in_tab(page)
    expect(panel.failures).to_have_count(1)
    expect(panel.failures.first).to_contain_text(name)
    expect(panel.itself.locator("img[src='x']")).to_have_count(0)
