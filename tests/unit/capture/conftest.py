"""A capture on the printer model, ready to run."""

from __future__ import annotations

import weakref
from concurrent.futures import Future
from typing import Any

import pytest

from octoprint_layercapture.capture.grid import positions, volume
from octoprint_layercapture.capture.head import Head
from octoprint_layercapture.capture.hold import JobHold
from octoprint_layercapture.capture.run import CaptureRun
from octoprint_layercapture.capture.terms import Terms
from octoprint_layercapture.gcode import Layer
from tests.unit.capture.marlin import ModelPrinter

PROFILE = {
    "volume": {
        "width": 200,
        "depth": 200,
        "height": 200,
        "formFactor": "rectangular",
        "origin": "lowerleft",
        "custom_box": False,
    }
}


class FakeRecorder:
    """Notes where the head really stood at each exposure."""

    def __init__(self, printer, seconds=0.0):
        self.printer = printer
        self.seconds = seconds
        self.shots = []
        self.stood = []
        self.glanced = []
        self.abandoned = 0
        self.outcome = None
        self.on_expose = None

    def glance(self, x, y):
        self.glanced.append((x, y))

    def expose(self, shot):
        self.shots.append(shot)
        self.stood.append(self.printer.machine())
        done: Future[None] = Future()
        if self.on_expose:
            self.on_expose(shot)
        if self.seconds is None:
            return done
        self.printer.at_time(
            self.printer.now + self.seconds, lambda: done.set_result(None)
        )
        return done

    def abandon(self):
        self.abandoned += 1

    def close(self, outcome):
        self.outcome = outcome


def a_layer(number=1, z=0.2, top=None, resume=None, **kwargs):
    values = {
        "number": number,
        "z": z,
        "height": 0.2,
        "slicer_number": None,
        "capture_pos": 100,
        "retracted": False,
        "top": z if top is None else top,
        "triggers": (100,),
        "resume": resume,
    }
    values.update(kwargs)
    return Layer(**values)


def some_terms(
    columns=3, rows=3, spacing=40, profile=PROFILE, offset=(0.0, 0.0), **kwargs
):
    space = volume(profile, margin=10)
    values: dict[str, Any] = {
        "positions": positions(space, columns, rows, spacing, spacing, offset=offset),
        "volume": space,
        "height": 5.0,
        "travel_speed": 150.0,
        "z_speed": 10.0,
        "retract": 1.0,
        "retract_speed": 35.0,
        "delay": 2.0,
        "return_to_origin": True,
    }
    values.update(kwargs)
    return Terms(**values)


class Stage:
    """A printer in the middle of a print, and what is needed to capture it."""

    START = ("G21", "G90", "M83", "G1 X50 Y60 Z0.2 F9000", "G1 X90 Y60 E2 F1800")

    def __init__(self, start=START, **kwargs):
        self.printer = ModelPrinter(**kwargs)
        self.head = self.printer.head = Head(self.printer, self.printer)
        self.hold = JobHold(self.printer).lease()
        self.recorder = FakeRecorder(self.printer)
        self.stop = None
        self.begin: Any = None
        self.run: Any = None
        for line in start:
            self.printer.print_line(line)

    def capture(self, layer=None, terms=None):
        assert self.hold.take(self.printer.link)
        self.begin = (self.printer.machine(), dict(self.printer.at), self.printer.modes())
        run = CaptureRun(
            layer or a_layer(),
            terms or some_terms(),
            self.printer,
            self.head,
            self.hold,
            self.printer,
            self.recorder,
            lambda: self.stop,
        )
        self.run = weakref.ref(run)
        return run.run()

    def is_as_before(self):
        place, words, modes = self.begin
        now = dict(self.printer.at)
        close = all(abs(now[axis] - words[axis]) < 1e-6 for axis in words)
        return close and self.printer.modes() == modes


@pytest.fixture
def stage():
    return Stage()
