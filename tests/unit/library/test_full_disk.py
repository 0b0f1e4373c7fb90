"""A print on a disk that fills up, and on which somebody makes room."""

from __future__ import annotations

import json

import pytest

from octoprint_layercapture.library import Catalog, StoreError
from octoprint_layercapture.library.space import Guard

ROOM = 200_000
FLOOR = 50_000
STARTED = 1733063400.0


def used(root):
    return sum(path.stat().st_size for path in root.rglob("*") if path.is_file())


@pytest.fixture
def store(new_store, root):
    """A disk of which others use nothing, so that all room is ours or free."""
    return new_store(floor=FLOOR, free=lambda folder: ROOM - used(root))


@pytest.fixture
def capture(store, begin, add):
    """Keeps what there is room for of a capture of four pictures; how many that was."""

    def keep(folder, layer):
        writer = begin(folder, layer=layer, started=STARTED + layer)
        kept = 0
        for index in range(4):
            try:
                add(writer, index, jpeg=b"x" * 10_000, taken_at=STARTED + layer)
                kept += 1
            except StoreError as error:
                assert "to make room" in str(error)
                writer.add_failure(index=index, position=(0, 0), reason=str(error))
        writer.finish()
        return kept

    return keep


def whole(root):
    """What JSON names, which must be what is there."""
    named, there = set(), set()
    for path in root.rglob("*"):
        assert not path.name.endswith(".tmp")
        if path.name.startswith("layer_") and path.suffix == ".json":
            images = json.loads(path.read_bytes())["images"]
            named |= {str(path.parent / image["file"]) for image in images}
        elif path.suffix == ".jpg":
            assert path.stat().st_size == 10_000
            there.add(str(path))
    assert named == there
    return len(there)


def test_a_disk_fills_up_to_its_floor_and_everything_kept_is_whole(store, root, capture):
    folder = store.begin_print("part.gcode", STARTED)
    guard = Guard(store.check, root)
    kept = []
    for layer in range(1, 40):
        if guard.trouble() is not None:
            break
        kept.append(capture(folder, layer))
    folder.finish("done", "done", STARTED + 900)
    assert kept[:-1] == [4] * (len(kept) - 1)
    assert whole(root) == sum(kept) > 8
    # pictures stop at the floor; only JSON may go below it
    assert sum(kept) * 10_000 <= ROOM - FLOOR
    (entry,) = Catalog(store).iter_prints()
    assert (entry.state, entry.counts.pictures) == ("done", sum(kept))


def test_captures_go_on_once_there_is_room_again(store, root, capture):
    old = store.begin_print("old.gcode", STARTED - 9000)
    for layer in range(1, 3):
        capture(old, layer)
    old.finish("done", "done", STARTED - 8000)
    folder = store.begin_print("part.gcode", STARTED)
    catalog = Catalog(store, running=lambda: folder.print_id)
    guard = Guard(store.check, root)
    layer = 1
    while guard.trouble() is None:
        capture(folder, layer)
        layer += 1
    before = whole(root)
    (key,) = [entry.key for entry in catalog.iter_prints() if entry.name == "old"]
    assert catalog.delete_print(key) > 80_000
    assert guard.trouble() is None
    assert capture(folder, layer) == 4
    assert whole(root) == before - 8 + 4
