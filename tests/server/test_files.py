"""Pictures, JSON and thumbnails, fetched from a real server."""

from __future__ import annotations

import http.client
import io
import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from PIL import Image

from tests.server import captured, shelf
from tests.server.harness import OctoPrint

BASE = "/plugin/layercapture"


@pytest.fixture
def kept(octoprint: OctoPrint) -> shelf.Kept:
    return shelf.keep(captured.folder(octoprint))


@pytest.fixture
def picture(octoprint: OctoPrint, kept: shelf.Kept) -> dict[str, str]:
    """The first picture as the API tells of it."""
    found = octoprint.get(f"{BASE}/prints/{kept.folder.name}/pictures")["pictures"]
    first: dict[str, str] = found[0]
    return first


class Raw:
    """A client that does not tidy up the path of a request on its way."""

    def __init__(self, octoprint: OctoPrint) -> None:
        self._key = octoprint.api_key
        self._line = http.client.HTTPConnection(
            octoprint.host, octoprint.port, timeout=60
        )

    def request(self, path: str, method: str = "GET") -> tuple[int, bytes]:
        self._line.request(method, path, headers={"X-Api-Key": self._key})
        answer = self._line.getresponse()
        return answer.status, answer.read()

    def close(self) -> None:
        self._line.close()


@pytest.fixture
def raw(octoprint: OctoPrint) -> Iterator[Raw]:
    client = Raw(octoprint)
    yield client
    client.close()


def test_a_picture_comes_as_it_is_on_disk_and_may_be_kept_for_good(
    octoprint: OctoPrint, kept: shelf.Kept, picture: dict[str, str]
) -> None:
    answer = octoprint.request("GET", picture["url"])
    assert answer.status_code == 200
    assert answer.content == (kept.folder / picture["name"]).read_bytes()
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    cached = {part.strip() for part in answer.headers["Cache-Control"].split(",")}
    assert {"private", "immutable"} < cached
    assert answer.headers["ETag"]


def test_head_tells_of_a_picture_without_sending_it(
    octoprint: OctoPrint, picture: dict[str, str]
) -> None:
    answer = octoprint.request("HEAD", picture["url"])
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["Content-Length"] == str(picture["size"])


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [("bytes=0-9", 0, 10), ("bytes=100-", 100, None), ("bytes=-20", -20, None)],
)
def test_a_part_of_a_picture_is_sent_alone(
    octoprint: OctoPrint,
    kept: shelf.Kept,
    picture: dict[str, str],
    asked: str,
    start: int,
    end: int | None,
) -> None:
    answer = octoprint.request("GET", picture["url"], headers={"Range": asked})
    assert answer.status_code == 206
    whole = (kept.folder / picture["name"]).read_bytes()
    assert answer.content == whole[start:end]
    assert answer.headers["Content-Range"].endswith(f"/{len(whole)}")


def test_a_part_beyond_the_end_is_refused(
    octoprint: OctoPrint, picture: dict[str, str]
) -> None:
    answer = octoprint.request(
        "GET", picture["url"], headers={"Range": "bytes=99999999-"}
    )
    assert answer.status_code == 416


@pytest.mark.parametrize("what", ["url", "thumbnail"])
def test_what_the_browser_has_is_not_sent_again(
    octoprint: OctoPrint, picture: dict[str, str], what: str
) -> None:
    tag = octoprint.request("GET", picture[what]).headers["ETag"]
    again = octoprint.request("GET", picture[what], headers={"If-None-Match": tag})
    assert (again.status_code, again.content) == (304, b"")
    other = octoprint.request("GET", picture[what], headers={"If-None-Match": '"x"'})
    assert other.status_code == 200


def test_json_that_was_rewritten_within_the_second_is_sent_again(
    octoprint: OctoPrint, kept: shelf.Kept
) -> None:
    path = kept.folder / f"{kept.captures[0]}.json"
    url = f"{BASE}/files/{kept.folder.name}/{path.name}"
    first = octoprint.request("GET", url)
    assert first.json() == json.loads(path.read_text(encoding="utf-8"))
    assert first.headers["Content-Type"] == "application/json"
    assert "no-cache" in first.headers["Cache-Control"]
    seen = {
        "If-None-Match": first.headers["ETag"],
        "If-Modified-Since": first.headers["Last-Modified"],
    }
    assert octoprint.request("GET", url, headers=seen).status_code == 304
    about = path.stat()
    path.write_text(json.dumps({**first.json(), "more": 1}), encoding="utf-8")
    os.utime(path, ns=(about.st_atime_ns, about.st_mtime_ns + 1_000_000))
    assert octoprint.request("GET", url, headers=seen).json()["more"] == 1
    del seen["If-None-Match"]
    assert octoprint.request("GET", url, headers=seen).json()["more"] == 1


def test_thumbnails_and_covers_are_small_pictures_made_on_demand(
    octoprint: OctoPrint, picture: dict[str, str], kept: shelf.Kept
) -> None:
    cover = octoprint.get(f"{BASE}/prints")["prints"][0]["cover"]
    for url in (picture["thumbnail"], cover):
        answer = octoprint.request("GET", url)
        assert answer.status_code == 200, url
        with Image.open(io.BytesIO(answer.content)) as small:
            assert small.size == (320, 240)
        assert answer.headers["Content-Type"] == "image/jpeg"
        assert "private" in answer.headers["Cache-Control"]
    assert sorted(path.name for path in kept.folder.iterdir()) == sorted(
        [*kept.pictures, *(f"{key}.json" for key in kept.captures), "print.json"]
    )


def test_the_cover_follows_a_print_that_goes_on(
    octoprint: OctoPrint, kept: shelf.Kept
) -> None:
    url = octoprint.get(f"{BASE}/prints")["prints"][0]["cover"]
    first = octoprint.request("GET", url)
    assert "no-cache" in first.headers["Cache-Control"]
    shelf.keep(captured.folder(octoprint), layers=(21,), whole=False)
    seen = {"If-None-Match": first.headers["ETag"]}
    assert octoprint.request("GET", url, headers=seen).status_code == 200


def test_a_damaged_picture_has_no_thumbnail(
    octoprint: OctoPrint, picture: dict[str, str], kept: shelf.Kept
) -> None:
    (kept.folder / picture["name"]).write_bytes(b"\xff\xd8 no picture")
    for _ in range(2):
        answer = octoprint.request("GET", picture["thumbnail"])
        assert answer.status_code == 404
    assert octoprint.request("GET", picture["url"]).status_code == 200


FOREIGN = {
    "hidden": ".layer_0001_pos_00_20240101_000000.jpg",
    "temporary": ".layercapture-0123456789abcdef.tmp",
    "a picture of somebody else": "holiday.jpg",
    "JSON of somebody else": "notes.json",
    "a page": "layer_0001_pos_00_20240101_000000.html",
    "G-code": "part.gcode",
}


@pytest.mark.parametrize("name", FOREIGN.values(), ids=FOREIGN)
def test_what_is_not_ours_is_not_handed_out(
    raw: Raw, kept: shelf.Kept, name: str
) -> None:
    for folder in (kept.folder, kept.folder.parent):
        (folder / name).write_bytes(shelf.jpeg())
    for key in (kept.folder.name, "flat~", "flat~x", "."):
        for kind in ("files", "thumbnails"):
            status, _ = raw.request(f"{BASE}/{kind}/{key}/{name}")
            assert status == 404, (kind, key)


def dots(name: str) -> Iterator[str]:
    """Ways to say "the folder above" that somebody might fall for."""
    for up in ("..", "%2e%2e", "%2E.", ".%2e", "%252e%252e", "..%5c", "%c0%ae%c0%ae"):
        for slash in ("/", "%2f", "%2F", "%5c", "//", "/./"):
            yield f"{up}{slash}{name}"
            yield f"x{slash}{up}{slash}{name}"
    yield f"%00{name}"
    yield f"{name}%00"
    yield f"{name}/"
    yield f"/{name}"
    yield f"~{name}"


def test_no_spelling_of_a_path_leads_out(
    octoprint: OctoPrint, raw: Raw, kept: shelf.Kept
) -> None:
    secret = "layer_0001_pos_00_20240101_000000.jpg"
    content = shelf.jpeg(77)
    for place in (octoprint.base, octoprint.uploads):
        (place / secret).write_bytes(content)
    (octoprint.base / "print.json").write_text("{}", encoding="utf-8")
    try:
        for kind in ("files", "thumbnails", "covers"):
            for name in ("config.yaml", secret, "print.json"):
                for way in dots(name):
                    for key in (kept.folder.name, "flat~", "..", "%2e%2e", "Li4", "~Li4"):
                        status, body = raw.request(f"{BASE}/{kind}/{key}/{way}")
                        assert status in (400, 403, 404), f"{kind}/{key}/{way}"
                        assert content not in body
    finally:
        for place in (octoprint.base, octoprint.uploads):
            (place / secret).unlink()
        (octoprint.base / "print.json").unlink()


def test_symlinks_are_not_followed(octoprint: OctoPrint, kept: shelf.Kept) -> None:
    root = captured.folder(octoprint)
    outside = shelf.keep(octoprint.base / "elsewhere")
    name = "layer_0001_pos_00_20240101_000000.jpg"
    os.symlink(octoprint.base / "config.yaml", kept.folder / name)
    os.symlink(outside.folder, root / "linked_20241201_143000")
    os.symlink("../..", root / "up_20241201_143000")
    os.symlink(octoprint.base / "config.yaml", root / name)
    found = [
        (kept.folder.name, name),
        ("linked_20241201_143000", outside.pictures[0]),
        ("linked_20241201_143000", "print.json"),
        ("up_20241201_143000", "print.json"),
        ("flat~x", name),
    ]
    for key, file in found:
        for kind in ("files", "thumbnails"):
            answer = octoprint.request("GET", f"{BASE}/{kind}/{key}/{file}")
            assert answer.status_code == 404, (kind, key, file)
        assert octoprint.request("GET", f"{BASE}/covers/{key}").status_code in (200, 404)
    keys = [each["key"] for each in octoprint.get(f"{BASE}/prints")["prints"]]
    assert keys == [kept.folder.name]


NAMES = {
    "unicode": "Würfel 立方体_20241201_143000",
    "dots": "a..b..._20241201_143000",
    "quotes": 'it\'s "so" <b>&amp;#?%41_20241201_143000',
    "tilde": "~root_20241201_143000",
    "spaces": " two  spaces _20241201_143000",
    "backslash": "a\\b_20241201_143000",
}


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_prints_of_any_name_are_reached_by_their_urls(
    octoprint: OctoPrint, name: str
) -> None:
    kept = shelf.keep(captured.folder(octoprint), folder=name, cameras=("a", "Küche #2"))
    (shown,) = octoprint.get(f"{BASE}/prints")["prints"]
    assert octoprint.get(f"{BASE}/prints/{shown['key']}")["print_id"] == kept.print_id
    found = octoprint.get(f"{BASE}/prints/{shown['key']}/pictures")
    assert [each["name"] for each in found["pictures"]] == kept.pictures
    for each in found["pictures"]:
        content = octoprint.request("GET", each["url"]).content
        assert content == (kept.folder / each["name"]).read_bytes()
        assert octoprint.request("GET", each["thumbnail"]).status_code == 200
    assert octoprint.request("GET", shown["cover"]).status_code == 200


def test_the_flat_layout_is_served_too(octoprint: OctoPrint) -> None:
    root = captured.folder(octoprint)
    kept = shelf.keep(root, flat=True)
    (shown,) = octoprint.get(f"{BASE}/prints")["prints"]
    whole = octoprint.get(f"{BASE}/prints/{shown['key']}")
    for url in (whole["json"], whole["cover"]):
        assert octoprint.request("GET", url).status_code == 200, url
    for each in octoprint.get(f"{BASE}/prints/{shown['key']}/pictures")["pictures"]:
        content = octoprint.request("GET", each["url"]).content
        assert content == (root / each["name"]).read_bytes()
    assert len(kept.pictures) == 6


def test_another_folder_is_served_as_soon_as_it_is_chosen(
    octoprint: OctoPrint, kept: shelf.Kept, tmp_path: Path
) -> None:
    other = tmp_path / "usb"
    octoprint.configure(files={"folder": str(other)})
    there = shelf.keep(other, folder="other_20241202_143000")
    key, name = there.folder.name, there.pictures[0]
    answer = octoprint.request("GET", f"{BASE}/files/{key}/{name}")
    assert answer.content == (there.folder / name).read_bytes()
    gone = f"{BASE}/files/{kept.folder.name}/{kept.pictures[0]}"
    assert octoprint.request("GET", gone).status_code == 404
    octoprint.configure(files={"folder": ""})
    assert octoprint.request("GET", gone).status_code == 200


def test_a_symlink_to_the_whole_library_is_the_users_own_affair(
    octoprint: OctoPrint, tmp_path: Path
) -> None:
    there = shelf.keep(tmp_path / "real")
    os.symlink(tmp_path / "real", captured.folder(octoprint))
    try:
        name = there.pictures[0]
        answer = octoprint.request("GET", f"{BASE}/files/{there.folder.name}/{name}")
        assert answer.content == (there.folder / name).read_bytes()
    finally:
        captured.folder(octoprint).unlink()


def test_files_are_only_read(octoprint: OctoPrint, picture: dict[str, str]) -> None:
    for method in ("POST", "PUT", "DELETE", "PATCH"):
        answer = octoprint.request(method, picture["url"])
        assert answer.status_code == 405, method
    assert requests.get(octoprint.url + picture["url"], timeout=60).status_code == 403
