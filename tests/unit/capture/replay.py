"""Printing a file on the printer model, line by line as OctoPrint sends it.

``read_job`` gives the lines with the tags that OctoPrint puts on them; ``print_plain``
prints them without the plugin, ``Replay`` through the engine.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any, NamedTuple

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.job import Armed, Listener
from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.gcode import index
from tests.unit.capture.conftest import FakeRecorder, some_terms
from tests.unit.capture.marlin import Machine, ModelPrinter, read

FIXTURES = Path(__file__).parents[2] / "fixtures" / "motion"

BED = {
    "volume": {
        "width": 250,
        "depth": 250,
        "height": 400,
        "formFactor": "rectangular",
        "origin": "lowerleft",
        "custom_box": False,
    }
}
EXACT = 1e-6  # mm by which two paths may differ


class FileLine(NamedTuple):
    """One line as it is sent: text, tags, and how the model reads it."""

    text: str
    tags: frozenset
    command: Any

    @property
    def gcode(self):
        return None if self.command is None else self.command[0]


def read_job(path):
    """The lines of a file that OctoPrint sends, in order."""
    lines: list[FileLine] = []
    with open(path, "rb") as raw:
        position = 3 if raw.read(3) == b"\xef\xbb\xbf" else 0
    with open(path, encoding="utf-8-sig", errors="replace", newline="") as file:
        for line in file:
            position += len(line.encode("utf-8"))
            text = line.split(";", 1)[0].strip()
            if not text:
                continue
            number = len(lines) + 1
            tags = {"source:file", f"filepos:{position}", f"fileline:{number}"}
            lines.append(FileLine(text, frozenset(tags), read(text)))
    return lines


def print_plain(lines, **kwargs):
    """The machine after the whole job, printed without the plugin."""
    machine = Machine(**kwargs)
    for line in lines:
        if line.command is not None:
            name, given = line.command
            machine.run(name, given, line.text)
    return machine


class Capture:
    """One capture of a replay: what the machine did for it, and from where."""

    def __init__(self, home, top, first_move):
        self.home = home
        self.top = top
        self.first_move = first_move
        self.moves = []
        self.modes = []


class Replay(Listener):
    """A job printed through the engine; ``print`` goes through the whole file."""

    def __init__(self, path, lines=None, layers=None, every=None, terms=None, **machine):
        self.lines = read_job(path) if lines is None else lines
        self.layers = index(path).layers if layers is None else layers
        every = every or max(1, len(self.layers) // 9)
        self.plan = plan(self.layers, every, True, True, ())
        self.terms = terms or some_terms(profile=BED, delay=0.5)
        self.printer = ModelPrinter(**machine)
        self.engine = Engine(self.printer, self.printer, self)
        self.printer.head = self.engine.head
        self.recorders = []
        self.captures = []
        self.ended = []
        self.missed = []
        self.suspensions = []

    def print(self):
        self.engine.expect()
        self.engine.arm(
            Armed(self.plan, self.terms, self._open, lambda: None, lambda position: None)
        )
        for line in self.lines:
            self._send(line)
        self.engine.disarm("done", completed=True)
        return self

    def _send(self, line):
        printer = self.printer
        assert printer.holds == 0, f"{line.text} was sent although the job is held"
        due = not self.engine.tags.isdisjoint(line.tags)
        if due:
            self.engine.on_boundary(line.tags, printer.link, line.gcode)
        printer.tracked.feed(line.text)
        if line.command is not None:
            name, given = line.command
            took = printer.run(name, given, line.text)
            printer.free_at = max(printer.free_at, printer.now) + took
        if due:
            capture = Capture(printer.machine(), printer.top, len(printer.moves))
            modes = printer.modes()
            while self.engine.work_off(wait=False):
                pass
            capture.moves = printer.moves[capture.first_move :]
            capture.modes = [modes, printer.modes()]
            if capture.moves:
                self.captures.append(capture)

    def _open(self, layer):
        self.recorders.append(FakeRecorder(self.printer, seconds=0.1))
        return self.recorders[-1]

    def capture_ended(self, outcome):
        self.ended.append(outcome)

    def layers_missed(self, layers):
        self.missed += [layer.number for layer in layers]

    def captures_suspended(self, why):
        self.suspensions.append(str(why))


def differences(plain, printed):
    """The segments that differ, as text; both are ``Machine.extruding()``."""
    if len(plain) != len(printed):
        return [f"{len(printed)} segments instead of {len(plain)}"]
    return [
        f"segment {number}: {there} instead of {here}"
        for number, (here, there) in enumerate(zip(plain, printed))
        if here != there and not _same(here, there)
    ]


def _same(here, there):
    (start, end, filament, feedrate, center, tool) = here
    (start_2, end_2, filament_2, feedrate_2, center_2, tool_2) = there
    pairs = [
        *zip(start, start_2),
        *zip(end, end_2),
        (filament, filament_2),
        (feedrate, feedrate_2),
    ]
    if (center is None) != (center_2 is None) or tool != tool_2:
        return False
    if center is not None:
        if center[0] != center_2[0]:
            return False
        pairs += zip(center[1:], center_2[1:])
    return all(math.fabs(one - other) <= EXACT for one, other in pairs)
