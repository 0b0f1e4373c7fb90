"""Asking a camera without ever waiting longer than agreed."""

from __future__ import annotations

import threading
import time
from typing import Callable, Optional

from ..hands import HANDS
from .errors import CameraError

_HANGING = 2  # threads left behind in somebody else's code before no more are started


class Attempt:
    """One request for a picture, shared by who waits for it and the thread at work.

    ``answered``: something has come. ``stop``: ends what the thread waits for, where the
    camera's code offers that.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._expires = time.monotonic() + seconds
        self._given_up = threading.Event()
        self.done = threading.Event()
        self.answered = False
        self.picture: bytes | None = None
        self.error: CameraError | None = None
        self.stop: Optional[Callable[[], None]] = None

    @property
    def over(self) -> bool:
        """Whether nobody waits for the picture any more."""
        return self._given_up.is_set() or self.left <= 0

    @property
    def left(self) -> float:
        """Seconds until it is over; not below 0."""
        return max(0.0, self._expires - time.monotonic())

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the attempt."""
        self._given_up.wait(min(seconds, self.left))

    def give_up(self, error: CameraError | None = None) -> None:
        """Nobody waits any more, because of ``error``."""
        if self.done.is_set():
            return
        self.error = self.error or error
        self._given_up.set()
        self.done.set()
        stop = self.stop
        if stop is not None:
            stop()


class Worker:
    """Takes the pictures of one camera in a daemon thread, one after the other.

    A thread that hangs in somebody else's code cannot be ended. It is left behind and
    the next picture gets another one; while two are left behind, every further request
    fails at once, so that threads do not pile up.
    """

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._changed = threading.Condition()
        self._turn: Attempt | None = None
        self._at_work: list[Attempt] = []

    def run(self, take: Callable[[Attempt], bytes], attempt: Attempt) -> bytes:
        """What ``take`` returns; raises ``CameraError``, at the latest when the attempt
        is over, also where another one is waited for first.

        ``take`` may raise ``CameraError`` and should end soon once its attempt is over.
        """
        self._enter(attempt)
        try:
            self._begin(take, attempt)
            if not attempt.done.wait(attempt.left):
                attempt.give_up(self._too_late(attempt))
        finally:
            with self._changed:
                self._turn = None
                self._changed.notify_all()
        if attempt.picture is not None:
            return attempt.picture
        raise attempt.error or self._too_late(attempt)

    def abandon(self, attempt: Attempt) -> None:
        """Ends the waiting for this attempt in another thread with a ``CameraError``."""
        attempt.give_up(
            CameraError(
                "The picture of camera %(camera)s was called off.", camera=self._camera
            )
        )
        with self._changed:
            self._changed.notify_all()

    def _enter(self, attempt: Attempt) -> None:
        """Waits for the picture that another one takes, within the attempt's time."""
        with self._changed:
            while self._turn is not None and not attempt.over:
                self._changed.wait(attempt.left)
            if self._turn is not None or len(self._at_work) >= _HANGING:
                raise attempt.error or self._busy()
            self._turn = attempt
            self._at_work.append(attempt)

    def _begin(self, take: Callable[[Attempt], bytes], attempt: Attempt) -> None:
        try:
            HANDS.do(
                f"layercapture-camera-{self._camera}", lambda: self._work(take, attempt)
            )
        except BaseException:
            # no thread could be started, so none is left behind
            with self._changed:
                self._at_work.remove(attempt)
            raise

    def _work(self, take: Callable[[Attempt], bytes], attempt: Attempt) -> None:
        try:
            attempt.picture = take(attempt)
        except CameraError as error:
            attempt.error = attempt.error or error
        finally:
            with self._changed:
                self._at_work.remove(attempt)
            attempt.done.set()

    def _busy(self) -> CameraError:
        error = CameraError(
            "Camera %(camera)s is still busy with earlier pictures that it has not"
            " delivered. Restart the camera if this goes on.",
            camera=self._camera,
        )
        error.silent = True
        return error

    def _too_late(self, attempt: Attempt) -> CameraError:
        if attempt.answered:
            return slow(self._camera, attempt.seconds)
        error = CameraError(
            "Camera %(camera)s did not answer within %(seconds)s s. Check that it is"
            " switched on and not busy.",
            camera=self._camera,
            seconds=attempt.seconds,
        )
        error.silent = True
        return error


def slow(camera: str, seconds: float) -> CameraError:
    error = CameraError(
        "Camera %(camera)s began to send but was not done within %(seconds)s s. Is its"
        " snapshot URL a stream URL, or the network slow?",
        camera=camera,
        seconds=seconds,
    )
    error.silent = True
    return error
