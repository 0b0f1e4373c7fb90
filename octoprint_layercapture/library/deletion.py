"""Deleting prints, captures and pictures, so that JSON names only files that exist.

Only files whose names the plugin gives are touched, never a symlink, never the print
under way; a folder goes when nothing is left in it.
"""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path
from typing import Callable

from . import ours
from .entries import RUNNING, CaptureEntry, PrintEntry, size_of
from .errors import PrintRunning, explain
from .files import rewrite
from .folder import settle_times
from .names import PRINT_RECORD
from .prints import PrintRecord
from .records import SCHEMA_VERSION, CaptureRecord, Image, to_json

_log = logging.getLogger("octoprint.plugins.layercapture.library")

Removed = Callable[[Path], None]


def delete_print(entry: PrintEntry, removed: Removed) -> int:
    """Deletes what is ours of a print; gives the bytes that were freed.

    Raises ``StoreError``; what could be deleted before that is gone.
    """
    _refuse_running(entry)
    freed = 0
    if entry.own_folder:
        # what names files goes first, so that nothing names a file that is gone
        for name in sorted(_ours_in(entry.path), key=_json_first):
            freed += _unlink(entry.path / name, removed)
        with suppress(OSError):
            entry.path.rmdir()
        return freed
    for capture in entry.iter_captures():
        freed += _delete_capture(capture, removed)
    for metadata in entry.metadata:
        # those that could not be read
        freed += _unlink(entry.path / metadata.name, removed)
    if entry.record_path is not None:
        freed += _unlink(entry.record_path, removed)
    return freed


def delete_capture(entry: PrintEntry, key: str, removed: Removed) -> int:
    """Deletes a capture with its pictures; gives the bytes that were freed.

    Raises ``StoreError``.
    """
    _refuse_running(entry)
    freed = _delete_capture(entry.capture(key), removed)
    _recount(entry)
    return freed


def delete_picture(entry: PrintEntry, name: str, removed: Removed) -> int:
    """Deletes one picture; gives the bytes that were freed. Raises ``StoreError``."""
    _refuse_running(entry)
    picture = entry.picture(name)
    record = picture.capture.record
    left = [image for image in record.images if image.file != name]
    _rewrite(picture.capture.path, record, left)
    try:
        freed = _unlink(picture.path, removed)
    except Exception:
        _rewrite(picture.capture.path, record, record.images)
        raise
    _recount(entry)
    return freed


def _delete_capture(capture: CaptureEntry, removed: Removed) -> int:
    pictures = capture.pictures()
    freed = size_of(capture.path)
    if pictures:
        _rewrite(capture.path, capture.record, [])
        for picture in pictures:
            freed += _unlink(picture.path, removed)
    _unlink(capture.path, removed)
    return freed


def _rewrite(path: Path, record: CaptureRecord, images: list[Image]) -> None:
    version = max(record.schema_version, SCHEMA_VERSION)
    changed = record.model_copy(update={"images": images, "schema_version": version})
    try:
        rewrite(path, to_json(changed))
    except OSError as error:
        raise explain(error, path.parent) from error


def _recount(entry: PrintEntry) -> None:
    """Brings the totals in the print's own record up to date."""
    path = entry.record_path
    if path is None:
        return
    for name in ("counts", "metadata"):
        entry.__dict__.pop(name, None)
    record: PrintRecord = entry.record.model_copy(update={"totals": entry.counts})
    try:
        rewrite(path, to_json(record))
        if entry.own_folder:
            settle_times(path)
    except OSError as error:
        # the totals are counted where the record does not seem up to date
        _log.debug("%s was not brought up to date: %s", path, error)


def _refuse_running(entry: PrintEntry) -> None:
    if entry.state == RUNNING:
        raise PrintRunning(entry.name)


def _ours_in(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if ours.is_ours(name)]
    except OSError as error:
        raise explain(error, folder) from error


def _json_first(name: str) -> tuple[int, str]:
    """And the print's own record last: what was not deleted is still found by it."""
    if name == PRINT_RECORD:
        return 2, name
    return (0 if name.endswith(".json") else 1), name


def _unlink(path: Path, removed: Removed) -> int:
    """Deletes a file proper; gives its bytes, 0 where there is none."""
    try:
        if not ours.is_plain_file(path):
            return 0
        size = os.lstat(path).st_size
        os.unlink(path)
    except FileNotFoundError:
        return 0
    except OSError as error:
        raise explain(error, path.parent) from error
    with suppress(Exception):
        removed(path)
    return size
