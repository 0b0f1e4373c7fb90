"""What a hundred thousand pictures cost: our own first page, and OctoPrint's file list.

The same forty prints are laid down with 1,000 and with 100,000 pictures in all, in a
folder each and in one folder. The first page of prints, with its counts, is read by a
new catalog each time, the sizes taking turns; each figure is the fastest of its rounds.
Then a real server lists its files: without pictures, with them, and after a new one.

    python -m tests.bench.library [--octoprint 2.0.0rc7] [--without-server]
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

from octoprint_layercapture.library import (
    CaptureRecord,
    CaptureSettings,
    Catalog,
    Image,
    Place,
    PrintRecord,
    Store,
    Totals,
    names,
)
from octoprint_layercapture.library.folder import settle_times
from octoprint_layercapture.library.records import point, to_json
from tests import environments
from tests.bench import _rows
from tests.server.harness import OctoPrint

MOST = 1.5
PRINTS = 40
FEW, MANY = 1_000, 100_000
POSITIONS = 25
ROUNDS = 15
DAY = 86400.0
JPEG = b"\xff\xd8" + b"x" * 60 + b"\xff\xd9"

GRID = CaptureSettings.of_grid(
    center=(100, 100), columns=5, rows=5, spacing_x=20, spacing_y=20
)


def lay_down(uploads: Path, pictures: int, folder_per_print: bool) -> Store:
    """Forty ended prints with so many pictures in all, as the plugin would leave them.

    Written without the flush to disk that each real file gets.
    """
    store = Store(Place(uploads), sanitize=str, folder_per_print=folder_per_print)
    store.root.mkdir(parents=True)
    for number in range(PRINTS):
        started = 1_700_000_000 + number * DAY
        name = f"print {number}"
        if folder_per_print:
            folder = store.root / names.folder_name(name, started, str)
            folder.mkdir()
            record_path = folder / names.PRINT_RECORD
        else:
            folder = store.root
            record_path = folder / names.print_record_name(name, started, str)
        _one_print(store, folder, record_path, started, pictures // PRINTS)
    return store


def _one_print(
    store: Store, folder: Path, record_path: Path, started: float, pictures: int
) -> None:
    record = PrintRecord(
        name=folder.name, gcode_file="a.gcode", print_start_time=started, outcome="done"
    )
    captures = pictures // POSITIONS
    for layer in range(1, captures + 1):
        capture = CaptureRecord(
            print_id=record.print_id,
            layer=layer,
            z_height=layer * 0.2,
            timestamp=started + layer,
            gcode_file="a.gcode",
            print_start_time=started,
            settings=GRID,
            images=list(_images(store, folder, layer, started)),
        )
        path = folder / names.metadata_name(layer, capture.timestamp)
        path.write_bytes(to_json(capture))
    record.totals = Totals(captures=captures, pictures=pictures, bytes=1)
    record_path.write_bytes(to_json(record))
    settle_times(record_path)


def _images(store: Store, folder: Path, layer: int, started: float) -> Iterator[Image]:
    for index in range(POSITIONS):
        path = folder / names.picture_name(layer, index, started + layer, str)
        path.write_bytes(JPEG)
        yield Image(
            path=store.url_path(path),
            file=path.name,
            position=point((index, index)),
            index=index,
            size=len(JPEG),
        )


def first_page(store: Store) -> float:
    """Seconds for the first page, by somebody who has just come in."""
    start = time.perf_counter()
    page = Catalog(store).prints()
    assert page.total == PRINTS
    assert sum(entry.counts.pictures for entry in page.items)
    return time.perf_counter() - start


def pages(base: Path) -> tuple[float, dict[bool, Path]]:
    """Prints what first pages take; gives the ratio, and the large trees by layout."""
    large = {}
    ratio = 0.0
    print(f"First page of {PRINTS} prints    {FEW:>9,} pictures  {MANY:>9,}   ratio")
    for folders in (True, False):
        uploads = {size: base / f"{size}-{folders}" for size in (FEW, MANY)}
        stores = {size: lay_down(uploads[size], size, folders) for size in uploads}
        rounds = ROUNDS if folders else 2
        took = [
            {size: first_page(stores[size]) for size in stores} for _ in range(rounds)
        ]
        few, many = (min(each[size] for each in took) for size in (FEW, MANY))
        layout = "a folder each" if folders else "in one folder"
        print(
            f"{layout:<30} {few * 1e3:>9.1f} ms {many * 1e3:>12.1f} ms   {many / few:.2f}"
        )
        if folders:
            ratio = many / few
        shutil.rmtree(uploads[FEW])
        large[folders] = uploads[MANY] / "layercapture"
    return ratio, large


def listing(server: OctoPrint, added: Optional[Path]) -> float:
    """Seconds for OctoPrint's own list of files after a picture was added."""
    if added is not None:
        (added / "layer_9999_pos_00_20301231_235959.jpg").write_bytes(JPEG)
    start = time.perf_counter()
    server.get("/api/files?recursive=true", timeout=600)
    took = time.perf_counter() - start
    if added is not None:
        (added / "layer_9999_pos_00_20301231_235959.jpg").unlink()
    return took


def octoprints_own(version: str, base: Path, large: dict[bool, Path]) -> None:
    """Prints what OctoPrint's list of files takes, on a new server for each layout."""
    program = environments.executable(version, "octoprint")
    print(
        f"\nOctoPrint {version}, /api/files   no pictures   first    after a new picture"
    )
    for folders, tree in large.items():
        server = OctoPrint(program, base / f"octoprint-{folders}", version)
        server.prepare()
        try:
            server.start()
            listing(server, None)
            bare = listing(server, None)
            there = server.uploads / "layercapture"
            tree.rename(there)
            first = listing(server, None)
            again = listing(server, max(there.iterdir()) if folders else there)
        finally:
            server.stop()
        layout = "a folder each" if folders else "in one folder"
        print(f"{layout:<30} {bare:>9.2f} s {first:>7.2f} s {again:>14.2f} s")


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--octoprint", default=environments.PRIMARY)
    parser.add_argument("--without-server", action="store_true")
    options = parser.parse_args()
    print(__doc__)
    with tempfile.TemporaryDirectory() as name:
        base = Path(name)
        ratio, large = pages(base)
        if not options.without_server:
            octoprints_own(options.octoprint, base, large)
    print(f"\nWanted for a folder each: at most {MOST}.")
    what = f"first page of prints, {MANY:,} pictures against {FEW:,}"
    return int(not _rows.row(what, ratio, MOST))


if __name__ == "__main__":
    sys.exit(main())
