"""The server tests' own idea of what a printer does."""

from __future__ import annotations

import pytest

from tests.server import paths
from tests.server.motion import Printer, first_difference, segments

SQUARE = ["G90", "M82", "G1 Z0.2", "G1 X10 Y10 F3000", "G1 X20 E1", "G1 Y20 E2"]


def test_segments_are_moves_that_lay_filament() -> None:
    first, second = segments(SQUARE)
    assert (first.start, first.end) == ((10, 10, 0.2), (20, 10, 0.2))
    assert (second.extruded, second.filament, second.feedrate) == (1, 1, 3000)


@pytest.mark.parametrize(
    "same",
    [
        [
            *SQUARE[:5],
            "G91",
            "G1 Z5 F600",
            "G90",
            "G1 Z0.2",
            "G1 F3000",
            "M82",
            SQUARE[5],
        ],
        [*SQUARE[:5], "M83", "G1 E-1", "G1 E1", "M82", "G1 F3000", SQUARE[5]],
        [*SQUARE[:4], "M83", "G1 X20 E1", "G1 Y20 E1"],
        [*SQUARE[:5], "G92 E0", "G1 Y20 E1"],
        [*SQUARE[:5], "G92 X0 Y0", "G1 Y10 E2"],
        [*SQUARE[:5], "G20", "G21", SQUARE[5]],
    ],
)
def test_detours_that_are_taken_back_change_nothing(same: list[str]) -> None:
    assert first_difference(same, SQUARE) == ""


@pytest.mark.parametrize(
    "changed",
    [
        [*SQUARE[:5], "G1 X21", SQUARE[5]],
        [*SQUARE[:5], "G1 F600", SQUARE[5]],
        [*SQUARE[:5], "G1 Z5", SQUARE[5]],
        [*SQUARE[:5], "M83", "G1 E-1", "M82", SQUARE[5]],
        [*SQUARE[:5], "M83", SQUARE[5]],
        [*SQUARE[:5], "G91", SQUARE[5]],
        [*SQUARE[:5], "T1", SQUARE[5]],
        [*SQUARE[:5], "G2 Y20 I5 J5 E2"],
        SQUARE[:5],
    ],
)
def test_what_is_not_put_back_is_seen(changed: list[str]) -> None:
    assert first_difference(changed, SQUARE) != ""


def test_relative_moves_and_inches() -> None:
    printer = Printer()
    for line in ["G20", "G91", "G1 X1 Y2", "G1 X1"]:
        printer.take(line)
    assert printer.xyz() == pytest.approx((50.8, 50.8, 0))


def test_lines_that_are_not_the_files_are_told_apart() -> None:
    gcode = "; a comment\nG28 ; home\n\nG1 X1\nG1 X2\n"
    sent = ["G28", "M400", "G1 X1", "M114", "G1 X1", "G1 X2"]
    assert paths.added(sent, gcode) == ["M400", "M114", "G1 X1"]
    with pytest.raises(AssertionError, match="never sent"):
        paths.added(["G28", "G1 X1"], gcode)


def test_lowest_travel_counts_only_what_the_file_did_not_ask_for() -> None:
    gcode = "\n".join(SQUARE)
    lifted = [*SQUARE[:5], "G1 Z5.2", "G1 X50", "G1 X20", "G1 Z0.2", SQUARE[5]]
    assert paths.lowest_travel(lifted, gcode) == pytest.approx(5.0)
    assert paths.lowest_travel(SQUARE, gcode) == float("inf")
