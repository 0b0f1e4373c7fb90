"""Which layers are due and where they trigger."""

from __future__ import annotations

import pytest

from octoprint_layercapture.capture.plan import due, plan
from tests.unit.capture.conftest import a_layer


def chosen(total=45, interval=0, first=False, last=False, ranges=(), words=()):
    layers = [a_layer(number=n, z=0.2 * n) for n in range(1, total + 1)]
    return [
        layer.number
        for layer in layers
        if due(layer, total, interval, first, last, ranges, words)
    ]


def test_every_tenth_layer_is_ten_twenty_and_so_on():
    assert chosen(interval=10) == [10, 20, 30, 40]


def test_first_last_and_listed_layers_add_up():
    assert chosen(first=True) == [1]
    assert chosen(last=True) == [45]
    assert chosen(interval=20, first=True, last=True, ranges=((3, 5), (44, 60))) == [
        1,
        3,
        4,
        5,
        20,
        40,
        44,
        45,
    ]


def test_words_choose_the_layers_they_name():
    assert chosen(words=("first",), ranges=((7, 8),)) == [1, 7, 8]
    assert chosen(words=("last", "first")) == [1, 45]


def test_nothing_chosen_is_nothing_due():
    assert chosen() == []


def test_every_trigger_of_a_due_layer_leads_to_it():
    layers = [
        a_layer(number=n, z=0.2 * n, capture_pos=n * 100, triggers=(n * 100, n * 100 + 7))
        for n in range(1, 5)
    ]
    found = plan(layers, 2, False, False, ())
    assert found.total == 4
    assert found.tags == {"filepos:200", "filepos:207", "filepos:400", "filepos:407"}
    assert found.by_tag["filepos:207"] is layers[1]


@pytest.mark.parametrize("interval", [1, 3])
def test_layers_keep_print_order(interval):
    layers = [a_layer(number=n, z=0.2 * n, triggers=(n,)) for n in range(1, 10)]
    numbers = [x.number for x in plan(layers, interval, False, True, ()).layers]
    assert numbers == sorted(numbers)
