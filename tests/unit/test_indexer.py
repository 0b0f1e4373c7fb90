"""Indexing in the background: one file wanted at a time, told of, given up in time."""

from __future__ import annotations

import os
import threading

import pytest

from octoprint_layercapture.gcode import Abandoned, LayerIndex
from octoprint_layercapture.indexer import Indexer


class Reader:
    """Indexing that goes on piece by piece, as the test lets it."""

    def __init__(self):
        self.read = []
        self.entered = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, path, min_height, *, progress):
        self.read.append(path)
        self.entered.set()
        assert self.go_on.wait(10)
        progress(0.5)
        return LayerIndex(slicer="some")


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "one.gcode"
    path.write_text("G1 X1\n")
    return str(path)


@pytest.fixture
def reader():
    return Reader()


@pytest.fixture
def indexer(reader):
    indexer = Indexer(reader, lambda path, fraction: None)
    yield indexer
    reader.go_on.set()
    indexer.shutdown()


def test_the_same_file_is_read_once_while_it_is_being_read(indexer, reader, file):
    first = indexer.request(file, 0.05)
    assert reader.entered.wait(10)
    assert indexer.request(file, 0.05) is first
    reader.go_on.set()
    assert first.result(10).layers.slicer == "some"
    assert reader.read == [file]


def test_another_file_makes_the_one_under_way_unwanted(indexer, reader, file, tmp_path):
    other = tmp_path / "two.gcode"
    other.write_text("G1 X2\n")
    first = indexer.request(file, 0.05)
    assert reader.entered.wait(10)
    second = indexer.request(str(other), 0.05)
    reader.go_on.set()
    with pytest.raises(Abandoned):
        first.result(10)
    assert second.result(10).path == str(other)


def test_a_file_nobody_wants_any_more_is_given_up(indexer, reader, file):
    future = indexer.request(file, 0.05)
    assert reader.entered.wait(10)
    indexer.abandon()
    reader.go_on.set()
    with pytest.raises(Abandoned):
        future.result(10)


def test_a_file_that_is_gone_is_an_error_of_its_future(indexer, reader, tmp_path):
    with pytest.raises(OSError):
        indexer.request(str(tmp_path / "gone.gcode"), 0.05).result(10)


def test_a_file_that_changed_or_vanished_says_so(indexer, reader, file):
    reader.go_on.set()
    indexed = indexer.request(file, 0.05).result(10)
    assert indexed.changed() is None
    with open(file, "a") as more:
        more.write("G1 X3\n")
    assert "was changed" in str(indexed.changed())
    os.unlink(file)
    assert "no longer there" in str(indexed.changed())
