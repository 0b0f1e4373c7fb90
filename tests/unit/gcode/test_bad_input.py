"""What is no proper print: an index all the same, or the one documented error."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from octoprint_layercapture.gcode import Abandoned, GcodeError, LayerIndex, index

LAYERS = "".join(
    f"G1 Z{0.2 * n:.1f}\nG1 X0 Y0\nG1 X20 E1\nG1 X20 Y20 E1\nG1 X0 E1\n"
    for n in range(1, 5)
)
PRINT = f"G28\nG90\nM83\n{LAYERS}"


def of(folder: Path, content: str | bytes) -> LayerIndex:
    path = folder / "print.gcode"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return index(path)


def heights(found: LayerIndex) -> list[float]:
    return [layer.z for layer in found.layers]


def test_an_empty_file_has_no_layers(tmp_path: Path) -> None:
    assert of(tmp_path, b"").layers == ()


def test_a_file_of_comments_has_no_layers(tmp_path: Path) -> None:
    assert of(tmp_path, ";LAYER:0\n;LAYER:1\n").layers == ()


def test_travel_alone_makes_no_layer(tmp_path: Path) -> None:
    assert of(tmp_path, "G28\nG1 Z0.2\nG1 X5 Y5\nG1 Z0.4\nG1 X0\n").layers == ()


def test_extruding_where_no_height_was_ever_set_makes_no_layer(tmp_path: Path) -> None:
    assert of(tmp_path, "G90\nM83\nG1 X5 Y5 E1\nG1 X0 E1\n").layers == ()


@pytest.mark.parametrize(
    "content",
    [
        b"solid x\nfacet normal 0 0 0\n",
        b"\x89PNG\r\n\x1a\n",
        b"\n\nNotes\n\nof the\n\nmorning\n",
        b"\r\nNotes\r\n",
    ],
)
def test_what_is_no_gcode_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(GcodeError):
        of(tmp_path, content)


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GcodeError):
        index(tmp_path / "none.gcode")


def test_a_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GcodeError):
        index(tmp_path)


def test_a_path_that_cannot_be_one_is_refused() -> None:
    with pytest.raises(GcodeError):
        index("a\0b")


@pytest.mark.parametrize(
    "value", ["1e300", "-1e300", "nan", "inf", "1e300000", "--1", ""]
)
@pytest.mark.parametrize("axis", ["X", "Y", "Z", "E"])
def test_impossible_coordinates_make_no_layer(
    tmp_path: Path, axis: str, value: str
) -> None:
    odd = f"G1 {axis}{value}\nG1 X5 Y5 E1\nG1 X9 {axis}{value} E1\n"
    found = of(tmp_path, f"{PRINT}{odd}G1 Z1.0\nG1 X1 Y1\nG1 X20 Y20 E1\n")
    assert heights(found) == [0.2, 0.4, 0.6, 0.8, 1.0]


@pytest.mark.parametrize("cut", range(1, 40))
def test_a_file_cut_anywhere_keeps_the_layers_before(tmp_path: Path, cut: int) -> None:
    found = heights(of(tmp_path, PRINT[: len(PRINT) - cut]))
    assert found[:3] == [0.2, 0.4, 0.6]
    assert set(found) <= {0.2, 0.4, 0.6, 0.8}


def test_a_last_line_cut_off_begins_no_layer(tmp_path: Path) -> None:
    assert heights(of(tmp_path, PRINT + "G1 X9 Y9 Z9 E1")) == [0.2, 0.4, 0.6, 0.8]


def test_a_last_line_without_its_end_is_part_of_its_layer(tmp_path: Path) -> None:
    content = PRINT + "G1 X7 Y7 E1"
    assert of(tmp_path, content).layers[-1].capture_pos == len(content)


def test_a_rise_below_the_least_height_is_no_new_layer(tmp_path: Path) -> None:
    rising = "".join(f"G1 Z{z}\nG1 X0 Y0\nG1 X9 Y9 E1\n" for z in (1.0, 1.04, 1.2))
    path = tmp_path / "print.gcode"
    path.write_text(PRINT + rising)
    assert len(index(path).layers) == 6
    assert len(index(path, min_height=0.01).layers) == 7
    assert len(index(path, min_height=0.5).layers) == 2


def test_progress_is_told_up_to_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("octoprint_layercapture.gcode.source.PIECE", 20)
    path = tmp_path / "print.gcode"
    path.write_text(PRINT)
    told: list[float] = []
    index(path, progress=told.append)
    assert len(told) > 5
    assert told == sorted(told)
    assert told[-1] == 1.0


@pytest.mark.parametrize("error", [Abandoned(), OSError("theirs"), KeyboardInterrupt()])
def test_what_the_progress_callback_raises_comes_out_as_it_is(
    tmp_path: Path, error: BaseException
) -> None:
    path = tmp_path / "print.gcode"
    path.write_text(PRINT)

    def stop(fraction: float) -> None:
        raise error

    with pytest.raises(type(error)) as raised:
        index(path, progress=stop)
    assert raised.value is error


@given(st.binary(max_size=400))
def test_any_bytes_give_an_index_or_the_documented_error(content: bytes) -> None:
    _never_breaks(content)


@given(
    st.lists(
        st.sampled_from(
            "G0 G1 G2 G3 G10 G11 G20 G21 G28 G90 G91 G92 M82 M83 M600 T1 X1 X-5 Y2.5 Z.2 "
            "Z0.4 Z1e9 E1 E-1 E.5 Enan I3 J R2 F100 ; ;LAYER:1 ;LAYER_CHANGE @pause \n "
            "\n \n N5 *71 (x) \r \\ START_PRINT".split(" ")
        ),
        max_size=120,
    )
)
def test_any_words_give_an_index(words: list[str]) -> None:
    _never_breaks(" ".join(words).encode())


def _never_breaks(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = of(Path(folder), content)
        except GcodeError:
            return
    for layer in found.layers:
        assert 0 < layer.capture_pos <= 3 * len(content) + 3
