"""The one way in: a file's path to its LayerIndex."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import BinaryIO, Callable, Optional, Union

from . import amounts, assembly, scan, skim, slicers, source, turns
from .errors import GcodeError
from .grouping import group
from .groups import Groups
from .layers import LayerIndex
from .runs import Record
from .seam import Mark

Path = Union[str, "os.PathLike[str]"]
Progress = Callable[[float], None]

_BEGINNING = 128 * 1024  # bytes after the first extruding move
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
            return _index(file, os.fspath(path), min_height, progress)
    except (OSError, ValueError) as error:
        raise GcodeError(f"{os.fspath(path)} cannot be read: {error}") from error
    except _Raised as raised:
        raise raised.error from None


class _Raised(Exception):
    """Carries what a progress callback raised past the handling of OSError."""

    def __init__(self, error: BaseException) -> None:
        super().__init__()
        self.error = error


def _index(
    file: BinaryIO, path: str, min_height: float, progress: Optional[Progress]
) -> LayerIndex:
    name = _slicer(file)
    record = _scan(file, progress, leaping=True)
    if record.others and not record.commands:
        raise GcodeError(f"{path} is not G-code", readable=True)
    if not record.marks and turns.climbs(record.runs):
        file.seek(0)
        found = turns.find(source.pieces(file), record.runs)
        if found:
            record = _scan(file, progress, leaping=False, cuts=found)
    groups = _grouped(record, min_height)
    certain = not record.head.guessed
    while certain and not groups.certain:
        certain = not record.recoded and amounts.settle(file, groups)
        if certain:  # a height that was guessed may have parted layers wrongly
            groups = _grouped(record, min_height)
    del record  # and its marks: the layers take their room
    if not certain:
        del groups
        groups = _grouped(_scan(file, progress, leaping=False), min_height)
    return assembly.assemble(name, groups)


def _grouped(record: Record, min_height: float) -> Groups:
    record.runs.leave_unusable_out()
    return group(record.runs, record.marks, min_height)


def _slicer(file: BinaryIO) -> Optional[str]:
    size = os.fstat(file.fileno()).st_size
    beginning = file.read(_ENDS)
    file.seek(max(size - _ENDS, 0))
    return slicers.slicer_name(beginning, file.read(_ENDS))


def _scan(
    file: BinaryIO,
    progress: Optional[Progress],
    *,
    leaping: bool,
    cuts: Sequence[int] = (),
) -> Record:
    """Reads the file; ``cuts``: where turns begin, in the order of the file."""
    following = iter(cuts)
    cut = next(following, None)
    size = os.fstat(file.fileno()).st_size
    file.seek(0)
    record = Record()
    reading, rest, end = source.pieces(file), b"", 0
    while True:
        try:
            position, text = reading.send(rest or None)
        except StopIteration:
            break
        end, rest = position + len(text), b""
        if leaping:
            # Enough of the beginning to tell purging from layers is read line by line.
            while text and not _begun(record, position):
                stop = text.find(b"\n", _BEGINNING // 4) + 1 or len(text)
                scan.lines(record, text[:stop], position)
                record.learn()
                text, position = text[stop:], position + stop
            if text:
                rest = skim.skim(record, text, position)
        else:
            while cut is not None and cut < end:
                scan.lines(record, text[: cut - position], position)
                record.marks.append(Mark(cut, slicers.TURN))
                text, position = text[cut - position :], cut
                cut = next(following, None)
            scan.lines(record, text, position)
        record.recoded = end > file.tell()
        if progress is not None:
            try:
                progress(min(file.tell() / size, 1.0))
            except BaseException as error:
                raise _Raised(error) from None
    scan.lines(record, rest, end - len(rest))
    record.finish()
    return record


def _begun(record: Record, position: int) -> bool:
    return len(record.runs) > 0 and position > record.runs[0].start + _BEGINNING
