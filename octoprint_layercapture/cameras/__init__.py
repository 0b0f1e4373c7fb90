"""Where pictures come from: OctoPrint's webcams and the fake camera."""

from __future__ import annotations

from .errors import CameraError
from .fake import FakeCamera
from .jpeg import picture_size
from .printed import Layers as PrintedLayers
from .scene import Scene
from .webcams import WebcamCamera, Webcams

__all__ = [
    "CameraError",
    "FakeCamera",
    "PrintedLayers",
    "Scene",
    "WebcamCamera",
    "Webcams",
    "picture_size",
]
