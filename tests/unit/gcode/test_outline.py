"""What a file prints, seen from above: whole files, samples of large ones, purge lines."""

from __future__ import annotations

import pytest

from octoprint_layercapture.gcode import index
from octoprint_layercapture.gcode.outline import hull, outline, thinned
from tests import environments

FILES = environments.ROOT / "tests" / "fixtures" / "gcode"


def box(corners):
    xs, ys = zip(*corners)
    return min(xs), min(ys), max(xs), max(ys)


@pytest.mark.parametrize(
    "name", ["cura-absolute", "cura-arcs", "prusa-relative", "cura-objects", "slic3r-raft"]
)
def test_outline_reaches_as_far_as_the_layers_do(name):
    path = FILES / f"{name}.gcode"
    found = index(path)
    assert box(outline(path, found)) == pytest.approx(found.bounds, abs=0.1)


def layer(number, half, z):
    x, y = 100 - half, 100 + half
    return (
        f";LAYER:{number}\nG1 Z{z:.2f} F600\nG0 X{x} Y{x}\nG1 X{y} Y{x} E{half}\n"
        f"G1 X{y} Y{y} E{half}\nG1 X{x} Y{y} E{half}\nG1 X{x} Y{x} E{half}\n"
    )


def cone(layers=40):
    """Wider from layer to layer, after a line along the bed's edge to purge with."""
    purge = "G28\nM83\nG1 X2 Y2 Z0.2\nG1 X2 Y190 E15\n"
    squares = [layer(n, 10 + n, 0.2 * (n + 1)) for n in range(layers)]
    return purge + "".join(squares) + "M84\n"


def test_purging_before_the_first_layer_is_no_part_of_it(tmp_path):
    path = tmp_path / "cone.gcode"
    path.write_text(cone())
    assert box(outline(path, index(path))) == (51, 51, 149, 149)


def test_of_a_large_file_some_layers_are_read_and_the_last_one_always(tmp_path):
    path = tmp_path / "cone.gcode"
    path.write_text(cone())
    assert box(outline(path, index(path), budget=1000)) == (51, 51, 149, 149)


def test_absolute_extrusion_is_told_from_travel_in_the_middle_of_a_file(tmp_path):
    """Each sample begins with E unknown: a travel to the corner is not printed."""
    lines, e = ["G28", "M82"], 0.0
    for number in range(12):
        lines += [f";LAYER:{number}", f"G1 Z{0.2 * (number + 1):.1f}", "G0 X1 Y1"]
        lines += ["G0 X90 Y90"]
        for x, y in ((110, 90), (110, 110), (90, 110), (90, 90)):
            e += 1.0
            lines.append(f"G1 X{x} Y{y} E{e}")
    path = tmp_path / "tower.gcode"
    path.write_text("\n".join([*lines, "M84", ""]))
    assert box(outline(path, index(path), budget=100)) == (90, 90, 110, 110)


def test_file_without_layers_has_no_outline(tmp_path):
    path = tmp_path / "heat.gcode"
    path.write_text("M104 S200\nM109 S200\n")
    assert outline(path, index(path)) == ()


def test_hull_leaves_out_what_lies_inside_or_on_its_edges():
    square = [(0, 0), (10, 0), (10, 10), (0, 10)]
    assert hull([*square, (5, 5), (5, 0), (0, 0)]) == square
    assert hull([(1, 1), (1, 1)]) == [(1, 1)]


def test_thinned_keeps_the_outermost_corners():
    corners = [(float(n), float(n * n)) for n in range(200)]
    found = thinned(corners, most=10)
    assert len(found) <= 14
    assert box(found) == box(corners)
