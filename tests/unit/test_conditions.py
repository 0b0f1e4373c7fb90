from __future__ import annotations

from octoprint_layercapture.conditions import conditions
from octoprint_layercapture.gcode.factors import Said


class Printer:
    def __init__(self, temperatures=None, progress=None):
        self.temperatures = temperatures
        self.progress = progress

    def get_current_temperatures(self):
        return self.temperatures

    def get_current_data(self):
        return {"progress": self.progress}


def test_what_octoprint_and_the_firmware_were_told_is_put_together():
    printer = Printer(
        {
            "tool0": {"actual": 209.8, "target": 210.0, "offset": 0},
            "bed": {"actual": 60, "target": None},
            "chamber": {"actual": None, "target": None},
            "odd": float("nan"),
        },
        {"completion": 12.5, "printTime": 340, "filepos": 5000},
    )
    found = conditions(printer, Said(fan=0.5, feed=0.8, flow=0.95, babysteps=0.02))
    assert found.model_dump() == {
        "progress": 0.125,
        "print_seconds": 340,
        "temperatures": {
            "tool0": {"actual": 209.8, "target": 210},
            "bed": {"actual": 60, "target": None},
        },
        "fan": 0.5,
        "feed_factor": 0.8,
        "flow_factor": 0.95,
        "babysteps": 0.02,
    }


def test_what_is_not_known_is_left_empty():
    found = conditions(Printer(None, {"completion": None, "printTime": True}), Said())
    assert (found.progress, found.print_seconds, found.temperatures) == (None, None, {})


def test_a_printer_that_fails_costs_no_capture():
    assert conditions(None, Said(fan=1)).fan == 1
