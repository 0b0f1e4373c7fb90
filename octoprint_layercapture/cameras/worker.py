"""Asking a camera without ever waiting longer than agreed."""

from __future__ import annotations

import threading
import time
from typing import Callable

from .errors import CameraError


class Attempt:
    """One request for a picture, shared by who waits for it and the thread at work."""

    def __init__(self, seconds: float) -> None:
        self._expires = time.monotonic() + seconds
        self._given_up = threading.Event()
        self.done = threading.Event()
        self.at_work = True
        self.received = 0
        self.picture: bytes | None = None
        self.error: CameraError | None = None

    @property
    def over(self) -> bool:
        """Whether nobody waits for the picture any more."""
        return self._given_up.is_set() or time.monotonic() >= self._expires

    def pause(self, seconds: float) -> None:
        """Waits, but not beyond the end of the attempt."""
        self._given_up.wait(max(0.0, min(seconds, self._expires - time.monotonic())))

    def give_up(self) -> None:
        self._given_up.set()
        self.done.set()


class Worker:
    """Takes the pictures of one camera, each in a daemon thread, never two at a time.

    A thread that hangs in somebody else's code cannot be ended. Until it ends by itself
    every further request fails at once, so that threads do not pile up.
    """

    def __init__(self, camera: str) -> None:
        self._camera = camera
        self._lock = threading.Lock()
        self._attempt: Attempt | None = None

    def run(self, take: Callable[[Attempt], bytes], seconds: float) -> bytes:
        """What ``take`` returns; raises ``CameraError``, at the latest after ``seconds``.

        ``take`` may raise ``CameraError`` and should end soon once its attempt is over.
        """
        attempt = self._start(take, seconds)
        if not attempt.done.wait(seconds):
            attempt.give_up()
        if attempt.picture is not None:
            return attempt.picture
        raise attempt.error or self._too_late(attempt, seconds)

    def abandon(self) -> None:
        """Ends the waiting of a ``run`` in another thread with a ``CameraError``."""
        with self._lock:
            attempt = self._attempt
        if attempt is not None and not attempt.done.is_set():
            attempt.error = CameraError(
                "The picture of camera %(camera)s was called off.", camera=self._camera
            )
            attempt.give_up()

    def _start(self, take: Callable[[Attempt], bytes], seconds: float) -> Attempt:
        with self._lock:
            if self._attempt is not None and self._attempt.at_work:
                raise CameraError(
                    "Camera %(camera)s is still busy with an earlier picture that it has"
                    " not delivered. Restart the camera if this goes on.",
                    camera=self._camera,
                )
            attempt = Attempt(seconds)
            self._attempt = attempt
        threading.Thread(
            target=self._work,
            args=(take, attempt),
            name=f"layercapture-camera-{self._camera}",
            daemon=True,
        ).start()
        return attempt

    def _work(self, take: Callable[[Attempt], bytes], attempt: Attempt) -> None:
        try:
            attempt.picture = take(attempt)
        except CameraError as error:
            attempt.error = attempt.error or error
        finally:
            attempt.at_work = False
            attempt.done.set()

    def _too_late(self, attempt: Attempt, seconds: float) -> CameraError:
        if attempt.received:
            return slow(self._camera, seconds)
        return CameraError(
            "Camera %(camera)s did not answer within %(seconds)d s. Check that it is"
            " switched on and not busy.",
            camera=self._camera,
            seconds=round(seconds),
        )


def slow(camera: str, seconds: float) -> CameraError:
    return CameraError(
        "Camera %(camera)s began to send but was not done within %(seconds)d s. Is its"
        " snapshot URL a stream URL, or the network slow?",
        camera=camera,
        seconds=round(seconds),
    )
