from __future__ import annotations

import errno
import os

import pytest

from octoprint_layercapture.library.files import free_bytes, rewrite, write_new


def numbered(number):
    return f"name_{number}"


def no_hard_links(source, target):
    raise OSError(errno.EPERM, "no hard links here")


def names_in(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("link", [os.link, no_hard_links])
def test_nothing_is_ever_overwritten(tmp_path, link):
    for text in (b"first", b"second", b"third"):
        write_new(tmp_path, numbered, text, link=link)
    assert names_in(tmp_path) == ["name_1", "name_2", "name_3"]
    assert (tmp_path / "name_1").read_bytes() == b"first"
    assert (tmp_path / "name_3").read_bytes() == b"third"


@pytest.mark.parametrize("link", [os.link, no_hard_links])
def test_a_broken_link_or_a_folder_counts_as_a_name_that_is_taken(tmp_path, link):
    (tmp_path / "name_1").symlink_to(tmp_path / "nowhere")
    (tmp_path / "name_2").mkdir()
    assert write_new(tmp_path, numbered, b"x", link=link).name == "name_3"
    assert not (tmp_path / "nowhere").exists()


def test_a_new_file_can_be_read_by_whom_the_umask_lets(tmp_path):
    before = os.umask(0o027)
    try:
        new = write_new(tmp_path, numbered, b"x")
        rewrite(new, b"y")
    finally:
        os.umask(before)
    assert new.stat().st_mode & 0o777 == 0o640


def test_a_write_that_fails_leaves_nothing(tmp_path):
    def fail(source, target):
        raise OSError(errno.ENOSPC, "full")

    with pytest.raises(OSError):
        write_new(tmp_path, numbered, b"x", link=fail)
    assert names_in(tmp_path) == []


def test_a_rewrite_that_fails_leaves_the_old_file(tmp_path, small_files):
    path = write_new(tmp_path, numbered, b"old")
    with small_files(100), pytest.raises(OSError):
        rewrite(path, b"new" * 100)
    assert path.read_bytes() == b"old"
    assert names_in(tmp_path) == ["name_1"]


def test_only_hidden_names_are_seen_before_a_file_is_whole(tmp_path):
    seen = []

    def watch(source, target):
        seen.extend(names_in(tmp_path))
        seen.append(source.read_bytes())
        os.link(source, target)

    write_new(tmp_path, numbered, b"whole", link=watch)
    assert len(seen) == 2
    assert seen[0].startswith(".")
    assert seen[1] == b"whole"


def test_free_space_is_that_of_the_disk_a_folder_will_be_on(tmp_path):
    missing = tmp_path / "a" / "b"
    assert free_bytes(missing) > 0
    assert not missing.exists()
    (tmp_path / "a").write_bytes(b"a file")
    assert free_bytes(missing) > 0
