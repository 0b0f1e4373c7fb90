"""Counting what is kept of a print, as cheaply as the truth allows."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Iterable
from pathlib import Path
from typing import Optional

from . import ours
from .entries import load, size_of
from .prints import PrintRecord, Totals

_REMEMBERED = 2000


class Tallies:
    """Counts of prints, remembered as long as their folders have not changed.

    A print's own record says them too, and is believed where nothing was added to or
    deleted from its folder since it was written.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._folders: OrderedDict[tuple[str, int], Totals] = OrderedDict()

    def names(self, folder: Path) -> tuple[ours.MetadataName, ...]:
        """The names of captures' JSON in a folder, in print order."""
        try:
            listed = os.listdir(folder)
        except OSError:
            return ()
        found = (ours.metadata(name) for name in listed)
        return tuple(sorted(name for name in found if name is not None))

    def of_folder(
        self, folder: Path, record: PrintRecord, record_path: Optional[Path]
    ) -> Totals:
        """What a print in a folder of its own has kept."""
        try:
            changed = os.stat(folder).st_mtime_ns
            written = -1 if record_path is None else os.stat(record_path).st_mtime_ns
        except OSError:
            changed, written = 0, -1
        if record.outcome is not None and written >= changed:
            return record.totals
        key = (str(folder), changed)
        with self._lock:
            if key in self._folders:
                return self._folders[key]
        totals = self.of_names(folder, self.names(folder), record_path)
        with self._lock:
            self._folders[key] = totals
            while len(self._folders) > _REMEMBERED:
                self._folders.popitem(last=False)
        return totals

    def of_names(
        self,
        folder: Path,
        names: Iterable[ours.MetadataName],
        record_path: Optional[Path],
    ) -> Totals:
        """What these captures have kept, and the print's own record."""
        totals = Totals()
        totals.bytes = 0 if record_path is None else size_of(record_path)
        for name in names:
            capture = load(folder, name)
            if capture is None:
                continue
            totals.captures += 1
            totals.pictures += len(capture.record.images)
            totals.failures += len(capture.record.failures)
            totals.bytes += size_of(capture.path) + sum(
                size_of(picture.path) for picture in capture.pictures()
            )
            if capture.record.ending is not None:
                totals.seconds += capture.record.ending.seconds
        totals.seconds = round(totals.seconds, 3)
        return totals
