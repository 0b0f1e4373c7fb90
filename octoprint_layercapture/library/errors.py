"""What goes wrong when files are kept, in words that say what to do about it."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

from ..messages import N_


class StoreError(Exception):
    """Nothing was kept, and why, in a sentence for the person at the printer.

    ``text`` is an English message with ``%(name)s`` placeholders for ``params``, so that
    the browser can translate it; ``str()`` gives the finished English sentence.
    """

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(text % params)
        self.text = text
        self.params = params


class UnknownPrint(StoreError):
    """There is no such print, or no longer."""

    def __init__(self, key: str) -> None:
        super().__init__(
            N_("There is no print “%(key)s”. It may have been deleted meanwhile."),
            key=key[:200],
        )


class UnknownFile(StoreError):
    """The print holds no such picture or capture, or no longer."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_(
                "There is no “%(name)s” in this print. It may have been deleted"
                " meanwhile."
            ),
            name=name[:200],
        )


class PrintRunning(StoreError):
    """The print is under way, so its files stay."""

    def __init__(self, name: str) -> None:
        super().__init__(
            N_("“%(name)s” is being printed. Delete it once the print is over."),
            name=name,
        )


def explain(error: OSError, folder: Path) -> StoreError:
    """What the system said about a file for ``folder``, in a sentence."""
    path = str(folder)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StoreError(
            "The disk with %(path)s is full. Delete old pictures or other files to make"
            " room.",
            path=path,
        )
    if error.errno in (errno.EACCES, errno.EPERM):
        return StoreError(
            "OctoPrint is not allowed to write to %(path)s. Give the user OctoPrint runs"
            " as the right to write there.",
            path=path,
        )
    if error.errno == errno.EROFS:
        return StoreError(
            "The disk with %(path)s can only be read. It may be failing or was mounted"
            " read-only: check it.",
            path=path,
        )
    if error.errno in (errno.ENOTDIR, errno.EEXIST):
        return StoreError(
            "%(path)s, or a folder above it, is a file. Rename or delete that file.",
            path=path,
        )
    return StoreError(
        "A file in %(path)s could not be written (%(reason)s). Check the disk.",
        path=path,
        reason=error.strerror or type(error).__name__,
    )
