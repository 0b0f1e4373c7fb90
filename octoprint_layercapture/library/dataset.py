"""The rows of a dataset: one for each picture, with its exact pose and its print.

Every row has the same columns, and a column has one type, so that exports of several
printers can be loaded as one dataset. So a number that is not known is NaN, not null: of
a column of nulls no reader can tell the type.
"""

from __future__ import annotations

import csv
import io
import json
import math
import uuid
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Callable, Optional

from .entries import PictureEntry, PrintEntry
from .files import scratch_file
from .records import CaptureRecord, Heater, Image

_SEPARATOR = "\x1f"

Row = dict[str, Any]
_Source = tuple[PrintEntry, CaptureRecord, Image]


def _number(value: Optional[float]) -> float:
    return math.nan if value is None else float(value)


def _coordinate(point: Any, axis: str) -> float:
    return _number(getattr(point, axis, None))


def _heater(capture: CaptureRecord, name: str, what: str) -> float:
    conditions = capture.conditions
    heater = None if conditions is None else conditions.temperatures.get(name)
    return _number(getattr(heater or Heater(), what))


def _condition(capture: CaptureRecord, name: str) -> float:
    return _number(getattr(capture.conditions, name, None))


def identifier(capture: CaptureRecord, image: Image) -> str:
    """The same for the same picture in every export, and no other picture's anywhere."""
    parts = (capture.print_id, capture.capture_id, image.file)
    return str(uuid.uuid5(uuid.NAMESPACE_OID, _SEPARATOR.join(parts)))


# What each column says of a picture; mm, °C, seconds since the epoch.
COLUMNS: Mapping[str, Callable[[PrintEntry, CaptureRecord, Image], Any]] = {
    "id": lambda of, capture, image: identifier(capture, image),
    "print_id": lambda of, capture, image: capture.print_id,
    "capture_id": lambda of, capture, image: capture.capture_id,
    "instance": lambda of, capture, image: capture.instance,
    "print_name": lambda of, capture, image: of.name,
    "gcode_file": lambda of, capture, image: capture.gcode_file,
    "print_started": lambda of, capture, image: float(capture.print_start_time),
    "outcome": lambda of, capture, image: of.state,
    "layer": lambda of, capture, image: capture.layer,
    "layers_total": lambda of, capture, image: _number(capture.layers_total),
    "layer_height": lambda of, capture, image: _number(capture.height),
    "z_height": lambda of, capture, image: float(capture.z_height),
    "slicer": lambda of, capture, image: capture.slicer or "",
    "slicer_layer": lambda of, capture, image: _number(capture.slicer_layer),
    "index": lambda of, capture, image: image.index,
    "order": lambda of, capture, image: image.order,
    "camera": lambda of, capture, image: image.camera,
    "x": lambda of, capture, image: float(image.position.x),
    "y": lambda of, capture, image: float(image.position.y),
    "actual_x": lambda of, capture, image: _coordinate(image.actual, "x"),
    "actual_y": lambda of, capture, image: _coordinate(image.actual, "y"),
    "actual_z": lambda of, capture, image: _coordinate(image.actual, "z"),
    "offset_x": lambda of, capture, image: _coordinate(image.offset, "x"),
    "offset_y": lambda of, capture, image: _coordinate(image.offset, "y"),
    "timestamp": lambda of, capture, image: _number(image.timestamp),
    "settle": lambda of, capture, image: _number(image.settle),
    "repeated": lambda of, capture, image: image.repeated,
    "width": lambda of, capture, image: image.width,
    "height": lambda of, capture, image: image.height,
    "size": lambda of, capture, image: image.size,
    "sha256": lambda of, capture, image: image.sha256 or "",
    "progress": lambda of, capture, image: _condition(capture, "progress"),
    "nozzle_temperature": lambda of, capture, image: _heater(capture, "tool0", "actual"),
    "nozzle_target": lambda of, capture, image: _heater(capture, "tool0", "target"),
    "bed_temperature": lambda of, capture, image: _heater(capture, "bed", "actual"),
    "bed_target": lambda of, capture, image: _heater(capture, "bed", "target"),
    "fan": lambda of, capture, image: _condition(capture, "fan"),
    "feed_factor": lambda of, capture, image: _condition(capture, "feed_factor"),
    "flow_factor": lambda of, capture, image: _condition(capture, "flow_factor"),
}


class Table:
    """A file that is written once and then read: small in memory, large on disk."""

    def __init__(self, scratch: Optional[Path]) -> None:
        self.modified = 0.0
        self._file = scratch_file(scratch)

    @property
    def size(self) -> int:
        """Bytes written."""
        self._file.seek(0, io.SEEK_END)
        return self._file.tell()

    def write(self, text: str) -> None:
        self._file.write(text.encode("utf-8"))

    def open(self) -> BinaryIO:
        """The content from its beginning; closing it throws it away."""
        self._file.seek(0)
        return self._file  # type: ignore[return-value]

    def close(self) -> None:
        self._file.close()


class Tables:
    """Gathers the rows of a dataset, as JSON lines and as CSV, in temporary files."""

    def __init__(self, scratch: Optional[Path] = None) -> None:
        self.rows = 0
        self.newest = 0.0
        self._print_ids: set[str] = set()
        self._lines, self._csv = Table(scratch), Table(scratch)
        self._csv.write(_csv_line(["file_name", *COLUMNS]))

    def __enter__(self) -> Tables:
        return self

    def __exit__(
        self,
        kind: Optional[type[BaseException]],
        error: Optional[BaseException],
        trace: Optional[TracebackType],
    ) -> None:
        self._lines.close()
        self._csv.close()

    @property
    def prints(self) -> int:
        """How many prints the rows are of."""
        return len(self._print_ids)

    def add(
        self, line_name: str, csv_name: str, of: PrintEntry, picture: PictureEntry
    ) -> None:
        """A row for a picture, which is ``line_name`` seen from the JSON lines and
        ``csv_name`` seen from the CSV."""
        capture, image = picture.capture.record, picture.image
        row = {name: column(of, capture, image) for name, column in COLUMNS.items()}
        line = {"file_name": line_name, **row}
        self._lines.write(json.dumps(line, ensure_ascii=False) + "\n")
        values = ["" if value != value else value for value in row.values()]
        self._csv.write(_csv_line([csv_name, *values]))
        self.rows += 1
        self._print_ids.add(capture.print_id)
        self.newest = max(self.newest, image.timestamp or capture.timestamp)

    def finished(self) -> tuple[Table, Table]:
        """The JSON lines and the CSV."""
        self._lines.modified = self._csv.modified = self.newest
        return self._lines, self._csv


def _csv_line(values: list[Any]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(values)
    return out.getvalue()


def card(rows: int, prints: int) -> bytes:
    """The README of a dataset."""
    named = "\n".join(f"- `{name}`" for name in COLUMNS)
    return _CARD.format(rows=rows, prints=prints, columns=named).encode("utf-8")


_CARD = """\
# Pictures of 3D prints

{rows} pictures of {prints} prints, taken by Layer Capture.

Load them with Hugging Face's `datasets`:

    load_dataset("imagefolder", data_dir="this folder")

`train/` holds the pictures and, in `metadata.jsonl`, one row for each; `pictures.csv` has
the same rows. Lengths are mm in the printer's coordinates, temperatures °C, times seconds
since 1970. `x` and `y` are the position asked for, `actual_…` what the printer reported.
A number that was not known is NaN, in the table empty. `id` is the same for the same
picture in every export.

Columns beside `file_name`:

{columns}
"""
