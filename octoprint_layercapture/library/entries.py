"""What is read back: a print, its captures, its pictures. Nothing is read before asked.

Damaged, foreign and half-copied files are left out and logged at debug level.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Callable, Generic, Optional, TypeVar

from . import ours
from .errors import UnknownFile
from .prints import PrintRecord, Totals
from .records import CaptureRecord, Image, read_capture

_log = logging.getLogger("octoprint.plugins.layercapture.library")

T = TypeVar("T")

RUNNING, INTERRUPTED, UNKNOWN = "running", "interrupted", "unknown"


@dataclass(frozen=True)
class Page(Generic[T]):
    """Some of a long list: ``items`` from ``offset`` on, of ``total``.

    Fewer items than asked for may come before the end: damaged files are left out.
    """

    items: Sequence[T]
    total: int
    offset: int
    limit: int


@dataclass(frozen=True)
class PictureEntry:
    """One picture on disk. ``name`` is its file name, its key within the print."""

    name: str
    path: Path
    image: Image
    capture: CaptureEntry

    @property
    def layer(self) -> int:
        return self.capture.record.layer

    @property
    def index(self) -> int:
        return self.image.index

    @property
    def camera(self) -> str:
        return self.image.camera


@dataclass(frozen=True)
class CaptureEntry:
    """One capture. ``key`` is its JSON's name without ``.json``: ASCII, URL-safe.

    ``record.images`` names only pictures that are on disk now.
    """

    key: str
    path: Path
    record: CaptureRecord

    @property
    def layer(self) -> int:
        return self.record.layer

    def pictures(self) -> list[PictureEntry]:
        """In the order in which they were taken."""
        folder = self.path.parent
        return [
            PictureEntry(image.file, folder / image.file, image, self)
            for image in self.record.images
        ]


@dataclass(frozen=True)
class PrintEntry:
    """One print.

    ``key`` is URL-safe and stays the same as long as the print lies where it lies.
    ``path`` is the folder that holds its files, ``record_path`` the print's JSON, or None
    where it is missing and ``record`` was made from what else is there. ``state`` is
    ``running``, ``done``, ``failed``, ``cancelled``, ``interrupted`` (OctoPrint ended
    before the print did) or ``unknown``. ``own_folder`` is False in the flat layout.
    """

    key: str
    path: Path
    record: PrintRecord
    record_path: Optional[Path]
    state: str
    own_folder: bool
    names: Callable[[], Sequence[ours.MetadataName]]
    tally: Callable[[], Totals]

    @property
    def print_id(self) -> str:
        return self.record.print_id

    @property
    def name(self) -> str:
        return self.record.name

    @property
    def started(self) -> float:
        """Seconds since the epoch."""
        return self.record.print_start_time

    @cached_property
    def counts(self) -> Totals:
        """Captures, pictures, failures and bytes as they are on disk now."""
        return self.tally()

    @cached_property
    def metadata(self) -> Sequence[ours.MetadataName]:
        """The names of its captures' JSON, in print order."""
        return self.names()

    def layers(self) -> list[int]:
        """The numbers of the layers that were captured, ascending."""
        return sorted({name.layer for name in self.metadata})

    def by_layer(self) -> dict[int, list[str]]:
        """The keys of the captures of each layer, both in print order."""
        found: dict[int, list[str]] = {}
        for name in self.metadata:
            found.setdefault(name.layer, []).append(name.key)
        return found

    def captures(
        self, offset: int = 0, limit: int = 50, layer: Optional[int] = None
    ) -> Page[CaptureEntry]:
        """Captures in print order; only those of the page are read."""
        names = [name for name in self.metadata if layer in (None, name.layer)]
        wanted = names[max(0, offset) : max(0, offset) + max(0, limit)]
        found = [load(self.path, name) for name in wanted]
        items = [capture for capture in found if capture is not None]
        return Page(items, len(names), offset, limit)

    def iter_captures(self, layer: Optional[int] = None) -> Iterator[CaptureEntry]:
        """All captures in print order, each read when it is its turn."""
        for name in self.metadata:
            if layer in (None, name.layer):
                capture = load(self.path, name)
                if capture is not None:
                    yield capture

    def iter_pictures(
        self,
        layer: Optional[int] = None,
        index: Optional[int] = None,
        camera: Optional[str] = None,
    ) -> Iterator[PictureEntry]:
        """Pictures in the order in which they were taken, as far as they match."""
        for capture in self.iter_captures(layer):
            for picture in capture.pictures():
                if index in (None, picture.index) and camera in (None, picture.camera):
                    yield picture

    def pictures(
        self,
        offset: int = 0,
        limit: int = 100,
        layer: Optional[int] = None,
        index: Optional[int] = None,
        camera: Optional[str] = None,
    ) -> Page[PictureEntry]:
        """Pictures in the order in which they were taken, as far as they match.

        Without a filter only the captures up to the end of the page are read.
        """
        first, end = max(0, offset), max(0, offset) + max(0, limit)
        everything = layer is None and index is None and camera is None
        items = []
        total = 0
        for picture in self.iter_pictures(layer, index, camera):
            if everything and total >= end:
                total = max(total, self.counts.pictures)
                break
            if first <= total < end:
                items.append(picture)
            total += 1
        return Page(items, total, offset, limit)

    def capture(self, key: str) -> CaptureEntry:
        """Raises ``UnknownFile``."""
        for name in self.metadata:
            if name.key == key:
                capture = load(self.path, name)
                if capture is not None:
                    return capture
        raise UnknownFile(key)

    def picture(self, name: str) -> PictureEntry:
        """The picture of this file name; raises ``UnknownFile``."""
        layer = ours.picture_layer(name)
        if layer is not None:
            for picture in self.iter_pictures(layer):
                if picture.name == name:
                    return picture
        raise UnknownFile(name)


def load(folder: Path, name: ours.MetadataName) -> Optional[CaptureEntry]:
    """The capture in this JSON, or None where it cannot be read."""
    path = folder / name.name
    if not ours.is_plain_file(path):
        return None
    try:
        record = read_capture(path.read_bytes())
    except (OSError, ValueError) as error:
        _log.debug("%s was left out: %s", path, error)
        return None
    record.images = [image for image in record.images if _is_there(folder, image)]
    return CaptureEntry(name.key, path, record)


def _is_there(folder: Path, image: Image) -> bool:
    if not ours.is_picture(image.file):
        return False
    return ours.is_plain_file(folder / image.file)


def size_of(path: Path) -> int:
    """Bytes of a file, 0 where it is gone."""
    try:
        return os.lstat(path).st_size
    except OSError:
        return 0
