"""Passwords and tokens in the settings: they come in, and never go out again.

What the browser gets only says whether one is stored; what it sends back without one
means the stored one.
"""

from __future__ import annotations

from typing import Any

from .cameras import origin
from .config import Config

SECRETS = ("password", "token")
_ADDRESSES = ("url", "username")


def withheld(config: Config, *, addresses: bool = False) -> dict[str, Any]:
    """The settings as a browser may have them.

    Instead of ``cameras.password`` there is ``cameras.password_set``, and so for the
    token.

    Args:
        addresses: leave out the camera's URL and user name too; a URL may hold a token
    """
    tree: dict[str, Any] = config.model_dump(mode="json")
    cameras = tree["cameras"]
    for name in SECRETS:
        cameras[f"{name}_set"] = bool(cameras.pop(name))
    if addresses:
        cameras.update(dict.fromkeys(_ADDRESSES, ""))
    return tree


def kept(entered: Any) -> Any:
    """What to save of settings from a browser: without secrets that are empty."""
    if not isinstance(entered, dict) or not isinstance(entered.get("cameras"), dict):
        return entered
    cameras = {
        key: value
        for key, value in entered["cameras"].items()
        if key not in SECRETS or value not in (None, "")
    }
    return {**entered, "cameras": cameras}


def completed(entered: Any, stored: Config) -> Any:
    """Settings from a browser for a trial: with the stored secrets where it has none.

    Only for the server that they are stored for, so that nobody can send them elsewhere.
    """
    entered = kept(entered)
    if not isinstance(entered, dict) or not isinstance(entered.get("cameras"), dict):
        return entered
    cameras, known = entered["cameras"], stored.cameras
    try:
        at_home = origin(str(cameras.get("url", known.url))) == origin(known.url)
    except ValueError:
        at_home = False
    if not at_home:
        return entered
    secrets = {name: getattr(known, name) for name in SECRETS}
    return {**entered, "cameras": {**secrets, **cameras}}
