"""Indexes kept on disk."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from octoprint_layercapture.gcode import GcodeError, LayerIndex, cache, index
from octoprint_layercapture.gcode.cache import IndexCache

OWN = Path(__file__).parents[2] / "fixtures" / "gcode"


@pytest.fixture
def path(tmp_path: Path) -> str:
    path = tmp_path / "print.gcode"
    path.write_bytes((OWN / "prusa-relative.gcode").read_bytes())
    return str(path)


@pytest.fixture
def kept(tmp_path: Path) -> IndexCache:
    return IndexCache(tmp_path / "below" / "cache")


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths that were read rather than taken from the cache."""
    paths: list[str] = []

    def counted(path: str, **options: object) -> LayerIndex:
        paths.append(path)
        return index(path, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(cache, "index", counted)
    return paths


def test_a_file_is_read_once_and_comes_out_the_same(
    kept: IndexCache, path: str, reads: list[str]
) -> None:
    assert kept.get(path) is None
    first = kept.index(path)
    assert kept.index(path) == kept.get(path) == first
    assert reads == [path]
    assert len(first.layers) == 14


def test_another_least_height_is_another_index(
    kept: IndexCache, path: str, reads: list[str]
) -> None:
    kept.index(path, 0.05)
    kept.index(path, 0.3)
    assert len(reads) == 2


def test_a_file_that_changed_is_read_again(
    kept: IndexCache, path: str, reads: list[str]
) -> None:
    kept.index(path)
    os.utime(path, (1, 1))
    kept.index(path)
    with open(path, "a") as file:
        file.write(";\n")
    os.utime(path, (1, 1))
    kept.index(path)
    assert len(reads) == 3


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        "null",
        '{"key": 1}',
        '{"key": {}, "index": {"layers": [{}]}}',
        "\x00",
    ],
)
def test_a_damaged_cache_is_a_miss(
    kept: IndexCache, path: str, tmp_path: Path, reads: list[str], content: str
) -> None:
    kept.index(path)
    (entry,) = (tmp_path / "below" / "cache").iterdir()
    entry.write_text(content)
    assert kept.get(path) is None
    kept.index(path)
    assert kept.get(path) is not None
    assert len(reads) == 2


def test_layers_that_are_not_whole_are_a_miss(
    kept: IndexCache, path: str, tmp_path: Path
) -> None:
    kept.index(path)
    (entry,) = (tmp_path / "below" / "cache").iterdir()
    entry.write_text(entry.read_text().replace('"capture_pos"', '"pos"'))
    assert kept.get(path) is None


def test_a_cache_of_another_version_is_a_miss(
    kept: IndexCache, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept.index(path)
    monkeypatch.setattr(cache, "VERSION", cache.VERSION + 1)
    assert kept.get(path) is None


def test_a_folder_that_cannot_be_made_only_costs_the_cache(
    tmp_path: Path, path: str
) -> None:
    (tmp_path / "file").write_text("")
    kept = IndexCache(tmp_path / "file" / "cache")
    assert len(kept.index(path).layers) == 14
    assert kept.get(path) is None


def test_the_folder_does_not_grow_for_ever(
    kept: IndexCache, path: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cache, "_MOST", 2)
    for height in (0.01, 0.02, 0.03, 0.04):
        kept.index(path, height)
    assert len(list((tmp_path / "below" / "cache").iterdir())) == 2


def test_a_missing_file_is_an_error_and_leaves_nothing(
    kept: IndexCache, tmp_path: Path
) -> None:
    with pytest.raises(GcodeError):
        kept.index(str(tmp_path / "none.gcode"))
    assert not (tmp_path / "below").exists()


def test_a_file_that_vanished_is_no_longer_in_the_cache(
    kept: IndexCache, path: str
) -> None:
    kept.index(path)
    os.unlink(path)
    assert kept.get(path) is None
