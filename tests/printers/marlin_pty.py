"""A Marlin printer behind a pseudo-terminal, for software that expects a serial port.

    with MarlinPty(Path("/tmp/printer")) as printer:
        ...  # connect to the port /tmp/printer

It moves in real time, or `speed` times as fast. What goes wrong is switched on through
its `faults` and its methods. Linux and macOS.
"""

from __future__ import annotations

import contextlib
import os
import queue
import re
import select
import threading
import time
import tty
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Optional

from tests.printers.body import Limits, Move, Place
from tests.printers.firmware import Executed, Faults, Firmware

GARBAGE = (
    b"\xff\xfe\x00garbage\x80\x81\n",
    b"X:nan Y:inf Z:1e999 E:0.00 Count X:0 Y:0\n",
    b"X:1.0\n",
    b"okay ok X: Y: Z:\n",
)


@dataclass
class _Watch:
    pattern: re.Pattern[str]
    action: Callable[[], object]
    skip: int
    reached: threading.Event = field(default_factory=threading.Event)


class MarlinPty:
    """The printer, its thread and its port.

    Args:
        port: where to put a link to the pseudo-terminal; it stays the same when the
            connection is dropped and comes back
        speed: how many of the printer's seconds go into one
    """

    def __init__(
        self, port: Path, speed: float = 1.0, limits: Optional[Limits] = None
    ) -> None:
        self.port = port
        self.speed = speed
        self.limits = limits or Limits()
        self._zero = time.monotonic()
        self._lock = threading.RLock()
        self._watches: list[_Watch] = []
        self._orders: queue.Queue[Callable[[], object]] = queue.Queue()
        self._wake_out, self._wake_in = os.pipe()
        self._ended = False
        self._input = b""
        self._open()
        self._firmware = self._power_up()
        self._thread = threading.Thread(target=self._run, name="marlin", daemon=True)
        self._thread.start()

    def __enter__(self) -> MarlinPty:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._order(self._end)
        self._thread.join()
        os.close(self._wake_in)
        os.close(self._wake_out)
        self.port.unlink(missing_ok=True)

    # what a test looks at

    @property
    def now(self) -> float:
        """The printer's own time, s."""
        return (time.monotonic() - self._zero) * self.speed

    @property
    def faults(self) -> Faults:
        return self._firmware.faults

    @property
    def unasked(self) -> int:
        """How many positions were reported that nobody asked for."""
        return self._firmware.unasked

    @property
    def halted(self) -> bool:
        return self._firmware.halted

    @property
    def targets(self) -> tuple[float, float]:
        """The temperatures the nozzle and the bed are to have, °C."""
        return self._firmware.body.nozzle.target, self._firmware.body.bed.target

    def head(self) -> tuple[Place, bool]:
        """Where the head really is, machine mm, and whether it stands still."""
        with self._lock:
            body, now = self._firmware.body, self.now
            return body.head(now), body.queue.under_way(now) is None

    def shown(self) -> tuple[float, float, float, float]:
        """X, Y, Z, E once everything queued is done, as the file counts."""
        with self._lock:
            return self._firmware.body.shown()

    def executed(self) -> list[Executed]:
        """Every command since the last :meth:`forget`, in order."""
        with self._lock:
            return list(self._firmware.executed)

    def moves(self) -> list[tuple[float, Move]]:
        """Every move that has ended since then, with the time it began."""
        with self._lock:
            self._firmware.body.queue.advance(self.now)
            return list(self._firmware.body.queue.done)

    def forget(self) -> None:
        """Begin the records anew, the filament's length too."""
        with self._lock:
            self._firmware.body.queue.advance(self.now)
            self._firmware.body.queue.done.clear()
            self._firmware.body.filament = 0.0
            self._firmware.executed.clear()

    # what a test switches on

    def at(
        self, pattern: str, action: Callable[[], object] = lambda: None, skip: int = 0
    ) -> threading.Event:
        """Do something when a command begins that matches; `skip` so many first.

        The action runs on the printer's thread before the command does. The event is
        set behind it.
        """
        watch = _Watch(re.compile(pattern), action, skip)
        with self._lock:
            self._watches.append(watch)
        return watch.reached

    def calm(self) -> None:
        """No faults, nothing watched for; on again after an emergency stop."""
        with self._lock:
            self._watches.clear()
            self._firmware.faults = Faults()
        if self.halted:
            self.reset()

    def report_positions(self, every: float) -> None:
        """Report positions unasked, every so many seconds, whatever M154 says."""
        self._order(lambda: self._firmware.report_positions(every, self.now))

    def say(self, *lines: str) -> None:
        """Write lines of the test's own."""
        self._order(lambda: self._write("\n".join((*lines, "")).encode("utf-8")))

    def babble(self) -> None:
        """Write lines that make no sense."""
        self._order(lambda: self._write(b"".join(GARBAGE)))

    def reset(self) -> None:
        """As its reset button does: everything is forgotten, `start` is said."""
        self._order(self._restart)

    def drop(self) -> None:
        """Pull the cable and put it in again: the port goes away and comes back."""
        self._order(self._replug)

    # the thread

    def _order(self, work: Callable[[], object]) -> None:
        """Have the printer's thread do something, now where this is it."""
        if threading.current_thread() is self._thread:
            work()
            return
        self._orders.put(work)
        os.write(self._wake_in, b"!")

    def _run(self) -> None:
        while not self._ended:
            with self._lock:
                due = self._firmware.poll(self.now)
                wait = None if due is None else max(0.0, (due - self.now) / self.speed)
            ready, _, _ = select.select([self._master, self._wake_out], [], [], wait)
            if self._wake_out in ready:
                os.read(self._wake_out, 1)
                self._orders.get()()
            elif self._master in ready:
                self._read()

    def _read(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self._input += os.read(self._master, 4096)
        *lines, self._input = re.split(b"[\r\n]", self._input)
        with self._lock:
            for line in lines:
                self._firmware.receive(line.decode("utf-8", "replace"), self.now)

    def _say(self, line: str) -> None:
        self._write(line.encode("utf-8") + b"\n")

    def _write(self, data: bytes) -> None:
        # nobody listens, or not fast enough: it is lost, as on a real line
        with contextlib.suppress(BlockingIOError):
            os.write(self._master, data)

    def _seen(self, line: str) -> None:
        for watch in list(self._watches):
            if not watch.pattern.match(line):
                continue
            if watch.skip:
                watch.skip -= 1
                continue
            self._watches.remove(watch)
            watch.action()
            watch.reached.set()

    def _power_up(self) -> Firmware:
        firmware = Firmware(self._say, self.limits, self.now)
        firmware.before = self._seen
        return firmware

    def _restart(self) -> None:
        with self._lock:
            self._input = b""
            self._firmware = self._power_up()

    # the port

    def _open(self) -> None:
        self._master, self._slave = os.openpty()
        # the other end is kept open, so that the printer outlives who is connected
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        fresh = self.port.with_name(f".{self.port.name}")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(os.ttyname(self._slave))
        fresh.replace(self.port)

    def _shut(self) -> None:
        os.close(self._master)
        os.close(self._slave)

    def _replug(self) -> None:
        self._shut()
        self._input = b""
        self._open()

    def _end(self) -> None:
        self._ended = True
        self._shut()
