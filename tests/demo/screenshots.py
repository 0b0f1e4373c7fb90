"""Take the pictures of the docs from a running demo.

Run by `make screenshots` while `make demo` stays up in another terminal; prints the
sample once more to show a capture under way.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path

import requests
from playwright.sync_api import Page, ViewportSize, expect

from tests import environments
from tests.browser.chromium import headless, log_in
from tests.browser.screens import SettingsScreen, TabScreen, load
from tests.demo.demo import SAMPLE

IMAGES = environments.ROOT / "docs" / "images"
WINDOW = ViewportSize(width=1280, height=900)


def settings(page: Page, folder: Path) -> None:
    screen = SettingsScreen(page).open()
    expect(screen.picture).to_be_visible()
    page.screenshot(path=folder / "settings.png")
    screen.close()


def capture(page: Page, folder: Path) -> None:
    tab = TabScreen(page).open()
    page.evaluate("name => OctoPrint.files.select('local', name, true)", SAMPLE.name)
    halfway = re.compile("layer 15: [4-8] of 9")
    expect(tab.doing).to_contain_text(halfway, timeout=120_000)
    page.locator("#tab_plugin_layercapture").scroll_into_view_if_needed()
    page.screenshot(path=folder / "tab.png")


def gallery(page: Page, folder: Path) -> None:
    """The newest print, which is done by now, in the middle of the grid."""
    expect(page.get_by_test_id("layercapture-doing")).to_contain_text(
        "Ready", timeout=300_000
    )
    page.get_by_test_id("layercapture-pane-gallery").click()
    page.get_by_test_id("layercapture-open").first.click()
    shown = page.get_by_test_id("layercapture-stage").locator("img").first
    expect(shown).to_be_visible(timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.locator("#tab_plugin_layercapture").scroll_into_view_if_needed()
    page.screenshot(path=folder / "gallery.png")


def picture(folder: Path) -> None:
    """The newest picture of layer 15 in the middle of the grid."""
    found = sorted(
        (environments.ROOT / ".demo").rglob("layer_0015_pos_04_*.jpg"),
        key=lambda path: path.stat().st_mtime,
    )
    (folder / "picture.jpg").write_bytes(found[-1].read_bytes())


def main() -> int:
    parser = argparse.ArgumentParser(description="Take pictures of a running demo.")
    parser.add_argument("--port", type=int, default=5000)
    url = f"http://127.0.0.1:{parser.parse_args().port}/"
    try:
        requests.get(url, timeout=5)
    except requests.RequestException:
        print(f"No demo answers at {url}: start one with make demo", file=sys.stderr)
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with headless() as browser:
        page = browser.new_page(viewport=WINDOW)
        log_in(page, url)
        load(page, url)
        settings(page, IMAGES)
        capture(page, IMAGES)
        gallery(page, IMAGES)
    picture(IMAGES)
    print(f"The pictures are in {IMAGES.relative_to(environments.ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
