"""Files that are whole or absent, and of which none takes another's place."""

from __future__ import annotations

import errno
import os
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Callable, Optional

_IN_MEMORY = 1 << 20  # bytes
_NO_HARD_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def write_new(
    folder: Path,
    name: Callable[[int], str],
    data: bytes,
    *,
    link: Callable[[Path, Path], None] = os.link,
) -> Path:
    """Writes ``data`` under the first of ``name(1)``, ``name(2)``, … that is free.

    ``link`` gives a file a second name, or fails as where no hard links are known.
    Raises ``OSError``; then nothing is left behind.
    """
    with _temporary(folder, data) as temporary:
        for number in count(1):
            target = folder / name(number)
            if _put(temporary, target, link):
                break
    _flush_folder(folder)
    return target


def rewrite(path: Path, data: bytes) -> None:
    """Puts ``data`` in the place of our own file ``path``; a reader sees old or new.

    Raises ``OSError``; then the old file stands.
    """
    with _temporary(path.parent, data) as temporary:
        os.replace(temporary, path)
    _flush_folder(path.parent)


def scratch_file(folder: Optional[Path]) -> IO[bytes]:
    """A file for bytes of any number that nobody else sees and that is gone once closed.

    In memory while it is small, then in ``folder``, or the system's where that is None.
    """
    return tempfile.SpooledTemporaryFile(
        _IN_MEMORY, dir=None if folder is None else str(folder)
    )


def is_there(path: Path) -> bool:
    """Whether there is something; so it is where the disk cannot tell."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True


def free_bytes(folder: Path) -> int:
    """Room on the disk that ``folder``, or what exists of it, is on."""
    for path in (folder, *folder.parents):
        with suppress(FileNotFoundError, NotADirectoryError):
            return shutil.disk_usage(path).free
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(folder))


def _put(temporary: Path, target: Path, link: Callable[[Path, Path], None]) -> bool:
    """Whether ``target`` was free. A link cannot overwrite; FAT disks know no links."""
    try:
        link(temporary, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in _NO_HARD_LINKS:
            raise
        if os.path.lexists(target):
            return False
        os.rename(temporary, target)
    return True


@contextmanager
def _temporary(folder: Path, data: bytes) -> Iterator[Path]:
    """``data``, safe on disk under a hidden name that is gone afterwards."""
    path = folder / f".layercapture-{secrets.token_hex(8)}.tmp"
    try:
        with open(path, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        yield path
    finally:
        with suppress(OSError):
            os.unlink(path)


def _flush_folder(folder: Path) -> None:
    """Makes the name as lasting as the data; not every system can."""
    with suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
