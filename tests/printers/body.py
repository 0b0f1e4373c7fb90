"""A printer's body: a queue of moves with acceleration, heaters, and where the head is.

Nothing here knows the time: callers hand it in, in seconds that only grow. So the same
model runs in real time behind a serial port and in no time at all on paper.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Optional

Place = tuple[float, float, float]

AXES = ("X", "Y", "Z")
INCH = 25.4


@dataclass(frozen=True)
class Limits:
    """What the machine is built for: mm, mm/s, mm/s², s.

    Attributes:
        queue: moves that are planned ahead of the one under way, this one included
        restart: how long the first move after a standstill is held back, unless a
            third one comes first
    """

    low: Place = (0.0, 0.0, 0.0)
    high: Place = (200.0, 200.0, 200.0)
    speed: tuple[float, float, float, float] = (500.0, 500.0, 20.0, 120.0)
    acceleration: tuple[float, float, float, float] = (1000.0, 1000.0, 200.0, 5000.0)
    queue: int = 16
    restart: float = 0.1


@dataclass(frozen=True)
class Move:
    """One straight move (or arc, of `length`) with a stop at its start and its end.

    `filament` is what was fed net before it; `feedrate` is mm/min as G-code said it.
    """

    line: str
    start: Place
    end: Place
    extruded: float
    filament: float
    feedrate: float
    length: float
    seconds: float

    @property
    def lays(self) -> bool:
        """Whether filament comes out while the head moves."""
        return self.extruded > 0 and self.start != self.end


def ramped(length: float, speed: float, acceleration: float) -> float:
    """Seconds for a way from standstill to standstill."""
    if length <= 0 or speed <= 0:
        return 0.0
    if length * acceleration < speed * speed:
        return 2 * math.sqrt(length / acceleration)
    return length / speed + speed / acceleration


@dataclass
class Queue:
    """The planner: moves that wait for the one under way to end."""

    limits: Limits
    waiting: deque[Move] = field(default_factory=deque)
    done: list[tuple[float, Move]] = field(default_factory=list)
    _begins: float = 0.0

    def advance(self, now: float) -> None:
        """Retire the moves that have ended by now."""
        while self.waiting and self._begins + self.waiting[0].seconds <= now:
            move = self.waiting.popleft()
            self.done.append((self._begins, move))
            self._begins += move.seconds

    def add(self, move: Move, now: float) -> None:
        """Queue a move; there has to be room."""
        self.advance(now)
        if not self.waiting:
            self._begins = now + self.limits.restart
        self.waiting.append(move)
        if len(self.waiting) == 3 and self._begins > now:
            self._begins = now

    def room_at(self, now: float) -> float:
        """When the next move can be queued."""
        self.advance(now)
        if len(self.waiting) < self.limits.queue:
            return now
        return self._begins + self.waiting[0].seconds

    def still_at(self, now: float) -> float:
        """When everything queued will have ended."""
        self.advance(now)
        if not self.waiting:
            return now
        return self._begins + sum(move.seconds for move in self.waiting)

    def under_way(self, now: float) -> Optional[tuple[Move, float]]:
        """The move being made and which part of its time is over."""
        self.advance(now)
        if not self.waiting:
            return None
        move = self.waiting[0]
        return move, max(0.0, (now - self._begins) / move.seconds)

    def clear(self, now: float) -> None:
        """Forget what has not ended."""
        self.advance(now)
        self.waiting.clear()


@dataclass
class Heater:
    """Goes to its target in a straight line, `rate` °C a second."""

    rate: float = 400.0
    target: float = 0.0
    room: float = 21.0
    _then: float = 21.0
    _at: float = 0.0

    def set(self, target: float, now: float) -> None:
        self._then, self._at = self.actual(now), now
        self.target = target

    def actual(self, now: float) -> float:
        goal = max(self.target, self.room)
        change = self.rate * (now - self._at)
        if goal > self._then:
            return min(goal, self._then + change)
        return max(goal, self._then - change)

    def ready_at(self, now: float) -> float:
        """When the target is reached; now where it is, or is off."""
        return now + max(0.0, self.target - self.actual(now)) / self.rate


class Body:
    """Axes, extruder and heaters, with the modes that say how words are read.

    Attributes:
        position: where the head will be once everything queued has ended, machine mm
        offset: what G92 added: a coordinate in the file is `position - offset`
        clamped: moves that a soft endstop cut short
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.queue = Queue(limits)
        self.nozzle, self.bed = Heater(), Heater()
        self.position: Place = (0.0, 0.0, 0.0)
        self.offset: Place = (0.0, 0.0, 0.0)
        self.e = 0.0
        self.filament = 0.0
        self.feedrate = 1500.0
        self.relative = False
        self.relative_e = False
        self.scale = 1.0
        self.retracted = False
        self.clamped = 0

    def shown(self) -> tuple[float, float, float, float]:
        """X, Y, Z, E as a position report gives them: the planned ones, logical mm."""
        x, y, z = (at - off for at, off in zip(self.position, self.offset))
        return x, y, z, self.e

    def head(self, now: float) -> Place:
        """Where the head really is, machine mm."""
        current = self.queue.under_way(now)
        if current is None:
            return self.position
        move, part = current
        x, y, z = (a + (b - a) * part for a, b in zip(move.start, move.end))
        return x, y, z

    def hot(self, now: float) -> bool:
        return self.nozzle.actual(now) >= 170

    def plan(self, line: str, words: Mapping[str, float], hot: bool) -> Optional[Move]:
        """The move that a G0 to G3 asks for, if it is one; modes and place follow it."""
        if "F" in words:
            self.feedrate = words["F"] * self.scale
        start = self.position
        goal = list(start)
        for axis, letter in enumerate(AXES):
            if letter in words:
                base = start[axis] if self.relative else self.offset[axis]
                goal[axis] = base + words[letter] * self.scale
        end = self._within(goal)
        fed = 0.0
        if "E" in words:
            value = words["E"] * self.scale
            fed = value if self.relative_e else value - self.e
            self.e += fed
        self.position = end
        return self._move(
            line, start, end, fed if hot else 0.0, _curve(words, start, end)
        )

    def feed(self, line: str, length: float, speed: float) -> Optional[Move]:
        """The firmware's own retraction; it does not count as E."""
        feedrate, self.feedrate = self.feedrate, speed * 60
        move = self._move(line, self.position, self.position, length, 0.0)
        self.feedrate = feedrate
        return move

    def home(self, axes: str) -> None:
        for letter in AXES:
            if not axes or letter in axes:
                self._place(AXES.index(letter), 0.0, 0.0)

    def shift(self, words: Mapping[str, float]) -> None:
        """G92: the head stays, its coordinates change."""
        for axis, letter in enumerate(AXES):
            if letter in words:
                at = self.position[axis]
                self._place(axis, at, at - words[letter] * self.scale)
        if "E" in words:
            self.e = words["E"] * self.scale

    def _place(self, axis: int, at: float, offset: float) -> None:
        position, offsets = list(self.position), list(self.offset)
        position[axis], offsets[axis] = at, offset
        self.position = (position[0], position[1], position[2])
        self.offset = (offsets[0], offsets[1], offsets[2])

    def _within(self, goal: list[float]) -> Place:
        """Soft endstops: nothing beyond them, and nothing is said about it."""
        limits = self.limits
        x, y, z = (
            min(max(value, low), high)
            for value, low, high in zip(goal, limits.low, limits.high)
        )
        self.clamped += [x, y, z] != goal
        return x, y, z

    def _move(
        self, line: str, start: Place, end: Place, fed: float, arc: float
    ) -> Optional[Move]:
        way = arc or math.dist(start, end)
        length = way or abs(fed)
        if length == 0:
            return None
        speed, acceleration = self.feedrate / 60, math.inf
        parts = [*(abs(b - a) / length for a, b in zip(start, end)), abs(fed) / length]
        for part, top, most in zip(parts, self.limits.speed, self.limits.acceleration):
            if part > 1e-9:
                speed, acceleration = (
                    min(speed, top / part),
                    min(acceleration, most / part),
                )
        filament, self.filament = self.filament, self.filament + fed
        seconds = ramped(length, speed, acceleration)
        return Move(
            line, start, end, fed, filament, self.feedrate, length, max(seconds, 1e-4)
        )


def _curve(words: Mapping[str, float], start: Place, end: Place) -> float:
    """The length of an arc around (I, J), 0 for a straight line; either direction."""
    if "I" not in words and "J" not in words:
        return 0.0
    center = (start[0] + words.get("I", 0.0), start[1] + words.get("J", 0.0))
    angles = [math.atan2(at[1] - center[1], at[0] - center[0]) for at in (start, end)]
    turn = abs(angles[1] - angles[0]) or 2 * math.pi
    return math.hypot(turn * math.dist(center, start[:2]), end[2] - start[2])
