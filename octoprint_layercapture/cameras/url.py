"""A camera by its plain snapshot URL, dressed as one of OctoPrint's webcams."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import requests

NAME = "url"

_CONNECT = 5.0  # s to be reached
_READ = 10.0  # s between two pieces of the answer
_PIECE = 64 * 1024  # bytes


class UrlProvider:
    """Provides the one webcam at ``url``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def take_webcam_snapshot(self, _name: str) -> Iterator[bytes]:
        """The picture in pieces. Raises what requests raises, also for HTTP errors."""
        with requests.get(self._url, stream=True, timeout=(_CONNECT, _READ)) as answer:
            answer.raise_for_status()
            yield from answer.iter_content(_PIECE)


def webcam_at(url: str) -> SimpleNamespace:
    """What ``octoprint.webcams`` would give for a webcam with this snapshot URL."""
    return SimpleNamespace(
        config=SimpleNamespace(
            name=NAME,
            displayName="Snapshot URL",
            canSnapshot=True,
            flipH=False,
            flipV=False,
            rotate90=False,
        ),
        providerIdentifier="layercapture",
        providerPlugin=UrlProvider(url),
    )
