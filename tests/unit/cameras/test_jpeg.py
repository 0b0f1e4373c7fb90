from __future__ import annotations

import random
import struct

import pytest
from PIL import Image

from octoprint_layercapture.cameras import CameraError, picture_size
from octoprint_layercapture.cameras.jpeg import check


def sized(jpeg, width, height):
    """The same picture, but it says it is of another size."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_thumbnail(jpeg, thumbnail):
    """The same picture with a smaller one in front, as cameras write it in EXIF."""
    segment = b"Exif\x00\x00" + thumbnail
    length = struct.pack(">H", len(segment) + 2)
    return jpeg[:2] + b"\xff\xe1" + length + segment + jpeg[2:]


@pytest.fixture
def thumbnail(encode):
    return encode(Image.new("RGB", (32, 24)))


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"optimize": True}])
@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK"])
def test_the_size_of_every_kind_of_jpeg_is_known(encode, mode, options):
    jpeg = encode(Image.new(mode, (123, 45)), **options)
    assert check("Side", jpeg) == (123, 45)
    assert picture_size(jpeg) == (123, 45)


def test_a_thumbnail_inside_is_not_taken_for_the_picture(jpeg, thumbnail):
    assert check("Side", with_thumbnail(jpeg, thumbnail)) == (320, 240)


def test_the_end_of_a_thumbnail_is_not_taken_for_the_end(jpeg, thumbnail):
    whole = with_thumbnail(jpeg, thumbnail)
    with pytest.raises(CameraError, match="only a part"):
        check("Side", whole[:-500])


def test_filling_behind_the_end_does_no_harm(jpeg):
    assert check("Side", jpeg + b"\x00" * 100) == (320, 240)


@pytest.mark.parametrize("missing", [1, 2, 100, 10_000])
def test_a_picture_without_its_end_is_refused(jpeg, missing):
    with pytest.raises(CameraError, match="only a part"):
        check("Side", jpeg[:-missing])
    with pytest.raises(ValueError):
        picture_size(jpeg[:-missing])


def test_a_picture_that_would_fill_the_memory_is_refused_unread(jpeg):
    with pytest.raises(CameraError, match="60000 × 60000 pixels, which is too large"):
        check("Side", sized(jpeg, 60_000, 60_000))


@pytest.mark.parametrize("side", [8_500, 12_000, 60_000])
@pytest.mark.filterwarnings("error")
def test_a_size_said_again_behind_the_picture_does_not_hide_the_first(jpeg, side):
    at = jpeg.index(b"\xff\xc0")
    again = jpeg[at : at + 2 + int.from_bytes(jpeg[at + 2 : at + 4], "big")]
    bomb = sized(jpeg, side, side)[:-2] + again + jpeg[-2:]
    with pytest.raises(ValueError):
        picture_size(bomb)
    with pytest.raises(CameraError, match="damaged"):
        check("Side", bomb)


@pytest.mark.parametrize("size", [(0, 100), (100, 0)])
def test_a_picture_without_extent_is_refused(jpeg, size):
    with pytest.raises(CameraError):
        check("Side", sized(jpeg, *size))
    with pytest.raises(ValueError):
        picture_size(sized(jpeg, *size))


def test_a_picture_that_is_damaged_inside_is_refused(jpeg):
    tables = jpeg.index(b"\xff\xc4") + 5
    with pytest.raises(CameraError, match="damaged"):
        check("Side", jpeg[:tables] + b"\xfe" * 16 + jpeg[tables + 16 :])


def test_whatever_arrives_is_either_a_picture_or_a_sentence(jpeg):
    dice = random.Random(7)
    verdicts = set()
    for _ in range(500):
        data = bytearray(jpeg[: dice.randrange(len(jpeg)) or len(jpeg)])
        if dice.random() < 0.7:
            data = bytearray(jpeg)
        for _ in range(3):
            data[dice.randrange(len(data))] = dice.randrange(256)
        try:
            verdicts.add(check("Side", bytes(data)) != (0, 0))
        except CameraError:
            verdicts.add(False)
    assert verdicts == {True, False}
