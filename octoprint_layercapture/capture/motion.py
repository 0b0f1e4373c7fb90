"""The G-code of enter, visit and leave, as values.

Everything is computed from where the file left the printer (a
:class:`~octoprint_layercapture.gcode.Modal`), never from a position report, so that
leave puts back exactly what enter found. Lengths are mm, feedrates mm/min.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

from ..gcode import INCH, Modal

CLEARANCE = 2.0  # mm kept above everything printed, where the height set allows


def number(value: float) -> str:
    """A coordinate as G-code writes it: at most six decimals, never an exponent."""
    text = f"{value:.6f}".rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


@dataclass(frozen=True)
class Speeds:
    """Feedrates of our own moves, mm/min."""

    travel: float
    lift: float
    retract: float


def safe_height(top: float, height: float) -> float:
    """The lowest machine Z at which the head may travel over what is printed, mm.

    Args:
        top: the highest Z printed so far in this job
        height: the height above the layer at which pictures are taken
    """
    return top + min(height, CLEARANCE)


def picture_height(z: float, top: float, height: float) -> float:
    """The machine Z for pictures of a layer at ``z``: above it, and never unsafe."""
    return max(z + height, safe_height(top, height))


class Moves:
    """The moves of one capture.

    Args:
        left: the modal state in which the file left the printer; its x, y, z are known
        z: machine height for travel and pictures
        speeds: feedrates of our moves
        retract: filament to pull back, mm; 0 for none

    Attributes:
        home: where the file left the head, logical x, y, z
    """

    def __init__(self, left: Modal, z: float, speeds: Speeds, retract: float) -> None:
        if left.x is None or left.y is None or left.z is None:
            raise ValueError("the file's position is not known")
        self._left = left
        self.home: tuple[float, float, float] = (left.x, left.y, left.z)
        self._speeds = speeds
        self._z = z - left.offset["Z"]
        self._retract = retract if left.area is None else retract * left.area
        if left.retracted > 0 or left.firmware_retracted:
            self._retract = 0.0

    @property
    def retraction(self) -> float:
        """What enter pulls back and leave primes, in E units of the printer."""
        return self._retract

    def enter(self) -> list[str]:
        """Absolute millimetres, retract, lift."""
        lines = []
        if self._left.inches:
            lines.append("G21")
        if not self._left.absolute:
            lines.append("G90")
        if self._retract:
            lines.append("M83")
            lines.append(f"G1 E{number(-self._retract)} F{number(self._speeds.retract)}")
        lines.append(f"G1 Z{number(self._z)} F{number(self._speeds.lift)}")
        return lines

    def target(self, x: float, y: float) -> tuple[float, float, float]:
        """Where the printer will say it is when the head stands at machine (x, y)."""
        offset = self._left.offset
        return (x - offset["X"], y - offset["Y"], self._z)

    def visit(self, x: float, y: float) -> list[str]:
        """Travel to machine (x, y) at picture height."""
        return [self._travel(*self.target(x, y)[:2])]

    def leave(
        self, to: Optional[tuple[float, float]] = None, lower: bool = True
    ) -> list[str]:
        """Travel back above, lower, prime, and every mode as enter found it.

        Args:
            to: logical x, y to go to instead of where the file left the head
            lower: down to where it was; else it stays above
        """
        x, y, z = self.home
        if to is not None:
            x, y = to
        lines = [self._travel(x, y)]
        if lower:
            lines.append(f"G1 Z{number(z)} F{number(self._speeds.lift)}")
        if self._retract:
            lines.append(f"G1 E{number(self._retract)} F{number(self._speeds.retract)}")
        lines += self._modes()
        if self._left.feedrate is not None:
            scale = INCH if self._left.inches else 1.0
            lines.append(f"G1 F{number(self._left.feedrate / scale)}")
        return lines

    def _travel(self, x: float, y: float) -> str:
        return f"G1 X{number(x)} Y{number(y)} F{number(self._speeds.travel)}"

    def _modes(self) -> list[str]:
        """The modes that enter changed, stated in the order the file stated them.

        Some firmwares let G90 and G91 switch the extruder too, some do not; the same
        statements in the same order lead every firmware to the state it had.
        """
        left = self._left
        lines = ["G20"] if left.inches else []
        if left.absolute and not self._retract:
            return lines
        distance = "G90" if left.absolute else "G91"
        extruder = "M83" if left.e_absolute is False else "M82"
        if left.e_absolute is None and left.absolute or left.e_mode_last:
            return [*lines, distance, extruder]
        return [*lines, extruder, distance]
