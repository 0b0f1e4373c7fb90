"""Prints on disk as the plugin leaves them, made without printing."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

from PIL import Image

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
STAMP = "%Y%m%d_%H%M%S"
HEIGHT = 0.2  # of a layer, mm
SPACING = 40.0  # of the grid, mm
CENTER = 100.0


@lru_cache(maxsize=512)
def jpeg(shade: int = 128, size: tuple[int, int] = (640, 480)) -> bytes:
    """A small picture; one shade, so that two shades are two pictures."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade % 256, 90, 40)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


Paint = Callable[[int, int, float, float], bytes]
"""The picture of a layer and position: number, index, x, y."""


@dataclass
class Kept:
    """A print on disk: its folder and what lies in it, layer by layer."""

    folder: Path
    print_id: str
    captures: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)
    bytes: int = 0


def keep(
    root: Path,
    folder: str = "part_20241201_143000",
    file: str = "parts/part.gcode",
    layers: Collection[int] = (10, 20),
    cameras: tuple[str, ...] = ("classic",),
    columns: int = 3,
    rows: int = 1,
    flat: bool = False,
    whole: bool = True,
    started: float = STARTED,
    outcome: str | None = "done",
    layers_total: int = 30,
    paint: Paint | None = None,
    missing: Collection[tuple[int, int]] = (),
    size: tuple[int, int] = (640, 480),
    height: float = HEIGHT,
) -> Kept:
    """A print with one picture of each camera at each position of each layer.

    `whole`: with the print's own record. `paint` gives the pictures; `missing` are those
    that failed, by layer and position. `size` is that of the pictures, `height` that of a
    layer, mm.
    """
    path = root if flat else root / folder
    path.mkdir(parents=True, exist_ok=True)
    kept = Kept(path, str(uuid.uuid4()))
    settings = {
        "grid_spacing": SPACING,
        "grid_size": columns,
        "grid_center": {"x": CENTER, "y": CENTER},
        "grid": {
            "columns": columns,
            "rows": rows,
            "spacing_x": SPACING,
            "spacing_y": SPACING,
        },
    }
    about = {
        "schema_version": 2,
        "print_id": kept.print_id,
        "instance": "A printer",
        "gcode_file": file,
        "print_start_time": started,
        "layers_total": layers_total,
        "slicer": "PrusaSlicer",
        "settings": settings,
    }
    for layer in layers:
        gone = {index for number, index in missing if number == layer}
        _keep_capture(
            kept, about, layer, cameras, (columns, rows), paint, gone, size, height
        )
    if whole:
        record = {
            **about,
            "name": Path(file).stem,
            "print_end_time": started + 900,
            "outcome": outcome,
            "layers": list(layers),
            "cameras": [{"name": camera} for camera in cameras],
            "totals": {
                "captures": len(kept.captures),
                "pictures": len(kept.pictures),
                "failures": len(kept.captures) + len(missing) * len(cameras),
                "bytes": kept.bytes,
                "seconds": 4.5 * len(kept.captures),
            },
        }
        name = f"print_{folder}.json" if flat else "print.json"
        (path / name).write_text(json.dumps(record), encoding="utf-8")
    return kept


def _keep_capture(
    kept: Kept,
    about: dict[str, Any],
    layer: int,
    cameras: tuple[str, ...],
    grid: tuple[int, int],
    paint: Paint | None,
    missing: Collection[int],
    size: tuple[int, int],
    height: float,
) -> None:
    when = about["print_start_time"] + layer
    stamp = time.strftime(STAMP, time.localtime(when))
    z = round(layer * height, 3)
    columns, rows = grid
    images: list[dict[str, Any]] = []
    failures: list[dict[str, Any]] = [
        {"index": 99, "position": {"x": 0, "y": 0}, "camera": None, "reason": "dark"}
    ]
    for index in range(columns * rows):
        row, column = divmod(index, columns)
        x = CENTER + (column - (columns - 1) / 2) * SPACING
        y = CENTER + (row - (rows - 1) / 2) * SPACING
        place = {"x": x, "y": y}
        for camera in cameras:
            if index in missing:
                failures.append(_silent(index, place, camera))
                continue
            word = "" if camera == cameras[0] else f"_{camera}"
            name = f"layer_{layer:04d}_pos_{index:02d}{word}_{stamp}.jpg"
            shade = len(kept.pictures)
            content = paint(layer, index, x, y) if paint else jpeg(shade % 256, size)
            (kept.folder / name).write_bytes(content)
            kept.pictures.append(name)
            kept.bytes += len(content)
            images.append(
                {
                    "path": f"/uploads/layercapture/{kept.folder.name}/{name}",
                    "file": name,
                    "position": place,
                    "requested": {**place, "z": z + 5},
                    "actual": {**place, "z": z + 5},
                    "index": index,
                    "order": index,
                    "camera": camera,
                    "timestamp": when + index,
                    "width": size[0],
                    "height": size[1],
                    "size": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            )
    record = {
        **about,
        "capture_id": str(uuid.uuid4()),
        "layer": layer,
        "z_height": z,
        "height": height,
        "slicer_layer": layer - 1,
        "timestamp": when,
        "images": images,
        "failures": failures,
        "conditions": {
            "progress": 0.4,
            "temperatures": {"tool0": {"actual": 210.2, "target": 210.0}},
        },
        "ending": {
            "planned": columns * rows,
            "visited": columns * rows,
            "seconds": 4.5,
        },
    }
    key = f"layer_{layer:04d}_metadata_{stamp}"
    kept.captures.append(key)
    (kept.folder / f"{key}.json").write_text(json.dumps(record), encoding="utf-8")


def _silent(index: int, place: dict[str, float], camera: str) -> dict[str, Any]:
    """A failure as the plugin records it."""
    text = (
        "Camera %(camera)s did not answer in time. Check that it is switched on and not"
        " busy."
    )
    params = {"camera": camera}
    return {
        "index": index,
        "position": place,
        "camera": camera,
        "reason": text % params,
        "message": {"text": text, "params": params},
    }
