"""Long prints made of a real file's own layers, for measuring on what slicers write."""

from __future__ import annotations

import math
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Optional

from octoprint_layercapture.gcode import Layer, index, scan
from octoprint_layercapture.gcode.runs import Record
from tests.bench import _grown

_CHANGING = re.compile(
    rb"^G(?P<mode>9[01])\b"
    rb"|^(?P<move>G[0-3] [^;\n]*Z)(?P<z>-?[0-9]*\.?[0-9]+)"
    rb"|^(?P<mark>;[ ;]*(?:LAYER:|layer ))(?P<number>\d+)(?=,|\r?$)",
    re.MULTILINE,
)


def marked(path: Path) -> bool:
    """Whether the file has enough layer marks to be repeated."""
    return len(_marks(_read(path)[1])) > 4


def write(
    source: Path,
    target: Path,
    size: int,
    *,
    marks: bool,
    most_layers: Optional[int] = None,
) -> list[float]:
    """Writes a print of about ``size`` bytes: the layers of ``source`` over and over,
    higher each time and numbered on, with its beginning and end. Gives its layers'
    heights in mm.

    ``marks`` false leaves out all comments. ``most_layers``: the layers are made so large
    that there need not be more.
    """
    text, record = _read(source)
    layers = index(source).layers
    found = _beginnings(layers, record)
    start, stop = found[0], found[-1]
    numbered = sum(start <= each < stop for each in _marks(record))
    head, body, tail = text[:start], text[start:stop], text[stop:]
    begin = Record()
    scan.lines(begin, head, 0)
    heights = _heights(layers)
    within = [z for at, z in heights if start < at <= stop]
    if most_layers is not None:
        missing = max(size * len(within) / most_layers - len(body), 0)
        more = math.ceil(missing / _grown.paths(body, begin.head))
        body = _grown.grown(body, begin.head.copy(), 1 + more)
    if not marks:
        head, body, tail = (re.sub(rb";[^\n\r]*", b"", t) for t in (head, body, tail))
    again, after = _filament(begin), b""
    if most_layers is not None:
        end = Record()
        scan.lines(end, text[:stop], 0)
        after = _filament(end)
    # as far as to the layer after, but never back into the layers themselves
    following = next((z for at, z in heights if at > stop), 0.0)
    rise = max(following - within[0], max(within) - min(within) + 0.2)
    parts, last = list(_parts(body)), list(_parts(tail))
    times = max((size - len(head)) // len(body), 1)
    with open(target, "wb") as file:
        file.write(head)
        for time in range(times):
            file.write(again if time else b"")
            file.write(_raised(parts, time * rise, time * numbered))
        file.write(after)
        file.write(_raised(last, (times - 1) * rise, (times - 1) * numbered))
    return [
        *(z for at, z in heights if at <= start),
        *(z + time * rise for time in range(times) for z in within),
        *(z + (times - 1) * rise for at, z in heights if at > stop),
    ]


@lru_cache(maxsize=1)  # a file that is repeated is asked for its marks before
def _read(path: Path) -> tuple[bytes, Record]:
    text = path.read_bytes().decode("utf-8-sig", "replace").encode("utf-8")
    record = Record()
    scan.lines(record, text, 0)
    return text, record


def _marks(record: Record) -> Sequence[int]:
    """Where the marks of the best dialect are."""
    return record.marks.of[min(record.marks.of)][0] if record.marks.of else ()


def _filament(record: Record) -> bytes:
    """The line that says how much filament there is at the end of a record."""
    return b"G92 E%.5f\n" % record.head.e if record.head.absolute_e else b""


def _beginnings(layers: Sequence[Layer], record: Record) -> list[int]:
    """The marks that layers begin with after the first one: of several in a layer, as
    they are where several processes or objects are printed, the first."""
    marks, laid = _marks(record), [run.end for run in record.runs]
    found = []
    for layer in layers[:-1]:
        end = laid[bisect_right(laid, layer.capture_pos) - 1]
        after = bisect_left(marks, end)
        if after < len(marks):
            found.append(marks[after])
    return found


def _heights(layers: Sequence[Layer]) -> list[tuple[float, float]]:
    """A position in the middle of each layer, and its height in mm."""
    ends = [0, *(each.capture_pos for each in layers)]
    return [((begin + each.capture_pos) / 2, each.z) for begin, each in zip(ends, layers)]


def _parts(text: bytes) -> Iterator[tuple[bytes, float, int]]:
    """Text, and what follows it: a height in mm, or a layer's number, or neither."""
    at, absolute = 0, True
    for found in _CHANGING.finditer(text):
        if found["mode"] is not None:
            absolute = found["mode"] == b"90"
        elif found["mark"] is not None:
            yield text[at : found.end("mark")], 0.0, int(found["number"])
            at = found.end()
        elif absolute:
            yield text[at : found.end("move")], float(found["z"]), -1
            at = found.end()
    yield text[at:], 0.0, -2


def _raised(parts: list[tuple[bytes, float, int]], rise: float, more: int) -> bytes:
    out = []
    for text, z, number in parts:
        out.append(text)
        if number >= 0:
            out.append(b"%d" % (number + more))
        elif number == -1:
            out.append(b"%.3f" % (z + rise))
    return b"".join(out)
