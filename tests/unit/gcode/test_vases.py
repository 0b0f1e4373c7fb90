"""Vase prints whose slicer marks no layers: a turn begins with a move to the height where
the head already is.
"""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import LayerIndex, index

STEP = 0.28  # mm a turn, and a layer
FEW = (1, 2, 3, 4, 5, 30, 31, 32, 60, 61, 62, 63, 90)  # of 90 on the way around
MANY = tuple(range(1, 91))


class Vase:
    """Writes a vase: flat layers first, then turns; lengths in mm."""

    def __init__(
        self,
        *,
        z_everywhere: bool = False,
        digits: int = 3,
        corners: tuple[int, ...] = FEW,
        mark: str = "",
    ) -> None:
        self.lines = ["G28", "G90", "M82"]
        self.heights: list[float] = []
        self.ends: list[int] = []
        self.e = 0.0
        self._z_everywhere = z_everywhere
        self._digits = digits
        self._corners = corners
        self._mark = mark

    @property
    def text(self) -> str:
        return "\n".join([*self.lines, ""])

    def turn(self, x: float, low: float, high: float) -> None:
        """Once around; the heights are rounded, so some moves do not climb."""
        if self._mark:
            self.lines.append(self._mark.format(len(self.heights)))
        self.lines.append(f"G1 Z{low:.{self._digits}f} F7800")
        self.lines.append(f"G1 X{x + 20:.3f} Y0 F7800")
        for corner in self._corners:
            angle = 2 * math.pi * corner / 90
            place = f"X{x + 20 * math.cos(angle):.3f} Y{20 * math.sin(angle):.3f}"
            z = f" Z{low + (high - low) * corner / 90:.{self._digits}f}"
            self.e += 0.4
            z = z if high > low or self._z_everywhere else ""
            self.lines.append(f"G1 {place}{z} E{self.e:.4f}")
        self.heights.append(high)
        self.ends.append(len(self.text))

    def whole(self, x: float, flat: int, turns: int) -> None:
        for number in range(1, flat + 1):
            self.turn(x, number * STEP, number * STEP)
        for number in range(flat, flat + turns):
            self.turn(x, number * STEP, (number + 1) * STEP)


def _index(vase: Vase, folder: Path) -> LayerIndex:
    path = folder / "vase.gcode"
    path.write_text(vase.text)
    return index(path)


@pytest.mark.parametrize("z_everywhere", [False, True])
@pytest.mark.parametrize("digits", [2, 3])
@pytest.mark.parametrize("objects", [1, 2])
def test_every_turn_of_an_unmarked_vase_is_a_layer(
    z_everywhere: bool, digits: int, objects: int, tmp_path: Path
) -> None:
    vase = Vase(z_everywhere=z_everywhere, digits=digits)
    for number in range(objects):
        vase.whole(60.0 * number, 3, 40)
        vase.lines.append(f"G1 Z{60:.{digits}f} F7800")
    found = _index(vase, tmp_path)
    assert [each.z for each in found.layers] == pytest.approx(vase.heights, abs=0.01)
    assert [each.capture_pos for each in found.layers] == vase.ends
    assert found.spiral
    assert found.sequential == (objects > 1)


@pytest.mark.parametrize("mark", ["", ";LAYER_CHANGE", ";LAYER:{}"])
@pytest.mark.parametrize("digits", [2, 3])
def test_a_vase_of_many_short_moves_is_one_though_few_of_them_climb(
    mark: str, digits: int, tmp_path: Path
) -> None:
    vase = Vase(digits=digits, corners=MANY, mark=mark)
    vase.whole(0.0, 3, 20)
    found = _index(vase, tmp_path)
    assert [each.z for each in found.layers] == pytest.approx(vase.heights, abs=0.01)
    assert [each.capture_pos for each in found.layers] == vase.ends
    assert found.spiral


def test_moves_to_where_the_head_is_part_no_flat_layer(tmp_path: Path) -> None:
    vase = Vase()
    vase.whole(0.0, 6, 2)
    lines = [line for line in vase.lines for _ in range(1 + line.startswith("G1 Z"))]
    middle = lines.index("G1 Z0.560 F7800") + 8
    vase.lines = [*lines[:middle], "G1 Z0.560 F7800", *lines[middle:]]
    found = _index(vase, tmp_path)
    assert [each.z for each in found.layers] == pytest.approx(vase.heights, abs=0.01)
    assert not found.spiral


def test_rises_are_measured_from_where_most_of_the_layer_is_laid(tmp_path: Path) -> None:
    """A support below the layer's own height makes not the next one a layer too."""
    text = "G28\nG90\nM83\n"
    for z, amount in ((0.2, 5), (0.4, 5), (0.6, 1), (0.64, 5), (0.66, 1), (0.9, 5)):
        loop = f"G1 Z{z}\nG1 X0 Y0\nG1 X50 E{amount}\nG1 Y50 E{amount}\n"
        text += loop + "G1 X0 E1\nG1 Y0 E1\n"
    path = tmp_path / "print.gcode"
    path.write_text(text)
    assert [each.z for each in index(path).layers] == [0.2, 0.4, 0.64, 0.9]
