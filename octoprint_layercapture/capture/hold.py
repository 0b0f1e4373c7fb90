"""The hold on the job: one owner at a time, released once, on its own connection."""

from __future__ import annotations

import threading
from typing import Optional

from .ports import Printer


class JobHold:
    """The one place where the job is held or not, for whoever has a :class:`Lease`.

    OctoPrint counts holds of all plugins together and per connection: an extra release,
    or one on a later connection, would free somebody else's.
    """

    def __init__(self, printer: Printer) -> None:
        self._printer = printer
        self._lock = threading.Lock()
        self._owner: Optional[Lease] = None
        self._connection: Optional[object] = None

    def lease(self) -> Lease:
        """A claim to the hold for one purpose; it holds nothing yet."""
        return Lease(self)

    def _take(self, lease: Lease, connection: object) -> bool:
        with self._lock:
            if self._owner is not None or self._printer.hold() is not True:
                return False
            self._owner, self._connection = lease, connection
            return True

    def _release(self, lease: Lease) -> None:
        with self._lock:
            if self._owner is not lease:
                return
            connection, self._owner, self._connection = self._connection, None, None
        if self._printer.connection() is connection:
            self._printer.release()


class Lease:
    """One capture's (or one wait's) own claim: it frees only the hold that it took.

    A release runs the job's next lines, and one of them may be the next capture's: its
    hold is not the business of whoever is still cleaning up.
    """

    def __init__(self, hold: JobHold) -> None:
        self._hold = hold

    def take(self, connection: object) -> bool:
        """Hold the job without waiting; False if refused or held by us already."""
        return self._hold._take(self, connection)

    def release(self) -> None:
        """Let the job go on if we hold it and its connection still stands.

        The next file line's hooks run inside this call, so nothing is locked by then.
        """
        self._hold._release(self)
