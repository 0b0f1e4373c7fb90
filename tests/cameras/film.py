"""A camera on a print head, as a model: what it has to hand out at which time.

``Path`` is where the head is, ``Film`` what a camera makes of that: frames exposed at
some rate, delivered with some delay, through some buffer. Both go by any clock that is
told to them, so the same camera serves simulated time (``SimulatedCamera``) and a web
server in real time (``tests.cameras.server``).
"""

from __future__ import annotations

import bisect
import io
import math
import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Callable, Optional

from PIL import Image, ImageChops, ImageDraw

Place = tuple[float, float]

SIZE = (160, 120)
SCALE = 2.5  # pixels per mm
BITS = 9  # of each coordinate in the bars
BAR = (8, 8)  # pixels of one bit
GRAIN = 900  # pixels of the noise, of which a picture gets a part
AREA = 600  # pixels of the texture, which repeats itself


class Path:
    """Where the head is over time; it moves only by :meth:`go`.

    ``amplitude`` (mm) is how far it swings after a move, and ``rest`` (s) when that has
    become invisible.
    """

    VISIBLE = 0.05  # mm

    def __init__(
        self, start: Place, amplitude: float = 0.0, rest: float = 0.3, speed: float = 150
    ) -> None:
        self.amplitude = amplitude
        self.rest = rest
        self.speed = speed
        self._begins = [-math.inf]
        self._legs: list[tuple[Place, Place, float]] = [(start, start, 0.0)]

    def go(self, to: Place, now: float) -> float:
        """Leave for ``to``; when the head is there."""
        start = self.at(now)
        seconds = math.dist(start, to) / self.speed + 0.1
        self._begins.append(now)
        self._legs.append((start, to, seconds))
        return now + seconds

    def at(self, when: float) -> Place:
        """The place that the camera looks at."""
        index = bisect.bisect_right(self._begins, when) - 1
        start, end, seconds = self._legs[index]
        since = when - self._begins[index]
        if since < seconds:
            part = since / seconds
            return (
                start[0] + (end[0] - start[0]) * part,
                start[1] + (end[1] - start[1]) * part,
            )
        return (end[0] + self._swing(since - seconds), end[1])

    def _swing(self, since: float) -> float:
        if not self.amplitude or since > 2 * self.rest or math.isinf(since):
            return 0.0
        decay = math.log(self.amplitude / self.VISIBLE) / self.rest
        return self.amplitude * math.exp(-decay * since) * math.sin(75 * since)


@dataclass
class Film:
    """What one camera hands out.

    ``delay`` (s) is from the end of an exposure until the frame can be fetched, up to
    ``jitter`` more; ``rate`` is frames per second, or None for a camera that exposes when
    it is asked. ``queued`` frames lie in a buffer that hands them out first: filled by
    the camera while there is room, or with ``ring`` by each request. ``answer`` is how
    long an answer takes. ``freezes`` are spans of time in which nothing new comes; with
    ``burst``, what was taken meanwhile comes afterwards, fast. ``noise`` is of a pixel.
    """

    at: Callable[[float], Place]
    delay: float = 0.0
    jitter: float = 0.0
    rate: Optional[float] = 15.0
    queued: int = 0
    ring: bool = False
    answer: float = 0.01
    exposure: float = 0.02
    noise: float = 4.0
    freezes: Sequence[tuple[float, float]] = ()
    burst: bool = False
    seed: int = 1
    _exposed: dict[bytes, float] = field(default_factory=dict)
    _queue: deque[float] = field(default_factory=deque)
    _filled: float = -math.inf
    _drawn: dict[float, bytes] = field(default_factory=dict)

    def fetch(self, now: float) -> tuple[float, bytes]:
        """A request at ``now``: when the answer is there, and the JPEG."""
        when, exposed = self._next(now)
        return when + self.answer, self.picture(exposed)

    def picture(self, exposed: float) -> bytes:
        """The frame whose exposure began then; the same bytes each time."""
        if exposed not in self._drawn:
            while len(self._drawn) > 64:
                del self._drawn[next(iter(self._drawn))]
            self._drawn[exposed] = self._draw(exposed)
        jpeg = self._drawn[exposed]
        self._exposed[jpeg] = exposed
        return jpeg

    def error(self, jpeg: bytes, place: Place) -> float:
        """How far off ``place`` the head was while this frame was exposed, mm."""
        exposed = self._exposed[jpeg]
        return max(math.dist(at, place) for at in self._places(exposed))

    def smear(self, jpeg: bytes) -> float:
        """How far the head moved while this frame was exposed, mm."""
        first, *rest = self._places(self._exposed[jpeg])
        return max(math.dist(first, at) for at in rest)

    def _places(self, exposed: float) -> list[Place]:
        return [self.at(exposed + self.exposure * part) for part in (0, 0.5, 1)]

    # delivery

    def _next(self, now: float) -> tuple[float, float]:
        if self.rate is None:
            now += self.delay
            return now + self.exposure, self._through_ring(now)
        if self.queued and not self.ring:
            return self._through_queue(now)
        return now, self._through_ring(self._newest(now))

    def _through_ring(self, exposed: float) -> float:
        self._queue.append(exposed)
        if len(self._queue) <= self.queued:
            return self._queue[0]
        while len(self._queue) > self.queued + 1:
            self._queue.popleft()
        return self._queue.popleft() if self.queued else self._queue[-1]

    def _through_queue(self, now: float) -> tuple[float, float]:
        while len(self._queue) < self.queued:
            following = self._after(self._filled)
            if self._published(following) > now:
                break
            self._queue.append(following)
            self._filled = self._published(following)
        if self._queue:
            exposed = self._queue.popleft()
            # the room is free from now on
            self._filled = max(self._filled, now)
            return now, exposed
        exposed = self._after(max(self._filled, now))
        self._filled = self._published(exposed)
        return self._filled, exposed

    def _after(self, when: float) -> float:
        """The first exposure that comes out later than ``when``."""
        assert self.rate is not None
        if math.isinf(when):
            return 0.0
        number = max(0, math.floor((when - self.delay - self.jitter) * self.rate) - 2)
        while self._published(number / self.rate) <= when:
            number += 1
        return number / self.rate

    def _newest(self, now: float) -> float:
        assert self.rate is not None
        for start, end in self.freezes:
            if start <= now < end:
                now = start
        number = math.floor(now * self.rate)
        while self._published(number / self.rate) > now:
            number -= 1
        return number / self.rate

    def _published(self, exposed: float) -> float:
        late = self.delay + self.exposure
        if self.jitter:
            late += self.jitter * random.Random(f"{self.seed} {exposed}").random()
        comes = exposed + late
        for start, end in self.freezes:
            if start <= comes < end:
                return end + (comes - start) * 0.1 if self.burst else math.inf
        return comes

    # drawing

    def _draw(self, exposed: float) -> bytes:
        places = self._places(exposed)
        picture = _view(*_rounded(places[1]))
        if max(math.dist(places[0], place) for place in places) > 0.02:
            first, last = _view(*_rounded(places[0])), _view(*_rounded(places[2]))
            picture = Image.blend(Image.blend(first, last, 0.5), picture, 1 / 3)
        if self.noise:
            spread = self.noise / 16
            grain = _grain(random.Random(f"{self.seed} {exposed}"))
            grain = grain.point([round(128 + (v - 128) * spread) for v in range(256)])
            picture = ImageChops.add(picture, grain, 1, -128)
        out = io.BytesIO()
        picture.save(out, "JPEG", quality=85)
        return out.getvalue()


def read_place(jpeg: bytes) -> Place:
    """The place that the bars of a picture tell, to the mm."""
    with Image.open(io.BytesIO(jpeg)) as image:
        grey = image.convert("L")
    told = []
    for row in (0, 1):
        value = 0
        for bit in range(BITS):
            left, top = bit * BAR[0], row * BAR[1]
            box = (left + 1, top + 1, left + BAR[0] - 1, top + BAR[1] - 1)
            levels = grey.crop(box).tobytes()
            value = value * 2 + (sum(levels) / len(levels) > 128)
        told.append(float(value))
    return told[0], told[1]


def _rounded(place: Place) -> Place:
    return round(place[0] * 20) / 20, round(place[1] * 20) / 20


@lru_cache(maxsize=4096)
def _view(x: float, y: float) -> Image.Image:
    left, top = x * SCALE % AREA, y * SCALE % AREA
    window = (left, top, left + SIZE[0], top + SIZE[1])
    view = _texture().resize(SIZE, Image.Resampling.BILINEAR, window)
    draw = ImageDraw.Draw(view)
    for row, value in enumerate((round(x), round(y))):
        for bit in range(BITS):
            box = (bit * BAR[0], row * BAR[1])
            white = value >> (BITS - 1 - bit) & 1
            corner = (box[0] + BAR[0] - 1, box[1] + BAR[1] - 1)
            draw.rectangle((*box, *corner), fill=235 if white else 20)
    return view


@lru_cache(maxsize=1)
def _texture() -> Image.Image:
    """A bed with spots, lines and dirt on it; drawn once, the same in every run."""
    dice = random.Random(7)
    side = AREA + max(SIZE)
    image = Image.new("L", (AREA, AREA), 110)
    draw = ImageDraw.Draw(image)
    for _ in range(900):
        x, y, r = dice.randrange(AREA), dice.randrange(AREA), dice.randrange(1, 9)
        draw.ellipse((x - r, y - r, x + r, y + r), fill=dice.randrange(60, 190))
    whole = Image.new("L", (side, side))
    for x in (0, AREA):
        for y in (0, AREA):
            whole.paste(image, (x, y))
    return whole


@lru_cache(maxsize=1)
def _grains() -> Image.Image:
    dice = random.Random(11)
    levels = (round(dice.gauss(128, 16)) for _ in range(GRAIN * GRAIN))
    return Image.frombytes(
        "L", (GRAIN, GRAIN), bytes(min(255, max(0, v)) for v in levels)
    )


def _grain(dice: random.Random) -> Image.Image:
    """One of a million patterns of noise, with a standard deviation of 16."""
    left, top = dice.randrange(GRAIN - SIZE[0]), dice.randrange(GRAIN - SIZE[1])
    grain = _grains().crop((left, top, left + SIZE[0], top + SIZE[1]))
    return ImageChops.invert(grain) if dice.random() < 0.5 else grain
