"""What screens are told: a state that cannot be told keeps nothing else from going on."""

from __future__ import annotations

import logging
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace

import pytest

from octoprint_layercapture import config
from octoprint_layercapture.capture.grid import Position
from octoprint_layercapture.capture.ports import Outcome
from octoprint_layercapture.jobs import Print
from octoprint_layercapture.library import CaptureRecord
from octoprint_layercapture.library.records import CaptureSettings
from octoprint_layercapture.live import LiveSection
from octoprint_layercapture.plugin import LayerCapturePlugin

LONG = 60.0  # s; nothing that is waited for takes this long
STRESS = 1.0  # s


class Recording:
    """Stands for whatever the plugin calls; remembers the names of what was called."""

    def __init__(self):
        self.called = []

    def __getattr__(self, name):
        def call(*args, **kwargs):
            self.called.append(name)
            return {}

        return call


@pytest.fixture
def plugin():
    plugin = LayerCapturePlugin()
    plugin._logger = logging.getLogger("octoprint.plugins.layercapture")
    plugin._identifier = "layercapture"
    plugin._engine, plugin._indexer = Recording(), Recording()
    plugin._printer, plugin._event_bus = Recording(), Recording()
    plugin._plugin_manager = SimpleNamespace(send_plugin_message=lambda *_: None)
    plugin._teller = Recording()
    plugin._config = config.Config(enabled=False)
    plugin._print, plugin._job = Print("box.gcode", "", 1.0), None
    plugin._begun_by_event, plugin._announced = True, True
    return plugin


@pytest.fixture
def untold(plugin, monkeypatch):
    """A plugin whose state cannot be told."""
    asked = []

    def state():
        asked.append(True)
        raise RuntimeError("no state")

    monkeypatch.setattr(plugin, "state", state)
    yield plugin
    assert asked
    assert "wake" in plugin._teller.called


def test_print_ends_where_the_state_cannot_be_told(untold):
    untold._end("done", True)
    assert untold._print is None
    assert "disarm" in untold._engine.called


def test_next_print_begins_where_the_state_cannot_be_told(untold):
    untold._begin()
    assert untold._print is not None and untold._print.started > 1.0


def test_capture_is_kept_where_the_state_cannot_be_told(untold):
    capture = CaptureRecord(
        layer=10,
        z_height=2.0,
        timestamp=1.0,
        gcode_file="box.gcode",
        print_start_time=1.0,
        settings=CaptureSettings.model_construct(),
    )
    layer = SimpleNamespace(number=10)
    outcome = Outcome(layer, 3, 3, None, False, None, False, 4.5)
    untold.capture_kept(capture, outcome, 3, 0)
    assert untold._last["pictures"] == 3
    assert "fire" in untold._event_bus.called


def test_message_that_cannot_be_sent_breaks_no_state(plugin, monkeypatch, caplog):
    def send(*_):
        raise RuntimeError("nobody there")

    monkeypatch.setattr(plugin, "state", dict)
    monkeypatch.setattr(plugin._plugin_manager, "send_plugin_message", send)
    plugin.state_changed()
    assert "The state could not be told" in caplog.text
    assert "wake" in plugin._teller.called


def test_capture_is_told_while_its_pictures_come():
    live, over = LiveSection(), threading.Event()
    story, grid = live._story, [Position(index, 1.0, 1.0) for index in range(2000)]
    story.armed("print", "box.gcode", grid, ["front"])
    story.opened("0", "print", 10, 2.0)

    def write():
        capture = 0
        while not over.is_set():
            capture += 1
            story.opened(str(capture), "print", 10, 2.0)
            for place in grid:
                story.saved(str(capture), place.index, "front", "box_1", "one.jpg")

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor(1) as threads:
            writing = threads.submit(write)
            try:
                until = time.monotonic() + STRESS
                while time.monotonic() < until:
                    told = live._capture(None)
                    assert told is not None and told["total"] == len(grid)
            finally:
                over.set()
            writing.result(LONG)
    finally:
        sys.setswitchinterval(before)
