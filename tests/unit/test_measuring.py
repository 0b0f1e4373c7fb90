"""A whole measurement on the printer model, and what ends it early."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.job import Listener
from octoprint_layercapture.capture.ports import Activity
from octoprint_layercapture.config import Config
from octoprint_layercapture.errands import NotNow
from octoprint_layercapture.measuring import MeasureSection
from tests.cameras.film import Film
from tests.cameras.simulated import SimulatedCamera
from tests.unit.capture.conftest import PROFILE
from tests.unit.capture.marlin import ModelPrinter

START = ("G21", "G90", "M82", "G1 X50 Y60 Z12 F3000")


class Printer(ModelPrinter):
    """Remembers when its head was where."""

    def __init__(self):
        super().__init__()
        self.state = Activity.IDLE
        self.places = [(0.0, (0.0, 0.0))]
        self.tags = []
        for line in START:
            self.print_line(line)

    def send(self, lines, tags):
        super().send(lines, tags)
        self.tags.append(tags)
        self.places.append((self.free_at, self.machine()[:2]))

    def place_at(self, when):
        return next(place for since, place in reversed(self.places) if since <= when)


class Webcams:
    def __init__(self, camera):
        self.camera = camera

    def choose(self, *args, **kwargs):
        return [self.camera], []


class Plugin(MeasureSection):
    """The section with what it needs of the rest of the plugin."""

    def __init__(self, **film):
        super().__init__()
        self.printer = self._printer_port = self._measure_clock = Printer()
        self._engine = Engine(self.printer, self.printer, Listener())
        self.printer.head = self._engine.head
        self.film = Film(self.printer.place_at, **film)
        self.camera = SimulatedCamera(self.film, self.printer, "top")
        self._webcams = Webcams(self.camera)
        self._config = Config()
        self.told = []

    def current_profile(self):
        return PROFILE

    def message(self, event, **payload):
        assert event == "measure"
        self.told.append(payload)

    def work(self):
        while self._engine.work_off(wait=False):
            pass

    def on_request(self, number, what):
        """Do ``what`` at the camera's request of this number."""
        frame = self.camera.frame

        def counting(scene):
            if self.camera.asked == number:
                what()
            return frame(scene)

        self.camera.frame = counting

    def is_back(self):
        return self.printer.machine() == (50, 60, 12) and not self.printer.relative


def test_a_measurement_ends_with_a_proposal_and_the_head_where_it_was():
    plugin = Plugin(delay=0.3)
    begun = plugin.begin_measure(None, "top", False)
    assert begun["state"] == "moving"
    assert "motors" in begun["message"]["text"]
    plugin.work()
    state = plugin.measure_state()
    assert state["state"] == "done"
    assert state["message"] is None
    assert 0.2 < state["result"]["latency"] < 0.6
    assert state["result"]["stale"] == 0
    assert state["result"]["accepted"]
    assert plugin.is_back()
    assert [told["done"] for told in plugin.told] == sorted(
        told["done"] for told in plugin.told
    )
    assert plugin.told[-1] == state


def test_homing_is_said_and_done_first():
    plugin = Plugin(delay=0.1)
    assert plugin.begin_measure(None, "top", True)["state"] == "homing"
    plugin.work()
    assert plugin.printer.sent[0] == "G28"
    assert plugin.measure_state()["state"] == "done"


def test_a_camera_too_late_for_the_longest_wait_is_measured_but_not_accepted():
    plugin = Plugin(delay=1.5)
    plugin.begin_measure({"cameras": {"settle_max": 1}}, "top", False)
    plugin.work()
    state = plugin.measure_state()
    assert state["state"] == "done"
    assert not state["result"]["accepted"]
    assert "more than the longest wait" in state["message"]["text"]


def test_what_cannot_be_measured_is_said_and_the_head_is_back():
    plugin = Plugin(delay=0.1, freezes=[(900, 1e9)])
    plugin.begin_measure(None, "top", False)
    plugin.work()
    state = plugin.measure_state()
    assert state["state"] == "failed"
    assert "frozen" in state["message"]["text"]
    assert plugin.is_back()


def test_a_stop_ends_it_and_brings_the_head_back():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)
    plugin.on_request(80, plugin.stop_measure)
    plugin.work()
    state = plugin.measure_state()
    assert state["state"] == "stopped"
    assert plugin.camera.asked < 90
    assert plugin.is_back()
    assert not plugin.stop_measure()


def test_a_print_gets_the_way_back_and_nothing_is_sent_any_more():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)
    handed = []

    def begins():
        handed.append((len(plugin.printer.sent), plugin.yield_to_print()))
        plugin.printer.state = Activity.PRINTING

    plugin.on_request(80, begins)
    plugin.work()
    ((sent, back),) = handed
    assert len(plugin.printer.sent) == sent
    state = plugin.measure_state()
    assert state["state"] == "stopped"
    assert "print has started" in state["message"]["text"]
    for line in back:
        plugin.printer.print_line(line)
    assert plugin.is_back()
    assert plugin.yield_to_print() == []


def test_lines_that_are_late_for_the_print_are_held_back_and_a_captures_are_not():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)
    plugin.on_request(80, plugin.yield_to_print)
    assert not plugin.is_cut({"plugin:layercapture"})
    plugin.work()
    assert all(plugin.is_cut(tags) for tags in plugin.printer.tags)
    assert not plugin.is_cut({"plugin:layercapture", "layercapture:7"})
    assert not plugin.is_cut({"source:file"})


def test_a_print_that_starts_before_the_measurement_does_is_left_alone():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", True)
    assert plugin.yield_to_print() == []
    plugin.printer.state = Activity.PRINTING
    plugin.work()
    assert plugin.printer.sent == []
    assert plugin.measure_state()["state"] == "stopped"


def test_a_lost_connection_ends_it():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)

    def unplug():
        plugin.printer.state = Activity.GONE

    plugin.on_request(80, unplug)
    plugin.work()
    state = plugin.measure_state()
    assert state["state"] == "stopped"
    assert "disconnected" in state["message"]["text"]


@pytest.mark.parametrize(
    "activity,said",
    [
        (Activity.GONE, "Connect the printer"),
        (Activity.PRINTING, "while nothing is printed"),
        (Activity.PAUSED, "while nothing is printed"),
    ],
)
def test_it_begins_only_while_the_printer_is_idle(activity, said):
    plugin = Plugin()
    plugin.printer.state = activity
    with pytest.raises(NotNow) as refused:
        plugin.begin_measure(None, "top", False)
    assert said in refused.value.args[0].text
    assert plugin.measure_state()["state"] == "idle"


def test_one_measurement_at_a_time():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)
    with pytest.raises(NotNow):
        plugin.begin_measure(None, "top", False)
    plugin.work()
    plugin.begin_measure(None, "top", False)


def test_a_camera_nobody_has_is_refused():
    with pytest.raises(NotNow):
        Plugin().begin_measure(None, "bottom", False)


def test_a_fault_of_our_own_still_brings_the_head_back(caplog):
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)

    def burn():
        raise OSError("on fire")

    plugin.on_request(80, burn)
    plugin.work()
    assert plugin.measure_state()["state"] == "failed"
    assert plugin.is_back()
    assert "on fire" in caplog.text


def test_a_print_whose_hook_comes_late_gets_the_way_back_too():
    plugin = Plugin(delay=0.1)
    plugin.begin_measure(None, "top", False)

    def noticed():
        plugin.printer.state = Activity.PRINTING

    plugin.on_request(80, noticed)
    plugin.work()
    assert plugin.measure_state()["state"] == "stopped"
    back = plugin.yield_to_print()
    for line in back:
        plugin.printer.print_line(line)
    assert back and plugin.is_back()
