"""Debian's Chromium without a window, driven by Playwright."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, Page, sync_playwright

from tests import environments
from tests.server.harness import PASSWORD, USER

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"),
    *("--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
    # a page of the same site then finds the scripts compiled
    "--process-per-site",
)


@contextmanager
def headless() -> Iterator[Browser]:
    """A browser that finds elements by OctoPrint's ``data-test-id``."""
    program = environments.chromium()
    assert program is not None, "no Chromium on this system"
    with sync_playwright() as playwright:
        playwright.selectors.set_test_id_attribute("data-test-id")
        browser = playwright.chromium.launch(executable_path=program, args=list(FLAGS))
        yield browser
        browser.close()


def log_in(page: Page, url: str, user: str = USER) -> None:
    """As the administrator or somebody else with the same password, by the form."""
    page.goto(url)
    page.get_by_test_id("login-username").first.fill(user)
    page.get_by_test_id("login-password").first.fill(PASSWORD)
    page.get_by_test_id("login-submit").first.click()
    page.get_by_test_id("settings-open").wait_for(state="attached", timeout=60_000)
