"""The log files of a running OctoPrint, read from a mark on."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PLUGIN_LOGGER = "octoprint.plugins.layercapture"


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

    def lines(self, since: Mark | None = None) -> list[str]:
        """The whole lines written since the mark; all of them after a roll-over."""
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

    def sent(self, since: Mark | None = None) -> list[str]:
        """The commands the printer took, without line numbers, checksums and repeats."""
        commands: list[tuple[int | None, str]] = []
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

    def received(self, since: Mark | None = None) -> list[str]:
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

    def records(self, since: Mark | None = None) -> Iterator[LogRecord]:
        record: LogRecord | None = None
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

    def complaints(self, since: Mark | None = None) -> list[LogRecord]:
        """Errors and tracebacks of anyone, and warnings of the plugin."""
        return [
            record
            for record in self.records(since)
            if record.level in ("ERROR", "CRITICAL")
            or "Traceback (most recent call last)" in record.text
            or (record.level == "WARNING" and record.logger.startswith(PLUGIN_LOGGER))
        ]
