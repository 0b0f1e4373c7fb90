"""What the printer was at when a capture began, as its JSON tells it."""

from __future__ import annotations

import logging
import math
from typing import Any, Optional

from .gcode.factors import Said
from .library import Conditions
from .library.records import Heater

_log = logging.getLogger("octoprint.plugins.layercapture.printing")


def conditions(printer: Any, said: Said) -> Conditions:
    """From OctoPrint's printer and from what was said to the firmware; never raises."""
    found = Conditions(
        fan=said.fan,
        feed_factor=said.feed,
        flow_factor=said.flow,
        babysteps=said.babysteps,
    )
    try:
        found.temperatures = _heaters(printer.get_current_temperatures() or {})
        progress = printer.get_current_data().get("progress") or {}
        completion = number(progress.get("completion"))
        found.progress = None if completion is None else round(completion / 100, 6)
        found.print_seconds = number(progress.get("printTime"))
    except Exception:
        _log.exception("The printer's temperatures and progress could not be read")
    return found


def _heaters(temperatures: dict[str, Any]) -> dict[str, Heater]:
    found = {}
    for name, values in temperatures.items():
        if not isinstance(values, dict):
            continue
        heater = Heater(
            actual=number(values.get("actual")), target=number(values.get("target"))
        )
        if heater.actual is not None or heater.target is not None:
            found[str(name)] = heater
    return found


def number(value: Any) -> Optional[float]:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None
