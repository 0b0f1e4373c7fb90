"""The camera that docs/architecture.md shows: one file, and nothing of ours touched."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from tests import environments
from tests.conftest import HOT
from tests.server import captured, jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint

PAGE = environments.ROOT / "docs" / "architecture.md"
SHOWN = "/tmp/newest.jpg"


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    """What the other program has written."""
    file = tmp_path / "newest.jpg"
    content = BytesIO()
    Image.new("RGB", (320, 240), (20, 120, 60)).save(content, "JPEG")
    file.write_bytes(content.getvalue())
    return file


@pytest.fixture
def octoprint(
    octoprint_version: str, tmp_path: Path, picture: Path
) -> Iterator[OctoPrint]:
    """A server with the page's camera in its `plugins` folder."""
    environments.ensure([octoprint_version])
    program = environments.executable(octoprint_version, "octoprint")
    server = OctoPrint(program, tmp_path / "base", octoprint_version, config=HOT)
    server.prepare()
    (code,) = re.findall(r"(?ms)^```python\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))
    assert SHOWN in code
    (server.base / "plugins").mkdir()
    camera = server.base / "plugins" / "picture_file.py"
    camera.write_text(code.replace(SHOWN, str(picture)), encoding="utf-8")
    try:
        server.start()
        server.connect()
        yield server
    finally:
        server.stop()


def test_a_provider_of_one_file_is_listed_and_captured_with(
    octoprint: OctoPrint, picture: Path
) -> None:
    listed = octoprint.get("/plugin/layercapture/cameras")["cameras"]
    (ours,) = [camera for camera in listed if camera["name"] == "file"]
    assert (ours["title"], ours["can_snapshot"]) == ("Picture file", True)
    cameras = {**FAST["cameras"], "use": ["file"], "settling": "fixed"}
    octoprint.configure(**{**FAST, "cameras": cameras}, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(layers=2))
    captured.check_whole(octoprint)
    (capture,) = captured.metadata(octoprint).values()
    assert [image["camera"] for image in capture["images"]] == ["file", "file"]
    with Image.open(captured.on_disk(octoprint, capture["images"][0])) as kept:
        assert kept.size == (320, 240)
    assert octoprint.log.complaints() == []
