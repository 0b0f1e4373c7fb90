"""How long a capture holds a print up, against what its moves and exposures need.

A real OctoPrint with the plugin prints a small tower on a model of a Marlin printer, in
real time over a pseudo-terminal. The standstill lasts from the ok of the layer's last
line to the begin of the file's next move. What is needed is found by the same printer on
paper: the same lines from a host that takes no time, the queue's drain and the delay
before the first move after a standstill included, plus the time of each exposure.
"""

from __future__ import annotations

import io
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from tests import environments
from tests.bench import _rows
from tests.bench._rig import Webcam, octoprint
from tests.printers.body import Limits, Move
from tests.printers.firmware import Executed
from tests.printers.marlin_pty import MarlinPty
from tests.printers.paper import Sent, on_paper
from tests.server import jobs, paths
from tests.server.harness import merge

MOST = 1.15
LAYERS = 3
EXPOSURES = (0.0, 0.3)  # s
SPEEDS = {"travel_speed": 150, "z_speed": 10, "retract": 1.0, "retract_speed": 35}


def picture() -> bytes:
    """What the webcam sees."""
    buffer = io.BytesIO()
    Image.effect_noise((1280, 720), 40).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


@dataclass(frozen=True)
class Standstill:
    """One capture: seconds it took, seconds it needed, round trips, exposures."""

    took: float
    needed: float
    lines: int
    exposures: int

    @property
    def ratio(self) -> float:
        return self.took / self.needed


def captures(executed: Sequence[Executed], gcode: str) -> Iterator[tuple[int, int]]:
    """From and to which line each capture in the middle of the file goes."""
    expected, position, begin = paths.of_file(gcode), 0, -1
    for index, done in enumerate(executed):
        ours = position >= len(expected) or done.line != expected[position]
        position += not ours
        if ours and begin < 0 and done.line == "M400" and position < len(expected):
            begin = index
        elif not ours and begin >= 0:
            yield begin, index
            begin = -1


def measure(
    executed: Sequence[Executed],
    moves: Sequence[tuple[float, Move]],
    gcode: str,
    exposure: float,
    limits: Limits,
) -> Iterator[Standstill]:
    """What each capture took, and what it needed on paper."""
    for first, end in captures(executed, gcode):
        following = next(
            index
            for index, done in enumerate(executed[end:], end)
            if done.line.startswith("G1")
        )
        stops = [i for i in range(first, end) if executed[i].line == "M114"][1:]
        script = [Sent(done.line, done.began) for done in executed[:first]]
        script += [
            Sent(executed[i].line, 0.0, exposure * (i in stops))
            for i in range(first, following + 1)
        ]
        stood = executed[first - 1].ended
        ideal = on_paper(script, limits)
        index = len(ideal) - 1
        assert moves[index][1].line == ideal[index][1].line
        yield Standstill(
            took=moves[index][0] - stood,
            needed=ideal[index][0] - stood,
            lines=end - first,
            exposures=len(stops),
        )


def run(version: str, folder: Path) -> Iterator[tuple[float, list[Standstill]]]:
    """The captures of one print for each exposure time."""
    gcode = jobs.tower(LAYERS)
    with Webcam([picture()]) as camera, MarlinPty(folder / "printer") as printer:
        port = [str(printer.port)]
        config = merge(
            {"serial": {"additionalPorts": port}},
            {"plugins": {"serial_connector": {"additionalPorts": port}}},
        )
        with octoprint(version, folder / "base", config) as server:
            server.use_webcam(camera.url)
            server.configure(layers={"interval": 1}, cameras={"delay": 0}, motion=SPEEDS)
            server.connect(port[0])
            for exposure in EXPOSURES:
                camera.exposure = exposure
                printer.forget()
                server.print_gcode(gcode)
                executed, moves = printer.executed(), printer.moves()
                found = measure(executed, moves, gcode, exposure, printer.limits)
                yield exposure, list(found)


def main() -> int:
    print(__doc__)
    print("OctoPrint  exposure  captures  lines  took      needed    ratio")
    worst = 0.0
    for version in environments.OCTOPRINTS:
        environments.ensure([version])
        with tempfile.TemporaryDirectory() as folder:
            for exposure, found in run(version, Path(folder)):
                assert found and all(one.exposures == 9 for one in found), found
                ratio = statistics.median(one.ratio for one in found)
                worst = max(worst, ratio)
                print(
                    f"{version:<9}  {exposure:5.1f} s  {len(found):8d}  "
                    f"{found[0].lines:5d}  "
                    f"{statistics.median(one.took for one in found):6.2f} s  "
                    f"{statistics.median(one.needed for one in found):6.2f} s  "
                    f"{ratio:6.3f}",
                    flush=True,
                )
    print(
        f"\n9 points, 40 mm apart, 150 mm/s. Wanted: at most {MOST}; worst: {worst:.3f}."
    )
    what = "standstill of a capture against pure motion and exposure"
    return int(not _rows.row(what, worst, MOST))


if __name__ == "__main__":
    sys.exit(main())
