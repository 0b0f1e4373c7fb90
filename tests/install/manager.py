"""OctoPrint's Plugin Manager, used as its dialog uses it."""

from __future__ import annotations

import contextlib
import functools
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.server.harness import PLUGIN, OctoPrint

INSTALLING = 600.0  # s, with the build tools fetched on a slow machine


class PluginManager:
    """Installs, switches and uninstalls the plugin of a running server."""

    def __init__(self, octoprint: OctoPrint) -> None:
        self.octoprint = octoprint

    def plugin(self) -> dict[str, Any] | None:
        """What the list of plugins says of ours, or None."""
        listed = self.octoprint.get("/plugin/pluginmanager/plugins")["plugins"]
        return next((each for each in listed if each["key"] == PLUGIN), None)

    def install_url(self, url: str) -> dict[str, Any]:
        mark = self._mark()
        self._command("install", url=url)
        return self._result("install", mark)

    def install_file(self, file: Path) -> dict[str, Any]:
        mark = self._mark()
        with open(file, "rb") as content:
            answer = self.octoprint.request(
                "POST",
                "/plugin/pluginmanager/upload_file",
                files={"file": (file.name, content)},
            )
        answer.raise_for_status()
        return self._result("install", mark)

    def switch(self, enabled: bool) -> Any:
        return self._command("enable" if enabled else "disable", plugin=PLUGIN)

    def uninstall(self, cleanup: bool) -> Any:
        return self._command("uninstall", plugin=PLUGIN, cleanup=cleanup)

    def _command(self, command: str, **data: Any) -> Any:
        data["command"] = command
        return self.octoprint.post("/api/plugin/pluginmanager", data, timeout=INSTALLING)

    def _mark(self) -> int:
        assert self.octoprint.events is not None
        return self.octoprint.events.mark()

    def _result(self, action: str, mark: int) -> dict[str, Any]:
        assert self.octoprint.events is not None
        found: dict[str, Any] = self.octoprint.events.wait(
            lambda kind, data: (
                kind == "plugin"
                and data["plugin"] == "pluginmanager"
                and data["data"].get("type") == "result"
                and data["data"].get("action") == action
            ),
            f"result of {action}",
            mark,
            INSTALLING,
        )["data"]
        return found


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """The URL of a web server on loopback with the files of a folder."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

    handler = functools.partial(Quiet, directory=str(folder))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
