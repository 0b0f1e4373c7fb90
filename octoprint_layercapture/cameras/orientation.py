"""Turning pictures the way OctoPrint shows the webcam."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, JpegImagePlugin

_Turn = Image.Transpose

_EXIF = b"Exif\x00\x00"
_ORIENTATION = 0x0112
_ROOM = 0xFFFF - 2  # bytes; cameras that need more spread it over several segments
_ASKED = {
    2: _Turn.FLIP_LEFT_RIGHT,
    3: _Turn.ROTATE_180,
    4: _Turn.FLIP_TOP_BOTTOM,
    5: _Turn.TRANSPOSE,
    6: _Turn.ROTATE_270,
    7: _Turn.TRANSVERSE,
    8: _Turn.ROTATE_90,
}


def turned(
    jpeg: bytes, *, flip_h: bool, flip_v: bool, rotate90: bool, quality: int
) -> bytes:
    """``jpeg`` mirrored left to right, then top to bottom, then a quarter turned left.

    That is the order in which OctoPrint shows webcams and renders timelapses. What the
    camera says about its own orientation (EXIF) is followed first, and then no longer
    said. A picture that needs no turning comes back byte for byte; ``quality`` (1 to
    100) is for the others. Raises ``OSError`` for what Pillow cannot read.
    """
    turns = [
        turn
        for wanted, turn in (
            (flip_h, _Turn.FLIP_LEFT_RIGHT),
            (flip_v, _Turn.FLIP_TOP_BOTTOM),
            (rotate90, _Turn.ROTATE_90),
        )
        if wanted
    ]
    if not turns and _EXIF not in jpeg:
        return jpeg
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as original:
        own, exif = _orientation(original)
        turns = own + turns
        if not turns:
            return jpeg
        original.load()
        keep = _kept_with(original)
        image: Image.Image = original
        for turn in turns:
            image = image.transpose(turn)
        if len(exif) <= _ROOM:
            keep["exif"] = exif
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, **keep)
    return out.getvalue()


def _orientation(original: Image.Image) -> tuple[list[Image.Transpose], bytes]:
    """The turns that its EXIF asks for, and the EXIF without that.

    Cameras write all sorts of things there, and Pillow answers with all sorts of
    exceptions: then the picture stays as it is and the EXIF is left out.
    """
    if "exif" not in original.info:
        return [], b""
    try:
        exif = original.getexif()
        turn = _ASKED.get(exif.pop(_ORIENTATION, 1))
        return [] if turn is None else [turn], exif.tobytes()
    except Exception:
        return [], b""


def _kept_with(original: Image.Image) -> dict[str, Any]:
    """What else the new file has from the old one."""
    keep: dict[str, Any] = {}
    if original.info.get("icc_profile"):
        keep["icc_profile"] = original.info["icc_profile"]
    sampling = JpegImagePlugin.get_sampling(original)
    if sampling != -1:
        keep["subsampling"] = sampling
    return keep
