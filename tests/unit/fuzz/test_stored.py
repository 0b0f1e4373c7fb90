"""JSON that somebody else has written into our folders: nothing but documented errors."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from octoprint_layercapture.gcode import index
from octoprint_layercapture.gcode.cache import IndexCache
from octoprint_layercapture.library import (
    CaptureSettings,
    Catalog,
    Ending,
    Place,
    Store,
    StoreError,
)
from octoprint_layercapture.library.records import print_id_of, read_capture
from octoprint_layercapture.library.space import estimate
from octoprint_layercapture.web import shown
from tests.fuzz import as_text, nested, spoilt, trees

LINKS = shown.Links("")
GRID = CaptureSettings.of_grid(
    center=(100, 100), columns=2, rows=1, spacing_x=40, spacing_y=40
)
PRINT = "G28\nG90\nM83\n" + "".join(
    f"G1 Z{0.2 * n:.1f}\nG1 X0 Y0\nG1 X20 E1\nG1 X20 Y20 E1\nG1 X0 E1\n"
    for n in range(1, 5)
)


def lay_down(uploads):
    """One print with one capture of two pictures; gives its two records."""
    store = Store(Place(uploads), sanitize=str)
    folder = store.begin_print("parts/box.gcode", 1733060000.0, instance="Octo")
    writer = folder.begin_capture(
        layer=10, z_height=2.0, started=1733063400.0, settings=GRID, cameras=["eye"]
    )
    for number in range(2):
        writer.add_picture(
            index=number,
            order=number,
            position=(80 + 40 * number, 100),
            actual=(80.0, 100.0, 7.0),
            camera="eye",
            jpeg=b"\xff\xd8\xff\xd9",
            taken_at=1733063401.0,
            width=64,
            height=48,
        )
    writer.finish(Ending(planned=2, visited=2, seconds=4.0))
    folder.finish("done", "done", 1733070000.0)
    (record,) = [p for p in folder.path.glob("*.json") if p != writer.metadata_path]
    return store, record, writer.metadata_path


@pytest.fixture(scope="module")
def originals():
    with tempfile.TemporaryDirectory() as folder:
        _, record, capture = lay_down(Path(folder))
        yield json.loads(record.read_bytes()), json.loads(capture.read_bytes())


def look_at_everything(store):
    """What any screen asks for, and what a print asks for when it begins."""
    catalog = Catalog(store)
    for entry in catalog.prints().items:
        answers = [shown.a_print(entry, LINKS), shown.a_whole_print(entry, LINKS)]
        for capture in entry.captures(0, 10).items:
            answers.append(shown.a_capture(entry, capture, LINKS))
            answers.append(shown.a_whole_capture(entry, capture, LINKS))
            assert entry.capture(capture.key).key == capture.key
        for picture in entry.pictures(0, 10).items:
            answers.append(shown.a_picture(entry, picture, LINKS))
        json.dumps(answers)
        catalog.get(entry.key)
    estimate(3, 9, ["eye"], catalog.iter_prints())


def spoil(record, capture):
    with tempfile.TemporaryDirectory() as folder:
        store, record_path, capture_path = lay_down(Path(folder))
        record_path.write_bytes(record)
        capture_path.write_bytes(capture)
        look_at_everything(store)
        for entry in Catalog(store).prints().items:
            try:
                Catalog(store).delete_print(entry.key)
            except StoreError:
                continue


@settings(deadline=None)
@given(data=st.data())
def test_spoilt_records_of_prints_and_captures_are_shown_or_left_out(originals, data):
    record, capture = originals
    spoil(as_text(data.draw(spoilt(record))), as_text(data.draw(spoilt(capture))))


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), trees().map(as_text)))
def test_what_is_no_record_at_all_is_left_out(text):
    spoil(text, text)


@pytest.mark.parametrize("key", ["", "images", "settings"])
@pytest.mark.parametrize("depth", [100, 900, 100_000])
def test_records_nested_deep_are_left_out(depth, key):
    text = nested(depth, key).encode()
    spoil(text, text)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), trees().map(as_text)))
def test_reading_a_record_raises_nothing_but_value_errors(text):
    for read in (read_capture, print_id_of):
        try:
            read(text)
        except ValueError:
            continue


@settings(deadline=None)
@given(data=st.data())
def test_a_spoilt_index_in_the_cache_is_made_anew(data):
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "print.gcode"
        path.write_text(PRINT)
        cache = IndexCache(Path(folder) / "layers")
        cache.index(str(path))
        (entry,) = (Path(folder) / "layers").rglob("*.json")
        lines = [json.loads(line) for line in entry.read_bytes().splitlines()]
        at = data.draw(st.integers(0, len(lines) - 1))
        lines[at] = data.draw(spoilt(lines[at]))
        entry.write_bytes(b"\n".join(map(as_text, lines)))
        found = cache.index(str(path))
        assert [type(layer.number) for layer in found.layers] == [int] * len(found.layers)
        assert all(isinstance(layer.z, (int, float)) for layer in found.layers)
        for layer in found.layers:
            found.layer_at(layer.capture_pos)


@pytest.mark.parametrize("depth", [900, 100_000])
def test_a_cached_index_nested_deep_is_made_anew(tmp_path, depth):
    path = tmp_path / "print.gcode"
    path.write_text(PRINT)
    cache = IndexCache(tmp_path / "layers")
    cache.index(str(path))
    (entry,) = (tmp_path / "layers").rglob("*.json")
    entry.write_text(nested(depth))
    assert cache.index(str(path)) == index(path)


@settings(deadline=None)
@given(st.one_of(st.binary(max_size=60), trees().map(as_text)))
def test_a_spoilt_memory_of_folders_keeps_no_print_from_being_kept(text):
    with tempfile.TemporaryDirectory() as folder:
        memory = Path(folder) / "folders.json"
        memory.write_bytes(text)
        place = Place(Path(folder) / "uploads", Path(folder) / "own", memory)
        place.vanished()
        try:
            place.make()
        except StoreError:
            pass
