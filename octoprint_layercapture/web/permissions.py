"""Who may see, and who may change, what the plugin does."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP
from octoprint.access.permissions import Permissions

from ..events import PREFIX

_PLUGIN = "layercapture"


def permissions() -> list[dict[str, Any]]:
    """The permissions as ``octoprint.access.permissions`` takes them."""
    return [
        {
            "key": "VIEW",
            "name": "View",
            "description": gettext(
                "See the state of captures, cameras, the grid preview, prints and "
                "pictures, and download them"
            ),
            "roles": ["view"],
            "default_groups": [READONLY_GROUP, USER_GROUP],
        },
        {
            "key": "CAPTURE",
            "name": "Capture",
            "description": gettext(
                "Switch captures on and off, steer them, test cameras, make test "
                "captures and videos"
            ),
            "roles": ["capture"],
            "default_groups": [USER_GROUP, ADMIN_GROUP],
        },
        {
            "key": "MANAGE",
            "name": "Manage",
            "description": gettext("Delete prints and pictures"),
            "roles": ["manage"],
            "default_groups": [USER_GROUP, ADMIN_GROUP],
        },
    ]


def may_hear(
    socket: Any, user: Any, message: str, payload: Any, *_: Any, **__: Any
) -> bool:
    """Whether somebody's browser gets a message; ours go to those who may view.

    Handler of OctoPrint's hook ``octoprint.server.sockjs.emit``.
    """
    if not isinstance(payload, dict):
        return True
    if message == "plugin":
        ours = payload.get("plugin") == _PLUGIN
    else:
        ours = message == "event" and str(payload.get("type")).startswith(PREFIX)
    if not ours:
        return True
    return bool(user and user.has_permission(Permissions.PLUGIN_LAYERCAPTURE_VIEW))
