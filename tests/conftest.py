"""Fixtures that hand a test a real OctoPrint, with the plugin installed as a user would.

`octoprint` is parametrised over the OctoPrint versions; a test that wants one of them
says `@pytest.mark.parametrize("octoprint_version", [PRIMARY], indirect=True)`.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from typing import Any

import pytest

from tests import environments
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer

# A hotend that is never cold: no print waits for it to be heated.
HOT = {"plugins": {"virtual_printer": {"ambientTemperature": 210}}}


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Tests of one folder that share a server also share a worker."""
    from tests.sharing import Sharing

    return Sharing(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say why tests were run again: what passes in the end is only named otherwise."""
    for report in terminalreporter.stats.get("rerun", ()):
        terminalreporter.write_sep("_", f"run again: {report.nodeid}")
        terminalreporter.write_line(report.longreprtext)


@pytest.fixture(scope="session", params=environments.OCTOPRINTS)
def octoprint_version(request: pytest.FixtureRequest) -> str:
    version: str = request.param
    return version


@pytest.fixture(scope="session")
def octoprint_server(
    octoprint_version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OctoPrint]:
    """A running server, connected to its virtual printer, for the whole session."""
    environments.ensure([octoprint_version])
    program = environments.executable(octoprint_version, "octoprint")
    base = tmp_path_factory.mktemp(f"octoprint-{octoprint_version}")
    server = OctoPrint(program, base, octoprint_version, config=HOT)
    server.prepare()
    try:
        server.start()
        server.connect()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def default_settings(octoprint_server: OctoPrint) -> dict[str, Any]:
    """The plugin's settings before anything changed them."""
    return octoprint_server.settings()


class LogWatch:
    """What the server's log may hold at the end of a test beyond plain information."""

    def __init__(self) -> None:
        self.expected: list[str] = []

    def expect(self, pattern: str) -> None:
        """Allow complaints of the log in which this regular expression is found."""
        self.expected.append(pattern)

    def unexpected(self, complaints: list[Any]) -> list[str]:
        texts = [str(record) for record in complaints]
        return [t for t in texts if not any(re.search(p, t) for p in self.expected)]


@pytest.fixture
def log() -> LogWatch:
    return LogWatch()


@pytest.fixture
def octoprint(
    octoprint_server: OctoPrint, default_settings: dict[str, Any], log: LogWatch
) -> Iterator[OctoPrint]:
    """An idle, connected server: default settings, no webcam, nothing captured yet.

    After the test its log must hold no error, no traceback and no warning of the plugin
    beyond those the test told `log` to expect.
    """
    server = octoprint_server
    server.settle()
    server.restore(default_settings)
    shutil.rmtree(server.uploads / "layercapture", ignore_errors=True)
    since = server.log.mark()
    yield server
    server.settle()
    assert log.unexpected(server.log.complaints(since)) == []


@pytest.fixture
def camera(octoprint: OctoPrint) -> Iterator[SnapshotServer]:
    """A snapshot server that OctoPrint's own webcam points to."""
    server = SnapshotServer()
    octoprint.use_webcam(server.url)
    yield server
    server.close()
