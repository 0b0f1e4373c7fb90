"""What a picture says about itself, put into a JPEG without touching a pixel.

The EXIF block is one segment at the start of the file. A new one takes its place; all
other bytes stay as they are.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Optional

from PIL import Image

_START = b"\xff\xd8"
_APP0, _APP1 = 0xE0, 0xE1
_NO_MORE = {0xDA, 0xD9}
_EXIF = b"Exif\x00\x00"
_ROOM = 0xFFFF - 2  # bytes a segment holds behind its length

_DESCRIPTION = 0x010E
_MODEL = 0x0110
_SOFTWARE = 0x0131
_DETAILS = 0x8769
_TAKEN = 0x9003
_OFFSET = 0x9011
_MAKER_NOTE = 0x927C
_COMMENT = 0x9286
_SUBSECONDS = 0x9291
_WIDTH = 0xA002
_HEIGHT = 0xA003
_ASCII = b"ASCII\x00\x00\x00"


@dataclass(frozen=True)
class Label:
    """What a picture is to say about itself.

    ``description`` is for people and ``facts`` for programs (they become JSON);
    ``taken`` is seconds since the epoch, ``size`` width and height in pixels. ``camera``
    stands where the camera does not name its own model.
    """

    description: str
    facts: Mapping[str, Any]
    taken: float
    size: tuple[int, int]
    camera: str
    software: str


def labelled(jpeg: bytes, label: Label) -> bytes:
    """``jpeg`` with an EXIF block that carries the label.

    What the camera itself wrote there stays, as far as it can be read and there is room.
    A JPEG that cannot take the block comes back as it is.
    """
    found = _segments(jpeg)
    if found is None:
        return jpeg
    before, given, after = found
    for own, without in ((given, ()), (given, (_MAKER_NOTE,)), (None, ())):
        block = _block(own, without, label)
        if block is not None and len(block) <= _ROOM:
            length = (len(block) + 2).to_bytes(2, "big")
            return b"".join((before, bytes((0xFF, _APP1)), length, block, after))
    return jpeg


def _segments(jpeg: bytes) -> Optional[tuple[bytes, Optional[bytes], bytes]]:
    """What comes before the EXIF block, the block there is, and what comes after.

    The block's place is right after the start and JFIF's own segments. None for what is
    no JPEG.
    """
    if not jpeg.startswith(_START):
        return None
    at = len(_START)
    place: Optional[int] = None
    given: Optional[bytes] = None
    kept: list[bytes] = []
    while True:
        marker_at = at
        while jpeg[at : at + 2] == b"\xff\xff":
            at += 1
        if len(jpeg) < at + 4 or jpeg[at] != 0xFF:
            return None
        marker = jpeg[at + 1]
        length = int.from_bytes(jpeg[at + 2 : at + 4], "big")
        if marker != _APP0 and place is None:
            place = len(kept)
        if marker in _NO_MORE:
            break
        end = at + 2 + length
        if length < 2 or end > len(jpeg):
            return None
        payload = jpeg[at + 4 : end]
        if marker == _APP1 and payload.startswith(_EXIF):
            given = payload if given is None else given
        else:
            kept.append(jpeg[marker_at:end])
        at = end
    place = len(kept) if place is None else place
    after = b"".join((*kept[place:], jpeg[marker_at:]))
    return b"".join((_START, *kept[:place])), given, after


def _block(
    given: Optional[bytes], without: tuple[int, ...], label: Label
) -> Optional[bytes]:
    """The EXIF block: the label beside what ``given`` says; None if that cannot be."""
    exif = Image.Exif()
    try:
        details: dict[int, Any] = {}
        if given is not None:
            exif.load(given)
            details.update(exif.get_ifd(_DETAILS))
        for tag in without:
            details.pop(tag, None)
        details.update(_details(label))
        exif[_DETAILS] = details
        exif[_DESCRIPTION] = label.description.encode("utf-8", "replace")
        exif[_SOFTWARE] = label.software
        if _MODEL not in exif:
            exif[_MODEL] = label.camera.encode("utf-8", "replace")
        block = exif.tobytes()
    except Exception:
        # cameras write all sorts of things there, and Pillow raises all sorts
        return None
    return block if block.startswith(_EXIF) else _EXIF + block


def _details(label: Label) -> dict[int, Any]:
    taken = datetime.fromtimestamp(label.taken).astimezone()
    offset = taken.strftime("%z")
    facts = json.dumps(label.facts, separators=(",", ":"))
    return {
        _TAKEN: taken.strftime("%Y:%m:%d %H:%M:%S"),
        _SUBSECONDS: f"{taken.microsecond // 1000:03d}",
        _OFFSET: f"{offset[:3]}:{offset[3:5]}",
        _COMMENT: _ASCII + facts.encode("ascii"),
        _WIDTH: label.size[0],
        _HEIGHT: label.size[1],
    }
