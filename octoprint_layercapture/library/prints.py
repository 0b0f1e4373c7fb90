"""The record of a whole print, as a model: what was printed, how, and how it ended."""

from typing import Any, Optional

from pydantic import Field

from .records import SCHEMA_VERSION, CaptureSettings, Point, Record, new_id, object_in

DONE, FAILED, CANCELLED = "done", "failed", "cancelled"


class SourceFile(Record):
    """The G-code file: path below uploads, bytes, and the hash of its content."""

    path: str
    size: Optional[int] = None
    sha256: Optional[str] = None


class PrintCamera(Record):
    """A camera of the print.

    ``offset`` is what it sees in its middle, from the nozzle, mm, or None where nobody
    entered it, as with each picture. ``latency``, ``rest`` (s) and ``stale`` (frames) are
    what was measured of it, or None.
    """

    name: str
    offset: Optional[Point] = None
    latency: Optional[float] = None
    rest: Optional[float] = None
    stale: Optional[int] = None


class Totals(Record):
    """What was kept of a print.

    ``bytes`` counts pictures and JSON; ``seconds`` is how long the job stood still for
    captures in all.
    """

    captures: int = 0
    pictures: int = 0
    failures: int = 0
    bytes: int = 0
    seconds: float = 0


class PrintRecord(Record):
    """One print. Times are seconds since the epoch, ``gcode_file`` is below uploads.

    ``outcome`` is ``done``, ``failed`` or ``cancelled``; None while it prints, and for
    good where OctoPrint ended before the print did. ``reason`` says more, in a word.
    ``layers`` are the numbers that were to be captured. ``printer_profile`` is
    OctoPrint's, ``config`` the plugin's settings without anything secret.
    """

    schema_version: int = SCHEMA_VERSION
    print_id: str = Field(default_factory=new_id)
    instance: str = ""
    plugin_version: Optional[str] = None
    octoprint_version: Optional[str] = None
    name: str = ""
    gcode_file: str
    file: Optional[SourceFile] = None
    print_start_time: float
    print_end_time: Optional[float] = None
    outcome: Optional[str] = None
    reason: Optional[str] = None
    layers_total: Optional[int] = None
    layers: list[int] = Field(default_factory=list)
    slicer: Optional[str] = None
    printer_profile: dict[str, Any] = Field(default_factory=dict)
    settings: Optional[CaptureSettings] = None
    cameras: list[PrintCamera] = Field(default_factory=list)
    config: dict[str, Any] = Field(default_factory=dict)
    totals: Totals = Field(default_factory=Totals)


def read_print(text: bytes) -> PrintRecord:
    """Raises ``pydantic.ValidationError``, a ``ValueError``, for what is no record."""
    return PrintRecord.model_validate(object_in(text))
