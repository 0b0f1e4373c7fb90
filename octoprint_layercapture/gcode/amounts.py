"""How much filament runs lay, read again where it was only guessed."""

from __future__ import annotations

import re
from typing import BinaryIO, Optional

from .groups import Groups
from .runs import Run

_PIECE = 1024 * 1024  # bytes
_BEFORE = 4096  # bytes before a run in which its first move's E is looked for
_CLEAR = 1.1  # times as much: then a first move for which there was none matters not
_MOVE = re.compile(
    rb"^G[0-3] (?=[^;\n]*[XYIJ])[^;\nE]*E([-+]?[0-9]*\.?[0-9]+)|^G[0-3] E(\S+)", re.M
)
_E = re.compile(rb"^G(?:[0-3]|92) [^;\nE]*E([-+]?[0-9]*\.?[0-9]+)", re.M)


def settle(file: BinaryIO, groups: Groups) -> bool:
    """Weighs the runs of those groups whose height is not certain.

    ``file`` is the file whose byte offsets are the runs' positions. Gives whether all
    heights are certain now. Raises OSError.
    """
    for group in groups:
        if group.certain:
            continue
        if not group.clearly_flat:
            return False
        for run in group.runs:
            if not run.exact:
                run.filament = _weigh(file, run)
                run.exact = True
                groups.runs.put(run)
        weights = sorted(group.weights.values())
        close = len(weights) > 1 and weights[-1] < _CLEAR * weights[-2]
        if close and not all(run.relative for run in group.runs):
            return False
    return True


def _weigh(file: BinaryIO, run: Run) -> float:
    before = None if run.relative else _e_before(file, run.start)
    file.seek(run.start)
    left, rest, total = run.end - run.start, b"", 0.0
    while left > 0:
        data = file.read(min(_PIECE, left))
        if not data:
            break
        left -= len(data)
        text = (rest + data).replace(b"\r", b"\n")
        end = text.rfind(b"\n") + 1 if left else len(text)
        text, rest = text[:end], text[end:]
        for laid, stood in _MOVE.findall(text):
            try:
                value = float(laid or stood)
            except ValueError:
                continue
            amount = (
                value if run.relative else value - (value if before is None else before)
            )
            before = value
            if laid and amount > 0:
                total += amount
    return total


def _e_before(file: BinaryIO, start: int) -> Optional[float]:
    """Where E is before ``start``; None where that is too far back."""
    begin = max(start - _BEFORE, 0)
    file.seek(begin)
    found = _E.findall(file.read(start - begin).replace(b"\r", b"\n"))
    return float(found[-1]) if found else None
