from __future__ import annotations

import io
import logging
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace

import pytest
from octoprint.plugins.classicwebcam import ClassicWebcamPlugin
from octoprint.schema.webcam import Webcam
from PIL import Image

from octoprint_layercapture.cameras import Scene, WebcamCamera
from octoprint_layercapture.cameras.webcam import Limits
from octoprint_layercapture.cameras.worker import Worker


def jpeg_of(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **{"quality": 95, **options})
    return out.getvalue()


@pytest.fixture
def encode():
    return jpeg_of


@pytest.fixture(scope="session")
def jpeg():
    """A picture with some detail, some 20 kB."""
    return jpeg_of(Image.effect_mandelbrot((320, 240), (-2, -1.5, 1, 1.5), 50))


@pytest.fixture
def scene():
    return Scene(
        layer=10,
        z=2.0,
        height=0.2,
        x=100,
        y=100,
        index=4,
        time=1733063422,
        bed=(0, 0, 200, 200),
    )


class Provider:
    """A plugin that provides webcams: what it is to answer is handed in, in turn."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = []

    def take_webcam_snapshot(self, name):
        self.asked.append(name)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


@pytest.fixture
def new_provider():
    return Provider


@pytest.fixture
def provided():
    """One of OctoPrint's ``ProvidedWebcam``, as far as its documentation goes."""

    def new(provider, name="classic", **config):
        config = {
            "displayName": "Classic Webcam",
            "canSnapshot": True,
            "snapshotDisplay": "",
            **config,
        }
        return SimpleNamespace(
            config=Webcam(name=name, **config),
            providerIdentifier="classicwebcam",
            providerPlugin=provider,
        )

    return new


@pytest.fixture
def new_camera(provided):
    def new(provider, *, quality=95, limits=None, **config):
        limits = limits or Limits(seconds=20, tries=3, pause=0)
        webcam = provided(provider, **config)
        worker = Worker(webcam.config.displayName)
        return WebcamCamera(webcam, worker, quality=quality, limits=limits)

    return new


class Settings(dict):
    def get(self, path):
        return self[path[0]]

    get_int = get_boolean = get


class SnapshotServer:
    """A camera's web server on loopback; ``routes`` maps paths to what handles them.

    ``asked`` holds the path and the headers of every request.
    """

    def __init__(self, certificate=None):
        self.routes = {}
        self.asked = []
        self._scheme = "https" if certificate else "http"
        self.released = threading.Event()
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                camera.asked.append((self.path, dict(self.headers)))
                try:
                    camera.routes[self.path](self)
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True

            def log_message(self, *args):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self._server.socket = context.wrap_socket(self._server.socket, True)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.02,), daemon=True
        )
        self._thread.start()

    def url(self, path):
        return f"{self._scheme}://127.0.0.1:{self._server.server_port}{path}"

    def serve(self, path, body=b"", *, status=200, kind="image/jpeg", length=None):
        def handle(request):
            request.send_response(status)
            request.send_header("Content-Type", kind)
            size = len(body) if length is None else length
            request.send_header("Content-Length", str(size))
            request.end_headers()
            request.wfile.write(body)

        self.routes[path] = handle

    def serve_endless(self, path, chunk, kind):
        def handle(request):
            request.send_response(200)
            request.send_header("Content-Type", kind)
            request.end_headers()
            while not self.released.is_set():
                request.wfile.write(chunk)

        self.routes[path] = handle

    def serve_drip(self, path, start):
        """``start``, and then a byte now and then, without an end."""

        def handle(request):
            request.send_response(200)
            request.end_headers()
            request.wfile.write(start)
            while not self.released.wait(0.02):
                request.wfile.write(b"x")

        self.routes[path] = handle

    def serve_redirect(self, path, to):
        def handle(request):
            request.send_response(302)
            request.send_header("Location", to)
            request.send_header("Content-Length", "0")
            request.end_headers()

        self.routes[path] = handle

    def serve_nothing(self, path):
        self.routes[path] = lambda request: self.released.wait(20)

    def close(self):
        self.released.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server():
    server = SnapshotServer()
    yield server
    server.close()


@pytest.fixture
def other_server():
    server = SnapshotServer()
    yield server
    server.close()


@pytest.fixture
def secure_server():
    """Speaks TLS with a certificate that nobody trusts."""
    server = SnapshotServer(Path(__file__).with_name("self_signed.pem"))
    yield server
    server.close()


@pytest.fixture
def classic(server):
    """OctoPrint's own webcam plugin, pointed at a path of the server."""

    def plugin(path="/snapshot", *, url=None, timeout=5):
        classic = ClassicWebcamPlugin()
        classic._logger = logging.getLogger("classicwebcam")
        classic._settings = Settings(
            snapshot=url or server.url(path),
            snapshotAuth="none",
            snapshotTimeout=timeout,
            snapshotSslValidation=True,
        )
        return classic

    return plugin
