"""What seems wrong with a picture to somebody who tries the camera out."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageStat

from ..messages import N_, Message

_DARK = 24  # of 255; nothing in a very dark picture is brighter
_FLAT = 2.0  # of 255; a picture of a single colour deviates less from it
_NARROW, _LOW = 320, 240  # pixels; smaller is very small
_SLOW = 2.0  # s
_HEAVY = 5_000_000  # bytes
_ENOUGH = (2000, 2000)  # pixels; larger pictures are looked at in a lower resolution


@dataclass(frozen=True)
class Appearance:
    """A decoded picture in few words.

    ``brightest`` is the lightest grey, ``deviation`` the largest standard deviation of
    a colour channel, both of 255; ``fingerprint`` is the same for the same pixels.
    """

    width: int
    height: int
    brightest: int
    deviation: float
    fingerprint: str


def appearance(jpeg: bytes) -> Appearance:
    """Look at a whole JPEG, as ``jpeg.check`` lets pass; raises ``OSError`` otherwise."""
    with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
        width, height = image.size
        image.draft(None, _ENOUGH)
        pixels = image.convert("RGB")
    return Appearance(
        width=width,
        height=height,
        brightest=int(pixels.convert("L").getextrema()[1]),  # type: ignore[arg-type]
        deviation=max(ImageStat.Stat(pixels).stddev),
        fingerprint=hashlib.sha256(pixels.tobytes()).hexdigest(),
    )


def remarks(
    seen: Appearance, size: int, seconds: float, before: str | None
) -> Sequence[Message]:
    """What a person should be told about a picture.

    Args:
        size: of the JPEG, bytes
        seconds: how long it took to get
        before: the fingerprint of the picture taken earlier by the same camera
    """
    said = []
    if seen.brightest < _DARK:
        said.append(
            Message(
                N_("The picture is very dark. Is there light, and is the lens cap off?")
            )
        )
    elif seen.deviation < _FLAT:
        said.append(
            Message(N_("The picture is of a single colour. Does the camera see the bed?"))
        )
    if before == seen.fingerprint:
        said.append(
            Message(
                N_(
                    "The picture is the same as in the test before, to the pixel: the "
                    "camera may be frozen. Restart it if this goes on."
                )
            )
        )
    if seen.width < _NARROW or seen.height < _LOW:
        said.append(
            Message(N_("The picture is very small. Set a higher resolution if you can."))
        )
    if seconds > _SLOW:
        said.append(
            Message(
                N_(
                    "The picture took %(seconds)s s, and will take as long at each "
                    "position. A lower resolution may help."
                ),
                {"seconds": round(seconds, 1)},
            )
        )
    if size > _HEAVY:
        said.append(
            Message(
                N_(
                    "The picture has %(megabytes)s MB, and each position of each layer "
                    "takes as much on the disk. A lower resolution or quality of the "
                    "camera helps."
                ),
                {"megabytes": round(size / 1_000_000, 1)},
            )
        )
    return said
