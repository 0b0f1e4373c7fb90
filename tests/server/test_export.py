"""Prints downloaded as archives from a real server."""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Iterator

import psutil
import pytest
import requests

from tests.contract import Contract
from tests.server import captured, jobs, shelf
from tests.server.captured import FAST, SMALL_GRID
from tests.server.harness import OctoPrint
from tests.server.snapshots import SnapshotServer
from tests.server.waiting import wait_until

CONTRACT = Contract()
BASE = CONTRACT.base
LARGE = 20_000_000
FLAT = 60_000_000  # bytes by which the server may grow whatever it sends


def ask(octoprint: OctoPrint, path: str, **options: object) -> requests.Response:
    """An answer that was held against its description."""
    answer = octoprint.request("GET", BASE + path, **options)
    kind = answer.headers.get("Content-Type", "")
    body = answer.json() if kind.startswith("application/json") else None
    CONTRACT.check("GET", BASE + path, answer.status_code, kind, body)
    return answer


def opened(answer: requests.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Length"] == str(len(answer.content))
    made = zipfile.ZipFile(io.BytesIO(answer.content))
    assert made.testzip() is None
    return made


def hollow(octoprint: OctoPrint, pictures: int) -> shelf.Kept:
    """A print of large pictures that are full of holes, so that they take no room."""
    kept = shelf.keep(captured.folder(octoprint), columns=pictures // 2)
    for name in kept.pictures:
        with open(kept.folder / name, "wb") as file:
            file.truncate(LARGE)
    return kept


def taken(answer: requests.Response) -> Iterator[int]:
    """How many bytes come, piece by piece."""
    for piece in answer.iter_content(1 << 20):
        yield len(piece)


def test_a_print_that_was_made_comes_as_it_is_on_disk(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    octoprint.print_gcode(jobs.tower(4), name="Würfel 立方体.gcode")
    (shown,) = octoprint.get(f"{BASE}/prints")["prints"]
    answer = ask(octoprint, f"/export/{shown['key']}.zip")
    made = opened(answer)
    (folder,) = captured.folder(octoprint).iterdir()
    files = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert {name.rpartition("/")[2] for name in made.namelist()} == set(files)
    for name in made.namelist():
        content = made.read(name)
        file = name.rpartition("/")[2]
        if file.endswith(".jpg"):
            assert content == files[file]
        else:
            assert json.loads(content) == json.loads(files[file])
    named = answer.headers["Content-Disposition"].partition("UTF-8''")[2]
    assert requests.utils.unquote(named) == f"{folder.name}.zip"
    again = ask(
        octoprint,
        f"/export/{shown['key']}.zip",
        headers={"Range": "bytes=500-", "If-Range": answer.headers["ETag"]},
    )
    assert (again.status_code, again.content) == (206, answer.content[500:])


def test_a_print_under_way_can_be_downloaded_as_far_as_it_is(
    octoprint: OctoPrint, camera: SnapshotServer
) -> None:
    octoprint.configure(**FAST, grid=SMALL_GRID)
    job = octoprint.begin_gcode(jobs.tower(40))
    job.wait_for_message("capture_finished", layer=2)
    (shown,) = octoprint.get(f"{BASE}/prints")["prints"]
    made = opened(ask(octoprint, f"/export/{shown['key']}.zip?layer=2"))
    assert sum(name.endswith(".jpg") for name in made.namelist()) == 2
    made = opened(ask(octoprint, f"/export/{shown['key']}.zip?format=dataset"))
    rows = made.read("train/metadata.jsonl").decode("utf-8").splitlines()
    named = {f"train/{json.loads(row)['file_name']}" for row in rows}
    assert named == {name for name in made.namelist() if name.endswith(".jpg")}
    octoprint.cancel()
    job.wait()


def test_prints_of_both_layouts_come_together(octoprint: OctoPrint) -> None:
    root = captured.folder(octoprint)
    shelf.keep(root)
    shelf.keep(root, flat=True)
    keys = [each["key"] for each in octoprint.get(f"{BASE}/prints")["prints"]]
    query = "&".join(f"key={key}" for key in keys)
    made = opened(ask(octoprint, f"/export.zip?{query}"))
    assert len({name.partition("/")[0] for name in made.namelist()}) == 2
    assert sum(name.endswith(".jpg") for name in made.namelist()) == 12


def test_what_is_not_ours_is_in_no_archive(octoprint: OctoPrint) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    elsewhere = octoprint.base / "config.yaml"
    (kept.folder / "notes.txt").write_text("mine", encoding="utf-8")
    (kept.folder / ".hidden.jpg").write_bytes(shelf.jpeg())
    os.symlink(elsewhere, kept.folder / "layer_0030_pos_00_20241201_143000.jpg")
    # a record that names what is not its own
    path = kept.folder / f"{kept.captures[0]}.json"
    record = json.loads(path.read_text(encoding="utf-8"))
    for number, file in enumerate(
        ("../../../config.yaml", "notes.txt", "layer_0030_pos_00_20241201_143000.jpg")
    ):
        record["images"][number]["file"] = file
    path.write_text(json.dumps(record), encoding="utf-8")
    made = opened(ask(octoprint, f"/export/{kept.folder.name}.zip"))
    pictures = {n.rpartition("/")[2] for n in made.namelist() if n.endswith(".jpg")}
    assert pictures == set(kept.pictures[3:])
    assert not any(".." in name or "notes" in name for name in made.namelist())


@pytest.mark.parametrize("path", ["nothing.zip", "%2e%2e.zip", "{key}.zip?layer=7"])
def test_what_is_not_there_is_said_so(octoprint: OctoPrint, path: str) -> None:
    kept = shelf.keep(captured.folder(octoprint))
    answer = ask(octoprint, "/export/" + path.format(key=kept.folder.name))
    assert answer.status_code == 404
    message = answer.json()["message"]
    assert message["text"] % message["params"] == answer.json()["error"]


def test_the_server_does_not_grow_with_what_it_sends(octoprint: OctoPrint) -> None:
    assert octoprint.process is not None
    server = psutil.Process(octoprint.process.pid)
    small = shelf.keep(captured.folder(octoprint), folder="small_20241202_143000")
    opened(ask(octoprint, f"/export/{small.folder.name}.zip?format=dataset"))
    large = hollow(octoprint, 20)
    before = most = server.memory_info().rss
    url = f"{octoprint.url}{BASE}/export/{large.folder.name}.zip?format=dataset"
    headers = {"X-Api-Key": octoprint.api_key}
    with requests.get(url, headers=headers, stream=True, timeout=120) as answer:
        got = 0
        for size in taken(answer):
            got += size
            most = max(most, server.memory_info().rss)
    assert got == int(answer.headers["Content-Length"]) > 20 * LARGE
    assert most - before < FLAT


def test_deleting_a_print_ends_its_download_and_frees_the_disk(
    octoprint: OctoPrint,
) -> None:
    kept = hollow(octoprint, 20)
    assert octoprint.process is not None
    server = psutil.Process(octoprint.process.pid)
    url = f"{octoprint.url}{BASE}/export/{kept.folder.name}.zip"
    headers = {"X-Api-Key": octoprint.api_key}
    with requests.get(url, headers=headers, stream=True, timeout=120) as answer:
        pieces = taken(answer)
        next(pieces)
        deleted = octoprint.request("DELETE", f"{BASE}/prints/{kept.folder.name}")
        assert deleted.status_code == 200
        got = 0
        with pytest.raises(requests.exceptions.RequestException):
            for size in pieces:
                got += size
        assert got < 20 * LARGE
    assert not kept.folder.exists()

    def held() -> list[str]:
        return [file.path for file in server.open_files() if ".jpg" in file.path]

    wait_until(lambda: not held(), "no picture is open any more")


def test_those_who_leave_in_the_middle_cost_nothing(octoprint: OctoPrint) -> None:
    kept = hollow(octoprint, 20)
    assert octoprint.process is not None
    server = psutil.Process(octoprint.process.pid)
    url = f"{octoprint.url}{BASE}/export/{kept.folder.name}.zip"
    headers = {"X-Api-Key": octoprint.api_key}

    def leave() -> None:
        with requests.get(url, headers=headers, stream=True, timeout=120) as answer:
            next(answer.iter_content(1000))

    leave()
    leave()
    threads = server.num_threads()
    files = server.num_fds()
    for _ in range(8):
        leave()
    wait_until(lambda: server.num_fds() <= files, "its files are closed")
    assert server.num_threads() < threads + 8
    assert ask(octoprint, f"/export/{kept.folder.name}.zip?index=0").status_code == 200
