"""The grid as somebody's screen asks for it, aimed with the nozzle or with a camera."""

from __future__ import annotations

import json
from types import SimpleNamespace

from octoprint_layercapture.cameras import Webcams
from octoprint_layercapture.web.preview import preview

PROFILE = {"volume": {"width": 200, "depth": 200, "height": 200}}
ONE = {"columns": 1, "rows": 1, "aim": "camera"}


def webcam(name):
    return SimpleNamespace(
        config=SimpleNamespace(name=name, displayName=name.title(), canSnapshot=True),
        providerIdentifier="test",
        providerPlugin=None,
    )


WEBCAMS = Webcams(
    listed=lambda: {name: webcam(name) for name in ("side", "top")},
    preferred=lambda: webcam("side"),
)


def places(**settings):
    return preview(settings, PROFILE, WEBCAMS)["positions"]


def detail(camera, x, y):
    return {"camera": camera, "offset_x": x, "offset_y": y}


def test_the_nozzle_goes_where_the_positions_are():
    cameras = {"details": [detail("side", 30, 40)]}
    (place,) = places(grid={**ONE, "aim": "nozzle"}, cameras=cameras)
    assert (place["x"], place["y"]) == (100, 100)
    assert place["nozzle"] == {"x": 100, "y": 100}


def test_a_position_that_a_camera_is_to_see_has_its_nozzle_beside_it():
    cameras = {"details": [detail("top", 1, 1), detail("side", 30, -40)]}
    (place,) = places(grid=ONE, cameras=cameras)
    assert (place["x"], place["y"]) == (100, 100)
    assert place["nozzle"] == {"x": 70, "y": 140}


def test_the_first_of_several_cameras_is_aimed_with():
    cameras = {"use": ["top", "side"], "details": [detail("top", 5, 0)]}
    (place,) = places(grid=ONE, cameras=cameras)
    assert place["nozzle"] == {"x": 95, "y": 100}


def test_a_camera_that_is_gone_is_not_the_first():
    cameras = {
        "use": ["gone", "side"],
        "details": [detail("gone", 9, 9), detail("side", 5, 0)],
    }
    (place,) = places(grid=ONE, cameras=cameras)
    assert place["nozzle"] == {"x": 95, "y": 100}


def test_the_fake_camera_and_the_one_by_url_can_be_aimed_with():
    details = [detail("fake", 1, 0), detail("url", 2, 0)]
    (place,) = places(grid=ONE, cameras={"fake": True, "details": details})
    assert place["nozzle"]["x"] == 99
    cameras = {"url": "http://camera/", "details": details}
    (place,) = places(grid=ONE, cameras=cameras)
    assert place["nozzle"]["x"] == 98


def test_without_any_camera_the_nozzle_is_meant():
    none = Webcams(listed=dict, preferred=lambda: None)
    shown = preview({"grid": ONE}, PROFILE, none)
    assert shown["positions"][0]["nozzle"] == {"x": 100, "y": 100}


def test_the_limits_are_the_nozzles():
    cameras = {"details": [detail("side", 120, 0)]}
    (place,) = places(grid=ONE, cameras=cameras)
    assert "nozzle" in place["refused"]["text"]


def test_nothing_secret_comes_back():
    raw = {"cameras": {"password": "s3cret" * 200, "token": ["s3cret"], "url": "x"}}
    assert "s3cret" not in json.dumps(preview(raw, PROFILE, WEBCAMS))
