"""Which cameras of a print are asked: those that give pictures, or may again.

A camera that let the time go by is not asked again in the same capture. One that gave no
picture at several captures in a row is left out for the rest of the print.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional

from .messages import N_, Message

CAPTURES_IN_A_ROW = 3


@dataclass
class Attendance:
    """What the cameras asked in one capture did. Safe to use from several threads.

    Attributes:
        cameras: the names of those that are asked
    """

    cameras: frozenset[str]
    _gave: set[str] = field(default_factory=set)
    _failed: dict[str, Message] = field(default_factory=dict)
    _silent: dict[str, Message] = field(default_factory=dict)

    def gave(self, camera: str) -> None:
        """A picture came."""
        self._gave.add(camera)

    def failed(self, camera: str, why: Message, silent: bool) -> None:
        """None came; ``silent`` where the camera let the time go by."""
        self._failed[camera] = why
        if silent:
            self._silent[camera] = why

    def refusal(self, camera: str) -> Optional[Message]:
        """Why a camera is not asked again in this capture; None where it is."""
        why = self._silent.get(camera)
        if why is None:
            return None
        return Message(N_("Not asked again in this capture: %(why)s"), {"why": why})


class Roster:
    """The cameras of one print, by name."""

    def __init__(self, cameras: Sequence[str]) -> None:
        self._all = tuple(cameras)
        self._lock = threading.Lock()
        self._out: set[str] = set()
        self._without: dict[str, int] = {}

    def open(self) -> Attendance:
        """A capture begins; where no camera is left, and it was asked for, all are."""
        with self._lock:
            left = frozenset(self._all) - self._out
            return Attendance(left or frozenset(self._all))

    def close(self, attendance: Attendance) -> Optional[Message]:
        """A capture is over: what the user is to know of cameras now left out, if any."""
        with self._lock:
            before = set(self._out)
            self._out -= attendance._gave
            for camera in attendance._gave:
                self._without.pop(camera, None)
            for camera in attendance._failed.keys() - attendance._gave:
                self._without[camera] = self._without.get(camera, 0) + 1
                if self._without[camera] >= CAPTURES_IN_A_ROW:
                    self._out.add(camera)
            news = [camera for camera in self._all if camera in self._out - before]
        if not news:
            return None
        params = {
            "cameras": ", ".join(news),
            "count": CAPTURES_IN_A_ROW,
            "why": attendance._failed[news[-1]],
        }
        if self.empty:
            return Message(
                N_(
                    "%(count)d captures in a row had no picture of camera %(cameras)s. "
                    "No camera is left, so captures are off for this print. The last "
                    "reason: %(why)s"
                ),
                params,
            )
        return Message(
            N_(
                "%(count)d captures in a row had no picture of camera %(cameras)s, so it "
                "is left out for the rest of this print. The last reason: %(why)s"
            ),
            params,
        )

    @property
    def empty(self) -> bool:
        """Whether every camera of the print is left out."""
        with self._lock:
            return bool(self._all) and self._out.issuperset(self._all)

    def restore(self) -> None:
        """All cameras are asked again."""
        with self._lock:
            self._out.clear()
            self._without.clear()
