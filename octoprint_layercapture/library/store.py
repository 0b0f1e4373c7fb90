"""Where pictures and their JSON go: a folder for each print, or all in one."""

from __future__ import annotations

import errno
import os
from itertools import islice
from pathlib import Path
from typing import Callable

from . import names, ours
from .errors import StoreError, explain
from .files import free_bytes, write_new
from .folder import PrintFolder
from .place import Place
from .writer import CaptureWriter

__all__ = ["CaptureWriter", "PrintFolder", "Store"]


class Store:
    """Keeps captures in a place. Nothing is created before the first file.

    ``sanitize`` is OctoPrint's ``sanitize_name`` for uploads. ``floor`` is the bytes that
    must stay free on the disk, ``free`` tells how many are.
    """

    def __init__(
        self,
        place: Place,
        *,
        sanitize: names.Sanitize,
        folder_per_print: bool = True,
        floor: int = 0,
        free: Callable[[Path], int] = free_bytes,
    ) -> None:
        self.place = place
        self.root = place.root
        self.folder_per_print = folder_per_print
        self.sanitize = sanitize
        self.floor = floor
        self._free = free
        self._largest = 0  # bytes of a picture, kept or not

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
                self._largest = max(self._largest, len(data))
                self._check_space(len(data))
            return write_new(folder, name, data)
        except OSError as error:
            raise explain(error, folder) from error

    def url_path(self, path: Path) -> str:
        """``/uploads/…``, the same wherever the folder lies."""
        return self.place.url_path(path)

    def make_root(self) -> None:
        """Raises ``StoreError``, or ``OSError``."""
        self.place.make()

    def check(self) -> None:
        """Whether a capture can be kept now; raises ``StoreError`` where not.

        There must be room for one picture as large as any before: the head is not to
        travel for pictures that cannot be kept. May hang as long as the disk does.
        """
        try:
            self.make_root()
            self._check_space(self._largest)
            if not os.access(self.root, os.W_OK | os.X_OK):
                raise PermissionError(13, "not writable")
        except OSError as error:
            raise explain(error, self.root) from error

    def free_bytes(self) -> int:
        """Room that may be used, bytes, 0 or less below the floor; raises ``OSError``."""
        return self._free(self.root) - self.floor

    def count_flat(self, most: int) -> int:
        """Pictures that lie in the folder itself, counted until past ``most``."""
        try:
            with os.scandir(self.root) as found:
                pictures = (each for each in found if ours.is_picture(each.name))
                return sum(1 for _ in islice(pictures, most + 1))
        except OSError:
            return 0

    def _check_space(self, size: int) -> None:
        free = self._free(self.root)
        if free < size and not self.floor:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if free < self.floor + size:
            raise StoreError(
                "Only %(free)d MB are free on the disk with %(path)s, and %(floor)d MB"
                " are to stay free. Delete old pictures or other files to make room.",
                free=free // 1_000_000,
                floor=self.floor // 1_000_000,
                path=str(self.root),
            )
