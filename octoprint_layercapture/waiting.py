"""What a capture is doing or waits for, in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Optional, Protocol, Union

from .capture.grid import Position
from .capture.run import Step
from .messages import N_, Message

WRITE = "write"  # the job goes on, the last pictures are being written

WRITING = Message(N_("Writing the last pictures; the print goes on."))

_WORDS = {
    Step.HOME: N_("Homing the printer."),
    Step.PAUSE: N_("Waiting until OctoPrint has paused the print."),
    Step.ENTER: N_("Waiting until the printer has finished its moves."),
    Step.LEAVE: N_("Taking the head back to the print."),
    Step.RELEASE: N_("Letting the print go on."),
    Step.DONE: N_("Letting the print go on."),
}

_CAMERAS = {"fake": N_("Fake camera"), "url": N_("Snapshot URL")}


class Run(Protocol):
    """A capture, or the test of one."""

    step: Step

    @property
    def order(self) -> Sequence[Position]:
        """The positions as they are visited."""

    @property
    def visited(self) -> int:
        """How many positions are done."""


def place_of(run: Run) -> Optional[Position]:
    """The position that the head is at or on its way to."""
    order, visited = run.order, run.visited
    there = run.step in (Step.TRAVEL, Step.SETTLE, Step.EXPOSE)
    return order[visited] if there and visited < len(order) else None


def words(run: Run, cameras: Sequence[str]) -> Message:
    """What a run waits for; ``cameras`` have not given their picture of it yet."""
    step, place = run.step, place_of(run)
    if place is None:
        return Message(_WORDS.get(step, _WORDS[Step.LEAVE]))
    where = {"index": place.index, "nth": run.visited + 1, "total": len(run.order)}
    if step is Step.TRAVEL:
        return Message(
            N_("Travelling to position %(index)d, %(nth)d of %(total)d."), where
        )
    if step is Step.SETTLE:
        return Message(
            N_("Letting head and camera come to rest at position %(index)d."), where
        )
    if not cameras:
        return Message(N_("Keeping the picture of position %(index)d."), where)
    return Message(
        N_("Waiting for the picture of position %(index)d from %(cameras)s."),
        {**where, "cameras": _named(cameras)},
    )


def _named(cameras: Sequence[str]) -> Union[str, Message]:
    """Cameras as people know them; one of ours alone in the reader's language."""
    names = [_CAMERAS.get(camera, camera) for camera in cameras]
    if len(names) == 1 and cameras[0] in _CAMERAS:
        return Message(names[0])
    return ", ".join(names)
