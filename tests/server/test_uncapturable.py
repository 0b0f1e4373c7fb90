"""Jobs and settings that allow no captures: it is said, and the print goes on."""

from __future__ import annotations

from typing import Any

import pytest

from tests.conftest import LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

OURS = r"octoprint\.plugins\.layercapture"


def test_file_without_layers_prints_without_captures(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    gcode = jobs.flat_moves()
    octoprint.configure(**FAST)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    (notice,) = job.messages("notice")
    assert "layer" in notice["text"].lower()
    assert captured.pictures(octoprint) == []
    assert paths.of_captures(job.sent(), gcode) == []


def test_print_from_the_printers_own_card_goes_on_without_captures(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST)
    card = octoprint.base / "virtualSd"
    card.mkdir(exist_ok=True)
    (card / "printed_from_card.gco").write_text(jobs.tower(3), encoding="utf-8")
    octoprint.post("/api/printer/sd", {"command": "refresh"})
    location = "sdcard" if octoprint.version.startswith("1.") else "printer"
    names: list[str] = wait_until(
        lambda: [f["path"] for f in octoprint.get(f"/api/files/{location}")["files"]],
        "the card's files",
    )
    job = octoprint.print_file(names[0], location)
    assert job.ended == "PrintDone"
    told = [message["text"] for message in job.messages("notice")]
    assert len([text for text in told if "storage" in text]) == 1, told
    assert captured.pictures(octoprint) == []


def test_master_switch_off_sends_nothing_and_keeps_nothing(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    gcode = jobs.tower(4)
    octoprint.configure(**FAST, enabled=False)
    job = octoprint.print_gcode(gcode)
    assert paths.of_captures(job.sent(), gcode) == []
    assert camera.hits == 0
    assert captured.pictures(octoprint) == []


BAD = {
    "wrong-type": {"grid": {"columns": "many"}},
    "negative": {"layers": {"interval": -3}},
    "huge": {"grid": {"rows": 10**9}},
    "not-a-number": {"motion": {"height": "NaN"}},
    "list-of-nonsense": {"layers": {"list": "1, x, 7-3"}},
    "unknown-hold": {"motion": {"hold": "tight"}},
}


# How the settings page names them, and so the message does.
NAMES = {
    "grid.columns": "Columns",
    "grid.rows": "Rows",
    "layers.interval": "Every",
    "layers.list": "These layers as well",
    "motion.height": "Height above the layer",
    "motion.hold": "The print waits by",
}


@pytest.mark.parametrize("bad", BAD.values(), ids=BAD)
def test_bad_settings_are_refused_in_words_and_captures_go_on(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, bad: dict[str, Any]
) -> None:
    log.expect(OURS)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    before = octoprint.settings()
    assert octoprint.events is not None
    mark = octoprint.events.mark()
    octoprint.configure(**bad)
    said = octoprint.events.wait(
        lambda kind, data: kind == "plugin" and data["data"].get("event") == "notice",
        "a notice about the setting",
        mark,
    )["data"]
    ((group, values),) = bad.items()
    ((key, _),) = values.items()
    assert said["params"]["name"]["text"] == NAMES[f"{group}.{key}"]
    assert octoprint.settings()[group][key] == before[group][key]
    job = octoprint.print_gcode(jobs.tower(2))
    assert job.ended == "PrintDone"
    assert len(captured.pictures(octoprint)) == 2
