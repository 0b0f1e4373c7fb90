"""How something that moves the head came to its end, as one value."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Callable, Optional

from ..gcode import Layer
from ..messages import N_, Message
from .head import Misplaced
from .ports import Activity, CaptureFailed, Interrupted, Outcome, PrinterGone

_log = logging.getLogger("octoprint.plugins.layercapture.capture")

INTERNAL_ERROR = Message(N_("An internal error, see octoprint.log for it."))


@dataclass(frozen=True)
class End:
    """What ended it: a failure, an interruption in a word, or nothing.

    Attributes:
        harmless: the failure is no fault of printer or motion
        misplaced: the head stood elsewhere than where it was sent
    """

    failure: Optional[Message] = None
    interrupted: Optional[str] = None
    harmless: bool = False
    misplaced: bool = False

    def outcome(
        self,
        layer: Layer,
        visited: int,
        planned: int,
        seconds: float,
        harmless: bool = False,
        paused: bool = False,
    ) -> Outcome:
        """The outcome of a capture that ended so."""
        return Outcome(
            layer=layer,
            visited=visited,
            planned=planned,
            failure=self.failure,
            harmless=harmless or self.harmless,
            interrupted=self.interrupted,
            paused=paused,
            seconds=seconds,
        )


BROKEN = End(failure=INTERNAL_ERROR)


def end_of(work: Callable[[], None], what: str) -> End:
    """Does the work, and says how it ended; ``what`` names it in the log."""
    try:
        work()
    except Interrupted as stopped:
        return End(interrupted=str(stopped))
    except CaptureFailed as failed:
        misplaced = isinstance(failed, Misplaced)
        return End(failed.message, harmless=failed.harmless, misplaced=misplaced)
    except PrinterGone:
        return End(interrupted=Activity.GONE.value)
    except Exception:
        _log.exception("%s broke off", what)
        return BROKEN
    return End()
