"""The grid as the settings on somebody's screen would make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Callable, Optional

from ..cameras import Webcams
from ..capture.covering import Covering, over_bed, sized
from ..capture.grid import visiting_order
from ..config import Config, parse
from ..jobs import aim, cameras, terms
from ..messages import Problem


SIZES = (1, 3, 5)  # ready-made grids of so many columns and rows


def no_problem(config: Config) -> Optional[Problem]:
    """Finds nothing."""
    return None


def preview(
    raw: Any,
    profile: Mapping[str, Any],
    webcams: Webcams,
    further: Callable[[Config], Optional[Problem]] = no_problem,
) -> dict[str, Any]:
    """Geometry and problems of a raw settings tree.

    Args:
        further: looks for one more problem, where the settings are right in themselves

    Returns:
        bed, margin, origin, positions (mm, with where the nozzle goes for it, and the
        reason where refused), path (their indices in visiting order), ready-made grids
        and problems, as ``docs/api.md`` describes
    """
    config, problems = parse(raw)
    found = further(config)
    if found is not None:
        problems.append(found)
    used = cameras(config, webcams)[0] if config.grid.aim == "camera" else []
    camera = used[0].name if used else None
    what = terms(config, profile, camera)
    around, offset, wish = what.volume, aim(config, camera), wished(config)
    ready = {str(size): sized(around, offset, size, wish) for size in SIZES}
    whole = over_bed(around, offset, wish)
    start = what.allowed[0] if what.allowed else None
    order = visiting_order(what.positions, None if start is None else start.nozzle, None)
    left, front, right, back = around.bed
    return {
        "bed": {
            "shape": around.shape,
            "min_x": left,
            "max_x": right,
            "min_y": front,
            "max_y": back,
            "max_z": around.max_z,
        },
        "volume": {
            "min_x": around.min_x,
            "max_x": around.max_x,
            "min_y": around.min_y,
            "max_y": around.max_y,
        },
        "margin": around.margin,
        "origin": around.origin,
        "positions": [
            {
                "index": place.index,
                "x": place.x,
                "y": place.y,
                "nozzle": dict(zip("xy", place.nozzle)),
                "refused": None if place.refused is None else place.refused.to_dict(),
            }
            for place in what.positions
        ],
        "path": [place.index for place in order],
        "presets": {
            **{name: asdict(grid) for name, grid in ready.items()},
            "bed": None if whole is None else asdict(whole),
        },
        "problems": [problem.to_dict() for problem in problems],
    }


def wished(config: Config) -> Covering:
    """The grid that is set, for ready-made ones to go by."""
    return Covering(
        columns=config.grid.columns,
        rows=config.grid.rows,
        spacing_x=config.grid.spacing_x,
        spacing_y=config.grid.spacing_y,
        center_x=config.grid.center_x,
        center_y=config.grid.center_y,
    )
