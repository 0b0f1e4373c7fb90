"""The command that hands pictures on: as a zip, as a folder, or as a dataset."""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Callable, Optional

import click

from .library import Catalog, Place, PrintEntry, Store, StoreError
from .library.archive import zip_stream
from .library.export import Member, Selection, as_dataset, prints, to_folder

_FOLDER = click.Path(path_type=Path, exists=True, file_okay=False)


@click.command("export")
@click.argument("names", metavar="[PRINT]...", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="Export all prints.")
@click.option(
    "--to",
    "target",
    type=click.Path(path_type=Path),
    help="What to write: a zip archive where it ends in .zip, else a folder.",
)
@click.option(
    "--dataset",
    is_flag=True,
    help="Write a dataset: pictures with metadata.jsonl and a table in CSV.",
)
@click.option("--layer", type=click.IntRange(min=1), help="Only this layer.")
@click.option("--position", type=click.IntRange(min=0), help="Only this grid position.")
@click.option("--camera", help="Only this camera.")
@click.option(
    "--from",
    "source",
    type=_FOLDER,
    help="The folder the pictures are in; OctoPrint's where it is not given.",
)
def export(
    names: Sequence[str],
    everything: bool,
    target: Optional[Path],
    dataset: bool,
    layer: Optional[int],
    position: Optional[int],
    camera: Optional[str],
    source: Optional[Path],
) -> None:
    """Export the pictures of a PRINT or of several.

    Without a PRINT this shows the prints there are. A PRINT is named by its key in that
    list.
    """
    catalog = catalog_in(source)
    if not names and not everything:
        click.echo(listing(catalog.iter_prints()))
        return
    if target is None:
        raise click.UsageError("Say where to write with --to, for example --to out.zip")
    if os.path.lexists(target):
        raise click.ClickException(f"{target} exists already. Choose another name.")
    try:
        chosen = (
            list(catalog.iter_prints())
            if everything
            else [catalog.get(name) for name in names]
        )
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    selection = Selection(layer, position, camera)
    total = sum(_count(entry, selection) for entry in chosen)
    if not total:
        raise click.ClickException("There are no such pictures.")
    members = (as_dataset if dataset else prints)(chosen, selection)
    with click.progressbar(
        length=total, label=f"{total} pictures", file=sys.stderr
    ) as bar:

        def seen(picture: bool) -> None:
            bar.update(int(picture))

        try:
            _write(members, target, seen)
        except OSError as error:
            raise click.ClickException(
                f"{target} could not be written completely: {error}"
            ) from error
    click.echo(f"{total} pictures are in {target}")


def catalog_in(source: Optional[Path]) -> Catalog:
    """The prints in a folder, or in the one that OctoPrint's settings name."""
    place = _configured() if source is None else Place(source, source)
    return Catalog(Store(place, sanitize=lambda name: name))


def _configured() -> Place:
    """Where OctoPrint's plugin keeps pictures; its command line has read its settings."""
    from octoprint.settings import settings

    try:
        known: Any = settings()
    except ValueError as error:
        raise click.UsageError(
            "Say with --from which folder the pictures are in."
        ) from error
    folder = known.get(["plugins", "layercapture", "files", "folder"])
    uploads = known.getBaseFolder("uploads", check_writable=False)
    return Place(Path(uploads), Path(folder) if folder else None)


def listing(entries: Iterable[PrintEntry]) -> str:
    """The prints for people to read."""
    lines = [
        f"{_when(entry.started)}  {entry.state:<11} {entry.counts.pictures:>8}"
        f"  {entry.key}"
        for entry in entries
    ]
    if not lines:
        return "There are no prints with pictures yet."
    head = f"{'started':<16}  {'outcome':<11} {'pictures':>8}  key"
    return "\n".join([head, *lines])


def _when(started: float) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M", time.localtime(started))
    except (OverflowError, ValueError, OSError):
        return "unknown"


def _count(entry: PrintEntry, selection: Selection) -> int:
    return sum(len(pictures) for _, pictures in selection.of(entry))


def _write(members: Iterator[Member], target: Path, seen: Callable[[bool], None]) -> None:
    """In a folder of its own beside the target until it is whole."""
    with tempfile.TemporaryDirectory(
        prefix=".layercapture-", dir=target.parent
    ) as beside:
        unfinished = Path(beside) / "export"
        if target.suffix.lower() == ".zip":
            with open(unfinished, "xb") as file:
                for piece in zip_stream(members, seen):
                    file.write(piece)
        else:
            to_folder(members, unfinished, seen)
        os.rename(unfinished, target)
