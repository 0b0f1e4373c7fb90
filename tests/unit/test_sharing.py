"""Tests that share a server are given to one worker, and all others to any."""

from __future__ import annotations

import pytest

from tests.sharing import group


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        ("server/test_a.py::test_x[1.11.8]", "server/test_b.py::test_y[1.11.8-m]", True),
        ("server/test_a.py::test_x[1.11.8]", "server/test_a.py::test_x[2.0.0rc7]", False),
        ("server/test_a.py::test_x[1.11.8]", "browser/test_a.py::test_x[1.11.8]", False),
        ("server/m/test_a.py::test_x[1.11.8]", "server/test_a.py::test_x[1.11.8]", False),
        ("server/test_a.py::test_x[/-2.0.0rc7]", "server/test_b.py::t[2.0.0rc7]", True),
        ("browser/test_feed.py::test_x", "browser/test_feed.py::test_y", True),
        ("unit/test_a.py::test_x", "unit/test_a.py::test_y", False),
        ("unit/test_a.py::test_x[1.11.8.gcode]", "unit/test_a.py::test_y", False),
    ],
)
def test_who_shares_a_worker(one, other, together):
    assert (group(f"tests/{one}") == group(f"tests/{other}")) is together
