from __future__ import annotations

import io

import pytest
from PIL import Image, ImageOps

from octoprint_layercapture.cameras.orientation import turned

COLORS = {
    "red": (220, 20, 20),
    "green": (20, 200, 20),
    "blue": (20, 20, 220),
    "white": (240, 240, 240),
}


@pytest.fixture
def corners():
    """Red and green at the top, blue and white at the bottom; wider than high."""
    image = Image.new("RGB", (64, 32))
    for color, place in zip(COLORS, ((0, 0), (32, 0), (0, 16), (32, 16))):
        image.paste(COLORS[color], (*place, place[0] + 32, place[1] + 16))
    return image


def turn(jpeg, *, flip_h=False, flip_v=False, rotate90=False, quality=95):
    return turned(jpeg, flip_h=flip_h, flip_v=flip_v, rotate90=rotate90, quality=quality)


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def seen(jpeg):
    """The colours of the corners, as a viewer that knows no EXIF shows them."""
    image = opened(jpeg).convert("RGB")
    width, height = image.size
    found = []
    for y in (height // 4, height * 3 // 4):
        for x in (width // 4, width * 3 // 4):
            pixel = image.getpixel((x, y))
            found.append(
                min(
                    COLORS,
                    key=lambda name: sum(abs(a - b) for a, b in zip(pixel, COLORS[name])),
                )
            )
    return " ".join(found)


@pytest.mark.parametrize(
    "turns, expected",
    [
        ("", "red green blue white"),
        ("h", "green red white blue"),
        ("v", "blue white red green"),
        ("r", "green white red blue"),
        ("hv", "white blue green red"),
        ("hr", "red blue green white"),
        ("vr", "white green blue red"),
        ("hvr", "blue red white green"),
    ],
)
def test_pictures_are_flipped_first_and_then_turned_counter_clockwise(
    encode, corners, turns, expected
):
    result = turn(
        encode(corners),
        flip_h="h" in turns,
        flip_v="v" in turns,
        rotate90="r" in turns,
    )
    assert seen(result) == expected
    assert opened(result).size == ((32, 64) if "r" in turns else (64, 32))


def test_a_picture_that_needs_no_turning_stays_byte_for_byte(encode, corners):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    jpeg = encode(corners, exif=exif) + b"\x00\x00"
    assert turn(jpeg) is jpeg


@pytest.mark.parametrize("asked", [1, 0, 9, 7000])
def test_an_orientation_that_asks_for_nothing_leaves_the_picture_alone(
    encode, corners, asked
):
    exif = Image.Exif()
    exif[0x0112] = asked
    jpeg = encode(corners, exif=exif)
    assert turn(jpeg) is jpeg


@pytest.mark.parametrize("asked", range(2, 9))
def test_the_orientation_that_the_camera_asks_for_is_applied_and_no_longer_asked_for(
    encode, corners, asked
):
    exif = Image.Exif()
    exif[0x0112] = asked
    exif[0x010F] = "A maker"
    jpeg = encode(corners, exif=exif)
    result = turn(jpeg)
    assert seen(result) == seen(encode(ImageOps.exif_transpose(opened(jpeg))))
    assert seen(result) != seen(encode(corners))
    kept = opened(result).getexif()
    assert 0x0112 not in kept
    assert kept[0x010F] == "A maker"


def test_what_the_camera_says_about_its_orientation_is_followed_first(encode, corners):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010F] = "A maker"
    result = turn(encode(corners, exif=exif), flip_h=True)
    assert seen(result) == "red blue green white"
    kept = opened(result).getexif()
    assert 0x0112 not in kept
    assert kept[0x010F] == "A maker"


def test_exif_that_nobody_understands_does_not_cost_the_picture(encode, corners):
    jpeg = encode(corners, exif=b"Exif\x00\x00XX*\x00\x00\x00\x00\x08rubbish")
    assert seen(turn(jpeg, flip_h=True)) == "green red white blue"


def test_a_colour_profile_is_kept(encode, corners):
    result = turn(encode(corners, icc_profile=b"a profile"), rotate90=True)
    assert opened(result).info["icc_profile"] == b"a profile"


@pytest.mark.parametrize("subsampling", [0, 1, 2])
def test_colours_stay_as_fine_as_they_were(encode, corners, subsampling):
    from PIL.JpegImagePlugin import get_sampling

    result = turn(encode(corners, subsampling=subsampling), flip_v=True)
    assert get_sampling(opened(result)) == subsampling


@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_grey_and_print_colours_stay_what_they_are(encode, corners, mode):
    result = turn(encode(corners.convert(mode)), rotate90=True)
    assert opened(result).mode == mode


def test_a_low_quality_makes_a_smaller_file(encode):
    jpeg = encode(Image.effect_noise((200, 200), 60))
    good, poor = (turn(jpeg, flip_h=True, quality=quality) for quality in (95, 20))
    assert len(poor) < len(good) / 2


def test_exif_that_fills_several_segments_does_not_cost_the_picture(encode, corners):
    exif = Image.Exif()
    exif[0x0112] = 6
    exif[0x010E] = "y" * 100_000
    start, block = b"Exif\x00\x00", exif.tobytes().removeprefix(b"Exif\x00\x00")
    jpeg = encode(corners)
    segments = [start + block[at : at + 60_000] for at in range(0, len(block), 60_000)]
    full = b"".join(
        b"\xff\xe1" + (len(each) + 2).to_bytes(2, "big") + each for each in segments
    )
    asked = jpeg[:2] + full + jpeg[2:]
    right = ImageOps.exif_transpose(opened(asked))
    assert opened(turn(asked)).size == right.size
