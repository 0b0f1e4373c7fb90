"""Putting a job together: its cameras."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from octoprint_layercapture import config as settings
from octoprint_layercapture.cameras import FakeCamera, Scene, Webcams
from octoprint_layercapture.gcode import Layer, LayerIndex
from octoprint_layercapture.indexer import Indexed
from octoprint_layercapture.jobs import Job, cameras, prepare
from octoprint_layercapture.library import Place, Store


def test_the_fake_camera_is_as_set():
    config, _ = settings.parse(
        {
            "cameras": {
                "fake": True,
                "details": [{"camera": "fake", "offset_x": 12, "offset_y": -3.5}],
            },
            "fake_camera": {"field": 40, "mount": "fixed", "noise": 3},
        }
    )
    [camera], problems = cameras(config, Webcams())
    assert problems == []
    assert isinstance(camera, FakeCamera)
    assert camera.name == "fake"
    assert camera.scale == 640 / 40
    assert camera.offset == (12, -3.5)
    same = FakeCamera(field=40, mount="fixed", noise=3, offset=(12, -3.5))
    scene = Scene(1, 0.2, 0.2, 50, 60, 0, 0.0, (0, 0, 200, 200))
    assert camera.frame(scene) == same.frame(scene)


PROFILE = {"id": "mine", "volume": {"width": 200, "depth": 200, "height": 200}}


@pytest.mark.parametrize(
    ("details", "offset"),
    [
        ([], None),
        ([{"camera": "fake", "latency": 0.2}], None),
        ([{"camera": "fake", "offset_y": -3.5}], {"x": 0, "y": -3.5}),
    ],
    ids=["nothing known", "nobody entered it", "entered"],
)
def test_the_record_says_an_offset_where_somebody_entered_one(tmp_path, details, offset):
    tree = {"cameras": {"fake": True, "details": details}}
    folder = Store(Place(tmp_path), sanitize=str).begin_print("a.gcode", 1733063400)
    job = prepare(
        job_of(None).indexed,
        settings.parse(tree)[0],
        PROFILE,
        Webcams(),
        folder,
        *(None, None, None),
    )
    job.close()
    (camera,) = folder.record.model_dump(mode="json")["cameras"]
    assert camera["offset"] == offset


class Following(FakeCamera):
    """Notes what it is told."""

    def __init__(self):
        super().__init__()
        self.told = []

    def follow(self, layer):
        self.told.append(layer)

    def close(self):
        self.told.append("closed")


def job_of(camera, pictures=None):
    layers = tuple(
        Layer(number, 0.2 * number, 0.2, None, 100 * number, False, 0.2 * number)
        for number in (1, 2, 3)
    )
    return Job(
        indexed=Indexed("print.gcode", LayerIndex(layers=layers), 1, 1.0),
        armed=None,
        pictures=pictures,
        folder=None,
        notices=[],
        watching=[camera],
    )


@pytest.mark.parametrize(
    ("position", "printed"), [(0, 0), (100, 0), (101, 1), (250, 2), (300, 2), (301, 3)]
)
def test_the_fake_camera_hears_how_far_the_file_was_printed(position, printed):
    camera = Following()
    job_of(camera).progressed(position)
    assert camera.told == [printed]


def test_the_end_of_a_job_closes_its_pictures_and_the_fake_camera():
    camera, closed = Following(), []
    job_of(camera, SimpleNamespace(close=lambda _: closed.append("pictures"))).close()
    assert closed == ["pictures"]
    assert camera.told == ["closed"]
