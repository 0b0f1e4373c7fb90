"""How far a print is, by its layers: the current one, the next capture and when."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Optional

from .conditions import number
from .gcode import Layer

_SETTLING = 5.0  # s in which OctoPrint's data may still tell of the print before


@dataclass(frozen=True)
class Place:
    """Where a job is in its file, by OctoPrint's progress.

    Attributes:
        position: bytes sent (``filepos``)
        size: bytes in all
        left: s that the rest of the print takes, by OctoPrint's estimate
    """

    position: int
    size: Optional[int] = None
    left: Optional[float] = None

    def seconds_to(self, position: int) -> Optional[float]:
        """About how long the job takes to ``position``; None where nobody knows."""
        if self.left is None or not self.size or self.size <= self.position:
            return None
        share = (position - self.position) / (self.size - self.position)
        return self.left * min(max(share, 0.0), 1.0)


def place(data: Mapping[str, Any], file: str, elapsed: float) -> Optional[Place]:
    """From OctoPrint's current data; None where they do not tell of this print.

    Args:
        file: the path below uploads of what is printed
        elapsed: s since the print began
    """
    about = (data.get("job") or {}).get("file") or {}
    progress = data.get("progress") or {}
    position, printed = number(progress.get("filepos")), number(progress.get("printTime"))
    if about.get("path") != file or position is None or printed is None:
        return None
    if elapsed < _SETTLING and printed > elapsed:
        return None
    size, left = number(about.get("size")), number(progress.get("printTimeLeft"))
    return Place(int(position), None if size is None else int(size), left)


def next_layer(
    due: Sequence[Layer],
    handled: Collection[int],
    asked: Optional[Layer],
    current: Optional[int],
) -> Optional[Layer]:
    """The layer that is captured next, as far as anybody can say.

    Args:
        due: those of the plan; none while captures are suspended
        asked: the one that was asked for besides
        current: the number of the layer being printed, None where not known
    """
    ahead = [
        layer
        for layer in due
        if layer.number not in handled and (current is None or layer.number >= current)
    ]
    if asked is not None:
        ahead.append(asked)
    return min(ahead, key=lambda layer: layer.number, default=None)
