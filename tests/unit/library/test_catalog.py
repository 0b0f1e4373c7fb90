from __future__ import annotations

import json
import os
import shutil
import time

import pytest

from octoprint_layercapture.library import Catalog, UnknownFile, UnknownPrint
from octoprint_layercapture.library.keys import folder_of, key_of

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
LAYERS = (10, 20)
PICTURES = 3


@pytest.fixture(params=["folders", "flat"])
def store(request, new_store):
    return new_store(folder_per_print=request.param == "folders")


@pytest.fixture
def catalog(store):
    return Catalog(store)


@pytest.fixture
def keep(store, begin, add):
    """Keeps a print of two captures with three pictures each."""

    def keep_print(file="part.gcode", started=STARTED, cameras=("classic",)):
        folder = store.begin_print(file, started)
        for layer in LAYERS:
            writer = begin(folder, layer=layer, started=started + layer, cameras=cameras)
            for index in range(PICTURES):
                for camera in cameras:
                    add(writer, index, camera=camera, taken_at=started + layer + 1)
            writer.finish()
        return folder

    return keep_print


def shown(page):
    return [entry.name for entry in page.items]


def test_without_a_folder_there_are_no_prints(catalog, root):
    page = catalog.prints()
    assert (list(page.items), page.total) == ([], 0)
    assert not root.exists()


def test_prints_come_newest_first_and_in_pages(catalog, keep):
    for day, name in enumerate("abcde"):
        keep(f"{name}.gcode", STARTED + 86400 * day)
    assert shown(catalog.prints(0, 2)) == ["e", "d"]
    assert shown(catalog.prints(2, 2)) == ["c", "b"]
    assert shown(catalog.prints(4, 2)) == ["a"]
    assert catalog.prints(4, 2).total == 5
    assert shown(catalog.prints(9, 2)) == []


def test_a_print_is_found_by_its_key_and_by_its_id(catalog, keep):
    keep("other.gcode", STARTED + 5)
    folder = keep()
    entry = catalog.prints(1, 1).items[0]
    assert entry.print_id == folder.print_id
    assert catalog.get(entry.key).print_id == folder.print_id
    assert catalog.get(folder.print_id).key == entry.key
    assert entry.path == folder.path


@pytest.mark.parametrize(
    "key", ["", "nothing", "..", "~", "~Li4", "~/", "flat~", "a/b", "\x00", "flat~x"]
)
def test_other_keys_are_unknown(catalog, keep, key):
    keep()
    with pytest.raises(UnknownPrint):
        catalog.get(key)


@pytest.mark.parametrize("name", ["part_2024", "Würfel 20 mm", "~a", "flat~b", "a.b-c"])
def test_keys_are_fit_for_urls_and_lead_back_to_the_folder(name):
    key = key_of(name)
    assert folder_of(key) == name
    assert set(key) <= set(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~"
    )


def test_counts_are_what_lies_on_disk(catalog, keep):
    folder = keep()
    counts = catalog.get(folder.print_id).counts
    assert (counts.captures, counts.pictures) == (len(LAYERS), len(LAYERS) * PICTURES)
    files = [path for path in folder.path.rglob("*") if path.is_file()]
    assert counts.bytes == sum(path.stat().st_size for path in files)
    next(folder.path.glob("*.jpg")).unlink()
    counts = catalog.get(folder.print_id).counts
    assert counts.pictures == len(LAYERS) * PICTURES - 1


def test_captures_and_pictures_come_in_pages(catalog, keep):
    entry = catalog.get(keep().print_id)
    assert [each.layer for each in entry.captures(1, 5).items] == [20]
    assert entry.captures(0, 1).total == len(LAYERS)
    assert entry.layers() == list(LAYERS)
    page = entry.pictures(2, 2)
    assert [(each.layer, each.index) for each in page.items] == [(10, 2), (20, 0)]
    assert page.total == len(LAYERS) * PICTURES
    for picture in entry.iter_pictures():
        assert picture.path.read_bytes() == b"picture"


def test_pictures_are_found_by_layer_position_and_camera(catalog, keep):
    entry = catalog.get(keep(cameras=("classic", "Side Cam")).print_id)
    assert entry.pictures(layer=20).total == PICTURES * 2
    assert entry.pictures(index=1).total == len(LAYERS) * 2
    assert entry.pictures(camera="Side Cam").total == len(LAYERS) * PICTURES
    page = entry.pictures(layer=10, index=0, camera="classic")
    assert [each.camera for each in page.items] == ["classic"]
    assert page.total == 1
    assert entry.pictures(layer=11).total == 0


def test_captures_and_pictures_are_found_by_name(catalog, keep):
    entry = catalog.get(keep().print_id)
    capture = entry.captures().items[1]
    assert entry.capture(capture.key).record == capture.record
    picture = entry.pictures(4, 1).items[0]
    assert entry.picture(picture.name).path == picture.path
    for wrong in ("x", "../" + capture.key, "layer_0099_metadata_20240101_000000"):
        with pytest.raises(UnknownFile):
            entry.capture(wrong)
    for wrong in ("x.jpg", "../" + picture.name, picture.name.replace("_0020", "_0099")):
        with pytest.raises(UnknownFile):
            entry.picture(wrong)


def test_what_is_damaged_foreign_or_half_copied_is_left_out(catalog, store, keep, root):
    folder = keep()
    stamp = "20240101_000000"
    names = [f"layer_0001_metadata_{stamp}.json", f"layer_0002_metadata_{stamp}.json"]
    (folder.path / names[0]).write_bytes(b'{"layer": 1')
    (folder.path / names[1]).write_bytes(b"[" * 100_000)
    (folder.path / "notes.txt").write_bytes(b"foreign")
    (root / "holiday").mkdir()
    (root / "holiday" / "photo.jpg").write_bytes(b"foreign")
    (root / ".hidden_20240101_000000").mkdir()
    (root / f"print_x_{stamp}.json").write_bytes(b"\xff\xfe")
    (root / "print.json").write_bytes(b"null")
    assert shown(catalog.prints()) == ["part"]
    entry = catalog.get(folder.print_id)
    assert [each.layer for each in entry.iter_captures()] == list(LAYERS)


def test_a_symlink_leads_nowhere(catalog, keep, root, tmp_path):
    folder = keep()
    outside = tmp_path / "outside_20240101_000000"
    shutil.copytree(folder.path, outside)
    (root / outside.name).symlink_to(outside)
    entry = catalog.get(folder.print_id)
    picture = entry.pictures(0, 1).items[0]
    picture.path.unlink()
    picture.path.symlink_to(outside / picture.name)
    again = catalog.get(folder.print_id)
    assert picture.name not in [each.name for each in again.iter_pictures()]
    assert catalog.prints().total == 1
    with pytest.raises(UnknownPrint):
        catalog.get(key_of(outside.name))


def as_version_1(folder):
    """Takes away what the first version did not write."""
    for path in folder.path.iterdir():
        if "metadata" not in path.name:
            if path.name.startswith("print"):
                path.unlink()
            continue
        record = json.loads(path.read_bytes())
        record["schema_version"] = 1
        del record["conditions"]
        for image in record["images"]:
            for field in ("file", "sha256", "requested"):
                del image[field]
        path.write_text(json.dumps(record))


def test_prints_of_the_first_version_are_read(catalog, keep):
    folder = keep("parts/part.gcode")
    as_version_1(folder)
    entry = catalog.get(folder.print_id)
    assert (entry.name, entry.started) == ("part", STARTED)
    assert (entry.state, entry.record_path) == ("unknown", None)
    assert entry.counts.pictures == len(LAYERS) * PICTURES
    assert entry.pictures().items[0].path.is_file()


def test_records_with_only_the_documented_fields_make_one_print(catalog, keep, store):
    folder = keep()
    as_version_1(folder)
    keys = ("layer", "z_height", "timestamp", "gcode_file", "print_start_time", "images")
    for path in folder.path.glob("*metadata*"):
        record = json.loads(path.read_bytes())
        images = [
            {key: image[key] for key in ("path", "position", "index")}
            for image in record["images"]
        ]
        least = {key: record[key] for key in keys}
        least["settings"] = {
            key: record["settings"][key]
            for key in ("grid_spacing", "grid_center", "grid_size")
        }
        path.write_text(json.dumps({**least, "images": images}))
    (entry,) = catalog.prints().items
    assert entry.pictures().total == len(LAYERS) * PICTURES
    assert catalog.get(entry.print_id).key == entry.key


def test_a_copied_and_renamed_folder_is_a_print_of_its_own(new_store, begin, add, root):
    catalog = Catalog(new_store())
    folder = new_store().begin_print("part.gcode", STARTED)
    add(begin(folder))
    copy = root / "my favourite"
    shutil.copytree(folder.path, copy)
    page = catalog.prints()
    assert page.total == 2
    assert {entry.path for entry in page.items} == {folder.path, copy}
    renamed = catalog.get(key_of("my favourite"))
    assert renamed.pictures().items[0].path.parent == copy
    assert {entry.started for entry in page.items} == {STARTED}


def test_a_renamed_folder_keeps_its_turn(new_store, begin, add, root):
    store = new_store()
    for day in range(3):
        folder = store.begin_print(f"{day}.gcode", STARTED + 86400 * day)
        add(begin(folder))
        if day == 1:
            os.rename(folder.path, root / "renamed")
    assert shown(Catalog(store).prints()) == ["2", "1", "0"]


def test_pictures_without_any_json_are_still_a_print(new_store, root):
    folder = root / "half_20241201_143000"
    folder.mkdir(parents=True)
    (folder / "layer_0010_pos_00_20241201_143022.jpg").write_bytes(b"picture")
    (entry,) = Catalog(new_store()).prints().items
    assert (entry.name, entry.started, entry.state) == ("half", STARTED, "unknown")
    assert Catalog(new_store()).get(entry.print_id).key == entry.key
