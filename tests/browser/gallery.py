"""The gallery as a user handles it: its list of prints, and one print that is open."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, Request, expect

from tests.browser.screens import TabScreen
from tests.server.harness import OctoPrint

BASE = "/plugin/layercapture"
SLOW = 60_000  # ms, for what a slow machine takes long to show


def shelf_of(octoprint: OctoPrint) -> Path:
    """Where this server keeps its prints."""
    return octoprint.uploads / "layercapture"


class Gallery:
    """The pane with the pictures, in the plugin's tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.asked: list[str] = []
        page.on("request", self._note)
        self.pane = page.get_by_test_id("layercapture-gallery")
        self.cards = page.get_by_test_id("layercapture-card")
        self.empty = page.get_by_test_id("layercapture-empty")
        self.print = page.get_by_test_id("layercapture-print")
        self.cells = page.get_by_test_id("layercapture-map-cell")
        self.viewer = page.get_by_test_id("layercapture-viewer")
        self.confirm = page.get_by_test_id("layercapture-confirm")

    def _note(self, request: Request) -> None:
        self.asked.append(f"{request.method} {request.url}")

    def show(self) -> Gallery:
        """Go to the tab, and there to the pictures."""
        TabScreen(self.page).open()
        self.part("pane-gallery").click()
        there = self.cards.or_(self.empty).locator("visible=true")
        expect(there.first).to_be_visible(timeout=SLOW)
        return self

    def part(self, name: str) -> Locator:
        return self.page.get_by_test_id(f"layercapture-{name}")

    def card(self, name: str) -> Locator:
        """The card of the print with exactly this name."""
        title = self.part("card-name").get_by_text(name, exact=True)
        return self.cards.filter(has=title)

    def open(self, name: str) -> Gallery:
        """Open a print, and wait for its picture."""
        self.card(name).get_by_test_id("layercapture-open").click()
        expect(self.part("print-name")).to_have_text(name)
        self.expect_picture()
        return self

    def expect_picture(self, name: str = "layer_") -> None:
        """Wait until the picture whose file's name begins so is on the stage."""
        picture = self.part("stage").locator("img")
        expect(picture).to_have_attribute("src", _ends(name), timeout=SLOW)

    def expect_covers(self, count: int) -> None:
        """Wait until that many covers are there: none is asked for after that."""
        self.page.wait_for_function(
            """count => {
                const images = [...document.querySelectorAll(".layercapture-cover img")];
                return images.length === count && images.every(i => i.naturalWidth);
            }""",
            arg=count,
            timeout=SLOW,
        )

    def expect_layer(self, layer: int) -> None:
        expect(self.part("caption")).to_contain_text(f"Layer {layer} of", timeout=SLOW)

    def cell(self, index: int) -> Locator:
        return self.page.locator(
            f'[data-test-id="layercapture-map-cell"][data-index="{index}"]'
        )

    def agree(self) -> None:
        self.confirm.get_by_test_id("layercapture-agree").click()

    def asked_for(self, part: str) -> list[str]:
        """The requests so far whose address has this in it."""
        return [each for each in self.asked if part in each]

    def counts(self) -> dict[str, Any]:
        """How many picture elements the page has, and how many are in the gallery."""
        found: dict[str, Any] = self.page.evaluate(
            """() => ({
                page: document.querySelectorAll("img").length,
                gallery: document.querySelectorAll("#layercapture_gallery img").length,
            })"""
        )
        return found


def _ends(name: str) -> re.Pattern[str]:
    return re.compile(rf"/{name}[^/]*$")
