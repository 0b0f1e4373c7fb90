"""Whether two pictures are the same frame, and how far apart two frames look."""

from __future__ import annotations

import hashlib
import io
import math
from collections import deque
from functools import cached_property

from PIL import Image, ImageChops

from .errors import CameraError
from .jpeg import picture_data

_WIDTH = 64  # pixels of what is compared: few enough to average noise away
_MIDDLE = 128  # grey level that stands for no difference
_SHARE = 0.01  # of the pixels, those that differ most: a moved head may fill as little

_REMEMBERED = 9  # distances of pairs that showed the same
_SPREAD = 1.3  # times the usual distance of such pairs is still no difference
_ROUNDING = 0.5  # grey levels that rounding can make


class Look:
    """One frame of a camera and when it was asked for and came, s on any one clock."""

    def __init__(self, jpeg: bytes, requested: float, answered: float) -> None:
        self.jpeg = jpeg
        self.requested = requested
        self.answered = answered

    @cached_property
    def mark(self) -> bytes:
        """The same for two pictures only where every pixel of them is the same."""
        return fingerprint(self.jpeg)

    @cached_property
    def small(self) -> Image.Image:
        """The picture in grey, small."""
        return small(self.jpeg)

    def compact(self) -> None:
        """Let go of the JPEG once the rest is known: many of them are large."""
        self.mark, self.small  # noqa: B018
        self.jpeg = b""

    def apart(self, other: Look) -> float:
        """How different the two look, as :func:`apart`."""
        return 0.0 if self.mark == other.mark else apart(self.small, other.small)


def fingerprint(jpeg: bytes) -> bytes:
    """A digest of what a JPEG shows, whatever its metadata say of time or number."""
    digest = hashlib.blake2b(digest_size=16)
    for part in picture_data(jpeg):
        digest.update(part)
    return digest.digest()


def small(jpeg: bytes) -> Image.Image:
    """A grey version for comparing; raises ``CameraError`` for what is no picture."""
    try:
        with Image.open(io.BytesIO(jpeg), formats=("JPEG",)) as image:
            high = max(1, round(image.height * _WIDTH / image.width))
            # the decoder itself leaves out what would only be averaged away
            image.draft("L", (_WIDTH, high))
            grey = image.convert("L")
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise CameraError("The picture could not be read.") from error
    if grey.width <= _WIDTH:
        return grey
    return grey.resize((_WIDTH, high), Image.Resampling.BOX)


def apart(one: Image.Image, other: Image.Image) -> float:
    """How different two grey pictures are where they differ most, in grey levels.

    The mean over the hundredth of the pixels that differ most, brightness as a whole
    left out: that way a head that fills little of the picture counts, a lamp or an
    automatic exposure does not. Infinite for pictures of different sizes.
    """
    if one.size != other.size:
        return math.inf
    levels = ImageChops.subtract(one, other, 1, _MIDDLE).histogram()
    pixels = one.width * one.height
    shift = _median(levels, pixels)
    counts = [0] * 256
    for level, count in enumerate(levels):
        counts[abs(level - shift)] += count
    wanted = max(1, round(pixels * _SHARE))
    total, left = 0, wanted
    for difference in range(255, 0, -1):
        used = min(left, counts[difference])
        total += used * difference
        left -= used
        if not left:
            break
    return total / wanted


def brightness(image: Image.Image) -> float:
    """The mean grey level, 0 to 255."""
    levels = image.histogram()
    weighed = sum(level * count for level, count in enumerate(levels))
    return weighed / (image.width * image.height)


def _median(levels: list[int], pixels: int) -> int:
    seen = 0
    for level, count in enumerate(levels):
        seen += count
        if 2 * seen >= pixels:
            return level
    return _MIDDLE


class Noise:
    """How far apart a camera's pictures of one and the same view are, as it is learnt."""

    def __init__(self) -> None:
        self._seen: deque[float] = deque(maxlen=_REMEMBERED)

    @property
    def known(self) -> bool:
        """Whether anything has been learnt."""
        return bool(self._seen)

    def learn(self, distance: float) -> None:
        """Two frames were so far apart although nothing had moved."""
        self._seen.append(distance)

    def limit(self, otherwise: float) -> float:
        """The most that two pictures of one view are apart.

        Args:
            otherwise: the distance to go by where nothing has been learnt
        """
        seen = sorted(self._seen)
        usual = seen[len(seen) // 2] if seen else otherwise
        return usual * _SPREAD + _ROUNDING
