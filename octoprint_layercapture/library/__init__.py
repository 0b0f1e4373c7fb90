"""What is kept: pictures, the JSON beside them, and how both get on disk and back."""

from __future__ import annotations

from .catalog import Catalog
from .entries import CaptureEntry, Page, PictureEntry, PrintEntry
from .errors import PrintRunning, StoreError, UnknownFile, UnknownPrint
from .located import cover, locate
from .place import Place
from .prints import PrintRecord, Totals
from .records import (
    CaptureRecord,
    CaptureSettings,
    Conditions,
    Ending,
    Failure,
    Image,
    read_capture,
)
from .store import CaptureWriter, PrintFolder, Store

__all__ = [
    "CaptureEntry",
    "CaptureRecord",
    "CaptureSettings",
    "CaptureWriter",
    "Catalog",
    "Conditions",
    "Ending",
    "Failure",
    "Image",
    "Page",
    "PictureEntry",
    "Place",
    "PrintEntry",
    "PrintFolder",
    "PrintRecord",
    "PrintRunning",
    "Store",
    "StoreError",
    "Totals",
    "UnknownFile",
    "UnknownPrint",
    "cover",
    "locate",
    "read_capture",
]
