"""Names of folders and files that OctoPrint leaves as they are."""

from __future__ import annotations

import re
import time
import unicodedata
from typing import Callable

Sanitize = Callable[[str], str]
"""OctoPrint's own rule for names: gives back the name it would put on disk."""

STEM_BYTES = 100
CAMERA_BYTES = 40

PRINT_RECORD = "print.json"

_ROUNDS = 8
_NO_NAME = "print"
_NO_CAMERA = "camera"
_UNSAFE = re.compile(r'[/\\:*?"<>|;&$\x00-\x1f\x7f]+')
_INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
_MACHINE_CODE = re.compile(r"\.(gcode|gco|g|bgcode)$", re.IGNORECASE)


def stamp(when: float) -> str:
    """``20241201_143022``, local time, for seconds since the epoch."""
    return time.strftime("%Y%m%d_%H%M%S", time.localtime(when))


def print_name(gcode_file: str) -> str:
    """What the user calls the print: the file's name without folder and extension."""
    return _MACHINE_CODE.sub("", gcode_file.rsplit("/", 1)[-1])


def folder_name(name: str, started: float, sanitize: Sanitize, number: int = 1) -> str:
    """The folder of a print of any ``name``; ``number`` 2 is the second of that name.

    At most ``STEM_BYTES`` of UTF-8 come from ``name``. The result is what ``sanitize``
    makes of itself: where it cannot be brought to agree, the name becomes a plain one.
    """
    return _agreed(_cleaned(name), f"_{stamp(started)}{_nth(number)}", sanitize)


def picture_name(
    layer: int,
    index: int,
    taken_at: float,
    sanitize: Sanitize,
    camera: str = "",
    number: int = 1,
) -> str:
    """``camera`` is empty for the first camera of a capture, and only for that."""
    start = f"layer_{layer:04d}_pos_{index:02d}"
    ending = f"_{stamp(taken_at)}{_nth(number)}.jpg"
    if not camera:
        return start + ending
    word = re.sub(r"[\s_.]+", "-", _cleaned(camera)).strip("-")
    word = _limited(word, CAMERA_BYTES) or _NO_CAMERA
    name = f"{start}_{word}{ending}"
    if _accepted(name, sanitize) == name:
        return name
    plain = re.sub(r"[^A-Za-z0-9]+", "-", word).strip("-") or _NO_CAMERA
    return f"{start}_{plain}{ending}"


def metadata_name(layer: int, started: float, number: int = 1) -> str:
    return f"layer_{layer:04d}_metadata_{stamp(started)}{_nth(number)}.json"


def print_record_name(
    name: str, started: float, sanitize: Sanitize, number: int = 1
) -> str:
    """What the flat layout calls the record of a print of any ``name``."""
    ending = f"_{stamp(started)}{_nth(number)}.json"
    cleaned = _cleaned(name)
    return _agreed(f"print_{cleaned}" if cleaned else _NO_NAME, ending, sanitize)


def _nth(number: int) -> str:
    return f"_{number}" if number > 1 else ""


def _agreed(stem: str, ending: str, sanitize: Sanitize) -> str:
    for _ in range(_ROUNDS):
        name = _limited(stem, STEM_BYTES) + ending
        accepted = _accepted(name, sanitize)
        if accepted == name and not name.startswith("_"):
            return name
        stem = accepted[: -len(ending)]
    return _NO_NAME + ending


def _accepted(name: str, sanitize: Sanitize) -> str:
    try:
        return sanitize(name)
    except ValueError:
        return ""


def _cleaned(name: str) -> str:
    text = unicodedata.normalize("NFC", name)
    text = _UNSAFE.sub("_", text)
    text = "".join(c for c in text if unicodedata.category(c) not in _INVISIBLE)
    return text.strip("._ ")


def _limited(text: str, length: int) -> str:
    """The start of ``text`` that fits into ``length`` bytes, no character cut in two."""
    return text.encode("utf-8")[:length].decode("utf-8", "ignore").rstrip("._ ")
