"""OctoPrint's printer as captures see it: which connection counts."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest

from octoprint_layercapture.capture.hold import JobHold
from octoprint_layercapture.gcode import Modal
from octoprint_layercapture.printer import OctoPrintPrinter


class Connection:
    """What OctoPrint hands to hooks; only its identity matters."""


class PrinterOfOctoPrint:
    """As much of OctoPrint's printer interface as a hold needs."""

    def __init__(self) -> None:
        self.holds = 0

    def get_state_id(self) -> str:
        return "PRINTING"

    def set_job_on_hold(self, value: bool, blocking: bool = True) -> bool:
        self.holds += 1 if value else -1
        return True


@pytest.fixture
def octoprint() -> PrinterOfOctoPrint:
    return PrinterOfOctoPrint()


@pytest.fixture
def printer(octoprint: PrinterOfOctoPrint) -> OctoPrintPrinter:
    return OctoPrintPrinter(octoprint)


def test_late_word_of_a_closed_connection_does_not_make_it_the_present_one(printer):
    closed, present = Connection(), Connection()
    assert printer.seen(closed)
    assert printer.seen(present)
    assert not printer.seen(closed)
    assert printer.connection() is present


def test_late_word_of_a_closed_connection_changes_no_modes(printer):
    closed, present = Connection(), Connection()
    printer.sending(closed, "G91")
    printer.sending(present, "G90")
    assert not printer.sending(closed, "G91")
    assert printer.modal().absolute is True


def test_new_connection_begins_with_no_modes_known(printer):
    printer.sending(Connection(), "G91")
    printer.seen(Connection())
    assert printer.modal().absolute == Modal().absolute


def test_hold_is_released_although_a_closed_connection_still_speaks(
    printer: OctoPrintPrinter, octoprint: PrinterOfOctoPrint
) -> None:
    closed, present = Connection(), Connection()
    printer.seen(closed)
    printer.seen(present)
    lease = JobHold(printer).lease()
    assert lease.take(present)
    printer.seen(closed)
    lease.release()
    assert octoprint.holds == 0


def test_closed_connections_are_not_kept(printer):
    closed: Any = Connection()
    printer.seen(closed)
    printer.seen(Connection())
    kept = weakref.ref(closed)
    del closed
    gc.collect()
    assert kept() is None
