"""The one way in: a file's path to its LayerIndex."""

from __future__ import annotations

import os
from math import isfinite
from typing import BinaryIO, Callable, Optional, Union

from . import scan, skim, slicers, source
from .errors import GcodeError
from .grouping import SAME, Group, group
from .layers import Layer, LayerIndex
from .runs import Record, Run

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[float], None]

_BEGINNING = 256 * 1024  # bytes after the first extruding move
_ENDS = 256 * 1024  # bytes at both ends of a file in which a slicer names itself


def index(
    path: Path, *, min_height: float = 0.05, progress: Optional[Progress] = None
) -> LayerIndex:
    """Finds the layers of the G-code file at ``path``.

    ``min_height`` (mm): where the slicer marks no layers, a smaller rise is no new layer.
    ``progress`` is called with the fraction read, 0 to 1; what it raises (``Abandoned``,
    say) ends the indexing. Raises GcodeError where the file cannot be opened, cannot be
    read, or holds no G-code; nothing else.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            name = _slicer(file, size)
            record = _scan(file, size, progress, leaping=True)
            groups = group(record.runs, record.marks, min_height)
            if not all(each.certain for each in groups):
                file.seek(0)
                record = _scan(file, size, progress, leaping=False)
                groups = group(record.runs, record.marks, min_height)
    except OSError as error:
        raise GcodeError(f"{os.fspath(path)} cannot be read: {error}") from error
    if record.others and not record.commands:
        raise GcodeError(f"{os.fspath(path)} is not G-code")
    return _index(name, record.runs, groups)


def _slicer(file: BinaryIO, size: int) -> Optional[str]:
    beginning = file.read(_ENDS)
    file.seek(max(size - _ENDS, 0))
    end = file.read(_ENDS)
    file.seek(0)
    return slicers.slicer_name(beginning, end)


def _scan(
    file: BinaryIO, size: int, progress: Optional[Progress], *, leaping: bool
) -> Record:
    record = Record()
    for position, text in source.pieces(file):
        while text and leaping and not _begun(record, position):
            cut = text.find(b"\n", _BEGINNING) + 1 or len(text)
            scan.lines(record, text[:cut], position)
            record.learn()
            text, position = text[cut:], position + cut
        if leaping and text:
            skim.skim(record, text, position)
        elif text:
            scan.lines(record, text, position)
        if progress is not None:
            progress(min(file.tell() / size, 1.0) if size else 1.0)
    record.finish()
    return record


def _begun(record: Record, position: int) -> bool:
    """Whether enough of the print was read line by line to tell purging from layers."""
    return bool(record.runs) and position > record.runs[0].start + _BEGINNING


def _index(name: Optional[str], runs: list[Run], groups: list[Group]) -> LayerIndex:
    spiral = sum(each.spiral for each in groups) * 2 > len(groups)
    tops = _tops(runs)
    layers: list[Layer] = []
    below: list[float] = []  # heights of the current object's layers
    sequential = False
    for number, each in enumerate(groups, 1):
        z = each.z
        if layers and z < layers[-1].z - SAME:
            following = groups[number].z if number < len(groups) else None
            lowest = z <= layers[0].z + SAME
            if lowest or (following is not None and following < layers[-1].z):
                sequential = True
        while below and below[-1] > z - SAME:
            below.pop()
        height = z - (below[-1] if below else 0.0)
        below.append(z)
        last = each.runs[-1]
        seam = last.seam
        assert seam is not None
        capture, triggers = seam.capture_pos, seam.triggers
        if each.spiral and seam.marker_pos is not None and seam.marker_pos > capture:
            capture = seam.marker_pos
            triggers = (capture, *(each for each in triggers if each > capture))
        layers.append(
            Layer(
                number=number,
                z=round(z, 4),
                height=round(height, 4),
                slicer_number=each.number,
                capture_pos=capture,
                retracted=seam.retracted,
                top=round(tops[id(last)], 4),
                triggers=triggers,
                resume=seam.resume,
            )
        )
    return LayerIndex(name, spiral, sequential, tuple(layers), _bounds(groups))


def _tops(runs: list[Run]) -> dict[int, float]:
    """The highest z so far, after each run by its id."""
    highest, tops = 0.0, {}
    for run in runs:
        if isfinite(run.top):
            highest = max(highest, run.top)
        tops[id(run)] = highest
    return tops


def _bounds(groups: list[Group]) -> Optional[tuple[float, float, float, float]]:
    if not all(run.exact for each in groups for run in each.runs):
        return None
    boxes = [each.box for each in groups]
    known = [box for box in boxes if box is not None]
    if not known or len(known) < len(boxes):
        return None
    return (
        min(box[0] for box in known),
        min(box[1] for box in known),
        max(box[2] for box in known),
        max(box[3] for box in known),
    )
