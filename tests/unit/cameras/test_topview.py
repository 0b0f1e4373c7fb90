from __future__ import annotations

import pytest

from octoprint_layercapture.cameras.topview import TopView

MOST = 16 * 1024 * 1024  # bytes


@pytest.mark.parametrize("side", [0, 120, 200, 250, 300, 420, 1000, 5000])
@pytest.mark.parametrize("field", [5, 13.3, 80, 300, 2000])
def test_the_bed_takes_no_more_memory_than_a_small_computer_has(side, field):
    view = TopView((-side / 2, 0, side / 2, side), False, 640 / field)
    assert view.memory <= MOST
    assert view.view(-320, -240, (640, 480), 0).size == (640, 480)


@pytest.mark.parametrize("side", [120, 200, 250])
def test_usual_beds_are_smooth(side):
    """Twice as fine as the view, so that slanting lines have no steps."""
    view = TopView((0, 0, side, side), False, 8)
    assert view.memory >= (side * 8 * 2) ** 2


def test_a_line_beside_the_bed_does_no_harm():
    view = TopView((0, 0, 100, 100), False, 8)
    before = view.view(0, -800, (800, 800), 0)
    view.paint([Far((-5000, 50, -4000, 60)), Far((1e5, 1e5, 1e5, -1e5))])
    assert view.view(0, -800, (800, 800), 0).tobytes() == before.tobytes()


class Far:
    """A bead somewhere."""

    width = 0.4

    def __init__(self, points):
        self.points = points


def test_what_is_painted_in_the_memory_of_another_bed_shows_nothing_of_it():
    bed = (0, 0, 100, 100)
    fresh = TopView(bed, False, 8).view(200, -500, (64, 48), 0)
    old = TopView(bed, True, 8)
    old.paint([Far((10, 10, 90, 90))])
    old.forget()
    assert TopView(bed, False, 8).view(200, -500, (64, 48), 0) == fresh


def test_a_view_is_the_same_however_many_strips_it_takes():
    view = TopView((0, 0, 100, 100), False, 8)
    view.paint([Far((10, 10, 90, 90))])
    whole = view.view(100, -700, (320, 240), 1)
    rows = [view.view(100, top, (320, 1), 1) for top in range(-700, -460)]
    for number, row in enumerate(rows):
        assert whole.crop((0, number, 320, number + 1)) == row
