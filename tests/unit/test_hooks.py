"""What OctoPrint's comm layer calls: nothing raises, and nothing is waited for."""

from __future__ import annotations

import logging
import threading
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.capture.job import Armed, Listener
from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.capture.terms import Terms
from octoprint_layercapture.gcode import Layer
from octoprint_layercapture.plugin import LayerCapturePlugin
from octoprint_layercapture.printer import OctoPrintPrinter, SystemClock
from tests.unit.fuzz.test_settings import PROFILE

TAGS = ["filepos:130", "filepos:230", "source:file", "plugin:layercapture", "", "x"]


class Refusing:
    """OctoPrint's printer: it holds nothing, and what would block it does not know."""

    def __init__(self):
        self.holds = []

    def set_job_on_hold(self, value, blocking=True):
        assert not blocking, "a hook may wait for nothing"
        self.holds.append(value)
        return None

    def get_state_id(self):
        return "PRINTING"

    def is_operational(self):
        return True


class Broken:
    """A printer of which everything raises."""

    def __getattr__(self, name):
        raise RuntimeError(name)


def layer(number):
    return Layer(
        number=number,
        z=0.2 * number,
        height=0.2,
        slicer_number=None,
        capture_pos=100 * number,
        retracted=True,
        top=0.2 * number,
        triggers=tuple(100 * number + 10 * step for step in range(6)),
        resume=None,
    )


def armed_plugin(printer):
    plugin = LayerCapturePlugin()
    plugin._logger = logging.getLogger("octoprint.plugins.layercapture")
    plugin._printer_port = OctoPrintPrinter(printer)
    plugin._measurement = None
    plugin._beginning = threading.Lock()
    plugin._begun_by_event = True
    plugin._engine = Engine(
        plugin._printer_port, SystemClock(), Listener(), plugin.watch_for
    )
    terms = Terms((), volume(PROFILE, None, None, None, 10), 5, 150, 10, 1, 35, 0, True)
    plugin._engine.expect()
    plugin._engine.arm(
        Armed(
            plan([layer(1), layer(2)], 1, False, False, ()),
            terms,
            lambda _: None,
            lambda: None,
            lambda position: None,
        )
    )
    return plugin


class Odd:
    """Neither text nor anything else, and it cannot be put into a set."""

    __hash__ = None


anything = st.one_of(
    st.none(),
    st.text(max_size=20),
    st.binary(max_size=10),
    st.integers(),
    st.floats(),
    st.builds(Odd),
    st.lists(st.text(max_size=5), max_size=3),
)
tags = st.one_of(
    st.none(),
    st.sets(st.sampled_from(TAGS)),
    st.lists(st.sampled_from(TAGS), max_size=4),
    st.lists(anything, max_size=3),
    anything,
)
lines = st.one_of(
    anything,
    st.sampled_from(
        ["start", "ok", "X:1 Y:2 Z:3 E:0", "M114", "G1 X1 Y2 E3", "G1 Xnan", "T999999"]
    ),
)
odd = settings(
    deadline=None,
    max_examples=200,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=[Refusing, Broken])
def plugin(request, caplog):
    caplog.set_level(logging.CRITICAL)
    return armed_plugin(request.param())


@odd
@given(comm=anything, command=lines, gcode=anything, tags=tags)
def test_no_line_makes_a_hook_raise(plugin, comm, command, gcode, tags):
    for hook in (plugin.on_gcode_queuing, plugin.on_gcode_sending):
        answer = hook(comm, "queuing", command, None, gcode, None, tags, 1, more=2)
        assert answer is None


@odd
@given(comm=anything, line=lines)
def test_no_answer_of_a_printer_makes_a_hook_raise(plugin, comm, line):
    assert plugin.on_gcode_received(comm, line) is line


@odd
@given(kind=anything, name=st.one_of(anything, st.just("beforePrintStarted")))
def test_no_script_makes_a_hook_raise(plugin, kind, name):
    assert plugin.on_script(None, kind, name) is None
    assert plugin.on_script(None, "gcode", name) is None


@odd
@given(
    command=st.one_of(anything, st.just("LAYERCAPTURE")),
    parameters=st.one_of(anything, st.sampled_from(["now", "on", "off", " ON "])),
)
def test_no_at_command_makes_a_hook_raise(plugin, command, parameters):
    assert plugin.on_at_command(None, "queuing", command, parameters) is None


def test_a_hold_that_is_refused_is_asked_for_again_without_waiting():
    printer = Refusing()
    plugin = armed_plugin(printer)
    connection = SimpleNamespace()
    for position in (110, 120, 130):
        plugin.on_gcode_queuing(
            connection, "queuing", "G1 X1", None, "G1", None, {f"filepos:{position}"}
        )
    assert printer.holds == [True] * 3


@pytest.mark.parametrize("under_way", [False, True])
@pytest.mark.parametrize("event", ["PrintDone", "PrintCancelled", "PrintFailed"])
def test_a_way_back_that_a_print_did_not_take_goes_with_its_end(event, under_way):
    plugin, handed = armed_plugin(Refusing()), []
    plugin._announced = False
    plugin._errand = SimpleNamespace(
        under_way=under_way, hand_over=lambda: handed.append(event)
    )
    plugin.on_event(event, {})
    assert handed == ([] if under_way else [event])
