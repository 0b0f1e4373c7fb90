"""Heights printed early: whether they are layers, or of the layer they are left for."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import LayerIndex, index


def _of(folder: Path, text: str) -> LayerIndex:
    path = folder / "print.gcode"
    path.write_text(text)
    return index(path)


def _heights(folder: Path, text: str) -> list[float]:
    return [layer.z for layer in _of(folder, text).layers]


def _loops(heights: list[float], mark: str, numbers: list[int]) -> str:
    text = "G28\nG90\nM83\n"
    for number, z in zip(numbers, heights):
        text += mark.format(number=number, z=z) + f"G1 Z{z}\nG1 X0 Y0\n"
        text += "G1 X50 E2\nG1 Y50 E2\nG1 X0 E2\nG1 Y0 E2\n"
    return text


#: CuraEngine squeezes the layers above a raft's first one together, by more than a layer
RAFT = [0.3, 0.5, 1.1, 1.0, 1.1, 1.2, 1.3]
#: Simplify3D lays a pillar some layers ahead
AHEAD = [0.2, 0.4, 0.6, 1.2, 0.8, 1.0, 1.2, 1.4]


@pytest.mark.parametrize("marked", [True, False])
def test_the_first_layer_on_a_raft_is_one_though_the_next_is_lower(
    marked: bool, tmp_path: Path
) -> None:
    numbers = [-2, -1, 0, 1, 2, 3, 4]
    text = _loops(RAFT, ";LAYER:{number}\n", numbers)
    text = text if marked else re.sub(";.*", "", text)
    assert _heights(tmp_path, text) == RAFT


@pytest.mark.parametrize("marked", [True, False])
def test_the_next_object_makes_no_excursion_of_a_layer(
    marked: bool, tmp_path: Path
) -> None:
    heights = [0.3, 0.5, 1.15, 1.1, 1.2, 1.3, 1.4] * 2
    text = _loops(heights, ";LAYER_CHANGE\n", list(range(len(heights))))
    text = text if marked else re.sub(";.*", "", text)
    assert _heights(tmp_path, text) == heights


@pytest.mark.parametrize("marked", [True, False])
def test_what_is_laid_ahead_belongs_to_the_layer_it_is_left_from(
    marked: bool, tmp_path: Path
) -> None:
    text = _loops(AHEAD, "; layer {number}, Z = {z:.3f}\n", [1, 2, 3, 6, 4, 5, 6, 7])
    text = text if marked else re.sub(";.*", "", text)
    assert _heights(tmp_path, text) == [0.2, 0.4, 0.6, 0.8, 1.0, 1.2, 1.4]


@pytest.mark.parametrize("step", [0.02, 0.03, 0.1])
def test_a_raft_with_fine_layers_on_it_is_no_second_object(
    step: float, tmp_path: Path
) -> None:
    heights = [0.3, 0.5, 1.1, *(round(1.0 + step * n, 3) for n in range(9))]
    found = _of(tmp_path, _loops(heights, ";LAYER:{number}\n", list(range(-2, 10))))
    assert [layer.z for layer in found.layers] == heights
    assert not found.sequential


def test_an_object_that_starts_high_is_a_second_one(tmp_path: Path) -> None:
    heights = [0.2, 0.4, 0.6, 0.8, 0.4, 0.6, 0.8]
    found = _of(tmp_path, _loops(heights, ";LAYER:{number}\n", list(range(7))))
    assert [layer.z for layer in found.layers] == heights
    assert found.sequential


def test_what_goes_on_after_a_higher_tower_is_the_same_layer(tmp_path: Path) -> None:
    """The tower is laid in the middle of a layer, and more of it than of the rest."""
    text = "G28\nG90\nM83\n"
    for z in (0.2, 0.4, 0.6, 0.8, 1.0, 1.2):
        part = "G1 X50 E1\nG1 Y50 E1\nG1 X0 E1\nG1 Y0 E1\n"
        tower = f"G1 Z{z + 0.1:.1f}\nG1 X150 Y150\nG1 X180 E9\nG1 Y180 E9\n"
        text += f"G1 Z{z}\nG1 X0 Y0\n{part}"
        if z in (0.6, 1.0):
            text += f"{tower}G1 Z{z}\nG1 X0 Y0\n{part}"
    found = _of(tmp_path, text)
    assert [layer.z for layer in found.layers] == [0.2, 0.4, 0.7, 0.8, 1.1, 1.2]
    assert not found.sequential
