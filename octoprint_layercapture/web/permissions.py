"""Who may see, and who may change, what the plugin does."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext
from octoprint.access import ADMIN_GROUP, USER_GROUP


def permissions() -> list[dict[str, Any]]:
    """The permissions as ``octoprint.access.permissions`` takes them."""
    return [
        {
            "key": "VIEW",
            "name": "View",
            "description": gettext(
                "See the state of captures, the cameras and the grid preview"
            ),
            "roles": ["view"],
            "default_groups": [USER_GROUP],
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
    ]
