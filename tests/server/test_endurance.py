"""Two hundred captures with faults by chance: nothing is left behind, nothing is lost.

The seed is printed; `LAYERCAPTURE_SEED=123 pytest tests/server/test_endurance.py` replays
what one draws. When a fault meets the print still depends on the machine.
"""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import shutil
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tests import environments
from tests.conftest import HOT
from tests.server import captured, jobs, witness
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import ENDED, Job, OctoPrint, merge
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

CAPTURES = 200
WARM_UP = 60  # captures
LAYERS = 22  # of a print
LONG = 300.0  # s, for a slow machine
MOST_MEMORY = 5.0  # MB
MOST_THREADS = 4  # of one name that stay for the next work

# How a request to the camera ends, and how often of a hundred.
MOODS = {"slow": 1, "drip": 1, "down": 4, "broken": 4, "html": 2, "drop": 3, "empty": 2}
FAULTS = (
    *("nothing", "cancel", "pause", "pause", "resend", "resend"),
    *("reconnect", "drop", "swallow"),
)
QUICK = {"timeout": {"communication": 4.0, "communicationBusy": 4.0}}


class Moody(SnapshotServer):
    """A camera whose every request goes its own way, as dice have it."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.calm = False
        self._draw = threading.Lock()
        super().__init__()

    @property
    def mode(self) -> str:
        with self._draw:
            fate = self.dice.random() * 100
        for mood, chance in MOODS.items():
            fate -= chance
            if fate < 0 and not self.calm:
                return mood
        return "good"

    @mode.setter
    def mode(self, _: str) -> None:
        """The dice decide."""


@pytest.fixture
def seed() -> int:
    told = os.environ.get("LAYERCAPTURE_SEED")
    number = int(told) if told else secrets.randbelow(1_000_000)
    print(f"LAYERCAPTURE_SEED={number}")
    return number


@pytest.fixture
def server(octoprint_version: str, tmp_path: Path) -> Iterator[OctoPrint]:
    environments.ensure([octoprint_version])
    config = merge(HOT, {"serial": QUICK, "plugins": {"serial_connector": QUICK}})
    program = environments.executable(octoprint_version, "octoprint")
    server = OctoPrint(program, tmp_path, octoprint_version, config=config)
    server.prepare()
    (tmp_path / "plugins").mkdir()
    shutil.copy(str(witness.__file__), tmp_path / "plugins" / "witness.py")
    try:
        server.start()
        server.connect()
        yield server
    finally:
        server.stop()


@pytest.mark.timeout(1800)
def test_nothing_is_left_behind_by_two_hundred_captures_with_faults(
    server: OctoPrint, seed: int
) -> None:
    camera, dice = Moody(seed), random.Random(seed)
    cameras = {"delay": 0, "url": camera.url, "timeout": 1}
    server.configure(
        **{**FAST, "cameras": cameras, "layers": {"interval": 1}}, grid=SMALL_GRID
    )
    server.upload("job.gcode", jobs.tower(LAYERS))
    begin = server.log.mark()
    made = 0
    before: dict[str, Any] = {}
    try:
        faults = list(FAULTS)
        while made < CAPTURES:
            if not faults:
                faults = dice.sample(FAULTS, len(FAULTS))
            made += one_print(server, faults.pop(), dice)
            if made >= WARM_UP and not before:
                before = at_rest(server)
        after = at_rest(server)
        check_print_after(server, camera)
    finally:
        camera.close()
    assert Counter(after["files"]) - Counter(before["files"]) == Counter()
    assert after["sockets"] <= before["sockets"] + 4, (before, after)
    assert after["memory"] - before["memory"] <= MOST_MEMORY
    ours = {n: c for n, c in after["threads"].items() if n.startswith("layercapture")}
    assert all(count <= MOST_THREADS for count in ours.values()), ours
    check_files(server)
    texts = [str(record) for record in server.log.complaints(begin)]
    assert [t for t in texts if "Traceback" in t and "layercapture" in t] == []


def one_print(server: OctoPrint, fault: str, dice: random.Random) -> int:
    """Prints once with one kind of fault; gives how many captures were begun."""
    job = server.begin("job.gcode")
    layer = dice.randint(2, LAYERS - 4)
    meet(server, job, fault, layer)
    job.wait(LONG)
    return len(job.messages("capture_started"))


def meet(server: OctoPrint, job: Job, fault: str, layer: int) -> None:
    """Lets something happen in the print while a layer is being captured."""
    if fault == "nothing":
        return

    def there() -> bool:
        begun = [message["layer"] for message in job.messages("capture_started")]
        return max(begun, default=0) >= layer or ended(job)

    wait_until(there, f"a capture of layer {layer}, or the end of the print", LONG)
    if ended(job):
        # three captures in a row without a picture end the captures of a print
        return
    if fault == "cancel":
        server.cancel()
    elif fault == "pause":
        server.pause()
        server.wait_for_state("Paused", timeout=LONG)
        server.resume()
    elif fault == "resend":
        for kind in ("checksum", "lineno", "checksum"):
            server.command(f"!!DEBUG:trigger_resend_{kind}")
    elif fault == "swallow":
        server.command("!!DEBUG:dont_answer")
    else:
        if fault == "reconnect":
            server.disconnect()
        else:
            server.command("!!DEBUG:drop_connection")
            server.wait_for_state("Offline", "Closed", "Error", timeout=LONG)
        server.connect()


def ended(job: Job) -> bool:
    return not set(ENDED).isdisjoint(job.events())


def at_rest(server: OctoPrint) -> dict[str, Any]:
    """What the server holds once nothing is at work any more."""

    def told() -> Any:
        seen = server.get("/api/plugin/witness")
        # OctoPrint closes the file of a job that was cancelled a little later
        opened = any(str(server.uploads) in name for name in seen["files"])
        return None if seen["busy"] or seen["holds"] or opened else seen

    what = "no thread is at work, no job held, and no file of a print open"
    seen = wait_until(told, what, LONG)
    files = seen.pop("files")
    # OctoPrint opens a log of the virtual printer for each connection it has had
    logs = str(server.base / "logs")
    seen["files"] = [
        re.sub(r"\d{4}-\d\d-\d\d.*$", "", name)
        for name in files
        if name[0] == "/" and not name.startswith(logs)
    ]
    seen["sockets"] = sum(name.startswith("socket:") for name in files)
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="utf-8")
    held = re.search(r"RssAnon:\s*(\d+)", status)
    assert held is not None
    seen["memory"] = int(held[1]) / 1024
    return dict(seen)


def check_print_after(server: OctoPrint, camera: Moody) -> None:
    """A print without faults is captured in full, so nothing holds and nothing hangs."""
    camera.calm = True
    job = server.print_file("job.gcode", timeout=LONG)
    assert job.ended == "PrintDone"
    assert len(job.messages("capture_finished")) == LAYERS
    assert len(job.messages("picture_saved")) == 2 * LAYERS


def check_files(server: OctoPrint) -> None:
    """Every picture is a whole JPEG that just one record names."""
    wait_until(lambda: not captured.leftovers(server), "no temporary file is left", LONG)
    named: Counter[Path] = Counter()
    for path in captured.folder(server).rglob("layer_*.json"):
        record = json.loads(path.read_text(encoding="utf-8"))
        named.update(captured.on_disk(server, image) for image in record["images"])
    assert named == Counter(captured.pictures(server))
    for path in named:
        with Image.open(path) as picture:
            picture.load()
            assert picture.format == "JPEG"
