"""The hold on the job: one owner, taken once, released once, on its own connection."""

from __future__ import annotations

import threading
from typing import Optional

from .ports import Printer


class JobHold:
    """A hold that knows whether it is ours to release.

    OctoPrint counts holds of all plugins together and per connection: an extra release,
    or one on a later connection, would free somebody else's.
    """

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._lock = threading.Lock()
        self._connection: Optional[object] = None

    @property
    def taken(self) -> bool:
        """Whether the job is held by us."""
        return self._connection is not None

    def take(self, connection: object) -> bool:
        """Hold the job without waiting; False if refused or already held by us."""
        with self._lock:
            if self._connection is not None or self._printer.hold() is not True:
                return False
            self._connection = connection
            return True

    def release(self) -> None:
        """Let the job go on if we hold it and its connection still stands.

        The next file line's hooks run inside this call, so nothing is locked by then.
        """
        with self._lock:
            connection, self._connection = self._connection, None
        if connection is not None and self._printer.connection() is connection:
            self._printer.release()
