"""What the queuing hook costs for a line that triggers nothing.

A plan of 500 layers is armed. The hook is called as OctoPrint's comm layer calls it, with
the tags that file lines carry, and so is an empty hook of the same signature. The two
take turns; each figure is the fastest of its rounds, a loop without a call taken off.
"""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, Optional, cast

from octoprint_layercapture.capture.engine import Engine
from octoprint_layercapture.capture.grid import volume
from octoprint_layercapture.capture.job import Armed, Listener
from octoprint_layercapture.capture.plan import plan
from octoprint_layercapture.capture.ports import Clock, Printer
from octoprint_layercapture.capture.terms import Terms
from octoprint_layercapture.gcode import Layer
from octoprint_layercapture.plugin import LayerCapturePlugin
from tests.bench import _rows

MOST = 2.0
LAYERS = 500
TRIGGERS = 12  # lines of a layer at which it may be captured
LINES = 200  # few, so that their tags are in the cache, as those of a line just read are
ROUNDS = 2000

Hook = Callable[..., Any]
Line = tuple[str, str, set[str]]


class Empty:
    """A plugin whose hook does nothing."""

    def on_gcode_queuing(
        self,
        comm: Any,
        phase: str,
        cmd: str,
        cmd_type: Optional[str],
        gcode: Optional[str],
        subcode: Optional[str] = None,
        tags: Any = None,
        *args: Any,
        **kwargs: Any,
    ) -> None:
        return None


def armed() -> Hook:
    """The plugin's own hook, waiting for 500 layers."""
    layers = [
        Layer(
            number=number,
            z=0.2 * number,
            height=0.2,
            slicer_number=None,
            capture_pos=100_000 * number,
            retracted=True,
            top=0.2 * number,
            triggers=tuple(100_000 * number + 30 * step for step in range(TRIGGERS)),
            resume=None,
        )
        for number in range(1, LAYERS + 1)
    ]
    profile = {
        "volume": {
            "width": 200,
            "depth": 200,
            "height": 200,
            "formFactor": "rectangular",
            "origin": "lowerleft",
            "custom_box": False,
        }
    }
    plugin = LayerCapturePlugin()
    terms = Terms((), volume(profile, None, None, None, 10), 5, 150, 10, 1, 35, 0, True)
    nobody = (cast(Printer, None), cast(Clock, None), Listener())
    engine = Engine(*nobody, plugin.watch_for)
    engine.expect()
    engine.arm(
        Armed(
            plan(layers, 1, False, False, ()),
            terms,
            cast(Any, None),
            lambda: None,
            lambda position: None,
        )
    )
    assert len(engine.tags) >= LAYERS * TRIGGERS
    return plugin.on_gcode_queuing


def lines() -> list[Line]:
    """File lines between two triggers, with tags of their own."""
    found = []
    for number in range(LINES):
        position = 150_001 + 29 * number
        tags = {"source:file", f"filepos:{position}", f"fileline:{number}"}
        found.append((f"G1 X{number} Y10 E1", "G1", tags))
    return found


def seconds(hook: Hook, comm: object, file: list[Line]) -> float:
    """One round through the file."""
    start = time.perf_counter()
    for command, gcode, tags in file:
        hook(comm, "queuing", command, None, gcode, subcode=None, tags=tags)
    return time.perf_counter() - start


def loop(file: list[Line]) -> float:
    """A round that calls nothing."""
    start = time.perf_counter()
    for _command, _gcode, _tags in file:
        pass
    return time.perf_counter() - start


def main() -> int:
    print(__doc__)
    ours, empty, comm, file = armed(), Empty().on_gcode_queuing, object(), lines()
    rounds = [
        (seconds(ours, comm, file), seconds(empty, comm, file), loop(file))
        for _ in range(ROUNDS)
    ]
    bare = min(no_call for _, _, no_call in rounds)
    hook = (min(took for took, _, _ in rounds) - bare) / LINES * 1e9
    nothing = (min(took for _, took, _ in rounds) - bare) / LINES * 1e9
    ratio = hook / nothing
    print("Python   hook     empty    ratio")
    print(f"{sys.version.split()[0]:<7}  {hook:.0f} ns   {nothing:.0f} ns   {ratio:.2f}")
    print(f"\nWanted: at most {MOST}.")
    good = _rows.row("hook per line against an empty hook", ratio, MOST)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
