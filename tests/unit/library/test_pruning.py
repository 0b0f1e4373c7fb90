from __future__ import annotations

import pytest

from octoprint_layercapture.library import Catalog, StoreError
from octoprint_layercapture.library.pruning import DAY, prune

NOW = 1733063400.0


@pytest.fixture(params=["folders", "flat"])
def store(request, new_store):
    return new_store(folder_per_print=request.param == "folders")


@pytest.fixture
def keep(store, begin, add):
    def keep_print(name, days, size=1000, ended=True):
        """A print that ended so many days ago."""
        started = NOW - days * DAY
        folder = store.begin_print(f"{name}.gcode", started)
        writer = begin(folder, started=started)
        add(writer, jpeg=b"x" * size, taken_at=started)
        writer.finish()
        if ended:
            folder.finish("done", "done", started)
        return folder

    return keep_print


def left(store):
    return [entry.name for entry in Catalog(store).prints().items]


def test_without_limits_everything_stays(store, keep):
    keep("a", 10_000)
    assert prune(Catalog(store), NOW).names == []
    assert left(store) == ["a"]


def test_prints_past_the_age_go(store, keep):
    for name, days in (("a", 31), ("b", 30.5), ("c", 29)):
        keep(name, days)
    pruned = prune(Catalog(store), NOW, max_age=30 * DAY)
    assert pruned.names == ["a", "b"]
    assert pruned.freed > 2000
    assert left(store) == ["c"]


def test_interrupted_prints_grow_old_as_well(store, keep):
    keep("a", 31, ended=False)
    prune(Catalog(store), NOW, max_age=30 * DAY)
    assert left(store) == []


def test_the_oldest_go_until_the_rest_fits(store, keep):
    for name, days in (("a", 4), ("b", 3), ("c", 2), ("d", 1)):
        keep(name, days, size=100_000)
    pruned = prune(Catalog(store), NOW, max_total=250_000)
    assert pruned.names == ["a", "b"]
    assert left(store) == ["d", "c"]


def test_the_newest_print_stays_though_it_alone_is_too_large(store, keep):
    keep("a", 2)
    keep("b", 1, size=100_000)
    assert prune(Catalog(store), NOW, max_total=50_000).names == ["a"]
    assert left(store) == ["b"]


def test_the_print_under_way_stays_though_it_is_the_oldest(store, keep):
    running = keep("running", 40, size=100_000, ended=False)
    keep("b", 35, size=100_000)
    catalog = Catalog(store, running=lambda: running.print_id)
    prune(catalog, NOW, max_age=30 * DAY, max_total=1)
    assert left(store) == ["running"]


def test_a_print_of_before_the_clock_was_set_is_not_old(store, keep):
    keep("a", NOW / DAY - 1)
    assert prune(Catalog(store), NOW, max_age=30 * DAY).names == []


def test_what_others_put_there_stays(store, keep, root):
    folder = keep("a", 40)
    (folder.path / "notes.txt").write_bytes(b"mine")
    (root / "old").mkdir()
    (root / "old" / "photo.jpg").write_bytes(b"mine")
    prune(Catalog(store), NOW, max_age=DAY, max_total=1)
    assert left(store) == []
    assert (folder.path / "notes.txt").is_file()
    assert (root / "old" / "photo.jpg").is_file()


def test_one_print_that_cannot_be_deleted_does_not_keep_the_others(
    store, keep, monkeypatch
):
    for name, days in (("a", 40), ("b", 39)):
        keep(name, days)
    catalog = Catalog(store)
    delete = catalog.delete_print

    def refuse(key):
        if catalog.get(key).name == "a":
            raise StoreError("no")
        return delete(key)

    monkeypatch.setattr(catalog, "delete_print", refuse)
    pruned = prune(catalog, NOW, max_age=DAY)
    assert pruned.names == ["b"]
    assert str(pruned.trouble) == "no"
