"""Finding again what was kept: prints newest first, read from disk each time.

There is no database: what is on disk is the truth. A page reads the records of its own
prints only. What is remembered between calls are facts about files that cannot have
changed since, and it is forgotten with the process.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from . import deletion, ours
from .entries import INTERRUPTED, RUNNING, UNKNOWN, Page, PrintEntry, load
from .errors import UnknownPrint
from .keys import FLAT, flat_key, folder_of, is_flat_key, key_of
from .names import PRINT_RECORD, print_name, stamp
from .prints import PrintRecord, Totals, read_print
from .records import CaptureRecord, print_id_of, stable_id
from .store import Store
from .tally import Tallies

_log = logging.getLogger("octoprint.plugins.layercapture.library")


@dataclass(frozen=True)
class _Place:
    """Where a print is, before anything of it was read.

    ``began`` sorts prints by their start. In the flat layout ``print_id`` says which.
    """

    began: tuple[str, int, str]
    folder: str = ""
    print_id: str = ""
    record: str = ""
    captures: tuple[ours.MetadataName, ...] = field(default=(), compare=False)


class Catalog:
    """The prints below a store's folder, in both layouts.

    ``running`` gives the ``print_id`` of the print under way, or None; ``removed`` hears
    of each file that was deleted. Safe to use from several threads; a new one is needed
    where the store's folder is another.
    """

    def __init__(
        self,
        store: Store,
        *,
        running: Callable[[], Optional[str]] = lambda: None,
        removed: Callable[[Path], None] = lambda path: None,
    ) -> None:
        self.store = store
        self.running = running
        self._removed = removed
        self._tallies = Tallies()
        self._lock = threading.Lock()
        self._print_ids: dict[str, str] = {}

    def prints(self, offset: int = 0, limit: int = 20) -> Page[PrintEntry]:
        """Prints, newest first; only those of the page are read."""
        places = self._places()
        first = max(0, offset)
        items = []
        for place in places[first : first + max(0, limit)]:
            entry = self._entry(place)
            if entry is not None:
                items.append(entry)
        return Page(items, len(places), offset, limit)

    def iter_prints(self) -> Iterator[PrintEntry]:
        """All prints, newest first, each read when it is its turn."""
        for place in self._places():
            entry = self._entry(place)
            if entry is not None:
                yield entry

    def get(self, key: str) -> PrintEntry:
        """The print with this key or ``print_id``; raises ``UnknownPrint``.

        Of copies with one ``print_id``, the newest.
        """
        folder = folder_of(key)
        if folder is not None and is_proper_folder(self.store.root / folder):
            place = self._folder_place(folder)
            entry = None if place is None else self._entry(place)
            if entry is not None:
                return entry
        wanted = key[len(FLAT) :] if is_flat_key(key) else key
        for entry in self.iter_prints():
            if wanted == entry.print_id and (entry.key == key or wanted == key):
                return entry
        raise UnknownPrint(key)

    def iter_picture_paths(self) -> Iterator[Path]:
        """Where all pictures are, by their names alone; nothing is read."""
        folders, _, _ = self._listing()
        for folder in (self.store.root, *(self.store.root / name for name in folders)):
            with suppress(OSError), os.scandir(folder) as found:
                for each in found:
                    if ours.is_picture(each.name):
                        yield folder / each.name

    # deleting: gives the bytes that were freed, raises StoreError

    def delete_print(self, key: str) -> int:
        """Deletes what is ours of a print, and its folder if nothing else is in it."""
        return deletion.delete_print(self.get(key), self._removed)

    def delete_capture(self, key: str, capture: str) -> int:
        """Deletes the capture of this key with its pictures."""
        return deletion.delete_capture(self.get(key), capture, self._removed)

    def delete_picture(self, key: str, name: str) -> int:
        """Deletes the picture of this file name."""
        return deletion.delete_picture(self.get(key), name, self._removed)

    # finding

    def _places(self) -> list[_Place]:
        """Where all prints are, newest first."""
        folders, records, metadata = self._listing()
        found = [self._folder_place(name) for name in folders]
        places = [place for place in found if place is not None]
        places += self._flat_places(records, metadata)
        return sorted(places, key=lambda place: place.began, reverse=True)

    def _listing(self) -> tuple[list[str], list[str], list[str]]:
        """Folders, records of prints and captures' JSON in the store's folder."""
        folders, records, metadata = [], [], []
        try:
            with os.scandir(self.store.root) as found:
                for each in found:
                    name = each.name
                    if name.startswith("."):
                        continue
                    if name.endswith(".json"):
                        if ours.metadata(name) is not None:
                            metadata.append(name)
                        elif ours.is_flat_record(name):
                            records.append(name)
                    elif not name.endswith(".jpg") and each.is_dir(follow_symlinks=False):
                        folders.append(name)
        except OSError as error:
            _log.debug("%s could not be listed: %s", self.store.root, error)
        return folders, records, metadata

    def _folder_place(self, name: str) -> Optional[_Place]:
        """Where the print in this folder is, or None where nothing in it is ours."""
        folder = self.store.root / name
        own = ours.is_plain_file(folder / PRINT_RECORD)
        if not own and not _has_ours(folder):
            return None
        began = ours.start_stamp(name)
        if began is None:
            # renamed by hand
            found = self._entry(_Place(("", 0, name), folder=name))
            began = (stamp(found.started) if found is not None else "", 0)
        return _Place((*began, name), folder=name)

    def _flat_places(self, records: list[str], metadata: list[str]) -> list[_Place]:
        print_ids = self._print_ids_of([*records, *metadata])
        captures: dict[str, list[ours.MetadataName]] = {}
        named: dict[str, str] = {}
        for name, print_id in print_ids.items():
            parts = ours.metadata(name)
            if parts is not None:
                captures.setdefault(print_id, []).append(parts)
            else:
                captures.setdefault(print_id, [])
                named[print_id] = name
        places = []
        for print_id, found in captures.items():
            found.sort()
            record = named.get(print_id, "")
            began = ours.start_stamp(record[: -len(".json")])
            if began is None:
                began = min((parts.stamp, parts.nth) for parts in found)
            place = _Place((*began, print_id), "", print_id, record, tuple(found))
            places.append(place)
        return places

    def _print_ids_of(self, names: list[str]) -> dict[str, str]:
        """Which print each of these files in the flat layout belongs to.

        A file's print never changes, so each is read for it once.
        """
        with self._lock:
            known = self._print_ids
        found = {}
        for name in names:
            print_id = known.get(name) or _print_id_in(self.store.root / name)
            if print_id is not None:
                found[name] = print_id
        with self._lock:
            self._print_ids = found
        return found

    # reading

    def _entry(self, place: _Place) -> Optional[PrintEntry]:
        root = self.store.root
        if place.folder:
            path = root / place.folder
            record_path: Optional[Path] = path / PRINT_RECORD
        else:
            path = root
            record_path = root / place.record if place.record else None

        def names() -> tuple[ours.MetadataName, ...]:
            return self._tallies.names(path) if place.folder else place.captures

        record = None if record_path is None else _read_record(record_path)
        known = record is not None
        if record is None:
            record_path = None
            record = self._reconstructed(path, place, names())
            if record is None:
                return None
        if not record.name:
            record.name = print_name(record.gcode_file)
        found = record

        def tally() -> Totals:
            if place.folder:
                return self._tallies.of_folder(path, found, record_path)
            return self._tallies.of_names(path, place.captures, record_path)

        return PrintEntry(
            key=key_of(place.folder) if place.folder else flat_key(place.print_id),
            path=path,
            record=record,
            record_path=record_path,
            state=self._state(record, known),
            own_folder=bool(place.folder),
            names=names,
            tally=tally,
        )

    def _state(self, record: PrintRecord, known: bool) -> str:
        if record.outcome is not None:
            return record.outcome
        if record.print_id == self.running():
            return RUNNING
        return INTERRUPTED if known else UNKNOWN

    def _reconstructed(
        self, path: Path, place: _Place, names: tuple[ours.MetadataName, ...]
    ) -> Optional[PrintRecord]:
        """A record from the print's captures, or at least from its folder's name."""
        for name in names:
            capture = load(path, name)
            if capture is not None:
                return _of_capture(capture.record)
        if not place.folder or not _has_pictures(path):
            return None
        return PrintRecord(
            print_id=stable_id(place.folder),
            name=ours.stem(place.folder),
            gcode_file="",
            print_start_time=_seconds(place.began[0], path),
        )


def is_proper_folder(path: Path) -> bool:
    """A folder, and no symlink to one."""
    try:
        return path.is_dir() and not path.is_symlink()
    except (OSError, ValueError):
        return False


def _has_ours(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as found:
        return any(
            ours.metadata(each.name) is not None or ours.is_picture(each.name)
            for each in found
        )
    return False


def _read_record(path: Path) -> Optional[PrintRecord]:
    if not ours.is_plain_file(path):
        return None
    try:
        return read_print(path.read_bytes())
    except (OSError, ValueError) as error:
        _log.debug("%s was left out: %s", path, error)
        return None


def _print_id_in(path: Path) -> Optional[str]:
    """The print that a JSON file in the flat layout belongs to."""
    if not ours.is_plain_file(path):
        return None
    try:
        return print_id_of(path.read_bytes())
    except (OSError, ValueError) as error:
        _log.debug("%s was left out: %s", path, error)
        return None


def _of_capture(capture: CaptureRecord) -> PrintRecord:
    return PrintRecord(
        schema_version=capture.schema_version,
        print_id=capture.print_id,
        instance=capture.instance,
        name=print_name(capture.gcode_file),
        gcode_file=capture.gcode_file,
        print_start_time=capture.print_start_time,
        layers_total=capture.layers_total,
        slicer=capture.slicer,
        settings=capture.settings,
    )


def _has_pictures(folder: Path) -> bool:
    with suppress(OSError), os.scandir(folder) as found:
        return any(ours.is_picture(each.name) for each in found)
    return False


def _seconds(stamp: str, path: Path) -> float:
    with suppress(ValueError, OverflowError):
        return time.mktime(time.strptime(stamp, "%Y%m%d_%H%M%S"))
    with suppress(OSError):
        return path.stat().st_mtime
    return 0.0
