"""A camera by its plain snapshot URL, on a real HTTP server on loopback."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from octoprint_layercapture.cameras import CameraError, Webcams
from octoprint_layercapture.cameras.webcams import Limits


@pytest.fixture
def server(jpeg):
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self):
            status, kind, body = {
                "/snapshot": (200, "image/jpeg", jpeg),
                "/page": (200, "text/html", b"<html>log in</html>"),
                "/stream": (200, "multipart/x-mixed-replace; boundary=b", b"--b\r\n"),
            }.get(self.path, (404, "text/plain", b"no"))
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    running = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    thread = threading.Thread(target=running.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{running.server_port}"
    running.shutdown()
    running.server_close()


def chosen(url, use=()):
    webcams = Webcams(
        listed=dict,
        preferred=lambda: None,
        limits=Limits(seconds=5, tries=1, pause=0.01),
    )
    return webcams.choose(use, url=url)


def test_the_picture_at_the_url_is_taken_as_it_is(server, jpeg, scene):
    (camera,), problems = chosen(f"{server}/snapshot")
    assert problems == []
    assert camera.snapshot(scene) == jpeg


@pytest.mark.parametrize("path", ["/page", "/nothing", "/stream"])
def test_anything_but_a_picture_is_refused_in_words(server, scene, path):
    (camera,), _ = chosen(server + path)
    with pytest.raises(CameraError) as refused:
        camera.snapshot(scene)
    assert "Snapshot URL" in str(refused.value)
    assert server not in str(refused.value)


def test_a_server_that_is_not_there_is_said(scene):
    (camera,), _ = chosen("http://127.0.0.1:9/")
    with pytest.raises(CameraError, match="cannot be reached"):
        camera.snapshot(scene)


def test_a_url_beside_a_missing_camera_is_still_used(server, jpeg, scene):
    (camera,), problems = chosen(f"{server}/snapshot", use=["gone"])
    assert len(problems) == 1
    assert camera.snapshot(scene) == jpeg
