"""The cameras that settling has to cope with, by what they do to a picture."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from octoprint_layercapture.cameras.measure import Measurement, Measuring
from octoprint_layercapture.cameras.settling import Settler
from tests.cameras.film import Film, Path
from tests.cameras.simulated import (
    Detail,
    SimulatedCamera,
    SimulatedClock,
    Wishes,
    scene_at,
)

STOPS = tuple((17.0 * n + 3, 17.0 * n + 4 + n % 4) for n in range(4000))


@dataclass(frozen=True)
class Kind:
    """One kind of camera on a head that shakes.

    ``film`` are :class:`Film`'s arguments while it is measured, ``later`` what changes
    afterwards. ``off`` is what the measured latency is multiplied with.
    """

    name: str
    film: dict[str, Any]
    later: dict[str, Any] = field(default_factory=dict)
    amplitude: float = 0.8
    rest: float = 0.3
    off: float = 1.0

    @property
    def oldest(self) -> float:
        """How long after arrival the camera can at best have shown the place, s."""
        film = Film(lambda when: (0.0, 0.0), **self.film)
        if film.rate is None:
            # settling looks at two pictures, and each takes its time
            return (film.queued + 2) * (film.delay + film.exposure + film.answer)
        age = film.delay + film.jitter + film.exposure + 1 / film.rate
        return age + film.queued * film.answer


KINDS = (
    Kind("quick", {"delay": 0.03, "rate": 30.0}),
    Kind("usual", {"delay": 0.15}),
    Kind("a little late", {"delay": 0.3}),
    Kind("1 s late", {"delay": 0.9}),
    Kind("2 s late", {"delay": 1.9}),
    Kind("jittering", {"delay": 0.1, "jitter": 0.25}),
    Kind("slow to answer", {"rate": None, "delay": 0.3, "answer": 0.3}),
    Kind("5 frames a second", {"delay": 0.1, "rate": 5.0}),
    Kind("1 frame a second", {"delay": 0.1, "rate": 1.0}),
    Kind("buffer of 4", {"delay": 0.1, "queued": 4}),
    Kind("slow buffer of 3", {"delay": 0.1, "queued": 3, "rate": 5.0}),
    Kind("buffer filled by asking", {"rate": None, "queued": 2, "ring": True}),
    Kind("noisy", {"delay": 0.15, "noise": 14.0}),
    Kind("without noise", {"delay": 0.2, "noise": 0.0}),
    Kind("shaking for long", {"delay": 0.1}, amplitude=2.0, rest=1.2),
    Kind("blurring", {"delay": 0.1, "exposure": 0.06}, rest=0.4),
    Kind("later than measured", {"delay": 0.4}, off=0.75),
    Kind("stopping at times", {"delay": 0.15}, {"freezes": STOPS}),
    Kind("catching up", {"delay": 0.15}, {"freezes": STOPS, "burst": True}),
    Kind("frozen", {"delay": 0.15}, {"freezes": ((600.0, 1e9),)}),
)


class Set:
    """A kind of camera set up on simulated time."""

    def __init__(self, kind: Kind, seed: int = 1) -> None:
        self.kind = kind
        self.seed = seed
        self.clock = SimulatedClock()
        self.path = Path((100.0, 100.0), kind.amplitude, kind.rest)
        self.film = Film(self.path.at, seed=seed, **kind.film)
        self.camera = SimulatedCamera(self.film, self.clock)

    def measure(self) -> Measurement:
        """What measuring this camera finds out, as the plugin does it."""
        dice = random.Random(self.seed)
        places = [(110.0, 100.0), (100.0, 100.0)]

        def move() -> float:
            place = places[0]
            places.reverse()
            ready = self.path.go(place, self.clock.now)
            self.clock.now = ready + dice.uniform(0.01, 0.08)
            return self.clock.now

        measuring = Measuring(self.camera, self.clock, move)
        found = measuring.run(lambda: scene_at(self.path.at(self.clock.now)))
        self.clock.now = max(self.clock.now, 599.0)
        for name, value in self.kind.later.items():
            setattr(self.film, name, value)
        return found

    def settler(self, found: Measurement, wishes: Wishes | None = None) -> Settler:
        """A settler that knows what was measured, or so it thinks."""
        detail = Detail(found.latency * self.kind.off, found.rest, found.stale)
        return Settler(self.camera, detail, wishes or Wishes(), self.clock)
