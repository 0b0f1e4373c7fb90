"""What OctoPrint pushes to a browser, kept in order."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import websocket

from tests.server.waiting import NotReached


class Events:
    """OctoPrint's own events and the plugin's messages, from one socket.

    `address` is the server's `host:port`; `auth` is `user:session` of a login.
    """

    def __init__(self, address: str, auth: str) -> None:
        url = f"ws://{address}/sockjs/websocket"
        self._socket = websocket.create_connection(url, timeout=60)
        self._socket.send(json.dumps({"auth": auth}))
        self._socket.settimeout(None)
        self._seen: list[tuple[str, dict[str, Any]]] = []
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="events", daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while True:
            try:
                text = self._socket.recv()
            except (websocket.WebSocketException, OSError):
                return
            if not text:
                return
            found = [i for i in json.loads(text).items() if i[0] in ("event", "plugin")]
            with self._changed:
                self._seen.extend(found)
                self._changed.notify_all()

    def mark(self) -> int:
        with self._changed:
            return len(self._seen)

    def since(self, mark: int = 0) -> list[tuple[str, dict[str, Any]]]:
        with self._changed:
            return self._seen[mark:]

    def wait(
        self,
        wanted: Callable[[str, dict[str, Any]], bool],
        what: str,
        mark: int = 0,
        timeout: float = 60.0,
    ) -> dict[str, Any]:
        """The first message since `mark` for which `wanted(kind, data)` holds."""
        deadline = time.monotonic() + timeout
        with self._changed:
            while True:
                for kind, data in self._seen[mark:]:
                    if wanted(kind, data):
                        return data
                if not self._changed.wait(max(0.0, deadline - time.monotonic())):
                    raise NotReached(f"not within {timeout:g} s: {what}")

    def close(self) -> None:
        with contextlib.suppress(websocket.WebSocketException, OSError):
            self._socket.close()
