from __future__ import annotations

import io
import os
import struct
import zipfile
import zlib

import pytest

from octoprint_layercapture.library import zipformat
from octoprint_layercapture.library.archive import (
    Abandoned,
    Archive,
    Changed,
    zip_stream,
)
from octoprint_layercapture.library.export import Member

WHEN = 1733063423.0
SIZES = (0, 1, 1000, 300_000, 700_001)


def text_member(name, content=b'{"layer": 10}\n'):
    return Member(name, len(content), WHEN, lambda: io.BytesIO(content))


@pytest.fixture
def picture_member(tmp_path):
    def make(name, size):
        path = tmp_path / name.replace("/", "_")
        path.write_bytes(os.urandom(size))
        return Member(name, size, WHEN, lambda: open(path, "rb"), path)

    return make


@pytest.fixture
def members(picture_member):
    """Pictures of several sizes with JSON between them."""
    found = []
    for number, size in enumerate(SIZES):
        found.append(picture_member(f"Würfel 立方体/{number}.jpg", size))
        found.append(text_member(f"Würfel 立方体/{number}.json", b"x" * size))
    return found


def whole(archive):
    return b"".join(archive.pieces())


def test_the_length_is_known_before_anything_is_read(members):
    with Archive(members) as archive:
        assert archive.size == len(whole(archive))
        assert (archive.files, archive.pictures) == (2 * len(SIZES), len(SIZES))


def test_an_empty_archive_is_one():
    with Archive([]) as archive:
        assert zipfile.ZipFile(io.BytesIO(whole(archive))).namelist() == []
        assert archive.size == len(whole(archive))


def test_pythons_own_reader_finds_everything_as_it_was(members):
    with Archive(members) as archive:
        made = zipfile.ZipFile(io.BytesIO(whole(archive)))
    assert made.testzip() is None
    for member in members:
        with member.open() as content:
            assert made.read(member.name) == content.read()
        assert made.getinfo(member.name).date_time[:2] == (2024, 12)
        assert made.getinfo(member.name).external_attr >> 16 == 0o100644


def test_it_can_be_read_from_front_to_back(members):
    with Archive(members) as archive:
        left = whole(archive)
    for member in members:
        head = struct.unpack("<4s5H3L2H", left[:30])
        crc, size, name_length, extra_length = head[6], head[8], *head[9:]
        name, left = left[30 : 30 + name_length], left[30 + name_length + extra_length :]
        content, left = left[:size], left[size:]
        assert name.decode("utf-8") == member.name
        assert size == member.size
        assert crc == zlib.crc32(content)
    assert left.startswith(b"PK\1\2")


def test_every_part_is_the_same_bytes_as_in_the_whole(members):
    with Archive(members) as archive:
        data = whole(archive)
        places = [0, 1, 29, 30, 500, 262_144, len(data) // 2]
        places += [len(data) - n for n in (1, 22, 23, 400)]
        for start in places:
            for end in (start + 1, start + 77, (start + len(data)) // 2, len(data)):
                end = min(end, len(data))
                assert b"".join(archive.pieces(start, end)) == data[start:end]


def test_the_end_alone_has_the_checksums_of_all_files(members):
    with Archive(members) as archive:
        data = whole(archive)
    with Archive(members) as archive:
        assert b"".join(archive.pieces(len(data) - 600)) == data[-600:]


def test_the_same_files_make_the_same_archive_and_others_another(members, picture_member):
    with Archive(members) as first, Archive(members) as again:
        assert first.etag == again.etag
        assert whole(first) == whole(again)
    for others in (
        members[:-1],
        [*members[:-1], text_member(members[-1].name, b"y" * SIZES[-1])],
        [*members, picture_member("more.jpg", 5)],
    ):
        with Archive(others) as other:
            assert other.etag != first.etag


def test_a_picture_that_goes_or_changes_breaks_the_archive_off(members):
    for spoil in (os.unlink, lambda path: path.write_bytes(b"other")):
        with Archive(members) as archive:
            pieces = archive.pieces()
            got = next(pieces)
            spoil(members[-2].path)
            with pytest.raises(Changed, match="4.jpg"):
                for piece in pieces:
                    got += piece
        assert len(got) < archive.size


def test_without_a_promised_length_files_that_go_are_left_out(members):
    lost = members[2]

    def going():
        yield from members
        lost.path.unlink()

    seen = []
    data = b"".join(zip_stream(going(), seen.append))
    made = zipfile.ZipFile(io.BytesIO(data))
    assert made.testzip() is None
    assert made.namelist() == [m.name for m in members if m is not lost]
    assert seen.count(True) == len(SIZES) - 1


def test_no_file_stays_open_between_two_pieces(members, picture_member):
    large = picture_member("large.jpg", 3_000_000)
    with Archive([large, *members]) as archive:
        before = set(os.listdir("/proc/self/fd"))
        pieces = archive.pieces()
        for _ in range(3):
            next(pieces)
            assert set(os.listdir("/proc/self/fd")) == before


def test_temporary_files_are_gone_once_it_is_closed(tmp_path):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    before = len(os.listdir("/proc/self/fd"))
    content = b"z" * 3_000_000
    with Archive([text_member("a.csv", content)], scratch) as archive:
        assert len(os.listdir("/proc/self/fd")) > before
        assert zipfile.ZipFile(io.BytesIO(whole(archive))).read("a.csv") == content
    assert len(os.listdir("/proc/self/fd")) == before
    assert list(scratch.iterdir()) == []


def test_it_gives_up_where_nobody_wants_it(members):
    asked = []

    def unwanted():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(Abandoned):
        Archive(members, unwanted=unwanted)
    assert len(asked) == 4


def test_more_files_than_the_old_format_counts():
    many = zipformat.MOST_16 + 5
    with Archive(text_member(f"{n}.json", b"p") for n in range(many)) as archive:
        data = whole(archive)
        assert archive.size == len(data)
    made = zipfile.ZipFile(io.BytesIO(data))
    assert len(made.namelist()) == many
    assert made.read(f"{many - 1}.json") == b"p"


class Tail(io.RawIOBase):
    """A large file of which only the end is there."""

    def __init__(self, begin, content):
        self.begin, self.content, self.at = begin, content, 0

    def seekable(self):
        return True

    def seek(self, offset, whence=0):
        base = {0: 0, 1: self.at, 2: self.begin + len(self.content)}[whence]
        self.at = base + offset
        return self.at

    def tell(self):
        return self.at

    def read(self, size=-1):
        start = self.at - self.begin
        assert start >= 0
        data = self.content[start : len(self.content) if size < 0 else start + size]
        self.at += len(data)
        return data


@pytest.mark.parametrize("begin", [4_400_000_000, zipformat.MOST_32, 1 << 40])
def test_archives_beyond_four_gigabytes(begin):
    first, last = (b"a.jpg", 5_000_000_000, 7, WHEN), (b"b.json", 4, zlib.crc32(b"last"))
    content = zipformat.local_header(*last, WHEN) + b"last"
    at = begin + len(content)
    lines = zipformat.central_header(*first, 0)
    lines += zipformat.central_header(*last, WHEN, begin)
    content += lines + zipformat.ending(2, len(lines), at)
    made = zipfile.ZipFile(Tail(begin, content))
    assert made.namelist() == ["a.jpg", "b.json"]
    assert made.read("b.json") == b"last"
    assert made.getinfo("b.json").header_offset == begin
    assert made.getinfo("a.jpg").file_size == 5_000_000_000


@pytest.mark.parametrize("size", [zipformat.MOST_32 - 1, zipformat.MOST_32, 1 << 33])
def test_a_file_too_large_for_the_old_format_is_described_in_the_new(size):
    header = zipformat.local_header(b"a.csv", size, zlib.crc32(b""), WHEN)
    assert zipformat.local_length(b"a.csv", size) == len(header)
    assert (size.to_bytes(8, "little") in header) is (size >= zipformat.MOST_32)


@pytest.mark.parametrize("when", [0, -5.0, 1e18, float("nan"), 4354819200 + 9e8])
def test_times_that_the_format_cannot_say_are_its_first(when):
    made = b"".join(zip_stream([Member("a", 0, when, io.BytesIO)]))
    (info,) = zipfile.ZipFile(io.BytesIO(made)).infolist()
    assert info.date_time == (1980, 1, 1, 0, 0, 0)
