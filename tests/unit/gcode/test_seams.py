"""Where a capture may run: the end of the layer, and what follows it."""

from __future__ import annotations

from pathlib import Path

import pytest

from octoprint_layercapture.gcode import Layer, LayerIndex, index

BEGIN = "G28\nG90\nM83\n;LAYER:0\nG1 Z0.2\nG1 X0 Y0\nG1 X50 E2\nG1 X50 Y50 E2\n"
NEXT = "G1 X1 Y2 E1\nG1 X50 Y3 E1\n"
TRAVEL = ";LAYER:1\nG1 Z0.4\nG1 X0 Y9\n"


def parts(folder: Path, between: str, begin: str = BEGIN) -> LayerIndex:
    path = folder / "print.gcode"
    path.write_text(begin + between + NEXT)
    return index(path)


def first(folder: Path, between: str) -> tuple[Layer, list[str]]:
    """The first layer, and the lines that its triggers are the ends of."""
    layer = parts(folder, between).layers[0]
    text = BEGIN + between + NEXT
    return layer, [text[:at].splitlines()[-1] for at in layer.triggers]


@pytest.mark.parametrize(
    ("between", "last", "retracted"),
    [
        (TRAVEL, "G1 X50 Y50 E2", False),
        ("G1 E-1 F2400\n" + TRAVEL, "G1 E-1 F2400", True),
        ("G1 F2400\nG1 E-1\n" + TRAVEL, "G1 E-1", True),
        ("G10\n" + TRAVEL, "G10", True),
        ("G10 S1\n" + TRAVEL, "G10 S1", True),
        ("G10 P0 S200\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("G1 X30 F9000\nG1 E-1\n" + TRAVEL, "G1 E-1", True),
        ("M106 S9\nG1 E-1\n" + TRAVEL, "G1 E-1", True),
        (";LAYER:1\nG1 E-1\nG1 Z0.4\n", "G1 E-1", True),
        ("G1 E-.5\nG1 X40 E-.5\nG1 E-.1\nG1 X1\n" + TRAVEL, "G1 E-.1", True),
        (";WIPE_START\nG1 E-.5\nG1 X40\n;WIPE_END\n" + TRAVEL, "G1 X40", True),
        ("G1 E-1\nG1 X40\nG1 E-1\n" + TRAVEL, "G1 E-1", True),
        ("G1 Z0.6\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("G1 Z0.2 E-1\n" + TRAVEL, "G1 Z0.2 E-1", True),
        ("G1 Z0.6 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("M104 S200\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("T1\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("M84 X\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("G28 X\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("M600\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("@pause\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("MY_MACRO\nG1 E-1\n" + TRAVEL, "G1 X50 Y50 E2", False),
        ("SET_VELOCITY_LIMIT ACCEL=1\nG1 E-1\n" + TRAVEL, "G1 E-1", True),
        ("M204 S1000\nG1 E-1\nM204 S9\nG1 X1 E-1\n" + TRAVEL, "G1 X1 E-1", True),
    ],
)
def test_the_capture_point_comes_after_the_slicers_own_retraction(
    tmp_path: Path, between: str, last: str, retracted: bool
) -> None:
    layer, lines = first(tmp_path, between)
    assert (lines[0], layer.retracted) == (last, retracted)


def test_the_second_of_two_retractions_is_left_to_what_follows(tmp_path: Path) -> None:
    layer, _ = first(tmp_path, "G1 E-1\nG1 E-1.00\n" + TRAVEL)
    assert layer.capture_pos == len(BEGIN + "G1 E-1\n")


def test_triggers_go_on_up_to_the_next_extruding_move(tmp_path: Path) -> None:
    _, lines = first(tmp_path, "G1 E-1\nM106 S9\n\n;TYPE:FILL\n" + TRAVEL)
    assert lines == ["G1 E-1", "M106 S9", "G1 Z0.4", "G1 X0 Y9"]


@pytest.mark.parametrize(
    "stop",
    ["M0", "M1", "M25", "M600", "M601", "@pause", "M109 S1", "T1", "G28", "M84", "PAUSE"],
)
def test_triggers_end_before_what_must_not_be_overtaken(
    tmp_path: Path, stop: str
) -> None:
    _, lines = first(tmp_path, f"M106 S9\n{stop}\nG1 X9\n{TRAVEL}")
    assert lines == ["G1 X50 Y50 E2", "M106 S9"]


def test_triggers_end_before_the_filament_is_primed_again(tmp_path: Path) -> None:
    _, lines = first(tmp_path, "G1 E-1\n" + TRAVEL + "G1 E1\nG1 F1200\n")
    assert lines == ["G1 E-1", "G1 Z0.4", "G1 X0 Y9"]


def test_absolute_filament_tells_retracting_from_extruding(tmp_path: Path) -> None:
    path = tmp_path / "print.gcode"
    text = "G28\nM82\nG1 Z0.2\nG1 X0 Y0\nG92 E0\nG1 X50 E2\nG1 X50 Y50 E4\nG1 E3\n"
    path.write_text(text + "G92 E0\nG1 Z0.4\nG1 X0\nG1 E1\nG1 X9 E2\n")
    layer = index(path).layers[0]
    assert layer.retracted
    assert layer.capture_pos == len(text)


@pytest.mark.parametrize(
    ("between", "resume"),
    [
        (TRAVEL, (0.0, 9.0)),
        (";LAYER:1\nG1 Z0.4\n", (50.0, 50.0)),
        (";LAYER:1\nG1 Z0.4\nG91\nG1 X-5 Y1\nG90\n", (45.0, 51.0)),
        (TRAVEL + "T1\n", None),
        (TRAVEL + "T1\nG1 X3\n", None),
        (TRAVEL + "T1\nG1 X3 Y4\n", (3.0, 4.0)),
        (TRAVEL + "G28 X\n", None),
        (TRAVEL + "MY_MACRO\n", None),
        (TRAVEL + "G92 X0\n", None),
    ],
)
def test_the_place_to_resume_at_is_told_only_where_it_is_certain(
    tmp_path: Path, between: str, resume: tuple[float, float] | None
) -> None:
    assert parts(tmp_path, between).layers[0].resume == resume


@pytest.mark.parametrize(
    "end",
    [
        "G1 E-1\nM104 S0\nG1 Z9\n",
        "G1 E-1\n;End GCode\nG91\nG1 E-2\nG1 Z5\n",
        "G1 E-1\n;TYPE:Custom\n; filament end gcode\nG1 E-3\nM104 S0\n",
        "G1 E-1\nM106 S0\nG1 E-3\nM84\n",
        "G1 E-1\nG91\nG1 E-2 Z5\nG90\nG28 X Y\n",
        "G1 E-1\nG1 X0 Y200\nM84\n",
        "G1 E-1\nEND_PRINT\n",
    ],
)
def test_the_last_capture_comes_before_all_end_gcode(tmp_path: Path, end: str) -> None:
    path = tmp_path / "print.gcode"
    path.write_text(BEGIN + TRAVEL + NEXT + end)
    layer = index(path).layers[-1]
    assert layer.capture_pos == len(BEGIN + TRAVEL + NEXT + "G1 E-1\n")
    assert layer.retracted
    assert layer.resume is None


def test_end_gcodes_own_retraction_is_not_the_slicers(tmp_path: Path) -> None:
    path = tmp_path / "print.gcode"
    path.write_text(BEGIN + TRAVEL + NEXT + ";End GCode\nG1 E-2\nM84\n")
    layer = index(path).layers[-1]
    assert layer.capture_pos == len(BEGIN + TRAVEL + NEXT)
    assert not layer.retracted


def test_a_vase_is_captured_at_the_place_of_the_mark(tmp_path: Path) -> None:
    text = "G28\nG90\nM83\n"
    places = []
    for turn in range(4):
        text += f"G92 E0\n;LAYER:{turn}\n"
        places.append(len(text) - len(f";LAYER:{turn}\n"))
        for step in range(1, 9):
            z = 0.2 * turn + 0.2 * step / 8
            text += f"G1 X{step % 2 * 30} Y{step} Z{z:.3f} E1\n"
    path = tmp_path / "vase.gcode"
    path.write_text(text + "M84\n")
    found = index(path)
    assert found.spiral
    assert [layer.z for layer in found.layers] == pytest.approx([0.2, 0.4, 0.6, 0.8])
    assert [layer.capture_pos for layer in found.layers[:3]] == places[1:]


def test_the_highest_point_so_far_outlasts_the_object(tmp_path: Path) -> None:
    path = tmp_path / "objects.gcode"
    text = "G28\nG90\nM83\n"
    for x in (0, 60):
        for z in ("0.2", "0.4", "0.6"):
            text += f"G1 Z{z}\nG1 X{x} Y0\nG1 X{x + 20} E1\nG1 Y20 E1\nG1 X{x} E1\n"
        text += "G1 Z20\n"
    path.write_text(text)
    found = index(path)
    assert found.sequential
    assert [layer.z for layer in found.layers] == [0.2, 0.4, 0.6] * 2
    assert [layer.height for layer in found.layers] == pytest.approx([0.2] * 6)
    assert [layer.top for layer in found.layers] == [0.2, 0.4, 0.6, 0.6, 0.6, 0.6]
    assert found.bounds == (0.0, 0.0, 80.0, 20.0)
