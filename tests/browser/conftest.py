"""A headless Chromium, logged in to the OctoPrint under test."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Generator, Iterator
from typing import Any

import pytest
from playwright.sync_api import (
    Browser,
    Page,
    WebSocketRoute,
    expect,
)

from tests.browser.chromium import headless, log_in
from tests.browser.profiles import Profiles
from tests.browser.screens import load
from tests.server.harness import OctoPrint

DESKTOP = {"width": 1280, "height": 900}
HIDDEN = "plugin.layercapture.trial.hidden"  # what a browser remembers of test captures

expect.set_options(timeout=60_000)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with headless() as browser:
        yield browser


@pytest.fixture(scope="session")
def login(chromium: Browser, octoprint_server: OctoPrint) -> Any:
    """The browser's state after the administrator has logged in by the form."""
    context = chromium.new_context(viewport=DESKTOP)
    page = context.new_page()
    log_in(page, octoprint_server.url)
    state = context.storage_state()
    context.close()
    return state


class Console:
    """What the pages under test wrote to their consoles."""

    def __init__(self) -> None:
        self.errors: list[str] = []
        self.expected: list[str] = []

    def watch(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on(
            "console",
            lambda message: (
                message.type == "error"
                and self.errors.append(
                    f"{message.text} {message.location.get('url', '')}"
                )
            ),
        )

    def expect(self, pattern: str) -> None:
        """Allow errors in which this regular expression is found."""
        self.expected.append(pattern)

    def unexpected(self) -> list[str]:
        return [e for e in self.errors if not any(re.search(p, e) for p in self.expected)]


@pytest.fixture
def console() -> Console:
    return Console()


def hide_trial(number: str) -> str:
    """A script by which somebody has put another test's capture away, as `Hide` does."""
    key, value = json.dumps(HIDDEN), json.dumps(json.dumps({"id": number}))
    return f"localStorage.getItem({key}) || localStorage.setItem({key}, {value})"


@pytest.fixture(scope="session")
def profiles(
    chromium: Browser, login: Any, octoprint_server: OctoPrint
) -> Iterator[Profiles]:
    made = Profiles(chromium, octoprint_server.url, login)
    yield made
    made.close()


FAILED = pytest.StashKey[bool]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


@pytest.fixture
def open_page(
    request: pytest.FixtureRequest,
    profiles: Profiles,
    octoprint: OctoPrint,
    console: Console,
) -> Iterator[OpenPage]:
    """Opens OctoPrint's page in a browser of its own: size, language as one wishes.

    `websockets` gets the page's push connections to handle. At the end of the test no
    console may hold an error.
    """

    def open_it(
        viewport: Any = DESKTOP,
        language: str = "en",
        websockets: Callable[[WebSocketRoute], None] | None = None,
    ) -> Page:
        page = profiles.new_page(viewport)
        earlier = octoprint.get("/plugin/layercapture/trial")["id"]
        if earlier:
            page.add_init_script(hide_trial(earlier))
        console.watch(page)
        if websockets is not None:
            page.route_web_socket(re.compile("/sockjs/"), websockets)
        load(page, f"{octoprint.url}/?l10n={language}")
        return page

    yield open_it
    profiles.put_back(whole=not request.node.stash.get(FAILED, False))
    assert console.unexpected() == []


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()
