"""What is kept: pictures, the JSON beside them, and how both get on disk."""

from __future__ import annotations

from .errors import StoreError
from .records import CaptureRecord, CaptureSettings, Ending, Failure, Image, read_capture
from .store import CaptureWriter, PrintFolder, Store

__all__ = [
    "CaptureRecord",
    "CaptureSettings",
    "CaptureWriter",
    "Ending",
    "Failure",
    "Image",
    "PrintFolder",
    "Store",
    "StoreError",
    "read_capture",
]
