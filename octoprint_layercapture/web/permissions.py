"""Who may see, and who may change, what the plugin does."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from octoprint.access import ADMIN_GROUP, READONLY_GROUP, USER_GROUP


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
                "Switch captures on and off, steer them, test cameras"
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
