"""What one print after the other with the fake camera takes of a process's memory."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import wait
from pathlib import Path

import pytest

from octoprint_layercapture.cameras import FakeCamera, Scene
from octoprint_layercapture.cameras.printed import THREAD
from octoprint_layercapture.hands import HANDS, Pool
from tests.unit.cameras.test_fake import SPIRAL

ROOT = Path(__file__).resolve().parents[3]
STATUS = Path("/proc/self/status")
EXPOSING = "exposing"
PRINTS, LAYERS = 6, 30
MOST = 5.0  # MB
BED = (0.0, 0.0, 200.0, 200.0)


def held():
    """MB of anonymous memory of this process."""
    return int(re.search(r"RssAnon:\s*(\d+)", STATUS.read_text())[1]) / 1024


def a_print():
    """As the plugin makes one, with two frames at a time at each layer."""
    camera, pool = FakeCamera(layers=lambda: iter([[SPIRAL]] * LAYERS)), Pool(2, EXPOSING)
    camera.prepare(BED, False)
    for layer in range(1, LAYERS + 1):
        camera.follow(layer)
        scenes = (Scene(layer, layer, 0.2, x, 100, 0, 0.0, BED) for x in (80, 120))
        for future in wait([pool.submit(camera.frame, scene) for scene in scenes])[0]:
            future.result()
    pool.shutdown()
    camera.close()
    camera.forget()
    assert HANDS.wait(THREAD, 60) and HANDS.wait(EXPOSING, 60)


@pytest.mark.skipif(not STATUS.exists(), reason="Linux tells what a process holds")
def test_prints_one_after_the_other_take_no_more_memory_than_the_first():
    # a process of its own: what others left free would be taken first
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.cameras.test_memory"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    first, *others = map(float, done.stdout.split())
    assert max(others) - first < MOST


if __name__ == "__main__":
    for _ in range(PRINTS):
        a_print()
        print(held())
