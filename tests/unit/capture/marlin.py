"""A model of a printer: executes G-code as Marlin would, independent of the package.

``Machine`` keeps position, modes and extrusion, and every move made. ``ModelPrinter`` is
a Machine behind the capture room's ``Printer`` and ``Clock`` protocols, on simulated
time: moves take their time, ``M400`` waits for them, ``M114`` answers.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from dataclasses import dataclass

from octoprint_layercapture.capture.ports import Activity, PrinterGone
from octoprint_layercapture.gcode import Modal

WORD = re.compile(r"([A-Z])(-?\d*\.?\d*)")


@dataclass(frozen=True)
class Move:
    """One executed move: machine mm, filament mm, mm/min."""

    start: tuple
    end: tuple
    filament: float
    feedrate: float
    line: str
    ours: bool


class Machine:
    """``g90_switches_e``: whether G90 and G91 switch the extruder too, as in Marlin 2."""

    def __init__(self, g90_switches_e=True):
        self.g90_switches_e = g90_switches_e
        self.at = {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
        self.offset = {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
        self.relative = False
        self.e_relative = False
        self.scale = 1.0
        self.feedrate = 0.0
        self.tool = 0
        self.retracted_by_firmware = False
        self.moves = []

    def execute(self, line, ours=False):
        """Run one line; returns the seconds it takes."""
        line = line.split(";")[0].strip()
        match = re.match(r"([GMT])(\d+)", line)
        if not match:
            return 0.0
        name = match.group(1) + match.group(2)
        given = {k: float(v) if v else 0.0 for k, v in WORD.findall(line[match.end() :])}
        if name in ("G0", "G1", "G2", "G3"):
            return self._move(given, line, ours)
        if name in ("G20", "G21"):
            self.scale = 25.4 if name == "G20" else 1.0
        elif name in ("G90", "G91"):
            self.relative = name == "G91"
            if self.g90_switches_e:
                self.e_relative = self.relative
        elif name in ("M82", "M83"):
            self.e_relative = name == "M83"
        elif name == "G92":
            for axis, value in given.items():
                if axis in self.at:
                    self.offset[axis] += self.at[axis] - value * self.scale
                    self.at[axis] = value * self.scale
        elif name == "G28":
            for axis in [a for a in "XYZ" if a in given] or "XYZ":
                self.at[axis] = self.offset[axis] = 0.0
        elif name in ("G10", "G11"):
            self.retracted_by_firmware = name == "G10"
        elif name.startswith("T"):
            self.tool = int(match.group(2))
        return 0.0

    def _move(self, given, line, ours):
        if "F" in given:
            self.feedrate = given["F"] * self.scale
        before = self.machine()
        e_before = self.at["E"]
        for axis in "XYZE":
            if axis not in given:
                continue
            value = given[axis] * self.scale
            relative = self.e_relative if axis == "E" else self.relative
            self.at[axis] = self.at[axis] + value if relative else value
        after = self.machine()
        filament = self.at["E"] - e_before
        self.moves.append(Move(before, after, filament, self.feedrate, line, ours))
        way = math.dist(before, after) or abs(filament)
        return way / (self.feedrate / 60) if self.feedrate else 0.0

    def machine(self):
        return tuple(self.at[axis] + self.offset[axis] for axis in "XYZ")

    def extruding(self):
        """What was laid: start, end, filament and feedrate of each extruding move."""
        return [
            (move.start, move.end, move.filament, move.feedrate)
            for move in self.moves
            if move.filament > 0 and move.start[:2] != move.end[:2]
        ]

    def modes(self):
        return (
            self.relative,
            self.e_relative,
            self.scale,
            self.feedrate,
            self.tool,
            self.retracted_by_firmware,
        )


class ModelPrinter(Machine):
    """A Machine that answers, on simulated time.

    ``on_line(line)`` is asked before each line of ours runs and may change anything;
    ``mute`` holds commands that are never answered.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.now = 1000.0
        self.free_at = self.now
        self.holds = 0
        self.released = 0
        self.refuse_hold = False
        self.state = Activity.PRINTING
        self.link = object()
        self.head = None
        self.tracked = Modal()
        self.sent = []
        self.on_line = None
        self.mute = set()
        self.asked = []
        self.pause_script = ()
        self.on_unblock = None
        self.holding_works = True
        self.is_hot = True
        self._events = []
        self._count = itertools.count()

    # the file's lines

    def print_line(self, line):
        self.tracked.feed(line)
        self.free_at = max(self.free_at, self.now) + self.execute(line)

    # Printer

    def send(self, lines, tags):
        for line in lines:
            if self.on_line:
                self.on_line(line)
            if self.state is Activity.GONE:
                raise PrinterGone()
            self.sent.append(line)
            self.tracked.feed(line)
            self.head.on_sending(line, tags)
            took = self.execute(line, ours=True)
            self.free_at = max(self.free_at, self.now) + took
            if line in self.mute:
                continue
            if line == "M114":
                self.at_time(self.free_at, self.report())
                self.at_time(self.free_at, "ok")

    def report(self):
        x, y, z, e = (self.at[axis] for axis in "XYZE")
        return f"X:{x:.2f} Y:{y:.2f} Z:{z:.2f} E:{e:.2f} Count X:1 Y:2 Z:3"

    def at_time(self, when, what):
        heapq.heappush(self._events, (when, next(self._count), what))

    def hold(self):
        if self.refuse_hold:
            return False
        self.holds += 1
        return True

    def release(self):
        self.released += 1
        self.holds = max(0, self.holds - 1)
        if self.state is Activity.PAUSING:
            self._pause_when_free()

    def connection(self):
        return None if self.state is Activity.GONE else self.link

    def can_hold(self):
        return self.holding_works

    def pause(self):
        """As OctoPrint: pausing waits for the release of every hold."""
        self.asked.append("pause")
        self.state = Activity.PAUSING
        self._pause_when_free()

    def _pause_when_free(self):
        if self.holds:
            return
        for line in self.pause_script:
            self.print_line(line)
        self.at_time(self.free_at, self._paused)

    def _paused(self):
        if self.state is Activity.PAUSING:
            self.state = Activity.PAUSED

    def resume(self):
        self.asked.append("resume")
        self.state = Activity.PRINTING

    def forget(self):
        self.tracked = Modal()

    def unblock(self):
        self.asked.append("unblock")
        if self.on_unblock:
            self.on_unblock()

    def queued_seconds(self):
        return max(0.0, self.free_at - self.now)

    def activity(self):
        return self.state

    def modal(self):
        return self.tracked.copy()

    def hot(self):
        return self.is_hot

    # Clock

    def monotonic(self):
        return self.now

    def wait(self, condition, seconds):
        until = self.now + seconds
        if self._events and self._events[0][0] <= until:
            when, _, what = heapq.heappop(self._events)
            self.now = max(self.now, when)
            if callable(what):
                what()
            else:
                self.head.on_received(what)
        else:
            self.now = until
