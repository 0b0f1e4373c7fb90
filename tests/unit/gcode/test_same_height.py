"""Marks at the height of the one before: layers, or parts of one."""

from __future__ import annotations

from pathlib import Path

import pytest

from octoprint_layercapture.gcode import LayerIndex, index

SQUARE = "G1 X50 E2\nG1 Y50 E2\nG1 X0 E2\nG1 Y0 E2\n"


def _of(folder: Path, text: str) -> LayerIndex:
    path = folder / "print.gcode"
    path.write_text("G28\nG90\nM83\n" + text)
    return index(path)


def _squares(mark: str, heights: list[float]) -> str:
    return "".join(
        mark.format(n=n, z=z) + f"G1 Z{z + 1:.3f}\nG1 X0 Y0\nG1 Z{z}\n{SQUARE}"
        for n, z in enumerate(heights, 1)
    )


@pytest.mark.parametrize("mark", [";LAYER_CHANGE\n;Z:{z}\n", "; CHANGE_LAYER\n"])
@pytest.mark.parametrize(
    ("heights", "sequential"),
    [
        ([0.3, 0.3, 0.3], True),
        ([0.3, 0.3, 0.5, 0.7], True),
        ([0.3, 0.5, 0.7, 0.898, 0.9, 1.1], False),
    ],
    ids=["flat objects", "a flat object and another", "support between the layers"],
)
def test_each_layer_change_is_a_layer(
    mark: str, heights: list[float], sequential: bool, tmp_path: Path
) -> None:
    found = _of(tmp_path, _squares(mark, heights))
    assert [layer.z for layer in found.layers] == heights
    assert found.sequential == sequential
    assert found.layers[0].height == found.layers[1].height or not sequential


@pytest.mark.parametrize(
    "mark", ["; layer {n}, Z = {z}\n", "; BEGIN_LAYER_OBJECT z={z}\n"]
)
def test_processes_of_one_layer_are_one(mark: str, tmp_path: Path) -> None:
    found = _of(tmp_path, _squares(mark, [0.3, 0.3, 0.5, 0.5, 0.7]))
    assert [layer.z for layer in found.layers] == [0.3, 0.5, 0.7]
    assert not found.sequential


def test_the_turn_that_thins_out_at_the_end_of_a_vase_is_a_layer(tmp_path: Path) -> None:
    text, z = _squares(";LAYER_CHANGE\n", [0.2]), 0.2
    for _ in range(5):
        text += ";LAYER_CHANGE\n"
        for move in SQUARE.splitlines():
            z += 0.05
            text += f"G1 Z{z:.2f} {move[3:]}\n"
    text += ";LAYER_CHANGE\nG1 X50 E2\nG1 Y50 E1.5\nG1 X0 E1\nG1 Y0 E.5\n"
    found = _of(tmp_path, text)
    assert found.spiral
    assert [layer.z for layer in found.layers] == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.2]


def test_a_low_tower_with_most_of_the_filament_is_no_second_object(
    tmp_path: Path,
) -> None:
    text, tower = "", 0.2
    for n, z in enumerate((0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4)):
        text += f";LAYER_CHANGE\n;Z:{z}\nG1 Z{z}\nG1 X0 Y0\n{SQUARE}"
        if n in (3, 4, 5):
            text += f"G1 Z{tower:.1f}\nG1 X150 Y150\nG1 X180 E30\nG1 Z{z + 1}\n"
            tower += 0.2
    found = _of(tmp_path, text)
    assert len(found.layers) == 7
    assert not found.sequential
    assert [layer.top for layer in found.layers] == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]
