"""The plugin's screens as a user handles them: by what is written and marked there."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, Page, expect

PANE = "#settings_plugin_layercapture"


def load(page: Page, url: str) -> None:
    """Open OctoPrint's page and wait until it can be used."""
    page.goto(url)
    ready = "window.OctoPrint && OctoPrint.coreui && OctoPrint.coreui.startedUp !== false"
    page.wait_for_function(ready)
    page.locator("#page-container-loading").wait_for(state="hidden", timeout=60_000)


class SettingsScreen:
    """The plugin's page in OctoPrint's settings dialog."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.pane = page.locator(PANE)
        self.picture = self.pane.get_by_test_id("layercapture-preview").locator("svg")
        self.positions = self.pane.get_by_test_id("layercapture-position")
        self.path = self.pane.get_by_test_id("layercapture-path")
        self.summary = self.pane.get_by_test_id("layercapture-summary")
        self.refused = self.pane.get_by_test_id("layercapture-refused")
        self.unreachable = self.pane.get_by_test_id("layercapture-unreachable")
        self.cameras = self.pane.get_by_test_id("layercapture-camera")
        self.printed = self.pane.get_by_test_id("layercapture-printed")
        self.plan_file = self.pane.get_by_test_id("layercapture-plan-file")
        self.plan_state = self.pane.get_by_test_id("layercapture-plan-state")
        self.notices = self.pane.get_by_test_id("layercapture-plan-notice")

    def open(self) -> SettingsScreen:
        """Open the dialog at the plugin's page, and wait for the first preview."""
        self.page.get_by_test_id("settings-open").click()
        self.page.locator(f"{PANE}_link a").click()
        expect(self.pane).to_be_visible()
        expect(self.positions).not_to_have_count(0)
        return self

    def field(self, key: str) -> Locator:
        """The input of a setting: `field("grid.columns")`."""
        return self.pane.get_by_test_id("layercapture-" + _dashed(key))

    def problem(self, key: str) -> Locator:
        """What is said to be wrong with a setting."""
        return self.pane.get_by_test_id(f"layercapture-{_dashed(key)}-problem")

    def plan(self, about: str) -> Locator:
        """What is said of the selected file: `layers`, `pictures`, `time` or `space`."""
        return self.pane.get_by_test_id(f"layercapture-plan-{about}")

    def handle(self, name: str) -> Locator:
        """A handle of the picture: `center`, `spacingx` or `spacingy`."""
        return self.pane.get_by_test_id(f"layercapture-handle-{name}")

    def preset(self, name: str) -> Locator:
        """The button of a ready-made grid: `1`, `3`, `5`, `bed` or `print`."""
        return self.pane.get_by_test_id(f"layercapture-preset-{name}")

    def jump(self, section: str) -> Locator:
        """The link to a section of the page, by its group of settings."""
        return self.pane.get_by_test_id(f"layercapture-jump-{section}")

    def type(self, **values: Any) -> None:
        """Fill in fields by key, with `__` for the dot: `type(grid__columns=5)`."""
        for key, value in values.items():
            self.field(key.replace("__", ".")).fill(str(value))

    def save(self) -> None:
        self.page.get_by_test_id("settings-save").click()
        expect(self.pane).to_be_hidden()

    def close(self) -> None:
        """Leave without saving."""
        self.page.get_by_test_id("settings-close-button").click()
        expect(self.pane).to_be_hidden()


class TabScreen:
    """The plugin's tab on OctoPrint's main page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.doing = page.get_by_test_id("layercapture-doing")
        self.progress = page.get_by_test_id("layercapture-progress")
        self.last = page.get_by_test_id("layercapture-last")
        self.switch = page.get_by_test_id("layercapture-switch")
        self.waits = page.get_by_test_id("layercapture-waits")
        self.next = page.get_by_test_id("layercapture-next-capture")
        self.outcomes = page.get_by_test_id("layercapture-outcomes").locator("li")
        self.totals = page.get_by_test_id("layercapture-totals")
        self.title = page.get_by_test_id("layercapture-board-title")
        self.cells = page.get_by_test_id("layercapture-cell")
        self.pictures = page.get_by_test_id("layercapture-board-picture")
        self.failures = page.get_by_test_id("layercapture-board-failures").locator("li")
        self.large = page.get_by_test_id("layercapture-large")
        self.ask = page.get_by_test_id("layercapture-next")
        self.skip = page.get_by_test_id("layercapture-skip")
        self.stop = page.get_by_test_id("layercapture-stop")
        self.welcome = page.get_by_test_id("layercapture-welcome")
        self.lost = page.get_by_test_id("layercapture-lost")

    def open(self) -> TabScreen:
        link = self.page.locator("#tab_plugin_layercapture_link a")
        if not link.is_visible():  # in the menu of tabs that do not fit
            self.page.locator("#tabs .tabdrop > a.dropdown-toggle").click()
        link.click()
        expect(self.doing).to_be_visible()
        return self


def _dashed(key: str) -> str:
    return key.replace(".", "-").replace("_", "-")
