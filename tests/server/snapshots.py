"""A snapshot server on loopback that can misbehave like a real one."""

from __future__ import annotations

import base64
import io
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from PIL import Image, ImageDraw

HUGE = 50_000_000  # bytes


def picture(number: int, size: tuple[int, int] = (320, 240)) -> bytes:
    """A JPEG that is different for every number."""
    image = Image.new("RGB", size, ((number * 40) % 256, (number * 70) % 256, 90))
    ImageDraw.Draw(image).text((10, 10), f"snapshot {number}", fill="white")
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def promising(jpeg: bytes, side: int) -> bytes:
    """The picture with a header that says so many pixels to each side."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + 2 * side.to_bytes(2, "big") + jpeg[at + 4 :]


class SnapshotServer:
    """Answers every request with a picture, or in one of the other `mode`s.

    Modes: `good`; `missing` (404); `down` (500); `html` (200 with a page); `slow` (a
    picture that only comes once `release` is set, or the server closes); `drop` (hangs up
    without a word); `broken` (half a JPEG); `empty`; `denied` (401 without `user` and
    `password`); `plain` (a picture that calls itself text); `drip` (begins, and then a
    byte now and then); `huge` (50 MB); `bomb` (a header that promises 60,000 × 60,000
    pixels); `stream` (pictures without an end);
    `same` (always the same picture).

    `logins` holds the Authorization header of every request that had one.
    """

    user = "eye"
    password = "hunter2-behind-the-lens"

    def __init__(self) -> None:
        self.mode = "good"
        self.release = threading.Event()
        self.asked = threading.Event()
        self.hits = 0
        self.logins: list[str] = []
        self._lock = threading.Lock()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer._answer(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, name="snapshots", daemon=True
        )
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/snapshot.jpg"

    def _answer(self, request: BaseHTTPRequestHandler) -> None:
        with self._lock:
            self.hits += 1
            number = self.hits
            self.logins += request.headers.get_all("Authorization", [])
        self.asked.set()
        mode = self.mode
        if mode == "drop":
            request.close_connection = True
            return
        if mode == "slow":
            self.release.wait(60)
        if mode == "same":
            number = 0
        body, kind, status = picture(number), "image/jpeg", 200
        if mode == "missing":
            body, kind, status = b"not here", "text/plain", 404
        elif mode == "down":
            body, kind, status = b"broken inside", "text/plain", 500
        elif mode == "html":
            body, kind = b"<html><body>Log in first</body></html>", "text/html"
        elif mode == "broken":
            body = body[: len(body) // 2]
        elif mode == "empty":
            body = b""
        elif mode == "denied" and request.headers.get("Authorization") != self.login:
            body, kind, status = b"who are you?", "text/plain", 401
        elif mode == "plain":
            kind = "text/plain"
        elif mode == "huge":
            body += bytes(HUGE - len(body))
        elif mode == "bomb":
            body = promising(body, 60_000)
        try:
            if mode in ("drip", "stream"):
                self._go_on_and_on(request, body, mode)
                return
            request.send_response(status)
            request.send_header("Content-Type", kind)
            request.send_header("Content-Length", str(len(body)))
            request.end_headers()
            request.wfile.write(body)
        except ConnectionError:
            request.close_connection = True

    @property
    def login(self) -> str:
        """The header that opens a server that is `denied` to others."""
        pair = f"{self.user}:{self.password}".encode()
        return "Basic " + base64.b64encode(pair).decode()

    def _go_on_and_on(
        self, request: BaseHTTPRequestHandler, body: bytes, mode: str
    ) -> None:
        """An answer that only ends with the server, or with who asked."""
        part, more, kind = body[:100], b"x", "image/jpeg"
        if mode == "stream":
            part = more = b"--b\r\nContent-Type: image/jpeg\r\n\r\n" + body + b"\r\n"
            kind = "multipart/x-mixed-replace; boundary=b"
        request.send_response(200)
        request.send_header("Content-Type", kind)
        request.end_headers()
        request.wfile.write(part)
        while not self.release.wait(0.05):
            request.wfile.write(more)

    def close(self) -> None:
        self.release.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
