"""The pictures and metadata that a print left in OctoPrint's uploads."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from PIL import Image

from tests.server.harness import OctoPrint
from tests.server.waiting import wait_until

# Fast, so that a print takes seconds; what is tested does not depend on it.
FAST: dict[str, dict[str, Any]] = {
    "motion": {"travel_speed": 1000, "z_speed": 200, "retract_speed": 200},
    "cameras": {"delay": 0},
    "layers": {"interval": 2},
}
SMALL_GRID = {"columns": 2, "rows": 1}


def folder(octoprint: OctoPrint) -> Path:
    return octoprint.uploads / "layercapture"


def pictures(octoprint: OctoPrint) -> list[Path]:
    return sorted(folder(octoprint).rglob("*.jpg"))


def metadata(octoprint: OctoPrint) -> dict[int, dict[str, Any]]:
    """The metadata by layer; fails where two files tell of one layer."""
    found: dict[int, dict[str, Any]] = {}
    for path in sorted(folder(octoprint).rglob("layer_*.json")):
        data = json.loads(path.read_text(encoding="utf-8"))
        assert data["layer"] not in found, path
        found[data["layer"]] = data
    return found


def leftovers(octoprint: OctoPrint) -> list[Path]:
    """Temporary files that were never given their name."""
    return sorted(folder(octoprint).rglob(".*"))


def on_disk(octoprint: OctoPrint, image: dict[str, Any]) -> Path:
    """Where the picture lies that an entry of `images` names."""
    path = image["path"]
    assert path.startswith("/uploads/layercapture/"), path
    return octoprint.uploads / path[len("/uploads/") :]


def check_whole(octoprint: OctoPrint) -> None:
    """Every picture is a whole JPEG, and the metadata names just those there are."""
    images = [i for data in metadata(octoprint).values() for i in data["images"]]
    named = sorted(on_disk(octoprint, image) for image in images)
    assert named == pictures(octoprint)
    for path in named:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "JPEG"
    # the print's own record may be written a moment later than its last picture
    wait_until(lambda: not leftovers(octoprint), "no temporary file is left")
