"""How much memory a server with the plugin holds after 1,000 captures, against after 10.

A real OctoPrint prints one tower after the other on its virtual printer and captures each
layer at two positions, with a webcam whose pictures of 1280 × 720 pixels take about
140 kB, and on another server with the fake camera. The memory is the anonymous one that
the kernel counts for the process (RssAnon), once a print is over and all is written.

    python -m tests.bench.memory [--octoprint 2.0.0rc7] [--captures 1000] [--camera fake]
"""

from __future__ import annotations

import argparse
import io
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image, ImageDraw

from tests import environments
from tests.bench import _rows
from tests.bench._rig import Webcam, octoprint
from tests.conftest import HOT
from tests.server import jobs
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint

FEW, MANY = 10, 1000
EACH = 55  # captures of a print
MOST = 5.0  # MB
CAMERAS = ("webcam", "fake")


def pictures() -> list[bytes]:
    """A few JPEGs of about 140 kB, each another one."""
    made = []
    for number in range(16):
        image = Image.effect_noise((1280, 720), 22).convert("RGB")
        ImageDraw.Draw(image).text((40, 40), f"picture {number}", fill="white")
        out = io.BytesIO()
        image.save(out, "JPEG", quality=36)
        made.append(out.getvalue())
    return made


def held(server: OctoPrint) -> float:
    """MB of anonymous memory."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    found = re.search(r"RssAnon:\s*(\d+)", status)
    assert found is not None
    return int(found[1]) / 1024


def grown(version: str, camera: str, captures: int) -> float:
    """MB that the server held more after so many captures than after ten."""
    settings = {**FAST, "cameras": {"delay": 0, "fake": camera == "fake"}}
    settings["layers"] = {"interval": 1}
    made = pictures()
    with tempfile.TemporaryDirectory() as folder, Webcam(made) as webcam:
        with octoprint(version, Path(folder), HOT) as server:
            server.connect()
            if camera == "webcam":
                server.use_webcam(webcam.url)
                print(f"Pictures of {sum(map(len, made)) / len(made) / 1000:.0f} kB")
            server.configure(**settings, grid=SMALL_GRID)
            done, first = 0, 0.0
            while done < captures:
                layers = FEW if not done else min(EACH, captures - done)
                job = server.print_gcode(jobs.tower(layers), timeout=600)
                taken = len(job.messages("capture_finished"))
                assert taken == layers, (taken, layers, job.messages("capture_failed"))
                done += taken
                memory = held(server)
                first = first or memory
                print(f"{camera:<7} {done:>5} captures {memory:7.1f} MB", flush=True)
            return memory - first


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--octoprint", default=environments.PRIMARY)
    parser.add_argument("--captures", type=int, default=MANY)
    parser.add_argument("--camera", choices=CAMERAS, action="append")
    options = parser.parse_args()
    print(__doc__)
    environments.ensure([options.octoprint])
    good = True
    for camera in options.camera or CAMERAS:
        more = grown(options.octoprint, camera, options.captures)
        what = f"memory after {options.captures:,} captures, above that after {FEW}"
        good &= _rows.row(f"{what} ({camera})", more, MOST, unit="MB")
        print(f"{camera}: {more:+.1f} MB. Wanted: at most {MOST:g}.\n")
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
