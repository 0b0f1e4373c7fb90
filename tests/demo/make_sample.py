"""Make `star.gcode`, the sample that `make demo` prints.

The shape is computed here: a six-pointed star that twists as it rises, 6 mm high, thirty
layers of 0.2 mm. It is sliced for the virtual printer's bed, 200 × 200 mm, by

    prusa-slicer --export-gcode --load sample.ini --output star.gcode star.stl

The committed file was made by PrusaSlicer 2.5.0 as Debian 12 ships it. To make it again:

    python3 tests/demo/make_sample.py
"""

from __future__ import annotations

import math
import subprocess
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
SAMPLE = HERE / "star.gcode"

POINTS = 6
OUTER, INNER = 24.0, 14.0  # mm, from the middle
HEIGHT = 6.0  # mm
STEPS = 30
TWIST = 24.0  # degrees from bottom to top

SETTINGS = {
    "bed_shape": "0x0,200x0,200x200,0x200",
    "bed_temperature": "55",
    "before_layer_gcode": "",
    "bottom_solid_layers": "2",
    "brim_width": "0",
    "cooling": "0",
    "external_perimeter_speed": "80",
    "filament_diameter": "1.75",
    "fill_density": "8%",
    "fill_pattern": "grid",
    "first_layer_bed_temperature": "55",
    "first_layer_height": "0.2",
    "first_layer_speed": "60",
    "first_layer_temperature": "205",
    "gcode_flavor": "marlin2",
    "infill_speed": "150",
    "layer_height": "0.2",
    "max_print_height": "200",
    "nozzle_diameter": "0.4",
    "perimeter_speed": "100",
    "perimeters": "2",
    "retract_before_travel": "2",
    "retract_length": "1",
    "retract_lift": "0.2",
    "retract_speed": "35",
    "skirts": "1",
    "solid_infill_speed": "120",
    "temperature": "200",
    "top_solid_infill_speed": "100",
    "top_solid_layers": "2",
    "travel_speed": "150",
    "use_relative_e_distances": "0",
    "wipe": "1",
    "start_gcode": r"\n".join(
        [
            "G21 ; millimetres",
            "G90 ; absolute positions",
            "M82 ; absolute filament",
            "M140 S[first_layer_bed_temperature]",
            "M104 S[first_layer_temperature]",
            "M190 S[first_layer_bed_temperature]",
            "M109 S[first_layer_temperature]",
            "G28 ; home",
            "G92 E0",
            "G1 Z2 F600",
            "G1 X5 Y10 F6000",
            "G1 Z0.28 F600",
            "G1 Y90 E8 F1500 ; prime line",
            "G1 Z2 F600",
            "G92 E0",
        ]
    ),
    "end_gcode": r"\n".join(
        [
            "G91",
            "G1 E-2 F2100",
            "G1 Z10 F600",
            "G90",
            "G1 X10 Y190 F6000 ; present the print",
            "M104 S0",
            "M140 S0",
            "M107",
            "M84",
        ]
    ),
}


def ring(z: float) -> list[tuple[float, float, float]]:
    """The star's outline at a height, turned by its share of the twist."""
    turn = math.radians(TWIST) * z / HEIGHT
    corners = []
    for corner in range(2 * POINTS):
        angle = turn + math.pi * corner / POINTS
        radius = INNER if corner % 2 else OUTER
        corners.append((radius * math.cos(angle), radius * math.sin(angle), z))
    return corners


def triangles() -> list[tuple[tuple[float, float, float], ...]]:
    """The closed surface: a fan below, a fan on top, two triangles a side and step."""
    rings = [ring(HEIGHT * step / STEPS) for step in range(STEPS + 1)]
    count = 2 * POINTS
    faces: list[tuple[tuple[float, float, float], ...]] = []
    for this in range(count):
        following = (this + 1) % count
        faces.append(((0.0, 0.0, 0.0), rings[0][following], rings[0][this]))
        faces.append(((0.0, 0.0, HEIGHT), rings[-1][this], rings[-1][following]))
        for low, high in zip(rings, rings[1:]):
            faces.append((low[this], low[following], high[following]))
            faces.append((low[this], high[following], high[this]))
    return faces


def stl() -> str:
    lines = ["solid star"]
    for face in triangles():
        lines += ["facet normal 0 0 0", "outer loop"]
        lines += [f"vertex {x:.5f} {y:.5f} {z:.5f}" for x, y, z in face]
        lines += ["endloop", "endfacet"]
    return "\n".join([*lines, "endsolid star", ""])


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        model, settings = Path(folder) / "star.stl", Path(folder) / "sample.ini"
        model.write_text(stl(), encoding="ascii")
        rows = (f"{key} = {value}\n" for key, value in SETTINGS.items())
        settings.write_text("".join(rows), encoding="utf-8")
        command = ["prusa-slicer", "--export-gcode", "--load", str(settings)]
        command += ["--center", "100,100", "--output", str(SAMPLE), str(model)]
        subprocess.run(command, check=True)


if __name__ == "__main__":
    main()
