"""What the plugin adds to OctoPrint's start: its import, and the time until it answers.

The import is timed in a new Python that has imported OctoPrint's server before, against
that import itself. The start-up is the time from the command to the first answer of a
real server, with the plugin and with it disabled; the two take turns on base folders that
have been started once, and each figure is the fastest of its rounds.

    python -m tests.bench.startup [--octoprint 2.0.0rc7] [--rounds 5]
"""

from __future__ import annotations

import argparse
import copy
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests import environments
from tests.bench import _rows
from tests.server.harness import PLUGIN, OctoPrint, configuration

MOST_IMPORT, MOST_START = 0.3, 1.15
ROUNDS = 5

IMPORTS = """
import time
start = time.perf_counter()
import octoprint.server, octoprint.plugin
between = time.perf_counter()
import octoprint_layercapture
import octoprint_layercapture.plugin
end = time.perf_counter()
print(between - start, end - between)
"""


def imports(version: str) -> tuple[float, float]:
    """s for OctoPrint's server, and for the plugin on top of it."""
    command = [str(environments.executable(version)), "-c", IMPORTS]
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            command,
            check=True,
            capture_output=True,
            text=True,
            cwd=folder,
            env=environments.environment(),
        )
    theirs, ours = done.stdout.split()[-2:]
    return float(theirs), float(ours)


def server_at(base: Path, version: str, disabled: bool) -> OctoPrint:
    config = copy.deepcopy(configuration())
    if disabled:
        config["plugins"]["_disabled"].append(PLUGIN)
    program = environments.executable(version, "octoprint")
    server = OctoPrint(program, base, version, config=config)
    server.prepare()
    return server


def started(server: OctoPrint) -> float:
    """s from the command to the first answer."""
    begun = time.perf_counter()
    try:
        server.start(timeout=600)
        return time.perf_counter() - begun
    finally:
        server.stop()


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--octoprint", default=environments.PRIMARY)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    print(__doc__)
    version = options.octoprint
    environments.ensure([version])
    found = [imports(version) for _ in range(options.rounds + 1)]
    theirs, ours = (min(each) for each in zip(*found))
    print(f"import: OctoPrint {theirs:.2f} s, plugin {ours:.2f} s, {ours / theirs:.2f}")
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        bare = server_at(base / "without", version, disabled=True)
        whole = server_at(base / "with", version, disabled=False)
        for server in (bare, whole):
            started(server)
        rounds = [(started(bare), started(whole)) for _ in range(options.rounds)]
    without, with_it = (min(each) for each in zip(*rounds))
    ratio = with_it / without
    print(f"start-up: without {without:.2f} s, with {with_it:.2f} s, {ratio:.2f}")
    good = _rows.row("plugin's import against OctoPrint's", ours / theirs, MOST_IMPORT)
    good &= _rows.row("start-up with the plugin against without", ratio, MOST_START)
    return int(not good)


if __name__ == "__main__":
    sys.exit(main())
