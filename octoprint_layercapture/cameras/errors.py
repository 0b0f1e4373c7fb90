"""What a camera says when there is no picture."""

from __future__ import annotations

from typing import Any

from ..messages import in_english


class CameraError(Exception):
    """No picture, and why, in a sentence for the person at the printer.

    ``text`` is an English message with ``%(name)s`` placeholders for ``params``, so that
    the browser can translate it; ``str()`` gives the finished English sentence. Neither
    ever holds an address, a password or a token. ``silent``: the camera let the time go
    by, so asking it again soon would cost as much again.
    """

    silent = False

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(in_english(text, params))
        self.text = text
        self.params = params
