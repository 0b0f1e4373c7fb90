"""What a picture says about itself, and that not a pixel changes for it."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from PIL.TiffImagePlugin import IFDRational

from octoprint_layercapture.cameras import Label, labelled, picture_size

TAKEN = 1733063422.25
FACTS = {"layer": 10, "position": {"x": 100.5, "y": 90}, "gcode_file": "Lüfter.gcode"}
LABEL = Label("Lüfter.gcode, layer 10", FACTS, TAKEN, (64, 48), "Side", "Layer Capture 1")
DETAILS = 0x8769


@pytest.fixture
def noise():
    return Image.effect_noise((64, 48), 60).convert("RGB")


def opened(jpeg):
    return Image.open(io.BytesIO(jpeg))


def facts_in(jpeg):
    comment = opened(jpeg).getexif().get_ifd(DETAILS)[0x9286]
    assert comment[:8] == b"ASCII\x00\x00\x00"
    return json.loads(comment[8:])


def segments(jpeg):
    """The markers up to the scan, each with its payload."""
    found, at = [], 2
    while jpeg[at + 1] != 0xDA:
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        found.append((jpeg[at + 1], jpeg[at + 4 : at + 2 + length]))
        at += 2 + length
    return found, jpeg[at:]


def test_the_label_is_read_back(encode, noise):
    result = labelled(encode(noise), LABEL)
    exif = opened(result).getexif()
    details = exif.get_ifd(DETAILS)
    assert exif[0x010E].encode("latin-1").decode("utf-8") == LABEL.description
    assert exif[0x0131] == "Layer Capture 1"
    assert exif[0x0110] == "Side"
    assert facts_in(result) == FACTS
    assert (details[0xA002], details[0xA003]) == (64, 48)


def test_the_time_is_local_with_its_offset_and_its_fraction(encode, noise):
    details = opened(labelled(encode(noise), LABEL)).getexif().get_ifd(DETAILS)
    text = f"{details[0x9003]}.{details[0x9291]}{details[0x9011]}"
    taken = datetime.strptime(text, "%Y:%m:%d %H:%M:%S.%f%z")
    assert taken.timestamp() == TAKEN


def test_pixels_and_all_other_bytes_stay_as_they_were(encode, noise):
    jpeg = encode(noise, quality=80, icc_profile=b"a profile", comment=b"a word")
    result = labelled(jpeg, LABEL)
    before, scan = segments(jpeg)
    after, same_scan = segments(result)
    assert scan == same_scan
    assert [each for each in after if not each[1].startswith(b"Exif")] == before
    assert opened(result).tobytes() == opened(jpeg).tobytes()
    assert picture_size(result) == (64, 48)


def test_the_block_comes_right_after_the_start_and_jfifs_own(encode, noise):
    jfif = encode(noise, comment=b"a word")
    assert [marker for marker, _ in segments(labelled(jfif, LABEL))[0]][:3] == [
        0xE0,
        0xE1,
        0xFE,
    ]
    bare = jfif[:2] + jfif[4 + int.from_bytes(jfif[4:6], "big") :]
    assert segments(bare)[0][0][0] != 0xE0
    assert segments(labelled(bare, LABEL))[0][0][0] == 0xE1


def test_what_the_camera_said_of_itself_stays(encode, noise):
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "A maker", "A model"
    exif[DETAILS] = {
        0x829A: IFDRational(1, 50),
        0x927C: b"note",
        0x9003: "2001:01:01 00:00:00",
    }
    exif[0x8825] = {1: "N"}
    result = labelled(encode(noise, exif=exif), LABEL)
    kept = opened(result).getexif()
    assert (kept[0x010F], kept[0x0110]) == ("A maker", "A model")
    details = kept.get_ifd(DETAILS)
    assert float(details[0x829A]) == 1 / 50
    assert details[0x927C] == b"note"
    assert details[0x9003].startswith("2024:")
    assert kept.get_ifd(0x8825)[1] == "N"
    assert facts_in(result) == FACTS
    blocks = [p for marker, p in segments(result)[0] if p.startswith(b"Exif")]
    assert len(blocks) == 1


def test_other_segments_of_the_same_kind_stay(encode, noise):
    xmp = b"http://ns.adobe.com/xap/1.0/\x00<x/>"
    jpeg = encode(noise)
    segment = b"\xff\xe1" + (len(xmp) + 2).to_bytes(2, "big") + xmp
    result = labelled(jpeg[:20] + segment + jpeg[20:], LABEL)
    assert (0xE1, xmp) in segments(result)[0]
    assert facts_in(result) == FACTS


@pytest.mark.parametrize("own", [b"XX*\x00\x00\x00\x00\x08rubbish", b"", b"MM\x00*"])
def test_exif_that_nobody_understands_is_replaced(encode, noise, own):
    jpeg = encode(noise, exif=b"Exif\x00\x00" + own)
    result = labelled(jpeg, LABEL)
    assert facts_in(result) == FACTS
    assert opened(result).tobytes() == opened(jpeg).tobytes()


def test_a_makers_note_gives_way_where_there_is_no_room(encode, noise):
    exif = Image.Exif()
    exif[0x010F] = "A maker"
    exif[DETAILS] = {0x927C: b"n" * 65_300}
    result = labelled(encode(noise, exif=exif), LABEL)
    kept = opened(result).getexif()
    assert 0x927C not in kept.get_ifd(DETAILS)
    assert kept[0x010F] == "A maker"
    assert facts_in(result) == FACTS


def test_all_that_the_camera_said_gives_way_where_there_is_no_room(encode, noise):
    exif = Image.Exif()
    exif[0x010F] = "m" * 65_300
    result = labelled(encode(noise, exif=exif), LABEL)
    assert 0x010F not in opened(result).getexif()
    assert facts_in(result) == FACTS


def test_a_label_that_is_too_large_leaves_the_picture_as_it_is(encode, noise):
    jpeg = encode(noise)
    huge = Label("x", {"a": "b" * 70_000}, TAKEN, (64, 48), "Side", "Layer Capture 1")
    assert labelled(jpeg, huge) == jpeg


@given(
    st.one_of(
        st.binary(max_size=60),
        st.binary(max_size=60).map(lambda tail: b"\xff\xd8\xff\xe1" + tail),
        st.binary(max_size=60).map(lambda tail: b"\xff\xd8\xff\xff\xe0\x00\x04ab" + tail),
    )
)
def test_no_bytes_at_all_break_it(data):
    result = labelled(data, LABEL)
    assert result == data or result.startswith(b"\xff\xd8")


def test_a_label_on_a_label_takes_its_place(encode, noise):
    once = labelled(encode(noise), LABEL)
    twice = labelled(once, LABEL)
    assert facts_in(twice) == FACTS
    assert opened(twice).tobytes() == opened(once).tobytes()
    assert len(twice) < len(once) + 200


def frames_md5(path):
    """What another decoder than Pillow's makes of the pixels."""
    command = [shutil.which("ffmpeg"), "-v", "error", "-i", path, "-f", "rawvideo", "-"]
    return hashlib.md5(subprocess.run(command, capture_output=True, check=True).stdout)


def test_ffmpeg_sees_the_same_pixels_and_the_label(encode, noise, tmp_path):
    before, after = tmp_path / "before.jpg", tmp_path / "after.jpg"
    before.write_bytes(encode(noise))
    after.write_bytes(labelled(before.read_bytes(), LABEL))
    assert frames_md5(before).hexdigest() == frames_md5(after).hexdigest()
    command = [shutil.which("ffprobe"), "-v", "error", "-show_frames", "-of", "json"]
    told = subprocess.run([*command, after], capture_output=True, check=True).stdout
    tags = {k: v for f in json.loads(told)["frames"] for k, v in f["tags"].items()}
    assert tags["Software"] == "Layer Capture 1"
    assert tags["ImageDescription"] == LABEL.description
    assert tags["DateTimeOriginal"].startswith("2024:")
