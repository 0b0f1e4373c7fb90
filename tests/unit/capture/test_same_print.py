"""The print comes out the same: whole files on the printer model, with and without us."""

from __future__ import annotations

import math
import os
from pathlib import Path

import pytest

from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.gcode import index
from tests.unit.capture.conftest import some_terms
from tests.unit.capture.replay import (
    BED,
    FIXTURES,
    Replay,
    differences,
    print_plain,
    read_job,
)

CORPUS = os.environ.get("LAYERCAPTURE_CORPUS")
OWN = sorted(FIXTURES.glob("*.gcode"))
REAL = sorted(Path(CORPUS).glob("*.gcode")) if CORPUS else []

MARLIN, OTHERS = True, False
CLEARANCE = 2.0  # mm that travel keeps above everything printed
UNSAID = "has not said where the head is"


def check(replay, plain):
    """All that a capture promises the print, for every capture of a replay."""
    printer, terms = replay.printer, replay.terms
    assert differences(plain.extruding(), printer.extruding()) == []
    assert printer.modes() == plain.modes()
    assert printer.machine() == pytest.approx(plain.machine(), abs=1e-6)
    assert printer.holds == 0
    assert printer.released == len(replay.ended)
    assert replay.missed == []
    due = [layer.number for layer in replay.plan.layers]
    assert [outcome.layer.number for outcome in replay.ended] == due
    for outcome in replay.ended:
        explained = outcome.failure is not None and UNSAID in str(outcome.failure)
        assert explained or outcome.visited == outcome.planned, outcome
    for recorder in replay.recorders:
        for shot, stood in zip(recorder.shots, recorder.stood):
            assert stood == pytest.approx((shot.x, shot.y, shot.z), abs=1e-6)
            assert shot.z >= shot.layer.z + terms.height - 1e-6
    resumes = {layer.resume for layer in replay.plan.layers} - {None}
    for capture in replay.captures:
        check_capture(capture, terms, resumes)


def check_capture(capture, terms, resumes):
    assert all(move.ours for move in capture.moves)
    assert math.fsum(move.filament for move in capture.moves) == pytest.approx(
        0, abs=1e-9
    )
    assert capture.modes[0] == capture.modes[1]
    space = terms.volume
    inset = space.margin - 1e-6
    clear = capture.top + min(terms.height, CLEARANCE) - 1e-6
    for move in capture.moves:
        assert max(move.start[2], move.end[2]) <= space.max_z
        if move.start[:2] == move.end[:2]:
            continue
        lowest = min(move.start[2], move.end[2])
        assert lowest >= clear, (move, capture.top)
        x, y = move.end[:2]
        inside = (
            space.min_x + inset <= x <= space.max_x - inset
            and space.min_y + inset <= y <= space.max_y - inset
        )
        back = [capture.home[:2], *resumes]
        assert inside or any(math.dist((x, y), place) < 1e-3 for place in back), move
    assert capture.moves[-1].end[2] == pytest.approx(capture.home[2], abs=1e-6)


def onward(replay):
    """Captures after which the head did not go back to where it came from."""
    return [
        capture
        for capture in replay.captures
        if math.dist(capture.home[:2], capture.moves[-1].end[:2]) > 1e-3
    ]


@pytest.mark.parametrize("back", [True, False], ids=["back", "onward"])
@pytest.mark.parametrize("switches", [MARLIN, OTHERS], ids=["marlin", "others"])
@pytest.mark.parametrize("path", OWN, ids=[path.stem for path in OWN])
def test_own_files_come_out_the_same(path, switches, back):
    lines = read_job(path)
    terms = some_terms(profile=BED, delay=0.5, return_to_origin=back)
    replay = Replay(path, lines, every=1, terms=terms, g90_switches_e=switches).print()
    assert len(replay.ended) >= 5
    assert all(outcome.failure is None for outcome in replay.ended)
    check(replay, print_plain(lines, g90_switches_e=switches))
    if back:
        assert onward(replay) == []


def test_without_return_the_head_goes_on_where_the_file_does():
    found = {
        path.stem: len(
            onward(
                Replay(
                    path,
                    every=1,
                    terms=some_terms(profile=BED, delay=0.5, return_to_origin=False),
                ).print()
            )
        )
        for path in OWN
    }
    assert found["relative_e"] >= 5
    assert found["sequential"] == 1  # the others begin where they ended, or lower
    assert found["only_relative"] == found["offsets"] == 0


def test_the_maximum_z_is_never_passed_and_every_layer_is_explained():
    path = FIXTURES / "sequential.gcode"
    low = volume(BED, max_z=6.0, margin=10)
    terms = some_terms(profile=BED, delay=0.5, volume=low)
    lines = read_job(path)
    replay = Replay(path, lines, every=1, terms=terms).print()
    plain = print_plain(lines)
    assert differences(plain.extruding(), replay.printer.extruding()) == []
    assert max(move.end[2] for move in replay.printer.moves if move.ours) <= 6.0
    skipped = [outcome for outcome in replay.ended if outcome.failure is not None]
    assert len(replay.ended) == len(replay.layers)
    assert 0 < len(skipped) < len(replay.ended)
    assert all("above the maximum" in str(outcome.failure) for outcome in skipped)


@pytest.mark.parametrize("height", [0.5, 1.0])
def test_pictures_close_above_a_layer_still_clear_what_stands_higher(height):
    path = FIXTURES / "sequential.gcode"
    lines = read_job(path)
    terms = some_terms(profile=BED, delay=0.5, height=height)
    replay = Replay(path, lines, every=1, terms=terms).print()
    assert any(capture.top > capture.home[2] + 1 for capture in replay.captures)
    check(replay, print_plain(lines))


@pytest.mark.skipif(not REAL, reason="LAYERCAPTURE_CORPUS is not set")
@pytest.mark.parametrize("path", REAL, ids=[path.stem for path in REAL])
def test_real_files_come_out_the_same(path):
    lines = read_job(path)
    layers = index(path).layers
    for switches in (MARLIN, OTHERS):
        plain = print_plain(lines, g90_switches_e=switches)
        for back in (True, False):
            terms = some_terms(profile=BED, delay=0.5, return_to_origin=back)
            replay = Replay(
                path, lines, layers, terms=terms, g90_switches_e=switches
            ).print()
            check(replay, plain)
            assert len(replay.ended) >= min(len(layers), 9)
