"""Reading what OctoPrint wrote, in the words of both versions."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.server.logs import SerialLog, ServerLog

OLD = """\
2024-12-01 14:30:22,101 - Send: N1 G28*18
2024-12-01 14:30:22,102 - Recv: ok
2024-12-01 14:30:22,103 - Send: M105
2024-12-01 14:30:22,104 - Send: N2 G1 X1*99
2024-12-01 14:30:22,105 - Recv: Error:checksum mismatch, Last Line: 1
2024-12-01 14:30:22,106 - Recv: Resend: 2
2024-12-01 14:30:22,107 - Send: N2 G1 X1*98
"""
NEW = OLD.replace("Send:", ">>>").replace("Recv:", "<<<")


@pytest.mark.parametrize("text", [OLD, NEW], ids=["1.11", "2.0"])
def test_sent_lines_come_plain_and_resent_ones_once(tmp_path: Path, text: str) -> None:
    log = SerialLog(tmp_path / "serial.log")
    log.path.write_text(text, encoding="utf-8")
    assert log.sent() == ["G28", "M105", "G1 X1"]
    assert log.received()[0] == "ok"


def test_mark_leaves_out_what_was_there_and_survives_a_roll_over(tmp_path: Path) -> None:
    log = SerialLog(tmp_path / "serial.log")
    assert log.sent(log.mark()) == []
    log.path.write_text(OLD, encoding="utf-8")
    mark = log.mark()
    with open(log.path, "a", encoding="utf-8") as file:
        file.write("2024-12-01 14:30:23,000 - Send: M114\n")
    assert log.sent(mark) == ["M114"]
    log.path.rename(tmp_path / "serial.log.1")
    log.path.write_text(OLD, encoding="utf-8")
    assert log.sent(mark) == ["G28", "M105", "G1 X1"]


def test_complaints_are_errors_tracebacks_and_warnings_of_the_plugin(
    tmp_path: Path,
) -> None:
    log = ServerLog(tmp_path / "octoprint.log")
    stamp = "2024-12-01 14:30:22,101"
    log.path.write_text(
        f"{stamp} - octoprint.server - INFO - fine\n"
        f"{stamp} - octoprint.server - WARNING - not ours\n"
        f"{stamp} - octoprint.plugins.layercapture - WARNING - ours\n"
        f"{stamp} - octoprint.plugins.other - INFO - odd\n"
        "Traceback (most recent call last):\n"
        "ValueError: x\n"
        f"{stamp} - octoprint.comm - ERROR - broken\n",
        encoding="utf-8",
    )
    assert [record.text.splitlines()[0] for record in log.complaints()] == [
        "ours",
        "odd",
        "broken",
    ]
