"""The webcams OctoPrint knows, whichever plugin provides them."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Callable

import octoprint.webcams
from octoprint.webcams import WebcamNotAbleToTakeSnapshotException

from . import reasons
from .errors import CameraError
from .jpeg import check, damaged, is_stream, stream_error
from .orientation import turned
from .scene import Scene
from .url import webcam_at
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


class Webcams:
    """Finds the cameras to use. Keep one for as long as the plugin lives.

    It remembers which cameras hang, also from one print to the next. ``listed`` and
    ``preferred`` are OctoPrint's ``get_webcams`` and ``get_snapshot_webcam``.
    """

    def __init__(
        self,
        *,
        listed: Callable[[], dict[str, Any]] = octoprint.webcams.get_webcams,
        preferred: Callable[[], Any] = octoprint.webcams.get_snapshot_webcam,
        limits: Limits | None = None,
    ) -> None:
        self._listed = listed
        self._preferred = preferred
        self._limits = limits or Limits()
        self._lock = threading.Lock()
        self._workers: dict[tuple[str, str], Worker] = {}

    def choose(
        self, use: Sequence[str] = (), *, url: str = "", quality: int = 95
    ) -> tuple[list[WebcamCamera], list[CameraError]]:
        """The cameras named in ``use``, in that order, and what is wrong with the others.

        ``url`` adds a camera by its snapshot URL. With neither it is the webcam OctoPrint
        takes its own snapshots with.
        """
        try:
            named = bool(use or url)
            provided, problems = self._named(use) if named else self._default()
            if url:
                provided.append(webcam_at(url))
        except Exception as error:
            problem = CameraError(
                "OctoPrint could not list its cameras (%(kind)s). Check the plugins that"
                " provide cameras.",
                kind=type(error).__name__,
            )
            return [], [problem]
        cameras = []
        for webcam in provided:
            if webcam.config.canSnapshot:
                cameras.append(self._camera(webcam, quality))
            else:
                problems.append(reasons.unable(_shown(webcam)))
        return cameras, problems

    def _named(self, use: Sequence[str]) -> tuple[list[Any], list[CameraError]]:
        webcams = self._listed()
        names = list(dict.fromkeys(use))
        missing = [
            CameraError(
                "OctoPrint has no camera named %(camera)s. Choose another one in the"
                " settings of Layer Capture.",
                camera=name,
            )
            for name in names
            if name not in webcams
        ]
        return [webcams[name] for name in names if name in webcams], missing

    def _default(self) -> tuple[list[Any], list[CameraError]]:
        webcam = self._preferred()
        if webcam is not None:
            return [webcam], []
        problem = CameraError(
            "OctoPrint has no camera that takes pictures. Enter a snapshot URL in"
            " OctoPrint's webcam settings, or use the fake camera."
        )
        return [], [problem]

    def _camera(self, webcam: Any, quality: int) -> WebcamCamera:
        key = (webcam.providerIdentifier, webcam.config.name)
        with self._lock:
            worker = self._workers.setdefault(key, Worker(_shown(webcam)))
        return WebcamCamera(webcam, worker, quality=quality, limits=self._limits)


class WebcamCamera:
    """One of OctoPrint's webcams. Its pictures are the way up OctoPrint shows them."""

    def __init__(
        self, webcam: Any, worker: Worker, *, quality: int, limits: Limits
    ) -> None:
        self.name: str = webcam.config.name
        self._shown = _shown(webcam)
        self._webcam = webcam
        self._worker = worker
        self._quality = quality
        self._limits = limits

    def snapshot(self, scene: Scene) -> bytes:
        """A whole JPEG, byte for byte the camera's own where it needs no turning.

        Raises ``CameraError`` after some tries, within the time limit in any case.
        """
        return self.upright(self._worker.run(self._tries, self._limits.seconds))

    def frame(self, scene: Scene) -> bytes:
        """One whole JPEG as the camera sent it, by a single try; for comparing frames.

        Raises ``CameraError``, within the time limit in any case.
        """
        return self._worker.run(self._try, self._limits.seconds)

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
            raise damaged(self._shown) from error

    def abandon(self) -> None:
        """Makes a picture that another thread waits for fail now."""
        self._worker.abandon()

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
            check(self._shown, data)
        except WebcamNotAbleToTakeSnapshotException as error:
            raise _final(reasons.unable(self._shown)) from error
        except CameraError:
            raise
        except Exception as error:
            _logger.debug("%s: %s", self.name, type(error).__name__)
            raise reasons.explain(self._shown, error) from None
        return data

    def _received(self, attempt: Attempt) -> bytes:
        answer = self._webcam.providerPlugin.take_webcam_snapshot(self.name)
        chunks: Iterable[bytes] = [answer] if isinstance(answer, bytes) else answer
        data = bytearray()
        try:
            for chunk in chunks:
                data += chunk
                attempt.received = len(data)
                if is_stream(bytes(data[:64])):
                    raise _final(stream_error(self._shown))
                if len(data) > self._limits.size:
                    raise _final(self._too_much())
                if attempt.over:
                    raise _final(slow(self._shown, self._limits.seconds))
        finally:
            close = getattr(chunks, "close", None)
            if close is not None:
                close()
        return bytes(data)

    def _too_much(self) -> CameraError:
        return CameraError(
            "Camera %(camera)s sent more than %(megabytes)d MB without an end. Is its"
            " snapshot URL a stream URL?",
            camera=self._shown,
            megabytes=self._limits.size // 1_000_000,
        )


class _Final(CameraError):
    """Another try would not help."""


def _final(reason: CameraError) -> _Final:
    return _Final(reason.text, **reason.params)


def _shown(webcam: Any) -> str:
    return str(webcam.config.displayName or webcam.config.name)
