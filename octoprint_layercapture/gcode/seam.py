"""What stands between two layers: where the capture may run, and what comes next."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import NamedTuple, Optional

from . import head as heads
from . import slicers
from .head import Effect, Head
from .line import code

MOST_TRIGGERS = 200

_WIPE = re.compile(rb";\s*WIPE_(START|END)\b")
_END_OF_PRINT = re.compile(
    rb";\s*(?:END_OF_PRINT|End G-?code|End of G-?code|MACHINE_END_GCODE|filament end"
    rb"|Filament-specific end|TYPE:Custom|FEATURE: Custom|END SCRIPT|layer end"
    rb"|-+ shutdown|\*\*\* G-code Postfix|EXECUTABLE_BLOCK_END)",
    re.IGNORECASE,
)
#: What may stand inside a slicer's retraction: acceleration, progress.
_QUIET = frozenset(("M73", "M201", "M203", "M204", "M205", "M221", "M566", "M900"))


@dataclass(frozen=True)
class Seam:
    """The text from after a layer's last extruding move to before the next such move.

    ``capture_pos``, ``retracted``, ``triggers`` and ``resume`` are as in Layer.
    ``marker_pos``: after the last command before the first layer mark, None without one.
    """

    capture_pos: int
    retracted: bool
    triggers: tuple[int, ...]
    resume: Optional[tuple[float, float]]
    marker_pos: Optional[int] = None


def read(text: bytes, position: int, head: Head, *, last: bool) -> Seam:
    """Reads ``text``, which starts at ``position`` right after an extruding move.

    ``head`` is as that move left it, and is changed. ``last``: nothing extrudes after it.
    """
    steps, marker_pos = _steps(text, position, head, last)
    capture, retracted = _capture(steps, position, last)
    start = 0
    while start < len(steps) and steps[start].end <= capture:
        start += 1
    return Seam(
        capture_pos=capture,
        retracted=retracted,
        triggers=_triggers(capture, steps[start:]),
        resume=None if last else head.place,
        marker_pos=marker_pos,
    )


class _Step(NamedTuple):
    end: int
    effect: Effect
    wiping: bool
    ending: bool  # end G-code begins before it


def _steps(
    text: bytes, position: int, head: Head, last: bool
) -> tuple[list[_Step], Optional[int]]:
    steps: list[_Step] = []
    marker_pos: Optional[int] = None
    latest = position
    wiping = ending = False
    for line in _lines(text):
        position += len(line)
        command = code(line)
        if not command:
            comment = line.strip()
            wipe = _WIPE.match(comment)
            if wipe is not None:
                wiping = wipe[1] == b"START"
            elif marker_pos is None and slicers.marker(comment[1:]) is not None:
                marker_pos = latest
            elif last and _END_OF_PRINT.match(comment):
                ending = True
            continue
        effect = head.feed(command)
        steps.append(_Step(position, effect, wiping, ending))
        if effect.kind != heads.PAUSE:
            latest = position
    return steps, marker_pos


def _lines(text: bytes) -> list[bytes]:
    lines = text.split(b"\n")
    tail = lines.pop()
    whole = [line + b"\n" for line in lines]
    return whole + [tail] if tail else whole


def _capture(steps: list[_Step], position: int, last: bool) -> tuple[int, bool]:
    """Where the slicer's retraction and wipe are over, or ``position`` without one."""
    capture, retracted = position, False
    pulled = False  # the step before was a retraction standing still
    for step in steps:
        kind = step.effect.kind
        if step.effect.rise or (last and step.ending):
            break
        if kind == heads.RETRACT:
            if pulled and not step.effect.planar:
                break  # a second one: end G-code, or preparing a tool change
            pulled = not step.effect.planar
            capture, retracted = step.end, True
        elif kind == heads.TRAVEL:
            if not step.effect.planar:
                continue  # a feedrate
            if step.wiping:
                capture, pulled = step.end, False
            elif retracted:
                break
        elif kind == heads.OTHER:
            if retracted and step.effect.command not in _QUIET:
                break
        elif kind == heads.RESET and not last:
            if retracted:
                break
        else:
            break
    return capture, retracted


def _triggers(capture: int, steps: list[_Step]) -> tuple[int, ...]:
    triggers = [capture]
    for step in steps[:MOST_TRIGGERS]:
        if step.effect.kind in (heads.PAUSE, heads.STOP, heads.PRIME, heads.EXTRUDE):
            break
        triggers.append(step.end)
    return tuple(triggers)
