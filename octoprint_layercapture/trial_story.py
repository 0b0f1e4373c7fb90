"""What is told of one test capture, from its beginning to its last picture."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Sequence
from typing import Any, Callable

from .capture.grid import Position
from .capture.ports import Outcome, Shot
from .library import CaptureRecord, Image
from .messages import Message
from .pictures import Pictures

IDLE, HOMING, MOVING = "idle", "homing", "moving"
DONE, FAILED, STOPPED = "done", "failed", "stopped"

_LISTS = ("pictures", "failures", "notices")


class TrialStory:
    """The state of one test capture as browsers see it, and its pictures' listener.

    Each change has a number, and is told with what it adds: who has missed one can see
    that and ask for the whole. Safe to use from several threads.

    Args:
        tell: sends one change to all browsers
        wake: is called when the last picture has been kept
    """

    def __init__(
        self,
        home: bool,
        positions: Sequence[Position],
        cameras: Sequence[str],
        tell: Callable[[dict[str, Any]], None],
        wake: Callable[[], None],
    ) -> None:
        self.id = secrets.token_hex(8)
        self.kept = False
        self._tell = tell
        self._wake = wake
        self._lock = threading.Lock()
        self._change = 0
        self._progress: dict[str, Any] = {
            "state": HOMING if home else MOVING,
            "step": None,
            "waits_for": None,
            "home": home,
            "stopping": False,
            "visiting": None,
            "visited": 0,
            "total": sum(place.refused is None for place in positions),
            "z": None,
            "seconds": None,
            "message": None,
        }
        self._lists: dict[str, list[dict[str, Any]]] = {name: [] for name in _LISTS}
        self._cameras = tuple(cameras)
        self._fixed: dict[str, Any] = {
            "cameras": list(cameras),
            "positions": [
                {
                    "index": place.index,
                    "x": place.x,
                    "y": place.y,
                    "refused": None if place.refused is None else place.refused.to_dict(),
                }
                for place in positions
            ],
        }

    def missing(self, index: int) -> list[str]:
        """The cameras that have given neither picture nor failure of a position yet."""
        with self._lock:
            came = {
                entry["camera"]
                for name in ("pictures", "failures")
                for entry in self._lists[name]
                if entry["index"] == index
            }
        return [camera for camera in self._cameras if camera not in came]

    def to_dict(self) -> dict[str, Any]:
        """The whole of it, see ``docs/api.md``."""
        with self._lock:
            return {
                "id": self.id,
                "change": self._change,
                **self._progress,
                **self._fixed,
                **{name: list(entries) for name, entries in self._lists.items()},
            }

    def has(self, name: str) -> bool:
        """Whether a file of this name is one of the pictures."""
        with self._lock:
            return any(picture["name"] == name for picture in self._lists["pictures"])

    def change(self, **progress: Any) -> None:
        """Something has changed of how far it is."""
        with self._lock:
            self._progress.update(progress)
            self._publish({})

    def add(self, to: str, entry: dict[str, Any]) -> None:
        """There is one more among ``pictures``, ``failures`` or ``notices``."""
        with self._lock:
            self._lists[to].append(entry)
            self._publish({to: [entry]})

    def _publish(self, added: dict[str, Any]) -> None:
        # told with the lock held, so that changes are told in their order
        self._change += 1
        nothing: dict[str, Any] = {name: [] for name in _LISTS}
        self._tell(
            {
                "id": self.id,
                "change": self._change,
                **self._progress,
                **nothing,
                **added,
            }
        )

    # the pictures' listener, on the writing thread

    def capture_opened(self, capture: CaptureRecord, positions: int) -> None:
        """Nothing to tell: it has been told where the test began."""

    def picture_saved(
        self, capture: CaptureRecord, shot: Shot, image: Image, kept: int
    ) -> None:
        picture = {"index": shot.index, "camera": image.camera, "name": image.file}
        self.add("pictures", picture)

    def picture_failed(self, shot: Shot, camera: str, message: Message) -> None:
        failure = {"index": shot.index, "camera": camera, **message.to_dict()}
        self.add("failures", failure)

    def notice(self, message: Message) -> None:
        self.add("notices", message.to_dict())

    def cameras_gone(self, pictures: Pictures, why: Message) -> None:
        """There is no next capture that they could be left out of."""

    def not_kept(self, message: Message) -> None:
        """Told as the picture's failure."""

    def capture_kept(
        self, capture: CaptureRecord, outcome: Outcome, kept: int, failed: int
    ) -> None:
        self.kept = True
        self._wake()


def nothing_yet() -> dict[str, Any]:
    """What is told before there was any test capture."""
    story = TrialStory(False, (), (), lambda change: None, lambda: None)
    return {**story.to_dict(), "id": None, "state": IDLE}
