"""Prints that start below Z 0, where the slicer makes up for the nozzle's offset."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import LayerIndex, index

OFFSET = [-0.4, -0.15, 0.1, 0.35, 0.6]


def _of(folder: Path, text: str) -> LayerIndex:
    path = folder / "print.gcode"
    path.write_text(text)
    return index(path)


def _squares(heights: list[float]) -> str:
    text = "G28\nG90\nM83\n"
    for number, z in enumerate(heights, 1):
        text += f"; layer {number}, Z = {z + 0.65:.3f}\nG1 X0 Y0\nG1 Z{z}\n"
        text += "G1 X50 E2\nG1 Y50 E2\nG1 X0 E2\nG1 Y0 E2\n"
    return text


@pytest.mark.parametrize("marked", [True, False])
def test_layers_below_zero_are_layers(marked: bool, tmp_path: Path) -> None:
    text = _squares(OFFSET)
    found = _of(tmp_path, text if marked else re.sub(";.*", "", text))
    assert [layer.z for layer in found.layers] == OFFSET
    assert [layer.height for layer in found.layers] == [0.25] * 5
    assert [layer.top for layer in found.layers] == OFFSET
    assert not found.sequential


@pytest.mark.parametrize("marked", [True, False])
def test_a_first_layer_at_zero_is_one(marked: bool, tmp_path: Path) -> None:
    text = _squares([0.0, 0.2, 0.4])
    found = _of(tmp_path, text if marked else re.sub(";.*", "", text))
    assert [layer.z for layer in found.layers] == [0.0, 0.2, 0.4]
    assert found.layers[0].height == 0.2


@pytest.mark.parametrize("z", ["-9", "-1e300", "-99999"])
def test_far_below_the_bed_is_no_layer(z: str, tmp_path: Path) -> None:
    odd = f"G1 Z{z}\nG1 X9 E1\nG1 Y9 E1\n"
    found = _of(tmp_path, _squares([0.2, 0.4]) + odd)
    assert [layer.z for layer in found.layers] == [0.2, 0.4]


@pytest.mark.parametrize("marked", [True, False])
def test_purging_at_the_bed_is_no_layer(marked: bool, tmp_path: Path) -> None:
    purge = "G1 X-10 Y0 Z0\nG1 Y150 E15\n"
    text = _squares([0.2, 0.4, 0.6]).replace("M83\n", "M83\n" + purge)
    found = _of(tmp_path, text if marked else re.sub(";.*", "", text))
    assert [layer.z for layer in found.layers] == [0.2, 0.4, 0.6]
