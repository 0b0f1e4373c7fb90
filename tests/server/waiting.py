"""Waiting for something to come about, with a deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any


class NotReached(Exception):
    """Something that was waited for did not come about in time."""


def wait_until(
    met: Callable[[], Any], what: str, timeout: float = 30.0, pause: float = 0.05
) -> Any:
    """Ask `met` until it answers something true, and return that."""
    deadline = time.monotonic() + timeout
    while True:
        answer = met()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise NotReached(f"not within {timeout:g} s: {what}")
        threading.Event().wait(pause)
