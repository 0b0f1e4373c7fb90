"""A zip archive that is sent while it is made, and whose length is known beforehand.

What it will hold is put down first, without reading a picture. Then any part of it can be
made, the same bytes each time, so that a download that broke off can go on. Pictures are
compressed already, so everything is only stored.
"""

from __future__ import annotations

import hashlib
import io
import json
import zlib
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Callable, NamedTuple, Optional

from . import zipformat
from .export import Member, opened, pieces
from .files import scratch_file

_PIECE = 256 * 1024  # bytes handed on at once, about
_UNREAD, _LEFT_OUT = 1 << 32, 1 << 33  # in the place of a checksum


class Abandoned(Exception):
    """Nobody wants the archive any more."""


class Changed(OSError):
    """A file is not what it was when the archive was begun."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has changed or is gone")


class _Row(NamedTuple):
    """A file to come; without a ``path`` its content was put down at ``at``."""

    name: str
    size: int
    modified: float
    path: Optional[str]
    at: int
    crc: int

    @property
    def coded(self) -> bytes:
        return self.name.encode("utf-8", "replace")


class Archive:
    """The archive of these members.

    Takes no more memory however large it is. ``size`` is its bytes, ``files`` and
    ``pictures`` count what is in it, ``etag`` is the same as long as the archive is.
    ``scratch`` is a folder for temporary files, None for the system's; ``unwanted`` is
    asked meanwhile whether to give up, with ``Abandoned``. To be closed after use, and to
    be used by one thread at a time.
    """

    def __init__(
        self,
        members: Iterable[Member],
        scratch: Optional[Path] = None,
        unwanted: Callable[[], bool] = lambda: False,
    ) -> None:
        self.size = self.files = self.pictures = 0
        self._directory_at = self._directory_size = 0
        self._rows = scratch_file(scratch)
        self._texts = scratch_file(scratch)
        digest = hashlib.sha256()
        try:
            for member in members:
                if unwanted():
                    raise Abandoned
                row = self._put_down(member)
                if row is not None:
                    digest.update(repr((row.name, *row[1:3], row.crc)).encode("utf-8"))
        except BaseException:
            self.close()
            raise
        self._directory_at = self.size
        tail = zipformat.ending(self.files, self._directory_size, self._directory_at)
        self.size += self._directory_size + len(tail)
        self.etag = digest.hexdigest()[:32]

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self.close()

    def close(self) -> None:
        """Throws away what was put down."""
        self._rows.close()
        self._texts.close()

    def pieces(self, start: int = 0, end: Optional[int] = None) -> Iterator[bytes]:
        """The bytes from ``start`` to before ``end``, in pieces of about 256 kB.

        Raises ``Changed``, or another ``OSError``, where a file cannot be had as it was
        put down. No file stays open between two pieces.
        """
        return _gathered(self._parts(start, self.size if end is None else end))

    def all_there_is(self, seen: Callable[[bool], None]) -> Iterator[bytes]:
        """The whole archive without the files that have gone since.

        ``seen`` is called after each file and told whether it is a picture. Raises
        ``OSError`` where one cannot be read.
        """
        return _gathered(self._parts(0, self.size, seen))

    def _put_down(self, member: Member) -> Optional[_Row]:
        path = None if member.path is None else str(member.path)
        if path is not None:
            row = _Row(member.name, member.size, member.modified, path, 0, _UNREAD)
        else:
            self._texts.seek(0, io.SEEK_END)
            at = self._texts.tell()
            crc = 0
            with opened(member) as content:
                if content is None:
                    return None
                for piece in pieces(content, _PIECE):
                    self._texts.write(piece)
                    crc = zlib.crc32(piece, crc)
            length = self._texts.tell() - at
            row = _Row(member.name, length, member.modified, None, at, crc)
        self._rows.write(json.dumps(row).encode("ascii") + b"\n")
        name = row.coded
        self._directory_size += zipformat.central_length(name, row.size, self.size)
        self.size += zipformat.local_length(name, row.size) + row.size
        self.files += 1
        self.pictures += path is not None
        return row

    def _iter_rows(self) -> Iterator[_Row]:
        self._rows.seek(0)
        for line in self._rows:
            yield _Row(*json.loads(line))

    def _parts(
        self, start: int, end: int, seen: Optional[Callable[[bool], None]] = None
    ) -> Iterator[bytes]:
        """Bytes from ``start`` to before ``end``; with ``seen``, files may be missing."""
        offsets, checksums = array("Q"), array("Q")
        at = 0
        for row in self._iter_rows():
            if at >= end:
                return
            length = zipformat.local_length(row.coded, row.size) + row.size
            offsets.append(at)
            if at + length <= start:
                checksums.append(row.crc)
                at += length
                continue
            try:
                crc = self._checksum(row)
            except Changed:
                if seen is None:
                    raise
                checksums.append(_LEFT_OUT)
                continue
            checksums.append(crc)
            head = zipformat.local_header(row.coded, row.size, crc, row.modified)
            yield head[max(0, start - at) : max(0, end - at)]
            at += len(head)
            yield from self._content(row, max(0, start - at), min(row.size, end - at))
            at += row.size
            if seen is not None:
                seen(row.path is not None)
        begin = at
        for part in self._directory(offsets, checksums, begin):
            if at >= end:
                return
            yield part[max(0, start - at) : max(0, end - at)]
            at += len(part)

    def _directory(
        self, offsets: array[int], checksums: array[int], begin: int
    ) -> Iterator[bytes]:
        files = size = 0
        for row, offset, known in zip(self._iter_rows(), offsets, checksums):
            if known == _LEFT_OUT:
                continue
            crc = self._checksum(row) if known == _UNREAD else known
            line = zipformat.central_header(
                row.coded, row.size, crc, row.modified, offset
            )
            yield line
            files += 1
            size += len(line)
        yield zipformat.ending(files, size, begin)

    def _checksum(self, row: _Row) -> int:
        if row.path is None:
            return row.crc
        crc = length = 0
        with _opened(row) as content:
            for piece in pieces(content, _PIECE):
                crc = zlib.crc32(piece, crc)
                length += len(piece)
        if length != row.size:
            raise Changed(row.name)
        return crc

    def _content(self, row: _Row, start: int, end: int) -> Iterator[bytes]:
        while start < end:
            wanted = min(_PIECE, end - start)
            if row.path is None:
                self._texts.seek(row.at + start)
                piece = self._texts.read(wanted)
            else:
                with _opened(row) as content:
                    content.seek(start)
                    piece = content.read(wanted)
            if len(piece) != wanted:
                raise Changed(row.name)
            yield piece
            start += wanted


def zip_stream(
    members: Iterable[Member], seen: Callable[[bool], None] = lambda picture: None
) -> Iterator[bytes]:
    """The archive from its beginning, without files that go meanwhile.

    ``seen`` is called after each file and told whether it is a picture. Raises
    ``OSError`` where one cannot be read.
    """
    with Archive(members) as archive:
        yield from archive.all_there_is(seen)


def _opened(row: _Row) -> BinaryIO:
    try:
        return open(row.path or "", "rb")
    except FileNotFoundError as error:
        raise Changed(row.name) from error


def _gathered(parts: Iterable[bytes]) -> Iterator[bytes]:
    """The same bytes in pieces that are worth sending."""
    waiting = bytearray()
    for part in parts:
        waiting += part
        if len(waiting) >= _PIECE:
            yield bytes(waiting)
            waiting.clear()
    if waiting:
        yield bytes(waiting)
