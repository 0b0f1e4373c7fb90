"""Layers, runs and seams that are kept packed come out as they went in."""

from __future__ import annotations

import json
from dataclasses import asdict
from math import inf, nan

import pytest

from octoprint_layercapture.gcode import Layer, LayerIndex
from octoprint_layercapture.gcode.columns import Numbers
from octoprint_layercapture.gcode.layers import Layers
from octoprint_layercapture.gcode.runs import Run, Runs
from octoprint_layercapture.gcode.seam import Seam

MANY = 2_500  # more than a piece holds


def layer(number: int) -> Layer:
    at = 10**10 + 1000 * number
    return Layer(
        number=number,
        z=number * 0.1,
        height=0.1,
        slicer_number=None if number % 3 else number - 1,
        capture_pos=at,
        retracted=number % 2 == 0,
        top=number * 0.3,
        triggers=tuple(range(at, at + number % 7)),
        resume=None if number % 5 == 0 else (number / 3, -1.5),
    )


LAYERS = tuple(layer(number) for number in range(1, MANY + 1))


def test_layers_are_what_a_tuple_of_them_is() -> None:
    packed = Layers(LAYERS)
    assert packed == LAYERS and LAYERS == packed
    assert len(packed) == MANY and packed
    assert [packed[0], packed[-1], packed[MANY // 2]] == [
        *(LAYERS[0], LAYERS[-1], LAYERS[MANY // 2])
    ]
    assert packed[3:2000:7] == LAYERS[3:2000:7] and packed[-2:] == LAYERS[-2:]
    assert list(packed) == list(LAYERS)
    assert list(reversed(packed)) == list(reversed(LAYERS))
    assert LAYERS[77] in packed
    assert packed.index(LAYERS[77]) == 77
    assert hash(packed) == hash(Layers(LAYERS)) == hash(LAYERS)
    assert packed != LAYERS[:-1] and packed != (*LAYERS[:-1], LAYERS[0])
    for outside in (MANY, -MANY - 1):
        with pytest.raises(IndexError):
            packed[outside]
    assert not Layers() and Layers() == ()


def test_an_index_of_a_tuple_is_that_of_packed_layers() -> None:
    index = LayerIndex("some", layers=LAYERS)
    assert index == LayerIndex("some", layers=Layers(LAYERS))
    assert index != LayerIndex("some", layers=LAYERS[1:])
    stored = index.to_dict()
    assert stored["layers"] == [asdict(each) for each in LAYERS]
    assert list(stored) == ["slicer", "spiral", "sequential", "layers", "bounds"]
    assert LayerIndex.from_dict(json.loads(json.dumps(stored))) == index


def test_the_layer_at_a_position_is_the_first_that_ends_there_or_later() -> None:
    index = LayerIndex(layers=LAYERS)
    end = LAYERS[41].capture_pos
    assert index.layer_at(0) == LAYERS[0]
    assert index.layer_at(end) == LAYERS[41]
    assert index.layer_at(end + 1) == LAYERS[42]
    assert index.layer_at(LAYERS[-1].capture_pos) == LAYERS[-1]
    assert index.layer_at(LAYERS[-1].capture_pos + 1) is None
    assert LayerIndex().layer_at(0) is None


@pytest.mark.parametrize(
    "spoilt",
    [{"capture_pos": 2**64}, {"triggers": [2**40]}, {"number": 2**40}],
)
def test_numbers_that_no_file_can_have_are_no_layers(spoilt: dict[str, object]) -> None:
    data = LayerIndex(layers=LAYERS[:1]).to_dict()
    data["layers"][0].update(spoilt)
    with pytest.raises(ValueError):
        LayerIndex.from_dict(data)


def test_numbers_of_any_size_are_kept() -> None:
    values = [None, 0, -1, 2**63 - 1, 2**63, -(2**63), 10**40, None, 7]
    numbers = Numbers()
    for each in values:
        numbers.append(each)
    assert list(numbers) == values


def test_runs_and_seams_are_kept() -> None:
    runs = Runs()
    expected, seams = [], []
    for number in range(MANY):
        start = 10**10 + number * 100
        seam = Seam(
            start + 60,
            number % 2 == 0,
            tuple(range(start + 60, start + 60 + number % 5)),
            None if number % 3 else (1.5, number),
            None if number % 4 else start + 50,
        )
        box = [inf, inf, -inf, -inf] if number % 6 else [1.0, 2.0, 3.0, float(number)]
        run = Run(start, start + 50, 0.2, 0.2, number, 5.5, box=box, seam=seam)
        runs.append(run)
        expected.append((run.start, run.end, run.flat, run.filament, run.box))
        seams.append(seam)
    runs.close()
    assert [
        (each.start, each.end, each.flat, each.filament, each.box) for each in runs
    ] == expected
    assert list(runs.seams) == seams
    changed = runs[1500]
    changed.filament, changed.exact = 9.0, False
    runs.put(changed)
    assert (runs[1500].filament, runs[1500].exact, runs[1501].filament) == (9, False, 5.5)


def test_runs_at_heights_that_no_layer_has_are_left_out_with_their_seams() -> None:
    runs = Runs()
    for number, z in enumerate((0.2, -inf, 0.4, nan, 0.6)):
        seam = Seam(number, False, (number,), None)
        runs.append(Run(number, number, z, z, 0, top=-inf, seam=seam))
    runs.close()
    runs.leave_unusable_out()
    assert [each.z for each in runs] == [0.2, 0.4, 0.6]
    assert [each.capture_pos for each in runs.seams] == [0, 2, 4]
    assert [each.place for each in runs] == [0, 1, 2]
