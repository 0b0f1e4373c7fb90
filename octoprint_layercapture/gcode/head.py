"""Where the file has the print head: modes and position after the lines fed to it."""

from __future__ import annotations

import re
from functools import lru_cache
from math import inf, isfinite, isnan, nan
from typing import NamedTuple, Optional

from . import line as reading
from .line import HEATERS, HOMING, MODES, MOTORS, MOVES, PAUSES, Words

INCH = 25.4  # mm
FARTHEST = 1e5  # mm; no printer goes there: such a coordinate is an error in the file
UNKNOWN = -inf  # a height that nothing in the file says
SMALLEST = 1e-6  # mm of filament; less is rounding

EXTRUDE = "extrude"  # lays filament in XY
PRIME = "prime"  # pushes filament standing still
RETRACT = "retract"  # pulls filament back, wiping or not
TRAVEL = "travel"
RESET = "reset"  # G92
MODE = "mode"
PAUSE = "pause"
STOP = "stop"  # heats, homes, changes the tool, switches motors, or may do so
OTHER = "other"


def kind_of_move(filament: float, planar: bool) -> str:
    """What a move does that feeds ``filament`` mm; ``planar``: X or Y moves."""
    if filament > SMALLEST:
        return EXTRUDE if planar else PRIME
    return RETRACT if filament < -SMALLEST else TRAVEL


class Effect(NamedTuple):
    """What a line did. ``filament`` in mm, negative when pulled back."""

    kind: str
    filament: float = 0.0
    planar: bool = False  # X or Y moved
    rise: bool = False  # Z moved
    command: str = ""


#: No G command but those that choose a plane, and what no firmware moves by.
_PLAIN = re.compile(rb"[MT](?:0|[1-9][0-9]*)|G(?:1[7-9]|[1-9][0-9][0-9])")


def plain(line: bytes) -> Optional[Effect]:
    """What a line does that is plainly written and moves nothing: a command, or a macro
    that is harmless; None for any other, and where more than its first word counts.

    A tool change leaves X and Y unknown, M82 and M83 say what E is; no other changes the
    head's state.
    """
    return _of_word(line.partition(b" ")[0].rstrip())


@lru_cache(maxsize=256)
def _of_word(word: bytes) -> Optional[Effect]:
    if _PLAIN.fullmatch(word) is None:
        return Effect(OTHER) if reading.harmless(word) else None
    name = word.decode("ascii")
    if name in PAUSES:
        return Effect(PAUSE, command=name)
    if name in MODES:
        return Effect(MODE, command=name)
    if name in HEATERS or name in MOTORS or name.startswith("T"):
        return Effect(STOP, command=name)
    return Effect(OTHER, command=name)


class Head:
    """Modal state. Lengths in mm, positions as the file counts them; x and y are NaN
    where nothing in the file says what they are.

    ``shift`` is what G92 took from Z since: ``z + shift`` is the nozzle's height. ``e``
    is NaN where lines were left out; ``guessed`` says that it was needed then, or that
    amounts cannot be weighed without reading every line.
    """

    def __init__(self) -> None:
        self.x = nan
        self.y = nan
        self.z = 0.0
        self.z_known = False
        self.shift = 0.0
        self.e = 0.0
        self.absolute = True
        self.absolute_e = True
        self.e_mode_stated = False
        self.scale = 1.0
        self.moved_origin = False
        self.guessed = False

    def copy(self) -> Head:
        """An independent copy."""
        twin = Head.__new__(Head)
        twin.__dict__.update(self.__dict__)
        return twin

    @property
    def usual(self) -> bool:
        """Whether positions are absolute and in mm, and E says how much it feeds."""
        return (
            self.absolute
            and self.scale == 1.0
            and not (self.absolute_e and isnan(self.e))
        )

    @property
    def height(self) -> float:
        """The nozzle's height in mm; UNKNOWN where the file never set a usable one."""
        if not self.z_known or not abs(self.z) < FARTHEST:
            return UNKNOWN
        return self.z + self.shift if self.shift else self.z

    def feed(self, text: bytes) -> Effect:
        """Takes in one line without its comment, not empty."""
        if text.startswith(b"@"):
            return Effect(PAUSE)
        found = reading.command(text)
        if found is None:
            if reading.harmless(text):
                return Effect(OTHER)
            self._lost()
            return Effect(STOP)
        name, rest = found
        if name in MOVES:
            return self._move(name, reading.words(rest))
        if name in PAUSES:
            return Effect(PAUSE, command=name)
        if name in MODES:
            self._mode(name)
            return Effect(MODE, command=name)
        if name == "G92":
            given = reading.words(rest)
            # what a bare one does to E is seen only move by move
            self.guessed = self.guessed or not given
            self._set_position(given)
            return Effect(RESET, command=name)
        if name in ("G10", "G11"):
            given = reading.words(rest)
            if given.keys() - {"S"}:
                return Effect(STOP, command=name)
            return Effect(RETRACT if name == "G10" else PRIME, command=name)
        if name in HOMING:
            self._home(name, reading.words(rest))
            return Effect(STOP, command=name)
        if name.startswith("T"):
            self.x = self.y = nan
            return Effect(STOP, command=name)
        if name in HEATERS or name in MOTORS:
            return Effect(STOP, command=name)
        return Effect(OTHER, command=name)

    def _move(self, name: str, given: Words) -> Effect:
        scale, arc = self.scale, name in ("G2", "G3")
        planar = arc and ("I" in given or "J" in given or "R" in given)
        x, y = given.get("X"), given.get("Y")
        if x is not None:
            after = x * scale if self.absolute else self.x + x * scale
            planar = planar or (after != self.x if self.absolute else x != 0)
            self.x = after if abs(after) < FARTHEST else nan
        if y is not None:
            after = y * scale if self.absolute else self.y + y * scale
            planar = planar or (after != self.y if self.absolute else y != 0)
            self.y = after if abs(after) < FARTHEST else nan
        rise = False
        value = given.get("Z")
        if value is not None:
            after = value * scale + (0.0 if self.absolute else self.z)
            rise = after != self.z
            self.z, self.z_known = after, True
        filament = 0.0
        value = given.get("E")
        if value is not None and isfinite(value):
            if self.absolute_e:
                filament = value * scale - self.e
                if isnan(self.e) and value <= 0:
                    filament = -inf  # more than nothing was fed since E was zero
                elif isnan(self.e):
                    self.guessed = True
                self.e = value * scale
            else:
                filament = value * scale
                self.e += filament
        return Effect(kind_of_move(filament, planar), filament, planar, rise, name)

    def _mode(self, name: str) -> None:
        if name == "G20":
            # amounts are weighed as the file says them, in whatever unit
            self.guessed = self.guessed or self.scale != INCH
            self.scale = INCH
        elif name == "G21":
            self.scale = 1.0
        elif name in ("G90", "G91"):
            self.absolute = name == "G90"
            if not self.e_mode_stated:
                self.absolute_e = self.absolute
        else:
            self.extrude_by(name)

    def extrude_by(self, name: str) -> None:
        """Takes in M82 or M83: whether E words are places or distances from here on."""
        self.absolute_e = name == "M82"
        self.e_mode_stated = True

    def _set_position(self, given: Words) -> None:
        if not given:
            given = {"X": 0.0, "Y": 0.0, "Z": 0.0, "E": 0.0}
        value = given.get("E")
        if value is not None and isfinite(value):
            self.e = value * self.scale
        value = given.get("Z")
        if value is not None and isfinite(value):
            if self.z_known:
                self.shift += self.z - value * self.scale
            self.z = value * self.scale
        if "X" in given or "Y" in given:
            self.moved_origin = True

    def _home(self, name: str, given: Words) -> None:
        self._lost()
        if name == "G28" and (not given.keys() & {"X", "Y", "Z"} or "Z" in given):
            self.z, self.z_known, self.shift = 0.0, False, 0.0

    def _lost(self) -> None:
        self.x = self.y = nan

    @property
    def place(self) -> Optional[tuple[float, float]]:
        """X and Y in mm, or None where they are not certain."""
        if self.moved_origin or not (isfinite(self.x) and isfinite(self.y)):
            return None
        return self.x, self.y
