"""The pictures that make a video: one position and camera through all layers."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Optional

from .entries import PrintEntry


@dataclass(frozen=True)
class Series:
    """What one camera saw at one position, layer after layer."""

    index: int
    camera: str
    frames: list[Path] = field(default_factory=list)


def series(
    entry: PrintEntry, index: Optional[int] = None, camera: Optional[str] = None
) -> list[Series]:
    """All series of a print, or those of a position or camera; by position and camera.

    Positions of which a picture is missing at a layer have a frame less.
    """
    found: dict[tuple[int, str], Series] = {}
    for picture in entry.iter_pictures(index=index, camera=camera):
        key = (picture.index, picture.camera)
        found.setdefault(key, Series(*key)).frames.append(picture.path)
    return [found[key] for key in sorted(found)]
