"""Positions are those that OctoPrint's own file reader counts."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import index
from tests.unit.gcode.readers import positions

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS", "")
FILES = sorted(OWN.glob("*.gcode")) + sorted(
    Path(CORPUS).glob("*.gcode") if CORPUS else []
)

PRINT = b"".join(
    b";LAYER:%d\nG1 Z%.1f F600\nG1 X10 Y10 F9000\nG1 E%d.5\nG1 X20 E%d.6\n"
    b"G1 X20 Y20 E%d.7 ; end\nG1 E%d.0\n" % (n, 0.2 * (n + 1), n, n, n, n)
    for n in range(6)
)


def _check(path: Path, layers: int) -> None:
    counted = {position for position, _ in positions(path)}
    found = index(path).layers
    assert len(found) == layers
    for layer in found:
        assert counted.issuperset(layer.triggers)
        assert layer.capture_pos in counted


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_capture_point_and_trigger_is_a_position_octoprint_counts(
    path: Path,
) -> None:
    _check(path, len(index(path).layers))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain", PRINT),
        ("bom", b"\xef\xbb\xbf" + PRINT),
        ("bom and bad bytes", b"\xef\xbb\xbf;\xff\n" + PRINT),
        ("crlf", PRINT.replace(b"\n", b"\r\n")),
        ("lone cr", PRINT.replace(b"\n", b"\r")),
        ("mixed ends", PRINT.replace(b"E1.6\n", b"E1.6\r").replace(b"E2.7", b"E2.7\r\n")),
        ("one lone cr", PRINT.replace(b"E1.0\n", b"E1.0\r")),
        ("cr cr lf", PRINT.replace(b"\n", b"\r\r\n")),
        ("latin-1", b"; st\xf6\xe9l \xff\xfe\n" + PRINT.replace(b"end", b"f\xfcr")),
        ("cut utf-8", PRINT.replace(b"end", b"\xe2\x82 \xf0\x9f\x92 \xf0\x9f")),
        ("utf-8", PRINT.replace(b"end", "für ☃ 💡".encode())),
        ("surrogates", PRINT.replace(b"end", b"\xed\xa0\x80\xed\xb0\x80")),
        ("nul", PRINT.replace(b"end", b"\x00\x00").replace(b";LAYER", b"\x00\n;LAYER")),
        ("line separators", PRINT.replace(b"end", "a\u2028b\x0bc\x85d\x1c".encode())),
        ("no end", PRINT.rstrip()),
        ("ends with cr", PRINT.rstrip() + b"\r"),
        ("long lines", PRINT.replace(b"end", b"x" * 300_000)),
        ("blank lines", PRINT.replace(b"\n", b"\n\n \t\n")),
        (
            "binary header",
            b"xgcode 1.0\n\x00\xf4\x01\x80\x0d\x80\x0aBM\xff\x00\n" + PRINT,
        ),
    ],
)
@pytest.mark.parametrize("size", [7, 4096, None])
def test_positions_in_odd_files(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    content: bytes,
    size: int | None,
) -> None:
    if size is not None:
        monkeypatch.setattr("octoprint_layercapture.gcode.source.PIECE", size)
    path = tmp_path / "odd.gcode"
    path.write_bytes(content)
    _check(path, 6)
    ends = [layer.capture_pos for layer in index(path).layers]
    sent = dict(positions(path))
    assert [sent[end] for end in ends] == [f"G1 E{n}.0" for n in range(6)]
