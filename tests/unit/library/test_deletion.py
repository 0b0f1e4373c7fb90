from __future__ import annotations

import json
import os
import time

import pytest

from octoprint_layercapture.library import (
    Catalog,
    PrintRunning,
    StoreError,
    UnknownFile,
    UnknownPrint,
)

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
PICTURES = 3


@pytest.fixture(params=["folders", "flat"])
def store(request, new_store):
    return new_store(folder_per_print=request.param == "folders")


@pytest.fixture
def removed():
    return []


@pytest.fixture
def catalog(store, removed):
    return Catalog(store, removed=removed.append)


@pytest.fixture
def keep(store, begin, add):
    def keep_print(file="part.gcode", started=STARTED):
        folder = store.begin_print(file, started)
        for layer in (10, 20):
            writer = begin(folder, layer=layer, started=started + layer)
            for index in range(PICTURES):
                add(writer, index, taken_at=started + layer + 1)
            writer.finish()
        return folder

    return keep_print


def files_in(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def assert_json_names_only_files_that_exist(root):
    for path in root.rglob("layer_*.json"):
        for image in json.loads(path.read_bytes())["images"]:
            assert (path.parent / image["file"]).is_file()


def test_a_deleted_print_leaves_nothing_and_the_other_print_stays(
    catalog, keep, root, removed
):
    other = keep("other.gcode", STARTED + 86400)
    before = files_in(root)
    folder = keep()
    mine = set(files_in(root)) - set(before)
    size = sum(path.stat().st_size for path in mine)
    assert catalog.delete_print(folder.print_id) == size
    assert files_in(root) == before
    assert set(removed) == mine
    assert other.path.is_dir()
    with pytest.raises(UnknownPrint):
        catalog.get(folder.print_id)


def test_foreign_files_and_their_folder_stay(catalog, keep, root):
    folder = keep()
    notes = folder.path / "notes.txt"
    near = folder.path / "layer_0010_pos_00_20241201_143011.jpg.txt"
    for path in (notes, near):
        path.write_bytes(b"mine")
    catalog.delete_print(folder.print_id)
    assert files_in(root) == sorted([notes, near])


def test_a_symlink_is_neither_followed_nor_deleted(catalog, keep, root, tmp_path):
    folder = keep()
    outside = tmp_path / "outside.jpg"
    outside.write_bytes(b"not ours")
    link = folder.path / "layer_0010_pos_09_20241201_143011.jpg"
    link.symlink_to(outside)
    catalog.delete_print(folder.print_id)
    assert outside.read_bytes() == b"not ours"
    assert link.is_symlink()


def test_json_that_names_files_elsewhere_deletes_none_of_them(catalog, keep, uploads):
    folder = keep()
    victim = uploads / "model.gcode"
    victim.write_bytes(b"G28")
    for path in folder.path.glob("layer_*.json"):
        record = json.loads(path.read_bytes())
        for image in record["images"]:
            image["path"] = "/uploads/model.gcode"
            image["file"] = "../../model.gcode"
        path.write_text(json.dumps(record))
    catalog.delete_print(folder.print_id)
    assert victim.is_file()


def test_a_deleted_capture_takes_its_pictures_along(catalog, keep, root):
    folder = keep()
    entry = catalog.get(folder.print_id)
    first, second = entry.captures().items
    catalog.delete_capture(entry.key, first.key)
    entry = catalog.get(folder.print_id)
    assert [each.key for each in entry.captures().items] == [second.key]
    assert entry.counts.pictures == PICTURES
    assert len([path for path in files_in(root) if path.suffix == ".jpg"]) == PICTURES
    assert_json_names_only_files_that_exist(root)


def test_a_deleted_picture_is_no_longer_named(catalog, keep, root, removed):
    folder = keep()
    entry = catalog.get(folder.print_id)
    picture = entry.pictures(1, 1).items[0]
    size = picture.path.stat().st_size
    assert catalog.delete_picture(entry.key, picture.name) == size
    assert removed == [picture.path]
    left = [each.index for each in catalog.get(entry.key).iter_pictures(layer=10)]
    assert left == [0, 2]
    assert_json_names_only_files_that_exist(root)
    with pytest.raises(UnknownFile):
        catalog.delete_picture(entry.key, picture.name)


def test_fields_of_later_versions_survive_a_deletion(catalog, keep):
    folder = keep()
    entry = catalog.get(folder.print_id)
    capture = entry.captures().items[0]
    record = json.loads(capture.path.read_bytes())
    record["weather"] = "sunny"
    record["schema_version"] = 99
    record["images"][1]["mood"] = "calm"
    capture.path.write_text(json.dumps(record))
    catalog.delete_picture(entry.key, record["images"][0]["file"])
    again = json.loads(capture.path.read_bytes())
    assert (again["weather"], again["schema_version"]) == ("sunny", 99)
    assert again["images"][0]["mood"] == "calm"


def test_the_print_under_way_stays(store, keep):
    folder = keep()
    catalog = Catalog(store, running=lambda: folder.print_id)
    entry = catalog.get(folder.print_id)
    before = files_in(folder.path)
    picture = entry.pictures().items[0]
    for delete in (
        lambda: catalog.delete_print(entry.key),
        lambda: catalog.delete_capture(entry.key, picture.capture.key),
        lambda: catalog.delete_picture(entry.key, picture.name),
    ):
        with pytest.raises(PrintRunning):
            delete()
    assert files_in(folder.path) == before


@pytest.mark.parametrize("removals", range(8))
def test_a_crash_while_deleting_leaves_no_json_that_names_what_is_gone(
    store, keep, root, removals
):
    class Crash(BaseException):
        pass

    left = [removals]

    def crash(path):
        if not left[0]:
            raise Crash
        left[0] -= 1

    folder = keep()
    with pytest.raises(Crash):
        Catalog(store, removed=crash).delete_print(folder.print_id)
    assert_json_names_only_files_that_exist(root)
    with_crash = Catalog(store)
    for entry in with_crash.prints().items:
        with_crash.delete_print(entry.key)
    if store.folder_per_print:
        assert files_in(root) == []


def test_where_a_picture_cannot_be_deleted_its_json_still_names_it(
    catalog, keep, monkeypatch
):
    folder = keep()
    entry = catalog.get(folder.print_id)
    picture = entry.pictures().items[0]
    unlink = os.unlink

    def refuse(path, **options):
        if str(path).endswith(picture.name):
            raise PermissionError(13, "no")
        unlink(path, **options)

    monkeypatch.setattr(os, "unlink", refuse)
    with pytest.raises(StoreError):
        catalog.delete_picture(entry.key, picture.name)
    assert catalog.get(entry.key).picture(picture.name).path.is_file()
