"""One of OctoPrint's webcams, or what is dressed as one, as a camera of a print."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Callable

from octoprint.webcams import WebcamNotAbleToTakeSnapshotException

from . import reasons
from .errors import CameraError
from .jpeg import check, damaged, is_stream, stream_error
from .orientation import turned
from .scene import Scene
from .url import PROVIDER
from .worker import Attempt, Worker, slow

_logger = logging.getLogger("octoprint.plugins.layercapture.cameras")


@dataclass(frozen=True)
class Limits:
    """One picture has ``seconds`` for all its ``tries``, with ``pause`` seconds between
    them, and at most ``size`` bytes."""

    seconds: float = 10.0
    tries: int = 3
    pause: float = 0.3
    size: int = 20_000_000


class WebcamCamera:
    """A webcam. Its pictures are the way up OctoPrint shows them."""

    def __init__(
        self, webcam: Any, worker: Worker, *, quality: int, limits: Limits
    ) -> None:
        self.name: str = webcam.config.name
        self.shown = shown(webcam)
        self._webcam = webcam
        self._own = webcam.providerIdentifier == PROVIDER
        self._worker = worker
        self._quality = quality
        self._limits = limits
        self._attempt: Attempt | None = None

    def snapshot(self, scene: Scene) -> bytes:
        """A whole JPEG, byte for byte the camera's own where it needs no turning.

        Raises ``CameraError`` after some tries, within the time limit in any case.
        """
        return self.upright(self._asked(self._tries))

    def frame(self, scene: Scene) -> bytes:
        """One whole JPEG as the camera sent it, by a single try; for comparing frames.

        Raises ``CameraError``, within the time limit in any case.
        """
        return self._asked(self._try)

    def upright(self, jpeg: bytes) -> bytes:
        """A frame turned the way up OctoPrint shows this camera; the same bytes where
        that needs no turning. Raises ``CameraError`` for a frame that is damaged."""
        config = self._webcam.config
        try:
            return turned(
                jpeg,
                flip_h=config.flipH,
                flip_v=config.flipV,
                rotate90=config.rotate90,
                quality=self._quality,
            )
        except (OSError, SyntaxError, ValueError) as error:
            raise damaged(self.shown) from error

    def abandon(self) -> None:
        """Makes a picture that another thread waits for fail now."""
        attempt = self._attempt
        if attempt is not None:
            self._worker.abandon(attempt)

    def _asked(self, take: Callable[[Attempt], bytes]) -> bytes:
        seconds = self._limits.seconds
        self._attempt = attempt = Attempt(seconds)
        began = time.monotonic()
        try:
            return self._worker.run(take, attempt)
        except CameraError as error:
            # a host that is not there can take as long to say so as a mute one
            error.silent = error.silent or time.monotonic() - began >= seconds / 2
            raise

    def _tries(self, attempt: Attempt) -> bytes:
        """Tries until there is a picture, or trying is no use any more."""
        for number in range(1, self._limits.tries + 1):
            try:
                return self._try(attempt)
            except _Final:
                raise
            except CameraError as error:
                reason = error
                _logger.debug("%s: try %d failed", self.name, number)
            if number < self._limits.tries:
                attempt.pause(self._limits.pause)
            if attempt.over:
                break
        raise reason from None

    def _try(self, attempt: Attempt) -> bytes:
        try:
            data = self._received(attempt)
            check(self.shown, data)
        except WebcamNotAbleToTakeSnapshotException as error:
            raise _final(reasons.unable(self.shown)) from error
        except CameraError:
            raise
        except Exception as error:
            _logger.debug("%s: %s", self.name, type(error).__name__)
            raise reasons.explain(self.shown, error, self._own) from None
        return data

    def _received(self, attempt: Attempt) -> bytes:
        answer = self._webcam.providerPlugin.take_webcam_snapshot(self.name)
        attempt.stop = getattr(answer, "stop", None)
        pieces: Iterator[bytes] = iter([answer] if isinstance(answer, bytes) else answer)
        # joined once: a buffer that grows leaves holes of all sizes in the memory
        parts: list[bytes] = []
        start, size = b"", 0
        try:
            for piece in pieces:
                parts.append(bytes(piece))
                size += len(piece)
                start = (start + piece[:64])[:64]
                attempt.answered = True
                if getattr(answer, "stream", False) or is_stream(start):
                    raise _final(stream_error(self.shown))
                if size > self._limits.size:
                    raise _final(self._too_much())
                if attempt.over:
                    raise _final(slow(self.shown, self._limits.seconds))
        finally:
            attempt.stop = None
            close = getattr(pieces, "close", None)
            if close is not None:
                close()
        return b"".join(parts)

    def _too_much(self) -> CameraError:
        return CameraError(
            "Camera %(camera)s sent more than %(megabytes)s MB without an end. Is its"
            " snapshot URL a stream URL?",
            camera=self.shown,
            megabytes=self._limits.size / 1_000_000,
        )


class _Final(CameraError):
    """Another try would not help."""


def _final(reason: CameraError) -> _Final:
    final = _Final(reason.text, **reason.params)
    final.silent = reason.silent
    return final


def shown(webcam: Any) -> str:
    """The name that users know it by."""
    return str(webcam.config.displayName or webcam.config.name)
