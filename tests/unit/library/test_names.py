from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from octoprint.util.files import sanitize_filename

from octoprint_layercapture.library import names

WHEN = time.mktime((2024, 12, 1, 14, 30, 22, 0, 0, -1))
STAMP = "20241201_143022"


def as_is(name):
    return name


def test_folder_is_named_for_the_print_and_its_local_start_time():
    assert names.folder_name("test_print", WHEN, as_is) == f"test_print_{STAMP}"


def test_stamps_are_local_time_wherever_that_is(monkeypatch):
    monkeypatch.setenv("TZ", "UTC-9")
    time.tzset()
    try:
        assert names.stamp(0) == "19700101_090000"
    finally:
        monkeypatch.undo()
        time.tzset()


def test_pictures_and_metadata_are_named_for_layer_position_and_local_time():
    assert names.picture_name(10, 0, WHEN, as_is) == f"layer_0010_pos_00_{STAMP}.jpg"
    assert names.metadata_name(10, WHEN) == f"layer_0010_metadata_{STAMP}.json"


def test_numbers_widen_past_four_and_two_digits():
    name = names.picture_name(12345, 123, WHEN, as_is)
    assert name == f"layer_12345_pos_123_{STAMP}.jpg"
    assert names.metadata_name(12345, WHEN) == f"layer_12345_metadata_{STAMP}.json"


def test_a_name_that_exists_gets_a_number():
    assert names.folder_name("a", WHEN, as_is, 2) == f"a_{STAMP}_2"
    assert names.picture_name(1, 0, WHEN, as_is, number=2).endswith(f"{STAMP}_2.jpg")
    assert names.metadata_name(1, WHEN, 3).endswith(f"{STAMP}_3.json")


@pytest.mark.parametrize(
    "camera, word",
    [
        ("Side Cam", "Side-Cam"),
        ("a_b.c", "a-b-c"),
        ("../etc", "etc"),
        ("", None),
        ("///", "camera"),
        ("x" * 300, "x" * names.CAMERA_BYTES),
    ],
)
def test_further_cameras_are_in_the_name_as_one_word(camera, word):
    expected = f"layer_0010_pos_00_{word}_{STAMP}.jpg"
    if word is None:
        expected = f"layer_0010_pos_00_{STAMP}.jpg"
    assert names.picture_name(10, 0, WHEN, as_is, camera) == expected


@pytest.mark.parametrize(
    "gcode_file, name",
    [
        ("test_print.gcode", "test_print"),
        ("folder/deeper/part.GCO", "part"),
        ("v1.2.g", "v1.2"),
        ("no extension", "no extension"),
        (".gcode", ""),
    ],
)
def test_a_print_is_called_like_its_file_without_folder_and_extension(gcode_file, name):
    assert names.print_name(gcode_file) == name


@pytest.mark.parametrize(
    "name, stem",
    [
        ("", "print"),
        ("..", "print"),
        ("///", "print"),
        ("\u200b\u202e", "print"),
        ("\ud800", "print"),
        ("../../etc/passwd", "etc_passwd"),
        ("a:b?c", "a_b_c"),
        (".hidden", "hidden"),
        ("a\nb\x00c", "a_b_c"),
        ("Würfel 20 mm", "Würfel 20 mm"),
        ("Wu\u0308rfel", "Würfel"),
    ],
)
def test_unsafe_parts_of_a_print_name_are_replaced(name, stem):
    usual = sanitize_filename
    assert names.folder_name(name, WHEN, usual) == f"{stem}_{STAMP}"


def test_a_long_name_is_cut_at_a_whole_character():
    name = names.folder_name("x" + "ü" * 300, WHEN, as_is)
    assert name == "x" + "ü" * 49 + f"_{STAMP}"


@given(name=st.text(max_size=300), camera=st.text(max_size=100))
@example(name="CON", camera="NUL")
@example(name="💚" * 100, camera="💚" * 30)
@example(name="👨‍👩‍👧‍👦 family", camera="👩🏽‍🚀")
@example(name="a" * 99 + " .", camera=" . ")
@example(name="%2e%2e;rm -rf ~|&$HOME", camera="`id`")
@example(name="Ⅳ ﬁ ½ ª", camera="Ⅳ")
@example(name="-_-", camera="_-_")
@settings(max_examples=300, deadline=None)
def test_octoprint_leaves_every_name_as_it_is(name, camera):
    for universal in (False, True):

        def sanitize(text, universal=universal):
            return sanitize_filename(text, really_universal=universal)

        folder = names.folder_name(name, WHEN, sanitize, 2)
        picture = names.picture_name(10, 0, WHEN, sanitize, camera, 2)
        metadata = names.metadata_name(10, WHEN, 2)
        for result in (folder, picture, metadata):
            assert sanitize(result) == result
            assert not result.startswith(".")
            assert len(result.encode("utf-8")) <= 130
        assert folder.endswith(f"_{STAMP}_2")
        assert picture.startswith("layer_0010_pos_00_")
        assert picture.endswith(f"_{STAMP}_2.jpg")


@pytest.mark.parametrize("sanitized", ["x", "", "never the same"])
def test_a_name_that_is_never_agreed_on_becomes_a_plain_one(sanitized):
    assert names.folder_name("part", WHEN, lambda name: sanitized) == f"print_{STAMP}"


def test_a_sanitizer_that_always_adds_something_ends_in_a_plain_name():
    assert names.folder_name("part", WHEN, lambda name: "a" + name) == f"print_{STAMP}"


def test_a_sanitizer_that_refuses_ends_in_a_plain_name():
    def refuse(name):
        raise ValueError(name)

    assert names.folder_name("part", WHEN, refuse) == f"print_{STAMP}"
