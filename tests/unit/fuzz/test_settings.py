"""Settings of any kind: they are checked, and nothing raises."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_layercapture import credentials
from octoprint_layercapture.config import Config, defaults, known, parse
from octoprint_layercapture.jobs import cameras, space, terms
from tests.fuzz import names_in, spoilt, trees

NAMES = sorted(set(names_in(defaults())) | {"camera", "offset_x", "latency", "token_set"})
PROFILE = {
    "volume": {
        "width": 200.0,
        "depth": 200.0,
        "height": 200.0,
        "formFactor": "rectangular",
        "origin": "lowerleft",
        "custom_box": False,
    }
}

everything = st.one_of(trees(st.sampled_from(NAMES)), spoilt(defaults()), trees())


def nested_to(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


@settings(deadline=None)
@given(everything, everything)
def test_what_is_saved_can_be_used_written_and_read_again(entered, stored):
    before, _ = parse(stored)
    config, problems = parse(known(credentials.kept(entered)), before)
    assert all(str(problem.message) and problem.to_dict() for problem in problems)
    again, complaints = parse(json.loads(config.model_dump_json()), before)
    assert (again, complaints) == (config, [])


@settings(deadline=None)
@given(everything)
def test_what_a_print_is_made_of_comes_of_any_settings(entered):
    config, _ = parse(entered)
    space(config, PROFILE)
    terms(config, PROFILE)
    config.model_dump_json()


@settings(deadline=None)
@given(everything, everything)
def test_a_trial_never_raises_and_no_secret_goes_out(entered, stored):
    before, _ = parse(stored)
    config, _ = parse(credentials.completed(entered, before), before)
    for each in (config, before):
        shown = credentials.withheld(each)["cameras"]
        assert "password" not in shown and "token" not in shown


@pytest.mark.parametrize("depth", [30, 400, 900])
@pytest.mark.parametrize("place", ["group", "value", "list"])
def test_settings_nested_too_deep_are_refused_by_name(depth, place):
    deep = nested_to(depth)
    raw = {
        "group": {"grid": deep},
        "value": {"grid": {"columns": deep}},
        "list": {"cameras": {"use": deep}},
    }[place]
    config, problems = parse(known(credentials.kept(raw)))
    if place != "group":
        assert [problem.key for problem in problems] == [
            "grid.columns" if place == "value" else "cameras.use"
        ]
    assert [problem.key for problem in parse(raw)[1]]
    assert config == Config()


def test_the_cameras_of_any_settings_are_listed_without_raising():
    config, _ = parse({"cameras": {"fake": True}})
    found, problems = cameras(config, None)
    assert len(found) == 1 and problems == []
