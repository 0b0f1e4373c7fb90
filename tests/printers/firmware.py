"""Marlin's side of the serial line: what it answers, when, and what can go wrong.

Pure like the body: lines come in with the time, answers go out through a callback, and
:meth:`Firmware.poll` says when it wants to be called next.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Callable, Optional

from tests.printers.body import Body, Limits, Move

NUMBERED = re.compile(r"N(-?\d+)\s*(.*?)\s*\*(\d+)\s*$")
WORD = re.compile(r"([A-Z])\s*([-+]?(?:\d+\.?\d*|\.\d+))?")
BUSY_EVERY = 2.0  # s
MOVES = ("G0", "G1", "G2", "G3")
STEPS = (80, 80, 400)
RETRACTION = 3.0  # mm of the firmware's own, at 45 mm/s
SWITCHES: dict[str, dict[str, object]] = {
    "G90": {"relative": False, "relative_e": False},
    "G91": {"relative": True, "relative_e": True},
    "M82": {"relative_e": False},
    "M83": {"relative_e": True},
    "G20": {"scale": 25.4},
    "G21": {"scale": 1.0},
}
CAPABILITIES = {
    "SERIAL_XON_XOFF": 0,
    "EEPROM": 0,
    "AUTOREPORT_POS": 1,
    "AUTOREPORT_TEMP": 1,
    "EMERGENCY_PARSER": 1,
    "HOST_ACTION_COMMANDS": 1,
}

Steps = Iterator[float]


@dataclass
class Faults:
    """What is to go wrong; counts run down as it does.

    Attributes:
        swallow_oks: so many of the next oks are not sent
        corrupt_lines: so many of the next numbered lines arrive damaged
        mute: how M114 is answered: with a position, with `ok` alone, or not at all
    """

    swallow_oks: int = 0
    corrupt_lines: int = 0
    mute: str = "position"


@dataclass(frozen=True)
class Executed:
    """A command as it was executed: when it began and when its ok was due."""

    line: str
    began: float
    ended: float


def checksum(text: str) -> int:
    value = 0
    for byte in text.encode("utf-8"):
        value ^= byte
    return value


class Firmware:
    """One Marlin from power-up on; `say` gets each line it writes.

    Attributes:
        report_every: seconds between position reports nobody asked for; M154 sets it
        executed: every command in order
    """

    def __init__(self, say: Callable[[str], None], limits: Limits, now: float) -> None:
        self.body = Body(limits)
        self.faults = Faults()
        self.executed: list[Executed] = []
        self.before: Callable[[str], None] = lambda line: None
        self.halted = False
        self.unasked = 0
        self.now = now
        self._say = say
        self._last_number = 0
        self._received: deque[str] = deque()
        self._current: Optional[Steps] = None
        self._line = ""
        self._began = self._due = now
        self._busy_at = now
        self._heat_through = False
        self.report_every = self.temperatures_every = 0.0
        self._report_at = self._temperatures_at = now
        self._say("start")
        self._say("echo:Marlin bugfix-2.1.x")

    # the serial line

    def receive(self, raw: str, now: float) -> None:
        """A whole line has come in."""
        line = raw.strip()
        if not line or self.halted:
            return
        plain = self._checked(line)
        if plain is None:
            return
        code = plain.split(" ", 1)[0]
        if code == "M112":
            self._halt(now)
            return
        if code == "M108":
            self._heat_through = True
        self._received.append(plain)

    def _checked(self, line: str) -> Optional[str]:
        """The command on a line, or None where a resend was asked for instead."""
        if not line.startswith("N"):
            return line
        if self.faults.corrupt_lines > 0:
            self.faults.corrupt_lines -= 1
            self._resend("checksum mismatch")
            return None
        found = NUMBERED.match(line)
        if found is None:
            self._resend("No Checksum with line number")
            return None
        if checksum(line[: line.rindex("*")]) != int(found.group(3)):
            self._resend("checksum mismatch")
            return None
        number, plain = int(found.group(1)), found.group(2)
        if plain.startswith("M110"):
            self._last_number = int(_words(plain[4:]).get("N", number))
            return plain
        if number != self._last_number + 1:
            self._resend("Line Number is not Last Line Number+1")
            return None
        self._last_number = number
        return plain

    def _resend(self, why: str) -> None:
        self._received.clear()
        self._say(f"Error:{why}, Last Line: {self._last_number}")
        self._say(f"Resend: {self._last_number + 1}")
        self._say("ok")

    def _halt(self, now: float) -> None:
        self.halted = True
        self.body.queue.clear(now)
        self._current = None
        self._received.clear()
        self._say("Error:Printer halted. kill() called!")

    # time

    def poll(self, now: float) -> Optional[float]:
        """Do what is due, and say when more will be; None to wait for a line."""
        while not self.halted:
            if self._current is None:
                if not self._received:
                    break
                self._begin(self._received.popleft(), now)
            if self._due > now or not self._step(now):
                break
        return self._report(now)

    def _begin(self, line: str, now: float) -> None:
        self.before(line)
        self._line, self._began, self._due = line, now, now
        self._busy_at = now + BUSY_EVERY
        self._heat_through = False
        self._current = self._execute(line)

    def _step(self, now: float) -> bool:
        """Run the command on; whether it is over."""
        if self._current is None:
            return True
        self.now = now
        for due in self._current:
            if due > now:
                self._due = due
                return False
        self._current = None
        self.executed.append(Executed(self._line, self._began, now))
        if self.faults.swallow_oks > 0:
            self.faults.swallow_oks -= 1
        elif not (self.faults.mute == "nothing" and self._line.startswith("M114")):
            self._say("ok" if not self._line.startswith("M105") else self._heat("ok "))
        return True

    def _report(self, now: float) -> Optional[float]:
        """What is said unasked, and when the next thing is due."""
        if self.halted:
            return None
        due = []
        if self._current is not None:
            if now >= self._busy_at:
                self._say("echo:busy: processing")
                self._busy_at = now + BUSY_EVERY
            due += [self._busy_at, self._due]
        if self.report_every:
            if now >= self._report_at:
                self.unasked += 1
                self._say(self.position_line(now))
                self._report_at = now + self.report_every
            due.append(self._report_at)
        if self.temperatures_every:
            if now >= self._temperatures_at:
                self.now = now
                self._say(self._heat(" "))
                self._temperatures_at = now + self.temperatures_every
            due.append(self._temperatures_at)
        return min(due) if due else None

    def report_positions(self, every: float, now: float) -> None:
        """Report positions unasked, every so many seconds; 0 for never."""
        self.report_every, self._report_at = every, now + every

    # what it says

    def position_line(self, now: float) -> str:
        """As M114 and M154 say it: the planned position, and where the steppers are."""
        shown = " ".join(f"{a}:{v:.2f}" for a, v in zip("XYZE", self.body.shown()))
        counts = zip("XYZ", self.body.head(now), STEPS)
        return f"{shown} Count " + " ".join(f"{a}:{at * n:.0f}" for a, at, n in counts)

    def _heat(self, before: str) -> str:
        body = self.body
        pairs = [
            f"{name}:{heater.actual(self.now):.2f} /{heater.target:.2f}"
            for name, heater in (("T", body.nozzle), ("B", body.bed))
        ]
        return before + " ".join(pairs) + " @:0 B@:0"

    # commands

    def _execute(self, line: str) -> Steps:
        code, _, rest = line.partition(" ")
        words = _words(rest)
        if code in MOVES:
            yield from self._go(line, words)
        elif code in SWITCHES:
            for name, value in SWITCHES[code].items():
                setattr(self.body, name, value)
        elif code in ("G10", "G11"):
            if self.body.retracted != (code == "G10"):
                self.body.retracted = code == "G10"
                length = -RETRACTION if self.body.retracted else RETRACTION
                yield from self._queue(self.body.feed(line, length, 45.0))
        elif code in ("M400", "G4"):
            yield from self._stand()
            yield self.now + words.get("S", 0.0) + words.get("P", 0.0) / 1000
        elif code == "M114":
            if self.faults.mute == "position":
                self._say(self.position_line(self.now))
        elif code == "G28":
            yield from self._stand()
            yield self.now + 1.0
            self.body.home("".join(a for a in "XYZ" if a in rest))
            self._say(self.position_line(self.now))
        elif code == "G92":
            self.body.shift(words)
            self._say(self.position_line(self.now))
        elif code in ("M104", "M109"):
            self.body.nozzle.set(words.get("S", words.get("R", 0.0)), self.now)
            if code == "M109":
                yield from self._heated(self.body.nozzle.ready_at(self.now))
        elif code in ("M140", "M190"):
            self.body.bed.set(words.get("S", words.get("R", 0.0)), self.now)
            if code == "M190":
                yield from self._heated(self.body.bed.ready_at(self.now))
        elif code == "M84":
            yield from self._stand()
        elif code == "M154":
            self.report_positions(words.get("S", 0.0), self.now)
        elif code == "M155":
            self.temperatures_every = words.get("S", 0.0)
            self._temperatures_at = self.now + self.temperatures_every
        elif code == "M115":
            self._say(
                "FIRMWARE_NAME:Marlin bugfix-2.1.x MACHINE_TYPE:Model EXTRUDER_COUNT:1"
            )
            for name, has in CAPABILITIES.items():
                self._say(f"Cap:{name}:{has}")
        elif code == "M118":
            self._say(rest.replace("A1 ", "//") if rest.startswith("A1 ") else rest)
        elif code not in ("M105", "M106", "M107", "M108", "M110", "M117", "T0"):
            self._say(f'echo:Unknown command: "{line}"')

    def _go(self, line: str, words: dict[str, float]) -> Steps:
        hot = self.body.hot(self.now)
        if "E" in words and not hot:
            self._say("echo: cold extrusion prevented")
        yield from self._queue(self.body.plan(line, words, hot))

    def _queue(self, move: Optional[Move]) -> Steps:
        if move is None:
            return
        queue = self.body.queue
        while queue.room_at(self.now) > self.now:
            yield queue.room_at(self.now)
        queue.add(move, self.now)

    def _stand(self) -> Steps:
        """Until nothing moves any more."""
        while self.body.queue.still_at(self.now) > self.now:
            yield self.body.queue.still_at(self.now)

    def _heated(self, at: float) -> Steps:
        while at > self.now and not self._heat_through:
            self._say(self._heat(" "))
            yield min(at, self.now + 1.0)


def _words(text: str) -> dict[str, float]:
    return {letter: float(value or 0.0) for letter, value in WORD.findall(text)}
