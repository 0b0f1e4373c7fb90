"""Settings: what a person can enter, and what becomes of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_layercapture.config import Config, defaults, known, layer_ranges, parse


def problem_keys(raw):
    return [problem.key for problem in parse(raw)[1]]


def test_the_defaults_are_those_of_the_design_and_need_no_correction():
    config, problems = parse(defaults())
    assert problems == []
    assert config == Config()
    assert defaults()["grid"] == {
        "center_x": None,
        "center_y": None,
        "columns": 3,
        "rows": 3,
        "spacing_x": 40,
        "spacing_y": 40,
        "aim": "nozzle",
    }


@pytest.mark.parametrize(
    ("group", "key", "value"),
    [
        ("layers", "interval", "ten"),
        ("layers", "interval", -1),
        ("layers", "list", "5-1"),
        ("layers", "list", "0"),
        ("layers", "list", "one"),
        ("layers", "min_height", 0),
        ("grid", "columns", 2.5),
        ("grid", "columns", 0),
        ("grid", "rows", 10**9),
        ("grid", "spacing_x", float("nan")),
        ("grid", "spacing_y", float("inf")),
        ("grid", "center_x", "left"),
        ("bed", "margin", -3),
        ("bed", "max_z", [1]),
        ("motion", "travel_speed", 0),
        ("motion", "hold", "never"),
        ("cameras", "delay", {"a": 1}),
        ("cameras", "fake", "perhaps"),
        ("cameras", "use", 7),
        ("files", "quality", 101),
        ("files", "folder", "pictures"),
        ("files", "folder", "/media/../etc"),
        ("files", "folder", "/media/\x00"),
        ("files", "folder", 7),
        ("files", "floor_mb", -1),
        ("files", "floor_mb", 2.5),
        ("files", "max_age_days", 0),
        ("files", "max_total_gb", "much"),
    ],
)
def test_a_wrong_value_is_named_and_the_default_stands_in(group, key, value):
    config, problems = parse({group: {key: value}})
    assert [p.key for p in problems] == [f"{group}.{key}"]
    assert str(problems[0].message)
    assert config == Config()


def test_the_message_says_what_would_be_right():
    (problem,) = parse({"grid": {"columns": "many"}})[1]
    assert str(problem.message) == "“many” is not a whole number from 1 to 20."


def test_a_wrong_value_keeps_what_was_there_before():
    before, _ = parse({"grid": {"columns": 5}})
    config, problems = parse({"grid": {"columns": "x", "rows": 4}}, before)
    assert (config.grid.columns, config.grid.rows) == (5, 4)
    assert len(problems) == 1


def test_several_wrong_values_are_all_named():
    raw = {"grid": {"columns": "x", "rows": "y"}, "bed": {"margin": "z"}, "enabled": 3}
    assert sorted(problem_keys(raw)) == [
        "bed.margin",
        "enabled",
        "grid.columns",
        "grid.rows",
    ]


def test_numbers_may_come_as_people_write_them():
    config, problems = parse(
        {"grid": {"columns": " 5 ", "spacing_x": "12,5", "center_x": ""}}
    )
    assert problems == []
    assert config.grid.columns == 5
    assert config.grid.spacing_x == 12.5
    assert config.grid.center_x is None


def test_what_is_empty_among_the_files_is_the_usual():
    empty = {"folder": " ", "floor_mb": "", "max_age_days": " ", "max_total_gb": ""}
    config, problems = parse({"files": empty})
    assert problems == []
    assert config == Config()
    assert parse({"files": {"folder": None}}) == (Config(), [])


def test_limits_may_have_a_decimal_comma():
    assert parse({"files": {"max_total_gb": "2,5"}})[0].files.max_total_gb == 2.5


def test_a_list_keeps_its_commas():
    assert parse({"layers": {"list": "1,5"}})[0].layers.ranges == ((1, 1), (5, 5))


def test_a_list_may_hold_words():
    layers = parse({"layers": {"list": " First, 3 last "}})[0].layers
    assert (layers.words, layers.ranges) == ({"first", "last"}, ((3, 3),))
    assert not parse({"layers": {"list": "1, 5"}})[0].layers.words


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        ("", ()),
        ("1, 5-10, 40", ((1, 1), (5, 10), (40, 40))),
        ("1;2 3 , 4", ((1, 1), (2, 2), (3, 3), (4, 4))),
        (" 7 - 9 ", ((7, 9),)),
        ("first, 5-10, Last", ((5, 10),)),
    ],
)
def test_layer_lists_are_read(text, ranges):
    assert layer_ranges(text) == ranges


junk = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(list(defaults()) + ["columns"]), inner)
    ),
    max_leaves=8,
)


@given(junk)
def test_nothing_raises(raw):
    config, _ = parse(raw)
    assert parse(config.model_dump(mode="json"))[1] == []


@given(st.dictionaries(st.sampled_from(list(defaults()["grid"])), junk))
def test_no_value_of_a_group_raises(raw):
    parse({"grid": raw})


@pytest.mark.parametrize("group", ["grid", "layers", "motion"])
def test_a_group_that_is_none_is_named_and_its_defaults_stand_in(group):
    config, problems = parse({group: "x"})
    assert [problem.key for problem in problems] == [group]
    assert config == Config()


def test_text_that_cannot_be_written_is_mended_or_refused():
    config, problems = parse({"layers": {"list": "\ud800"}, "cameras": {"use": "\ud800"}})
    assert [problem.key for problem in problems] == ["layers.list"]
    config.model_dump_json()


def test_only_known_settings_are_kept():
    raw = {"grid": {"columns": 2, "colour": "red"}, "else": 1, "layers": "x"}
    assert known(raw) == {"grid": {"columns": 2}}
    assert known("x") == {}


@pytest.mark.parametrize(
    ("group", "key", "choices"),
    [
        ("cameras", "auth", "none, basic, digest, bearer"),
        ("cameras", "settling", "adaptive, fixed"),
        ("grid", "aim", "nozzle, camera"),
        ("fake_camera", "mount", "head, fixed"),
        ("motion", "hold", "job, pause"),
    ],
)
def test_a_choice_that_there_is_not_is_told_with_those_there_are(group, key, choices):
    (problem,) = parse({group: {key: "x"}})[1]
    assert problem.key == f"{group}.{key}"
    assert str(problem.message).endswith(f"Choose one of these: {choices}.")


def details_of(*entries):
    config, problems = parse({"cameras": {"details": list(entries)}})
    return config.cameras.details, [str(problem.message) for problem in problems]


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("offset_x", 501, "Offset X of camera top: “501” is not a number from -500"),
        ("offset_y", "far", "Offset Y of camera top: “far” is not a number from -500"),
        ("latency", -1, "Latency of camera top: “-1” is not a number from 0 to 30."),
        ("rest", 31, "Time to come to rest of camera top: “31” is not a number"),
        ("stale", 1.5, "Old frames of camera top: “1.5” is not a whole number from 0"),
    ],
)
def test_what_is_wrong_with_one_camera_is_said_and_costs_nothing_else(key, value, said):
    good = {"camera": "side", "offset_x": 7}
    details, problems = details_of(good, {"camera": "top", "offset_x": 3, key: value})
    assert len(problems) == 1
    assert problems[0].startswith(said)
    assert [(each.camera, each.offset_x) for each in details] == [
        ("side", 7),
        ("top", 0 if key == "offset_x" else 3),
    ]


def test_a_wrong_value_of_one_camera_leaves_what_was_known_of_it_before():
    before, _ = parse({"cameras": {"details": [{"camera": "top", "latency": 0.4}]}})
    raw = {"cameras": {"details": [{"camera": "top", "latency": "x", "offset_y": 2}]}}
    (detail,) = parse(raw, before)[0].cameras.details
    assert (detail.latency, detail.offset_y) == (0.4, 2)


@pytest.mark.parametrize("details", ["x", [1], [{}], [{"camera": None}], {"a": 1}])
def test_details_that_are_none_are_said_to_be(details):
    config, problems = parse({"cameras": {"details": details}})
    assert [problem.key for problem in problems] == ["cameras.details"]
    assert "a list with a name in each entry" in str(problems[0].message)
    assert config.cameras.details == ()


@pytest.mark.parametrize("empty", ["", None, " "])
def test_an_offset_left_empty_is_none(empty):
    (detail,), problems = details_of({"camera": "top", "offset_x": empty})
    assert (detail.offset_x, problems) == (0, [])


@pytest.mark.parametrize(
    ("login", "key"),
    [("u" * 201 + ":p", "cameras.username"), ("u:" + "p" * 501, "cameras.password")],
)
def test_a_login_in_the_url_that_is_too_long_is_said_once(login, key):
    config, problems = parse({"cameras": {"url": f"http://{login}@cam/"}})
    assert [problem.key for problem in problems] == [key]
    assert config.cameras.url == "http://cam/"


@pytest.mark.parametrize(
    "url",
    ["http://[", "http://cam:99999/", "http://u:se/cret@cam/", "http://u:se#cret@cam/"],
)
def test_a_url_that_is_no_address_is_refused_and_not_repeated(url):
    config, (problem,) = parse({"cameras": {"url": url}})
    assert config.cameras.url == ""
    assert problem.key == "cameras.url"
    assert "cret" not in str(problem.message)
