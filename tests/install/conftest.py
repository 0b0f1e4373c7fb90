"""An OctoPrint without the plugin, in an environment that a test may change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import HOT
from tests.install.clone import Clone
from tests.packaging import building
from tests.server.harness import OctoPrint


@pytest.fixture
def clone(octoprint_version: str, tmp_path: Path) -> Iterator[Clone]:
    made = Clone(tmp_path / "environment", octoprint_version)
    assert made.ours() == []
    yield made
    made.remove()


@pytest.fixture
def bare(clone: Clone, octoprint_version: str, tmp_path: Path) -> Iterator[OctoPrint]:
    """The server, prepared and not yet started."""
    server = OctoPrint(clone.program, tmp_path / "base", octoprint_version, config=HOT)
    server.prepare()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with today's version as zip and wheel, and with the one before it."""
    folder = tmp_path_factory.mktemp("packages")
    source = building.clone(tmp_path_factory.mktemp("source"))
    building.archive(source, folder, "main.zip")
    building.wheel(source, folder)
    before = building.earlier(building.clone(tmp_path_factory.mktemp("before")))
    building.archive(before, folder, "before.zip")
    return folder
