"""How long captures take: as computed at first, as measured once some were made."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.duration import seconds_per_capture
from octoprint_layercapture.config import parse
from octoprint_layercapture.equipment import grid_settings
from octoprint_layercapture.jobs import terms
from octoprint_layercapture.library import Catalog, Ending, Place, Store
from octoprint_layercapture.library.prints import PrintCamera
from octoprint_layercapture.pace import pace, settling

PROFILE = {"id": "mine", "volume": {"width": 200, "depth": 200, "height": 200}}
FIXED = {"cameras": {"settling": "fixed", "delay": 2.0}}
POSITIONS = 9


@pytest.fixture
def store(tmp_path):
    return Store(Place(tmp_path), sanitize=lambda name: name)


@pytest.fixture
def keep(store):
    """One capture that took so many seconds; `failures` say why pictures are missing."""
    started = iter(range(1733063400, 1800000000, 86400))

    def keep_print(seconds, tree=FIXED, profile=PROFILE, failures=(), visited=POSITIONS):
        config, _ = parse(tree)
        when = next(started)
        folder = store.begin_print("a.gcode", when)
        folder.describe(
            printer_profile=profile,
            cameras=[PrintCamera(name="classic")],
            config=config.model_dump(mode="json"),
        )
        writer = folder.begin_capture(
            layer=10,
            z_height=2.0,
            started=when + 60.0,
            settings=grid_settings(config, terms(config, profile).volume),
        )
        for why in failures:
            writer.add_failure(index=0, position=(100, 100), reason=why)
        writer.add_picture(
            index=0,
            order=0,
            position=(100, 100),
            actual=None,
            camera="classic",
            jpeg=b"picture",
            taken_at=when + 61.0,
            width=640,
            height=480,
        )
        writer.finish(Ending(planned=POSITIONS, visited=visited, seconds=seconds))
        folder.finish("done", None, when + 600.0)

    return keep_print


def measured(store, profile=PROFILE, hold="job"):
    return pace(Catalog(store).iter_prints(), profile, hold)


def expected(store, tree):
    """Seconds of one capture with these settings."""
    config, _ = parse(tree)
    wait = settling(config, ["classic"])
    return seconds_per_capture(terms(config, PROFILE), wait, None, measured(store))


def test_without_captures_the_time_is_as_computed(store):
    assert measured(store) == 1.0


def test_captures_with_the_same_settings_take_what_the_last_ones_took(store, keep):
    keep(20.0)
    keep(22.0)
    assert expected(store, FIXED) == pytest.approx(21.0)


def test_waits_are_as_set_and_only_the_rest_goes_by_what_was_measured(store, keep):
    keep(20.0)
    longer = {"cameras": {"settling": "fixed", "delay": 5.0}}
    assert expected(store, longer) == pytest.approx(20.0 + POSITIONS * 3.0)
    one = {**FIXED, "grid": {"columns": 1, "rows": 1}}
    assert 2.0 < expected(store, one) < 4.0


def test_only_the_newest_prints_count(store, keep):
    keep(500.0)
    for _ in range(3):
        keep(20.0)
    assert expected(store, FIXED) == pytest.approx(20.0)


@pytest.mark.parametrize(
    "unlike",
    [
        {"profile": {**PROFILE, "id": "another"}},
        {"tree": {**FIXED, "motion": {"hold": "pause"}}},
        {"failures": ["The camera did not answer."]},
        {"visited": 4},
    ],
    ids=["another printer", "paused", "a camera that failed", "broken off"],
)
def test_captures_of_another_kind_do_not_count(store, keep, unlike):
    keep(20.0)
    keep(300.0, **unlike)
    assert expected(store, FIXED) == pytest.approx(20.0)


def test_a_camera_that_was_not_measured_waits_the_fixed_delay():
    adaptive = {"settling": "adaptive", "delay": 2.0}
    config, _ = parse({"cameras": adaptive})
    assert settling(config, ["classic"]) == 2.0
    known = {"camera": "classic", "latency": 0.3, "rest": 0.2}
    config, _ = parse({"cameras": {**adaptive, "details": [known]}})
    assert settling(config, ["classic"]) == pytest.approx(0.5)
    assert settling(config, ["classic", "side"]) == 2.0
