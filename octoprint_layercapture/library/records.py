"""The JSON beside the pictures, as models. Fields they do not know survive a rewrite."""

import json
import math
import uuid
from typing import Any, Optional

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SCHEMA_VERSION = 2

_NAMELESS = uuid.UUID("5b0f3c1e-5c0f-4b52-9d0c-3f1d8c3a6a51")


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

    ``path`` is below OctoPrint's uploads folder, with ``/uploads`` in front, and ``file``
    its last part: the file lies beside this JSON. ``position`` is the one asked for,
    ``requested`` the same with the height, ``actual`` the one the printer reported;
    ``index`` is the place in the grid, ``order`` the turn in which it was visited.
    ``timestamp`` is seconds since the epoch, ``width`` and ``height`` are pixels,
    ``size`` is bytes, ``sha256`` is of the whole file. ``offset`` is what the camera sees
    in its middle, from the nozzle, mm. ``settle`` is how long after arrival the frame was
    asked for, s. ``repeated``: the same picture, bit for bit, as at the position before.
    """

    path: str
    file: str = ""
    position: Point
    index: int
    order: int = 0
    requested: Optional[Point3] = None
    actual: Optional[Point3] = None
    camera: str = ""
    timestamp: Optional[float] = None
    width: int = 0
    height: int = 0
    size: int = 0
    sha256: Optional[str] = None
    offset: Optional[Point] = None
    settle: Optional[float] = None
    repeated: bool = False

    @model_validator(mode="after")
    def _named(self) -> "Image":
        if not self.file:
            self.file = self.path.rpartition("/")[2]
        return self


class Sentence(Record):
    """A sentence that can be translated: ``text`` has places for ``params``.

    A parameter may be such a sentence itself.
    """

    text: str
    params: dict[str, Any] = Field(default_factory=dict)


class Failure(Record):
    """One picture that is missing; ``camera`` is ``None`` where it is all cameras'.

    ``reason`` is in English; ``message`` says the same for translation.
    """

    index: int
    position: Point
    camera: Optional[str] = None
    reason: str
    message: Optional[Sentence] = None


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
    grid: Optional[Grid] = None

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


class Heater(Record):
    """One heater, °C; ``target`` 0 is off. None where the printer did not say."""

    actual: Optional[float] = None
    target: Optional[float] = None


class Conditions(Record):
    """What the printer was at when a capture began.

    ``progress`` is the part of the file that was sent, 0 to 1; ``print_seconds`` how long
    the job had printed. ``temperatures`` has OctoPrint's names: ``tool0``, ``bed``,
    ``chamber`` and others. ``fan`` is the part cooling fan's share of full speed, 0 to 1;
    ``feed_factor`` and ``flow_factor`` are 1 where speed and flow are the file's own;
    ``babysteps`` is the sum of baby-steps along Z, mm. The last four are what was said to
    the printer over this connection, None where nothing was.
    """

    progress: Optional[float] = None
    print_seconds: Optional[float] = None
    temperatures: dict[str, Heater] = Field(default_factory=dict)
    fan: Optional[float] = None
    feed_factor: Optional[float] = None
    flow_factor: Optional[float] = None
    babysteps: Optional[float] = None


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
    conditions: Optional[Conditions] = None
    ending: Optional[Ending] = None
    settings: CaptureSettings


def stable_id(*parts: Any) -> str:
    """The same identifier for the same parts, for records that were written without."""
    return str(uuid.uuid5(_NAMELESS, json.dumps(parts, default=str)))


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
    """Reads all versions; a record without identifiers gets the same ones each time.

    Raises ``pydantic.ValidationError``, a ``ValueError``, for what is no record.
    """
    data = object_in(text)
    place = (data.get("gcode_file"), data.get("print_start_time"))
    capture = (*place, data.get("layer"), data.get("timestamp"))
    data.setdefault("schema_version", 1)
    data.setdefault("print_id", stable_id(*place))
    data.setdefault("capture_id", stable_id(*capture))
    return CaptureRecord.model_validate(data)


def print_id_of(text: bytes) -> str:
    """The print that the JSON of a capture or a print says it belongs to, unchecked.

    Raises ``ValueError`` for what is no JSON object.
    """
    data = object_in(text)
    given = data.get("print_id")
    if isinstance(given, str) and given:
        return given
    return stable_id(data.get("gcode_file"), data.get("print_start_time"))


def object_in(text: bytes) -> dict[str, Any]:
    """The JSON object in ``text``; raises ``ValueError`` where there is none."""
    try:
        data = json.loads(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if not isinstance(data, dict):
        raise ValueError("no JSON object")
    return data


def _micrometres(value: float) -> float:
    return round(float(value), 3)
