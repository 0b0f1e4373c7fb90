"""What can go wrong while a file is indexed."""

from __future__ import annotations


class GcodeError(Exception):
    """The file cannot be opened or read, or is not G-code. The only error ``index``
    itself raises. ``readable`` tells the two apart."""

    def __init__(self, message: str, *, readable: bool = False) -> None:
        super().__init__(message)
        self.readable = readable


class Abandoned(Exception):
    """Raised by a progress callback to stop the indexing; ``index`` lets it pass."""
