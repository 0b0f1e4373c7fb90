"""Finding out how late a camera is, by moving the head to and fro in front of it.

Three things are told apart. In some rounds the camera is asked all the time after a
move: how long the old place goes on to come is its latency, how long the new one goes
on to change is the rest. In others it is left alone until its newest frame must be of
the new place: what still shows the old one was waiting in a buffer.
"""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Callable

from .errors import CameraError
from .freshness import Habits
from .scene import Scene
from .settling import Camera, Clock
from .stillness import Look, brightness

_log = logging.getLogger("octoprint.plugins.layercapture.cameras")

RUNNING = 8  # rounds in which the camera is asked all the time
IDLE = 3  # rounds in which it is left alone first
ROUNDS = RUNNING + IDLE

_LONGEST = 8.0  # s after a move in which any camera shows the new place
_SPARE = 1.0  # s beyond what the first round took, for the later ones
_AGAIN = 2.0  # times what the first round took
_PERIOD = 0.03  # s between requests at least
_FRAMES = 6  # that a buffer may hold
_DARK = 6.0  # mean grey level below which nothing can be seen
_CLEAR = 3.0  # times the noise that a move has to change the picture by
_SOME = 2.0  # grey levels that it has to change besides
_STILL = 1.15  # times the noise that a still picture may change by
_UNEVEN = 2.0  # times what is usual that the latest camera may be late
_STRAY = 2  # frames that the buffered ones may differ by
_TAIL = 0.3  # of a round, its end, where all is at rest
_GAPS = 4  # pictures in a round that tell the rate of the camera
_TRIES = 3  # frames in a row that may fail


class NotMeasured(CameraError):
    """The camera gives pictures, but nothing can be told from them."""


@dataclass(frozen=True)
class Round:
    """The frames after one move.

    Attributes:
        arrived: when the head had arrived, s on the clock of the looks
        before: the last frame of the place before
        looks: the frames in the order they came
    """

    arrived: float
    before: Look
    looks: Sequence[Look]

    @property
    def final(self) -> Look:
        """What the new place looks like."""
        return self.looks[-1]


@dataclass(frozen=True)
class Measurement:
    """What a camera does, s and frames, rounded up.

    ``latency``: how old its newest frame can be; ``rest``: how long the picture goes on
    to change after that; ``stale``: how many older frames it hands out first;
    ``seconds``: how long a picture then takes from arrival on.
    """

    latency: float
    rest: float
    stale: int
    seconds: float


class Measuring:
    """One measurement of one camera.

    Args:
        move: takes the head to the other place; when it arrived there, on the clock
        over: whether nobody wants it any more
        progress: is told how many of ``ROUNDS`` are done
    """

    def __init__(
        self,
        camera: Camera,
        clock: Clock,
        move: Callable[[], float],
        over: Callable[[], bool] = lambda: False,
        progress: Callable[[int], Any] = lambda done: None,
    ) -> None:
        self._camera = camera
        self._clock = clock
        self._move = move
        self._over = over
        self._progress = progress
        self._news = threading.Condition()

    def run(self, scene: Callable[[], Scene]) -> Measurement:
        """Measure; it takes from about ten seconds to a minute.

        Raises:
            CameraError: the camera fails, or its pictures tell nothing (NotMeasured)
            whatever ``move`` raises
        """
        last = self._watch(scene, self._clock.monotonic() + _SPARE)[-1]
        running: list[Round] = []
        idle: list[Round] = []
        span = _LONGEST
        for number in range(ROUNDS):
            # as during a print: a buffer fills itself with the old place and waits so
            self._pause(self._filling(running) if running else _SPARE)
            arrived = self._move()
            if number >= RUNNING:
                self._pause(span)
            looks = self._watch(scene, self._clock.monotonic() + span)
            (running if number < RUNNING else idle).append(Round(arrived, last, looks))
            last = looks[-1]
            if number == 0:
                span = min(_LONGEST, self._settled(running) * _AGAIN + _SPARE)
            self._progress(number + 1)
        return analyse(running, idle, self._camera.name)

    def _settled(self, rounds: Sequence[Round]) -> float:
        """How long the first round's picture took to come to rest, s."""
        eyes = Eyes(rounds, self._camera.name)
        return max(eyes.still(each, 0) for each in rounds)

    def _filling(self, rounds: Sequence[Round]) -> float:
        """How long the camera needs to fill any buffer, s."""
        return min(_LONGEST, _FRAMES * median(_rate(each) for each in rounds))

    def _watch(self, scene: Callable[[], Scene], until: float) -> list[Look]:
        """All frames up to then, and one at least."""
        looks: list[Look] = []
        failed = 0
        while not looks or self._clock.monotonic() < until:
            self._check()
            requested = self._clock.monotonic()
            try:
                jpeg = self._camera.frame(scene())
            except CameraError:
                failed += 1
                if failed >= _TRIES:
                    raise
                self._check()
            else:
                failed = 0
                look = Look(jpeg, requested, self._clock.monotonic())
                look.compact()
                looks.append(look)
            self._pause(_PERIOD)
        return looks

    def _pause(self, seconds: float) -> None:
        until = self._clock.monotonic() + seconds
        with self._news:
            while True:
                self._check()
                left = until - self._clock.monotonic()
                if left <= 0:
                    return
                self._clock.wait(self._news, left)

    def stop(self) -> None:
        """Look at once whether it is over."""
        with self._news:
            self._news.notify_all()
        self._camera.abandon()

    def _check(self) -> None:
        if self._over():
            raise CameraError(
                "The picture of camera %(camera)s was called off.",
                camera=self._camera.name,
            )


def analyse(
    running: Sequence[Round], idle: Sequence[Round], camera: str = ""
) -> Measurement:
    """What the rounds tell of the camera.

    Args:
        running: rounds in which it was asked all the time after arrival
        idle: rounds in which it was asked once its newest frame had to be of the new
            place

    Raises:
        NotMeasured: the pictures do not follow the moves, or not each time
    """
    eyes = Eyes([*running, *idle], camera)
    stale = eyes.stale(idle)
    late = [eyes.late(each, stale) for each in running]
    still = [eyes.still(each, stale) for each in running]
    intervals = [gap for gap in map(_interval, running) if gap is not None]
    # the moves have met some ages of the newest frame between the least and the most
    latency = max(*late, min(late) + (median(intervals) if intervals else 0.0))
    if max(late) > median(late) * _UNEVEN + _SPARE:
        raise eyes.uneven()
    rest = max(0.0, max(still) - latency)
    latency, rest = _up(latency), _up(rest)
    wait = Habits.measured(latency, rest, stale).wait
    draws = median(_draw(each) for each in running)
    return Measurement(latency, rest, stale, _up(wait + (stale + 1) * draws))


class Eyes:
    """Tells the old place from the new one, and a still picture from a shaking one.

    Raises:
        NotMeasured: that cannot be told from these rounds' pictures
    """

    def __init__(self, rounds: Sequence[Round], camera: str = "") -> None:
        self._camera = camera
        self._rounds = rounds
        self.noise = median(_noise(each) for each in rounds)
        self.contrast = median(each.before.apart(each.final) for each in rounds)
        if self.contrast < self.noise * _CLEAR + _SOME:
            raise self._nothing_seen()
        self._limit = min(self.noise * _STILL + 0.5, self.contrast / 3)

    def new(self, each: Round) -> int:
        """The first of the looks from which on all show the new place."""
        return self._first(
            each, lambda look: look.apart(each.final) < look.apart(each.before)
        )

    def stale(self, idle: Sequence[Round]) -> int:
        """How many frames of the old place came although it was long left."""
        counts = [self.new(each) for each in idle]
        if max(counts, default=0) > min(counts, default=0) + _STRAY:
            raise self.uneven()
        return max(counts, default=0)

    def late(self, each: Round, stale: int) -> float:
        """How long after arrival frames asked for were of before, s."""
        return self._since(each, self.new(each), stale)

    def still(self, each: Round, stale: int) -> float:
        """How long after arrival frames asked for were unlike the last, s."""
        return self._since(
            each,
            self._first(each, lambda look: look.apart(each.final) <= self._limit),
            stale,
        )

    def _first(self, each: Round, good: Callable[[Look], bool]) -> int:
        number = len(each.looks)
        while number and good(each.looks[number - 1]):
            number -= 1
        if number >= len(each.looks) - 1:
            raise NotMeasured(
                "The pictures of camera %(camera)s go on to change although the head"
                " stands still. Measure again while nothing else moves in the picture.",
                camera=self._camera,
            )
        return number

    def _since(self, each: Round, number: int, stale: int) -> float:
        """When the look was asked for that made room for this one, after arrival, s."""
        if number < stale or not number:
            return 0.0
        return max(0.0, each.looks[number - stale].requested - each.arrived)

    def uneven(self) -> NotMeasured:
        return NotMeasured(
            "Camera %(camera)s was much later after one move than after another, so"
            " nothing can be relied on. Measure again; if it stays so, keep the fixed"
            " delay.",
            camera=self._camera,
        )

    def _nothing_seen(self) -> NotMeasured:
        camera = self._camera
        looks = [look for each in self._rounds for look in each.looks]
        if len({look.mark for look in looks}) == 1:
            return NotMeasured(
                "Camera %(camera)s gave the very same picture each time although the"
                " head had moved. It is frozen: restart it.",
                camera=camera,
            )
        if brightness(looks[-1].small) < _DARK:
            return NotMeasured(
                "The pictures of camera %(camera)s are too dark to see anything move."
                " Switch on a light and measure again.",
                camera=camera,
            )
        return NotMeasured(
            "The pictures of camera %(camera)s do not change when the head moves, so"
            " they cannot tell how late it is. It keeps the fixed delay. Does it see the"
            " bed or the head at all?",
            camera=camera,
        )


def _noise(each: Round) -> float:
    """How far apart the last looks of a round are, where nothing moves any more."""
    count = max(2, round(len(each.looks) * _TAIL))
    return max(look.apart(each.final) for look in each.looks[-count:])


def _interval(each: Round) -> float | None:
    """The time between two frames of a camera that is asked faster than it takes them."""
    first: dict[bytes, float] = {}
    for look in each.looks:
        first.setdefault(look.mark, look.requested)
    times = sorted(first.values())
    if not _GAPS <= len(times) < len(each.looks):
        return None
    return median(late - early for early, late in zip(times, times[1:]))


def _rate(each: Round) -> float:
    """The time from one picture to the next, s; as far as requests can tell."""
    return _interval(each) or _draw(each)


def _draw(each: Round) -> float:
    """The time from one request to the next, s."""
    asked = [look.requested for look in each.looks]
    return (asked[-1] - asked[0]) / max(1, len(asked) - 1)


def _up(seconds: float) -> float:
    return math.ceil(seconds * 100 - 1e-6) / 100
