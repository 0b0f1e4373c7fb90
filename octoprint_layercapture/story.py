"""What became of the print under way and of its captures, as a screen draws it.

The story is told twice: piece by piece as messages, and as a whole to whoever comes
later. Each piece raises the revision. The whole carries the revision it holds at least,
so a reader applies it, and then those pieces again that are newer; all are idempotent.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Callable, Optional

from .capture.grid import Position
from .messages import Message

DONE, FAILED, MISSED, LEFT_OUT = "done", "failed", "missed", "left_out"


@dataclass
class Board:
    """The grid of one capture with what has come of each position.

    Attributes:
        key: of the print in the library, once a picture is there
        pictures: file names by position and camera
        failures: why there is none, by position and camera
        written: the capture is over and everything of it is on disk
    """

    capture_id: str
    print_id: str
    layer: int
    z: float
    positions: Sequence[Position]
    cameras: Sequence[str]
    key: Optional[str] = None
    pictures: dict[tuple[int, str], str] = field(default_factory=dict)
    failures: dict[tuple[int, str], Message] = field(default_factory=dict)
    written: bool = False

    def missing(self, index: int) -> list[str]:
        """The cameras of which nothing has come at a position yet."""
        there = self.pictures.keys() | self.failures.keys()
        return [camera for camera in self.cameras if (index, camera) not in there]

    def to_dict(self) -> dict[str, Any]:
        return {
            "capture_id": self.capture_id,
            "layer": self.layer,
            "z": self.z,
            "key": self.key,
            "cameras": list(self.cameras),
            "positions": [
                {
                    "index": place.index,
                    "x": place.x,
                    "y": place.y,
                    "refused": None if place.refused is None else place.refused.to_dict(),
                }
                for place in self.positions
            ],
            "pictures": [
                {"index": index, "camera": camera, "name": name}
                for (index, camera), name in self.pictures.items()
            ],
            "failures": [
                {"index": index, "camera": camera, **why.to_dict()}
                for (index, camera), why in self.failures.items()
            ],
        }


@dataclass
class Totals:
    """What one print's captures came to so far; ``seconds`` the job stood still."""

    file: str
    captures: int = 0
    pictures: int = 0
    failures: int = 0
    seconds: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        return {
            "file": self.file,
            "captures": self.captures,
            "pictures": self.pictures,
            "failures": self.failures,
            "seconds": round(self.seconds, 1),
        }


class Story:
    """The one account of it all. Safe to use from several threads.

    Attributes:
        session: another one each time the server starts; revisions count within it
        uncaptured: why the print under way gets no captures, or None
        welcome: what captures do to a print, until that is known, see ``firstprint.py``
    """

    def __init__(self) -> None:
        self.session = uuid.uuid4().hex
        self.uncaptured: Optional[Message] = None
        self.welcome: Optional[dict[str, Any]] = None
        self._lock = threading.Lock()
        self._revision = 0
        self._print_id: Optional[str] = None
        self._positions: Sequence[Position] = ()
        self._cameras: Sequence[str] = ()
        self._board: Optional[Board] = None
        self._totals: Optional[Totals] = None
        self._layers: dict[int, str] = {}

    @property
    def revision(self) -> int:
        return self._revision

    def turn(self) -> int:
        """The next revision."""
        with self._lock:
            self._revision += 1
            return self._revision

    # a print

    def begin(self) -> None:
        """Another print: nothing of the one before is shown any more."""
        with self._lock:
            self.uncaptured = self.welcome = None
            self._print_id = self._board = self._totals = None
            self._positions, self._cameras, self._layers = (), (), {}

    def armed(
        self,
        print_id: str,
        file: str,
        positions: Sequence[Position],
        cameras: Sequence[str],
    ) -> None:
        """The print's layers are known and it is watched."""
        with self._lock:
            self._print_id = print_id
            self._positions, self._cameras = tuple(positions), tuple(cameras)
            self._totals = Totals(file)

    def over(self) -> None:
        """The print has ended; its last board and its totals stay."""
        self.uncaptured = self.welcome = None

    def layers(self, numbers: Sequence[int], what: str) -> None:
        """What became of layers: ``DONE``, ``FAILED``, ``MISSED`` or ``LEFT_OUT``."""
        with self._lock:
            self._layers.update((number, what) for number in numbers)

    # a capture

    def opened(self, capture_id: str, print_id: str, layer: int, z: float) -> None:
        with self._lock:
            if print_id != self._print_id:
                return
            self._board = Board(
                capture_id, print_id, layer, z, self._positions, self._cameras
            )

    def saved(
        self, capture_id: str, index: int, camera: str, key: Optional[str], name: str
    ) -> None:
        with self._lock:
            board = self._of(capture_id)
            if board is not None:
                board.key = key or board.key
                board.pictures[index, camera] = name
                board.failures.pop((index, camera), None)

    def failed(self, layer: int, index: int, camera: str, why: Message) -> Optional[str]:
        """The ``capture_id`` of the capture of ``layer`` that misses a picture."""
        with self._lock:
            board = self._board
            if board is None or board.layer != layer or board.written:
                return None
            board.failures[index, camera] = why
            return board.capture_id

    def written(
        self,
        capture_id: str,
        layer: int,
        kept: int,
        failed: int,
        seconds: float,
        ok: bool,
    ) -> None:
        """Everything of a capture is on disk; ``ok`` unless it failed as a whole."""
        with self._lock:
            board = self._of(capture_id)
            if board is None or self._totals is None:
                return
            board.written = True
            self._layers[layer] = DONE if ok and kept else FAILED
            self._totals.captures += 1
            self._totals.pictures += kept
            self._totals.failures += failed
            self._totals.seconds += seconds

    def _of(self, capture_id: str) -> Optional[Board]:
        board = self._board
        return board if board is not None and board.capture_id == capture_id else None

    def prune(self, there: Callable[[str, str], bool]) -> bool:
        """Pictures that somebody deleted are shown no more, nor a board without any.

        Returns whether there were such. ``there`` says whether a picture is on disk, by
        the print's key and its name. It may hang as long as the disk does: nothing is
        locked meanwhile.
        """
        with self._lock:
            board = self._board
            if board is None or board.key is None or not board.pictures:
                return False
            capture_id, key, pictures = board.capture_id, board.key, dict(board.pictures)
        gone = {at: name for at, name in pictures.items() if not there(key, name)}
        with self._lock:
            board = self._of(capture_id)
            if board is None or board.key != key:
                return False
            for at, name in gone.items():
                if board.pictures.get(at) == name:
                    del board.pictures[at]
            if board.written and not board.pictures:
                self._board = None
        return bool(gone)

    # what there is to show

    def shown(self) -> dict[str, Any]:
        """Board and totals as JSON, the board of the last capture where none is on."""
        with self._lock:
            board, totals = self._board, self._totals
            return {
                "board": None if board is None else board.to_dict(),
                "totals": None if totals is None else totals.to_dict(),
            }

    def writing(self) -> Optional[dict[str, Any]]:
        """How far the capture is of which not everything is on disk yet."""
        with self._lock:
            board = self._board
            if board is None or board.written:
                return None
            return {
                "layer": board.layer,
                "z": board.z,
                "visited": len({index for index, _ in board.pictures}),
                "total": sum(1 for place in board.positions if place.refused is None),
            }

    def missing(self, index: int) -> list[str]:
        """The cameras that have given nothing at a position of this capture yet."""
        with self._lock:
            return [] if self._board is None else self._board.missing(index)

    def known(self) -> dict[int, str]:
        """What became of layers so far, by their numbers."""
        with self._lock:
            return dict(self._layers)
