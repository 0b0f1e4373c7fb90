from __future__ import annotations

import pytest

from octoprint_layercapture.gcode.factors import Factors, Said


def said(*lines):
    factors = Factors()
    for line in lines:
        factors.feed(line)
    return factors.said


def test_nothing_is_known_before_something_is_said():
    assert said("G28", "G1 X10 S5", "M104 S200", "", "M") == Said()


@pytest.mark.parametrize(
    "lines, fan",
    [
        (["M106 S255"], 1),
        (["M106 S51"], 0.2),
        (["M106"], 1),
        (["m106 s300"], 1),
        (["N12 M106 P0 S0*33"], None),
        (["M106 P0 S51"], 0.2),
        (["M106 S51", "M106 P1 S255"], 0.2),
        (["M106 S51", "M106 T2"], 0.2),
        (["M106 S255", "M107"], 0),
        (["M106 S255", "M107 P1"], 1),
        (["M106S51"], 0.2),
    ],
)
def test_fan_is_the_share_of_full_speed_last_said(lines, fan):
    assert said(*lines).fan == fan


@pytest.mark.parametrize(
    "lines, feed",
    [
        (["M220 S80"], 0.8),
        (["M220 S80", "M220 B", "M220 S120", "M220 R"], 0.8),
        (["M220 S80 B", "M220"], 0.8),
    ],
)
def test_feed_is_a_factor_that_can_be_stored_and_restored(lines, feed):
    assert said(*lines).feed == feed


def test_flow_is_a_factor():
    assert said("M221 S95 T0").flow == 0.95
    assert said("M221 S95", "M221").flow == 0.95


@pytest.mark.parametrize(
    "lines, sum_",
    [
        (["M290 Z0.05", "M290 Z-0.02"], 0.03),
        (["M290 S0.1"], 0.1),
        (["M290 X1"], None),
        (["M290 S0.1", "M290 R0 S0.04"], 0.04),
        (["M290"], None),
    ],
)
def test_babysteps_add_up(lines, sum_):
    assert said(*lines).babysteps == sum_
