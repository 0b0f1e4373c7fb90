"""The JSON beside the pictures, as models. Fields they do not know survive a rewrite."""

import math
import uuid
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, field_validator

SCHEMA_VERSION = 1


def new_id() -> str:
    return str(uuid.uuid4())


class Record(BaseModel):
    model_config = ConfigDict(extra="allow", ser_json_inf_nan="null")

    @field_validator("*", mode="before")
    @classmethod
    def _writable_text(cls, value: Any) -> Any:
        """Names of files that are not valid text on disk still make valid JSON."""
        if isinstance(value, str):
            return value.encode("utf-8", "replace").decode("utf-8")
        return value


class Point(Record):
    """A place on the bed, in mm."""

    x: float
    y: float


class Point3(Point):
    """A place above the bed, in mm."""

    z: float


class Image(Record):
    """One picture on disk.

    ``path`` is below OctoPrint's uploads folder, with ``/uploads`` in front. ``position``
    is the one asked for, ``actual`` the one the printer reported; ``index`` is the place
    in the grid, ``order`` the turn in which it was visited. ``timestamp`` is seconds
    since the epoch, ``width`` and ``height`` are pixels, ``size`` is bytes. ``offset`` is
    what the camera sees in its middle, from the nozzle, mm. ``settle`` is how long after
    arrival the frame was asked for, s. ``repeated``: the same picture, bit for bit, as at
    the position before.
    """

    path: str
    position: Point
    index: int
    order: int
    actual: Optional[Point3] = None
    camera: str
    timestamp: float
    width: int
    height: int
    size: int
    offset: Optional[Point] = None
    settle: Optional[float] = None
    repeated: bool = False


class Failure(Record):
    """One picture that is missing; ``camera`` is ``None`` where it is all cameras'."""

    index: int
    position: Point
    camera: Optional[str] = None
    reason: str


class Grid(Record):
    """Spacing in mm."""

    columns: int
    rows: int
    spacing_x: float
    spacing_y: float


class CaptureSettings(Record):
    """The settings a capture was made with; size and spacing are the columns'."""

    grid_spacing: float
    grid_center: Point
    grid_size: int
    grid: Grid

    @classmethod
    def of_grid(
        cls,
        *,
        center: tuple[float, float],
        columns: int,
        rows: int,
        spacing_x: float,
        spacing_y: float,
    ) -> "CaptureSettings":
        return cls(
            grid_spacing=spacing_x,
            grid_center=point(center),
            grid_size=columns,
            grid=Grid(
                columns=columns, rows=rows, spacing_x=spacing_x, spacing_y=spacing_y
            ),
        )


class Ending(Record):
    """How a capture ended.

    ``planned`` positions were to be visited and ``visited`` were; ``seconds`` is how long
    the job stood still; ``interrupted`` names what ended it early, ``failure`` says what
    failed, in a sentence.
    """

    planned: int
    visited: int
    seconds: float
    interrupted: Optional[str] = None
    failure: Optional[str] = None


class CaptureRecord(Record):
    """One capture: everything that was seen of one layer.

    Heights are mm, times seconds since the epoch; ``gcode_file`` is the path below
    OctoPrint's uploads folder; ``layer`` counts from 1 in print order, ``slicer_layer``
    is the slicer's own number.
    """

    schema_version: int = SCHEMA_VERSION
    print_id: str = Field(default_factory=new_id)
    capture_id: str = Field(default_factory=new_id)
    instance: str = ""
    layer: int
    z_height: float
    height: Optional[float] = None
    layers_total: Optional[int] = None
    slicer: Optional[str] = None
    slicer_layer: Optional[int] = None
    timestamp: float
    gcode_file: str
    print_start_time: float
    images: list[Image] = Field(default_factory=list)
    failures: list[Failure] = Field(default_factory=list)
    ending: Optional[Ending] = None
    settings: CaptureSettings


def point(xy: tuple[float, float]) -> Point:
    return Point(x=_micrometres(xy[0]), y=_micrometres(xy[1]))


def reported(xyz: Optional[tuple[float, float, float]]) -> Optional[Point3]:
    """``None`` also where the report held something that is no number."""
    if xyz is None or not all(math.isfinite(value) for value in xyz):
        return None
    x, y, z = (_micrometres(value) for value in xyz)
    return Point3(x=x, y=y, z=z)


def to_json(record: Record) -> bytes:
    return record.model_dump_json(indent=2).encode("utf-8") + b"\n"


def read_capture(text: bytes) -> CaptureRecord:
    """Raises ``pydantic.ValidationError``, a ``ValueError``, for what is no record."""
    return CaptureRecord.model_validate_json(text)


def _micrometres(value: float) -> float:
    return round(float(value), 3)
