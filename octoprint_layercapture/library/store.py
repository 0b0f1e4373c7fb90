"""Where pictures and their JSON go: a folder for each print, or all in one."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from itertools import count
from pathlib import Path
from typing import Callable

from . import names
from .errors import StoreError, explain
from .files import free_bytes, write_new
from .records import CaptureRecord, CaptureSettings, new_id
from .writer import CaptureWriter

__all__ = ["CaptureWriter", "PrintFolder", "Store"]


class Store:
    """Keeps captures below ``root``. Nothing is created before the first file.

    ``uploads`` is OctoPrint's uploads folder; ``root`` is spelt as a path below it
    (``ValueError`` where it is not). ``sanitize`` is OctoPrint's ``sanitize_name`` for
    that folder. ``floor`` is the bytes that must stay free on the disk, ``free`` tells
    how many are.
    """

    def __init__(
        self,
        root: Path,
        *,
        sanitize: names.Sanitize,
        uploads: Path,
        folder_per_print: bool = True,
        floor: int = 0,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        root.relative_to(uploads)
        self.root = root
        self.uploads = uploads
        self.folder_per_print = folder_per_print
        self.sanitize = sanitize
        self._floor = floor
        self._free = free

    def begin_print(
        self, gcode_file: str, started: float, *, instance: str = ""
    ) -> PrintFolder:
        """``gcode_file`` is the path below uploads, ``started`` seconds since 1970."""
        return PrintFolder(self, gcode_file, started, instance)

    def write_new(
        self, folder: Path, name: Callable[[int], str], data: bytes, *, spare: bool = True
    ) -> Path:
        """Writes a file under the first free name; raises ``StoreError``.

        Without ``spare`` the last bit of the disk may be used as well.
        """
        try:
            if spare:
                self._check_space(len(data))
            return write_new(folder, name, data)
        except OSError as error:
            raise explain(error, folder) from error

    def url_path(self, path: Path) -> str:
        """``/uploads/…``, the same wherever the uploads folder lies."""
        return "/uploads/" + path.relative_to(self.uploads).as_posix()

    def make_root(self) -> None:
        if not self.uploads.exists():
            raise StoreError(
                "The uploads folder %(path)s is missing. Is its disk plugged in and"
                " mounted?",
                path=str(self.uploads),
            )
        self.root.mkdir(parents=True, exist_ok=True)

    def _check_space(self, size: int) -> None:
        free = self._free(self.root)
        if free < self._floor + size:
            raise StoreError(
                "Only %(free)d MB are free on the disk with %(path)s, and %(floor)d MB"
                " are to stay free. Delete old pictures or other files to make room.",
                free=free // 1_000_000,
                floor=self._floor // 1_000_000,
                path=str(self.root),
            )


class PrintFolder:
    """What is kept of one print. Safe to use from several threads."""

    def __init__(
        self, store: Store, gcode_file: str, started: float, instance: str
    ) -> None:
        self.print_id = new_id()
        self._store = store
        self._gcode_file = gcode_file
        self._started = started
        self._instance = instance
        self._lock = threading.Lock()
        self._path: Path | None = None

    @property
    def path(self) -> Path | None:
        """Where the files are; ``None`` before there is one."""
        return self._path

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
        cameras: Sequence[str] = (),
    ) -> CaptureWriter:
        """``cameras`` in order: pictures of all but the first carry the camera's name."""
        record = CaptureRecord(
            print_id=self.print_id,
            instance=self._instance,
            layer=layer,
            z_height=round(z_height, 3),
            height=None if height is None else round(height, 3),
            layers_total=layers_total,
            slicer=slicer,
            slicer_layer=slicer_layer,
            timestamp=started,
            gcode_file=self._gcode_file,
            print_start_time=self._started,
            settings=settings,
        )
        return CaptureWriter(self._store, self.make, record, cameras)

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

    def _claim(self) -> Path:
        """A folder that nobody had before."""
        name = names.print_name(self._gcode_file)
        for number in count(1):
            path = self._store.root / names.folder_name(
                name, self._started, self._store.sanitize, number
            )
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return path
        raise AssertionError("counting never ends")
