"""From what a URL says to a file that may be handed out, or to none."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from . import ours
from .catalog import is_proper_folder
from .entries import PictureEntry, PrintEntry, load
from .keys import folder_of, is_flat_key
from .names import PRINT_RECORD


def locate(root: Path, key: str, name: str) -> Optional[Path]:
    """The file ``name`` of the print ``key``, if it is one of ours below ``root``.

    Only pictures and JSON under names the plugin gives; no hidden, temporary or foreign
    file, nothing behind a symlink below ``root``, which may be one itself.
    """
    if is_flat_key(key):
        known = ours.is_flat_record(name)
        folder = root
    else:
        named = folder_of(key)
        if named is None:
            return None
        known = name == PRINT_RECORD
        folder = root / named
        if not is_proper_folder(folder):
            return None
    if not (known or ours.is_picture(name) or ours.metadata(name) is not None):
        return None
    path = folder / name
    return path if ours.is_plain_file(path) else None


def cover(entry: PrintEntry) -> Optional[PictureEntry]:
    """The picture that stands for a print: the middle of the latest that has one."""
    for name in reversed(entry.metadata):
        capture = load(entry.path, name)
        if capture is None or not capture.record.images:
            continue
        pictures = capture.pictures()
        first = [each for each in pictures if each.camera == pictures[0].camera]
        return sorted(first, key=lambda each: each.index)[len(first) // 2]
    return None
