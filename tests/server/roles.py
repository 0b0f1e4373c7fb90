"""People with more or fewer rights, and the ways they come to the server."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

import requests

from tests.server.harness import PASSWORD, USER, OctoPrint

# OctoPrint's own groups, by what they are called on its screens
GROUPS = {
    "stranger": [],
    "viewer": ["readonly"],
    "operator": ["users"],
    "admin": ["admins", "users"],
}
NOBODY = "nobody"
ROLES = (NOBODY, *GROUPS)

MAY = {
    NOBODY: set(),
    "stranger": set(),
    "viewer": {"VIEW"},
    "operator": {"VIEW", "CAPTURE", "MANAGE"},
    "admin": {"VIEW", "CAPTURE", "MANAGE"},
}


@dataclass(frozen=True)
class Person:
    """Somebody with an API key, or with none."""

    role: str
    key: str
    name: str = ""

    def may(self, permission: str, further: str = "") -> bool:
        """Whether they have a permission of ours, and one of OctoPrint's besides."""
        return permission in MAY[self.role] and (not further or self.role == "admin")


def people(octoprint: OctoPrint) -> dict[str, Person]:
    """One person for each role; their accounts are made on this server."""
    found = {NOBODY: Person(NOBODY, "")}
    for role, groups in GROUPS.items():
        name = f"{role}-{secrets.token_hex(4)}"
        account = {"name": name, "password": PASSWORD, "active": True, "admin": False}
        octoprint.post("/api/access/users", {**account, "groups": groups})
        key = octoprint.post(f"/api/access/users/{name}/apikey", {})["apikey"]
        found[role] = Person(role, key, name)
    return found


class Browser:
    """A browser with its cookies, of nobody or with the administrator's session."""

    def __init__(self, octoprint: OctoPrint, logged_in: bool = True) -> None:
        self._url = octoprint.url
        self._session = requests.Session()
        # any page of OctoPrint's brings the token along
        self._session.get(f"{self._url}/login/", timeout=60).raise_for_status()
        if logged_in:
            login = {"user": USER, "pass": PASSWORD, "remember": False}
            self.request("POST", "/api/login", self.token, login).raise_for_status()

    @property
    def token(self) -> str:
        """What OctoPrint's own pages send as X-CSRF-Token."""
        for cookie in self._session.cookies:
            if cookie.name.startswith("csrf_token"):
                return str(cookie.value)
        raise AssertionError("no CSRF cookie")

    def request(
        self, method: str, path: str, token: str = "", body: Any = None
    ) -> requests.Response:
        headers = {"X-CSRF-Token": token} if token else {}
        return self._session.request(
            method, self._url + path, headers=headers, json=body or {}, timeout=60
        )
