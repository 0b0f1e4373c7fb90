"""Turning pictures the way OctoPrint shows the webcam."""

from __future__ import annotations

import io
from typing import Any

from PIL import Image, ImageOps, JpegImagePlugin

_Turn = Image.Transpose


def turned(
    jpeg: bytes, *, flip_h: bool, flip_v: bool, rotate90: bool, quality: int
) -> bytes:
    """``jpeg`` mirrored left to right, then top to bottom, then a quarter turned left.

    That is the order in which OctoPrint shows webcams and renders timelapses. What the
    camera says about its own orientation (EXIF) is followed first. A picture that needs
    no turning comes back byte for byte; ``quality`` (1 to 100) is for the others. Raises
    ``OSError`` for what Pillow cannot read.
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
    if not turns:
        return jpeg
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as original:
        original.load()
        keep = _kept_with(original)
        image, exif = _upright(original)
        for turn in turns:
            image = image.transpose(turn)
        if exif:
            keep["exif"] = exif
        out = io.BytesIO()
        image.save(out, "JPEG", quality=quality, **keep)
    return out.getvalue()


def _upright(original: Image.Image) -> tuple[Image.Image, bytes]:
    """The picture as its EXIF says it is to be seen, and the EXIF without that.

    Cameras write all sorts of things there, and Pillow answers with all sorts of
    exceptions: then the picture stays as it is and the EXIF is left out.
    """
    try:
        image = ImageOps.exif_transpose(original)
        exif = image.getexif().tobytes() if "exif" in original.info else b""
    except Exception:
        return original, b""
    return image, exif


def _kept_with(original: Image.Image) -> dict[str, Any]:
    """What else the new file has from the old one."""
    keep: dict[str, Any] = {}
    if original.info.get("icc_profile"):
        keep["icc_profile"] = original.info["icc_profile"]
    sampling = JpegImagePlugin.get_sampling(original)
    if sampling != -1:
        keep["subsampling"] = sampling
    return keep
