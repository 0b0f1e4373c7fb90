"""What measuring finds out about cameras that are known."""

from __future__ import annotations

import itertools

import pytest
from PIL import Image

from octoprint_layercapture.cameras import CameraError
from octoprint_layercapture.cameras.freshness import Habits
from octoprint_layercapture.cameras.measure import ROUNDS, Measuring, NotMeasured
from tests.cameras.film import Film
from tests.cameras.kinds import KINDS, Kind, Set
from tests.cameras.simulated import SimulatedCamera, SimulatedClock, scene_at

TO_BE_MEASURED = [kind for kind in KINDS if not kind.later]


@pytest.mark.parametrize("kind", TO_BE_MEASURED, ids=lambda kind: kind.name)
def test_latency_buffer_and_rest_together_cover_what_the_camera_needs(kind):
    tried = Set(kind)
    found = tried.measure()
    assert found.stale == tried.film.queued
    if tried.film.rate is not None:
        oldest = tried.film.delay + tried.film.exposure + 1 / tried.film.rate
        if not tried.film.queued:
            assert Habits.measured(found.latency, 0, 0).latency > oldest - 0.1
        assert found.latency < oldest + tried.film.jitter + 0.15
    assert found.rest <= 2 * kind.rest + 0.1
    assert found.seconds > found.latency + found.rest


def test_a_late_camera_is_told_from_one_with_a_buffer():
    late = Set(Kind("late", {"delay": 0.6})).measure()
    buffered = Set(Kind("buffered", {"delay": 0.0, "queued": 4})).measure()
    assert late.latency > 0.5 > 0.2 > buffered.latency
    assert (late.stale, buffered.stale) == (0, 4)


def test_a_head_that_shakes_longer_has_a_longer_rest():
    rests = [
        Set(Kind("shaking", {"delay": 0.1}, amplitude=2.0, rest=rest)).measure().rest
        for rest in (0.2, 0.8, 1.6)
    ]
    assert rests == sorted(rests)
    assert rests[2] > rests[0] + 0.5


class Bench:
    """A film measured with a head that the camera may not see."""

    def __init__(self, **film):
        self.clock = SimulatedClock()
        self.film = Film(lambda when: (50.0, 50.0), **film)
        self.camera = SimulatedCamera(self.film, self.clock)
        self.over = False
        self.told = []

    def move(self):
        self.clock.now += 0.2
        return self.clock.now

    def measure(self):
        measuring = Measuring(
            self.camera, self.clock, self.move, lambda: self.over, self.told.append
        )
        return measuring.run(lambda: scene_at((50.0, 50.0)))


def test_a_camera_that_does_not_see_the_head_is_told_so_after_one_move():
    bench = Bench()
    with pytest.raises(NotMeasured, match="do not change when the head moves"):
        bench.measure()
    assert bench.told == []


def test_a_frozen_camera_is_told_so():
    with pytest.raises(NotMeasured, match="frozen"):
        Bench(freezes=[(0, 1e9)]).measure()


def test_a_dark_picture_is_told_so(encode):
    bench = Bench()
    levels = itertools.cycle([0, 1, 2])
    bench.film._draw = lambda exposed: encode(Image.new("L", (160, 120), next(levels)))
    with pytest.raises(NotMeasured, match="too dark"):
        bench.measure()


def test_a_camera_that_stops_meanwhile_is_not_believed():
    tried = Set(Kind("stopping", {"delay": 0.1, "freezes": ((125.0, 130.5),)}))
    with pytest.raises(
        NotMeasured, match="later after one move|go on to change"
    ) as caught:
        tried.measure()
    assert caught.value.params["camera"]


def test_something_else_that_moves_is_told_so():
    tried = Set(Kind("restless", {"delay": 0.1, "noise": 1.0}))
    place = tried.path.at
    tried.film.at = lambda when: (
        place(when)[0],
        place(when)[1] + (1.5 if int(when * 1.7) % 5 == 0 else 0.0),
    )
    with pytest.raises(NotMeasured, match="go on to change|do not change"):
        tried.measure()


def test_it_ends_when_nobody_wants_it_any_more():
    bench = Bench()
    move = bench.move

    def stop():
        bench.over = True
        return move()

    bench.move = stop
    with pytest.raises(CameraError, match="called off"):
        bench.measure()
    assert bench.camera.asked < 100


def test_a_camera_that_fails_ends_it_with_its_reason():
    bench = Bench()
    bench.camera.fails = 100
    with pytest.raises(CameraError, match="out of order"):
        bench.measure()


def test_single_failures_are_forgiven():
    tried = Set(Kind("usual", {"delay": 0.1}))
    tried.camera.fails = 2
    assert tried.measure().stale == 0


def test_progress_counts_the_rounds():
    tried = Set(Kind("usual", {"delay": 0.1}))
    told = []
    begin = tried.clock.now
    places = [(110.0, 100.0), (100.0, 100.0)]

    def move():
        tried.clock.now = tried.path.go(places[0], tried.clock.now)
        places.reverse()
        return tried.clock.now

    measuring = Measuring(tried.camera, tried.clock, move, progress=told.append)
    measuring.run(lambda: scene_at((100.0, 100.0)))
    assert told == list(range(1, ROUNDS + 1))
    assert 10 < tried.clock.now - begin < 90
