"""Browser profiles that one test after the other uses, each time as if they were new.

In a new one all of OctoPrint's scripts are compiled first, which takes longer than many
a test.
"""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Browser, CDPSession, Page

BLANK = "/online.txt"  # a page of the server that does nothing


class Profile:
    """A profile with the administrator's login, and nothing else that is remembered."""

    def __init__(self, browser: Browser, url: str, login: Any) -> None:
        self._url = url
        self._login = login
        self._context = browser.new_context()
        # as long as it is open, the process stays that has the scripts
        self._keeper = self._context.new_page()
        self._keeper.goto(url + BLANK)
        self._control: CDPSession = self._context.new_cdp_session(self._keeper)

    def new_page(self, viewport: Any) -> Page:
        self._forget()
        self._context.add_cookies(self._login["cookies"])
        for origin in self._login["origins"]:
            for item in origin["localStorage"]:
                self._keeper.evaluate(
                    "({name, value}) => localStorage.setItem(name, value)", item
                )
        page = self._context.new_page()
        page.set_viewport_size(viewport)
        return page

    def _forget(self) -> None:
        self._context.set_offline(False)
        self._context.clear_cookies()
        everything = {"origin": self._url, "storageTypes": "all"}
        self._control.send("Storage.clearDataForOrigin", everything)
        self._control.send("Network.clearBrowserCache")

    def leave(self) -> None:
        for page in self._context.pages:
            if page is not self._keeper:
                page.close()

    def close(self) -> None:
        self._context.close()


class Profiles:
    """The profiles of one server; `login` is the state of a browser that is logged in."""

    def __init__(self, browser: Browser, url: str, login: Any) -> None:
        self._browser = browser
        self._url = url
        self._login = login
        self._free: list[Profile] = []
        self._used: list[Profile] = []

    def new_page(self, viewport: Any) -> Page:
        """A page in a profile that shares nothing with the others in use."""
        if not self._free:
            self._free.append(Profile(self._browser, self._url, self._login))
        self._used.append(self._free.pop())
        return self._used[-1].new_page(viewport)

    def put_back(self, whole: bool) -> None:
        """Closes all pages; where something failed the profiles are not used again."""
        for profile in self._used:
            if whole:
                profile.leave()
                self._free.append(profile)
            else:
                profile.close()
        self._used.clear()

    def close(self) -> None:
        self.put_back(whole=False)
        for profile in self._free:
            profile.close()
