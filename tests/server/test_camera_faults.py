"""A camera that does not do its part never costs the print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import environments
from tests.conftest import HOT, LogWatch
from tests.server import captured, jobs, paths
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.motion import first_difference
from tests.server.snapshots import SnapshotServer

FAULTS = {
    "missing": "HTTP 404",
    "down": "HTTP 500",
    "html": "a web page",
    "broken": "only a part of a picture",
    "drop": "cannot be reached",
    "empty": "an empty answer",
    "denied": "HTTP 401",
    "huge": "more than 20 MB",
    "bomb": "60000 × 60000 pixels",
    "stream": "a stream URL",
}


@pytest.mark.parametrize("mode", FAULTS)
def test_failures_are_recorded_and_the_print_goes_on(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, mode: str
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = mode
    gcode = jobs.tower(3)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert camera.hits > 0
    (data,) = captured.metadata(octoprint).values()
    assert data["images"] == []
    assert sorted(failure["index"] for failure in data["failures"]) == [0, 1]
    assert all(FAULTS[mode] in failure["reason"] for failure in data["failures"])
    assert captured.pictures(octoprint) == []
    assert first_difference(job.sent(), gcode.splitlines()) == ""


@pytest.mark.parametrize("mode", ["slow", "drip"])
def test_camera_without_an_answer_costs_its_time_once_in_a_capture(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch, mode: str
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = mode
    octoprint.configure(
        **{**FAST, "cameras": {"delay": 0, "url": camera.url, "timeout": 1}},
        grid={"columns": 3, "rows": 3},
    )
    job = octoprint.print_gcode(jobs.tower(3))
    assert job.ended == "PrintDone"
    assert camera.hits == 1
    (data,) = captured.metadata(octoprint).values()
    assert sorted(failure["index"] for failure in data["failures"]) == list(range(9))
    assert all(failure["reason"] for failure in data["failures"])


def test_wrong_content_type_spoils_no_picture(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    camera.mode = "plain"
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(3))
    (data,) = captured.metadata(octoprint).values()
    assert (len(data["images"]), data["failures"]) == (2, [])
    captured.check_whole(octoprint)


def test_camera_that_fails_at_three_captures_is_given_up_until_somebody_continues(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = "missing"
    # far enough apart for the camera to be given up before the next one is due
    octoprint.configure(**{**FAST, "layers": {"interval": 20}}, grid=SMALL_GRID)
    octoprint.upload("job.gcode", jobs.tower(200))
    job = octoprint.begin("job.gcode")
    said = job.wait_for_message("notice", level="error")
    assert "captures are off for this print" in said["text"]
    hits = camera.hits
    octoprint.pause()
    octoprint.wait_for_state("Paused")
    assert camera.hits == hits
    assert sorted(captured.metadata(octoprint)) == [20, 40, 60]
    camera.mode = "good"
    answer = octoprint.post("/plugin/layercapture/job", {"command": "continue"})
    assert answer["suspended"] is None
    octoprint.resume()
    job.wait_for_message("picture_saved")
    octoprint.cancel()
    job.wait()
    assert len(job.messages("notice")) == 1


TWO_WEBCAMS = """
import io

import octoprint.plugin
from octoprint.schema.webcam import Webcam
from PIL import Image


class TwoWebcams(octoprint.plugin.WebcamProviderPlugin):
    def get_webcam_configurations(self):
        return [
            Webcam(
                name=name, displayName=name.title(), canSnapshot=True, snapshotDisplay=""
            )
            for name in ("fine", "failing")
        ]

    def take_webcam_snapshot(self, name):
        if name == "failing":
            raise RuntimeError("http://user:secret@camera/")
        out = io.BytesIO()
        Image.new("RGB", (64, 48), "red").save(out, "JPEG")
        return [out.getvalue()]


__plugin_name__ = "Two webcams"
__plugin_pythoncompat__ = ">=3.9,<4"
__plugin_implementation__ = TwoWebcams()
"""


def test_camera_that_fails_costs_its_neighbour_nothing(
    octoprint_version: str, tmp_path: Path
) -> None:
    program = environments.executable(octoprint_version, "octoprint")
    server = OctoPrint(program, tmp_path, octoprint_version, config=HOT)
    server.prepare()
    (tmp_path / "plugins").mkdir(exist_ok=True)
    (tmp_path / "plugins" / "two_webcams.py").write_text(TWO_WEBCAMS, encoding="utf-8")
    try:
        server.start()
        server.connect()
        cameras = {"delay": 0, "use": ["failing", "fine"]}
        server.configure(**{**FAST, "cameras": cameras}, grid=SMALL_GRID)
        job = server.print_gcode(jobs.tower(3))
        assert job.ended == "PrintDone"
        (data,) = captured.metadata(server).values()
        assert [(i["index"], i["camera"]) for i in data["images"]] == [
            (i["index"], "fine") for i in sorted(data["images"], key=lambda i: i["order"])
        ]
        assert sorted(i["index"] for i in data["images"]) == [0, 1]
        assert sorted((f["index"], f["camera"]) for f in data["failures"]) == [
            (0, "failing"),
            (1, "failing"),
        ]
        assert "secret" not in str(data)
        captured.check_whole(server)
        assert "secret" not in server.log.path.read_text(encoding="utf-8")
    finally:
        server.stop()


def test_camera_that_comes_back_is_used_again(
    octoprint: OctoPrint, camera: SnapshotServer, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.(layercapture|classicwebcam)")
    camera.mode = "missing"
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.upload("job.gcode", jobs.tower(4))
    job = octoprint.begin("job.gcode")
    job.wait_for_message("capture_finished", layer=2)
    camera.mode = "good"
    job.wait()
    captures = captured.metadata(octoprint)
    assert (len(captures[2]["images"]), len(captures[2]["failures"])) == (0, 2)
    assert (len(captures[4]["images"]), len(captures[4]["failures"])) == (2, 0)


def test_no_webcam_is_said_and_the_print_goes_on(
    octoprint: OctoPrint, log: LogWatch
) -> None:
    log.expect(r"octoprint\.plugins\.layercapture")
    gcode = jobs.tower(3)
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.print_gcode(gcode)
    assert job.ended == "PrintDone"
    assert captured.pictures(octoprint) == []
    said = [m["text"] for m in job.messages("notice") + job.messages("capture_failed")]
    assert any("webcam" in text.lower() or "camera" in text.lower() for text in said)
    paths.added(job.sent(), gcode)
