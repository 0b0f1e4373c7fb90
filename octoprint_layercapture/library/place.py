"""The folder that everything is kept in: below uploads, or on another disk.

A folder of the user's own choice is marked with a hidden file, and that it was marked is
remembered elsewhere. Where the mark has gone, the disk has: nothing is then written to
the bare mount point it leaves behind.
"""

from __future__ import annotations

import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Optional

from ..messages import N_, Message
from .errors import StoreError, explain
from .files import rewrite
from .records import new_id

NAME = "layercapture"
MARK = ".layercapture-folder"

_NOT_THERE = N_(
    "The folder %(path)s for pictures is not there or is empty: its disk may not be"
    " plugged in or mounted. Plug it in. If the folder is meant to start anew, save the"
    " settings of Layer Capture."
)


class Place:
    """Where files go. ``uploads`` is OctoPrint's folder, ``folder`` the user's or None.

    ``memory`` is a file of the plugin's own that says which folders were marked.
    """

    def __init__(
        self,
        uploads: Path,
        folder: Optional[Path] = None,
        memory: Optional[Path] = None,
    ) -> None:
        self.uploads = uploads
        self.root = uploads / NAME if folder is None else folder
        self._own = folder is not None
        self._memory = memory

    def url_path(self, path: Path) -> str:
        """``/uploads/layercapture/…``, the same wherever the folder lies."""
        return f"/uploads/{NAME}/{path.relative_to(self.root).as_posix()}"

    def make(self) -> None:
        """Makes the folder where it may; raises ``StoreError``, or ``OSError``."""
        if not self._own:
            if not self.uploads.exists():
                raise StoreError(
                    "The uploads folder %(path)s is missing. Is its disk plugged in and"
                    " mounted?",
                    path=str(self.uploads),
                )
            self.root.mkdir(parents=True, exist_ok=True)
            return
        mark = self._remembered()
        if mark is None:
            self.settle()
        elif self._marked() is None:
            raise StoreError(_NOT_THERE, path=str(self.root))

    def settle(self) -> None:
        """Makes the user's folder and marks it, whatever was there before.

        Raises ``StoreError``, or ``OSError``.
        """
        if not self._own:
            return
        self.root.mkdir(parents=True, exist_ok=True)
        mark = self._marked()
        if mark is None:
            mark = new_id()
            rewrite(self.root / MARK, mark.encode("ascii"))
        if self._memory is not None:
            known = _known(self._memory)
            known[str(self.root)] = mark
            self._memory.parent.mkdir(parents=True, exist_ok=True)
            rewrite(self._memory, json.dumps(known, indent=2).encode("utf-8"))

    def vanished(self) -> bool:
        """Whether the user's folder was there once and is not now."""
        return self._own and self._remembered() is not None and self._marked() is None

    def _marked(self) -> Optional[str]:
        with suppress(OSError, UnicodeDecodeError):
            return (self.root / MARK).read_text(encoding="ascii")
        return None

    def _remembered(self) -> Optional[str]:
        if self._memory is None:
            return None
        return _known(self._memory).get(str(self.root))


def _known(memory: Path) -> dict[str, str]:
    try:
        known = json.loads(memory.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    if not isinstance(known, dict):
        return {}
    return {folder: mark for folder, mark in known.items() if isinstance(mark, str)}


def folder_problem(folder: str, uploads: Path) -> Optional[Message]:
    """Why pictures cannot be kept in this folder, or None where they can.

    Nothing is made or written. ``folder`` empty is the usual one.
    """
    if not folder:
        return None
    path = Path(folder)
    usual, real = _real(uploads / NAME), _real(path)
    inside = _real(uploads)
    if real == inside or inside in real.parents:
        if real != usual and usual not in real.parents:
            return Message(
                N_(
                    "%(path)s is inside OctoPrint's uploads folder, where its own files"
                    " are. Choose a folder elsewhere, or leave this empty."
                ),
                {"path": folder},
            )
        return Message(
            N_("%(path)s is the usual folder. Leave this empty to use it."),
            {"path": folder},
        )
    if real in inside.parents:
        return Message(
            N_(
                "%(path)s holds OctoPrint's uploads folder itself. Choose a folder of"
                " its own for pictures."
            ),
            {"path": folder},
        )
    return _not_writable(path)


def _not_writable(path: Path) -> Optional[Message]:
    """What is in the way of making this folder or writing to it."""
    for each in (path, *path.parents):
        if not os.path.lexists(each):
            continue
        if not each.is_dir():
            return Message(
                N_("%(path)s is a file, not a folder. Choose another."),
                {"path": str(each)},
            )
        if not os.access(each, os.W_OK | os.X_OK):
            return Message(
                N_(
                    "OctoPrint is not allowed to write to %(path)s. Give the user"
                    " OctoPrint runs as the right to write there, or choose another"
                    " folder."
                ),
                {"path": str(each)},
            )
        return None
    return None


def settle(place: Place) -> None:
    """Marks a user's folder as the one to use; raises ``StoreError``."""
    try:
        place.settle()
    except OSError as error:
        raise explain(error, place.root) from error


def _real(path: Path) -> Path:
    return Path(os.path.realpath(path))
