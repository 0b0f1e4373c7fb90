"""Reading a file line by line: every move is looked at."""

from __future__ import annotations

import re
from math import nan
from typing import Optional

from . import head as heads
from . import slicers
from .head import FARTHEST, SMALLEST, UNKNOWN
from .line import code
from .runs import Record, Run
from .seam import Extrusion, Mark

_N = rb"(-?[0-9]*\.?[0-9]+)"
#: Comment lines that mark nothing, then one line: a plain move's words, or all of it.
_STEP = re.compile(
    rb"(?:;(?!" + slicers.PROMISING + rb")[^\n]*\n)*"
    rb"(?:G(?:[01]|([23])) (?:F[0-9.]+ ?)?(?:X" + _N + rb" ?)?(?:Y" + _N + rb" ?)?"
    rb"(?:Z" + _N + rb" ?)?(?:I-?[0-9.]+ ?)?(?:J-?[0-9.]+ ?)?(?:F[0-9.]+ ?)?"
    rb"(?:E" + _N + rb" ?)?(?:F[0-9.]+ ?)?(?:;[^\n]*)?\r?\n|([^\n]+)\n|\n)"
)

_Mark = Optional[tuple[float, float, float, float]]


def lines(record: Record, text: bytes, position: int) -> None:
    """Reads ``text``, whole lines that start at ``position``, into ``record``.

    A last line without a line end may be cut off: it counts as part of its layer where
    it extrudes, but begins none.
    """
    head = record.head
    x, y, z, e = head.x, head.y, head.z, head.e
    shift, relative, plain = head.shift, not head.absolute_e, head.usual
    height = head.height
    run, flat = record.run, _open_flat(record)
    latest: _Mark = None  # x, y, z, e after the latest extruding move
    commands = 0
    for step in _STEP.finditer(text, 0, text.rfind(b"\n") + 1):
        arc, xs, ys, zs, es, other = step.groups()
        if other is not None or not plain:
            stop = step.end()
            start = text.rfind(b"\n", 0, stop - 1) + 1
            _leave(record, latest)
            latest = None
            head.x, head.y, head.z, head.e = x, y, z, e
            line(record, text, start, stop, position)
            x, y, z, e = head.x, head.y, head.z, head.e
            shift, relative, plain = head.shift, not head.absolute_e, head.usual
            height = head.height
            run, flat = record.run, _open_flat(record)
            continue
        commands += 1
        was_x, was_y, before = x, y, height
        moved = arc is not None
        if xs is not None:
            x = float(xs)
            moved = moved or x != was_x
        if ys is not None:
            y = float(ys)
            moved = moved or y != was_y
        if zs is not None:
            z = float(zs)
            head.z_known = True
            height = z + shift if abs(z) < FARTHEST else UNKNOWN
        if es is None:
            if xs is None and ys is None and zs is None and _is_empty(text, step.end()):
                commands -= 1
            continue
        value = float(es)
        if relative:
            filament = value
            e += value
        else:
            filament = value - e
            e = value
        if not moved or filament <= SMALLEST:
            continue
        if height != flat or before != flat or run is None:
            stop = step.end()
            start = text.rfind(b"\n", 0, stop - 1) + 1
            _leave(record, latest)
            head.x, head.y, head.z, head.e = x, y, z, e
            move = Extrusion(position + start, position + stop, before, filament)
            run = extrude(record, move, text, position)
            flat = _open_flat(record)
        else:
            run.filament += filament
            run.moves += 1
            run.end = position + step.end()
        latest = (x, y, z, e)
        box = run.box
        if not (box[0] <= x <= box[2] and box[1] <= y <= box[3]):
            cover(box, x, y)
        if not (box[0] <= was_x <= box[2] and box[1] <= was_y <= box[3]):
            cover(box, was_x, was_y)
    _leave(record, latest)
    head.x, head.y, head.z, head.e = x, y, z, e
    record.commands += commands
    cut = text.rfind(b"\n") + 1
    if cut < len(text):
        line(record, text, cut, len(text), position)
    record.keep(text, position)


def _is_empty(text: bytes, end: int) -> bool:
    """Whether nothing stands in the line that ends there."""
    return end < 2 or text[end - 2] == 0x0A


def extrude(record: Record, move: Extrusion, text: bytes, position: int) -> Run:
    """Counts a move that ends where the head is; ``text`` starts at ``position``. Gives
    the run the move belongs to, a new one where it does not go on.
    """
    run = continued(record, move)
    if run is None:
        run = begun(record, move)
        record.close(text, position, move.start - position)
        record.runs.append(run)
    cover(run.box, record.head.x, record.head.y)
    record.after = record.head.copy()
    return run


def continued(record: Record, move: Extrusion) -> Optional[Run]:
    """The current run with the move added, None where the move does not belong to it."""
    height, run = record.head.height, record.run
    if run is None or run.marks != len(record.marks) or run.seam is not None:
        return None
    if height != move.before:
        if move.before != run.last:
            return None
    # Within a spiral some moves are flat, by rounding.
    elif height != run.flat and not (height == run.last and run.moves < run.climbs):
        return None
    _add(run, move, height)
    return run


def begun(record: Record, move: Extrusion) -> Run:
    """A new run of that move."""
    height = record.head.height
    run = Run(move.start, move.stop, nan, height, len(record.marks))
    run.relative = not record.head.absolute_e
    _add(run, move, height)
    return run


def _add(run: Run, move: Extrusion, height: float) -> None:
    if height != move.before:
        run.climbing += move.filament
        run.climbs += 1
    else:
        run.flat = height
        run.filament += move.filament
        run.moves += 1
    run.end, run.last, run.top = move.stop, height, max(run.top, height)


def cover(box: list[float], x: float, y: float) -> None:
    """Widens a box so that it holds a point; a coordinate that is NaN is left out."""
    if x < box[0]:
        box[0] = x
    if y < box[1]:
        box[1] = y
    if x > box[2]:
        box[2] = x
    if y > box[3]:
        box[3] = y


def line(record: Record, text: bytes, start: int, stop: int, position: int) -> None:
    """Reads the one line ``text[start:stop]``; ``text`` starts at ``position``."""
    whole = text[start:stop]
    command = code(whole)
    if not command:
        comment = whole.strip()
        found = slicers.marker(comment[1:]) if comment else None
        if found is not None:
            record.marks.append(Mark(position + start, found))
        return
    head = record.head
    before, was_x, was_y = head.height, head.x, head.y
    effect = head.feed(command)
    if effect.command:
        record.commands += 1
    else:
        record.others += 1
    if effect.kind == heads.EXTRUDE:
        run = record.run
        cut = not whole.endswith(b"\n")
        if cut and (run is None or head.height != run.flat or before != run.flat):
            return
        move = Extrusion(position + start, position + stop, before, effect.filament)
        run = extrude(record, move, text, position)
        cover(run.box, was_x, was_y)
    elif effect.kind == heads.RESET and not record.runs:
        head.shift = 0.0  # calibrates the height, before anything is printed


def _leave(record: Record, latest: _Mark) -> None:
    """Keeps the head as the latest extruding move left it, before anything changes it."""
    if latest is not None:
        after = record.after = record.head.copy()
        after.x, after.y, after.z, after.e = latest


def _open_flat(record: Record) -> float:
    """The height at which a move just goes on with the current run; NaN for none."""
    run = record.run
    if run is None or run.seam is not None or run.marks != len(record.marks):
        return nan
    return run.flat
