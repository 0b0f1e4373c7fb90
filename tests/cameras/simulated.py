"""A camera, a head and a clock in simulated time, and a capture's way over a grid."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Optional

from octoprint_layercapture.cameras import CameraError, Scene
from octoprint_layercapture.cameras.settling import Settled, Settler
from tests.cameras.film import SCALE, Film, Path, Place

GRID = [(x, y) for y in (60.0, 100.0, 140.0) for x in (60.0, 100.0, 140.0)]
NEAR = 1.5  # mm that a swinging head may be off without being elsewhere
SHARP = 1 / SCALE  # mm of movement, one pixel


class SimulatedClock:
    """Time that passes only where somebody waits."""

    def __init__(self, now: float = 100.0) -> None:
        self.now = now
        self.on_wait: Optional[threading.Event] = None

    def monotonic(self) -> float:
        return self.now

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        self.now += max(0.0, seconds)


class SimulatedCamera:
    """Hands out a film's frames in simulated time."""

    def __init__(self, film: Film, clock: SimulatedClock, name: str = "sim") -> None:
        self.name = name
        self.film = film
        self.clock = clock
        self.asked = 0
        self.fails = 0

    def frame(self, scene: Scene) -> bytes:
        self.asked += 1
        if self.fails:
            self.fails -= 1
            self.clock.now += self.film.answer
            raise CameraError("Camera %(camera)s is out of order.", camera=self.name)
        self.clock.now, jpeg = self.film.fetch(self.clock.now)
        return jpeg

    def upright(self, jpeg: bytes) -> bytes:
        return jpeg

    def snapshot(self, scene: Scene) -> bytes:
        return self.frame(scene)

    def abandon(self) -> None:
        pass


@dataclass(frozen=True)
class Detail:
    """What was measured of a camera, as :class:`config.Detail` has it."""

    latency: Optional[float] = None
    rest: Optional[float] = None
    stale: Optional[int] = None


@dataclass(frozen=True)
class Wishes:
    settling: str = "adaptive"
    delay: float = 2.0
    settle_max: float = 5.0


@dataclass(frozen=True)
class Taken:
    """One visit: the time from arrival on until the picture was there, and the picture.

    ``off`` is how far off the head was during its exposure, ``smear`` how far it moved
    meanwhile, mm.
    """

    place: Place
    wait: float
    settled: Optional[Settled]
    off: float
    smear: float
    failure: Optional[CameraError] = None

    @property
    def wrong(self) -> bool:
        return self.settled is not None and self.off > NEAR

    @property
    def blurred(self) -> bool:
        return self.settled is not None and not self.wrong and self.smear > SHARP


def scene_at(place: Place, index: int = 0) -> Scene:
    return Scene(
        layer=1,
        z=0.2,
        height=0.2,
        x=place[0],
        y=place[1],
        index=index,
        time=0.0,
        bed=(0, 0, 200, 200),
    )


def captures(
    settler: Settler,
    path: Path,
    clock: SimulatedClock,
    film: Film,
    pictures: int,
    seed: int = 1,
) -> Iterator[Taken]:
    """So many pictures of a print's captures, printing in between."""
    dice = random.Random(seed)
    visited = 0
    while visited < pictures:
        printing(path, clock, dice)
        settler.glance(scene_at(path.at(clock.now)))
        clock.now += dice.uniform(0.3, 1.5)
        for index, place in enumerate(GRID):
            clock.now = path.go(place, clock.now) + dice.uniform(0.01, 0.08)
            arrived = clock.now
            failure: Optional[CameraError] = None
            settled = None
            try:
                settled = settler.picture(scene_at(place, index), arrived)
            except CameraError as error:
                failure = error
            off = film.error(settled.jpeg, place) if settled else 0.0
            smear = film.smear(settled.jpeg) if settled else 0.0
            yield Taken(place, clock.now - arrived, settled, off, smear, failure)
            visited += 1


def printing(path: Path, clock: SimulatedClock, dice: random.Random) -> None:
    """A while of moves over the bed, so that the camera has something to see."""
    clock.now += dice.uniform(5, 10)
    for _ in range(6):
        to = (dice.uniform(80, 120), dice.uniform(80, 120))
        clock.now = path.go(to, clock.now) + dice.uniform(0.05, 0.3)
