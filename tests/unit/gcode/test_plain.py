"""Lines that are taken for what their first word says do what they do read as a whole."""

from __future__ import annotations

from math import nan

import pytest

from octoprint_layercapture.gcode.head import MODE, Head, plain
from octoprint_layercapture.gcode.line import code

PLAIN = (
    *("M106 S3", "M107\r", "M107 ; off", "M104 S1\r", "M109 S1", "M600", "M0", "M84"),
    *(
        "M73 P1",
        "M204 S800",
        "M117 a \\; b",
        "M82",
        "M83 ; relative\r",
        "T1",
        "T0 ; next",
    ),
    *("TIMELAPSE_TAKE_FRAME\r", "SET_FAN S=1", "set_fan;S=1"),
)
OTHERS = (
    *("G28", "G92 E0", "M0104 S1", "M106=5", "M117;a", "T", "T1=2", "PURGE", "m104 S3"),
    *("N5 M106", "M999.1 S2", "@pause", "T007", "M106\tS3", " M106"),
)


@pytest.mark.parametrize("line", PLAIN)
def test_a_plain_line_does_what_it_does_read_as_a_whole(line: str) -> None:
    head, whole = Head(), Head()
    head.x = whole.x = 1.0
    head.y = whole.y = 2.0
    effect = plain(line.encode())
    assert effect is not None
    assert effect == whole.feed(code(line.encode()))
    if effect.kind == MODE:
        head.extrude_by(effect.command)
    elif effect.command.startswith("T"):
        head.x = head.y = nan
    assert repr(vars(head)) == repr(vars(whole))


@pytest.mark.parametrize("line", OTHERS)
def test_other_lines_are_read_as_a_whole(line: str) -> None:
    assert plain(line.encode()) is None
