"""An armed job, a capture called for in it, and who hears what becomes of them."""

from __future__ import annotations

from concurrent.futures import Future
from dataclasses import dataclass
from typing import Callable, Optional

from ..gcode import Layer
from ..messages import Message
from .ending import BROKEN
from .hold import Lease
from .plan import Plan, tags_of
from .ports import Outcome, Recorder, Shot
from .terms import Terms


class Listener:
    """Hears what becomes of captures. Called on the capture thread."""

    def capture_started(self, layer: Layer, positions: int) -> None:
        """A layer's boundary was reached and the job is held."""

    def capture_ended(self, outcome: Outcome) -> None:
        """The job goes on."""

    def layers_missed(self, layers: list[Layer]) -> None:
        """The boundaries of these layers never came."""

    def captures_suspended(self, why: Message) -> None:
        """No more captures in this job, unless somebody switches them on again."""

    def notice(self, message: Message) -> None:
        """Something the user should know once."""


@dataclass(frozen=True)
class Armed:
    """A job that is ready to be captured.

    Attributes:
        plan: its due layers and their tags
        terms: what each capture does
        open_recorder: makes the Recorder of one capture
        changed: what is wrong with the job's file since it was indexed, or None
        layer_at: the layer that a ``filepos`` belongs to
        skip: whether a capture that is due cannot be kept now, so that the head stays
    """

    plan: Plan
    terms: Terms
    open_recorder: Callable[[Layer], Recorder]
    changed: Callable[[], Optional[Message]]
    layer_at: Callable[[int], Optional[Layer]]
    skip: Callable[[Layer], bool] = lambda layer: False

    def wanted(self, layer: Layer) -> dict[str, Layer]:
        """The tags at which a layer is captured that was asked for while it prints."""
        wanted = {tag: layer for tag in tags_of(layer)}
        following = self.layer_at(layer.capture_pos + 1)
        if following is not None:
            # its lines may have been queued already: then it is the one after
            wanted.update((tag, following) for tag in tags_of(following))
        return wanted


@dataclass(eq=False)
class Called:
    """A capture that was called for, with its own claim to the hold.

    ``stop`` names what ends it from outside, once something does.
    """

    job: Armed
    layer: Layer
    lease: Lease
    stop: Optional[str] = None


def broken(called: Called) -> Outcome:
    """The outcome of a capture that could not even begin."""
    planned = len(called.job.terms.allowed)
    return BROKEN.outcome(called.layer, 0, planned, 0.0, harmless=True)


class _NoRecorder:
    """Stands in until a capture's own recorder is open."""

    def glance(self, x: float, y: float) -> None:
        pass

    def expose(self, shot: Shot) -> Future[None]:
        done: Future[None] = Future()
        done.set_result(None)
        return done

    def abandon(self) -> None:
        pass

    def close(self, outcome: Outcome) -> None:
        pass


NO_RECORDER: Recorder = _NoRecorder()
