"""One capture on its way to disk: each picture, and after each the JSON."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Callable, Optional, Protocol

from . import names
from .errors import explain
from .files import is_there, rewrite
from .records import (
    CaptureRecord,
    Ending,
    Failure,
    Image,
    Sentence,
    point,
    reported,
    to_json,
)


class Shelf(Protocol):
    """Where files are put: the Store, as far as one capture needs it."""

    sanitize: names.Sanitize

    def write_new(
        self, folder: Path, name: Callable[[int], str], data: bytes, *, spare: bool = True
    ) -> Path:
        """Writes a file under the first free name; raises ``StoreError``."""

    def url_path(self, path: Path) -> str:
        """``/uploads/…``, the same wherever the uploads folder lies."""


class Folder(Protocol):
    """The folder of the print that a capture belongs to."""

    def make(self) -> Path:
        """The folder, made when it is not there; raises ``StoreError``."""

    def written(self) -> None:
        """Something was kept."""

    def kept(self, metadata: Path, capture: CaptureRecord) -> None:
        """A capture is complete, in this JSON."""


class CaptureWriter:
    """Writes the pictures of one capture. Safe to use from several threads.

    After every call the JSON on disk is complete and names only files that exist.
    """

    def __init__(
        self,
        store: Shelf,
        folder: Folder,
        record: CaptureRecord,
        cameras: Sequence[str],
    ) -> None:
        self._store = store
        self._folder = folder
        self._record = record
        self._first_camera = cameras[0] if cameras else None
        self._kept: list[tuple[Path, Image]] = []
        self._metadata: Path | None = None
        self._lock = threading.Lock()

    @property
    def record(self) -> CaptureRecord:
        """What the JSON says; a copy."""
        with self._lock:
            return self._record.model_copy(deep=True)

    @property
    def metadata_path(self) -> Path | None:
        """The JSON; ``None`` before there is one."""
        return self._metadata

    def add_picture(
        self,
        *,
        index: int,
        order: int,
        position: tuple[float, float],
        actual: tuple[float, float, float] | None,
        camera: str,
        jpeg: bytes,
        taken_at: float,
        width: int,
        height: int,
        z: float | None = None,
        offset: tuple[float, float] | None = None,
        settle: float | None = None,
        repeated: bool = False,
    ) -> Image:
        """Keeps a picture; raises ``StoreError``. Where it raises, it never was.

        ``position``, ``z`` (the height that was asked for), ``actual`` and ``offset`` in
        mm, ``taken_at`` in seconds since the epoch, ``settle`` in s, ``width`` and
        ``height`` in pixels.
        """
        with self._lock:
            if self._first_camera is None:
                self._first_camera = camera
            further = "" if camera == self._first_camera else camera

            def name(number: int) -> str:
                return names.picture_name(
                    self._record.layer,
                    index,
                    taken_at,
                    self._store.sanitize,
                    further,
                    number,
                )

            path = self._store.write_new(self._folder.make(), name, jpeg)
            image = Image(
                path=self._store.url_path(path),
                file=path.name,
                position=point(position),
                index=index,
                order=order,
                requested=None if z is None else reported((*position, z)),
                actual=reported(actual),
                camera=camera,
                timestamp=taken_at,
                width=width,
                height=height,
                size=len(jpeg),
                sha256=hashlib.sha256(jpeg).hexdigest(),
                offset=None if offset is None else point(offset),
                settle=None if settle is None else round(settle, 3),
                repeated=repeated,
            )
            self._kept.append((path, image))
            try:
                self._write_record()
            except Exception:
                self._kept.pop()
                self._record.images = [other for _, other in self._kept]
                with suppress(OSError):
                    os.unlink(path)
                raise
            return image

    def add_failure(
        self,
        *,
        index: int,
        position: tuple[float, float],
        reason: str,
        camera: str | None = None,
        message: Optional[dict[str, Any]] = None,
        on_disk: bool = True,
    ) -> Failure:
        """Records a picture that is missing; raises ``StoreError``.

        ``message`` is what :meth:`Message.to_dict` gives for the reason. It is remembered
        all the same, and written with what comes next; without ``on_disk`` only that.
        """
        failure = Failure(
            index=index,
            position=point(position),
            camera=camera,
            reason=reason,
            message=None if message is None else Sentence.model_validate(message),
        )
        with self._lock:
            self._record.failures.append(failure)
            if on_disk:
                self._write_record()
        return failure

    def finish(self, ending: Optional[Ending] = None) -> CaptureRecord:
        """The record as it stays, with how the capture ended; raises ``StoreError``.

        A capture that went well and left neither a picture nor a failure leaves no file.
        """
        with self._lock:
            self._record.ending = ending
            told = ending is not None and (ending.interrupted or ending.failure)
            if self._kept or self._record.failures or told:
                self._write_record()
            finished = self._record.model_copy(deep=True)
        if self._metadata is not None:
            self._folder.kept(self._metadata, finished)
        return finished

    def _write_record(self) -> None:
        self._record.images = [image for path, image in self._kept if is_there(path)]
        data = to_json(self._record)
        folder = self._folder.make()
        if self._metadata is None:
            self._metadata = self._store.write_new(
                folder, self._metadata_name, data, spare=False
            )
        else:
            try:
                rewrite(self._metadata, data)
            except OSError as error:
                raise explain(error, folder) from error
        self._folder.written()

    def _metadata_name(self, number: int) -> str:
        return names.metadata_name(self._record.layer, self._record.timestamp, number)
