"""What is handed on of the library, file by file: prints as they are, or a dataset.

Everything is a stream of :class:`Member`, one file after the other, so that an export
of any size needs no more memory than one of a few pictures.
"""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Callable, Optional

from . import dataset
from .entries import CaptureEntry, PictureEntry, PrintEntry
from .names import PRINT_RECORD
from .records import to_json

README = "README.md"
PICTURES = "pictures.csv"
ROWS = "metadata.jsonl"
SPLIT = "train"

_UNFIT = re.compile(r'[/\\:*?"<>|\x00-\x1f\x7f]')


@dataclass(frozen=True)
class Selection:
    """Which pictures: all where a part is None.

    ``index`` is a position's number, ``capture`` a capture's key.
    """

    layer: Optional[int] = None
    index: Optional[int] = None
    camera: Optional[str] = None
    capture: Optional[str] = None

    @property
    def everything(self) -> bool:
        return self == Selection()

    def of(self, entry: PrintEntry) -> Iterator[tuple[CaptureEntry, list[PictureEntry]]]:
        """The captures of a print with their pictures, as far as they are selected."""
        for capture in entry.iter_captures(self.layer, self.index, self.camera):
            if self.capture not in (None, capture.key):
                continue
            found = [
                picture
                for picture in capture.pictures()
                if self.index in (None, picture.index)
                and self.camera in (None, picture.camera)
            ]
            if found or self.everything:
                yield capture, found


ALL = Selection()


@dataclass(frozen=True)
class Member:
    """One file of an export.

    ``name`` has ``/`` between its parts. ``size`` is bytes as known beforehand,
    ``modified`` seconds since the epoch. ``open`` gives the content; it raises
    ``OSError`` where the file has gone. ``path`` is where a picture lies, and None for
    the rest, which is not on disk as it is handed on.
    """

    name: str
    size: int
    modified: float
    open: Callable[[], BinaryIO]
    path: Optional[Path] = None

    @property
    def picture(self) -> bool:
        return self.path is not None


def prints(entries: Iterable[PrintEntry], selection: Selection = ALL) -> Iterator[Member]:
    """Each print as a folder, as the library keeps it.

    Where only a part is selected, the JSON names only the pictures that come with it.
    """
    taken: set[str] = set()
    for entry in entries:
        folder = folder_name(entry, taken)
        yield _text(f"{folder}/{PRINT_RECORD}", to_json(entry.record), entry.started)
        for capture, pictures in selection.of(entry):
            record = capture.record.model_copy()
            record.images = [picture.image for picture in pictures]
            if not selection.everything:
                record.failures = []
            yield _text(
                f"{folder}/{capture.path.name}", to_json(record), record.timestamp
            )
            for picture in pictures:
                member = _picture(f"{folder}/{picture.name}", picture)
                if member is not None:
                    yield member


def as_dataset(
    entries: Iterable[PrintEntry],
    selection: Selection = ALL,
    scratch: Optional[Path] = None,
) -> Iterator[Member]:
    """Pictures with one row of data each, as training scripts like them.

    ``train/`` with the pictures and their ``metadata.jsonl`` is what Hugging Face's
    ``datasets`` loads as an imagefolder; ``pictures.csv`` has the same rows. ``scratch``
    is a folder for temporary files, None for the system's.
    """
    taken: set[str] = set()
    with dataset.Tables(scratch) as tables:
        for entry in entries:
            folder = folder_name(entry, taken)
            for _, pictures in selection.of(entry):
                for picture in pictures:
                    name = f"{folder}/{picture.name}"
                    member = _picture(f"{SPLIT}/{name}", picture)
                    if member is None:
                        continue
                    yield member
                    tables.add(name, f"{SPLIT}/{name}", entry, picture)
        rows, table = tables.finished()
        yield _spooled(f"{SPLIT}/{ROWS}", rows)
        yield _spooled(PICTURES, table)
        yield _text(README, dataset.card(tables.rows, tables.prints), tables.newest)


def folder_name(entry: PrintEntry, taken: set[str]) -> str:
    """A folder for a print that no other print of this export has.

    It is one name, whatever somebody's files say: it leads nowhere else.
    """
    if entry.own_folder:
        name = entry.path.name
    elif entry.record_path is not None:
        name = entry.record_path.stem
    else:
        name = entry.print_id
    # a name that is no text on this system's disk still is one in an archive
    name = os.fsencode(name).decode("utf-8", "replace")
    name = _UNFIT.sub("_", name).strip(" .") or "print"
    wanted, number = name, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted}_{number}"
    taken.add(name.casefold())
    return name


def archive_name(entries: Sequence[PrintEntry], selection: Selection, kind: str) -> str:
    """What an archive of these is called, without an ending; ``kind`` may be empty."""
    if len(entries) == 1:
        parts = [folder_name(entries[0], set())]
    else:
        parts = ["layercapture", f"{len(entries)}_prints"]
    if selection.capture is not None:
        parts.append(selection.capture.replace("_metadata", "", 1))
    elif selection.layer is not None:
        parts.append(f"layer_{selection.layer:04d}")
    if selection.index is not None:
        parts.append(f"pos_{selection.index:02d}")
    parts += [part for part in (selection.camera, kind) if part]
    return _UNFIT.sub("_", "_".join(parts))


def to_folder(
    members: Iterable[Member], folder: Path, seen: Callable[[bool], None]
) -> None:
    """Writes an export below ``folder``, which must not exist yet.

    ``seen`` is called after each file and told whether it is a picture. Raises
    ``OSError``; what was written stays.
    """
    folder.mkdir(parents=True)
    for member in members:
        with opened(member) as content:
            if content is None:
                continue
            parts = member.name.split("/")
            if not all(part.strip(" .") for part in parts):
                raise OSError(f"{member.name} would lie outside of the export")
            path = folder.joinpath(*parts)
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as file:
                for piece in pieces(content):
                    file.write(piece)
            os.utime(path, (member.modified, member.modified))
        seen(member.picture)


@contextmanager
def opened(member: Member) -> Iterator[Optional[BinaryIO]]:
    """The content of a member, or None where its file has gone meanwhile."""
    try:
        content = member.open()
    except FileNotFoundError:
        yield None
        return
    with content:
        yield content


def pieces(content: BinaryIO, size: int = 256 * 1024) -> Iterator[bytes]:
    """The content in pieces of at most ``size`` bytes."""
    while True:
        piece = content.read(size)
        if not piece:
            return
        yield piece


def _picture(name: str, picture: PictureEntry) -> Optional[Member]:
    path = picture.path
    try:
        stat = os.lstat(path)
    except OSError:
        return None
    return Member(name, stat.st_size, stat.st_mtime, lambda: open(path, "rb"), path)


def _text(name: str, text: bytes, modified: float) -> Member:
    return Member(name, len(text), modified, lambda: io.BytesIO(text))


def _spooled(name: str, table: dataset.Table) -> Member:
    return Member(name, table.size, table.modified, table.open)
