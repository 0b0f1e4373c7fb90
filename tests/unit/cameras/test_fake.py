from __future__ import annotations

import dataclasses
import io

import pytest
from PIL import Image, ImageChops

from octoprint_layercapture.cameras import FakeCamera
from octoprint_layercapture.cameras.jpeg import check

PX_PER_MM = 8


@pytest.fixture
def camera():
    return FakeCamera()


def at(scene, **changes):
    return dataclasses.replace(scene, **changes)


def different(one, other, box=None):
    """The part of two pictures in which they differ beyond what JPEG does."""
    images = (Image.open(io.BytesIO(jpeg)).convert("L") for jpeg in (one, other))
    difference = ImageChops.difference(*images).point(lambda value: value > 24 and 255)
    return (difference.crop(box) if box else difference).getbbox()


def test_it_takes_whole_jpegs(camera, scene):
    assert check("fake", camera.snapshot(scene)) == (640, 480)


def test_the_same_scene_gives_the_same_picture(camera, scene):
    assert camera.snapshot(scene) == FakeCamera().snapshot(scene)


@pytest.mark.parametrize(
    "changes",
    [
        {"layer": 11},
        {"z": 2.2},
        {"height": 0.3},
        {"index": 5},
        {"time": 1733063423},
        {"x": 100.1},
        {"y": 99.9},
        {"layers_total": 30},
    ],
)
def test_whatever_differs_can_be_seen(camera, scene, changes):
    before = camera.snapshot(scene)
    after = camera.snapshot(at(scene, **changes))
    assert different(before, after) is not None


def test_the_layer_shows_in_the_height_of_the_bar(camera, scene):
    def top_of_bar(layer):
        jpeg = camera.snapshot(at(scene, layer=layer, layers_total=30))
        image = Image.open(io.BytesIO(jpeg)).convert("L")
        bar = image.crop((628, 60, 636, 480)).point(lambda value: value > 60 and 255)
        return bar.getbbox()[1]

    heights = [top_of_bar(layer) for layer in (1, 10, 20, 30)]
    assert heights == sorted(heights, reverse=True)
    assert len(set(heights)) == 4


def common_part(view, dx, dy):
    """What a view shares with one ``dx, dy`` pixels further, both crosses blotted out."""
    view = view.copy()
    for x, y in ((320, 240), (320 + dx, 240 + dy)):
        view.paste((0, 0, 0), (x - 40, y - 40, x + 40, y + 40))
    return view.crop((max(dx, 0), max(dy, 0), 640 + min(dx, 0), 480 + min(dy, 0)))


@pytest.mark.parametrize("shift", [(40, 0), (0, -30), (25.5, 12.25), (-0.125, 0.125)])
@pytest.mark.parametrize("between", [0, 0.0625])
@pytest.mark.parametrize("circular", [False, True])
def test_two_views_agree_to_the_pixel_where_they_overlap(
    camera, scene, shift, between, circular
):
    x, y = 60 + between, 40 + between
    here = at(scene, x=x, y=y, circular=circular)
    there = at(here, x=x + shift[0], y=y + shift[1])
    dx, dy = round(shift[0] * PX_PER_MM), round(-shift[1] * PX_PER_MM)
    one = common_part(camera.view(here), dx, dy)
    other = common_part(camera.view(there), -dx, -dy)
    assert ImageChops.difference(one, other).getbbox() is None
    assert len(one.getcolors(maxcolors=100_000)) > 10


def test_two_positions_show_different_parts_of_the_bed(camera, scene):
    below_text = (0, 60, 600, 480)
    here = camera.snapshot(at(scene, x=60))
    there = camera.snapshot(at(scene, x=140))
    assert different(here, there, below_text) is not None


def test_beyond_the_edge_there_is_no_bed(camera, scene):
    image = camera.view(at(scene, x=0, y=0))
    assert image.getpixel((100, 400)) == image.getpixel((50, 100))
    assert image.getpixel((500, 100)) != image.getpixel((100, 400))


def test_the_corner_of_a_circular_bed_is_not_bed(camera, scene):
    corner = at(scene, x=10, y=10)
    square = camera.view(corner).getpixel((280, 300))
    circle = camera.view(at(corner, circular=True)).getpixel((280, 300))
    assert square != circle
    assert circle == camera.view(at(scene, x=-500, y=0)).getpixel((100, 400))


@pytest.mark.parametrize("x, y", [(-1000, -1000), (0, 0), (1e6, -1e6), (0.0001, 1 / 3)])
def test_it_draws_wherever_the_head_is(camera, scene, x, y):
    assert check("fake", camera.snapshot(at(scene, x=x, y=y))) == (640, 480)


@pytest.mark.parametrize(
    "bed", [(0, 0, 0, 0), (-100, -100, 100, 100), (0, 0, 5, 5), (0, 0, 1000, 1000)]
)
@pytest.mark.parametrize("circular", [False, True])
def test_it_draws_every_bed(camera, scene, bed, circular):
    assert camera.snapshot(at(scene, bed=bed, circular=circular))


def test_the_quality_is_the_one_asked_for(scene):
    assert len(FakeCamera(quality=20).snapshot(scene)) < len(
        FakeCamera(quality=95).snapshot(scene)
    )
