"""One print on its way to disk: its folder, its own record, its captures."""

from __future__ import annotations

import logging
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import Any, Callable, Optional, Protocol

from . import names, ours
from .entries import size_of
from .errors import StoreError, explain
from .files import rewrite
from .keys import flat_key, key_of
from .prints import PrintRecord
from .records import CaptureRecord, CaptureSettings, Conditions, to_json
from .tally import Tallies
from .writer import CaptureWriter

_log = logging.getLogger("octoprint.plugins.layercapture.library")


class Shelves(Protocol):
    """Where files are put: the Store, as far as one print needs it."""

    root: Path
    folder_per_print: bool
    sanitize: names.Sanitize

    def write_new(
        self, folder: Path, name: Callable[[int], str], data: bytes, *, spare: bool = True
    ) -> Path:
        """Writes a file under the first free name; raises ``StoreError``."""

    def url_path(self, path: Path) -> str:
        """``/uploads/…``, the same wherever the folder lies."""

    def make_root(self) -> None:
        """Raises ``StoreError``, or ``OSError``."""


class PrintFolder:
    """What is kept of one print. Safe to use from several threads.

    The print's own record is written with the first file, and again where it was deleted.
    """

    def __init__(
        self, store: Shelves, gcode_file: str, started: float, instance: str
    ) -> None:
        self._store = store
        self._record = PrintRecord(
            instance=instance,
            name=names.print_name(gcode_file),
            gcode_file=gcode_file,
            print_start_time=started,
        )
        self.print_id = self._record.print_id
        self._lock = threading.RLock()
        self._path: Path | None = None
        self._record_path: Path | None = None
        self._metadata: set[str] = set()

    @property
    def path(self) -> Path | None:
        """Where the files are; ``None`` before there is one."""
        return self._path

    @property
    def key(self) -> str | None:
        """What the print is called in the library; ``None`` before there is a folder."""
        if self._path is None:
            return None
        if self._store.folder_per_print:
            return key_of(self._path.name)
        return flat_key(self.print_id)

    @property
    def record(self) -> PrintRecord:
        """What the print's own JSON says, or will say; a copy."""
        with self._lock:
            return self._record.model_copy(deep=True)

    def describe(self, **fields: Any) -> None:
        """Sets fields of the print's record, on disk as well if it is there."""
        with self._lock:
            self._change(fields)
            if self._record_path is not None:
                self._save()

    def finish(self, outcome: Optional[str], reason: Optional[str], ended: float) -> None:
        """The print is over; a print that kept nothing leaves nothing.

        ``outcome`` is ``done``, ``failed`` or ``cancelled``, None where nobody knows;
        ``ended`` is seconds since the epoch.
        """
        with self._lock:
            self._change({"outcome": outcome, "reason": reason, "print_end_time": ended})
            if self._path is None or self._record_path is None:
                return
            parts = (ours.metadata(name) for name in sorted(self._metadata))
            found = [each for each in parts if each is not None]
            totals = Tallies().of_names(self._path, found, self._record_path)
            if totals.captures:
                self._record.totals = totals
                self._save()
                return
            with suppress(OSError):
                os.unlink(self._record_path)
            if self._store.folder_per_print:
                with suppress(OSError):
                    self._path.rmdir()

    def begin_capture(
        self,
        *,
        layer: int,
        z_height: float,
        started: float,
        settings: CaptureSettings,
        height: float | None = None,
        layers_total: int | None = None,
        slicer: str | None = None,
        slicer_layer: int | None = None,
        conditions: Conditions | None = None,
        cameras: Sequence[str] = (),
    ) -> CaptureWriter:
        """``cameras`` in order: pictures of all but the first carry the camera's name."""
        record = CaptureRecord(
            print_id=self.print_id,
            instance=self._record.instance,
            layer=layer,
            z_height=round(z_height, 3),
            height=None if height is None else round(height, 3),
            layers_total=layers_total,
            slicer=slicer,
            slicer_layer=slicer_layer,
            timestamp=started,
            gcode_file=self._record.gcode_file,
            print_start_time=self._record.print_start_time,
            conditions=conditions,
            settings=settings,
        )
        return CaptureWriter(self._store, self, record, cameras)

    def make(self) -> Path:
        """The folder, made when it is not there, also when it was deleted meanwhile.

        Raises ``StoreError``.
        """
        with self._lock:
            path = self._path or self._store.root
            try:
                self._store.make_root()
                if self._path is not None:
                    path.mkdir(exist_ok=True)
                elif self._store.folder_per_print:
                    path = self._claim()
            except OSError as error:
                raise explain(error, path) from error
            self._path = path
            return path

    def written(self) -> None:
        """Something was kept, and so is the print's record."""
        with self._lock:
            if self._record_path is None or not os.path.lexists(self._record_path):
                self._save()

    def kept(self, metadata: Path, capture: CaptureRecord) -> None:
        """A capture is complete."""
        with self._lock:
            self._metadata.add(metadata.name)
            totals = self._record.totals
            totals.captures += 1
            totals.pictures += len(capture.images)
            totals.failures += len(capture.failures)
            totals.bytes += sum(image.size for image in capture.images)
            totals.bytes += size_of(metadata)
            if capture.ending is not None:
                totals.seconds = round(totals.seconds + capture.ending.seconds, 3)
            self._save()

    def _change(self, fields: dict[str, Any]) -> None:
        self._record = PrintRecord.model_validate({**self._record.model_dump(), **fields})

    def _save(self) -> None:
        """Without it the print is still read from its captures, so it may fail."""
        data = to_json(self._record)
        folder = self._path
        if folder is None:
            return
        try:
            if self._record_path is None:
                self._record_path = self._store.write_new(
                    folder, self._record_name, data, spare=False
                )
            else:
                rewrite(self._record_path, data)
            if self._store.folder_per_print:
                settle_times(self._record_path)
        except (OSError, StoreError) as error:
            _log.warning("The record of the print was not written: %s", error)

    def _record_name(self, number: int) -> str:
        if self._store.folder_per_print:
            return names.PRINT_RECORD if number == 1 else f"print_{number}.json"
        record = self._record
        return names.print_record_name(
            record.name, record.print_start_time, self._store.sanitize, number
        )

    def _claim(self) -> Path:
        """A folder that nobody had before."""
        record = self._record
        for number in count(1):
            path = self._store.root / names.folder_name(
                record.name, record.print_start_time, self._store.sanitize, number
            )
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
        raise AssertionError("counting never ends")


def settle_times(record_path: Path) -> None:
    """Marks a print's record as written after all else that happened in its folder."""
    changed = os.stat(record_path.parent).st_mtime_ns
    os.utime(record_path, ns=(changed, changed))
