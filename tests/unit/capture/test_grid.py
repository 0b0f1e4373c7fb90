"""Positions, volumes and the order of visits."""

from __future__ import annotations

import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_layercapture.capture.grid import positions, visiting_order, volume

RECTANGLE = {
    "volume": {
        "width": 200,
        "depth": 180,
        "height": 150,
        "formFactor": "rectangular",
        "origin": "lowerleft",
        "custom_box": False,
    }
}


def profile(**kwargs):
    return {"volume": {**RECTANGLE["volume"], **kwargs}}


def test_positions_count_row_by_row_from_the_front_left():
    grid = positions(volume(RECTANGLE, margin=10), 3, 2, 40, 30)
    assert [(p.index, p.x, p.y) for p in grid] == [
        (0, 60, 75),
        (1, 100, 75),
        (2, 140, 75),
        (3, 60, 105),
        (4, 100, 105),
        (5, 140, 105),
    ]


def test_the_centre_can_be_set():
    (only,) = positions(volume(RECTANGLE), 1, 1, 40, 40, 33, 44)
    assert (only.x, only.y) == (33, 44)


def test_a_bed_with_its_origin_in_the_centre():
    space = volume(profile(origin="center"))
    assert (space.min_x, space.max_x, space.min_y, space.max_y) == (-100, 100, -90, 90)
    assert space.center == (0, 0)


def test_a_round_bed_refuses_its_corners():
    space = volume(profile(formFactor="circular", origin="center", depth=200), margin=10)
    grid = positions(space, 3, 3, 70, 70)
    assert [p.index for p in grid if p.refused] == [0, 2, 6, 8]
    assert "margin" in str(grid[0].refused) or "outside" in str(grid[0].refused)


def test_a_custom_bounding_box_widens_the_volume_and_leaves_the_centre():
    box = {
        "x_min": -10,
        "x_max": 230,
        "y_min": -5,
        "y_max": 180,
        "z_min": 0,
        "z_max": 170,
    }
    space = volume(profile(custom_box=box), margin=5)
    assert (space.min_x, space.max_x, space.min_y, space.max_z) == (-10, 230, -5, 170)
    assert space.center == (100, 90)
    assert space.refusal(-5, 90) is None
    assert space.refusal(-6, 90) is not None


def test_a_width_set_by_hand_replaces_profile_and_box():
    box = {"x_min": -10, "x_max": 230, "y_min": -5, "y_max": 185}
    space = volume(profile(custom_box=box), width=120, max_z=90)
    assert (space.min_x, space.max_x) == (0, 120)
    assert (space.min_y, space.max_y) == (-5, 185)
    assert space.max_z == 90


def test_the_reason_names_place_and_margin():
    space = volume(RECTANGLE, margin=10)
    assert str(space.refusal(195, 90)) == (
        "X 195, Y 90 is within the 10 mm margin at the edge."
    )
    assert str(space.refusal(205, 90)) == "X 205, Y 90 is outside the printable area."
    assert space.refusal(190, 10) is None


def length(order, start, end):
    points = [start, *((p.x, p.y) for p in order), end]
    return sum(math.dist(a, b) for a, b in zip(points, points[1:]))


places = st.tuples(st.floats(0, 200), st.floats(0, 180))


@given(start=places, end=places, columns=st.integers(1, 3), rows=st.integers(1, 2))
def test_up_to_nine_positions_no_order_is_shorter(start, end, columns, rows):
    grid = positions(volume(RECTANGLE), columns, rows, 40, 40)
    found = length(visiting_order(grid, start, end), start, end)
    best = min(length(o, start, end) for o in itertools.permutations(grid))
    assert found == pytest.approx(best, abs=1e-6)


@pytest.mark.parametrize("size", [4, 5, 8, 20])
def test_large_grids_are_visited_near_the_shortest_way(size):
    grid = positions(volume(profile(width=800, depth=800)), size, size, 35, 35)
    here = (400.0, 400.0)
    order = visiting_order(grid, here, here)
    assert sorted(p.index for p in order) == list(range(size * size))
    # no tour is shorter than one spacing for each step between positions
    assert length(order, here, here) <= 1.35 * (35 * (size * size - 1)) + 2 * 35 * size


def test_refused_positions_are_not_visited():
    grid = positions(volume(RECTANGLE, margin=10), 5, 1, 48, 40)
    order = visiting_order(grid, (0, 0), None)
    assert [p.index for p in order] == [1, 2, 3]


def test_what_a_camera_is_to_see_sends_the_nozzle_elsewhere():
    (place,) = positions(volume(RECTANGLE), 1, 1, 40, 40, 100, 90, (30, -12.5))
    assert (place.x, place.y) == (100, 90)
    assert place.nozzle == (70, 102.5)


def test_without_an_offset_the_nozzle_goes_where_the_position_is():
    grid = positions(volume(RECTANGLE), 3, 3, 40.1, 33.3)
    assert [p.nozzle for p in grid] == [(p.x, p.y) for p in grid]


def test_the_limits_are_those_of_the_nozzle_not_of_what_is_seen():
    space = volume(RECTANGLE, margin=10)
    grid = positions(space, 3, 1, 90, 40, 100, 90, (40, 0))
    assert [p.x for p in grid] == [10, 100, 190]
    assert [p.refused is None for p in grid] == [False, True, True]
    assert "nozzle would have to go to X -30, Y 90" in str(grid[0].refused)
    assert "outside the printable area" in str(grid[0].refused)
    (seen_beyond,) = positions(space, 1, 1, 40, 40, 230, 90, (45, 0))
    assert seen_beyond.refused is None
    (in_margin,) = positions(space, 1, 1, 40, 40, 50, 90, (45, 0))
    assert "within the 10 mm margin" in str(in_margin.refused)


def test_the_order_of_visits_goes_by_the_way_of_the_nozzle():
    grid = positions(volume(RECTANGLE), 2, 1, 40, 40, 100, 90, (60, 0))
    # the nozzle's places are X 20 and X 60, what is seen X 80 and X 120
    assert [p.index for p in visiting_order(grid, (70, 90), None)] == [1, 0]
