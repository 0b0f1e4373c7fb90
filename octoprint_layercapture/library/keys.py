"""What prints are called in URLs: by their folder, or by their number without one."""

from __future__ import annotations

import base64
import binascii
import os
import re
from typing import Optional

FLAT = "flat~"

_PLAIN = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_ENCODED = "~"


def flat_key(print_id: str) -> str:
    """The key of a print in the flat layout."""
    return FLAT + print_id


def key_of(folder: str) -> str:
    """The key of a print in a folder of its own: the folder's name where URLs take it."""
    if _PLAIN.fullmatch(folder):
        return folder
    coded = base64.urlsafe_b64encode(os.fsencode(folder)).decode("ascii")
    return _ENCODED + coded.rstrip("=")


def folder_of(key: str) -> Optional[str]:
    """The folder that a key stands for, or None where it stands for none."""
    if _PLAIN.fullmatch(key):
        return key
    if not key.startswith(_ENCODED):
        return None
    coded = key[len(_ENCODED) :]
    try:
        name = os.fsdecode(base64.urlsafe_b64decode(coded + "=" * (-len(coded) % 4)))
    except (binascii.Error, ValueError):
        return None
    if name.startswith(".") or "/" in name or "\x00" in name or key_of(name) != key:
        return None
    return name


def is_flat_key(key: str) -> bool:
    """Whether this is the key of a print in the flat layout."""
    return key.startswith(FLAT)
