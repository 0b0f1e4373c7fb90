"""What benches on a whole server share: the server, and a webcam for it."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import Any, Optional

from tests import environments
from tests.server.harness import OctoPrint


class Webcam:
    """A snapshot server that hands out one picture after the other.

    ``exposure`` is how long it takes for each, s.
    """

    def __init__(self, pictures: Sequence[bytes]) -> None:
        self.exposure = 0.0
        camera, numbers, never = self, count(), threading.Event()

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                body = pictures[next(numbers) % len(pictures)]
                never.wait(camera.exposure)
                self.send_response(200)
                self.send_header("Content-Type", "image/jpeg")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/snapshot.jpg"

    def __enter__(self) -> Webcam:
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def octoprint(
    version: str, base: Path, config: Optional[dict[str, Any]] = None
) -> Iterator[OctoPrint]:
    """A server of this version with the plugin, started."""
    program = environments.executable(version, "octoprint")
    server = OctoPrint(program, base, version, config=config)
    server.prepare()
    try:
        server.start()
        yield server
    finally:
        server.stop()
