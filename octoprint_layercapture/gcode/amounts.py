"""How much filament runs lay, read again where it was only guessed."""

from __future__ import annotations

import re
from typing import BinaryIO

from .groups import Groups
from .runs import Run

_PIECE = 1024 * 1024  # bytes
_CLEAR = 1.1  # times as much: then a run's first move, of unknown length, matters not
_MOVE = re.compile(
    rb"^G[0-3] (?=[^;\n]*[XYIJ])[^;\nE]*E([-+]?[0-9]*\.?[0-9]+)|^G[0-3] E(\S+)", re.M
)


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
    file.seek(run.start)
    left, rest, total, before = run.end - run.start, b"", 0.0, None
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
