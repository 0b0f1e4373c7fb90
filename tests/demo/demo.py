"""Print the sample on OctoPrint's virtual printer and show what was captured.

Run by `make demo`, inside the environment that has OctoPrint and the plugin. Everything
the server writes lies in `.demo/`.
"""

from __future__ import annotations

import argparse
import bisect
import fcntl
import os
import re
import shutil
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

import requests

from tests import environments
from tests.demo import check
from tests.server.harness import ENDED, PASSWORD, USER, Job, OctoPrint, ServerDied
from tests.server.waiting import NotReached

SAMPLE = Path(__file__).resolve().parent / "star.gcode"
LAYERS, LAYER_HEIGHT = 30, 0.2
INTERVAL, COLUMNS, ROWS = 5, 3, 3
EXPECTED = check.Expected(
    tuple(range(INTERVAL, LAYERS + 1, INTERVAL)), LAYER_HEIGHT, COLUMNS * ROWS
)
SETTINGS = {
    "enabled": True,
    "layers": {"interval": INTERVAL},
    "grid": {"columns": COLUMNS, "rows": ROWS},
    # Short, since nothing shakes here; a real head wants its two seconds.
    "cameras": {"fake": True, "delay": 0.2},
}


class CannotStart(Exception):
    """The demo cannot begin; the message is the one line to show."""


def require_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OverflowError:
            raise CannotStart(f"{port} is no port: use one from 1024 to 65535") from None
        except OSError as error:
            raise CannotStart(
                f"Port {port} on {host} cannot be had ({error.strerror}): "
                f"try another, as in make demo PORT={5001 if port == 5000 else 5000}"
            ) from None


def reserve(base: Path) -> int:
    """A lock on the base folder that the server keeps too, so that none gets two."""
    base.mkdir(parents=True, exist_ok=True)
    lock = os.open(base / "demo.lock", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CannotStart(f"A server of another demo still runs in {base}") from None
    return lock


def require_plugin(octoprint: OctoPrint) -> None:
    if not octoprint.request("GET", "/plugin/layercapture/state").ok:
        said = "\n".join(map(str, octoprint.log.complaints()))
        raise NotReached(f"OctoPrint runs, but the plugin did not load.\n{said}".strip())


class Progress:
    """The line that says how far the print is; rewritten where there is a terminal."""

    def __init__(self, octoprint: OctoPrint) -> None:
        self.octoprint = octoprint
        self.live = sys.stdout.isatty()
        self.shown = ""
        marks = re.finditer(r"(?m)^;LAYER_CHANGE", SAMPLE.read_text(encoding="utf-8"))
        self.starts = [mark.start() for mark in marks]

    def line(self, metadata: set[Path], pictures: set[Path]) -> str:
        progress = self.octoprint.get("/api/job")["progress"]
        layer = bisect.bisect(self.starts, progress["filepos"] or 0)
        plugin = self.octoprint.get("/plugin/layercapture/state")
        capture: dict[str, Any] = plugin.get("capture") or {}
        # OctoPrint has read ahead of where the printer is.
        layer = min(layer, capture.get("layer", layer))
        due = len(EXPECTED.layers)
        return (
            f"layer {layer:2} of {LAYERS}   captures {len(metadata)} of {due}"
            f"   pictures {len(pictures):2} of {due * EXPECTED.positions}"
        )

    def show(self, metadata: set[Path], pictures: set[Path]) -> None:
        line = self.line(metadata, pictures)
        if line == self.shown:
            return
        self.shown = line
        print(f"\r{line:<78}" if self.live else line, end="" if self.live else "\n")
        sys.stdout.flush()

    def end(self) -> None:
        if self.live and self.shown:
            print(flush=True)


def follow(octoprint: OctoPrint, job: Job, before: set[Path]) -> str:
    """Show the progress until the print ends; the name of the event that ended it."""
    progress = Progress(octoprint)
    while True:
        octoprint.online()
        metadata = check.files_below(octoprint.uploads, ".json") - before
        pictures = check.files_below(octoprint.uploads, ".jpg") - before
        progress.show(metadata, pictures)
        try:
            job.wait_for_event(*ENDED, timeout=0.5)
        except NotReached:
            continue
        job.wait()
        progress.show(
            check.files_below(octoprint.uploads, ".json") - before,
            check.files_below(octoprint.uploads, ".jpg") - before,
        )
        progress.end()
        return job.ended


def table(metadata: set[Path]) -> list[str]:
    """The captures of the print as lines of a table, and where they are."""
    captures, unreadable = check.read(metadata)
    lines = ["", " layer   height   pictures   metadata"]
    for capture in captures:
        height = f"{capture.data.get('z_height', 0):.1f} mm"
        count = f"{len(capture.images)} of {EXPECTED.positions}"
        lines.append(f"{capture.layer:6}{height:>9}{count:>11}   {capture.file.name}")
    folders = sorted({str(capture.file.parent) for capture in captures})
    return [*lines, *unreadable, "", *(f"Pictures  {folder}" for folder in folders)]


def capture_sample(octoprint: OctoPrint) -> list[str]:
    """Print the sample; what is wrong with what it left behind."""
    uploads = octoprint.uploads
    before = {p for kind in (".json", ".jpg") for p in check.files_below(uploads, kind)}
    octoprint.connect()
    octoprint.upload(SAMPLE.name, SAMPLE.read_text(encoding="utf-8"))
    print(f"Printing {SAMPLE.name} …", flush=True)
    ended = follow(octoprint, octoprint.begin(SAMPLE.name), before)
    metadata = check.files_below(uploads, ".json") - before
    pictures = check.files_below(uploads, ".jpg") - before
    print("\n".join(table(metadata)), flush=True)
    found = check.problems(uploads, metadata, pictures, EXPECTED)
    return found if ended == "PrintDone" else [f"the print ended with {ended}", *found]


def run(octoprint: OctoPrint, once: bool) -> int:
    """The whole demo; its exit status."""
    lock = reserve(octoprint.base)
    print(f"Starting OctoPrint {octoprint.version} on {octoprint.url}/ …", flush=True)
    print(f"To watch: user {USER}, password {PASSWORD}, tab Layer Capture", flush=True)
    status = 130
    try:
        octoprint.prepare()
        octoprint.start(keep_open=(lock,))
        require_plugin(octoprint)
        found = capture_sample(octoprint)
        for problem in found:
            print(f"Not as it should be: {problem}", flush=True)
        status = 1 if found else 0
        if not found:
            print("All as it should be.", flush=True)
        if not once:
            print(f"OctoPrint {octoprint.url}/   user {USER}, password {PASSWORD}")
            print("The server stays up; Ctrl-C ends it.", flush=True)
            while octoprint.online():
                threading.Event().wait(1)
    except KeyboardInterrupt:
        print("\nStopping OctoPrint …", flush=True)
    except requests.RequestException as error:
        octoprint.online()
        raise NotReached(f"OctoPrint did not answer as it should: {error}") from error
    finally:
        octoprint.stop()
    return status


def interrupt(*_: Any) -> None:
    raise KeyboardInterrupt


def main() -> int:
    parser = argparse.ArgumentParser(description="Print the sample, keep pictures.")
    parser.add_argument("--port", type=int, default=5000)
    parser.add_argument("--once", action="store_true", help="end when the print is done")
    parser.add_argument("--base", type=Path, default=environments.ROOT / ".demo")
    parser.add_argument("--octoprint", default=environments.PRIMARY, help="which version")
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, interrupt)
    program = environments.executable(options.octoprint, "octoprint")
    octoprint = OctoPrint(
        program,
        options.base.resolve(),
        options.octoprint,
        port=options.port,
        config={
            "gcodeAnalysis": {"runAt": "idle"},
            "plugins": {"layercapture": SETTINGS},
            "webcam": {"ffmpeg": shutil.which("ffmpeg")},
        },
    )
    try:
        require_free(octoprint.host, options.port)
        return run(octoprint, options.once)
    except (CannotStart, NotReached) as error:
        print(error, file=sys.stderr)
    except ServerDied as error:
        print(f"OctoPrint ended by itself. Its last lines:\n{error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
