"""Reading G-code lines: words, and the modal state a printer has after them."""

from __future__ import annotations

import copy
import math
import re
from typing import Callable, Optional

INCH = 25.4  # mm

_COMMAND = re.compile(r"\s*(?:[Nn]\d+\s*)?([GgMmTt])\s*0*(\d{1,9})(?!\d)(?:\.(\d+))?")
_WORD = re.compile(r"([A-Za-z])\s*([-+]?(?:\d+\.?\d*|\.\d+))?")
_FAR = 1e6  # mm or mm/min; a value beyond is garbage
_COMMENT = re.compile(r";.*|\([^)]*\)|\*\d+\s*$", re.DOTALL)

_SETTLED = 1e-5  # mm of filament below which a retraction counts as primed


def command(line: str) -> Optional[str]:
    """The line's command in its plain form: ``G1`` for ``N12 g01 X5*33``, ``G92.1``."""
    match = _COMMAND.match(line)
    if match is None:
        return None
    letter, number, sub = match.groups()
    return letter.upper() + number + (f".{sub}" if sub else "")


def words(text: str) -> dict[str, Optional[float]]:
    """The words of a line's parameters by letter; ``None`` for a letter without number.

    ``E`` is always a word of its own, never an exponent.
    """
    return {
        letter.upper(): float(value) if value else None
        for letter, value in _WORD.findall(_COMMENT.sub("", text))
    }


class Modal:
    """What a printer remembers after the lines fed to it.

    Positions are logical coordinates in mm, as G-code addresses them; ``None`` while
    they are not known (after power-on, homing, parking or probing). Machine position is
    ``logical + offset``, where G92 sets the offsets; it stays unknown along an axis that
    G92 named before its position was known, until that axis is homed. Lines must come
    in the order in which they are sent, comments allowed, each once.

    Attributes:
        x, y, z: logical position, mm, or None
        e: logical extruder position, mm (mm³ where volumetric), or None
        offset: machine minus logical position by axis, mm (``{"X": …, "Y": …, "Z": …}``)
        feedrate: mm/min, or None before the first F word
        absolute: G90 (True) or G91
        e_absolute: the last of M82 and M83; None where the job never said
        e_mode_last: whether M82/M83 came after the last G90/G91
        inches: G20 (True) or G21
        tool: number of the last T command
        workspace: 54 to 59, as G54 to G59 select it
        area: filament cross-section, mm², where extrusion is volumetric (M200), or None
        firmware_retracted: G10 without G11 yet
    """

    def __init__(self) -> None:
        self.x: Optional[float] = None
        self.y: Optional[float] = None
        self.z: Optional[float] = None
        self.e: Optional[float] = None
        self.offset: dict[str, float] = {"X": 0.0, "Y": 0.0, "Z": 0.0}
        self.feedrate: Optional[float] = None
        self.absolute = True
        self.e_absolute: Optional[bool] = None
        self.e_mode_last = False
        self.inches = False
        self.tool = 0
        self.workspace = 54
        self.area: Optional[float] = None
        self.firmware_retracted = False
        self._pulled_back: dict[int, float] = {}
        self._shifted: frozenset[str] = frozenset()

    def copy(self) -> Modal:
        """The state as it is now, untouched by lines fed later."""
        twin = copy.copy(self)
        twin.offset = dict(self.offset)
        twin._pulled_back = dict(self._pulled_back)
        return twin

    @property
    def extrudes_relative(self) -> bool:
        """Whether E words are distances now."""
        if self.e_absolute is None:
            return not self.absolute
        return not self.e_absolute

    @property
    def retracted(self) -> float:
        """Filament of the current tool pulled back and not yet primed, E units, >= 0."""
        return self._pulled_back.get(self.tool, 0.0)

    def machine(self, axis: str) -> Optional[float]:
        """Machine position of ``"X"``, ``"Y"`` or ``"Z"`` in mm, or None if not known."""
        logical: Optional[float] = getattr(self, axis.lower())
        if logical is None or axis in self._shifted:
            return None
        return logical + self.offset[axis]

    def feed(self, line: str) -> None:
        """Take one line as sent."""
        match = _COMMAND.match(line)
        if match is None:
            return
        letter, number, sub = match.groups()
        if letter in "Tt":
            self.tool = int(number)
            return
        name = letter.upper() + number
        if sub:
            name = f"{name}.{sub}"
        handler = _HANDLERS.get(name)
        if handler is not None:
            handler(self, line[match.end() :])

    def _move(self, text: str) -> None:
        scale = INCH if self.inches else 1.0
        for letter, value in words(text).items():
            if value is None:
                continue
            value *= scale
            if letter == "F":
                self.feedrate = min(value, _FAR)
            elif letter == "E":
                self._extrude(max(-_FAR, min(value, _FAR)))
            elif letter in "XYZ":
                axis = letter.lower()
                if abs(value) > _FAR:
                    # some firmwares stop at the end of the axis, some do not move at all
                    setattr(self, axis, None)
                elif self.absolute:
                    setattr(self, axis, value)
                else:
                    before = getattr(self, axis)
                    if before is not None:
                        setattr(self, axis, round(before + value, 9))

    def _extrude(self, value: float) -> None:
        if self.extrudes_relative:
            distance = value
            self.e = None if self.e is None else round(self.e + value, 9)
        else:
            distance = 0.0 if self.e is None else value - self.e
            self.e = value
        if distance < 0:
            self._pulled_back[self.tool] = self.retracted - distance
        elif distance > 0 and self.retracted:
            left = self.retracted - distance
            self._pulled_back[self.tool] = left if left > _SETTLED else 0.0

    def _set_position(self, text: str) -> None:
        given = words(text)
        scale = INCH if self.inches else 1.0
        if not any(letter in given for letter in "XYZE"):
            # firmwares differ on a bare G92: what it did to the axes is not known
            self._lose("")
            self._shifted = frozenset("XYZ")
            return
        for letter in "XYZ":
            value = given.get(letter)
            if value is None:
                continue
            machine = self.machine(letter)
            logical = value * scale
            if machine is None or abs(logical) > _FAR:
                self._shifted |= {letter}
            else:
                self.offset[letter] = machine - logical
            setattr(self, letter.lower(), logical if abs(logical) < _FAR else None)
        if given.get("E") is not None:
            self.e = max(-_FAR, min((given["E"] or 0.0) * scale, _FAR))

    def _reset_offsets(self, _text: str) -> None:
        for letter in "XYZ":
            machine = self.machine(letter)
            self.offset[letter] = 0.0
            setattr(self, letter.lower(), machine)
        self._shifted = frozenset()

    def _home(self, text: str) -> None:
        given = words(text)
        named = [letter for letter in "XYZ" if letter in given] or list("XYZ")
        self._shifted -= set(named)
        for letter in named:
            self.offset[letter] = 0.0
            setattr(self, letter.lower(), None)

    def _lose(self, _text: str) -> None:
        self.x = self.y = self.z = None

    def _distance_mode(self, absolute: bool) -> None:
        self.absolute = absolute
        self.e_mode_last = False

    def _extruder_mode(self, absolute: bool) -> None:
        self.e_absolute = absolute
        self.e_mode_last = True

    def _units(self, inches: bool) -> None:
        self.inches = inches

    def _select_workspace(self, number: int) -> None:
        self.workspace = number

    def _firmware_retract(self, retracted: bool, text: str) -> None:
        # with these words G10 sets tool or workspace offsets instead
        if not set("PLXYZR") & set(words(text)):
            self.firmware_retracted = retracted

    def _volumetric(self, text: str) -> None:
        given = words(text)
        diameter = given.get("D")
        if given.get("S") == 0 or diameter == 0:
            self.area = None
        elif diameter and diameter < _FAR:
            self.area = math.pi * diameter * diameter / 4


# what they do to the position differs from firmware to firmware
_MOVING_BY_THEMSELVES = (
    *("G12", "G26", "G27", "G29", "G30", "G32", "G33", "G34", "G35", "G38", "G42"),
    *("G38.2", "G38.3", "G38.4", "G38.5", "G61", "G76", "G80", "G425"),
    *("M48", "M125", "M206", "M428"),
)

_Handler = Callable[[Modal, str], None]
_HANDLERS: dict[str, _Handler] = {
    **dict.fromkeys(("G0", "G1", "G2", "G3", "G5"), Modal._move),
    "G10": lambda state, text: state._firmware_retract(True, text),
    "G11": lambda state, text: state._firmware_retract(False, text),
    "G20": lambda state, _: state._units(True),
    "G21": lambda state, _: state._units(False),
    "G90": lambda state, _: state._distance_mode(True),
    "G91": lambda state, _: state._distance_mode(False),
    "M82": lambda state, _: state._extruder_mode(True),
    "M83": lambda state, _: state._extruder_mode(False),
    "G28": Modal._home,
    "G92": Modal._set_position,
    "G92.1": Modal._reset_offsets,
    "M200": Modal._volumetric,
    **dict.fromkeys(_MOVING_BY_THEMSELVES, Modal._lose),
    "G54": lambda state, _: state._select_workspace(54),
    "G55": lambda state, _: state._select_workspace(55),
    "G56": lambda state, _: state._select_workspace(56),
    "G57": lambda state, _: state._select_workspace(57),
    "G58": lambda state, _: state._select_workspace(58),
    "G59": lambda state, _: state._select_workspace(59),
}
