"""What goes out on OctoPrint's event bus, for MQTT, webhooks and other plugins.

Payloads are plain JSON with stable names; they hold no path of the server beyond those
below uploads. ``docs/api.md`` describes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .capture.ports import Outcome
from .library import CaptureRecord, Image, PrintRecord

PREFIX = "plugin_layercapture_"

CAPTURE_STARTED = "capture_started"
PICTURE_SAVED = "picture_saved"
CAPTURE_FINISHED = "capture_finished"
CAPTURE_FAILED = "capture_failed"
PRINT_FINISHED = "print_finished"


@dataclass(frozen=True)
class Event:
    """An event of ours; on the bus ``PREFIX`` stands before its name."""

    name: str
    payload: dict[str, Any]


def event_names(*_: Any, **__: Any) -> list[str]:
    """Handler of OctoPrint's hook ``octoprint.events.register_custom_events``."""
    return [
        CAPTURE_STARTED,
        PICTURE_SAVED,
        CAPTURE_FINISHED,
        CAPTURE_FAILED,
        PRINT_FINISHED,
    ]


def capture_started(capture: CaptureRecord, positions: int) -> Event:
    return Event(CAPTURE_STARTED, {**_about(capture), "positions": positions})


def picture_saved(capture: CaptureRecord, image: Image, kept: int) -> Event:
    """``kept`` counts the capture's pictures so far."""
    return Event(
        PICTURE_SAVED,
        {
            **_about(capture),
            "path": image.path,
            "index": image.index,
            "order": image.order,
            "camera": image.camera,
            "x": image.position.x,
            "y": image.position.y,
            "timestamp": image.timestamp,
            "width": image.width,
            "height": image.height,
            "size": image.size,
            "sha256": image.sha256,
            "kept": kept,
        },
    )


def capture_ended(
    capture: CaptureRecord, outcome: Outcome, kept: int, failed: int
) -> Event:
    """Finished, also where something ended it early, or failed."""
    payload = {
        **_about(capture),
        "pictures": kept,
        "failures": failed,
        "seconds": round(outcome.seconds, 3),
    }
    if outcome.failure is not None:
        return Event(CAPTURE_FAILED, {**payload, "reason": str(outcome.failure)})
    return Event(CAPTURE_FINISHED, {**payload, "interrupted": outcome.interrupted})


def print_finished(record: PrintRecord) -> Event:
    totals = record.totals
    return Event(
        PRINT_FINISHED,
        {
            "print_id": record.print_id,
            "file": record.gcode_file,
            "name": record.name,
            "outcome": record.outcome,
            "reason": record.reason,
            "started": record.print_start_time,
            "ended": record.print_end_time,
            "captures": totals.captures,
            "pictures": totals.pictures,
            "failures": totals.failures,
            "bytes": totals.bytes,
            "seconds": totals.seconds,
        },
    )


def _about(capture: CaptureRecord) -> dict[str, Any]:
    return {
        "print_id": capture.print_id,
        "capture_id": capture.capture_id,
        "file": capture.gcode_file,
        "layer": capture.layer,
        "z": capture.z_height,
    }
