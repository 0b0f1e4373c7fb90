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
from typing import Any, NamedTuple

from octoprint_layercapture.capture.ports import Activity, PrinterGone
from octoprint_layercapture.gcode import Modal

HANGING = 1.0  # mm; what is laid while coming down further hangs in the air, and falls
WORD = re.compile(r"([A-Z])(-?(?:\d+\.?\d*|\.\d+))?")
COMMAND = re.compile(r"([GMT])(\d+)")


def read(line):
    """A line's command and its words, or None where it is no command."""
    line = line.split(";")[0].strip()
    match = COMMAND.match(line)
    if not match:
        return None
    given = {k: float(v) if v else 0.0 for k, v in WORD.findall(line[match.end() :])}
    return match.group(1) + str(int(match.group(2))), given


class Move(NamedTuple):
    """One executed move: machine mm, filament mm, mm/min.

    ``center`` is an arc's, with its direction and tool, ``top`` the highest Z at which
    filament had been laid before.
    """

    start: tuple
    end: tuple
    filament: float
    feedrate: float
    line: str
    ours: bool
    center: Any = None
    top: float = 0.0
    tool: int = 0

    @property
    def lays(self):
        """Whether filament is laid along a way."""
        return self.filament > 0 and (
            self.center is not None or self.start[:2] != self.end[:2]
        )


class Machine:
    """``g90_switches_e``: whether G90 and G91 switch the extruder too, as in Marlin 2."""

    def __init__(self, g90_switches_e=True):
        self.g90_switches_e = g90_switches_e
        self.moves = []
        self.top = 0.0
        self.power_on()

    def power_on(self):
        """The state after a start or a reset; what was printed stays."""
        self.at = {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
        self.offset = {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
        self.relative = False
        self.e_relative = False
        self.scale = 1.0
        self.feedrate = 0.0
        self.tool = 0
        self.retracted_by_firmware = False

    def execute(self, line, ours=False):
        """Run one line; returns the seconds it takes."""
        command = read(line)
        if command is None:
            return 0.0
        name, given = command
        return self.run(name, given, line, ours)

    def run(self, name, given, line="", ours=False):
        """Run one command as :func:`read` gave it."""
        if name in ("G0", "G1", "G2", "G3"):
            return self._move(name, given, line, ours)
        if name in ("G20", "G21"):
            self.scale = 25.4 if name == "G20" else 1.0
        elif name in ("G90", "G91"):
            self.relative = name == "G91"
            if self.g90_switches_e:
                self.e_relative = self.relative
        elif name in ("M82", "M83"):
            self.e_relative = name == "M83"
        elif name == "G92":
            self._set_position(given, line.startswith("G92.1"))
        elif name == "G28":
            for axis in [a for a in "XYZ" if a in given] or "XYZ":
                self.at[axis] = self.offset[axis] = 0.0
        elif name in ("G10", "G11"):
            self.retracted_by_firmware = name == "G10"
        elif name[0] == "T":
            self.tool = int(name[1:])
        return 0.0

    def _set_position(self, given, reset):
        if reset:
            for axis in "XYZ":
                self.at[axis] += self.offset[axis]
                self.offset[axis] = 0.0
            return
        for axis, value in given.items():
            if axis in self.at:
                self.offset[axis] += self.at[axis] - value * self.scale
                self.at[axis] = value * self.scale

    def _move(self, name, given, line, ours):
        at, scale = self.at, self.scale
        if "F" in given:
            self.feedrate = given["F"] * scale
        before = self.machine()
        e_before = at["E"]
        for axis in "XYZE":
            if axis not in given:
                continue
            value = given[axis] * scale
            relative = self.e_relative if axis == "E" else self.relative
            at[axis] = at[axis] + value if relative else value
        after = self.machine()
        filament = at["E"] - e_before
        center = None
        if name in ("G2", "G3"):
            center = (name, *arc_center(name, before, after, given, scale))
        move = Move(
            before,
            after,
            filament,
            self.feedrate,
            line,
            ours,
            center,
            self.top,
            self.tool,
        )
        self.moves.append(move)
        if move.lays:
            self.top = max(self.top, after[2])
            if before[2] - after[2] < HANGING:
                self.top = max(self.top, before[2])
        way = math.dist(before, after) or abs(filament)
        if center is not None:
            way = arc_length(name, before, after, center[1:])
        return way / (self.feedrate / 60) if self.feedrate else 0.0

    def machine(self):
        at, offset = self.at, self.offset
        return (
            at["X"] + offset["X"],
            at["Y"] + offset["Y"],
            at["Z"] + offset["Z"],
        )

    def extruding(self):
        """What was laid: start, end, filament, feedrate, centre, tool of each move."""
        return [
            (move.start, move.end, move.filament, move.feedrate, move.center, move.tool)
            for move in self.moves
            if move.lays
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


def arc_center(name, start, end, given, scale):
    """The centre of an arc, machine mm; by I and J, or by the radius R."""
    if "R" not in given:
        return (
            start[0] + given.get("I", 0.0) * scale,
            start[1] + given.get("J", 0.0) * scale,
        )
    radius = given["R"] * scale
    way_x, way_y = end[0] - start[0], end[1] - start[1]
    way = math.hypot(way_x, way_y)
    aside = math.sqrt(max(0.0, radius * radius - way * way / 4))
    if (name == "G2") == (radius > 0):
        aside = -aside
    return (
        (start[0] + end[0]) / 2 - aside * way_y / way,
        (start[1] + end[1]) / 2 + aside * way_x / way,
    )


def arc_length(name, start, end, center):
    """The way along an arc, mm; a full circle where it ends at its start."""
    radius = math.dist(start[:2], center)
    begin = math.atan2(start[1] - center[1], start[0] - center[0])
    stop = math.atan2(end[1] - center[1], end[0] - center[0])
    turn = (begin - stop if name == "G2" else stop - begin) % math.tau
    return math.hypot(radius * (turn or math.tau), end[2] - start[2])


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
        self.head: Any = None
        self.tracked = Modal()
        self.sent = []
        self.on_line = None
        self.mute = set()
        self.asked = []
        self.pause_script: tuple = ()
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
