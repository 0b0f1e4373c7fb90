"""Which of a camera's frames shows the head at rest where it has arrived.

What is known of a camera bounds when a frame can have been taken: not earlier than its
latency before the request that made room for it. That is the request itself, or, where
the camera hands out ``stale`` frames that it took before, the one so many requests
earlier. A frame is kept when that bound lies behind arrival and rest, when it was not
seen before then, and when a second frame shows the same.

All times are seconds on one clock.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import median

from .stillness import Look, Noise

Place = tuple[float, float]

_OFF = 1.2  # times what was measured: a few small moves never meet the worst case
_LATE = 0.05  # s more, for a host that was busy
_RESTING = 0.5  # s of shaking where rest was not measured
_STALE = 1  # frames where that was not measured

_PATIENCE = 1.0  # s of the very same picture that prove a camera without noise
_VOTES = 2  # positions at which it gave such proof
_REMEMBERED = 500  # pictures

_SPARSE = 0.25  # s between requests while no answer can be fresh
_DENSE = 0.03  # s between requests afterwards


@dataclass(frozen=True)
class Habits:
    """What a camera does: ``latency`` (margin included), ``rest`` (s), ``stale``."""

    latency: float
    rest: float
    stale: int

    @classmethod
    def measured(cls, latency: float, rest: float | None, stale: int | None) -> Habits:
        """The habits by what was measured or entered; None is what was not."""
        return cls(
            latency * _OFF + _LATE,
            _RESTING if rest is None else rest * _OFF,
            _STALE if stale is None else stale,
        )

    @property
    def wait(self) -> float:
        """How long after arrival the first frame that may be kept is asked for, s."""
        return self.latency + self.rest


@dataclass(frozen=True)
class Sighting:
    """When a picture first came, and the earliest time it can have been taken."""

    answered: float
    bound: float


class Memory:
    """What was learnt of one camera during a print.

    Attributes:
        noise: how far apart its pictures of one view are
        noisy: whether two frames of one view differ at all; None while that is unknown
        kept: the picture kept last, or the last one of where the head was before
        place: where it was taken
    """

    def __init__(self) -> None:
        self.noise = Noise()
        self.noisy: bool | None = None
        self.kept: Look | None = None
        self.place: Place | None = None
        self._seen: dict[bytes, Sighting] = {}
        self._votes = 0

    def sight(self, look: Look, bound: float) -> Sighting:
        """When ``look`` was first seen; now, if it never was."""
        first = self._seen.setdefault(look.mark, Sighting(look.answered, bound))
        if len(self._seen) > _REMEMBERED:
            del self._seen[next(iter(self._seen))]
        return first

    def keep(self, look: Look, place: Place) -> None:
        """This is the picture of ``place``."""
        self.kept, self.place = look, place

    def leave(self, look: Look, place: Place) -> None:
        """So it looks where the head is, which is about to move."""
        self.sight(look, -math.inf)
        self.keep(look, place)

    def repeats(self, look: Look, place: Place) -> bool:
        """Whether it is, bit for bit, the picture kept last, though at another place."""
        return (
            self.kept is not None and self.place != place and self.kept.mark == look.mark
        )

    def resembles(self, look: Look, place: Place, limit: float) -> bool:
        """Whether it looks like the picture kept last, at another place."""
        return (
            self.kept is not None
            and self.place != place
            and self.kept.apart(look) <= limit
        )

    def stood_still(self) -> None:
        """At one place it gave the same picture for long, another one than before."""
        self._votes += 1
        if self._votes >= _VOTES:
            self.noisy = False

    def trembled(self) -> None:
        """Two frames of one view differed."""
        self._votes = 0
        self.noisy = True


class Vigil:
    """Looks at the frames that come after one arrival until one may be kept.

    Attributes:
        candidate: the newest frame that is of the right place, though perhaps not still
        frozen: the camera gave pictures again that it had given before
    """

    def __init__(
        self, habits: Habits, memory: Memory, place: Place, arrived: float
    ) -> None:
        self.candidate: Look | None = None
        self.frozen = False
        self._habits = habits
        self._memory = memory
        self._place = place
        self._arrived = arrived
        self._needed = arrived + habits.rest
        self._stuck: Look | None = None
        self._going = False
        self._asked: list[float] = []
        self._bounds: dict[bytes, float] = {}
        self._last: Look | None = None
        self._before: Look | None = None
        self._again = 0
        self._unrest: list[float] = []

    def judge(self, look: Look) -> bool:
        """Whether this frame, the next one that came, is the one to keep."""
        self._asked.append(look.requested)
        bound = self._bound()
        first = self._memory.sight(look, bound)
        self._follow(look)
        if self._is_old(look, first, bound):
            self.frozen = True
            return False
        self.frozen = False
        if self._memory.noisy:
            bound = first.bound
        self._bounds[look.mark] = bound
        if bound < self._needed:
            return False
        if self._memory.noisy is None and self._again and self._proves(look, first):
            self.candidate = look
            return self._certain(look, bound, 0.0)
        if self._memory.noisy is False and self._again:
            self.candidate = look
            return self._certain(look, bound, 0.0)
        if self._before is None:
            return False
        return self._compare(look, self._before, bound)

    def give_up(self) -> None:
        """No more frames will come; learn what there is to learn of that."""
        self._learn()
        if self.candidate is None and self._again and self._is_new():
            self._memory.stood_still()

    def pause(self, now: float) -> float:
        """How long to wait before the next request, s."""
        ready = self._needed + self._habits.latency - now
        if ready > 0:
            return min(_SPARSE, ready)
        # a slow camera repeats itself: there is no hurry then
        return min(_SPARSE, _DENSE * (1 + self._again))

    def _bound(self) -> float:
        """The earliest time at which the frame that came last can have been taken."""
        place = len(self._asked) - 1 - self._habits.stale
        if place < 0:
            return -math.inf
        return self._asked[place] - self._habits.latency

    def _follow(self, look: Look) -> None:
        if self._last is not None and self._last.mark == look.mark:
            self._again += 1
            return
        self._again = 0
        self._before, self._last = self._last, look

    def _is_old(self, look: Look, first: Sighting, bound: float) -> bool:
        """Whether the frame is known to be from before, whatever its bound says."""
        memory = self._memory
        if memory.noisy and bound > first.answered:
            self._stuck, self._going = look, False
            self._needed = max(self._needed, look.answered)
            return True
        if self._stuck is not None and not self._going:
            # it goes on after a stop: what comes first has waited that long
            self._going = True
            self._needed = max(self._needed, look.answered)
        if memory.repeats(look, self._place):
            return True
        return memory.noisy is not False and first.answered <= self._arrived

    def _is_new(self) -> bool:
        memory, last = self._memory, self._last
        if last is None or memory.repeats(last, self._place):
            return False
        return memory.sight(last, -math.inf).answered > self._arrived

    def _proves(self, look: Look, first: Sighting) -> bool:
        """Whether the very same picture came for so long that there is no noise."""
        if look.requested - first.answered < _PATIENCE:
            return False
        self._memory.stood_still()
        return True

    def _compare(self, look: Look, before: Look, bound: float) -> bool:
        memory = self._memory
        distance = look.apart(before)
        if math.isinf(distance):
            # of another size: it cannot be compared, and is no measure of noise
            if bound >= self._needed:
                self.candidate = look
            return False
        if self._bounds.get(before.mark, -math.inf) >= self._needed:
            memory.trembled()
            self._unrest.append(distance)
        elif not memory.noise.known:
            return False
        self.candidate = look
        limit = memory.noise.limit(distance)
        if distance > limit or not self._certain(look, bound, distance):
            return False
        self._learn()
        return True

    def _learn(self) -> None:
        """One distance for each visit: what goes on for longer is no noise at first."""
        if self._unrest:
            self._memory.noise.learn(median(self._unrest))

    def _certain(self, look: Look, bound: float, distance: float) -> bool:
        """Whether nothing speaks against it.

        Where it looks as the place before did, the camera may be later than it was
        measured, and gets as much time again.
        """
        memory = self._memory
        limit = memory.noise.limit(distance)
        doubtful = memory.resembles(look, self._place, limit) or (
            self._stuck is not None and self._stuck.apart(look) <= limit
        )
        if not doubtful:
            return True
        return bound >= self._needed + self._habits.latency
