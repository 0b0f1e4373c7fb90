"""A test camera as a web server: a film shown in real time at a snapshot URL."""

from __future__ import annotations

import re
import threading
import time
from datetime import datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.cameras.film import Film, Place
from tests.server.motion import Printer


class FilmServer:
    """Hands out what ``film`` has, by the machine's own time (s since the epoch)."""

    def __init__(self, film: Film) -> None:
        self.film = film
        self.hits = 0
        self._lock = threading.Lock()
        self._closed = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="film", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/snapshot.jpg"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.hits += 1
            ready, body = self.film.fetch(time.time())
        self._closed.wait(max(0.0, ready - time.time()))
        try:
            request.send_response(200)
            request.send_header("Content-Type", "image/jpeg")
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except ConnectionError:
            request.close_connection = True

    def close(self) -> None:
        self._closed.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class LoggedHead:
    """Where a virtual printer's head is, by what OctoPrint's serial.log says went out.

    The log is read on while it grows: what happened in the last moments is not in it yet.
    """

    _LINE = re.compile(
        r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}) - (?:Send:|>>>) (?:N\d+ )?([^*]*)"
    )

    def __init__(self, log: Path) -> None:
        self._log = log
        self._offset = 0
        self._printer = Printer()
        self._places: list[tuple[float, Place]] = [(0.0, (0.0, 0.0))]

    def at(self, when: float) -> Place:
        """The place at ``when``, s since the epoch."""
        self._read()
        for since, place in reversed(self._places):
            if since <= when:
                return place
        return self._places[0][1]

    def _read(self) -> None:
        if self._log.stat().st_size < self._offset:
            self._offset = 0  # rolled over
        with open(self._log, "rb") as file:
            file.seek(self._offset)
            whole, end, _ = file.read().rpartition(b"\n")
        self._offset += len(whole) + len(end)
        for line in whole.decode("utf-8", "replace").splitlines():
            found = self._LINE.match(line)
            if found is None:
                continue
            self._printer.take(found.group(2).strip())
            x, y, _ = self._printer.xyz()
            if (x, y) != self._places[-1][1]:
                sent = datetime.strptime(found.group(1), "%Y-%m-%d %H:%M:%S,%f")
                self._places.append((sent.timestamp(), (x, y)))
