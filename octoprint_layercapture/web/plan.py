"""What the settings on somebody's screen would make of a stored file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, Callable, Optional

from ..capture.covering import over_print
from ..capture.duration import seconds_per_capture
from ..config import Config
from ..gcode import LayerIndex
from ..gcode.outline import Point
from ..jobs import NO_LAYERS, NO_POSITION, aim, chosen_layers, none_chosen, terms
from ..library.space import Estimate
from ..pace import settling
from .preview import wished


def planned(
    index: LayerIndex,
    outline: Sequence[Point],
    config: Config,
    profile: Mapping[str, Any],
    cameras: Sequence[str],
    estimate: Callable[[int, int], Estimate],
    pace: float,
) -> dict[str, Any]:
    """Which layers, how many pictures, about how long and how much.

    Args:
        outline: the corners around what is printed, mm
        cameras: the names of those that would be used
        estimate: gives pictures and bytes for captures × positions
        pace: of this printer and its cameras, see :func:`seconds_per_capture`

    Returns:
        the part of the answer of ``POST plan`` that is about the plan; ``notices`` say
        why nothing would be captured
    """
    chosen = chosen_layers(index, config)
    camera = cameras[0] if cameras else None
    what = terms(config, profile, camera)
    over = over_print(what.volume, aim(config, camera), outline, wished(config))
    captures, positions = len(chosen.layers), len(what.allowed)
    expected = estimate(captures, positions)
    each = seconds_per_capture(what, settling(config, cameras), _middle(index), pace)
    notices = []
    if not index.layers:
        notices.append(NO_LAYERS)
    elif not chosen.layers:
        notices.append(none_chosen(chosen.total))
    if not positions:
        notices.append(NO_POSITION)
    return {
        "slicer": index.slicer,
        "spiral": index.spiral,
        "sequential": index.sequential,
        "bounds": _bounds(index),
        "outline": [list(corner) for corner in outline],
        "cover": None if over is None else asdict(over),
        "layers_total": chosen.total,
        "layers": [layer.number for layer in chosen.layers],
        "positions": positions,
        "pictures": expected.pictures,
        "bytes": expected.bytes,
        "bytes_guessed": bool(expected.guessed),
        "seconds": round(captures * each, 1),
        "notices": [notice.to_dict() for notice in notices],
    }


def _bounds(index: LayerIndex) -> Optional[dict[str, float]]:
    if index.bounds is None:
        return None
    return dict(zip(("min_x", "min_y", "max_x", "max_y"), index.bounds))


def _middle(index: LayerIndex) -> Optional[tuple[float, float]]:
    if index.bounds is None:
        return None
    min_x, min_y, max_x, max_y = index.bounds
    return (min_x + max_x) / 2, (min_y + max_y) / 2
