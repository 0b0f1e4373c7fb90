"""A zip archive that is sent while it is made: nothing waits, nothing piles up."""

from __future__ import annotations

import io
import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import Callable, Optional

from .export import Member, opened, pieces

_PIECE = 256 * 1024  # bytes handed on at once, at least
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # what the format can say
_PERMISSIONS = 0o644 << 16


class _Sink(io.RawIOBase):
    """Takes what zipfile writes, front to back."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._position = 0

    def writable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def tell(self) -> int:
        return self._position

    def write(self, data: bytes) -> int:  # type: ignore[override]
        self._data += data
        self._position += len(data)
        return len(data)

    @property
    def waiting(self) -> int:
        """Bytes not taken yet."""
        return len(self._data)

    def taken(self) -> bytes:
        """What was written since it was last asked."""
        data = bytes(self._data)
        self._data.clear()
        return data


def zip_stream(
    members: Iterable[Member], seen: Optional[Callable[[Member], None]] = None
) -> Iterator[bytes]:
    """The archive in pieces of about 256 kB.

    Pictures are compressed already, so they are only stored. Files that have gone since
    are left out. ``seen`` is called after each file. Raises ``OSError`` where one cannot
    be read.
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_STORED) as archive:
        for member in members:
            with opened(member) as content:
                if content is None:
                    continue
                info = zipfile.ZipInfo(member.name, _date(member.modified))
                info.file_size = member.size
                info.external_attr = _PERMISSIONS
                if not member.picture:
                    info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w") as target:
                    for piece in pieces(content, _PIECE):
                        target.write(piece)
                        if sink.waiting >= _PIECE:
                            yield sink.taken()
            if seen is not None:
                seen(member)
    yield sink.taken()


def _date(seconds: float) -> tuple[int, int, int, int, int, int]:
    try:
        local = time.localtime(seconds)
    except (OverflowError, ValueError, OSError):
        return _EARLIEST
    found = (
        local.tm_year,
        local.tm_mon,
        local.tm_mday,
        local.tm_hour,
        local.tm_min,
        min(local.tm_sec, 59),
    )
    return found if 1980 <= local.tm_year <= 2107 else _EARLIEST
