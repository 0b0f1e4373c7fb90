"""What a print of the sample must leave behind, and whether it did."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image


@dataclass(frozen=True)
class Expected:
    """The layers that are due, the height of a layer in mm, the positions of a grid."""

    layers: tuple[int, ...]
    layer_height: float
    positions: int


@dataclass(frozen=True)
class Capture:
    """One metadata file and what it says."""

    file: Path
    data: dict[str, Any]

    @property
    def layer(self) -> Any:
        return self.data.get("layer")

    @property
    def images(self) -> list[dict[str, Any]]:
        images: list[dict[str, Any]] = self.data.get("images", [])
        return images


def files_below(uploads: Path, suffix: str) -> set[Path]:
    """The captures' finished files of one kind: temporary ones begin with a dot, and
    print.json tells of the print."""
    found = (uploads / "layercapture").rglob(f"*{suffix}")
    return {p for p in found if not p.name.startswith((".", "print."))}


def read(files: set[Path]) -> tuple[list[Capture], list[str]]:
    """The captures in these metadata files by layer, and what could not be read."""
    captures, problems = [], []
    for file in sorted(files):
        try:
            data = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            problems.append(f"{file.name} is not valid JSON: {error}")
            continue
        if isinstance(data, dict):
            captures.append(Capture(file, data))
        else:
            problems.append(f"{file.name} holds no object")
    return sorted(captures, key=lambda capture: str(capture.layer).zfill(9)), problems


def problems(
    uploads: Path, metadata: set[Path], pictures: set[Path], expected: Expected
) -> list[str]:
    """What is wrong with these files of one print; nothing where all is as it must be."""
    captures, found = read(metadata)
    made = [capture.layer for capture in captures]
    for layer in expected.layers:
        if made.count(layer) != 1:
            found.append(f"layer {layer}: {made.count(layer)} captures instead of one")
    found += [
        f"layer {n}: captured, but not due" for n in made if n not in expected.layers
    ]
    named: set[Path] = set()
    for capture in captures:
        found += [f"layer {capture.layer}: {p}" for p in _of_capture(capture, expected)]
        named |= {_on_disk(uploads, image) for image in capture.images}
    found += [f"{path.name}: named, but not there" for path in sorted(named - pictures)]
    found += [f"{path.name}: there, but not named" for path in sorted(pictures - named)]
    found += [f"{p.name}: not a valid JPEG" for p in sorted(pictures) if not is_jpeg(p)]
    return found


def _of_capture(capture: Capture, expected: Expected) -> list[str]:
    found = []
    indices = sorted(str(image.get("index")) for image in capture.images)
    if indices != sorted(map(str, range(expected.positions))):
        found.append(f"pictures of positions {', '.join(indices) or 'none'}")
    height = expected.layer_height * capture.layer
    if abs(capture.data.get("z_height", -1.0) - height) > 0.001:
        found.append(f"z_height is {capture.data.get('z_height')}, not {height:.2f}")
    found += [f"failed: {failure}" for failure in capture.data.get("failures", [])]
    return found


def _on_disk(uploads: Path, image: dict[str, Any]) -> Path:
    """`/uploads/…` in the metadata is below OctoPrint's uploads folder."""
    prefix, _, rest = str(image.get("path")).partition("/uploads/")
    return uploads / rest if not prefix and rest else Path(str(image.get("path")))


def is_jpeg(path: Path) -> bool:
    try:
        with Image.open(path) as image:
            image.verify()
        with Image.open(path) as image:
            image.load()
            return image.format == "JPEG"
    except (OSError, SyntaxError):
        return False
