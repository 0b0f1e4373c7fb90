"""What was said to the printer about fan, speed, flow and baby-steps."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Optional

from .words import command, words

_FULL = 255.0
_WATCHED = ("M106", "M107", "M220", "M221", "M290")


@dataclass(frozen=True)
class Said:
    """The last word on each; None where nothing was said.

    ``fan`` is the first fan's share of full speed, 0 to 1; ``feed`` and ``flow`` are
    factors, 1 for the file's own; ``babysteps`` is the sum along Z, mm.
    """

    fan: Optional[float] = None
    feed: Optional[float] = None
    flow: Optional[float] = None
    babysteps: Optional[float] = None


class Factors:
    """Follows the lines sent to a printer; :attr:`said` is replaced, never changed."""

    def __init__(self) -> None:
        self.said = Said()
        self._stored_feed: Optional[float] = None

    def feed(self, line: str) -> None:
        """Take one line as sent."""
        if line[:1] not in "Mm":
            return
        name = command(line)
        if name not in _WATCHED:
            return
        given = words(line[len(name) :])
        if name == "M106":
            self._fan(given)
        elif name == "M107":
            if not given.get("P"):
                self.said = replace(self.said, fan=0.0)
        elif name == "M220":
            self._speed(given)
        elif name == "M221":
            percent = given.get("S")
            if percent is not None:
                self.said = replace(self.said, flow=_factor(percent))
        else:
            self._babysteps(given)

    def _fan(self, given: dict[str, Optional[float]]) -> None:
        # other fans; and with T or I it sets up speeds for later
        if given.get("P") or "T" in given or "I" in given:
            return
        value = given.get("S")
        speed = _FULL if value is None else max(0.0, min(value, _FULL))
        self.said = replace(self.said, fan=round(speed / _FULL, 4))

    def _speed(self, given: dict[str, Optional[float]]) -> None:
        if "B" in given:
            self._stored_feed = self.said.feed
        percent = given.get("S")
        if "R" in given:
            self.said = replace(self.said, feed=self._stored_feed)
        elif percent is not None:
            self.said = replace(self.said, feed=_factor(percent))

    def _babysteps(self, given: dict[str, Optional[float]]) -> None:
        step = given.get("Z")
        if step is None:
            step = given.get("S")
        if step is None:
            return
        # R0 sets instead of adding, in RepRapFirmware
        before = 0.0 if given.get("R") == 0 else self.said.babysteps or 0.0
        self.said = replace(self.said, babysteps=round(before + step, 6))


def _factor(percent: float) -> float:
    return round(percent / 100, 4)
