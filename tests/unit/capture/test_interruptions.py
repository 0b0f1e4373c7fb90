"""Whatever interrupts a capture, at whatever step: the print is not harmed.

Every pair of a step and an interruption is played on a model of OctoPrint with a
printer on its wire. The file's second layer is the first one captured; there the
interruption strikes, once. Then the job goes on, or the next job is printed.
"""

from __future__ import annotations

import math

import pytest

from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.capture.ports import Activity
from octoprint_layercapture.gcode import index
from tests.unit.capture.host import Host
from tests.unit.capture.replay import FIXTURES, differences, print_plain, read_job

FILE = FIXTURES / "relative_e.gcode"
LINES = read_job(FILE)
LAYERS = index(FILE).layers
PLAIN = print_plain(LINES)

STEPS = (
    "hold",
    "standstill",
    "enter",
    "travel",
    "settle",
    "exposure",
    "writing",
    "leave",
    "release",
)

COUNTED = {"travel": 2, "exposure": 2, "writing": 2, "settle": 4}
"""Which time the moment comes is the one at which the interruption strikes."""


def a_host(**kwargs):
    return Host(LINES, LAYERS, **kwargs)


def strike(host, step, interruption):
    """Have an interruption strike at a step of the first capture, and note how it was."""
    left = COUNTED.get(step, 1)

    def at(name):
        nonlocal left
        if name != step or left == 0:
            return
        left -= 1
        if left == 0:
            host.struck_at = host.now
            host.struck_held = host.holds
            host.grabbed = list(host.pictures[0].grabbed)
            host.least_seconds = host.free_at - host.now + leave_seconds(host)
            interruption(host)

    host.struck_at = None
    host.strike = at


def leave_seconds(host):
    """What bringing the head back takes by distance and speed, mm and mm/s."""
    if host._place is None:
        return 0.0
    home, here = host._place[0], host.machine()
    terms = host.terms
    return (
        math.dist(home[:2], here[:2]) / terms.travel_speed
        + abs(home[2] - here[2]) / terms.z_speed
        + terms.retract / terms.retract_speed
    )


def played(step, interruption, **kwargs):
    """The host after a whole job with one interruption in it."""
    host = a_host(**kwargs)
    strike(host, step, interruption)
    host.start()
    host.go()
    assert host.struck_at is not None, f"no {step} in this job"
    return host


def check_always(host):
    """What holds whatever happens."""
    assert host.violations == []
    assert host.taken == host.freed + host.stale
    assert host.holds == 0
    assert host.engine.run is None
    first = host.pictures[0]
    assert first.outcome is not None
    assert first.grabbed[: len(host.grabbed)] == host.grabbed
    assert first.kept == first.grabbed
    for pictures in host.pictures:
        for shot, stood in pictures.stood:
            assert stood is not None, "a picture was taken while the head moved"
            assert stood == pytest.approx((shot.x, shot.y, shot.z), abs=1e-6)


def check_goes_on(host, captured=(2, 4, 6)):
    """The job was printed to its end as if nothing had been, and captured further."""
    check_always(host)
    assert differences(PLAIN.extruding(), host.extruding()) == []
    assert host.machine() == pytest.approx(PLAIN.machine(), abs=1e-6)
    assert [outcome.layer.number for outcome in host.ended] == list(captured)
    for outcome in host.ended[1:]:
        assert outcome.failure is None
        assert outcome.interrupted is None
        assert outcome.visited == outcome.planned == 4
    assert host.missed == []


def check_is_over(host):
    """The job ended where it was; the next one prints and is captured normally."""
    check_always(host)
    laid = host.extruding()
    assert 0 < len(laid) < len(PLAIN.extruding())
    assert differences(PLAIN.extruding()[: len(laid)], laid) == []
    assert host.activity() in (Activity.IDLE, Activity.GONE)
    print_again(host)


def print_again(host):
    if host.activity() is Activity.GONE:
        host.reconnect()
    host.strike = lambda name: None
    host.moves.clear()
    ended, taken = len(host.ended), host.taken
    host.changed = None
    host.start()
    host.go()
    assert host.violations == []
    assert differences(PLAIN.extruding(), host.extruding()) == []
    assert [outcome.visited for outcome in host.ended[ended:]] == [4, 4, 4]
    assert host.taken == taken + 3
    assert host.taken == host.freed + host.stale
    assert host.suspensions == []


def nothing_of_ours_after(host, moves):
    assert not any(move.ours for move in host.moves[moves:])


# what users do


@pytest.mark.parametrize("step", STEPS)
def test_a_cancel_takes_effect_at_once_with_the_head_back(step):
    host = played(step, Host.cancel)
    assert host.off_at is not None
    assert host.off_at - host.asked_at <= host.least_seconds + 2.0
    if step != "release":
        assert host.ended[0].visited < 4 or step == "leave"
    check_is_over(host)


def pause_for_a_while(host):
    host.pause()
    host.strike = lambda name: name == "paused" and host.after(30, host.resume)


@pytest.mark.parametrize("step", STEPS)
def test_a_pause_records_the_place_of_the_print_and_a_resume_goes_on(step):
    host = played(step, pause_for_a_while)
    assert host.paused_at - host.asked_at <= host.least_seconds + 2.0
    layer = LAYERS[1]
    assert host.pause_place[:3] == pytest.approx((75, 71, layer.z), abs=1e-6)
    check_goes_on(host)


@pytest.mark.parametrize("step", STEPS)
def test_a_capture_that_a_user_stops_lets_the_job_go_on(step):
    host = played(step, lambda host: host.engine.interrupt("user"))
    check_goes_on(host)
    if step not in ("leave", "release"):
        assert host.ended[0].interrupted == "user"


@pytest.mark.parametrize("step", STEPS)
def test_captures_switched_off_and_on_again_go_on_with_the_next_layer(step):
    def off(host):
        host.engine.suspend("off")
        host.after(8, host.engine.go_on)

    host = played(step, off)
    check_always(host)
    assert differences(PLAIN.extruding(), host.extruding()) == []
    assert host.ended[0].layer.number == 2
    assert host.ended[-1].layer.number == 6 and host.ended[-1].visited == 4


@pytest.mark.parametrize("step", STEPS)
def test_switched_off_for_good_nothing_more_is_captured(step):
    host = played(step, lambda host: host.engine.disarm("switched off"))
    check_goes_on(host, captured=(2,))
    print_again_from_idle(host)


def print_again_from_idle(host):
    assert host.activity() is Activity.IDLE
    print_again(host)


@pytest.mark.parametrize("step", STEPS)
def test_a_shutdown_brings_the_head_back_and_frees_the_job(step):
    host = played(step, lambda host: host.engine.shutdown())
    check_goes_on(host, captured=(2,))
    if step not in ("leave", "release"):
        assert host.ended[0].interrupted == "shutdown"


@pytest.mark.parametrize("step", STEPS)
def test_a_second_capture_asked_for_comes_after_the_first(step):
    host = played(step, lambda host: host.engine.capture_now())
    numbers = [outcome.layer.number for outcome in host.ended]
    assert numbers == [2, 3, 4, 6]
    check_goes_on(host, captured=numbers)
    assert host.ended[0].visited == 4


@pytest.mark.parametrize("step", STEPS)
def test_the_next_layer_asked_for_is_captured_besides(step):
    host = played(step, lambda host: host.engine.capture_next(LAYERS[2].capture_pos))
    check_goes_on(host, captured=(2, 3, 4, 6))
    assert host.ended[0].visited == 4


@pytest.mark.parametrize("step", STEPS)
def test_a_deleted_file_ends_captures_with_the_reason_after_this_one(step):
    host = played(step, lambda host: setattr(host, "changed", "it is gone"))
    check_goes_on(host, captured=(2,))
    assert host.ended[0].visited == 4
    assert host.suspensions == ["it is gone"]


# what other plugins do


@pytest.mark.parametrize("step", STEPS)
def test_the_hold_of_another_plugin_is_not_freed(step):
    def hold(host):
        link = host.link
        host.hold_by_other(60)
        host.until = host.now + 60
        send = host._send_file_line

        def checked():
            assert host.now >= host.until and host.link is link
            send()

        host._send_file_line = checked

    host = played(step, hold)
    check_goes_on(host)
    assert host.ended[0].visited == 4


def expanded(line):
    return [line, ("M105", line[1]), ("M105", line[1])]


def test_expanded_lines_trigger_once():
    host = a_host()
    host.rewrite = expanded
    host.start()
    host.go()
    check_goes_on(host)


def test_swallowed_lines_leave_the_layer_to_the_next_of_its_lines():
    first = {f"filepos:{layer.capture_pos}" for layer in LAYERS[:5]}
    host = a_host()

    def swallow(line):
        # the wipe's last line; swallowing it changes no path
        return [] if not first.isdisjoint(line[1]) else [line]

    host.rewrite = swallow
    host.start()
    host.go()
    check_always(host)
    assert [outcome.layer.number for outcome in host.ended] == [2, 4, 6]
    assert all(outcome.visited == 4 for outcome in host.ended)


def test_layers_whose_lines_are_all_swallowed_are_missed_and_said_so():
    gone = {f"filepos:{position}" for position in LAYERS[1].triggers}
    host = a_host()
    host.rewrite = lambda line: [] if not gone.isdisjoint(line[1]) else [line]
    host.start()
    host.go()
    check_always(host)
    assert host.missed == [2]
    assert [outcome.layer.number for outcome in host.ended] == [4, 6]


# what connection and printer do


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", [Host.disconnect, Host.emergency_stop])
def test_a_lost_connection_ends_it_and_frees_no_hold_of_a_later_one(step, way):
    host = a_host()

    def lose(host):
        way(host)
        host.moved = len(host.moves)

    strike(host, step, lose)
    host.start()
    host.go()
    assert host.stale == (0 if host.struck_held == 0 else 1)
    nothing_of_ours_after(host, host.moved)
    check_is_over(host)


@pytest.mark.parametrize("step", STEPS)
def test_a_reconnect_before_anybody_looked_frees_nothing(step):
    def flicker(host):
        host.disconnect()
        host.reconnect()
        host.moved = len(host.moves)
        host.hold_by_other(5)

    host = played(step, flicker)
    nothing_of_ours_after(host, host.moved)
    assert host.stale == 1
    check_is_over(host)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("way", [Host.reset, Host.reset_at_once])
def test_a_printer_that_restarts_is_not_moved_any_more(step, way):
    host = played(step, way)
    nothing_of_ours_after(host, host.moved_before_reset)
    check_is_over(host)


UNRETRACTED = FIXTURES / "volumetric.gcode"


def test_what_the_printer_forgot_in_a_restart_is_not_restored_to_the_next_job():
    """The job before said M83; the next says nothing, and absolute is what counts."""
    host = played("travel", Host.reset)
    unsaid = [line for line in read_job(UNRETRACTED) if line.gcode not in ("M82", "G90")]
    host.lines, host.strike = unsaid, lambda name: None
    host.layers = index(UNRETRACTED).layers
    host.plan = plan(host.layers, 2, False, False, ())
    host.moves.clear()
    host.start()
    host.go()
    assert [outcome.visited for outcome in host.ended[1:]] == [4, 4, 4]
    assert differences(print_plain(unsaid).extruding(), host.extruding()) == []


def test_a_capture_that_cannot_begin_is_told_and_the_job_goes_on():
    host = a_host()
    opened = host._open

    def broken(layer):
        pictures = opened(layer)
        if layer.number == 2:
            raise OSError("disk gone")
        return pictures

    host._open = broken
    host.start()
    host.go()
    assert [outcome.visited for outcome in host.ended] == [0, 4, 4]
    assert "internal error" in str(host.ended[0].failure)
    assert host.taken == host.freed == 3
    assert differences(PLAIN.extruding(), host.extruding()) == []


def test_a_recorder_that_fails_to_let_go_costs_no_way_back():
    host = a_host()
    opened = host._open

    def broken(layer):
        pictures = opened(layer)

        def abandon():
            raise OSError("stuck")

        pictures.abandon = abandon
        return pictures

    host._open = broken
    host.start()
    host.go()
    check_goes_on(host)


@pytest.mark.parametrize("step", STEPS)
def test_a_lost_ok_costs_time_and_nothing_else(step):
    host = played(step, lambda host: setattr(host, "lose_oks", 1))
    check_goes_on(host)
    assert host.ended[0].failure is None
    assert host.ended[0].visited == 4


@pytest.mark.parametrize("step", STEPS)
def test_two_lost_oks_in_a_row_still_end_with_the_head_back(step):
    host = played(step, lambda host: setattr(host, "lose_oks", 2))
    check_goes_on(host)


@pytest.mark.parametrize("lines", [1, 2, 5])
@pytest.mark.parametrize("step", STEPS)
def test_lines_resent_after_checksum_errors_change_nothing(step, lines):
    host = played(step, lambda host: setattr(host, "corrupt", lines))
    check_goes_on(host)
    assert host.ended[0].failure is None
    assert host.ended[0].visited == 4


@pytest.mark.parametrize("step", STEPS)
def test_a_position_never_answered_ends_in_leave_and_release(step):
    def mute(host):
        host.mute = {"M114"}
        host.heard = host.capture_ended

        def ended(outcome):
            host.mute = set()
            host.heard(outcome)

        host.capture_ended = ended

    host = played(step, mute)
    check_goes_on(host)
    if step in ("hold", "enter", "settle", "exposure"):
        assert "did not answer" in str(host.ended[0].failure)


@pytest.mark.parametrize("step", STEPS)
def test_reports_that_stop_coming_are_made_up_for_by_time(step):
    host = played(step, lambda host: setattr(host, "silent_m114", True))
    check_goes_on(host)
    assert host.ended[0].visited == 4
    assert len(host.told) == 1


# pauses that stand in the file


STOPS = FIXTURES / "stops.gcode"


def printed_with_pauses(path, every=1, prepare=lambda host: None):
    """A file printed to its end, each pause resumed after a while."""
    lines = read_job(path)
    host = Host(lines, index(path).layers, every=every)
    host.strike = lambda name: name == "paused" and host.after(20, host.resume)
    prepare(host)
    host.start()
    host.go()
    return host


def test_pauses_in_the_file_record_the_place_of_the_print():
    host = printed_with_pauses(STOPS)
    plain = print_plain(read_job(STOPS))
    check_always(host)
    assert differences(plain.extruding(), host.extruding()) == []
    assert [outcome.visited for outcome in host.ended] == [4] * 6
    assert host.pause_place[:2] == pytest.approx((60, 60), abs=1e-6)


@pytest.mark.parametrize("text", ["M0", "@pause"])
def test_a_capture_asked_for_at_a_line_that_pauses_is_given_up(text):
    """The line's own hook holds the job, and the pause follows within the same call."""

    def ask(host):
        send = host._send_file_line

        def asking():
            if host.lines[host._next].text == text:
                host.engine.capture_now()
            send()

        host._send_file_line = asking

    host = printed_with_pauses(STOPS, every=100, prepare=ask)
    check_always(host)
    assert [outcome.interrupted for outcome in host.ended] == ["pausing"]
    assert host.sent == []
    plain = print_plain(read_job(STOPS))
    assert differences(plain.extruding(), host.extruding()) == []


# captures within OctoPrint's own pause


PAUSE_STEPS = ("hold", "standstill", "enter", "travel", "settle", "exposure", "leave")


def played_paused(step, interruption):
    return played(step, interruption, pause_mode=True)


def test_with_pause_every_layer_is_captured_and_the_path_is_the_same():
    host = a_host(pause_mode=True)
    host.start()
    host.go()
    check_goes_on(host)
    assert host.ended[0].visited == 4
    assert host.taken == 6


@pytest.mark.parametrize("step", PAUSE_STEPS)
def test_with_pause_a_cancel_is_not_resumed(step):
    host = played_paused(step, Host.cancel)
    assert host.off_at is not None
    check_always(host)
    laid = host.extruding()
    assert differences(PLAIN.extruding()[: len(laid)], laid) == []
    assert host.activity() is Activity.IDLE
    assert len(host.ended) == 1


@pytest.mark.parametrize("step", [*PAUSE_STEPS, "release"])
def test_with_pause_a_resume_of_the_user_waits_for_the_head(step):
    host = played_paused(step, Host.resume)
    check_goes_on(host)


@pytest.mark.parametrize("step", PAUSE_STEPS)
@pytest.mark.parametrize("way", [Host.disconnect, Host.emergency_stop])
def test_with_pause_a_lost_connection_ends_it(step, way):
    host = a_host(pause_mode=True)

    def lose(host):
        way(host)
        host.moved = len(host.moves)

    strike(host, step, lose)
    host.start()
    host.go()
    nothing_of_ours_after(host, host.moved)
    assert host.violations == []
    assert host.taken == host.freed + host.stale
    assert host.activity() is Activity.GONE


@pytest.mark.parametrize("step", PAUSE_STEPS)
def test_with_pause_a_printer_that_restarts_is_not_moved_any_more(step):
    host = played_paused(step, Host.reset)
    nothing_of_ours_after(host, host.moved_before_reset)
    assert host.violations == []
    assert host.taken == host.freed + host.stale


@pytest.mark.parametrize("step", PAUSE_STEPS)
def test_with_pause_a_user_who_stops_the_capture_gets_the_job_back(step):
    host = played_paused(step, lambda host: host.engine.interrupt("user"))
    check_goes_on(host)


def test_a_pause_that_somebody_resumes_at_once_is_not_waited_for():
    host = a_host(pause_mode=True)
    pause = host.pause

    def paused_and_resumed():
        pause()
        if len(host.pictures) == 1:
            host.after(0.2, lambda: setattr(host, "state", Activity.PRINTING))

    host.pause = paused_and_resumed
    host.start()
    host.go()
    assert host.ended[0].interrupted == "printing"
    assert host.ended[0].seconds < 5
    assert host.taken == host.freed
