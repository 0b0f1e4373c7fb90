"""What a printer needs at least: the same lines, by a host that takes no time at all."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tests.printers.body import Limits, Move
from tests.printers.firmware import Firmware


@dataclass(frozen=True)
class Sent:
    """A line, sent once the one before is acknowledged and not `before` then.

    `pause` is what the host does behind its ok, s.
    """

    line: str
    before: float = 0.0
    pause: float = 0.0


def on_paper(script: Iterable[Sent], limits: Limits) -> list[tuple[float, Move]]:
    """The moves that these lines lead to, with the time each begins."""
    oks: list[str] = []

    def listen(said: str) -> None:
        if said.startswith("ok"):
            oks.append(said)

    firmware = Firmware(listen, limits, 0.0)
    now = 0.0
    for sent in script:
        now = max(now, sent.before)
        oks.clear()
        firmware.receive(sent.line, now)
        while True:
            due = firmware.poll(now)
            if oks or due is None:
                break
            now = max(now, due)
        now += sent.pause
    queue = firmware.body.queue
    queue.advance(queue.still_at(now))
    return queue.done
