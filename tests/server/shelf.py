"""Prints on disk as the plugin leaves them, made without printing."""

from __future__ import annotations

import hashlib
import io
import json
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from PIL import Image

STARTED = time.mktime((2024, 12, 1, 14, 30, 0, 0, 0, -1))
STAMP = "%Y%m%d_%H%M%S"


def jpeg(shade: int = 128, size: tuple[int, int] = (640, 480)) -> bytes:
    """A small picture; one shade, so that two shades are two pictures."""
    buffer = io.BytesIO()
    Image.new("RGB", size, (shade % 256, 90, 40)).save(buffer, "JPEG", quality=60)
    return buffer.getvalue()


@dataclass
class Kept:
    """A print on disk: its folder and what lies in it, layer by layer."""

    folder: Path
    print_id: str
    captures: list[str] = field(default_factory=list)
    pictures: list[str] = field(default_factory=list)


def keep(
    root: Path,
    folder: str = "part_20241201_143000",
    file: str = "parts/part.gcode",
    layers: tuple[int, ...] = (10, 20),
    cameras: tuple[str, ...] = ("classic",),
    columns: int = 3,
    flat: bool = False,
    whole: bool = True,
) -> Kept:
    """A print with one picture of each camera at each column of one row.

    `whole`: with the print's own record.
    """
    path = root if flat else root / folder
    path.mkdir(parents=True, exist_ok=True)
    kept = Kept(path, str(uuid.uuid4()))
    grid = {"columns": columns, "rows": 1, "spacing_x": 40, "spacing_y": 40}
    settings = {
        "grid_spacing": 40,
        "grid_size": columns,
        "grid_center": {"x": 100, "y": 100},
        "grid": grid,
    }
    about = {
        "schema_version": 2,
        "print_id": kept.print_id,
        "instance": "A printer",
        "gcode_file": file,
        "print_start_time": STARTED,
        "layers_total": 30,
        "slicer": "PrusaSlicer",
        "settings": settings,
    }
    for layer in layers:
        _keep_capture(kept, about, layer, cameras, columns)
    if whole:
        record = {
            **about,
            "name": Path(file).stem,
            "print_end_time": STARTED + 900,
            "outcome": "done",
            "layers": list(layers),
            "cameras": [{"name": camera} for camera in cameras],
            "totals": {
                "captures": len(kept.captures),
                "pictures": len(kept.pictures),
                "failures": len(kept.captures),
                "bytes": sum((path / name).stat().st_size for name in kept.pictures),
                "seconds": 4.5 * len(kept.captures),
            },
        }
        name = f"print_{folder}.json" if flat else "print.json"
        (path / name).write_text(json.dumps(record), encoding="utf-8")
    return kept


def _keep_capture(
    kept: Kept, about: dict[str, Any], layer: int, cameras: tuple[str, ...], columns: int
) -> None:
    when = STARTED + layer
    stamp = time.strftime(STAMP, time.localtime(when))
    images = []
    for index in range(columns):
        for camera in cameras:
            word = "" if camera == cameras[0] else f"_{camera}"
            name = f"layer_{layer:04d}_pos_{index:02d}{word}_{stamp}.jpg"
            content = jpeg(len(kept.pictures))
            (kept.folder / name).write_bytes(content)
            kept.pictures.append(name)
            place = {"x": 60 + 40 * index, "y": 100}
            images.append(
                {
                    "path": f"/uploads/layercapture/{kept.folder.name}/{name}",
                    "file": name,
                    "position": place,
                    "requested": {**place, "z": 7.0},
                    "actual": {**place, "z": 7.0},
                    "index": index,
                    "order": index,
                    "camera": camera,
                    "timestamp": when + index,
                    "width": 640,
                    "height": 480,
                    "size": len(content),
                    "sha256": hashlib.sha256(content).hexdigest(),
                }
            )
    record = {
        **about,
        "capture_id": str(uuid.uuid4()),
        "layer": layer,
        "z_height": 2.0,
        "height": 0.2,
        "slicer_layer": layer - 1,
        "timestamp": when,
        "images": images,
        "failures": [
            {"index": 99, "position": {"x": 0, "y": 0}, "camera": None, "reason": "dark"}
        ],
        "conditions": {
            "progress": 0.4,
            "temperatures": {"tool0": {"actual": 210.2, "target": 210.0}},
        },
        "ending": {"planned": columns, "visited": columns, "seconds": 4.5},
    }
    key = f"layer_{layer:04d}_metadata_{stamp}"
    kept.captures.append(key)
    (kept.folder / f"{key}.json").write_text(json.dumps(record), encoding="utf-8")
