"""Room on the disk: what a print will take, and whether a capture can be kept now."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Callable, Optional

from .background import Background
from .entries import PrintEntry
from .errors import StoreError
from .store import Store

RECENT_PRINTS = 3
RECENT_PICTURES = 30

# bytes of a full HD picture at about 1.2 bits a pixel, as webcams write them
GUESS = 1920 * 1080 * 1.2 / 8


@dataclass(frozen=True)
class Estimate:
    """What a print will take: so many pictures, so many bytes.

    ``guessed`` names the cameras of which no picture was there to go by.
    """

    pictures: int
    bytes: int
    guessed: Sequence[str] = ()


def estimate(
    captures: int, positions: int, cameras: Sequence[str], recent: Iterable[PrintEntry]
) -> Estimate:
    """Pictures planned × what each camera's last pictures took on average.

    Looks at the last captures of the newest prints in ``recent``. A camera without
    pictures is taken to be like the others, or like any full HD webcam.
    """
    seen: dict[str, list[int]] = {camera: [] for camera in cameras}
    for entry in islice(recent, RECENT_PRINTS):
        for capture in reversed(entry.captures(max(0, len(entry.metadata) - 5), 5).items):
            for image in capture.record.images:
                sizes = seen.get(image.camera)
                if sizes is not None and len(sizes) < RECENT_PICTURES and image.size:
                    sizes.append(image.size)
    known = [sum(sizes) / len(sizes) for sizes in seen.values() if sizes]
    spare = sum(known) / len(known) if known else GUESS
    each = sum(sum(sizes) / len(sizes) if sizes else spare for sizes in seen.values())
    return Estimate(
        pictures=captures * positions * len(cameras),
        bytes=round(captures * positions * each),
        guessed=tuple(camera for camera, sizes in seen.items() if not sizes),
    )


class Guard:
    """Asks a disk whether a capture can be kept, and does not wait for one that hangs.

    ``check`` raises ``StoreError`` where it cannot; ``seconds`` is how long it may take.
    ``worker`` does the asking, one of its own where there is none.
    """

    def __init__(
        self,
        check: Callable[[], None],
        root: Path,
        seconds: float = 5.0,
        worker: Optional[Background] = None,
    ) -> None:
        self._check = check
        self._root = root
        self._seconds = seconds
        self._worker = worker or Background("layercapture-disk")
        self._asking: Optional[_Question] = None

    @property
    def waiting(self) -> bool:
        """Whether the disk still owes an answer, so that the worker is held up."""
        return self._asking is not None and not self._asking.answered.is_set()

    def trouble(self) -> Optional[StoreError]:
        """Why nothing can be kept now, or None."""
        question = self._asking
        if question is None:
            question = _Question(self._check)
            self._worker.submit(question.ask)
            self._asking = question
        if not question.answered.wait(self._seconds):
            return StoreError(
                "The disk with %(path)s does not answer. Check it and its cable.",
                path=str(self._root),
            )
        self._asking = None
        return question.trouble


class _Question:
    def __init__(self, check: Callable[[], None]) -> None:
        self.answered = threading.Event()
        self.trouble: Optional[StoreError] = None
        self._check = check

    def ask(self) -> None:
        try:
            self._check()
        except StoreError as error:
            self.trouble = error
        finally:
            self.answered.set()


def room(store: Store) -> Optional[int]:
    """Bytes that pictures may still take, or None where the disk does not say."""
    try:
        return store.free_bytes()
    except OSError:
        return None
