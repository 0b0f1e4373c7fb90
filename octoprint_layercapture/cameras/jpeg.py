"""Whether what a camera sent is a whole JPEG, and how large it is."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator

from PIL import Image

from .errors import CameraError

MAX_PIXELS = 64_000_000

_START = b"\xff\xd8"
_END = 0xD9
_SCAN = 0xDA
_BARE = {0x01, *range(0xD0, 0xD8)}
_FRAMES = set(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_ABOUT = {0xFE, *range(0xE0, 0xF0)} - {0xEE}
_SEGMENT = re.compile(rb"\xff+([^\x00\xff])")
_MARKER = re.compile(rb"\xff+([^\x00\xd0-\xd7\xff])")

_OTHER_PICTURES = (
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"GIF8", "GIF"),
    (b"BM", "BMP"),
    (b"RIFF", "WebP"),
)


def picture_size(jpeg: bytes) -> tuple[int, int]:
    """Width and height in pixels, as stored; raises ``ValueError`` for no whole JPEG."""
    try:
        return _read_structure("", jpeg)
    except CameraError as error:
        raise ValueError("not a whole JPEG") from error


def check(camera: str, data: bytes) -> tuple[int, int]:
    """Width and height of ``data`` if it is a whole JPEG; raises ``CameraError``."""
    width, height = _read_structure(camera, data)
    if width * height > MAX_PIXELS:
        raise CameraError(
            "Camera %(camera)s sent a picture of %(width)d × %(height)d pixels, which is"
            " too large. Set the camera to a lower resolution.",
            camera=camera,
            width=width,
            height=height,
        )
    _decode(camera, data)
    return width, height


def picture_data(jpeg: bytes) -> Iterator[bytes]:
    """The parts of a JPEG that its pixels are made of: all but metadata and comments,
    and what a camera appends to the picture.

    What is no JPEG, or ends early, comes out as it is from there on.
    """
    at = len(_START)
    while True:
        found = _SEGMENT.match(jpeg, at)
        if found is None or found.group(1)[0] == _SCAN:
            yield jpeg[at : _end(jpeg, at)]
            return
        marker = found.group(1)[0]
        end = found.end()
        if marker not in _BARE:
            end += int.from_bytes(jpeg[end : end + 2], "big")
        if marker not in _ABOUT:
            yield jpeg[at:end]
        at = end


def _end(jpeg: bytes, at: int) -> int:
    """Where the picture ends whose first scan begins at ``at``."""
    while True:
        found = _MARKER.search(jpeg, at)
        if found is None:
            return len(jpeg)
        marker = found.group(1)[0]
        at = found.end()
        if marker == _END:
            return at
        if marker not in _BARE:
            at += int.from_bytes(jpeg[at : at + 2], "big")


def is_stream(start: bytes) -> bool:
    """Whether an answer that starts so is a video stream made of pictures."""
    return start.lstrip()[:2] == b"--"


def _read_structure(camera: str, data: bytes) -> tuple[int, int]:
    """Goes from marker to marker up to the end of the picture."""
    if not data.startswith(_START):
        raise _not_a_jpeg(camera, data)
    size = None
    at = len(_START)
    while True:
        found = _MARKER.search(data, at)
        if found is None:
            raise _cut_off(camera)
        marker = found.group(1)[0]
        at = found.end()
        if marker == _END:
            break
        if marker in _BARE or marker == 0xD8:
            continue
        length = int.from_bytes(data[at : at + 2], "big")
        if marker in _FRAMES and length >= 7:
            height = int.from_bytes(data[at + 3 : at + 5], "big")
            width = int.from_bytes(data[at + 5 : at + 7], "big")
            if size not in (None, (width, height)):
                # decoders differ in which of the two they believe
                raise damaged(camera)
            size = width, height
        at += length
    if size is None or 0 in size:
        raise _cut_off(camera)
    return size


def _decode(camera: str, data: bytes) -> None:
    """Reads every part of the picture, at the lowest resolution the format allows."""
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            image.draft(None, (1, 1))
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise damaged(camera) from error


def damaged(camera: str) -> CameraError:
    return CameraError(
        "Camera %(camera)s sent a damaged picture. Check the camera and its cable.",
        camera=camera,
    )


def _cut_off(camera: str) -> CameraError:
    return CameraError(
        "Camera %(camera)s sent only a part of a picture. Check the camera and the"
        " network.",
        camera=camera,
    )


def _not_a_jpeg(camera: str, data: bytes) -> CameraError:
    if not data:
        return CameraError(
            "Camera %(camera)s sent an empty answer instead of a picture.", camera=camera
        )
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        return CameraError(
            "Camera %(camera)s sent a web page instead of a picture. Check its snapshot"
            " URL.",
            camera=camera,
        )
    for start, kind in _OTHER_PICTURES:
        if data.startswith(start):
            return CameraError(
                "Camera %(camera)s sent a %(kind)s picture, but only JPEG can be kept."
                " Set the camera to JPEG.",
                camera=camera,
                kind=kind,
            )
    return CameraError(
        "Camera %(camera)s sent something that is no picture. Check its snapshot URL.",
        camera=camera,
    )


def stream_error(camera: str) -> CameraError:
    return CameraError(
        "Camera %(camera)s sent a video stream instead of one picture. Its snapshot URL"
        " is a stream URL: enter the camera's address for single pictures.",
        camera=camera,
    )
