"""Our own shapes, sliced by three slicers: every fact of the index against a plain
simulation of the file, with comments and without.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from octoprint_layercapture.gcode import LayerIndex, index
from tests.unit.gcode import simulation
from tests.unit.gcode.simulation import Step

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
TRUTH: dict[str, Any] = json.loads((OWN / "truth.json").read_text())
STOPS = ("M84", "M104", "M109", "M140", "M190", "G28")
NEAR = 0.0006  # mm; half of the last digit that slicers write

FLAT = sorted(name for name in TRUTH if not TRUTH[name].get("spiral"))
SPIRAL = sorted(TRUTH.keys() - set(FLAT))
CURA_SPIRAL = [name for name in SPIRAL if name.startswith("cura")]
#: slic3r and prusa-slicer begin a turn with a move to the height where they are; what
#: CuraEngine makes says only in its comments where a turn begins
BARE = [name for name in sorted(TRUTH) if name not in CURA_SPIRAL]


def bare(text: bytes) -> bytes:
    return re.sub(rb";[^\n\r]*", b"", text)


def found(text: bytes, name: str, folder: Path) -> LayerIndex:
    path = folder / name
    path.write_bytes(text)
    heights = TRUTH[name]["z"]
    rises = [b - a for a, b in zip(heights, heights[1:]) if b > a]
    return index(path, min_height=min([0.05, *(rise * 0.9 for rise in rises)]))


def ends(steps: list[Step], heights: list[float]) -> list[int]:
    """For each layer the place in ``steps`` of the last one that lays filament in it."""
    last = [-1] * len(heights)
    layer = 0
    for at, step in enumerate(steps):
        if not step.lays:
            continue
        while step.z > heights[layer] + NEAR or (
            step.z < heights[layer] - NEAR
            and layer + 1 < len(heights)
            and heights[layer + 1] < heights[layer]
        ):
            layer += 1
        last[layer] = at
    return last


def captures(steps: list[Step], last: list[int]) -> list[tuple[int, bool]]:
    """For each layer where it is complete, and whether the slicer retracted by then."""
    points = []
    for at in last:
        point, retracted = steps[at].end, False
        for step in steps[at + 1 :]:
            climbs = step.z != step.z_before
            if climbs or step.name in STOPS or step.name.startswith("T") or step.pushes:
                break
            if step.pulls:
                point, retracted = step.end, True
        points.append((point, retracted))
    return points


def test_the_simulation_finds_the_heights_the_shapes_were_sliced_into() -> None:
    for name in FLAT:
        heights = simulation.heights((OWN / name).read_bytes())
        assert heights == pytest.approx(TRUTH[name]["z"], abs=NEAR), name


@pytest.mark.parametrize(
    ("name", "commented"),
    [(name, True) for name in sorted(TRUTH)] + [(name, False) for name in BARE],
)
def test_all_facts_are_those_of_the_simulation(
    name: str, commented: bool, tmp_path: Path
) -> None:
    text = (OWN / name).read_bytes()
    text = text if commented else bare(text)
    heights = TRUTH[name]["z"]
    layers = found(text, name, tmp_path)
    assert [each.z for each in layers.layers] == pytest.approx(heights, abs=0.01)
    assert layers.spiral == TRUTH[name].get("spiral", False)
    assert layers.sequential == TRUTH[name].get("sequential", False)
    steps = list(simulation.steps(text))
    last = ends(steps, heights)
    points = captures(steps, last)
    assert [(each.capture_pos, each.retracted) for each in layers.layers] == points
    tops = [max(step.z for step in steps[: at + 1] if step.lays) for at in last]
    assert [each.top for each in layers.layers] == pytest.approx(tops, abs=NEAR)
    for number, each in enumerate(layers.layers):
        lower = [z for z in heights[:number] if z < each.z - 0.01]
        below = lower[-1] if lower else 0.0
        assert each.height == pytest.approx(each.z - below, abs=0.01)
