"""Trying a camera out: one picture in a thread of its own, kept for a few minutes."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Callable, Optional

from ..cameras import CameraError
from ..cameras.appearance import Appearance, appearance, remarks
from ..hands import HANDS
from ..messages import N_, Message

_log = logging.getLogger("octoprint.plugins.layercapture.cameras")

_KEPT = 4  # tests
_EXPIRY = 300.0  # s after its start until a test is forgotten
_REMEMBERED = 20  # sources
_MEMORY = 40_000_000  # bytes of pictures; the newest is kept in any case


class TooMany(Exception):
    """As many tests as may run at once are running."""


@dataclass
class _Test:
    camera: str
    started: float
    seconds: float
    running: bool = True
    message: Optional[Message] = None
    picture: bytes = b""
    seen: Optional[Appearance] = None
    took: float = 0.0
    warnings: Sequence[Message] = ()


def _failed(test: _Test) -> dict[str, Any]:
    assert test.message is not None
    return {
        "state": "failed",
        "camera": test.camera,
        "message": test.message.to_dict(),
    }


def _in_background(work: Callable[[], None]) -> None:
    HANDS.do("layercapture-test", work)


class CameraTests:
    """The last few tests of cameras.

    ``clock`` gives seconds and ``spawn`` runs a function without waiting for it.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        spawn: Callable[[Callable[[], None]], None] = _in_background,
    ) -> None:
        self._clock = clock
        self._spawn = spawn
        self._lock = threading.Lock()
        self._tests: dict[str, _Test] = {}
        self._fingerprints: dict[str, str] = {}

    def start(
        self,
        camera: str,
        source: Optional[str],
        take: Callable[[], bytes],
        seconds: float,
    ) -> str:
        """Begin a test and return its id.

        Args:
            camera: its name
            source: what its pictures come from, to notice a frozen camera by two that
                are the same; None where equal pictures mean nothing
            take: returns a JPEG or raises CameraError
            seconds: after which the test counts as failed, whatever ``take`` does

        Raises:
            TooMany: try again later
        """
        test = _Test(camera, self._clock(), seconds)
        with self._lock:
            self._tidy()
            if sum(1 for other in self._tests.values() if other.running) >= _KEPT:
                raise TooMany
            number = self._add(test)
        try:
            self._spawn(lambda: self._run(test, source, take))
        except BaseException:
            with self._lock:
                self._tests.pop(number, None)
            raise
        return number

    def refuse(self, camera: str, why: Message) -> str:
        """A test that failed before it began; returns its id."""
        with self._lock:
            self._tidy()
            return self._add(
                _Test(camera, self._clock(), _EXPIRY, running=False, message=why)
            )

    def answer(self, number: str) -> Optional[dict[str, Any]]:
        """What became of a test, as ``docs/api.md`` describes; None where unknown."""
        with self._lock:
            self._tidy()
            test = self._tests.get(number)
            if test is None:
                return None
            if test.running:
                return {"state": "running", "camera": test.camera}
            if test.seen is None:
                return _failed(test)
            return {
                "state": "done",
                "camera": test.camera,
                "width": test.seen.width,
                "height": test.seen.height,
                "size": len(test.picture),
                "seconds": round(test.took, 2),
                "warnings": [warning.to_dict() for warning in test.warnings],
            }

    def picture(self, number: str) -> Optional[bytes]:
        """The picture of a test that is done; None where there is none."""
        with self._lock:
            self._tidy()
            test = self._tests.get(number)
            return None if test is None else test.picture or None

    def _add(self, test: _Test) -> str:
        number = secrets.token_hex(8)
        self._tests[number] = test
        return number

    def _run(self, test: _Test, source: Optional[str], take: Callable[[], bytes]) -> None:
        began = self._clock()
        try:
            picture = take()
            took = self._clock() - began
            seen = appearance(picture)
        except CameraError as error:
            self._fail(test, Message(error.text, error.params))
        except Exception as error:
            # its text, or its traceback, may hold an address with a password in it
            _log.warning("Test of a camera failed: %s", type(error).__name__)
            self._fail(
                test,
                Message(
                    N_("The camera gave no picture (%(kind)s). Check its settings."),
                    {"kind": type(error).__name__},
                ),
            )
        else:
            with self._lock:
                if not test.running:
                    return
                before = self._remember(source, seen.fingerprint)
                test.took, test.seen, test.picture = took, seen, picture
                test.warnings = remarks(seen, len(picture), took, before)
                test.running = False

    def _remember(self, source: Optional[str], fingerprint: str) -> Optional[str]:
        """The fingerprint before this one of the same source."""
        if source is None:
            return None
        before = self._fingerprints.pop(source, None)
        self._fingerprints[source] = fingerprint
        if len(self._fingerprints) > _REMEMBERED:
            del self._fingerprints[next(iter(self._fingerprints))]
        return before

    def _fail(self, test: _Test, why: Message) -> None:
        with self._lock:
            if test.running:
                test.message = why
                test.running = False

    def _tidy(self) -> None:
        """Forget what is old or too much, and give up what takes too long."""
        now = self._clock()
        for number, test in list(self._tests.items()):
            if test.running and now - test.started > test.seconds:
                test.message = Message(
                    N_("There was no picture within %(seconds)d s."),
                    {"seconds": round(test.seconds)},
                )
                test.running = False
            if now - test.started > max(_EXPIRY, test.seconds):
                del self._tests[number]
        done = [n for n, test in self._tests.items() if not test.running]
        for number in done[:-_KEPT]:
            del self._tests[number]
        room = _MEMORY
        for number in reversed(done[-_KEPT:]):
            room -= len(self._tests[number].picture)
            if room < 0 and number != done[-1]:
                del self._tests[number]
