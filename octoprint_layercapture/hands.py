"""Threads that stay for the next piece of work.

The C library gives each new thread's memory an arena of its own, and what an arena once
took rarely comes back. A thread for each picture or print lets a server grow for days; a
thread that is used again uses its memory again. All are daemons: a camera or a disk that
hangs keeps no server from ending.
"""

from __future__ import annotations

import logging
import queue
import threading
from collections import deque
from concurrent.futures import Executor, Future
from typing import Any, Callable, Optional, TypeVar

_log = logging.getLogger("octoprint.plugins.layercapture.hands")

_SPARE = 4  # idle threads kept of one name
_SPARE_IN_ALL = 32

T = TypeVar("T")
Work = Callable[[], None]


class Hands:
    """Threads by name, each with one piece of work at a time.

    One that hangs is left to itself: the next work of its name gets another thread.
    """

    def __init__(self, spare: int = _SPARE, spare_in_all: int = _SPARE_IN_ALL) -> None:
        self._spare = spare
        self._spare_in_all = spare_in_all
        self._changed = threading.Condition()
        self._idle: deque[_Hand] = deque()  # the one longest without work first
        self._busy: dict[str, int] = {}

    def do(self, name: str, work: Work) -> None:
        """Does ``work`` at once on a thread called ``name``, and waits for nothing.

        Raises RuntimeError, and has done nothing, where no thread can be started.
        """
        with self._changed:
            self._busy[name] = self._busy.get(name, 0) + 1
            hand = next(
                (each for each in reversed(self._idle) if each.name == name), None
            )
            if hand is not None:
                self._idle.remove(hand)
        if hand is None:
            try:
                hand = _Hand(name, self._free)
            except BaseException:
                with self._changed:
                    self._one_less(name)
                    self._changed.notify_all()
                raise
        hand.inbox.put(work)

    def busy(self, name: str) -> int:
        """How many threads of this name are at work."""
        with self._changed:
            return self._busy.get(name, 0)

    def wait(self, name: str, seconds: float) -> bool:
        """Waits until no thread of this name is at work; False where it takes longer."""
        with self._changed:
            return self._changed.wait_for(lambda: name not in self._busy, seconds)

    def _one_less(self, name: str) -> None:
        self._busy[name] -= 1
        if not self._busy[name]:
            del self._busy[name]

    def _free(self, hand: _Hand) -> None:
        """A thread has done its work: it stays, and what is too many ends."""
        with self._changed:
            self._one_less(hand.name)
            self._idle.append(hand)
            alike = [each for each in self._idle if each.name == hand.name]
            ending = alike[: max(0, len(alike) - self._spare)]
            for each in ending:
                self._idle.remove(each)
            while len(self._idle) > self._spare_in_all:
                ending.append(self._idle.popleft())
            self._changed.notify_all()
        for each in ending:
            each.inbox.put(None)


class _Hand:
    def __init__(self, name: str, free: Callable[[_Hand], None]) -> None:
        self.name = name
        self.inbox: queue.SimpleQueue[Optional[Work]] = queue.SimpleQueue()
        self._free = free
        threading.Thread(target=self._loop, name=name, daemon=True).start()

    def _loop(self) -> None:
        while True:
            work = self.inbox.get()
            if work is None:
                return
            try:
                work()
            except Exception:
                _log.exception("Work of %s failed", self.name)
            # what it holds, a picture perhaps, must not wait for the next work
            work = None
            self._free(self)


HANDS = Hands()


class Shut(RuntimeError):
    """A pool that was shut down takes no more work."""


class Pool(Executor):
    """Does what it is given in turn, on up to ``most`` threads called ``name``.

    It has no threads of its own: while there is nothing to do, other pools of the same
    name use them.
    """

    def __init__(self, most: int, name: str, hands: Hands = HANDS) -> None:
        self._most = most
        self._name = name
        self._hands = hands
        self._changed = threading.Condition()
        self._waiting: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._at_work = 0
        self._closed = False

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Raises Shut after :meth:`shutdown`, and RuntimeError where it needs a thread
        that cannot be started; what was given is then never done."""
        future: Future[T] = Future()
        with self._changed:
            if self._closed:
                raise Shut(f"{self._name} takes no more work")
            if self._at_work < self._most:
                # the thread waits for the lock; where none comes, nothing has changed
                self._hands.do(self._name, self._work)
                self._at_work += 1
            self._waiting.append((future, lambda: fn(*args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Takes no more work; what it was given is done."""
        with self._changed:
            self._closed = True
            dropped = list(self._waiting) if cancel_futures else []
            for each in dropped:
                self._waiting.remove(each)
        for future, _ in dropped:
            future.cancel()
        if wait:
            with self._changed:
                self._changed.wait_for(lambda: not self._at_work)

    def _work(self) -> None:
        while True:
            with self._changed:
                if not self._waiting:
                    self._at_work -= 1
                    self._changed.notify_all()
                    return
                future, work = self._waiting.popleft()
            if future.set_running_or_notify_cancel():
                try:
                    result = work()
                except BaseException as error:
                    future.set_exception(error)
                else:
                    future.set_result(result)
                    del result
            del future, work
