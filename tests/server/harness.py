"""A real OctoPrint in a folder of its own, driven from outside as a user drives it.

Used by the server tests, the browser tests and the demo. Nothing here imports the plugin
or OctoPrint: the server runs in its own environment, with the plugin installed there.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import requests
import websocket
import yaml

USER = "admin"
PASSWORD = "test"
PLUGIN = "layercapture"
ENDED = ("PrintDone", "PrintFailed", "PrintCancelled")


class ServerDied(Exception):
    """The server ended by itself; the message holds the last lines it wrote."""


class NotReached(Exception):
    """Something that was waited for did not come about in time."""


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at the moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(
    met: Callable[[], Any], what: str, timeout: float = 30.0, pause: float = 0.05
) -> Any:
    """Ask `met` until it answers something true, and return that."""
    deadline = time.monotonic() + timeout
    while True:
        answer = met()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotReached(f"not within {timeout:g} s: {what}")
        threading.Event().wait(pause)


def merge(into: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    """`into` with the leaves of `more` laid over it, as OctoPrint merges settings."""
    result = dict(into)
    for key, value in more.items():
        old = result.get(key)
        both = isinstance(value, dict) and isinstance(old, dict)
        result[key] = merge(old, value) if both else value
    return result


def configuration(version: str) -> dict[str, Any]:
    """A `config.yaml` without wizards, network access or a rate limit; VIRTUAL is there."""
    return {
        "devel": {"enableRateLimiter": False},
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
        port: Optional[int] = None,
        config: Optional[dict[str, Any]] = None,
    ) -> None:
        self.program = program
        self.base = base
        self.version = version
        self.port = port or free_port()
        self.config = merge(configuration(version), config or {})
        self.api_key = secrets.token_hex(16)
        self.process: Optional[subprocess.Popen[bytes]] = None
        self.serial = SerialLog(base / "logs" / "serial.log")
        self.log = ServerLog(base / "logs" / "octoprint.log")
        self.events: Optional[Events] = None
        self._session = requests.Session()

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

    def _environment(self) -> dict[str, str]:
        drop = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
        return {key: value for key, value in os.environ.items() if key not in drop}

    def prepare(self) -> None:
        """Write the base folder: configuration, one administrator, an API key."""
        self.base.mkdir(parents=True, exist_ok=True)
        (self.base / "users.yaml").unlink(missing_ok=True)
        self._write("config.yaml", self.config)
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

    def start(self, timeout: float = 120.0) -> None:
        """Start the server and return once it answers."""
        command = [self.program, "serve", "--basedir", self.base, "--host", self.host]
        command += ["--port", self.port, "--iknowwhatimdoing"]  # type: ignore[list-item]
        with open(self.output, "wb") as output:
            self.process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self._environment(),
                cwd=self.base,
                start_new_session=True,
            )
        wait_until(self.online, "the server answers", timeout, pause=0.2)
        self.events = Events(self)

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

    def use_webcam(self, url: Optional[str]) -> None:
        """Set the snapshot URL of OctoPrint's own webcam; None leaves none that can."""
        change = {"snapshot": url or "", "snapshotTimeout": 2}
        self.post("/api/settings", {"plugins": {"classicwebcam": change}})

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
        self.post(
            f"/api/files/{location}",
            files={"file": (file, content.encode("utf-8"))},
            data={"path": folder} if folder else None,
        )

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


@dataclass
class Job:
    """A print under way or done: what the printer saw and OctoPrint said during it."""

    octoprint: OctoPrint
    serial_mark: Mark
    event_mark: int
    ended: str = ""

    def wait(self, timeout: float = 120.0) -> Job:
        """Wait for the end of the print and for the printer to be idle."""
        self.ended = self.wait_for_event(*ENDED, timeout=timeout)["type"]
        self.octoprint.wait_for_state("Operational", timeout=timeout)
        return self

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

    def messages(self, name: Optional[str] = None) -> list[dict[str, Any]]:
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


# What was said


class Events:
    """OctoPrint's push messages, kept in order: its events and the plugin's messages."""

    def __init__(self, octoprint: OctoPrint) -> None:
        login = octoprint.post("/api/login", {"passive": True})
        address = f"ws://{octoprint.host}:{octoprint.port}/sockjs/websocket"
        self._socket = websocket.create_connection(address, timeout=60)
        self._socket.send(json.dumps({"auth": f"{login['name']}:{login['session']}"}))
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


@dataclass(frozen=True)
class Mark:
    """A place in a log file that may be rolled over: the file and the byte in it."""

    inode: int
    offset: int


class LogFile:
    """A log file that grows, read from a mark on."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def mark(self) -> Mark:
        with contextlib.suppress(FileNotFoundError):
            about = self.path.stat()
            return Mark(about.st_ino, about.st_size)
        return Mark(0, 0)

    def lines(self, since: Optional[Mark] = None) -> list[str]:
        """The whole lines written since the mark; all of the file if it was rolled over."""
        with contextlib.suppress(FileNotFoundError), open(self.path, "rb") as file:
            if since is not None and os.fstat(file.fileno()).st_ino == since.inode:
                file.seek(since.offset)
            whole, _, _ = file.read().rpartition(b"\n")
            return whole.decode("utf-8", "replace").splitlines()
        return []


class SerialLog(LogFile):
    """`serial.log`, in the words of OctoPrint 1.11 or 2.0."""

    _SENT = re.compile(r" - (?:Send:|>>>) (.*)$")
    _RECEIVED = re.compile(r" - (?:Recv:|<<<) (.*)$")
    _NUMBERED = re.compile(r"N(\d+)\s+(.*?)\*\d+\s*$")
    _RESEND = re.compile(r"Resend:\s*(\d+)")

    def sent(self, since: Optional[Mark] = None) -> list[str]:
        """The commands the printer took, without line numbers, checksums and repeats."""
        commands: list[tuple[Optional[int], str]] = []
        for line in self.lines(since):
            received = self._RECEIVED.search(line)
            resend = self._RESEND.match(received.group(1)) if received else None
            if resend:
                first = int(resend.group(1))
                commands = [c for c in commands if c[0] is None or c[0] < first]
            sent = self._SENT.search(line)
            if sent:
                numbered = self._NUMBERED.match(sent.group(1))
                if numbered:
                    commands.append((int(numbered.group(1)), numbered.group(2)))
                else:
                    commands.append((None, sent.group(1).strip()))
        return [text for _, text in commands]

    def received(self, since: Optional[Mark] = None) -> list[str]:
        found = map(self._RECEIVED.search, self.lines(since))
        return [match.group(1) for match in found if match]


@dataclass(frozen=True)
class LogRecord:
    """One record of octoprint.log, with the traceback lines that follow it."""

    logger: str
    level: str
    text: str

    def __str__(self) -> str:
        return f"{self.logger} - {self.level} - {self.text}"


class ServerLog(LogFile):
    """`octoprint.log` as records."""

    _START = re.compile(
        r"\d{4}-\d\d-\d\d [\d:,]+ - (\S+) - (DEBUG|INFO|WARNING|ERROR|CRITICAL) - (.*)$"
    )

    def records(self, since: Optional[Mark] = None) -> Iterator[LogRecord]:
        record: Optional[LogRecord] = None
        for line in self.lines(since):
            start = self._START.match(line)
            if start:
                if record:
                    yield record
                record = LogRecord(*start.groups())
            elif record:
                record = LogRecord(record.logger, record.level, f"{record.text}\n{line}")
        if record:
            yield record

    def complaints(self, since: Optional[Mark] = None) -> list[LogRecord]:
        """Errors and tracebacks of anyone, and warnings of the plugin."""
        ours = f"octoprint.plugins.{PLUGIN}"
        return [
            record
            for record in self.records(since)
            if record.level in ("ERROR", "CRITICAL")
            or "Traceback (most recent call last)" in record.text
            or (record.level == "WARNING" and record.logger.startswith(ours))
        ]
