"""Settings that an earlier version stored."""

from __future__ import annotations

import copy

import pytest

from octoprint_layercapture import migrations
from octoprint_layercapture.config import parse
from octoprint_layercapture.migrations import STEPS, VERSION, migrated

FIRST = {
    "_config_version": 1,
    "layers": {"interval": 2},
    "cameras": {"url": "http://kim:s3cret%21@camera.local/snapshot", "delay": 1.5},
}


def test_a_login_in_a_cameras_url_moves_to_its_own_settings():
    cameras = migrated(FIRST, 1)["cameras"]
    assert cameras == {
        "url": "http://camera.local/snapshot",
        "auth": "basic",
        "username": "kim",
        "password": "s3cret!",
        "delay": 1.5,
    }


def test_what_needs_no_change_is_kept_and_what_was_stored_is_not_touched():
    before = copy.deepcopy(FIRST)
    assert migrated(FIRST, 1)["layers"] == {"interval": 2}
    assert before == FIRST


def test_settings_mean_the_same_after_their_migration():
    assert parse(migrated(FIRST, 1)) == parse(FIRST)


@pytest.mark.parametrize("version", [None, 0, -3, 1])
def test_settings_without_a_usable_version_are_of_the_first(version):
    assert migrated(FIRST, version) == migrated(FIRST, 1)


@pytest.mark.parametrize("version", [VERSION, VERSION + 1, 99])
def test_settings_of_today_or_of_a_later_version_stay_as_they_are(version):
    assert migrated(FIRST, version) == FIRST


@pytest.mark.parametrize("stored", [None, "text", 7, [], {}])
def test_nothing_stored_gives_nothing(stored):
    assert migrated(stored, None) == {}


@pytest.mark.parametrize("cameras", [None, "text", 7, [], {}, {"url": None}])
def test_damaged_groups_do_not_stop_a_migration(cameras):
    tree = migrated({"cameras": cameras, "layers": {"interval": 3}}, None)
    assert parse(tree)[0].layers.interval == 3


def test_steps_run_in_the_order_of_the_versions_they_bring_about():
    assert [step.__name__ for step in STEPS] == [
        f"v{number}" for number in range(2, VERSION + 1)
    ]
    named = [name for name in vars(migrations) if name[:1] == "v" and name[1:].isdigit()]
    assert sorted(named, key=lambda name: int(name[1:])) == [s.__name__ for s in STEPS]
