from __future__ import annotations

import csv
import io
import json
import time
import tracemalloc
import zipfile

import pytest

from octoprint_layercapture.library import Catalog
from octoprint_layercapture.library.archive import zip_stream
from octoprint_layercapture.library.export import (
    Selection,
    as_dataset,
    prints,
    to_folder,
)

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
LAYERS = (10, 20, 30)
POSITIONS = 3


def jpeg_of(layer, index, camera):
    return f"picture of {layer}, {index}, {camera}".encode() * 40


@pytest.fixture(params=["folders", "flat"])
def store(request, new_store):
    return new_store(folder_per_print=request.param == "folders")


@pytest.fixture
def keep(store, begin, add):
    def keep_print(file="part.gcode", started=STARTED, cameras=("a",)):
        folder = store.begin_print(file, started, instance="Left")
        for layer in LAYERS:
            writer = begin(folder, layer=layer, started=started + layer, cameras=cameras)
            for index in range(POSITIONS):
                for camera in cameras:
                    add(
                        writer,
                        index,
                        camera=camera,
                        taken_at=started + layer + 1,
                        jpeg=jpeg_of(layer, index, camera),
                    )
            writer.finish()
        return folder

    return keep_print


def entries(store):
    return list(Catalog(store).iter_prints())


def archive_of(members):
    return zipfile.ZipFile(io.BytesIO(b"".join(zip_stream(members))))


def rows_of(archive):
    text = archive.read("train/metadata.jsonl").decode("utf-8")
    return [json.loads(line) for line in text.splitlines()]


def test_a_zip_holds_every_file_of_the_print_byte_for_byte(store, keep):
    keep()
    archive = archive_of(prints(entries(store)))
    assert archive.testzip() is None
    written = {info.filename.rpartition("/")[2] for info in archive.infolist()}
    (entry,) = entries(store)
    pictures = list(entry.iter_pictures())
    assert len(pictures) == len(LAYERS) * POSITIONS
    for picture in pictures:
        (name,) = [n for n in archive.namelist() if n.endswith("/" + picture.name)]
        assert archive.read(name) == picture.path.read_bytes()
    assert "print.json" in written
    assert {capture.path.name for capture in entry.iter_captures()} <= written


def test_the_json_of_a_part_names_the_pictures_that_come_with_it_and_no_others(
    store, keep
):
    keep(cameras=("a", "b"))
    archive = archive_of(prints(entries(store), Selection(20, 1, "b")))
    pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
    assert [archive.read(name) for name in pictures] == [jpeg_of(20, 1, "b")]
    (metadata,) = [name for name in archive.namelist() if "_metadata_" in name]
    (image,) = json.loads(archive.read(metadata))["images"]
    assert pictures[0].endswith(image["path"].rpartition("/")[2])


def test_prints_of_one_name_do_not_meet(store, keep):
    keep(started=STARTED)
    keep(started=STARTED)
    archive = archive_of(prints(entries(store)))
    assert len(set(archive.namelist())) == len(archive.namelist())
    records = [n for n in archive.namelist() if n.endswith("print.json")]
    assert len({json.loads(archive.read(n))["print_id"] for n in records}) == 2


def test_a_dataset_has_a_row_for_each_picture_with_its_pose(store, keep):
    keep()
    archive = archive_of(as_dataset(entries(store)))
    rows = rows_of(archive)
    pictures = [name for name in archive.namelist() if name.endswith(".jpg")]
    assert sorted("train/" + row["file_name"] for row in rows) == sorted(pictures)
    for row in rows:
        picture = archive.read("train/" + row["file_name"])
        assert picture == jpeg_of(row["layer"], row["index"], row["camera"])
        assert row["size"] == len(picture)
    assert {type(row["x"]) for row in rows} == {float}
    assert {row["print_name"] for row in rows} == {"part"}
    assert {row["instance"] for row in rows} == {"Left"}


def test_the_table_says_the_same_as_the_json_lines(store, keep):
    keep("Teil, \"groß\" 'ü'.gcode")
    archive = archive_of(as_dataset(entries(store)))
    table = list(csv.DictReader(io.StringIO(archive.read("pictures.csv").decode())))
    rows = rows_of(archive)
    assert len(table) == len(rows)
    for line, row in zip(table, rows):
        assert line.pop("file_name") == "train/" + row.pop("file_name")
        assert line == {k: "" if v != v else str(v) for k, v in row.items()}
        assert archive.getinfo("train/metadata.jsonl").file_size > 0


def test_every_row_has_the_same_columns_and_no_two_rows_one_id(store, keep):
    keep(started=STARTED, cameras=("a", "b"))
    keep("other.gcode", started=STARTED + 5000)
    rows = rows_of(archive_of(as_dataset(entries(store))))
    assert len({tuple(row) for row in rows}) == 1
    assert len({row["id"] for row in rows}) == len(rows) == 27


def test_a_picture_keeps_its_id_in_every_export(store, keep):
    keep()
    whole = {r["id"]: r for r in rows_of(archive_of(as_dataset(entries(store))))}
    part = rows_of(archive_of(as_dataset(entries(store), Selection(index=2))))
    assert len(part) == len(LAYERS)
    assert all(whole[row["id"]]["layer"] == row["layer"] for row in part)


def test_a_picture_that_goes_meanwhile_is_left_out_and_has_no_row(store, keep):
    keep()
    (entry,) = entries(store)
    victims = [p.path for p in entry.iter_pictures(layer=20)]
    members = as_dataset([entry])
    first = next(members)
    for path in victims:
        path.unlink()

    def all_of_them():
        yield first
        yield from members

    archive = archive_of(all_of_them())
    assert {row["layer"] for row in rows_of(archive)} == {10, 30}
    assert len([n for n in archive.namelist() if n.endswith(".jpg")]) == 6


def test_a_folder_holds_the_same_files_with_their_times(store, keep, tmp_path):
    keep()
    seen = []
    to_folder(prints(entries(store)), tmp_path / "out", seen.append)
    archive = archive_of(prints(entries(store)))
    files = [p for p in (tmp_path / "out").rglob("*") if p.is_file()]
    names = {p.relative_to(tmp_path / "out").as_posix(): p for p in files}
    assert set(names) == set(archive.namelist())
    assert all(archive.read(name) == path.read_bytes() for name, path in names.items())
    assert sum(seen) == len(LAYERS) * POSITIONS
    (entry,) = entries(store)
    for picture in entry.iter_pictures():
        (copy,) = [path for path in files if path.name == picture.name]
        assert copy.stat().st_mtime == pytest.approx(picture.path.stat().st_mtime)


def test_pieces_are_handed_on_long_before_the_end(store, begin, add):
    folder = store.begin_print("part.gcode", STARTED)
    writer = begin(folder, layer=10, started=STARTED, cameras=("a",))
    for index in range(8):
        add(writer, index, camera="a", taken_at=STARTED, jpeg=bytes(1 << 20))
    writer.finish()
    sizes = [len(piece) for piece in zip_stream(prints(entries(store)))]
    assert sum(sizes) > 8 << 20
    assert max(sizes) < 1 << 20


def test_memory_stays_flat_however_large_the_export(store, begin, add):
    folder = store.begin_print("part.gcode", STARTED)
    writer = begin(folder, layer=10, started=STARTED, cameras=("a",))
    for index in range(40):
        add(writer, index, camera="a", taken_at=STARTED, jpeg=bytes(1 << 20))
    writer.finish()
    tracemalloc.start()
    try:
        total = sum(len(piece) for piece in zip_stream(as_dataset(entries(store))))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert total > 40 << 20
    assert peak < 4 << 20


@pytest.mark.parametrize(
    "print_id",
    ["../../../evil", "..", "/etc/evil", "..\\..\\evil", ".hidden", " ", "a/b"],
)
def test_nothing_of_somebody_elses_records_leads_out_of_an_export(
    new_store, tmp_path, print_id
):
    store = new_store(folder_per_print=False)
    store.root.mkdir(parents=True, exist_ok=True)
    picture = "layer_0010_pos_00_20241201_143022.jpg"
    (store.root / picture).write_bytes(b"picture")
    record = {
        "layer": 10,
        "z_height": 2.0,
        "timestamp": STARTED,
        "gcode_file": "part.gcode",
        "print_start_time": STARTED,
        "print_id": print_id,
        "images": [
            {
                "path": f"/uploads/layercapture/{picture}",
                "position": {"x": 1, "y": 1},
                "index": 0,
            }
        ],
        "settings": {
            "grid_spacing": 40,
            "grid_center": {"x": 1, "y": 1},
            "grid_size": 3,
        },
    }
    described = store.root / "layer_0010_metadata_20241201_143022.json"
    described.write_text(json.dumps(record), encoding="utf-8")
    names = [member.name for member in prints(entries(store))]
    assert names
    assert all(len(name.split("/")) == 2 for name in names)
    assert not any(set(name) & set("\\:") or name.startswith(".") for name in names)
    to_folder(prints(entries(store)), tmp_path / "deep" / "out", lambda picture: None)
    written = [path for path in tmp_path.rglob(picture) if path.parent != store.root]
    assert all(tmp_path / "deep" / "out" in path.parents for path in written)
    assert len(written) == 1
