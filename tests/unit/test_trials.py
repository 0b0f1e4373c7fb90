"""A whole test capture on the printer model with real workers, and what ends it early."""

from __future__ import annotations

import io
import os
import shutil
import threading

import pytest
from PIL import Image

from octoprint_layercapture.cameras import CameraError
from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.job import Listener
from octoprint_layercapture.capture.ports import Activity, CaptureFailed
from octoprint_layercapture.capture.run import Step
from octoprint_layercapture.config import parse
from octoprint_layercapture.errands import NotNow
from octoprint_layercapture.library import Conditions, Place, Store
from octoprint_layercapture.measuring import MeasureSection
from octoprint_layercapture.messages import Message
from octoprint_layercapture.pictures import written
from octoprint_layercapture.trial_story import nothing_yet
from octoprint_layercapture.trials import TrialSection
from tests.unit.capture.conftest import PROFILE
from tests.unit.capture.marlin import ModelPrinter

START = ("G21", "G90", "M82", "G1 X50 Y60 Z12 F3000")
SETTINGS = {
    "grid": {"columns": 2, "rows": 2},
    "cameras": {"settling": "fixed", "delay": 0},
}


def a_jpeg():
    out = io.BytesIO()
    Image.effect_noise((640, 480), 60).save(out, "JPEG")
    return out.getvalue()


class Printer(ModelPrinter):
    """Passes time for its own answers, and really waits where there are none."""

    def __init__(self):
        super().__init__()
        self.state = Activity.IDLE
        self.tags = []
        for line in START:
            self.print_line(line)
        self.now = self.free_at + 60

    def send(self, lines, tags):
        self.tags.append(tags)
        super().send(lines, tags)

    def wait(self, condition, seconds):
        if self._events and self._events[0][0] <= self.now + seconds:
            super().wait(condition, seconds)
        else:
            condition.wait(min(seconds, 0.02))
            self.now += min(seconds, 0.02)


class Camera:
    """Gives pictures; ``on_request`` is called with the number of each request."""

    def __init__(self, name="top"):
        self.name = name
        self.asked = 0
        self.on_request = lambda number: None

    def snapshot(self, scene):
        self.asked += 1
        self.on_request(self.asked)
        return a_jpeg()

    def abandon(self):
        pass


class Silent(CameraError):
    silent = True


class Webcams:
    def __init__(self, cameras):
        self.cameras = cameras
        self.problems = []

    def choose(self, *args, **kwargs):
        return list(self.cameras), list(self.problems)


class Plugin(MeasureSection, TrialSection):
    """The sections with what they need of the rest of the plugin."""

    def __init__(self, folder, cameras=()):
        super().__init__()
        self.folder = folder
        self.printer = self._printer_port = self._trial_clock = Printer()
        self._engine = Engine(self.printer, self.printer, Listener())
        self.printer.head = self._engine.head
        self.cameras = list(cameras) or [Camera()]
        self._webcams = Webcams(self.cameras)
        self._config = parse(SETTINGS)[0]
        self.profile = PROFILE
        self.told = []

    def current_profile(self):
        return self.profile

    def get_plugin_data_folder(self):
        return str(self.folder)

    def message(self, event, **payload):
        self.told.append((event, payload))

    def changes(self):
        return [payload for event, payload in self.told if event == "trial"]

    def work(self):
        while self._engine.work_off(wait=False):
            pass

    def test(self, home=False, tree=None):
        self.begin_trial(tree, home)
        self.work()
        return self.trial_state()

    def is_above(self):
        return self.printer.machine() == (50, 60, 17) and not self.printer.relative

    def _sanitize(self, name):
        return name

    def _conditions(self):
        return Conditions()

    def _store(self, config):
        return Store(Place(self.folder), sanitize=self._sanitize)


@pytest.fixture
def plugin(tmp_path):
    return Plugin(tmp_path)


def said(state):
    return state["message"]["text"] if state["message"] else None


def on_request(plugin, number, what):
    """Do ``what`` at the first camera's request of this number."""
    plugin.cameras[0].on_request = lambda n: what() if n == number else None


def test_each_picture_is_told_of_and_can_be_had(plugin):
    begun = plugin.begin_trial(None, False)
    assert (begun["state"], begun["total"], begun["visited"]) == ("moving", 4, 0)
    assert "motors" in said(begun)
    plugin.work()
    state = plugin.trial_state()
    assert (state["state"], said(state)) == ("done", None)
    assert (state["visited"], state["step"], state["visiting"]) == (4, None, None)
    assert sorted(picture["index"] for picture in state["pictures"]) == [0, 1, 2, 3]
    for picture in state["pictures"]:
        path = plugin.trial_picture(state["id"], picture["name"])
        with Image.open(path) as image:
            assert image.size == (640, 480)
    assert state["failures"] == []
    assert plugin.is_above()


def test_changes_are_numbered_and_make_up_the_whole(plugin):
    plugin.begin_trial(None, True)
    start = plugin.trial_state()
    plugin.told.clear()
    plugin.work()
    whole = start
    for change in plugin.changes():
        assert change["id"] == whole["id"]
        assert change["change"] == whole["change"] + 1
        added = {name: whole[name] + change[name] for name in ("pictures", "failures")}
        whole = {**whole, **change, **added}
    assert whole == plugin.trial_state()
    steps = [change["step"] for change in plugin.changes()]
    assert [step for step in ("home", "enter", "settle") if step in steps] == [
        "home",
        "enter",
        "settle",
    ]
    assert {change["visiting"] for change in plugin.changes()} == {None, 0, 1, 2, 3}


def test_a_frozen_camera_is_told_of_once(plugin):
    same = a_jpeg()
    plugin.cameras[0].snapshot = lambda scene: same
    (notice,) = plugin.test()["notices"]
    assert "frozen" in notice["text"]


def test_homing_is_said_and_done_first(plugin):
    assert plugin.begin_trial(None, True)["state"] == "homing"
    plugin.work()
    assert plugin.printer.sent[0] == "G28"
    state = plugin.trial_state()
    assert (state["state"], state["z"]) == ("done", 5.0)


def test_the_settings_on_the_screen_are_tested(plugin):
    tree = {**SETTINGS, "grid": {"columns": 1, "rows": 2}}
    assert plugin.test(tree=tree)["visited"] == 2


def test_the_next_test_takes_the_place_of_the_last(plugin):
    first = plugin.test()
    second = plugin.test()
    assert first["id"] != second["id"]
    name = first["pictures"][0]["name"]
    assert plugin.trial_picture(first["id"], name) is None
    there = list(plugin.folder.rglob("layer_*.jpg"))
    assert len(there) == 4


def test_only_its_own_pictures_are_handed_out(plugin):
    (plugin.folder / "secret.jpg").write_bytes(b"secret")
    state = plugin.test()
    for name in ("secret.jpg", "../secret.jpg", "../../secret.jpg", ""):
        assert plugin.trial_picture(state["id"], name) is None
    assert plugin.trial_picture("other", state["pictures"][0]["name"]) is None


def test_one_that_is_over_can_be_forgotten(plugin):
    state = plugin.test()
    plugin.forget_trial()
    assert plugin.trial_state() == nothing_yet() == plugin.changes()[-1]
    assert plugin.trial_picture(state["id"], state["pictures"][0]["name"]) is None


def test_one_under_way_is_not_forgotten(plugin):
    on_request(plugin, 2, plugin.forget_trial)
    assert len(plugin.test()["pictures"]) == 4


def test_pictures_of_an_earlier_start_are_removed(plugin):
    plugin.test()
    plugin.clear_trials()
    assert len(list(plugin.folder.rglob("*.jpg"))) == 4
    Plugin(plugin.folder).clear_trials()
    assert list(plugin.folder.rglob("*.jpg")) == []


def test_all_cameras_in_use_take_pictures(tmp_path):
    plugin = Plugin(tmp_path, [Camera("top"), Camera("side")])
    state = plugin.test()
    assert state["cameras"] == ["top", "side"]
    assert len(state["pictures"]) == 8
    assert len({picture["name"] for picture in state["pictures"]}) == 8


def test_a_camera_that_fails_at_one_position_costs_that_picture(plugin):
    def fail():
        raise CameraError("Camera %(camera)s is on fire.", camera="top")

    on_request(plugin, 2, fail)
    state = plugin.test()
    assert state["state"] == "done"
    assert len(state["pictures"]) == 3
    (failure,) = state["failures"]
    assert failure["camera"] == "top"
    assert failure["text"] == "Camera %(camera)s is on fire."


def test_a_camera_that_fails_everywhere_is_told_of_at_each_position(plugin):
    def fail(number):
        raise Silent("Camera %(camera)s does not answer.", camera="top")

    plugin.cameras[0].on_request = fail
    state = plugin.test()
    assert (state["state"], state["pictures"]) == ("done", [])
    assert sorted(failure["index"] for failure in state["failures"]) == [0, 1, 2, 3]
    assert plugin.cameras[0].asked == 1
    assert plugin.is_above()


def test_a_camera_that_cannot_be_used_is_said_beside_the_others(plugin):
    plugin._webcams.problems = [CameraError("Camera %(camera)s is gone.", camera="side")]
    state = plugin.test()
    assert state["state"] == "done"
    assert [notice["text"] for notice in state["notices"]] == [
        "Camera %(camera)s is gone."
    ]


def test_a_stop_keeps_what_was_taken_and_brings_the_head_back(plugin):
    on_request(plugin, 3, plugin.stop_trial)
    state = plugin.test()
    assert (state["state"], state["stopping"]) == ("stopped", False)
    assert said(state) == "The test capture was stopped."
    assert len(state["pictures"]) == 2
    assert plugin.is_above()
    assert not plugin.stop_trial()
    assert any(change["stopping"] for change in plugin.changes())


def test_a_stop_before_it_has_begun_moves_nothing(plugin):
    plugin.begin_trial(None, False)
    assert plugin.stop_trial()
    plugin.work()
    state = plugin.trial_state()
    assert (state["state"], state["pictures"]) == ("stopped", [])
    assert plugin.printer.sent == []


def test_a_stop_while_homing_says_that_the_printer_goes_on_homing(plugin):
    plugin.printer.on_line = lambda line: line == "G28" and plugin.stop_trial()
    state = plugin.test(home=True)
    assert "finishes homing" in said(state)
    assert not any(line.startswith("G1") for line in plugin.printer.sent)


def test_a_print_gets_the_way_back_and_nothing_is_sent_any_more(plugin):
    handed = []

    def begins():
        handed.append((len(plugin.printer.sent), plugin.yield_to_print()))
        plugin.printer.state = Activity.PRINTING

    on_request(plugin, 2, begins)
    state = plugin.test()
    ((sent, back),) = handed
    assert len(plugin.printer.sent) == sent
    assert state["state"] == "stopped"
    assert "print has started" in said(state)
    assert len(state["pictures"]) <= 1
    for line in back:
        plugin.printer.print_line(line)
    assert plugin.is_above()
    assert plugin.yield_to_print() == []
    assert all(plugin.is_cut(tags) for tags in plugin.printer.tags)
    assert not plugin.is_cut({"plugin:layercapture", "layercapture:7"})


@pytest.mark.parametrize("sent", [0, 1, 3, 99])
def test_a_print_soon_after_a_stop_gets_what_the_stop_has_not_sent(plugin, sent):
    """All but so many lines of the stop still wait in OctoPrint's queue."""
    on_request(plugin, 2, plugin.stop_trial)
    send = plugin.printer.send
    handed = []

    def queue(lines, tags):
        if plugin._trial.stop is None:
            return send(lines, tags)
        send(lines[:sent], tags)
        handed.append(plugin.yield_to_print())
        plugin.printer.state = Activity.PRINTING
        assert plugin.is_cut(tags)

    plugin.printer.send = queue
    plugin.printer.print_line("G91")
    modes = plugin.printer.modes()
    motion = {"before": "M42 P4 S255", "after": "M42 P4 S0"}
    state = plugin.test(tree={**SETTINGS, "motion": motion})
    assert state["state"] == "stopped"
    (back,) = handed
    assert back[-1] == "M42 P4 S0"
    for line in back:
        plugin.printer.print_line(line)
    assert plugin.printer.machine() == (50, 60, 17)
    assert plugin.printer.modes() == modes
    assert plugin.yield_to_print() == []


def begins(plugin):
    """A print is noticed by the test, which is over before the print's hook is called."""

    def noticed():
        plugin.printer.state = Activity.PRINTING

    on_request(plugin, 2, noticed)
    assert plugin.test()["state"] == "stopped"


def test_a_print_whose_hook_comes_late_gets_the_way_back_too(plugin):
    plugin.printer.print_line("G91")
    modes = plugin.printer.modes()
    begins(plugin)
    assert plugin.printer.modes() != modes
    back = plugin.yield_to_print()
    assert all(plugin.is_cut(tags) for tags in plugin.printer.tags)
    for line in back:
        plugin.printer.print_line(line)
    assert plugin.printer.machine() == (50, 60, 17)
    assert plugin.printer.modes() == modes
    assert plugin.yield_to_print() == []


def test_the_way_back_is_for_no_later_print_and_no_other_printer(plugin):
    begins(plugin)
    plugin.forget_errand()
    assert plugin.yield_to_print() == []
    for other in (
        lambda: plugin._engine.head.on_received("start"),
        lambda: setattr(plugin.printer, "link", object()),
    ):
        plugin.printer.state = Activity.IDLE
        plugin.cameras[0].asked = 0
        for line in START:
            plugin.printer.print_line(line)
        begins(plugin)
        other()
        assert plugin.yield_to_print() == []


def test_a_way_back_that_the_printer_never_answered_is_for_no_print(plugin):
    ask = plugin._engine.head.ask

    def mute(lines, *args, **kwargs):
        if plugin._trial.run.step is Step.LEAVE:
            raise CaptureFailed(Message("No answer."))
        return ask(lines, *args, **kwargs)

    plugin._engine.head.ask = mute
    plugin.test()
    assert plugin.yield_to_print() == []


def test_an_end_told_late_takes_the_way_back_from_no_test_under_way(plugin):
    on_request(plugin, 2, plugin.forget_errand)
    assert plugin.test()["state"] == "done"
    assert plugin.is_above()


def test_a_test_that_has_come_back_hands_nothing_over(plugin):
    handed = []
    tell = plugin.message

    def watch(event, **payload):
        if payload.get("state") == "done":
            handed.append(plugin._trial.hand_over())
        tell(event, **payload)

    plugin.message = watch
    plugin.test()
    assert handed == [[]]


def test_a_print_that_starts_before_the_test_does_is_left_alone(plugin):
    plugin.begin_trial(None, True)
    assert plugin.yield_to_print() == []
    plugin.printer.state = Activity.PRINTING
    plugin.work()
    assert plugin.printer.sent == []
    assert plugin.trial_state()["state"] == "stopped"


def test_a_lost_connection_and_a_reset_end_it(plugin):
    def unplug():
        plugin.printer.state = Activity.GONE

    on_request(plugin, 2, unplug)
    state = plugin.test()
    assert state["state"] == "stopped"
    assert "disconnected" in said(state)
    plugin.printer.state = Activity.IDLE
    plugin.cameras[0].asked = 0
    on_request(plugin, 2, lambda: plugin._engine.head.on_received("start"))
    plugin.printer.print_line("G1 X50 Y60 Z12 F3000")
    state = plugin.test()
    assert state["state"] == "stopped"
    assert "restarted" in said(state)


def test_a_shutdown_ends_it(plugin):
    on_request(plugin, 2, lambda: plugin.end_errand("shutdown"))
    state = plugin.test()
    assert "shutting down" in said(state)
    assert plugin.is_above()


def test_a_full_disk_is_told_of_at_each_position(plugin, monkeypatch):
    floor = 1 << 60
    monkeypatch.setattr(
        plugin,
        "_store",
        lambda config: Store(
            Place(plugin.folder), sanitize=plugin._sanitize, floor=floor
        ),
    )
    state = plugin.test()
    assert (state["state"], state["pictures"]) == ("done", [])
    assert len(state["failures"]) == 4
    assert "free" in state["failures"][0]["text"]


@pytest.mark.parametrize("what", ["rmtree", "fsync"])
def test_a_print_does_not_wait_for_the_disk_of_a_test(plugin, monkeypatch, what):
    plugin.test()
    go_on = threading.Event()
    module = shutil if what == "rmtree" else os
    do = getattr(module, what)
    # a disk that hangs: until the print has begun nothing of the test comes to an end
    monkeypatch.setattr(
        module, what, lambda *args, **kwargs: (go_on.wait(60), do(*args, **kwargs))
    )
    plugin.cameras[0].asked = 0

    def begins():
        plugin.printer.state = Activity.PRINTING

    on_request(plugin, 4, begins)
    working = threading.Thread(target=plugin.test, daemon=True)
    working.start()
    working.join(10)
    held = working.is_alive()
    go_on.set()
    assert not held
    assert written(20)


def test_a_disk_in_the_way_is_told_of_at_each_position(plugin):
    (plugin.folder / "trial").write_text("a file where the folder should be")
    state = plugin.test()
    assert (state["state"], state["pictures"]) == ("done", [])
    assert len(state["failures"]) == 4


def test_a_fault_of_our_own_is_told_of(plugin, caplog):
    def broken():
        raise ValueError("secret")

    plugin._conditions = broken
    state = plugin.test()
    assert state["state"] == "failed"
    assert "internal error" in said(state)
    assert "broke off" in caplog.text
    assert not plugin.stop_trial()


def test_a_fault_in_ending_it_keeps_the_head_from_nobody(plugin, monkeypatch):
    plugin.begin_trial(None, False)

    def broken():
        raise ValueError("secret")

    monkeypatch.setattr(plugin._trial, "close", broken)
    plugin.work()
    assert plugin.test()["state"] == "done"


@pytest.mark.parametrize(
    "activity,words",
    [
        (Activity.GONE, "Connect the printer"),
        (Activity.PRINTING, "while nothing is printed"),
        (Activity.PAUSED, "while nothing is printed"),
        (Activity.CANCELLING, "while nothing is printed"),
    ],
)
def test_it_begins_only_while_the_printer_is_idle(plugin, activity, words):
    plugin.printer.state = activity
    with pytest.raises(NotNow) as refused:
        plugin.begin_trial(None, False)
    assert words in refused.value.args[0].text
    assert plugin.trial_state()["state"] == "idle"
    assert plugin.trial_state()["id"] is None


@pytest.mark.parametrize(
    "tree,words",
    [
        ({"grid": {"center_x": 1000}}, "No position"),
        ({"bed": {"max_z": 4}}, "above the maximum"),
        ({"grid": {"columns": "many"}}, "Correct the setting “Columns” (Grid) first"),
        ({"cameras": {"use": ["top"]}}, "gone"),
    ],
)
def test_what_cannot_be_tested_is_refused(plugin, tree, words):
    if "cameras" in tree:
        plugin._webcams.cameras = []
        plugin._webcams.problems = [CameraError("Camera %(camera)s is gone.", camera="t")]
    with pytest.raises(NotNow) as refused:
        plugin.begin_trial(tree, False)
    assert words in str(refused.value.args[0])
    assert plugin.printer.sent == []


def test_the_head_is_for_one_errand_at_a_time(plugin):
    plugin.begin_trial(None, False)
    for begin in (
        lambda: plugin.begin_trial(None, False),
        lambda: plugin.begin_measure(None, "top", False),
    ):
        with pytest.raises(NotNow) as refused:
            begin()
        assert "under way already" in refused.value.args[0].text
    plugin.work()
    plugin.begin_measure(None, "top", False)
    with pytest.raises(NotNow):
        plugin.begin_trial(None, False)
    plugin.stop_measure()
    plugin.work()
    assert plugin.test()["state"] == "done"
