"""What all unit tests share.

Hypothesis looks for examples without hurry, since a machine may be busy.
"""

from __future__ import annotations

import threading

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "unhurried",
    settings.default,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")


@pytest.fixture
def no_thread(monkeypatch):
    """Names of threads that cannot be started, as where the system has no more."""
    names = set()
    start = threading.Thread.start

    def start_or_fail(thread):
        if thread.name in names:
            raise RuntimeError("can't start new thread")
        start(thread)

    monkeypatch.setattr(threading.Thread, "start", start_or_fail)
    return names
