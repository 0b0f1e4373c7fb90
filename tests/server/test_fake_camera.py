"""The fake camera during a print: what it sees is in the job's own file."""

from __future__ import annotations

import pytest
from PIL import Image, ImageChops

from tests.server import captured, jobs
from tests.server.captured import FAST
from tests.server.harness import OctoPrint

FIELD = 40.0  # mm
ASIDE = 5.0  # mm, of the camera from the nozzle
PX_PER_MM = 640 / FIELD
ONE = {"columns": 1, "rows": 1}


def warm(picture: Image.Image, x: float, y: float) -> bool:
    """Whether the pixel is of filament, or of the edge of the bed."""
    red, _, blue = picture.convert("RGB").split()
    at = round(x), round(y)
    return ImageChops.subtract(red, blue).getpixel(at) > 60  # type: ignore[operator]


def test_it_sees_the_layers_printed_so_far(octoprint: OctoPrint) -> None:
    cameras = {
        "delay": 0,
        "fake": True,
        "details": [{"camera": "fake", "offset_x": ASIDE, "offset_y": 0}],
    }
    octoprint.configure(
        **{**FAST, "cameras": cameras}, fake_camera={"field": FIELD}, grid=ONE
    )
    octoprint.print_gcode(jobs.tower(6))
    captured.check_whole(octoprint)
    captures = captured.metadata(octoprint)
    assert sorted(captures) == [2, 4, 6]
    for layer, data in captures.items():
        [image] = data["images"]
        with Image.open(captured.on_disk(octoprint, image)) as picture:
            # each layer is a square within the one below it
            middle, row = 320 - ASIDE * PX_PER_MM, 240
            free = next(at for at in range(320) if warm(picture, middle + at, row))
        assert free / PX_PER_MM == pytest.approx((20 - layer) / 2, abs=0.5)


def test_fixed_above_the_bed_it_sees_all_of_it_and_the_print(
    octoprint: OctoPrint,
) -> None:
    cameras = {"delay": 0, "fake": True}
    fixed = {"mount": "fixed", "field": 320, "noise": 2}
    aside = {"columns": 1, "rows": 1, "center_x": 30, "center_y": 170}
    octoprint.configure(**{**FAST, "cameras": cameras}, fake_camera=fixed, grid=aside)
    octoprint.print_gcode(jobs.tower(6))
    captured.check_whole(octoprint)
    pictures = captured.pictures(octoprint)
    assert len(pictures) == 3
    with Image.open(pictures[-1]) as picture:
        # two pixels are a millimetre, and the bed is 200 mm wide
        row = [x for x in range(640) if warm(picture, x, 240)]
    assert (row[0], row[-1]) == pytest.approx((120, 520), abs=5)
    walls = [x for x in row if 130 < x < 510]
    assert (walls[0], walls[-1]) == pytest.approx((320 - 19, 320 + 19), abs=3)
