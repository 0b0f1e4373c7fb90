"""Prints, captures and pictures as the API shows them."""

from __future__ import annotations

from typing import Any, Callable, Optional
from urllib.parse import quote

from ..capture.grid import lattice
from ..library import (
    CaptureEntry,
    CaptureSettings,
    Page,
    PictureEntry,
    PrintEntry,
)

_MOST_POSITIONS = 10_000  # a grid beyond that was not made by us


class Links:
    """URLs of files; ``base`` is where the plugin's routes begin, without a slash."""

    def __init__(self, base: str) -> None:
        self._base = base

    def file(self, key: str, name: str) -> str:
        """A picture or JSON as it is on disk."""
        return f"{self._base}/files/{quote(key, safe='~')}/{quote(name, safe='')}"

    def thumbnail(self, key: str, name: str) -> str:
        """A picture, made small."""
        return f"{self._base}/thumbnails/{quote(key, safe='~')}/{quote(name, safe='')}"

    def cover(self, key: str) -> str:
        """A small picture that stands for the whole print."""
        return f"{self._base}/covers/{quote(key, safe='~')}"


def page(
    name: str, found: Page[Any], show: Callable[[Any], dict[str, Any]]
) -> dict[str, Any]:
    """A page with its items under ``name``."""
    return {
        name: [show(item) for item in found.items],
        "total": found.total,
        "offset": found.offset,
        "limit": found.limit,
    }


def a_print(entry: PrintEntry, links: Links) -> dict[str, Any]:
    """A print in a list: what can be told without reading its captures."""
    record, counts = entry.record, entry.counts
    return {
        "key": entry.key,
        "print_id": record.print_id,
        "instance": record.instance,
        "name": entry.name,
        "file": record.gcode_file,
        "state": entry.state,
        "reason": record.reason,
        "started": record.print_start_time,
        "ended": record.print_end_time,
        "layers_total": record.layers_total,
        "captures": counts.captures,
        "pictures": counts.pictures,
        "failures": counts.failures,
        "bytes": counts.bytes,
        "seconds": counts.seconds,
        "cover": links.cover(entry.key) if counts.pictures else None,
    }


def a_whole_print(entry: PrintEntry, links: Links) -> dict[str, Any]:
    """A print with what its screens need: layers, grid, cameras."""
    record = entry.record
    path = entry.record_path
    return {
        **a_print(entry, links),
        "slicer": record.slicer,
        "layers": entry.layers(),
        "by_layer": [
            {"layer": layer, "captures": keys} for layer, keys in entry.by_layer().items()
        ],
        "layers_planned": list(record.layers),
        "cameras": _cameras(entry),
        "grid": None if record.settings is None else _grid(record.settings),
        "json": None if path is None else links.file(entry.key, path.name),
    }


def a_capture(entry: PrintEntry, capture: CaptureEntry, links: Links) -> dict[str, Any]:
    """A capture in a list."""
    record, ending = capture.record, capture.record.ending
    return {
        "key": capture.key,
        "capture_id": record.capture_id,
        "layer": record.layer,
        "z": record.z_height,
        "height": record.height,
        "slicer_layer": record.slicer_layer,
        "timestamp": record.timestamp,
        "kept": len(record.images),
        "failures": [_plain(failure) for failure in record.failures],
        "ending": None if ending is None else _plain(ending),
        "conditions": None if record.conditions is None else _plain(record.conditions),
        "json": links.file(entry.key, capture.path.name),
    }


def a_whole_capture(
    entry: PrintEntry, capture: CaptureEntry, links: Links
) -> dict[str, Any]:
    """A capture with its pictures."""
    pictures = [a_picture(entry, picture, links) for picture in capture.pictures()]
    return {**a_capture(entry, capture, links), "pictures": pictures}


def a_picture(entry: PrintEntry, picture: PictureEntry, links: Links) -> dict[str, Any]:
    """A picture with everything there is to say about it."""
    image, record = picture.image, picture.capture.record
    conditions = record.conditions
    return {
        "name": picture.name,
        "capture": picture.capture.key,
        "layer": record.layer,
        "z": record.z_height,
        "index": image.index,
        "order": image.order,
        "camera": image.camera,
        "position": _plain(image.position),
        "requested": _plain(image.requested),
        "actual": _plain(image.actual),
        "offset": _plain(image.offset),
        "timestamp": image.timestamp,
        "settle": image.settle,
        "repeated": image.repeated,
        "width": image.width,
        "height": image.height,
        "size": image.size,
        "sha256": image.sha256,
        "progress": None if conditions is None else conditions.progress,
        "temperatures": {}
        if conditions is None
        else {name: _plain(each) for name, each in conditions.temperatures.items()},
        "url": links.file(entry.key, picture.name),
        "thumbnail": links.thumbnail(entry.key, picture.name),
    }


def _plain(record: Any) -> Optional[dict[str, Any]]:
    if record is None:
        return None
    plain: dict[str, Any] = record.model_dump(mode="json")
    return plain


def _cameras(entry: PrintEntry) -> list[str]:
    """In the order of their use; from the first capture where the record has none."""
    named = [camera.name for camera in entry.record.cameras]
    if not named:
        first = next(entry.iter_captures(), None)
        images = [] if first is None else first.record.images
        named = list(dict.fromkeys(image.camera for image in images))
    return named


def _grid(settings: CaptureSettings) -> dict[str, Any]:
    """The grid with its positions, mm, numbered as the pictures are."""
    grid = settings.grid
    columns = settings.grid_size if grid is None else grid.columns
    rows = settings.grid_size if grid is None else grid.rows
    spacing_x = settings.grid_spacing if grid is None else grid.spacing_x
    spacing_y = settings.grid_spacing if grid is None else grid.spacing_y
    center = settings.grid_center
    places = (
        lattice((center.x, center.y), columns, rows, spacing_x, spacing_y)
        if columns * rows <= _MOST_POSITIONS
        else []
    )
    return {
        "columns": columns,
        "rows": rows,
        "spacing_x": spacing_x,
        "spacing_y": spacing_y,
        "center": _plain(center),
        "positions": [
            {"index": index, "x": x, "y": y} for index, (x, y) in enumerate(places)
        ],
    }
