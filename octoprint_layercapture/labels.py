"""What each kept picture says about itself: the JSON's facts about it, under its names.

Here what ``library`` records of a capture becomes the label that ``cameras`` can put into
a JPEG, so that a picture without its JSON still says what it is. It is data, so it is
English wherever the reader is.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Optional

from .cameras import Label
from .capture.ports import Shot
from .library import CaptureRecord

_DISTRIBUTION = "OctoPrint-LayerCapture"
_NAME_LENGTH = 400  # characters of the file's path in the description


def label_of(
    record: CaptureRecord,
    shot: Shot,
    camera: str,
    taken: float,
    size: tuple[int, int],
    offset: Optional[tuple[float, float]],
) -> Label:
    """The label of one picture; ``taken`` in seconds since the epoch, ``size`` in pixels.

    ``offset`` is what the camera sees from the nozzle, mm, None where nobody said.
    """
    facts: dict[str, Any] = {
        "layer": record.layer,
        "z_height": record.z_height,
        "height": record.height,
        "layers_total": record.layers_total,
        "index": shot.index,
        "order": shot.order,
        "position": _places(shot.x, shot.y),
        "actual": _places(*shot.actual or ()),
        "offset": _places(*offset or ()),
        "camera": camera,
        "timestamp": taken,
        "gcode_file": record.gcode_file,
        "print_start_time": record.print_start_time,
        "print_id": record.print_id,
        "capture_id": record.capture_id,
        "instance": record.instance,
    }
    total = "" if record.layers_total is None else f" of {record.layers_total}"
    height = "" if record.height is None else f" ({record.height:g} mm high)"
    moment = datetime.fromtimestamp(taken).strftime("%Y-%m-%d %H:%M:%S")
    return Label(
        description=(
            f"{record.gcode_file[-_NAME_LENGTH:]}, layer {record.layer}{total} at "
            f"Z {record.z_height:g} mm{height}, X {shot.x:g} Y {shot.y:g}, "
            f"camera {camera}, {moment}"
        ),
        facts={name: value for name, value in facts.items() if value is not None},
        taken=taken,
        size=size,
        camera=camera,
        software=software(),
    )


@cache
def software() -> str:
    """Our name, with the version that is installed."""
    try:
        return f"Layer Capture {version(_DISTRIBUTION)}"
    except PackageNotFoundError:
        return "Layer Capture"


def _places(*values: float) -> Optional[dict[str, float]]:
    if not values or not all(map(math.isfinite, values)):
        return None
    return {axis: round(value, 3) for axis, value in zip("xyz", values)}
