from __future__ import annotations

import json
import shutil
import time

import pytest

from octoprint_layercapture.library import Catalog, Ending, PrintRecord
from octoprint_layercapture.library.prints import SourceFile

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))


@pytest.fixture(params=["folders", "flat"])
def store(request, new_store):
    return new_store(folder_per_print=request.param == "folders")


@pytest.fixture
def folder(store):
    return store.begin_print("parts/Würfel.gcode", STARTED, instance="Printer 1")


@pytest.fixture
def record(store, root):
    """Reads the print's own JSON, under the name of its layout."""

    def read():
        if store.folder_per_print:
            path = root / "Würfel_20241201_143000" / "print.json"
        else:
            path = root / "print_Würfel_20241201_143000.json"
        return json.loads(path.read_text(encoding="utf-8"))

    return read


def test_nothing_is_written_before_something_is_kept(folder, root):
    folder.describe(layers=[10])
    folder.finish("done", "done", STARTED + 60)
    assert not root.exists()


def test_the_record_is_there_with_the_first_picture(folder, begin, add, record):
    folder.describe(layers=[10, 20], layers_total=30, plugin_version="0.1.0")
    add(begin(folder))
    written = record()
    assert written["print_id"] == folder.print_id
    assert (written["name"], written["gcode_file"]) == ("Würfel", "parts/Würfel.gcode")
    assert (written["layers"], written["layers_total"]) == ([10, 20], 30)
    assert written["plugin_version"] == "0.1.0"
    assert (written["outcome"], written["print_end_time"]) == (None, None)


def test_what_is_found_out_later_is_added(folder, begin, add, record):
    add(begin(folder))
    source = SourceFile(path="parts/Würfel.gcode", size=5, sha256="abc")
    folder.describe(file=source)
    assert record()["file"] == {"path": "parts/Würfel.gcode", "size": 5, "sha256": "abc"}


def test_totals_grow_with_each_capture_and_the_end_is_recorded(
    folder, begin, add, record, root
):
    for layer in (10, 20):
        writer = begin(folder, layer=layer)
        add(writer, 0)
        add(writer, 1)
        writer.add_failure(index=2, position=(1, 2), reason="It is dark")
        writer.finish(Ending(planned=3, visited=3, seconds=2.5))
        totals = record()["totals"]
        assert (totals["captures"], totals["pictures"]) == (layer // 10, layer // 5)
    folder.finish("cancelled", "cancelled", STARTED + 60)
    written = record()
    assert (written["outcome"], written["reason"]) == ("cancelled", "cancelled")
    assert written["print_end_time"] == STARTED + 60
    kept = [path for path in root.rglob("layer_*") if path.is_file()]
    size = sum(path.stat().st_size for path in kept)
    before = written["totals"].pop("bytes")
    assert size < before < size + 5000
    assert written["totals"] == {
        "captures": 2,
        "pictures": 4,
        "failures": 2,
        "seconds": 5.0,
    }


def test_the_end_counts_what_the_user_has_left(folder, begin, add, record, root):
    writer = begin(folder)
    add(writer, 0)
    add(writer, 1)
    writer.finish()
    next(root.rglob("*.jpg")).unlink()
    folder.finish("done", "done", STARTED)
    assert record()["totals"]["pictures"] == 1


def test_a_print_deleted_before_its_end_does_not_come_back(folder, begin, add, root):
    writer = begin(folder)
    add(writer)
    writer.finish()
    shutil.rmtree(root)
    folder.finish("done", "done", STARTED)
    assert not root.exists()


def test_a_record_deleted_during_the_print_is_written_again(folder, begin, add, record):
    writer = begin(folder)
    add(writer)
    shutil.rmtree(folder.path)
    add(writer, 1)
    assert record()["print_id"] == folder.print_id


@pytest.mark.parametrize("outcome", ["done", "failed", "cancelled"])
def test_a_print_is_running_until_it_has_an_outcome(store, folder, begin, add, outcome):
    running = [folder.print_id]
    catalog = Catalog(store, running=lambda: running[0])
    writer = begin(folder)
    add(writer)
    writer.finish()
    assert catalog.get(folder.print_id).state == "running"
    running[0] = None
    assert catalog.get(folder.print_id).state == "interrupted"
    folder.finish(outcome, outcome, STARTED)
    entry = catalog.get(folder.print_id)
    assert entry.state == outcome
    assert entry.counts.pictures == 1


def test_two_prints_of_one_name_in_one_second_are_two(store, begin, add, root):
    for _ in range(2):
        add(begin(store.begin_print("a.gcode", STARTED)))
    assert Catalog(store).prints().total == 2


def test_counts_of_an_ended_print_are_right_after_something_was_deleted(
    new_store, begin, add
):
    store = new_store()
    folder = store.begin_print("a.gcode", STARTED)
    writer = begin(folder)
    for index in range(3):
        add(writer, index)
    writer.finish()
    folder.finish("done", "done", STARTED)
    catalog = Catalog(store)
    entry = catalog.get(folder.print_id)
    assert entry.counts == entry.record.totals
    entry.pictures().items[0].path.unlink()
    assert catalog.get(folder.print_id).counts.pictures == 2


def test_fields_of_a_later_version_survive_a_rewrite(store, folder, begin, add):
    writer = begin(folder)
    add(writer)
    writer.finish()
    folder.finish("done", "done", STARTED)
    catalog = Catalog(store)
    path = catalog.get(folder.print_id).record_path
    later = {**json.loads(path.read_bytes()), "weather": "sunny", "schema_version": 99}
    path.write_text(json.dumps(later))
    entry = catalog.get(folder.print_id)
    catalog.delete_picture(entry.key, entry.pictures().items[0].name)
    again = json.loads(path.read_bytes())
    assert (again["weather"], again["schema_version"]) == ("sunny", 99)
    assert again["totals"]["pictures"] == 0


def test_two_records_have_different_identifiers():
    def new():
        return PrintRecord(gcode_file="a.gcode", print_start_time=0).print_id

    assert new() != new()
