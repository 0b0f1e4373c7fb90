"""The settings as they may leave the printer: in records, exports, bug reports."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from .config import Config

_SECRET = ("username", "password", "token")


def shareable(config: Config) -> dict[str, Any]:
    """The settings as a record may carry them: without secrets, also those in URLs."""
    tree: dict[str, Any] = config.model_dump(mode="json")
    cameras = tree["cameras"]
    for key in _SECRET:
        cameras.pop(key, None)
    cameras["url"] = _without_credentials(cameras["url"])
    return tree


def _without_credentials(url: str) -> str:
    """Scheme, host, port and path: user names and queries may hold secrets."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", "")) if host else ""
