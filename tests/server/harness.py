"""A real OctoPrint in a folder of its own, driven from outside as a user drives it.

Used by the server tests, the browser tests and the demo. Nothing here imports the plugin
or OctoPrint: the server runs in its own environment, with the plugin installed there.
Long, since it is the one place that knows OctoPrint's API from outside.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests
import yaml

from tests.server.events import Events
from tests.server.logs import Mark, SerialLog, ServerLog
from tests.server.waiting import wait_until

USER = "admin"
PASSWORD = "test"
PLUGIN = "layercapture"
ENDED = ("PrintDone", "PrintFailed", "PrintCancelled")


class ServerDied(Exception):
    """The server ended by itself; the message holds the last lines it wrote."""


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def merge(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """`into` with the leaves of `more` laid over it, as OctoPrint merges settings."""
    result = dict(into)
    for key, value in more.items():
        old = result.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            value = merge(old, value)
        result[key] = value
    return result


def configuration() -> dict[str, Any]:
    """A `config.yaml` with the virtual printer; no wizards, network or rate limit.

    Log-ins do not age: OctoPrint's page reads its settings anew once they do, in the
    middle of whichever test is at work then. Uploads are not analysed: to OctoPrint that
    is a process for each, and more work than to print them here.
    """
    return {
        "accessControl": {"defaultReauthenticationTimeout": 24 * 60},  # minutes
        "devel": {"enableRateLimiter": False},
        "gcodeAnalysis": {"runAt": "never"},
        "plugins": {
            "_disabled": [
                *("announcements", "discovery", "errortracking", "tracking"),
                *("softwareupdate", "achievements"),
            ],
            "virtual_printer": {
                "enabled": True,
                "throttle": 0.001,
                "passcode": None,
                "simulated_errors": [],
            },
            "serial_connector": {"log": True, "_config_version": 3},
        },
        "server": {
            "firstRun": False,
            "onlineCheck": {"enabled": True, "host": "127.0.0.1", "port": 9},
            "pluginBlacklist": {"enabled": False},
            "pluginBlocklist": {"enabled": False},
            "seenWizards": {
                "backup": None,
                "classicwebcam": 1,
                "corewizard": 4,
                "file_check": 1,
                "softwareupdate": 1,
                "tracking": None,
            },
        },
        "serial": {"autoconnect": False, "log": True},
        "webcam": {"timelapse": {"type": "off"}},
    }


class OctoPrint:
    """One OctoPrint server: its base folder, its process, its API.

    `program` is the `octoprint` command of the environment to run.
    """

    host = "127.0.0.1"

    def __init__(
        self,
        program: Path,
        base: Path,
        version: str,
        port: int | None = None,
        config: dict[str, Any] | None = None,
    ) -> None:
        self.program = program
        self.base = base
        self.version = version
        self.port = port or free_port()
        self.config = merge(configuration(), config or {})
        self.api_key = secrets.token_hex(16)
        self.process: subprocess.Popen[bytes] | None = None
        self.serial = SerialLog(base / "logs" / "serial.log")
        self.log = ServerLog(base / "logs" / "octoprint.log")
        self.events: Events | None = None
        self._session = requests.Session()
        self._restored = b""

    # The process

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"

    @property
    def uploads(self) -> Path:
        return self.base / "uploads"

    @property
    def output(self) -> Path:
        """What the server writes to its terminal."""
        return self.base / "server.out"

    @property
    def first_print(self) -> Path:
        """Where the plugin notes that its first notice was answered: not told again."""
        return self.base / "data" / "layercapture" / "first_print.json"

    def _environment(self) -> dict[str, str]:
        drop = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        return {key: value for key, value in os.environ.items() if key not in drop}

    def prepare(self) -> None:
        """Write the base folder: configuration, one administrator, an API key."""
        self.base.mkdir(parents=True, exist_ok=True)
        (self.base / "users.yaml").unlink(missing_ok=True)
        self._write("config.yaml", self.config)
        self.first_print.parent.mkdir(parents=True, exist_ok=True)
        self.first_print.touch()
        command = [self.program, "--basedir", self.base, "user", "add", "--admin"]
        added = subprocess.run(
            [*map(str, command), "--password", PASSWORD, USER],
            capture_output=True,
            text=True,
            env=self._environment(),
            cwd=self.base,
        )
        if added.returncode:
            raise ServerDied(added.stdout + added.stderr)
        users = yaml.safe_load((self.base / "users.yaml").read_text(encoding="utf-8"))
        users[USER]["apikey"] = self.api_key
        self._write("users.yaml", users)

    def _write(self, name: str, data: Any) -> None:
        text = yaml.safe_dump(data, default_flow_style=False)
        (self.base / name).write_text(text, encoding="utf-8")

    def start(
        self,
        timeout: float = 120.0,
        keep_open: tuple[int, ...] = (),
        safe: bool = False,
    ) -> None:
        """Start the server and return once it answers.

        Args:
            keep_open: file descriptors that it inherits
            safe: without the plugins that do not come with OctoPrint
        """
        command = [self.program, "serve", "--basedir", self.base, "--host", self.host]
        command += ["--port", str(self.port), "--iknowwhatimdoing"]
        command += ["--safe"] if safe else []
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.base,
                start_new_session=True,
                pass_fds=keep_open,
            )
        wait_until(self.online, "the server answers", timeout, pause=0.2)
        login = self.post("/api/login", {"passive": True})
        auth = f"{login['name']}:{login['session']}"
        self.events = Events(f"{self.host}:{self.port}", auth)

    def online(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise ServerDied(self.last_words())
        with contextlib.suppress(requests.RequestException):
            answer = self._session.get(f"{self.url}/online.txt", timeout=5)
            return answer.ok and "online" in answer.text
        return False

    def last_words(self, lines: int = 20) -> str:
        """The last lines of what the server wrote, for a message about its end."""
        if not self.output.exists():
            return "the server was never started"
        text = self.output.read_text(encoding="utf-8", errors="replace")
        return "\n".join(text.splitlines()[-lines:])

    def stop(self, timeout: float = 60.0) -> None:
        """End the server the way a service manager does, and wait for it."""
        if self.events is not None:
            self.events.close()
            self.events = None
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    # The API

    def request(self, method: str, path: str, **options: Any) -> requests.Response:
        """One API request with the administrator's key; the answer as it came."""
        headers = {"X-Api-Key": self.api_key, **options.pop("headers", {})}
        options.setdefault("timeout", 60)
        return self._session.request(method, self.url + path, headers=headers, **options)

    def get(self, path: str, **options: Any) -> Any:
        answer = self.request("GET", path, **options)
        answer.raise_for_status()
        return answer.json()

    def post(self, path: str, data: Any = None, **options: Any) -> Any:
        if data is not None:
            options["json"] = data
        answer = self.request("POST", path, **options)
        answer.raise_for_status()
        kind = answer.headers.get("Content-Type", "")
        return answer.json() if kind.startswith("application/json") else answer.text

    def settings(self) -> dict[str, Any]:
        """The plugin's settings as they stand."""
        tree: dict[str, Any] = self.get("/api/settings")["plugins"].get(PLUGIN, {})
        return tree

    def configure(self, **groups: Any) -> None:
        """Change the plugin's settings: `configure(layers={"interval": 2})`."""
        self.post("/api/settings", {"plugins": {PLUGIN: groups}})

    def use_webcam(self, url: str | None) -> None:
        """Set the snapshot URL of OctoPrint's own webcam; None leaves none that can."""
        self.post("/api/settings", {"plugins": {"classicwebcam": _webcam(url)}})

    def restore(self, settings: dict[str, Any]) -> None:
        """Give the plugin these settings and OctoPrint no webcam.

        Saving takes longer than many a test: nothing is sent where OctoPrint has stored
        no change since the last time.
        """
        stored = self.base / "config.yaml"
        if stored.read_bytes() != self._restored:
            change = {PLUGIN: settings, "classicwebcam": _webcam(None)}
            self.post("/api/settings", {"plugins": change})
            self._restored = stored.read_bytes()

    # The printer

    def state(self) -> str:
        """OctoPrint's word for the state: `Operational`, `Printing`, `Paused` …"""
        text: str = self.get("/api/job")["state"]
        return text

    def wait_for_state(self, *wanted: str, timeout: float = 60.0) -> str:
        """Wait until the state begins with one of the words."""

        def reached() -> str:
            now = self.state()
            return now if now.startswith(wanted) else ""

        text: str = wait_until(reached, f"state {' or '.join(wanted)}", timeout)
        return text

    def connect(self, port: str = "VIRTUAL") -> None:
        self.post(
            "/api/connection", {"command": "connect", "port": port, "baudrate": 115200}
        )
        self.wait_for_state("Operational")

    def disconnect(self) -> None:
        self.post("/api/connection", {"command": "disconnect"})
        self.wait_for_state("Offline", "Closed")

    def command(self, *lines: str) -> None:
        self.post("/api/printer/command", {"commands": list(lines)})

    def upload(self, name: str, content: str, location: str = "local") -> None:
        """Upload G-code; `name` may lie in folders: `parts/box.gcode`."""
        folder, _, file = name.rpartition("/")
        answer = self.request(
            "POST",
            f"/api/files/{location}",
            files={"file": (file, content.encode("utf-8"))},
            data={"path": folder},
        )
        answer.raise_for_status()

    def start_print(self, name: str, location: str = "local") -> None:
        self.post(f"/api/files/{location}/{name}", {"command": "select", "print": True})

    def print_file(
        self, name: str, location: str = "local", timeout: float = 120.0
    ) -> Job:
        """Print an uploaded file to its end and say what was seen of it."""
        job = self.begin(name, location)
        return job.wait(timeout)

    def print_gcode(self, gcode: str, name: str = "job.gcode", **options: Any) -> Job:
        """Upload and print to the end."""
        self.upload(name, gcode)
        return self.print_file(name, **options)

    def begin_gcode(self, gcode: str, name: str = "job.gcode") -> Job:
        """Upload, start printing and return at once."""
        self.upload(name, gcode)
        return self.begin(name)

    def begin(self, name: str, location: str = "local") -> Job:
        """Start printing an uploaded file and return at once."""
        assert self.events is not None
        job = Job(self, self.serial.mark(), self.events.mark())
        self.start_print(name, location)
        return job

    def cancel(self) -> None:
        self.post("/api/job", {"command": "cancel"})

    def pause(self) -> None:
        self.post("/api/job", {"command": "pause", "action": "pause"})

    def resume(self) -> None:
        self.post("/api/job", {"command": "pause", "action": "resume"})

    def settle(self) -> None:
        """End whatever prints, and wait until the printer is idle and connected."""
        state = self.state()
        if state.startswith(("Printing", "Paus", "Resum", "Start", "Finish")):
            with contextlib.suppress(requests.HTTPError):
                self.cancel()
        elif not state.startswith(("Operational", "Cancel")):
            self.connect()
        self.wait_for_state("Operational")

    def flush(self) -> None:
        """Wait until everything that went out so far is in the serial log."""
        token = f"M117 {secrets.token_hex(8)}"
        mark = self.serial.mark()
        self.command(token)
        wait_until(lambda: token in self.serial.sent(mark), "the serial log")


def _webcam(url: str | None) -> dict[str, Any]:
    return {"snapshot": url or "", "snapshotTimeout": 2}


@dataclass
class Job:
    """A print under way or done: what the printer saw and OctoPrint said during it."""

    octoprint: OctoPrint
    serial_mark: Mark
    event_mark: int
    ended: str = ""

    def wait(self, timeout: float = 120.0) -> Job:
        """Wait for the end of the print, an idle printer and pictures that are kept."""
        self.ended = self.wait_for_event(*ENDED, timeout=timeout)["type"]
        self.octoprint.wait_for_state("Operational", timeout=timeout)
        wait_until(self._kept, "every capture that began is kept", timeout)
        return self

    def _kept(self) -> bool:
        """The last pictures may still be written when the print is over."""
        told = [message["event"] for message in self.messages()]
        begun = told.count("capture_started")
        ended = told.count("capture_finished") + told.count("capture_failed")
        # and then the print's own record, which the message `library` tells of
        over = told[::-1].index("capture_started") if begun else 0
        return ended >= begun and (not begun or "library" in told[::-1][:over])

    def wait_for_event(self, *names: str, timeout: float = 60.0) -> dict[str, Any]:
        """The first event of one of these types since the print was started."""
        events = self._events()
        return events.wait(
            lambda kind, data: kind == "event" and data["type"] in names,
            f"event {' or '.join(names)}",
            self.event_mark,
            timeout,
        )

    def wait_for_message(self, name: str, timeout: float = 60.0, **fields: Any) -> Any:
        """The plugin's first message of this name, with these fields, in this print."""
        return self._events().wait(
            lambda kind, data: (
                kind == "plugin"
                and data["plugin"] == PLUGIN
                and data["data"].get("event") == name
                and all(data["data"].get(key) == want for key, want in fields.items())
            ),
            f"message {name} {fields or ''}",
            self.event_mark,
            timeout,
        )["data"]

    def messages(self, name: str | None = None) -> list[dict[str, Any]]:
        """The plugin's messages since the start of the print, in order."""
        found = [
            data["data"]
            for kind, data in self._events().since(self.event_mark)
            if kind == "plugin" and data["plugin"] == PLUGIN
        ]
        return [m for m in found if name is None or m.get("event") == name]

    def events(self) -> list[str]:
        """The types of OctoPrint's events since the start of the print, in order."""
        seen = self._events().since(self.event_mark)
        return [data["type"] for kind, data in seen if kind == "event"]

    def sent(self) -> list[str]:
        """The commands the printer has got since the start of the print, in order."""
        self.octoprint.flush()
        lines = self.octoprint.serial.sent(self.serial_mark)
        return [line for line in lines if not line.startswith("M117 ")]

    def _events(self) -> Events:
        assert self.octoprint.events is not None
        return self.octoprint.events
