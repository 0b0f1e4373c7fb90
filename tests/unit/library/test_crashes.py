"""The process dies at each of its calls to the system in turn; the disk is then read."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from octoprint_layercapture.library import Catalog, Place, Store, StoreError

CALLS = ("open", "fsync", "link", "replace", "rename", "unlink", "mkdir", "utime")
JPEG = b"start" + b"x" * 3000 + b"end"


class Crash(BaseException):
    """Nothing runs after it, as after a power cut: not even what cleans up."""


class Deadly:
    """The module ``os``, with the ``at``-th call of those that change a disk failing."""

    def __init__(self, monkeypatch, at, failure):
        self.calls = 0
        self.at = at
        self.failure = failure
        self.dead = False
        for name in CALLS:
            monkeypatch.setattr(os, name, self._watched(getattr(os, name)))

    def _watched(self, call):
        def watched(*args, **options):
            if self.dead:
                raise Crash
            self.calls += 1
            if self.calls == self.at:
                self.dead = isinstance(self.failure, Crash)
                raise self.failure
            return call(*args, **options)

        return watched


def one_print(store, begin, add):
    """Two captures of two pictures; gives how many pictures were kept."""
    kept = 0
    folder = store.begin_print("a.gcode", 1733063400)
    for layer in (10, 20):
        writer = begin(folder, layer=layer)
        for index in range(2):
            try:
                add(writer, index, jpeg=JPEG)
            except StoreError:
                continue
            kept += 1
        try:
            writer.finish()
        except StoreError:
            continue
    folder.finish("done", "done", 1733063500)
    return kept


def check(root: Path, uploads: Path) -> int:
    """Everything that can be seen is whole and agrees; gives the pictures named."""
    named = 0
    for path in root.rglob("*"):
        if not path.is_file() or path.name.startswith("."):
            continue
        data = path.read_bytes()
        if path.suffix == ".jpg":
            assert data == JPEG
            continue
        record = json.loads(data)
        for image in record.get("images", []):
            assert (path.parent / image["file"]).is_file()
            named += 1
    catalog = Catalog(Store(Place(uploads), sanitize=str))
    found = [p for entry in catalog.iter_prints() for p in entry.iter_pictures()]
    assert len(found) == named
    return named


@pytest.fixture(params=["folders", "flat"])
def new(request, new_store):
    return lambda: new_store(folder_per_print=request.param == "folders")


def count_calls(monkeypatch, new, begin, add, root):
    with monkeypatch.context() as patch:
        deadly = Deadly(patch, 0, Crash())
        one_print(new(), begin, add)
    shutil.rmtree(root)
    return deadly.calls


def test_a_crash_at_any_call_leaves_what_was_captured_readable(
    new, begin, add, root, uploads, monkeypatch
):
    calls = count_calls(monkeypatch, new, begin, add, root)
    assert calls > 50
    most = 0
    for at in range(1, calls + 1):
        with monkeypatch.context() as patch:
            Deadly(patch, at, Crash())
            with pytest.raises(Crash):
                one_print(new(), begin, add)
        named = check(root, uploads)
        assert named >= most
        most = named
        if root.exists():
            shutil.rmtree(root)
    assert most == 4


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_a_call_that_fails_costs_at_most_its_own_picture(
    new, begin, add, root, uploads, monkeypatch, number
):
    calls = count_calls(monkeypatch, new, begin, add, root)
    for at in range(1, calls + 1):
        with monkeypatch.context() as patch:
            Deadly(patch, at, OSError(number, os.strerror(number)))
            kept = one_print(new(), begin, add)
        assert kept >= 3
        assert check(root, uploads) == kept
        shutil.rmtree(root)
