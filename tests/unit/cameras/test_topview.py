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
