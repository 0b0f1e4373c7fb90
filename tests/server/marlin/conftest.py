"""An OctoPrint that prints on the model of a Marlin printer, through a serial port.

`octoprint`, `camera` and `log` are used as in the tests beside; `marlin` is the printer.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from typing import Any, Callable

import pytest

from tests import environments
from tests.conftest import LogWatch
from tests.printers.marlin_pty import MarlinPty
from tests.server.harness import OctoPrint, merge
from tests.server.snapshots import SnapshotServer

SPEED = 20.0  # how much faster than a real one the printer is


@pytest.fixture(scope="session")
def marlin(
    octoprint_version: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MarlinPty]:
    folder = tmp_path_factory.mktemp(f"marlin-{octoprint_version}")
    with MarlinPty(folder / "printer", SPEED) as printer:
        yield printer


@pytest.fixture(scope="session")
def marlin_server(
    octoprint_version: str, marlin: MarlinPty, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OctoPrint]:
    """A running server that knows the printer's port."""
    environments.ensure([octoprint_version])
    port = [str(marlin.port)]
    server = OctoPrint(
        environments.executable(octoprint_version, "octoprint"),
        tmp_path_factory.mktemp(f"octoprint-marlin-{octoprint_version}"),
        octoprint_version,
        config=merge(
            {"serial": {"additionalPorts": port}},
            {"plugins": {"serial_connector": {"additionalPorts": port}}},
        ),
    )
    server.prepare()
    try:
        server.start()
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def default_settings(marlin_server: OctoPrint) -> dict[str, Any]:
    return marlin_server.settings()


@pytest.fixture(scope="module", autouse=True)
def silence(marlin_server: OctoPrint) -> Iterator[None]:
    """No connection while others test: at that speed it keeps a processor busy."""
    yield
    if marlin_server.process is not None:
        if marlin_server.state().startswith("Operational"):
            marlin_server.disconnect()


@pytest.fixture
def octoprint(
    marlin_server: OctoPrint,
    marlin: MarlinPty,
    default_settings: dict[str, Any],
    log: LogWatch,
) -> Iterator[OctoPrint]:
    """Idle and connected to a printer without faults; the log is looked at in the end."""
    server = marlin_server
    settle(server, marlin)
    server.restore(default_settings)
    shutil.rmtree(server.uploads / "layercapture", ignore_errors=True)
    since = server.log.mark()
    yield server
    settle(server, marlin)
    assert log.unexpected(server.log.complaints(since)) == []


class Camera(SnapshotServer):
    """The snapshot server, with something to do at each request."""

    def __init__(self) -> None:
        self.on_request: Callable[[], object] = lambda: None
        super().__init__()

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        self.on_request()
        super()._answer(request)


@pytest.fixture
def camera(octoprint: OctoPrint) -> Iterator[Camera]:
    server = Camera()
    octoprint.use_webcam(server.url)
    yield server
    server.close()


def settle(server: OctoPrint, marlin: MarlinPty) -> None:
    """End whatever is under way, and connect where there is no connection."""
    if server.process is None:
        server.start()
    marlin.calm()
    if server.state().startswith(("Printing", "Paus", "Resum", "Start", "Finish")):
        server.cancel()
        server.wait_for_state("Operational", "Offline", "Closed", "Error")
    if not server.state().startswith(("Operational", "Cancel")):
        server.connect(str(marlin.port))
    server.wait_for_state("Operational")
    marlin.forget()
