"""Settling on simulated time: which picture is kept, and when."""

from __future__ import annotations

import random
import threading

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_layercapture.cameras import (
    CameraError,
    FrozenCamera,
    Settler,
    common_delay,
)
from octoprint_layercapture.cameras.freshness import Habits
from tests.cameras.film import Film, Path, read_place
from tests.cameras.kinds import KINDS, Kind, Set
from tests.cameras.simulated import (
    GRID,
    Detail,
    SimulatedCamera,
    SimulatedClock,
    Wishes,
    captures,
    scene_at,
)


class Rig:
    """A camera on a head that stands at the first place of the grid."""

    def __init__(self, detail=None, wishes=None, **film):
        self.clock = SimulatedClock()
        self.path = Path(GRID[0], amplitude=0.5)
        self.film = Film(self.path.at, **film)
        self.camera = SimulatedCamera(self.film, self.clock)
        self.settler = Settler(
            self.camera, detail or Detail(), wishes or Wishes(), self.clock
        )

    def visit(self, place, over=lambda: False):
        """The picture there, and how long it took."""
        self.clock.now = self.path.go(place, self.clock.now) + 0.03
        arrived = self.clock.now
        settled = self.settler.picture(scene_at(place), arrived, over)
        return settled, self.clock.now - arrived

    def is_of(self, settled, place):
        return self.film.error(settled.jpeg, place) < 1.5


MEASURED = Detail(0.3, 0.3, 0)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kept_picture_is_of_its_place(kind):
    tried = Set(kind)
    settler = tried.settler(tried.measure())
    taken = list(captures(settler, tried.path, tried.clock, tried.film, 90))
    assert [each for each in taken if each.wrong] == []
    frozen = kind.name == "frozen"
    assert all((each.settled is None) == frozen for each in taken)
    assert all(isinstance(each.failure, FrozenCamera) == frozen for each in taken)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_bars_in_the_picture_say_the_same(kind):
    tried = Set(kind, seed=2)
    settler = tried.settler(tried.measure())
    for each in captures(settler, tried.path, tried.clock, tried.film, 18):
        if each.settled is not None:
            assert read_place(each.settled.jpeg) == each.place


def test_a_fixed_delay_that_is_too_short_keeps_wrong_pictures():
    """So the pictures above could have been wrong."""
    tried = Set(Kind("1 s late", {"delay": 0.9}))
    settler = tried.settler(tried.measure(), Wishes(settling="fixed", delay=0.5))
    taken = list(captures(settler, tried.path, tried.clock, tried.film, 18))
    assert sum(each.wrong for each in taken) > 9


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    delay=st.floats(0, 1.95),
    jitter=st.floats(0, 0.3),
    rate=st.floats(1.0, 30.0),
    queued=st.integers(0, 5),
    answer=st.floats(0.005, 0.3),
    noise=st.sampled_from([0.0, 2.0, 6.0, 12.0]),
    rest=st.floats(0.1, 0.8),
    seed=st.integers(0, 1000),
)
def test_any_camera_once_measured_gives_no_wrong_picture(
    delay, jitter, rate, queued, answer, noise, rest, seed
):
    jitter = jitter if not queued else 0.0
    film = {
        "delay": delay,
        "jitter": min(jitter, 1.9 - min(delay, 1.9)),
        "rate": rate,
        "queued": queued,
        "answer": answer,
        "noise": noise,
    }
    tried = Set(Kind("any", film, rest=rest), seed)
    try:
        found = tried.measure()
    except CameraError:
        return  # it is said that nothing could be found out, and the delay stays fixed
    settler = tried.settler(found, Wishes(settle_max=20))
    taken = list(captures(settler, tried.path, tried.clock, tried.film, 18, seed))
    assert [each for each in taken if each.wrong] == []


def test_the_wait_is_little_more_than_what_the_camera_needs():
    rig = Rig(MEASURED, delay=0.2, rate=30.0)
    rig.visit(GRID[1])
    needs = Habits.measured(0.3, 0.3, 0).wait
    for place in GRID[2:6]:
        settled, wait = rig.visit(place)
        assert needs - 1e-6 <= settled.settle <= wait < needs + 0.2
        assert settled.still and not settled.repeated


@pytest.mark.parametrize("latency,stale", [(0.0, 3), (0.4, 0), (1.5, 0)])
def test_no_frame_is_kept_that_may_be_from_before(latency, stale):
    rig = Rig(Detail(latency, 0.2, stale), delay=0.0, rate=30.0)
    rig.visit(GRID[1])
    asked = rig.camera.asked
    settled, _ = rig.visit(GRID[2])
    assert settled.settle >= latency + 0.2
    assert rig.camera.asked - asked > stale


def test_fixed_by_choice_waits_for_the_delay_and_takes_one_picture():
    rig = Rig(MEASURED, Wishes(settling="fixed", delay=1.25))
    settled, wait = rig.visit(GRID[1])
    assert settled.settle == pytest.approx(1.25)
    assert wait == pytest.approx(1.25 + rig.film.answer)
    assert rig.camera.asked == 1
    assert rig.is_of(settled, GRID[1])


def test_without_a_measured_latency_the_fixed_delay_applies():
    rig = Rig(Detail(None, 0.2, 1), Wishes(delay=2.0))
    assert rig.visit(GRID[1])[0].settle == pytest.approx(2.0)


def test_the_capture_waits_for_what_all_cameras_wait_for():
    fixed = Rig(Detail(), Wishes(delay=2.0)).settler
    adaptive = Rig(MEASURED, Wishes(delay=2.0)).settler
    assert common_delay([fixed, fixed]) == 2.0
    assert common_delay([fixed, adaptive]) == 0.0
    assert common_delay([]) == 0.0


def test_a_delay_that_the_capture_has_waited_already_is_not_waited_again():
    rig = Rig(Detail(), Wishes(delay=2.0))
    arrived = rig.clock.now
    rig.clock.now += 2.0
    settled = rig.settler.picture(scene_at(GRID[0]), arrived)
    assert rig.clock.now - arrived == pytest.approx(2.0 + rig.film.answer)
    assert settled.settle == pytest.approx(2.0)


@pytest.mark.parametrize("wishes", [Wishes(), Wishes(settling="fixed")])
def test_a_call_off_ends_the_wait_at_once(wishes):
    rig = Rig(Detail(2.0, 0.5, 0), wishes)
    begun = rig.clock.now
    over = [False]

    def wait(condition, seconds):
        rig.clock.now += min(seconds, 0.1)
        if rig.clock.now > begun + 1:
            over[0] = True

    rig.clock.wait = wait
    with pytest.raises(CameraError, match="called off"):
        rig.visit(GRID[1], lambda: over[0])
    assert rig.clock.now < begun + 1.5


def test_abandon_wakes_who_waits():
    class Clock(SimulatedClock):
        waiting = threading.Event()

        def wait(self, condition, seconds):
            self.waiting.set()
            condition.wait(60)

    clock = Clock()
    camera = SimulatedCamera(Film(lambda when: GRID[0]), clock)
    settler = Settler(camera, MEASURED, Wishes(), clock)
    errors = []

    def take():
        try:
            settler.picture(scene_at(GRID[0]), clock.now)
        except CameraError as error:
            errors.append(error)

    thread = threading.Thread(target=take)
    thread.start()
    assert clock.waiting.wait(60)
    settler.abandon()
    thread.join(60)
    assert "called off" in str(errors[0])


def test_the_picture_after_an_abandoned_one_is_taken():
    rig = Rig(MEASURED)
    rig.settler.abandon()
    assert rig.is_of(rig.visit(GRID[1])[0], GRID[1])


def test_a_frame_that_fails_is_asked_for_again():
    rig = Rig(MEASURED, delay=0.1)
    rig.camera.fails = 2
    assert rig.is_of(rig.visit(GRID[1])[0], GRID[1])


def test_a_camera_that_goes_on_failing_is_given_up_soon():
    rig = Rig(MEASURED)
    rig.camera.fails = 100
    with pytest.raises(CameraError, match="out of order"):
        rig.visit(GRID[1])
    assert rig.camera.asked == 3


def test_a_camera_that_does_not_answer_at_all_is_not_asked_again():
    rig = Rig(MEASURED)
    mute = CameraError("Camera %(camera)s did not answer.", camera="sim")
    mute.silent = True
    asked = []

    def frame(scene):
        asked.append(scene)
        raise mute

    rig.camera.frame = frame
    with pytest.raises(CameraError, match="did not answer"):
        rig.visit(GRID[1])
    assert len(asked) == 1


def test_a_camera_later_than_the_longest_wait_gives_no_picture_but_a_reason():
    rig = Rig(Detail(4.9, 0.3, 0), delay=4.5)
    begun = rig.clock.now
    with pytest.raises(CameraError, match="within 5 s"):
        rig.visit(GRID[1])
    assert rig.clock.now - begun < 7


def test_a_frozen_camera_gives_no_picture_and_says_so():
    rig = Rig(MEASURED, delay=0.1, freezes=[(110, 1e9)])
    rig.visit(GRID[1])
    rig.clock.now = 120
    with pytest.raises(FrozenCamera, match="frozen"):
        rig.visit(GRID[2])


def test_a_camera_that_goes_on_after_a_stop_is_waited_for():
    rig = Rig(MEASURED, delay=0.1)
    rig.visit(GRID[1])
    stop = rig.clock.now
    rig.film.freezes = [(stop, stop + 3)]
    settled, wait = rig.visit(GRID[2])
    assert rig.is_of(settled, GRID[2])
    assert 2.5 < wait <= 5


@pytest.mark.parametrize("stop", [1.0 + n * 0.05 for n in range(30)])
def test_what_a_camera_delivers_late_after_a_stop_is_not_kept(stop):
    """What it took before the move comes then, frame by frame, as if it were new."""
    rig = Rig(Detail(0.15, 0.2, 0), delay=0.05)
    rig.visit(GRID[1])
    rig.clock.now = rig.path.go(GRID[4], rig.clock.now) + 2.0
    left = rig.clock.now
    rig.film.freezes = [(left - 0.7 * stop, left + 0.3 * stop + 0.5)]
    rig.film.burst = True
    settled, _ = rig.visit(GRID[2])
    assert rig.is_of(settled, GRID[2])


def test_a_camera_frozen_since_before_the_capture_is_noticed_at_its_first_place():
    rig = Rig(MEASURED, delay=0.1, freezes=[(90, 1e9)])
    rig.settler.glance(scene_at((100.0, 97.0)))
    with pytest.raises(FrozenCamera):
        rig.visit(GRID[1])


def test_a_glance_that_fails_costs_nothing():
    rig = Rig(MEASURED, delay=0.1)
    rig.camera.fails = 1
    rig.settler.glance(scene_at(GRID[0]))
    assert rig.is_of(rig.visit(GRID[1])[0], GRID[1])


def test_a_fixed_delay_needs_no_glance():
    rig = Rig()
    rig.settler.glance(scene_at(GRID[0]))
    assert rig.camera.asked == 0


def test_with_a_fixed_delay_a_repeated_picture_is_kept_and_marked():
    rig = Rig(delay=0.1, freezes=[(101, 1e9)])
    first, _ = rig.visit(GRID[1])
    second, _ = rig.visit(GRID[2])
    assert (first.repeated, second.repeated) == (False, True)


def test_the_same_picture_of_the_same_place_is_no_repetition():
    rig = Rig(delay=0.1, noise=0.0)
    rig.visit(GRID[1])
    assert not rig.visit(GRID[1])[0].repeated


def test_a_camera_without_noise_is_waited_for_no_longer_once_that_is_known():
    rig = Rig(Detail(0.2, 0.2, 0), delay=0.1, noise=0.0)
    waits = []
    for place in GRID[1:]:
        settled, wait = rig.visit(place)
        assert rig.is_of(settled, place)
        waits.append(wait)
    assert min(waits[:2]) > 1 > max(waits[3:])


def test_a_picture_that_is_never_still_is_kept_in_the_end():
    """A shadow, a swinging cable: that is unrest, but no wrong place."""
    rig = Rig(MEASURED, delay=0.1, noise=2.0)
    dice = random.Random(1)
    rig.visit(GRID[1])
    still = rig.path.at

    def restless(when):
        x, y = still(when)
        return x + dice.uniform(-3, 3), y

    rig.film.at = restless
    settled, wait = rig.visit(GRID[2])
    assert not settled.still
    assert wait == pytest.approx(5, abs=0.5)
    assert rig.film.error(settled.jpeg, GRID[2]) < 5


def test_unrest_that_stays_is_learnt_and_costs_no_longer_time():
    rig = Rig(MEASURED, delay=0.1, noise=2.0)
    dice = random.Random(1)
    still = rig.path.at
    rig.film.at = lambda when: (still(when)[0] + dice.uniform(-0.4, 0.4), still(when)[1])
    waits = [rig.visit(place)[1] for place in GRID[1:]]
    assert max(waits[3:]) < 2


def test_the_kept_picture_is_turned_and_others_are_not():
    rig = Rig(MEASURED, delay=0.1)
    turned = []
    rig.camera.upright = lambda jpeg: turned.append(jpeg) or b"turned"
    settled, _ = rig.visit(GRID[1])
    assert settled.jpeg == b"turned"
    assert len(turned) == 1


def test_what_was_not_measured_is_assumed_with_care():
    known, guessed = Habits.measured(0.5, 0.1, 0), Habits.measured(0.5, None, None)
    assert guessed.rest > known.rest
    assert guessed.stale > known.stale
    assert known.latency > 0.5
