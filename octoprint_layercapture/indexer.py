"""Indexing files in the background: which one is wanted, and what came of it."""

from __future__ import annotations

import logging
import os
import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Optional, Protocol

from .gcode import Abandoned, Layer, LayerIndex
from .hands import Pool
from .messages import N_, Message

_log = logging.getLogger("octoprint.plugins.layercapture.indexer")

_TELL_EVERY = 0.5  # s


class Indexing(Protocol):
    """Finds the layers of a file."""

    def __call__(
        self,
        path: str,
        min_height: float,
        *,
        progress: Optional[Callable[[float], None]],
    ) -> LayerIndex: ...


@dataclass(frozen=True)
class Indexed:
    """A file's layers, and the file as it was when they were found."""

    path: str
    layers: LayerIndex
    size: int
    modified: float

    def changed(self) -> Optional[Message]:
        """What has become of the file since, or None if it is the same."""
        params = {"file": os.path.basename(self.path)}
        try:
            now = os.stat(self.path)
        except OSError:
            return Message(
                N_(
                    "%(file)s is no longer there, so nothing more is captured in this "
                    "print."
                ),
                params,
            )
        if (now.st_size, now.st_mtime) != (self.size, self.modified):
            return Message(
                N_(
                    "%(file)s was changed while it prints, so its layers are no longer "
                    "known and nothing more is captured in this print."
                ),
                params,
            )
        return None

    def layer_at(self, position: int) -> Optional[Layer]:
        """The layer that the line ending at ``position`` belongs to."""
        return self.layers.layer_at(position)


class Indexer:
    """Indexes files on one thread; what is asked for last is what is wanted.

    Args:
        indexing: finds the layers of a path with a minimum layer height (mm), calls
            ``progress`` with the fraction read
        progressed: hears of files that take long: their path and the fraction read, and
            None once there is nothing more to say
    """

    def __init__(
        self,
        indexing: Indexing,
        progressed: Callable[[str, Optional[float]], None],
    ) -> None:
        self._indexing = indexing
        self._progressed = progressed
        self._lock = threading.Lock()
        self._pool = Pool(1, "layercapture-index")
        self._wanted: Optional[tuple[str, float]] = None
        self._latest: Optional[Future[Indexed]] = None

    def request(self, path: str, min_height: float) -> Future[Indexed]:
        """The index of a file, under way or done; ``min_height`` in mm.

        A file asked for before and not read yet is abandoned, its future fails with
        Abandoned.
        """
        key = (path, min_height)
        with self._lock:
            latest = self._latest
            if self._wanted == key and latest is not None and not latest.done():
                return latest
            self._wanted = key
            self._latest = self._pool.submit(self._index, key)
            return self._latest

    def abandon(self) -> None:
        """Nobody wants the file being read any more."""
        with self._lock:
            self._wanted = None

    def _index(self, key: tuple[str, float]) -> Indexed:
        path, min_height = key
        started = told = time.monotonic()

        def progress(fraction: float) -> None:
            nonlocal told
            if self._wanted != key:
                raise Abandoned(path)
            if time.monotonic() - told >= _TELL_EVERY:
                told = time.monotonic()
                self._progressed(path, fraction)

        before = os.stat(path)
        try:
            found = self._indexing(path, min_height, progress=progress)
        finally:
            if told > started:
                self._progressed(path, None)
        _log.info(
            "%s: %d layers (%s), found in %.2f s",
            Path(path).name,
            len(found.layers),
            found.slicer or "slicer unknown",
            time.monotonic() - started,
        )
        return Indexed(path, found, before.st_size, before.st_mtime)

    def shutdown(self) -> None:
        """Take no more requests and give up the one under way."""
        self.abandon()
        self._pool.shutdown(wait=False)
