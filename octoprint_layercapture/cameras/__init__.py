"""Where pictures come from: OctoPrint's webcams and the fake camera; settling."""

from __future__ import annotations

from .errors import CameraError
from .exif import Label, labelled
from .fake import FakeCamera
from .jpeg import picture_size
from .printed import Layers as PrintedLayers
from .scene import Scene
from .settling import FrozenCamera, Settled, Settler, common_delay
from .url import Source, origin
from .webcam import Limits, WebcamCamera
from .webcams import Webcams

__all__ = [
    "CameraError",
    "FakeCamera",
    "FrozenCamera",
    "Label",
    "Limits",
    "PrintedLayers",
    "Scene",
    "Settled",
    "Settler",
    "Source",
    "WebcamCamera",
    "Webcams",
    "common_delay",
    "labelled",
    "origin",
    "picture_size",
]
