"""Ready-made grids: what they promise is that every position of theirs can be visited."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from octoprint_layercapture.capture.covering import (
    Covering,
    over_bed,
    over_print,
    sized,
)
from octoprint_layercapture.capture.grid import positions, volume

WISH = Covering(3, 3, 40, 40, None, None)


def space(width=200, depth=200, margin=10, **volume_keys):
    return volume(
        {"volume": {"width": width, "depth": depth, **volume_keys}}, margin=margin
    )


def places(around, covering, offset=(0.0, 0.0)):
    grid = covering
    return positions(
        around,
        grid.columns,
        grid.rows,
        grid.spacing_x,
        grid.spacing_y,
        grid.center_x,
        grid.center_y,
        offset,
    )


def refused(around, covering, offset=(0.0, 0.0)):
    return [each for each in places(around, covering, offset) if each.refused is not None]


def extent(around, covering):
    xs, ys = zip(*((each.x, each.y) for each in places(around, covering)))
    return min(xs), min(ys), max(xs), max(ys)


def test_whole_bed_is_covered_from_margin_to_margin_about_as_dense_as_set():
    covering = over_bed(space(), (0, 0), WISH)
    assert covering == Covering(5, 5, 45, 45, None, None)
    assert extent(space(), covering) == (10, 10, 190, 190)


def test_long_bed_gets_more_columns_than_rows():
    covering = over_bed(space(width=400), (0, 0), Covering(3, 3, 60, 60, None, None))
    assert covering.columns > covering.rows


def test_however_dense_the_grid_is_set_the_bed_is_covered_with_few_positions():
    covering = over_bed(space(), (0, 0), Covering(20, 20, 0.1, 0.1, None, None))
    assert (covering.columns, covering.rows) == (7, 7)
    covering = over_bed(space(), (0, 0), Covering(1, 1, 1000, 1000, None, None))
    assert (covering.columns, covering.rows) == (2, 2)


def test_round_bed_is_covered_by_a_grid_with_all_its_corners_on_it():
    around = space(width=180, depth=180, formFactor="circular", origin="center")
    covering = over_bed(around, (0, 0), WISH)
    assert refused(around, covering) == []
    left, front, right, back = extent(around, covering)
    assert (right - left, back - front) == pytest.approx((111, 111), abs=5)


def test_aimed_with_a_camera_only_what_it_can_see_is_covered():
    covering = over_bed(space(), (30, 0), WISH)
    assert refused(space(), covering, (30, 0)) == []
    assert extent(space(), covering)[2] == 200  # the nozzle is at 170 then
    assert extent(space(), covering)[0] >= 40


def test_print_is_covered_from_edge_to_edge():
    covering = over_print(space(), (0, 0), [(60, 60), (140, 60), (140, 100)], WISH)
    assert covering == Covering(3, 2, 40, 40, None, 80)


def test_small_print_is_covered_by_one_position_in_its_middle():
    covering = over_print(space(), (0, 0), [(50, 60), (60, 60), (60, 70)], WISH)
    assert covering == Covering(1, 1, 40, 40, 55, 65)


def test_print_that_reaches_into_the_margin_is_covered_as_far_as_can_be():
    covering = over_print(space(), (0, 0), [(0, 0), (100, 0), (100, 100), (0, 100)], WISH)
    assert refused(space(), covering) == []
    assert extent(space(), covering)[:2] == pytest.approx((10, 10), abs=1)


def test_print_that_cannot_be_reached_is_not_covered():
    assert over_print(space(), (0, 0), [(1, 1), (5, 1), (5, 5)], WISH) is None
    assert over_print(space(), (0, 0), [], WISH) is None


def test_sized_grids_keep_spacing_and_centre_where_they_fit():
    wish = Covering(2, 2, 30, 20, 90, None)
    assert sized(space(), (0, 0), 3, wish) == Covering(3, 3, 30, 20, 90, None)


def test_sized_grids_move_together_where_they_do_not_fit():
    around = space(width=120, depth=120)
    covering = sized(around, (0, 0), 5, WISH)
    assert covering == Covering(5, 5, 25, 25, None, None)
    assert refused(around, covering) == []


def test_sized_grid_returns_to_the_bed_from_a_centre_beside_it():
    covering = sized(space(), (0, 0), 3, Covering(3, 3, 40, 40, 900, 100))
    assert (covering.center_x, covering.center_y) == (None, None)
    assert refused(space(), covering) == []


sizes = st.floats(60, 1000)


@example(60.0, 60.0, 1.3125, False, False, (0.0, 1.3125), 1.0, [])  # 58.6875 is rounded
@given(
    width=sizes,
    depth=sizes,
    margin=st.floats(0, 25),
    circular=st.booleans(),
    center=st.booleans(),
    offset=st.tuples(st.floats(-20, 20), st.floats(-20, 20)),
    spacing=st.floats(0.1, 1000),
    corners=st.lists(st.tuples(st.floats(-100, 400), st.floats(-100, 400)), max_size=5),
)
def test_no_ready_made_grid_has_a_position_that_is_refused(
    width, depth, margin, circular, center, offset, spacing, corners
):
    around = space(
        width,
        depth,
        margin,
        formFactor="circular" if circular else "rectangular",
        origin="center" if center else "lowerleft",
    )
    wish = Covering(3, 3, spacing, spacing, None, None)
    found = [over_bed(around, offset, wish), over_print(around, offset, corners, wish)]
    found += [sized(around, offset, count, wish) for count in (1, 3)]
    for covering in found:
        if covering is not None:
            assert refused(around, covering, offset) == []
            assert covering.columns <= 7 and covering.rows <= 7
