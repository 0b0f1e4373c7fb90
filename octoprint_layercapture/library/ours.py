"""Which files the plugin wrote: told by their names, so that no other is ever touched."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

from .names import PRINT_RECORD

_STAMP = r"(?P<stamp>\d{8}_\d{6})(?:_(?P<nth>\d{1,6}))?"
_METADATA = re.compile(rf"layer_(?P<layer>\d{{4,9}})_metadata_{_STAMP}\.json")
_PICTURE = re.compile(
    r"layer_(?P<layer>\d{4,9})_pos_(?P<index>\d{2,9})"
    rf"(?:_(?P<camera>[^_/\\]+))?_{_STAMP}\.jpg"
)
_RECORD = re.compile(rf"print(?:_.*)?_{_STAMP}\.json")
_FOLDER = re.compile(rf".*_{_STAMP}")
_TEMPORARY = re.compile(r"\.layercapture-[0-9a-f]{16}\.tmp")


@dataclass(frozen=True, order=True)
class MetadataName:
    """The name of a capture's JSON, taken apart; sorts in print order."""

    layer: int
    stamp: str
    nth: int
    name: str

    @property
    def key(self) -> str:
        """What URLs call the capture."""
        return self.name[: -len(".json")]


def metadata(name: str) -> Optional[MetadataName]:
    """``name`` taken apart, or None where it is no capture's JSON."""
    match = _METADATA.fullmatch(name)
    if match is None:
        return None
    return MetadataName(int(match["layer"]), match["stamp"], int(match["nth"] or 1), name)


def is_picture(name: str) -> bool:
    return _PICTURE.fullmatch(name) is not None


def picture_layer(name: str) -> Optional[int]:
    """The layer in a picture's name, or None where it is no picture of ours."""
    match = _PICTURE.fullmatch(name)
    return None if match is None else int(match["layer"])


def is_flat_record(name: str) -> bool:
    """Whether this is what the flat layout calls the record of a print."""
    return _RECORD.fullmatch(name) is not None


def is_ours(name: str) -> bool:
    """Whether the plugin gives such a name to files in the folder of a print."""
    return (
        name == PRINT_RECORD
        or _METADATA.fullmatch(name) is not None
        or is_picture(name)
        or _TEMPORARY.fullmatch(name) is not None
    )


def start_stamp(folder: str) -> Optional[tuple[str, int]]:
    """When the print of a folder of this name began, as text that sorts; or None."""
    match = _FOLDER.fullmatch(folder)
    return None if match is None else (match["stamp"], int(match["nth"] or 1))


def stem(folder: str) -> str:
    """What a folder is called before its stamp."""
    match = _FOLDER.fullmatch(folder)
    return folder if match is None else folder[: match.start("stamp") - 1]


def is_plain_file(path: Path) -> bool:
    """A file proper: no symlink, which might lead elsewhere."""
    try:
        return os.path.isfile(path) and not os.path.islink(path)
    except ValueError:
        return False
