from __future__ import annotations

import asyncio
import contextlib
import io
import os
import socket
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop
from tornado.web import Application

from octoprint_layercapture.library import Catalog, Place, Store
from octoprint_layercapture.library.archive import Changed
from octoprint_layercapture.web.export import (
    ArchiveHandler,
    attachment,
    packer,
)
from tests.server import shelf
from tests.server.waiting import wait_until

LARGE = 8_000_000


class Server:
    """Tornado with our route alone, on a thread of its own."""

    def __init__(self, pack, patience):
        self.workers = ThreadPoolExecutor(2)
        self.options = {
            "pack": pack,
            "workers": self.workers,
            "access_validation": lambda request: None,
            "patience": patience,
        }
        ready = threading.Event()
        self.thread = threading.Thread(target=self._run, args=(ready,))
        self.thread.start()
        assert ready.wait(60)

    def _run(self, ready):
        asyncio.set_event_loop(asyncio.new_event_loop())
        self.loop = IOLoop.current()
        routes = [
            (r"/export/([^/]*)\.zip", ArchiveHandler, self.options),
            (r"/export\.zip", ArchiveHandler, self.options),
        ]
        self.http = HTTPServer(Application(routes))
        listening = socket.create_server(("127.0.0.1", 0))
        listening.setblocking(False)
        self.port = listening.getsockname()[1]
        self.http.add_sockets([listening])
        self.loop.add_callback(ready.set)
        self.loop.start()
        self.http.stop()
        self.loop.close()

    def get(self, path, **options):
        return requests.get(f"http://127.0.0.1:{self.port}{path}", timeout=60, **options)

    def asked(self, path):
        """A connection on which a request was sent, and nothing read."""
        connection = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
        return connection

    def stop(self):
        self.loop.add_callback(self.loop.stop)
        self.thread.join(60)
        self.workers.shutdown()


@pytest.fixture
def root(tmp_path):
    return tmp_path / "uploads" / "layercapture"


@pytest.fixture
def packed():
    """The archives that were made, in order."""
    return []


@pytest.fixture
def serve(tmp_path, packed):
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    store = Store(Place(tmp_path / "uploads"), sanitize=str)
    catalog = Catalog(store)
    with contextlib.ExitStack() as stack:

        def start(patience=60.0, before=lambda unwanted: None):
            pack = packer(lambda: catalog, lambda: scratch)

            def noted(wish, unwanted):
                before(unwanted)
                parcel = pack(wish, unwanted)
                packed.append(parcel.archive)
                return parcel

            server = Server(noted, patience)
            stack.callback(server.stop)
            return server

        yield start


@pytest.fixture
def kept(root):
    return shelf.keep(root, cameras=("a", "Küche #2"))


@pytest.fixture
def large(root):
    """A print whose pictures are large files that are full of holes."""
    kept = shelf.keep(root)
    for name in kept.pictures:
        with open(kept.folder / name, "wb") as file:
            file.truncate(LARGE)
    return kept


def is_closed(archive):
    with contextlib.suppress(ValueError):
        with contextlib.suppress(Changed):  # open still, and its files are gone
            next(archive.pieces())
        return False
    return True


def open_files():
    return len(os.listdir("/proc/self/fd"))


def opened(answer):
    assert answer.status_code == 200
    return zipfile.ZipFile(io.BytesIO(answer.content))


def test_a_print_comes_with_its_length_and_a_name(serve, kept):
    answer = serve().get(f"/export/{kept.folder.name}.zip")
    made = opened(answer)
    pictures = {n.rpartition("/")[2] for n in made.namelist() if n.endswith(".jpg")}
    assert pictures == set(kept.pictures)
    assert answer.headers["Content-Length"] == str(len(answer.content))
    assert answer.headers["Content-Type"] == "application/zip"
    assert f'filename="{kept.folder.name}.zip"' in answer.headers["Content-Disposition"]
    assert "Transfer-Encoding" not in answer.headers


@pytest.mark.parametrize(
    ("query", "pictures", "name"),
    [
        ("layer=10", 6, "_layer_0010"),
        ("index=2", 4, "_pos_02"),
        ("camera=K%C3%BCche%20%232", 6, "_Küche #2"),
        ("layer=20&index=1&camera=a", 1, "_layer_0020_pos_01_a"),
        ("capture={capture}", 6, "_layer_0020_{stamp}"),
        ("format=dataset&index=0", 4, "_pos_00_dataset"),
    ],
)
def test_a_part_of_a_print_is_chosen_and_named(serve, kept, query, pictures, name):
    capture = kept.captures[1]
    stamp = capture.partition("_metadata_")[2]
    query = query.format(capture=capture)
    answer = serve().get(f"/export/{kept.folder.name}.zip?{query}")
    made = opened(answer)
    assert sum(n.endswith(".jpg") for n in made.namelist()) == pictures
    expected = f"{kept.folder.name}{name.format(stamp=stamp)}.zip"
    asked = answer.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]
    assert requests.utils.unquote(asked) == expected


def test_several_prints_come_as_a_folder_each(serve, root, kept):
    other = shelf.keep(root, folder="other_20241202_143000")
    server = serve()
    keys = f"key={kept.folder.name}&key={other.folder.name}&key={other.folder.name}"
    answer = server.get(f"/export.zip?{keys}")
    folders = {name.partition("/")[0] for name in opened(answer).namelist()}
    assert folders == {kept.folder.name, other.folder.name}
    assert "layercapture_2_prints.zip" in answer.headers["Content-Disposition"]
    answer = server.get(f"/export.zip?{keys}&key=nothing")
    assert answer.status_code == 404
    assert answer.json()["message"]["params"] == {"key": "nothing"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/export/nothing.zip", 404),
        ("/export/%2e%2e.zip", 404),
        ("/export/..%2f..%2fetc.zip", 404),
        ("/export/{key}.zip?layer=11", 404),
        ("/export/{key}.zip?camera=", 404),
        ("/export/{key}.zip?capture=nothing", 404),
        ("/export/{key}.zip?layer=x", 400),
        ("/export/{key}.zip?index=-1", 400),
        ("/export/{key}.zip?format=rar", 400),
        ("/export.zip", 400),
    ],
)
def test_what_cannot_be_had_is_said_in_a_sentence(serve, kept, path, status):
    answer = serve().get(path.format(key=kept.folder.name))
    assert answer.status_code == status
    said = answer.json()
    assert len(said["error"]) > 15
    if status == 404:
        assert said["message"]["text"] % said["message"]["params"] == said["error"]


def test_a_download_goes_on_where_it_broke_off(serve, kept):
    server = serve()
    path = f"/export/{kept.folder.name}.zip"
    whole = server.get(path)
    tag, size = whole.headers["ETag"], len(whole.content)
    for asked, start, end in (
        ("bytes=0-0", 0, 1),
        ("bytes=1000-", 1000, size),
        ("bytes=1000-2000", 1000, 2001),
        ("bytes=-99", size - 99, size),
        (f"bytes=5-{size * 9}", 5, size),
    ):
        part = server.get(path, headers={"Range": asked, "If-Range": tag})
        assert part.status_code == 206
        assert part.content == whole.content[start:end]
        assert part.headers["Content-Range"] == f"bytes {start}-{end - 1}/{size}"
        assert part.headers["ETag"] == tag


@pytest.mark.parametrize("asked", ["bytes={size}-", "bytes=-0", "bytes=99999999-"])
def test_a_part_beyond_the_end_is_refused(serve, kept, asked):
    server = serve()
    path = f"/export/{kept.folder.name}.zip"
    size = len(server.get(path).content)
    answer = server.get(path, headers={"Range": asked.format(size=size)})
    assert (answer.status_code, answer.content) == (416, b"")
    assert answer.headers["Content-Range"] == f"bytes */{size}"


@pytest.mark.parametrize(
    "asked", ["bytes=5-2", "bytes=-", "bytes=0-1,5-9", "lines=1-2", "bytes=x-1"]
)
def test_a_range_that_is_not_understood_gives_the_whole(serve, kept, asked):
    answer = serve().get(f"/export/{kept.folder.name}.zip", headers={"Range": asked})
    assert opened(answer).testzip() is None


def test_what_changed_meanwhile_is_sent_from_its_beginning(serve, kept):
    server = serve()
    path = f"/export/{kept.folder.name}.zip"
    tag = server.get(path).headers["ETag"]
    seen = server.get(path, headers={"If-None-Match": tag})
    assert (seen.status_code, seen.content) == (304, b"")
    (kept.folder / kept.pictures[0]).unlink()
    asked = {"Range": "bytes=1000-", "If-Range": tag}
    answer = server.get(path, headers=asked)
    assert answer.headers["ETag"] != tag
    assert opened(answer).testzip() is None
    assert server.get(path, headers={"If-None-Match": tag}).status_code == 200


def test_head_tells_of_an_archive_without_sending_it(serve, kept):
    server = serve()
    path = f"/export/{kept.folder.name}.zip"
    whole = server.get(path)
    url = f"http://127.0.0.1:{server.port}{path}"
    head = requests.head(url, headers={"Range": "bytes=5-9"}, timeout=60)
    assert (head.status_code, head.content) == (200, b"")
    for name in ("Content-Length", "ETag", "Content-Disposition", "Accept-Ranges"):
        assert head.headers[name] == whole.headers[name]


def test_a_print_that_is_deleted_during_its_download_ends_it(serve, packed, large):
    server = serve()
    connection = server.asked(f"/export/{large.folder.name}.zip")
    got = len(connection.recv(65536))
    for name in large.pictures:
        (large.folder / name).unlink()
    while True:
        data = connection.recv(1 << 20)
        if not data:
            break
        got += len(data)
    assert 0 < got < LARGE * len(large.pictures)
    wait_until(lambda: is_closed(packed[0]), "the archive is let go")
    connection.close()
    assert server.get(f"/export/{large.folder.name}.zip").status_code == 404


def test_who_takes_nothing_any_more_loses_the_connection(serve, packed, large):
    server = serve(patience=1.0)
    before = open_files()
    connection = server.asked(f"/export/{large.folder.name}.zip")
    wait_until(lambda: packed and is_closed(packed[0]), "the archive is let go", 120)
    # what the system had taken already may still come, and then the end
    with contextlib.suppress(ConnectionError):
        while connection.recv(1 << 20):
            pass
    connection.close()
    wait_until(lambda: open_files() <= before, "all files are closed")


def test_who_is_slow_but_takes_something_gets_everything(serve, large):
    server = serve(patience=20.0)
    connection = server.asked(f"/export/{large.folder.name}.zip")
    got = 0
    while got < LARGE * len(large.pictures):
        data = connection.recv(1 << 20)
        assert data
        got += len(data)
    connection.close()


def test_who_leaves_costs_no_thread_and_no_file(serve, packed, large):
    server = serve()
    before = open_files()
    for number in range(6):
        connection = server.asked(f"/export/{large.folder.name}.zip")
        connection.recv(1000)
        connection.close()
        wait_until(lambda n=number: len(packed) > n and is_closed(packed[n]), "let go")
    wait_until(lambda: open_files() <= before, "all files are closed")
    # both workers are free
    assert server.get(f"/export/{large.folder.name}.zip?index=0").status_code == 200


def test_who_leaves_while_an_archive_is_prepared_ends_that(serve, packed, kept):
    begun = threading.Event()

    def until_unwanted(unwanted):
        if not begun.is_set():
            begun.set()
            wait_until(unwanted, "the server hears that the client has gone")

    server = serve(before=until_unwanted)
    connection = server.asked(f"/export/{kept.folder.name}.zip")
    assert begun.wait(60)
    connection.close()
    assert server.get(f"/export/{kept.folder.name}.zip").status_code == 200
    assert len(packed) == 1


def test_slow_clients_do_not_keep_others_waiting(serve, large, kept):
    server = serve()
    slow = [server.asked(f"/export/{large.folder.name}.zip") for _ in range(5)]
    answer = server.get(f"/export/{kept.folder.name}.zip")
    assert opened(answer).testzip() is None
    for connection in slow:
        connection.close()


@pytest.mark.parametrize(
    ("name", "plain"),
    [
        ("part.zip", "part.zip"),
        ("Würfel 立方体.zip", "Wurfel .zip"),
        ('a"b\r\nX: y.zip', "a_b__X_ y.zip"),
        ("%41;é.zip", "_41_e.zip"),
    ],
)
def test_a_name_of_any_kind_is_safe_in_the_header(name, plain):
    header = attachment(name)
    header.encode("ascii")
    assert f'filename="{plain}"' in header
    assert requests.utils.unquote(header.partition("UTF-8''")[2]) == name
    assert "\r" not in header and "\n" not in header and header.count('"') == 2
