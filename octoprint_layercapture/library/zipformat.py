"""The bytes of a zip archive around its files, which are stored as they are.

Lengths depend on names and sizes alone, so an archive's length, and where each file lies
in it, is known before any file is read. Beyond 4 GB or 65,535 files it is a Zip64.
"""

from __future__ import annotations

import struct
import time

MOST_32 = 0xFFFFFFFF
MOST_16 = 0xFFFF

_LOCAL = struct.Struct("<4s5H3L2H")
_CENTRAL = struct.Struct("<4s6H3L5H2L")
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_END = struct.Struct("<4s4H2LH")

_VERSION, _VERSION_64 = 20, 45
_UNIX = 3 << 8
_UTF_8 = 0x800
_STORED = 0
_FILE_MODE = 0o100644 << 16
_EARLIEST = (0, 33)  # 1980-01-01, what the format can say


def local_header(name: bytes, size: int, crc: int, modified: float) -> bytes:
    """What stands before a file; ``modified`` is seconds since the epoch."""
    extra = _extra([size, size] if size >= MOST_32 else [])
    shown = min(size, MOST_32)
    version = _VERSION_64 if extra else _VERSION
    at, on = _dos(modified)
    head = _LOCAL.pack(
        b"PK\3\4",
        *(version, _UTF_8, _STORED, at, on, crc, shown, shown, len(name), len(extra)),
    )
    return head + name + extra


def local_length(name: bytes, size: int) -> int:
    """Bytes of the local header of a file."""
    return len(local_header(name, size, 0, 0))


def central_header(
    name: bytes, size: int, crc: int, modified: float, offset: int
) -> bytes:
    """A file's line in the directory; ``offset`` is where its local header is."""
    large = [size, size] if size >= MOST_32 else []
    if offset >= MOST_32:
        large.append(offset)
    extra = _extra(large)
    shown = min(size, MOST_32)
    version = _VERSION_64 if extra else _VERSION
    at, on = _dos(modified)
    head = _CENTRAL.pack(
        b"PK\1\2",
        *(_UNIX | version, version, _UTF_8, _STORED, at, on, crc, shown, shown),
        *(len(name), len(extra), 0, 0, 0, _FILE_MODE, min(offset, MOST_32)),
    )
    return head + name + extra


def central_length(name: bytes, size: int, offset: int) -> int:
    """Bytes of a file's line in the directory."""
    return len(central_header(name, size, 0, 0, offset))


def ending(files: int, size: int, offset: int) -> bytes:
    """The end of an archive whose directory takes ``size`` bytes from ``offset`` on."""
    found = b""
    if files >= MOST_16 or size >= MOST_32 or offset >= MOST_32:
        found = _END_64.pack(
            b"PK\6\6",
            *(_END_64.size - 12, _UNIX | _VERSION_64, _VERSION_64, 0, 0),
            *(files, files, size, offset),
        )
        found += _LOCATOR.pack(b"PK\6\7", 0, offset + size, 1)
    few = min(files, MOST_16)
    end = _END.pack(
        b"PK\5\6", 0, 0, few, few, min(size, MOST_32), min(offset, MOST_32), 0
    )
    return found + end


def _extra(large: list[int]) -> bytes:
    if not large:
        return b""
    return struct.pack(f"<2H{len(large)}Q", 1, 8 * len(large), *large)


def _dos(seconds: float) -> tuple[int, int]:
    """Time and date as the format writes them, local and to two seconds."""
    try:
        local = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return _EARLIEST
    if not 1980 <= local.tm_year <= 2107:
        return _EARLIEST
    at = local.tm_hour << 11 | local.tm_min << 5 | min(local.tm_sec, 59) >> 1
    return at, (local.tm_year - 1980) << 9 | local.tm_mon << 5 | local.tm_mday
