from __future__ import annotations

import io
import math
import random

import pytest
from PIL import Image, ImageChops, ImageDraw, ImageEnhance

from octoprint_layercapture.cameras import CameraError
from octoprint_layercapture.cameras.freshness import Habits, Memory, Vigil
from octoprint_layercapture.cameras.stillness import (
    Look,
    Noise,
    apart,
    brightness,
    fingerprint,
    small,
)

SIZE = (640, 480)


def bed(shift=0, noise=0.0, seed=1):
    """A bed with a dark head at the left that fills a twentieth of the picture."""
    image = Image.new("L", SIZE, 150)
    draw = ImageDraw.Draw(image)
    for x in range(0, SIZE[0], 40):
        draw.line((x, 0, x, SIZE[1]), fill=120, width=2)
    draw.rectangle((60 + shift, 100, 180 + shift, 220), fill=30)
    if noise:
        dice = random.Random(seed)
        levels = bytes(
            max(0, min(255, round(dice.gauss(128, noise))))
            for _ in range(SIZE[0] * SIZE[1])
        )
        image = ImageChops.add(image, Image.frombytes("L", SIZE, levels), 1, -128)
    return image


def encoded(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, **options)
    return out.getvalue()


def difference(one, other):
    return apart(small(encoded(one)), small(encoded(other)))


def test_noise_is_told_from_a_head_that_has_moved_a_little():
    still = difference(bed(noise=8, seed=1), bed(noise=8, seed=2))
    moved = difference(bed(noise=8, seed=1), bed(shift=6, noise=8, seed=2))
    assert moved > 3 * still


def test_brightness_as_a_whole_is_no_movement():
    darker = ImageEnhance.Brightness(bed()).enhance(0.97)
    assert difference(bed(), darker) < difference(bed(), bed(shift=6)) / 4


def test_a_picture_is_not_apart_from_itself():
    assert difference(bed(), bed()) == 0.0


def test_pictures_of_different_sizes_are_as_far_apart_as_can_be():
    narrow = small(encoded(bed().crop((0, 0, 640, 300))))
    assert apart(small(encoded(bed())), narrow) == math.inf


@pytest.mark.parametrize("size", [(1920, 1080), (640, 480), (64, 48), (30, 20), (1, 1)])
def test_what_is_compared_is_small_and_of_the_same_shape(size):
    view = small(encoded(Image.new("RGB", size, (10, 200, 30))))
    assert view.mode == "L"
    assert view.width <= 128
    assert view.width / view.height == pytest.approx(size[0] / size[1], rel=0.1)


def test_what_is_no_picture_is_a_camera_error():
    with pytest.raises(CameraError):
        small(b"\xff\xd8 nothing")


def test_fingerprints_leave_out_what_a_camera_writes_beside_the_picture():
    image = bed(noise=4)
    exif = Image.Exif()
    exif[0x0132] = "2026:01:02 03:04:05"
    plain = fingerprint(encoded(image))
    assert fingerprint(encoded(image, exif=exif, comment=b"frame 17")) == plain
    assert fingerprint(encoded(bed(noise=4, seed=2))) != plain


def test_one_pixel_makes_another_fingerprint():
    image = bed()
    other = image.copy()
    other.putpixel((300, 200), 0)
    assert fingerprint(encoded(image)) != fingerprint(encoded(other))


@pytest.mark.parametrize(
    "data", [b"", b"\xff\xd8", b"\xff\xd8\xff", b"<html>", b"\xff" * 9]
)
def test_a_fingerprint_of_anything_is_made_without_an_error(data):
    assert fingerprint(data) == fingerprint(data)


def test_looks_keep_what_is_compared_when_they_let_go_of_the_picture():
    one, other = Look(encoded(bed()), 1, 2), Look(encoded(bed(shift=9)), 3, 4)
    before = one.apart(other)
    one.compact()
    other.compact()
    assert one.jpeg == b""
    assert one.apart(other) == before > 0


def test_brightness_is_the_mean_level():
    image = Image.new("L", (2, 2), 10)
    image.putpixel((0, 0), 50)
    assert brightness(image) == 20


def test_the_limit_follows_what_was_learnt_and_not_one_outlier():
    noise = Noise()
    assert not noise.known
    assert noise.limit(4.0) > 4.0
    for distance in (4.0, 4.1, 3.9, 60.0, 4.0):
        noise.learn(distance)
    assert 4.1 < noise.limit(50.0) < 8.0


@pytest.mark.parametrize("progressive", [False, True])
def test_fingerprints_leave_out_what_comes_after_the_picture(progressive):
    jpeg = encoded(bed(noise=3), progressive=progressive)
    assert fingerprint(jpeg) == fingerprint(jpeg + b"frame 1")
    assert fingerprint(jpeg) == fingerprint(jpeg + encoded(bed(shift=9)))
    assert fingerprint(jpeg) != fingerprint(jpeg[:-40] + b"frame 1")


def test_a_change_of_size_is_no_noise():
    memory = Memory()
    vigil = Vigil(Habits(latency=0.1, rest=0.1, stale=0), memory, (0, 0), 0.0)
    wide, high = (
        encoded(Image.effect_noise(size, 40)) for size in ((640, 360), (640, 480))
    )
    for number, jpeg in enumerate((wide, high, wide, high)):
        asked = 1.0 + number
        assert not vigil.judge(Look(jpeg, asked, asked + 0.01))
    vigil.give_up()
    assert not memory.noise.known
    assert vigil.candidate is not None
    assert vigil.candidate.jpeg == high
