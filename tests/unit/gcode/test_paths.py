"""Where filament is laid: every way of saying it, and real files."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_layercapture.gcode import Layer, Modal, index
from octoprint_layercapture.gcode.paths import Bead, beads

from .readers import positions

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"
CORPUS = os.environ.get("LAYERCAPTURE_CORPUS")

FILES = [
    pytest.param(path, id=path.name)
    for folder in (OWN, *([Path(CORPUS)] if CORPUS else []))
    for path in sorted(folder.glob("*.gcode"))
]

Segment = tuple[float, float, float, float]


def layer(number: int, capture_pos: int, height: float = 0.2) -> Layer:
    return Layer(
        number=number,
        z=number * height,
        height=height,
        slicer_number=None,
        capture_pos=capture_pos,
        retracted=False,
        top=number * height,
    )


def laid(tmp_path: Path, text: str, height: float = 0.2) -> list[Bead]:
    """The beads of a file that is one layer."""
    path = tmp_path / "print.gcode"
    path.write_bytes(text.encode())
    [found] = beads(path, [layer(1, path.stat().st_size, height)])
    return found


def segments(found: Sequence[Bead]) -> list[Segment]:
    return [
        tuple(round(value, 3) for value in bead.points[at : at + 4])  # type: ignore[misc]
        for bead in found
        for at in range(0, len(bead.points) - 2, 2)
    ]


@pytest.mark.parametrize(
    "text",
    [
        "G1 X10 Y10 F9000\nG1 X20 E1 F1200\nG1 Y20 E2\n",
        "G1 X10 Y10\nG1 X20 E1\nG1 Y20 E2",
        "G1 X10 Y10\r\nG1 X20 E1\r\nG1 Y20 E2\r\n",
        "M83\nG1 X10 Y10\nG1 X20 E1\nG1 Y20 E1\n",
        "G91\nG1 X10 Y10\nG1 X10 E1\nG1 Y10 E1\n",
        "G1 X10 Y10\nG91\nM82\nG1 X10 E1\nG1 Y10 E2\n",
        "G20\nG1 X.3937007874 Y.3937007874\nG1 X.7874015748 E.1\nG1 Y.7874015748 E.2\n",
        "g1x10y10\nN5 g01 x20 e1*33\nG1Y20E2 (up)\n",
        "G1 X10 Y10\nG1 X20 E1 ; G1 X99\n;G1 X50 E9\nG1 Z0.4 Y20 E2\n",
        "G1 X5 Y5\nG92 X0 Y0\nG1 X5 Y5\nG1 X15 E1\nG1 Y15 E2\n",
        "G1 X10 Y10 E7\nG92 E0\nG1 X20 E1\nG1 Y20 E2\n",
        "M200 D1.75\nG1 X10 Y10\nG1 X20 E1\nG1 Y20 E2\n",
        "G1 X10 Y10\nG1 X20 E1\nG10\nG11\nG1 Y20 E2\n",
        "G1 X10 Y10\nG1 X20 E1\nG1 E0\nG1 E1\nG1 X20 Y20 E2\n",
        "G28\nG1 X10 Y10 Z0.2\nM204 S500\nG1 X20 E1\nM73 P5\nG1 Y20 E2\n",
    ],
)
def test_every_way_of_saying_it_gives_the_same_line(tmp_path: Path, text: str) -> None:
    expected = [(10, 10, 20, 10), (20, 10, 20, 20)]
    found = segments(laid(tmp_path, "G1 X0 Y0\n" + text))
    assert [each for each in found if each[0] >= 9.9] == expected


@pytest.mark.parametrize(
    "text",
    [
        "G1 X10 Y10\nG1 X20\nG0 Y20\n",
        "G1 X10 Y10\nG1 X20 E0\nG1 Y20 E-1\n",
        "M83\nG1 X10 Y10\nG1 X20 E-1\n",
        "G1 X10 Y10\nG1 E5\nG1 X20 E5\n",
        "G1 X10 Y10\nG1 E5\nG1 X20 E4\n",
        "G1 X10 Y10\nG1 X10 Y10 E1\n",
        "G28\nG1 X10 E1\n",
        "G28\nG1 Y5\nG28 Y\nG1 X10 E1\n",
        "G92 X5 Y5\nG1 X10 E1\nG1 Y9 E2\n",
        "M117 G1 X10 E1\n",
        "M83\nG1 X0 Y0\nG1 E5\nG1 E5\nM82\nG1 X10 E10\n",
        "",
    ],
)
def test_nothing_is_laid(tmp_path: Path, text: str) -> None:
    assert laid(tmp_path, text) == []


def test_a_travel_parts_two_beads_and_a_retraction_does_not(tmp_path: Path) -> None:
    text = "M83\nG1 X0 Y0\nG1 X5 E1\nG1 E-1\nG1 E1\nG1 X9 E1\nG0 X20\nG1 X25 E1\n"
    found = laid(tmp_path, text)
    assert [list(bead.points) for bead in found] == [[0, 0, 5, 0, 9, 0], [20, 0, 25, 0]]


@pytest.mark.parametrize(
    ("text", "center", "length"),
    [
        ("G3 X0 Y10 I-10 J0 E1\n", (0, 0), math.pi * 5),
        ("G2 X0 Y-10 I-10 J0 E1\n", (0, 0), math.pi * 5),
        ("G2 X0 Y10 I-10 J0 E1\n", (0, 0), math.pi * 15),
        ("G2 I-10 E1\n", (0, 0), math.pi * 20),
        ("G3 X10 Y0 I-10 J0 E1\n", (0, 0), math.pi * 20),
        ("G3 X0 Y10 R10 E1\n", (0, 0), math.pi * 5),
        ("G2 X0 Y10 R10 E1\n", (10, 10), math.pi * 5),
        ("G3 X0 Y10 R-10 E1\n", (10, 10), math.pi * 15),
        ("G20\nG3 X0 Y.3937007874 I-.3937007874 E1\n", (0, 0), math.pi * 5),
        ("G91\nG3 X-10 Y10 I-10 E1\n", (0, 0), math.pi * 5),
    ],
)
def test_an_arc_comes_as_chords_on_its_circle(
    tmp_path: Path, text: str, center: tuple[float, float], length: float
) -> None:
    [bead] = laid(tmp_path, "G1 X10 Y0\n" + text)
    places = list(zip(bead.points[::2], bead.points[1::2]))
    for x, y in places:
        assert math.dist((x, y), center) == pytest.approx(10, abs=0.001)
    along = sum(math.dist(a, b) for a, b in zip(places, places[1:]))
    assert along == pytest.approx(length, rel=0.005)
    for (ax, ay), (bx, by) in zip(places, places[1:]):
        middle = (ax + bx) / 2, (ay + by) / 2
        assert 10 - math.dist(middle, center) < 0.025


def test_an_arc_that_cannot_be_is_a_straight_line(tmp_path: Path) -> None:
    found = laid(tmp_path, "G1 X0 Y0\nG2 X10 Y0 R2 E1\nG2 X10 Y5 E2\n")
    assert segments(found) == [(0, 0, 10, 0), (10, 0, 10, 5)]


def test_an_arc_without_filament_lays_nothing(tmp_path: Path) -> None:
    assert laid(tmp_path, "G1 X10 Y0\nG2 I-10\nG3 X0 Y10 I-10\n") == []


@pytest.mark.parametrize(
    ("filament", "height", "width"),
    [
        (10 * 0.4 * 0.2 / 2.405, 0.2, 0.443),
        (10 * 0.6 * 0.3 / 2.405, 0.3, 0.664),
        (10 * 0.4 * 0.2 / 6.379, 0.2, 0.443),  # of thick filament
        (90, 0.2, 1.5),
        (1e-5, 0.2, 0.2),
        (1, 0, 0.45),
    ],
)
def test_the_width_follows_from_filament_and_height(
    tmp_path: Path, filament: float, height: float, width: float
) -> None:
    [bead] = laid(tmp_path, f"G1 X0 Y0\nG1 X10 E{filament:.6f}\n", height)
    assert bead.width == pytest.approx(width, abs=0.002)


def test_filament_by_volume_gives_the_same_width(tmp_path: Path) -> None:
    [bead] = laid(tmp_path, "M200 D1.75\nG1 X0 Y0\nG1 X10 E0.8\nG1 X20 E1.6\n")
    assert bead.width == pytest.approx(0.443, abs=0.002)


def test_each_layer_has_its_own_and_the_first_all_before_it(tmp_path: Path) -> None:
    path = tmp_path / "print.gcode"
    parts = ["M83\nG1 X0 Y0\nG1 X5 E1\nG1 Y5 E1\n", "G1 X0 E1\n", "G1 Y0 E1\nM84\n"]
    path.write_text("".join(parts))
    ends = [sum(map(len, parts[: count + 1])) for count in range(3)]
    ends[2] -= len("M84\n")
    found = [
        segments(each)
        for each in beads(path, [layer(at, end) for at, end in enumerate(ends, 1)])
    ]
    assert found == [
        [(0, 0, 5, 0), (5, 0, 5, 5)],
        [(5, 5, 0, 5)],
        [(0, 5, 0, 0)],
    ]


def test_a_file_that_ends_early_has_fewer_layers(tmp_path: Path) -> None:
    path = tmp_path / "print.gcode"
    path.write_text("M83\nG1 X0 Y0\nG1 X5 E1\n")
    layers = [layer(1, 1000), layer(2, 2000), layer(3, 3000)]
    assert [len(each) for each in beads(path, layers)] == [1]


def test_nothing_is_read_where_there_are_no_layers(tmp_path: Path) -> None:
    assert list(beads(tmp_path / "none.gcode", [])) == []


def test_a_file_that_is_not_there_raises(tmp_path: Path) -> None:
    with pytest.raises(OSError):
        next(beads(tmp_path / "none.gcode", [layer(1, 10)]))


@pytest.mark.parametrize("before", ["", "; Gerät\n", "; Ger\xe4t \xff\n", "\ufeff"])
def test_positions_count_as_octoprint_counts_them(tmp_path: Path, before: str) -> None:
    path = tmp_path / "print.gcode"
    coding = "latin-1" if "\xff" in before else "utf-8"
    path.write_bytes((before + "M83\nG1 X0 Y0\nG1 X5 E1\nG1 Y5 E1\n").encode(coding))
    ends = [position for position, line in positions(path) if "E1" in line]
    found = beads(path, [layer(1, ends[0]), layer(2, ends[1])])
    assert [segments(each) for each in found] == [[(0, 0, 5, 0)], [(5, 0, 5, 5)]]


MOVES = st.lists(
    st.tuples(
        st.sampled_from(["G0", "G1"]),
        st.one_of(st.none(), st.integers(0, 2000)),
        st.one_of(st.none(), st.integers(0, 2000)),
        st.one_of(st.none(), st.integers(-500, 500)),
    ),
    min_size=1,
    max_size=20,
)


@given(moves=MOVES, relative=st.booleans())
def test_the_usual_way_of_writing_is_read_like_any_other(
    tmp_path_factory: pytest.TempPathFactory,
    moves: list[tuple[str, int | None, int | None, int | None]],
    relative: bool,
) -> None:
    usual, odd = (["M83" if relative else "M82", "G1 X1 Y1"] for _ in range(2))
    for command, x, y, e in moves:
        given = [
            f"{letter}{value / 10}"
            for letter, value in zip("XYE", (x, y, e))
            if value is not None
        ]
        usual.append(" ".join([command, *given]))
        odd.append(command.lower() + "".join(reversed(given)) + " (odd)")
    folder = tmp_path_factory.mktemp("moves")
    one, other = (laid(folder, "\n".join(lines)) for lines in (usual, odd))
    assert segments(one) == segments(other)
    assert [bead.width for bead in one] == pytest.approx([bead.width for bead in other])


@pytest.mark.parametrize("path", FILES)
def test_real_files_give_what_their_lines_say_one_by_one(path: Path) -> None:
    layers = index(path).layers
    found = list(beads(path, layers))
    assert len(found) == len(layers)
    expected = _line_by_line(path, [each.capture_pos for each in layers])
    for number, (ours, theirs) in enumerate(zip(found, expected), 1):
        assert _length(segments(ours)) == pytest.approx(theirs, rel=0.003, abs=0.05), (
            f"layer {number}"
        )


def _length(lines: Sequence[Segment]) -> float:
    return sum(math.dist(each[:2], each[2:]) for each in lines)


def _line_by_line(path: Path, ends: list[int]) -> list[float]:
    """mm laid in each layer, as OctoPrint sends the lines and the modal state is."""
    state, lengths, number = Modal(), [0.0] * len(ends), 0
    state.e = 0.0
    for position, line in positions(path):
        while number < len(ends) and position > ends[number]:
            number += 1
        if number == len(ends):
            break
        before = state.x, state.y, state.e
        state.feed(line)
        x, y, e = before
        if None in (x, y, e, state.x, state.y) or not line.startswith(
            ("G0", "G1", "G2", "G3")
        ):
            continue
        given = _words(line)
        if "E" not in given:
            continue
        fed = given["E"] if state.extrudes_relative else given["E"] - e
        if fed > 1e-6:
            lengths[number] += _way(line, given, (x, y), (state.x, state.y))
    return lengths


def _words(line: str) -> dict[str, float]:
    parts = line.split(";")[0].split()[1:]
    return {part[0]: float(part[1:]) for part in parts if len(part) > 1}


def _way(
    line: str,
    given: dict[str, float],
    start: tuple[float, float],
    end: tuple[float, float],
) -> float:
    if line.startswith(("G0", "G1")):
        return math.dist(start, end)
    x, y = start[0] + given.get("I", 0), start[1] + given.get("J", 0)
    first = math.atan2(start[1] - y, start[0] - x)
    last = math.atan2(end[1] - y, end[0] - x)
    turn = (first - last if line.startswith("G2") else last - first) % (2 * math.pi)
    return math.dist(start, (x, y)) * (turn or 2 * math.pi)
