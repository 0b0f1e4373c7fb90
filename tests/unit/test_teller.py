"""The thread that tells what has changed."""

from __future__ import annotations

import queue
from typing import Any, Optional

from octoprint_layercapture.teller import Teller

LONG = 60.0  # s; nothing that is waited for takes this long


class Told:
    """Looks at what a test has set, and remembers what was told."""

    def __init__(self, pause: Optional[float] = None, again: float = LONG) -> None:
        self.pause = pause
        self.found: dict[str, Any] = {}
        self.heard: queue.Queue[dict[str, Any]] = queue.Queue()
        self.looks: queue.Queue[None] = queue.Queue()
        self.broken = False
        self.untold = 0
        self.teller = Teller(self.look, self.tell, again)

    def look(self) -> tuple[Optional[float], dict[str, Any]]:
        self.looks.put(None)
        if self.broken:
            raise ValueError("broken")
        return self.pause, dict(self.found)

    def tell(self, found: dict[str, Any]) -> None:
        if self.untold:
            self.untold -= 1
            raise ValueError("not told")
        self.heard.put(found)


def test_what_is_new_is_told_once():
    told = Told()
    told.found = {"value": 1}
    told.teller.wake()
    assert told.heard.get(timeout=LONG) == {"value": 1}
    told.looks.get(timeout=LONG)
    told.teller.wake()
    told.looks.get(timeout=LONG)
    told.found = {"value": 2}
    told.teller.wake()
    assert told.heard.get(timeout=LONG) == {"value": 2}


def test_it_looks_again_by_itself_while_something_goes_on():
    told = Told(pause=0.01)
    told.found = {"value": 1}
    told.teller.wake()
    assert told.heard.get(timeout=LONG) == {"value": 1}
    told.found = {"value": 2}
    assert told.heard.get(timeout=LONG) == {"value": 2}
    told.pause = None


def test_look_that_fails_does_not_end_it():
    told = Told()
    told.broken = True
    told.teller.wake()
    told.looks.get(timeout=LONG)
    told.broken = False
    told.found = {"value": 1}
    told.teller.wake()
    assert told.heard.get(timeout=LONG) == {"value": 1}


def test_it_looks_again_by_itself_after_an_error(caplog):
    told = Told(again=0.01)
    told.broken = True
    told.teller.wake()
    for _ in range(3):
        told.looks.get(timeout=LONG)
    told.found = {"value": 1}
    told.broken = False
    assert told.heard.get(timeout=LONG) == {"value": 1}
    errors = [each for each in caplog.records if each.levelname == "ERROR"]
    assert len(errors) == 1


def test_what_could_not_be_told_is_told_later():
    told = Told(again=0.01)
    told.untold = 2
    told.found = {"value": 1}
    told.teller.wake()
    assert told.heard.get(timeout=LONG) == {"value": 1}
