from __future__ import annotations

import json

import pytest

from octoprint_layercapture.library import CaptureRecord, CaptureSettings, read_capture
from octoprint_layercapture.library.records import Image, point, reported, to_json


@pytest.fixture
def record(settings):
    return CaptureRecord(
        layer=10,
        z_height=2.0,
        timestamp=1701436830.123,
        gcode_file="test_print.gcode",
        print_start_time=1701436000.0,
        settings=settings,
        images=[
            Image(
                path="/uploads/layercapture/x/layer_0010_pos_00_20241201_143022.jpg",
                position=point((100, 100)),
                index=0,
                order=4,
                actual=reported((100.01, 99.99, 7.0)),
                camera="classic",
                timestamp=1701436831.0,
                width=640,
                height=480,
                size=12345,
            )
        ],
    )


def test_the_documented_fields_stand_where_they_are_documented(record):
    written = json.loads(to_json(record))
    assert written["layer"] == 10
    assert written["z_height"] == 2.0
    assert written["timestamp"] == 1701436830.123
    assert written["gcode_file"] == "test_print.gcode"
    assert written["print_start_time"] == 1701436000.0
    image = written["images"][0]
    assert image["path"].startswith("/uploads/layercapture/")
    assert image["position"] == {"x": 100, "y": 100}
    assert image["index"] == 0
    assert written["settings"]["grid_spacing"] == 40
    assert written["settings"]["grid_center"] == {"x": 100, "y": 100}
    assert written["settings"]["grid_size"] == 3


def test_size_and_spacing_are_the_columns_and_the_whole_grid_is_beside_them(record):
    assert json.loads(to_json(record))["settings"]["grid"] == {
        "columns": 3,
        "rows": 2,
        "spacing_x": 40,
        "spacing_y": 30,
    }


def test_fields_of_a_later_version_survive_a_rewrite(record):
    later = json.loads(to_json(record))
    later["weather"] = {"sunny": True}
    later["images"][0]["sha256"] = "abc"
    later["images"][0]["position"]["z"] = 3
    later["settings"]["grid"]["tilt"] = 1.5
    again = json.loads(to_json(read_capture(json.dumps(later).encode())))
    assert again == later


def test_two_captures_have_different_identifiers(settings):
    def new():
        return CaptureRecord(
            layer=1,
            z_height=0.2,
            timestamp=0,
            gcode_file="a.gcode",
            print_start_time=0,
            settings=settings,
        )

    assert new().capture_id != new().capture_id


def test_text_that_is_not_unicode_and_numbers_that_are_none_still_make_json(settings):
    record = CaptureRecord(
        layer=1,
        z_height=float("nan"),
        timestamp=0,
        gcode_file="broken\udcff.gcode",
        print_start_time=0,
        settings=settings,
    )
    written = json.loads(to_json(record))
    assert written["gcode_file"] == "broken?.gcode"
    assert written["z_height"] is None


def test_names_stay_readable_in_the_file(settings, record):
    record.gcode_file = "Würfel.gcode"
    assert "Würfel.gcode" in to_json(record).decode("utf-8")


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_a_report_with_something_that_is_no_number_is_no_report(value):
    assert reported((1.0, value, 2.0)) is None
    assert reported(None) is None


def test_positions_are_free_of_rounding_noise():
    assert point((0.1 + 0.2, 1 / 3)).model_dump() == {"x": 0.3, "y": 0.333}


def test_what_is_no_record_is_a_value_error():
    with pytest.raises(ValueError):
        read_capture(b'{"layer": 1}')
    with pytest.raises(ValueError):
        read_capture(b"half a fi")


def test_settings_of_a_grid_keep_the_centre():
    settings = CaptureSettings.of_grid(
        center=(-5.5, 0), columns=1, rows=1, spacing_x=10, spacing_y=20
    )
    assert settings.grid_center.model_dump() == {"x": -5.5, "y": 0}
    assert settings.grid_size == 1
    assert settings.grid_spacing == 10
