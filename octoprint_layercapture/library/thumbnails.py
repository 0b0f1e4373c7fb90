"""Small pictures for screens, made in the background and kept beside the caches.

A thumbnail is named for its picture's path, size and time of change, so an old one is
never shown for a new picture. Those whose picture is gone are swept away.
"""

from __future__ import annotations

import hashlib
import io
import logging
import os
import threading
import time
from collections import OrderedDict
from contextlib import suppress
from pathlib import Path
from typing import Callable, Optional

from PIL import Image

from .files import rewrite

_log = logging.getLogger("octoprint.plugins.layercapture.library")

WIDTH, HEIGHT = 320, 240
QUALITY = 80
WAITING = 500
PATIENCE = 120.0

_MOST_PIXELS = 100_000_000


class Thumbnails:
    """Thumbnails below ``folder``.

    ``busy`` says whether a capture is on: none is made meanwhile, for at most
    ``patience`` seconds. Safe to use from several threads.
    """

    def __init__(
        self,
        folder: Path,
        *,
        busy: Callable[[], bool] = lambda: False,
        patience: float = PATIENCE,
    ) -> None:
        self._folder = folder
        self._busy = busy
        self._patience = patience
        self._news = threading.Condition()
        self._waiting: OrderedDict[Path, None] = OrderedDict()
        self._damaged: OrderedDict[str, None] = OrderedDict()
        self._thread: Optional[threading.Thread] = None

    def get(self, picture: Path) -> Optional[Path]:
        """The thumbnail of a picture, or None where there is none yet.

        Then it is made soon: ask again. Where the picture is damaged there will be none.
        """
        target = self._target(picture)
        if target is None:
            return None
        if target.is_file():
            return target
        if target.name not in self._damaged:
            self._queue(picture)
        return None

    def make(self, picture: Path) -> Optional[Path]:
        """The thumbnail of a picture, made now if need be; None where that fails."""
        target = self._target(picture)
        if target is None or target.is_file():
            return target
        try:
            small = _small(picture)
            target.parent.mkdir(parents=True, exist_ok=True)
            for old in self._of(picture):
                if old != target:
                    old.unlink()
            rewrite(target, small)
        except Exception as error:
            # Pillow raises all kinds of things for damaged pictures
            _log.debug("No thumbnail of %s: %s", picture, error)
            if not isinstance(error, OSError) or error.errno is None:
                self._damaged[target.name] = None
                while len(self._damaged) > WAITING:
                    self._damaged.popitem(last=False)
            return None
        return target

    def damaged(self, picture: Path) -> bool:
        """Whether making a thumbnail of this picture was tried in vain."""
        target = self._target(picture)
        return target is not None and target.name in self._damaged

    def forget(self, picture: Path) -> None:
        """Removes the thumbnail of a picture that was deleted."""
        with self._news:
            self._waiting.pop(picture, None)
        for old in self._of(picture):
            with suppress(OSError):
                old.unlink()

    def sweep(self, is_there: Callable[[str], bool]) -> int:
        """Removes thumbnails whose picture is gone; gives how many those were.

        ``is_there`` is asked with what :meth:`name_of` gives for a picture.
        """
        gone = 0
        for shelf in _listed(self._folder):
            for each in _listed(shelf):
                name = each.name.partition(".")[0]
                if each.suffix == ".jpg" and not is_there(name):
                    with suppress(OSError):
                        each.unlink()
                        gone += 1
            with suppress(OSError):
                shelf.rmdir()
        return gone

    def nudge(self) -> None:
        """The capture that was on is over."""
        with self._news:
            self._news.notify_all()

    @staticmethod
    def name_of(picture: Path) -> str:
        """What stands for the path of a picture in a thumbnail's name."""
        return hashlib.sha256(os.fsencode(picture)).hexdigest()[:32]

    def _of(self, picture: Path) -> list[Path]:
        name = self.name_of(picture)
        shelf = self._folder / name[:2]
        return [each for each in _listed(shelf) if each.name.startswith(f"{name}.")]

    def _target(self, picture: Path) -> Optional[Path]:
        try:
            found = os.stat(picture)
        except (OSError, ValueError):
            return None
        name = self.name_of(picture)
        version = f"{found.st_size:x}-{found.st_mtime_ns:x}"
        return self._folder / name[:2] / f"{name}.{version}.jpg"

    # the thread

    def _queue(self, picture: Path) -> None:
        with self._news:
            self._waiting[picture] = None
            self._waiting.move_to_end(picture)
            while len(self._waiting) > WAITING:
                # whoever still wants the oldest will ask again
                self._waiting.popitem(last=False)
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._loop, name="layercapture-thumbnails", daemon=True
                )
                self._thread.start()
            self._news.notify()

    def _loop(self) -> None:
        _stand_back()
        while True:
            with self._news:
                while not self._waiting:
                    self._news.wait()
                picture, _ = self._waiting.popitem(last=False)
                self._wait_while_busy()
            self.make(picture)

    def _wait_while_busy(self) -> None:
        deadline = time.monotonic() + self._patience
        while self._busy():
            left = deadline - time.monotonic()
            if left <= 0:
                break
            self._news.wait(left)


def _small(picture: Path) -> bytes:
    with Image.open(picture, formats=("JPEG",)) as image:
        if image.width * image.height > _MOST_PIXELS:
            raise ValueError("too many pixels")
        image.draft("RGB", (WIDTH, HEIGHT))
        image.thumbnail((WIDTH, HEIGHT))
        out = io.BytesIO()
        image.convert("RGB").save(out, "JPEG", quality=QUALITY)
    return out.getvalue()


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _stand_back() -> None:
    """Gives this thread alone a low priority, where the system can (Linux)."""
    with suppress(AttributeError, OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 15)
