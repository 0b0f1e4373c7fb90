"""Where OctoPrint's Software Update finds newer versions."""

from __future__ import annotations

from typing import Any

OWNER = "example"
REPOSITORY = "OctoPrint-LayerCapture"
ARCHIVE = f"https://github.com/{OWNER}/{REPOSITORY}/archive/{{target_version}}.zip"


def check_config(identifier: str, name: str, version: str) -> dict[str, dict[str, Any]]:
    """What ``octoprint.plugin.softwareupdate.check_config`` answers: our releases."""
    return {
        identifier: {
            "displayName": name,
            "displayVersion": version,
            "type": "github_release",
            "user": OWNER,
            "repo": REPOSITORY,
            "current": version,
            "pip": ARCHIVE,
        }
    }
