"""Addresses of cameras as people enter them."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote, urlsplit

_USERINFO = re.compile(r"(\s*https?://)([^/?#]*)@(.*)", re.DOTALL)


def login_apart(given: Any) -> Any:
    """The settings of cameras with the login taken out of their URL.

    User and password of ``http://user:password@camera/`` get into their own settings.
    Doing it again changes nothing.
    """
    if not isinstance(given, dict):
        return given
    found = _USERINFO.fullmatch(str(given.get("url") or ""))
    if found is not None:
        user, _, password = found.group(2).partition(":")
        given = {**given, "url": found.group(1) + found.group(3)}
        given["username"] = unquote(user)
        if password:
            given["password"] = unquote(password)
        if given.get("auth") != "digest":
            given["auth"] = "basic"
    if str(given.get("auth", "none")).strip() == "none":
        given = {**given, "password": "", "token": ""}
    return given


def is_address(url: str) -> bool:
    """Whether there is a host in it, and a port that can be, if any."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and parts.port != 0
    except ValueError:
        return False
