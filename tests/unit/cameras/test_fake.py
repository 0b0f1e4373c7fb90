from __future__ import annotations

import dataclasses
import io
import logging
import threading
import weakref

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageChops, ImageStat

from octoprint_layercapture.cameras import CameraError, FakeCamera, Scene
from octoprint_layercapture.cameras import printed as printed_module
from octoprint_layercapture.cameras.jpeg import check
from octoprint_layercapture.cameras.printed import THREAD
from octoprint_layercapture.hands import HANDS, Hands

PX_PER_MM = 8
MM = st.floats(0, 200, allow_nan=False)
SCENE = Scene(10, 2.0, 0.2, 100, 100, 4, 1733063422, (0, 0, 200, 200))


@dataclasses.dataclass(frozen=True)
class Line:
    """A straight bead, or several."""

    points: tuple[float, ...]
    width: float = 0.8


SPIRAL = Line(tuple(v for i in range(60) for v in (100 + i, 100 + (i * i) % 40)))


def at(scene, **changes):
    return dataclasses.replace(scene, **changes)


def printing(*layers, **options):
    """A camera that sees these layers being printed."""
    return FakeCamera(layers=lambda: iter(layers), patience=60, **options)


def image_of(jpeg):
    return Image.open(io.BytesIO(jpeg)).convert("RGB")


def different(one, other, box=None):
    """The part of two JPEGs in which they differ beyond what JPEG does."""
    images = (image_of(jpeg).convert("L") for jpeg in (one, other))
    difference = ImageChops.difference(*images).point(lambda value: value > 24 and 255)
    return (difference.crop(box) if box else difference).getbbox()


def same(one, other):
    return ImageChops.difference(one, other).getbbox() is None


def changed(one, other):
    """The box of the pixels in which two views differ."""
    return ImageChops.difference(one, other).getbbox()


def reddest(image):
    """The box of the pixels that filament was laid on."""
    red, _, blue = image.split()
    return (
        ImageChops.subtract(red, blue).point(lambda value: value > 60 and 255).getbbox()
    )


# frames


def test_it_takes_whole_jpegs_of_the_size_it_says(scene):
    camera = FakeCamera()
    assert check("fake", camera.snapshot(scene)) == camera.size


def test_a_frame_is_the_view_and_text_below_it(scene):
    camera = FakeCamera()
    assert camera.view_box == (0, 0, 640, 480)
    assert camera.size[0] == 640 and camera.size[1] > 480
    view = camera.view(scene)
    frame = image_of(camera.frame(scene)).crop(camera.view_box)
    assert ImageStat.Stat(ImageChops.difference(frame, view)).mean < [4, 4, 4]


def test_the_same_scene_gives_the_same_picture(scene):
    camera = FakeCamera()
    assert camera.snapshot(scene) == camera.snapshot(scene)
    assert camera.snapshot(scene) == FakeCamera().snapshot(scene)


def test_as_long_as_nothing_changes_neither_does_the_frame(scene):
    camera = FakeCamera()
    assert camera.frame(scene) == camera.frame(at(scene, time=scene.time + 60))


def test_a_snapshot_is_a_frame_the_right_way_up(scene):
    camera = FakeCamera()
    assert camera.snapshot(scene) == camera.upright(camera.frame(scene))


@pytest.mark.parametrize(
    "changes",
    [
        {"layer": 11},
        {"z": 2.2},
        {"height": 0.3},
        {"index": 5},
        {"x": 100.1},
        {"y": 99.9},
        {"layers_total": 30},
    ],
)
def test_whatever_differs_can_be_read_below_the_view(scene, changes):
    camera = FakeCamera()
    text = (0, camera.view_box[3], *camera.size)
    before, after = camera.snapshot(scene), camera.snapshot(at(scene, **changes))
    assert different(before, after, text) is not None


def test_the_bar_shows_how_far_the_print_is(scene):
    camera = FakeCamera()

    def length(layer):
        frame = image_of(camera.snapshot(at(scene, layer=layer, layers_total=30)))
        row = frame.convert("L").crop((0, 481, 640, 482))
        return row.point(lambda value: value > 90 and 255).getbbox()[2]

    lengths = [length(layer) for layer in (1, 10, 20, 30)]
    assert lengths == pytest.approx([21, 213, 427, 640], abs=4)


def test_the_quality_is_the_one_asked_for(scene):
    assert len(FakeCamera(quality=20).snapshot(scene)) < len(
        FakeCamera(quality=95).snapshot(scene)
    )


# places


CAMERAS = {
    "usual": printing([SPIRAL]),
    "coarse": printing([SPIRAL], field=200.3),
    "fine": printing([SPIRAL], field=13.7),
    "odd": printing([SPIRAL], field=61.7, size=(333, 251), offset=(-20.31, 33.33)),
}


@pytest.mark.parametrize("circular", [False, True])
@pytest.mark.parametrize("camera", CAMERAS.values(), ids=CAMERAS)
@settings(max_examples=40, deadline=None)
@given(x=MM, y=MM, dx=st.floats(-40, 40), dy=st.floats(-30, 30))
def test_two_views_are_the_same_to_the_pixel_where_they_overlap(
    camera, circular, x, y, dx, dy
):
    here = at(SCENE, x=x, y=y, circular=circular)
    there = at(here, x=x + dx, y=y + dy)
    one, other = camera.view(here), camera.view(there)
    width, height = one.size
    scale = camera.scale
    right = pixel((x + dx + camera.offset[0]) * scale)
    right -= pixel((x + camera.offset[0]) * scale)
    down = pixel(-(y + dy + camera.offset[1]) * scale)
    down -= pixel(-(y + camera.offset[1]) * scale)
    if abs(right) >= width or abs(down) >= height:
        return
    box = max(right, 0), max(down, 0), width + min(right, 0), height + min(down, 0)
    moved = box[0] - right, box[1] - down, box[2] - right, box[3] - down
    assert same(one.crop(box), other.crop(moved))


def pixel(along):
    """The pixel boundary next to a place of the lattice."""
    return int((along + 0.5) // 1)


def test_a_bead_is_where_it_was_laid():
    camera = printing([Line((100, 100, 110, 100))])
    left, top, right, bottom = reddest(camera.view(SCENE))
    assert (left, right) == pytest.approx((320, 400), abs=3)
    assert (top, bottom) == pytest.approx((240 - 3, 240 + 3), abs=2)


@pytest.mark.parametrize("place", [(95, 92), (101.25, 107.5)])
@pytest.mark.parametrize("offset", [(0, 0), (-20, 0), (3.5, 12.25)])
def test_the_middle_of_the_view_is_the_nozzle_and_the_offset(place, offset):
    camera = printing([Line((99, 100, 101, 100))], offset=offset)
    scene = at(SCENE, x=place[0] - offset[0], y=place[1] - offset[1])
    left, top, right, bottom = reddest(camera.view(scene))
    x, y = (left + right) / 2, (top + bottom) / 2
    assert x == pytest.approx(320 + (100 - place[0]) * PX_PER_MM, abs=2)
    assert y == pytest.approx(240 - (100 - place[1]) * PX_PER_MM, abs=2)


@pytest.mark.parametrize("field", [20, 80, 400])
def test_the_field_is_as_wide_as_set(field):
    camera = printing([Line((100 - field / 4, 100, 100 + field / 4, 100))], field=field)
    left, _, right, _ = reddest(camera.view(SCENE))
    assert right - left == pytest.approx(320, rel=0.03)


def test_two_positions_show_different_parts_of_the_bed(scene):
    camera = FakeCamera()
    assert not same(camera.view(at(scene, x=60)), camera.view(at(scene, x=140)))


def test_beyond_the_edge_there_is_no_bed(scene):
    image = FakeCamera().view(at(scene, x=0, y=0))
    assert image.getpixel((100, 400)) == image.getpixel((50, 100))
    assert image.crop((0, 0, 310, 480)).getcolors() is not None
    assert len(image.crop((0, 0, 310, 480)).getcolors()) == 1
    assert len(image.crop((330, 0, 640, 230)).getcolors(100_000)) > 10


def test_the_corner_of_a_circular_bed_is_not_bed(scene):
    camera, corner = FakeCamera(), at(scene, x=10, y=10)
    square = camera.view(corner).getpixel((280, 300))
    circle = camera.view(at(corner, circular=True)).getpixel((280, 300))
    assert square != circle
    assert circle == camera.view(at(scene, x=-500, y=0)).getpixel((100, 400))


def test_a_bed_around_the_origin_has_its_middle_there(scene):
    middle = at(scene, bed=(-100, -100, 100, 100), x=0, y=0)
    corner = at(middle, x=-100, y=-100)
    camera = printing([Line((-1, 0, 1, 0))])
    left, _, right, _ = reddest(camera.view(middle))
    assert (left + right) / 2 == pytest.approx(320, abs=2)
    assert len(camera.view(corner).crop((0, 250, 640, 480)).getcolors(9)) == 1


@pytest.mark.parametrize("x, y", [(-1000, -1000), (0, 0), (1e6, -1e6), (0.0001, 1 / 3)])
@pytest.mark.parametrize("field", [5, 80, 2000])
def test_it_draws_wherever_the_head_is(scene, x, y, field):
    camera = FakeCamera(field=field)
    assert check("fake", camera.snapshot(at(scene, x=x, y=y))) == camera.size


@pytest.mark.parametrize(
    "bed", [(0, 0, 0, 0), (-100, -100, 100, 100), (0, 0, 5, 5), (0, 0, 5000, 5000)]
)
@pytest.mark.parametrize("circular", [False, True])
def test_it_draws_every_bed(scene, bed, circular):
    assert FakeCamera().snapshot(at(scene, bed=bed, circular=circular))


# fixed above the bed


def test_a_fixed_camera_sees_the_same_wherever_the_head_is_but_for_the_head(scene):
    camera = FakeCamera(mount="fixed", field=300)
    one, other = (camera.view(at(scene, x=x, y=100)) for x in (40, 160))
    scale = 640 / 300
    box = changed(one, other)
    assert box[0] >= 320 + (40 - 100 - 32) * scale
    assert box[2] <= 320 + (160 - 100 + 32) * scale
    assert same(one.crop((280, 0, 360, 480)), other.crop((280, 0, 360, 480)))


@pytest.mark.parametrize("offset", [(0, 0), (15, -7.5)])
@pytest.mark.parametrize("place", [(100, 100), (60.4, 133.3)])
def test_a_fixed_camera_sees_the_nozzle_where_it_is(scene, offset, place):
    camera = FakeCamera(mount="fixed", field=320, offset=offset)
    view = camera.view(at(scene, x=place[0], y=place[1]))
    red, _, blue = view.split()
    tip = ImageChops.subtract(red, blue).point(lambda value: value > 80 and 255)
    tip = tip.crop((80, 0, 560, 480))
    x, y = (100 + offset[0], 100 + offset[1])
    expected = 320 + (place[0] - x) * 2, 240 - (place[1] - y) * 2
    inner = tip.crop(tuple(round(v) for v in around(expected, 8, -80)))
    left, top, right, bottom = inner.getbbox()
    assert (left + right) / 2 == pytest.approx(8, abs=1.5)
    assert (top + bottom) / 2 == pytest.approx(8, abs=1.5)


def around(place, reach, shift):
    x, y = place[0] + shift, place[1]
    return x - reach, y - reach, x + reach, y + reach


# the print


def strips(count):
    """Layers of a line each, one beside the other, 1 mm apart."""
    return [[Line((90, 80 + y, 110, 80 + y))] for y in range(count)]


def test_only_the_layers_printed_so_far_are_seen():
    layers = strips(30)
    camera = printing(*layers)
    for number in (10, 11, 20, 30):
        seen = camera.view(at(SCENE, layer=number))
        assert same(seen, printing(*layers[:number]).view(at(SCENE, layer=number)))
        top = reddest(seen)[1]
        assert top == pytest.approx(240 - (number - 1 - 20) * PX_PER_MM - 3, abs=2)


def test_it_does_not_matter_in_which_order_layers_and_places_are_visited():
    layers = strips(60)
    scenes = [
        at(SCENE, layer=n, x=x) for n, x in ((55, 90), (1, 110), (30, 90), (31, 80))
    ]
    camera = printing(*layers)
    for scene in (*scenes, *reversed(scenes)):
        assert same(camera.view(scene), printing(*layers).view(scene))


def test_the_newest_layer_is_on_top_and_older_ones_are_darker():
    layers = [[Line((80, 100, 120, 100), 4)], *[[] for _ in range(80)]]
    camera = printing(*layers, [Line((100, 80, 100, 120), 4)])
    brightness = []
    for number in range(1, 82):
        view = camera.view(at(SCENE, layer=number))
        brightness.append(sum(view.getpixel((240, 240))))
    assert brightness == sorted(brightness, reverse=True)
    assert brightness[0] > 2 * brightness[-1]
    crossing = camera.view(at(SCENE, layer=82))
    assert sum(crossing.getpixel((320, 240))) == pytest.approx(brightness[0], rel=0.2)
    assert sum(crossing.getpixel((240, 240))) == brightness[-1]


def test_another_bed_begins_anew():
    camera = printing(*strips(10))
    before = camera.view(SCENE)
    camera.view(at(SCENE, bed=(0, 0, 300, 300)))
    assert same(camera.view(SCENE), before)


def test_without_a_print_there_is_the_bed_alone(scene):
    assert reddest(FakeCamera().view(scene)) is None


def broken(*layers):
    yield from layers
    raise OSError("it is gone")


@pytest.mark.parametrize("layers", [[], strips(3)])
def test_a_file_that_vanishes_leaves_what_was_read_of_it(layers, caplog):
    camera = FakeCamera(layers=lambda: broken(*layers), patience=60)
    with caplog.at_level(logging.WARNING):
        view = camera.view(SCENE)
        assert same(camera.view(SCENE), view)
    assert same(view, printing(*layers).view(at(SCENE, layer=len(layers))))
    assert [record.message for record in caplog.records] == [
        "The fake camera shows no more of the print, reading its file failed: it is gone"
    ]


def test_a_file_that_cannot_be_opened_leaves_the_bed():
    def refuse():
        raise PermissionError("no")

    camera = FakeCamera(layers=refuse, patience=60)
    assert same(camera.view(SCENE), FakeCamera().view(SCENE))


class Slow:
    """Layers that come only when they are let."""

    def __init__(self, layers):
        self.layers = layers
        self.asked, self.let = threading.Event(), threading.Event()

    def __call__(self):
        for layer in self.layers:
            self.asked.set()
            assert self.let.wait(60)
            yield layer


def idle():
    """Waits until no fake camera is at work behind its frames."""
    assert HANDS.wait(THREAD, 60)


def test_a_frame_does_not_wait_for_a_file_that_is_read_too_slowly():
    slow = Slow(strips(10))
    camera = FakeCamera(layers=slow, patience=0)
    assert reddest(camera.view(SCENE)) is None
    slow.let.set()
    idle()
    assert same(camera.view(SCENE), printing(*strips(10)).view(SCENE))


def test_a_frame_that_waits_is_called_off():
    slow = Slow(strips(10))
    camera = FakeCamera(layers=slow, patience=60)
    answers = []

    def take():
        try:
            answers.append(camera.snapshot(SCENE))
        except CameraError as error:
            answers.append(str(error))

    waiting = threading.Thread(target=take)
    waiting.start()
    assert slow.asked.wait(60)
    camera.abandon()
    waiting.join(60)
    assert answers == ["The picture of camera fake was called off."]
    slow.let.set()
    idle()
    assert check("fake", camera.snapshot(SCENE))


def test_what_is_said_to_be_printed_is_painted_before_a_frame_is_asked_for():
    camera = FakeCamera(layers=lambda: iter(strips(12)), patience=0)
    camera.prepare(SCENE.bed, SCENE.circular)
    for number in (3, 9, 10, 4):
        camera.follow(number)
        idle()
    assert same(camera.view(SCENE), printing(*strips(10)).view(SCENE))


def test_layers_after_the_one_asked_for_are_not_painted_by_what_was_said_before():
    camera = printing(*strips(12))
    camera.prepare(SCENE.bed, SCENE.circular)
    camera.follow(11)
    idle()
    assert same(camera.view(SCENE), printing(*strips(10)).view(SCENE))


def test_following_before_there_is_a_bed_does_nothing():
    asked = []
    camera = FakeCamera(layers=lambda: asked.append(1) or iter(()))
    camera.follow(3)
    idle()
    assert asked == []


def test_one_print_after_the_other_is_painted_by_the_same_thread():
    def workers():
        return {each.ident for each in threading.enumerate() if each.name == THREAD}

    for _ in range(3):
        printing(*strips(10)).view(SCENE)
        idle()
    before = workers()
    for _ in range(5):
        printing(*strips(10)).view(SCENE)
        idle()
    assert workers() == before


class Closing:
    """Layers whose end can be seen."""

    def __init__(self, layers):
        self.layers, self.open = layers, 0

    def __call__(self):
        self.open += 1
        try:
            yield from self.layers
        finally:
            self.open -= 1


def test_after_the_print_the_file_is_let_go_and_what_was_drawn_stays():
    heavy = [[*each, Line((0.0, 0.0) * 5000)] for each in strips(60)]
    layers = Closing(heavy)
    camera = FakeCamera(layers=layers, patience=60)
    before = camera.view(SCENE)
    idle()
    assert layers.open == 1
    camera.close()
    assert layers.open == 0
    assert same(camera.view(SCENE), before)
    assert same(camera.view(at(SCENE, layer=11)), before)


def test_a_reader_at_work_when_the_print_ends_goes_no_further():
    slow = Slow(strips(1000))
    camera = FakeCamera(layers=slow, patience=0)
    camera.view(at(SCENE, layer=1000))
    assert slow.asked.wait(60)
    camera.close()
    slow.let.set()
    idle()
    assert reddest(camera.view(SCENE)) is None


def test_only_so_much_is_read_ahead():
    read = []

    def layers():
        for number in range(1000):
            read.append(number)
            yield [Line((0.0, 0.0) * 5000)]

    camera = FakeCamera(layers=layers, patience=60)
    camera.view(at(SCENE, layer=1))
    idle()
    assert 10 <= len(read) <= 100


# noise


@pytest.mark.parametrize("noise", [1, 8, 20])
def test_the_noise_has_the_deviation_asked_for(scene, noise):
    noisy, clean = FakeCamera(noise=noise).view(scene), FakeCamera().view(scene)
    grain = ImageStat.Stat(ImageChops.subtract(noisy, clean, 1, 128))
    assert grain.mean == pytest.approx([128] * 3, abs=noise / 50)
    assert grain.stddev == pytest.approx([noise] * 3, rel=0.06)


def test_the_noise_differs_from_frame_to_frame_and_repeats_with_another_camera(scene):
    def frames():
        camera = FakeCamera(noise=5)
        return [camera.frame(each) for each in (scene, scene, at(scene, index=5))]

    once, again = frames(), frames()
    assert once == again
    assert len(set(once)) == 3


def test_the_text_has_no_noise(scene):
    text = (0, 480, *FakeCamera().size)
    one, other = (image_of(FakeCamera(noise=n).frame(scene)).crop(text) for n in (0, 50))
    assert ImageStat.Stat(ImageChops.difference(one, other)).mean < [3, 3, 3]


# latency and blur


class Clock:
    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


def test_a_late_camera_shows_the_place_before_until_its_latency_is_over():
    clock = Clock()
    camera, sharp = FakeCamera(latency=0.5, clock=clock), FakeCamera()
    here, there = at(SCENE, x=60), at(SCENE, x=140)
    assert same(camera.view(here), sharp.view(here))
    clock.now += 10
    for after, seen in ((0.0, here), (0.4, here), (0.5, there), (3.0, there)):
        clock.now = 1010 + after
        assert same(camera.view(there), sharp.view(seen))


def test_the_latency_counts_from_when_the_head_arrived():
    clock = Clock()
    camera, sharp = FakeCamera(latency=0.5, clock=clock), FakeCamera()
    camera.view(at(SCENE, x=60))
    clock.now += 10
    there = at(SCENE, x=140, arrived=clock.now - 2)
    assert same(camera.view(there), sharp.view(there))


def test_the_text_tells_what_a_late_frame_shows():
    clock = Clock()
    camera = FakeCamera(latency=0.5, clock=clock)
    here = camera.frame(at(SCENE, x=60, index=3))
    there = at(SCENE, x=140, index=5)
    assert camera.frame(there) == here
    clock.now += 0.5
    assert camera.frame(there) == FakeCamera().frame(there)


def test_a_late_camera_goes_through_all_places_in_turn():
    clock = Clock()
    camera, sharp = FakeCamera(latency=1.0, clock=clock), FakeCamera()
    scenes = [at(SCENE, x=x) for x in (20, 60, 100, 60)]
    seen = []
    for scene in scenes:
        seen.append(camera.view(scene))
        clock.now += 0.6
    expected = [scenes[0], scenes[0], scenes[0], scenes[1]]
    assert [same(a, sharp.view(b)) for a, b in zip(seen, expected)] == [True] * 4


@pytest.mark.parametrize("mount", ["head", "fixed"])
def test_a_late_fixed_camera_shows_the_head_where_it_was(mount):
    clock = Clock()
    camera = FakeCamera(mount=mount, field=300, latency=1, clock=clock)
    here = camera.view(at(SCENE, x=60))
    assert same(camera.view(at(SCENE, x=140)), here)
    clock.now += 1
    assert not same(camera.view(at(SCENE, x=140)), here)


def test_a_shaking_camera_is_blurred_less_and_less_and_then_stands_still():
    clock = Clock()
    camera, sharp = FakeCamera(blur=1.0, clock=clock), FakeCamera()
    assert same(camera.view(at(SCENE, x=60)), sharp.view(at(SCENE, x=60)))
    clock.now += 10
    views = []
    for _ in range(5):
        views.append(camera.view(SCENE))
        clock.now += 0.24
    detail = [ImageStat.Stat(edges(view)).mean[0] for view in views]
    assert detail == sorted(detail)
    assert detail[0] < 0.8 * detail[-1]
    assert not any(same(a, b) for a, b in zip(views, views[1:]))
    assert same(camera.view(SCENE), sharp.view(SCENE))


def edges(view):
    """How much a pixel differs from the one right of it."""
    grey = view.convert("L")
    return ImageChops.difference(grey, ImageChops.offset(grey, 1, 0))


def test_a_shaking_camera_that_is_late_shakes_late():
    clock = Clock()
    camera, sharp = FakeCamera(latency=2, blur=1, clock=clock), FakeCamera()
    first = at(SCENE, x=60)
    camera.view(first)
    clock.now += 10
    assert same(camera.view(SCENE), sharp.view(first))
    clock.now += 2.5
    assert not same(camera.view(SCENE), sharp.view(SCENE))
    clock.now += 0.6
    assert same(camera.view(SCENE), sharp.view(SCENE))


def test_the_picture_of_the_bed_is_let_go_of_with_its_print():
    camera = printing(*strips(10))
    camera.view(SCENE)
    idle()
    seen = weakref.ref(camera._printed._view)
    camera.forget()
    assert seen() is None


def test_where_no_thread_can_be_started_the_print_is_painted_later(
    monkeypatch, no_thread
):
    monkeypatch.setattr(printed_module, "HANDS", Hands())
    camera, scene = printing([SPIRAL]), at(SCENE, layer=1)
    no_thread.add(THREAD)
    with pytest.raises(RuntimeError):
        camera.snapshot(scene)
    no_thread.clear()
    assert different(camera.snapshot(scene), FakeCamera().snapshot(scene))
    camera.close()
