"""What a capture needs from the world: protocols, and the values that cross them."""

from __future__ import annotations

import enum
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Callable, Optional, Protocol

from ..gcode import Layer, Modal
from ..messages import Message


class Activity(enum.Enum):
    """What the printer's job does now, as far as a capture cares."""

    PRINTING = "printing"
    PAUSING = "pausing"
    PAUSED = "paused"
    CANCELLING = "cancelling"
    IDLE = "idle"
    GONE = "gone"


class Printer(Protocol):
    """The printer as OctoPrint shows it."""

    def send(self, lines: Sequence[str], tags: frozenset[str]) -> None:
        """Queue G-code lines in one piece, each carrying ``tags``.

        Raises:
            PrinterGone: there is no connection any more
        """

    def hold(self) -> bool:
        """Put the job on hold without waiting; True only if it is held now."""

    def release(self) -> None:
        """Undo one :meth:`hold`; waits for the lock, does nothing without connection."""

    def connection(self) -> object:
        """The connection now open, for comparing by identity; None without one."""

    def activity(self) -> Activity:
        """What the job does now."""

    def modal(self) -> Modal:
        """A copy of the modal state after all lines sent so far."""

    def forget(self) -> None:
        """The printer has restarted: nothing said to it before holds any more."""

    def queued_seconds(self) -> float:
        """An upper bound for the moves the firmware may still have queued, s."""

    def can_hold(self) -> bool:
        """Whether this kind of connection can put a job on hold at all."""

    def pause(self) -> None:
        """Have OctoPrint pause the job; never called from a hook."""

    def resume(self) -> None:
        """Have OctoPrint resume the paused job."""

    def unblock(self) -> None:
        """Send on as if the last line had been acknowledged: its ok was lost."""

    def hot(self) -> bool:
        """Whether the current nozzle is hot enough to move filament."""


class PrinterGone(Exception):
    """The connection is closed: nothing can be sent."""


class Clock(Protocol):
    """Time, so that tests need not wait for it."""

    def monotonic(self) -> float:
        """Seconds that only ever grow."""

    def wait(self, condition: threading.Condition, seconds: float) -> None:
        """Wait for a notification on ``condition`` (held), at most so many seconds."""


@dataclass(frozen=True)
class Shot:
    """One exposure: where the head stands and why.

    ``x``, ``y`` are the requested machine position, ``nozzle`` the one the head was sent
    to for it, ``actual`` the reported logical one (x, y, z); ``z`` the height of the
    head; all in mm. ``order`` counts visits from 0.
    ``arrived`` is when arrival was proved, by the capture's clock, s.
    """

    layer: Layer
    index: int
    order: int
    x: float
    y: float
    z: float
    actual: Optional[tuple[float, float, float]]
    nozzle: tuple[float, float]
    arrived: float


class Recorder(Protocol):
    """Takes and keeps the pictures of one capture. None of its methods raise."""

    def glance(self, x: float, y: float) -> None:
        """The head is about to leave machine (x, y), mm; waits for nothing."""

    def expose(self, shot: Shot) -> Future[None]:
        """Start the exposure; the future is done once the head may move on.

        Encoding and writing may go on behind it.
        """

    def abandon(self) -> None:
        """The head moves away: no exposure under way may be kept."""

    def close(self, outcome: Outcome) -> None:
        """The capture is over and the job goes on; finish writing behind the scenes."""


class Interrupted(Exception):
    """Something ends the capture early: cancel, pause, disconnect, shutdown, a user."""


class CaptureFailed(Exception):
    """Hold, motion or arrival failed.

    Attributes:
        message: how, for the user
        harmless: no fault, just a capture that was not to be made
    """

    def __init__(self, message: Message, harmless: bool = False) -> None:
        super().__init__(str(message))
        self.message = message
        self.harmless = harmless


@dataclass(frozen=True)
class Outcome:
    """How a capture ended.

    Attributes:
        layer: the layer captured
        visited: positions at which an exposure was made
        planned: positions that were to be visited
        failure: what failed, or None
        harmless: the failure is no fault of printer or motion
        interrupted: what ended it early, in a word (``"cancelling"``), or None
        paused: the head's place is not known, so the job was paused for good
        seconds: how long the job stood still
    """

    layer: Layer
    visited: int
    planned: int
    failure: Optional[Message]
    harmless: bool
    interrupted: Optional[str]
    paused: bool
    seconds: float


Interruption = Callable[[], Optional[str]]
