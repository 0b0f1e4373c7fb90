"""Settings: defaults, validation and migration, from a raw tree to one frozen Config.

The raw tree is what stands below ``plugins.layercapture`` or on somebody's screen:
values may be strings, missing or nonsense. :func:`parse` never raises; each value it
cannot use comes back as a :class:`~octoprint_layercapture.messages.Problem` that says
what would be right, and its default stands in.
"""

from __future__ import annotations

import copy
import math
import re
from pathlib import PurePath
from typing import Any, Optional

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from .gcode.custom import lines_of, refusal
from .messages import N_, Message, Problem

VERSION = 1

_NUMBERS = (int, float, Optional[float])
_LIST_PART = re.compile(r"(\d{1,7})(?:\s*-\s*(\d{1,7}))?$")


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _as_typed(cls, value: Any, info: ValidationInfo) -> Any:
        """Take ``" 2,5 "`` as a person means it: trimmed, and with a decimal comma."""
        if isinstance(value, str):
            value = value.strip()
            kind = cls.model_fields[str(info.field_name)].annotation
            if kind in _NUMBERS and re.fullmatch(r"[-+]?\d+,\d+", value):
                value = value.replace(",", ".")
        return value


class _Optionals(_Group):
    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_automatic(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value


class Layers(_Group):
    """Which layers to capture; heights in mm."""

    interval: int = Field(default=10, ge=0, le=100000)
    first: bool = False
    last: bool = False
    list: str = Field(default="", max_length=2000)
    min_height: float = Field(default=0.05, ge=0.001, le=5)

    @field_validator("list", mode="before")
    @classmethod
    def _listed(cls, value: Any) -> Any:
        if value is None:
            return ""
        text = str(value).strip() if isinstance(value, (int, str)) else value
        if isinstance(text, str):
            layer_ranges(text)
        return text

    @property
    def ranges(self) -> tuple[tuple[int, int], ...]:
        """The listed layers as closed ranges."""
        return layer_ranges(self.list)


class Grid(_Optionals):
    """The positions: columns × rows around a centre, mm; None is the bed's centre.

    ``aim`` says what a position is: where the nozzle stands, or what the first camera
    sees.
    """

    center_x: Optional[float] = Field(default=None, ge=-2000, le=2000)
    center_y: Optional[float] = Field(default=None, ge=-2000, le=2000)
    columns: int = Field(default=3, ge=1, le=20)
    rows: int = Field(default=3, ge=1, le=20)
    spacing_x: float = Field(default=40, ge=0.1, le=1000)
    spacing_y: float = Field(default=40, ge=0.1, le=1000)
    aim: str = Field(default="nozzle", pattern="^(nozzle|camera)$")


class Bed(_Optionals):
    """The printable volume, mm; None is what the printer profile says."""

    width: Optional[float] = Field(default=None, ge=10, le=5000)
    depth: Optional[float] = Field(default=None, ge=10, le=5000)
    max_z: Optional[float] = Field(default=None, ge=1, le=5000)
    margin: float = Field(default=10, ge=0, le=500)


class Motion(_Group):
    """How the job is held and the head moves: height, retraction mm; speeds mm/s.

    ``wait`` chooses the commands that wait for motion to end; ``before`` and ``after``
    are lines of the user's own around a capture.
    """

    hold: str = Field(default="job", pattern="^(job|pause)$")
    wait: str = Field(default="m400", pattern="^(m400|dwell|both)$")
    height: float = Field(default=5, ge=0.5, le=200)
    travel_speed: float = Field(default=150, ge=1, le=1000)
    z_speed: float = Field(default=10, ge=0.1, le=200)
    retract: float = Field(default=1.0, ge=0, le=20)
    retract_speed: float = Field(default=35, ge=0.1, le=200)
    return_to_origin: bool = True
    before: str = Field(default="", max_length=2000)
    after: str = Field(default="", max_length=2000)

    @field_validator("before", "after", mode="after")
    @classmethod
    def _harmless(cls, value: str) -> str:
        for line in lines_of(value):
            reason = refusal(line)
            if reason is not None:
                raise PydanticCustomError(
                    "gcode", "{line}", {"line": line, "why": reason}
                )
        return value


class Detail(_Optionals):
    """What is known of one camera, by the name it has in ``cameras.use``.

    ``offset_x``, ``offset_y``: what it sees in the middle, from the nozzle, mm.
    ``latency``: how old its newest frame can be, s; ``rest``: how long it shakes after a
    move, s; ``stale``: how many frames it hands out that it took before it was asked.
    The last three are None until they were measured.
    """

    camera: str = Field(max_length=200)
    offset_x: float = Field(default=0, ge=-500, le=500)
    offset_y: float = Field(default=0, ge=-500, le=500)
    latency: Optional[float] = Field(default=None, ge=0, le=30)
    rest: Optional[float] = Field(default=None, ge=0, le=30)
    stale: Optional[int] = Field(default=None, ge=0, le=30)


class Cameras(_Group):
    """Where pictures come from.

    ``delay`` is the fixed wait and ``settle_max`` the longest adaptive one, s;
    ``timeout`` (s) and ``max_size`` (MB) bound one picture. ``auth``, ``username``,
    ``password``, ``token`` and ``verify`` (of the certificate) belong to ``url``.
    """

    use: tuple[str, ...] = ()
    fake: bool = False
    settling: str = Field(default="adaptive", pattern="^(adaptive|fixed)$")
    delay: float = Field(default=2.0, ge=0, le=60)
    settle_max: float = Field(default=5.0, ge=0.5, le=60)
    timeout: float = Field(default=10, ge=1, le=60)
    max_size: float = Field(default=20, ge=0.1, le=200)
    url: str = Field(default="", max_length=2000, pattern="^(https?://.+)?$")
    auth: str = Field(default="none", pattern="^(none|basic|digest|bearer)$")
    username: str = Field(default="", max_length=200)
    password: str = Field(default="", max_length=500)
    token: str = Field(default="", max_length=4000)
    verify: bool = True
    details: tuple[Detail, ...] = ()

    def detail(self, camera: str) -> Detail:
        """What is known of ``camera``; nothing, where nothing was entered."""
        for detail in self.details:
            if detail.camera == camera:
                return detail
        return Detail(camera=camera)

    @field_validator("use", mode="before")
    @classmethod
    def _one_or_many(cls, value: Any) -> Any:
        if value is None or value == "":
            return ()
        return (value,) if isinstance(value, str) else value


class Fake(_Group):
    """What the fake camera pretends to be.

    ``mount``: on the head, or fixed above the bed; ``field``: the width it sees, mm;
    ``noise``: standard deviation of a pixel, of 255; ``latency``: age of its frames, s;
    ``blur``: how long it shakes after a move, s.
    """

    mount: str = Field(default="head", pattern="^(head|fixed)$")
    field: float = Field(default=80, ge=5, le=2000)
    noise: float = Field(default=0, ge=0, le=50)
    latency: float = Field(default=0, ge=0, le=10)
    blur: float = Field(default=0, ge=0, le=10)


class Files(_Group):
    """How and where pictures are kept; quality is JPEG's, 1 to 100.

    ``folder`` empty is the usual one, below uploads. ``floor_mb`` stay free on its disk,
    MB; None is where OctoPrint begins to warn. Prints older than ``max_age_days``, and
    the oldest beyond ``max_total_gb`` in all, are deleted; None keeps them.
    """

    folder_per_print: bool = True
    quality: int = Field(default=95, ge=1, le=100)
    folder: str = Field(default="", max_length=1000)
    floor_mb: Optional[int] = Field(default=None, ge=0, le=10_000_000)
    max_age_days: Optional[float] = Field(default=None, ge=0.1, le=36500)
    max_total_gb: Optional[float] = Field(default=None, ge=0.01, le=1_000_000)

    @field_validator("folder", mode="before")
    @classmethod
    def _usual(cls, value: Any) -> Any:
        return "" if value is None else value

    @field_validator("floor_mb", "max_age_days", "max_total_gb", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("folder", mode="after")
    @classmethod
    def _full_path(cls, value: str) -> str:
        path = PurePath(value)
        if value and ("\x00" in value or not path.is_absolute() or ".." in path.parts):
            raise PydanticCustomError("folder", "no full path")
        return value


class Config(_Group):
    """All settings, checked. Frozen: a job keeps the Config it started with."""

    enabled: bool = True
    layers: Layers = Layers()
    grid: Grid = Grid()
    bed: Bed = Bed()
    motion: Motion = Motion()
    cameras: Cameras = Cameras()
    fake_camera: Fake = Fake()
    files: Files = Files()


def defaults() -> dict[str, Any]:
    """The tree of defaults as OctoPrint's settings take it."""
    tree: dict[str, Any] = Config().model_dump(mode="json")
    return tree


def layer_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """``"1, 5-10, 40"`` as ``((1, 1), (5, 10), (40, 40))``.

    Raises:
        ValueError: a part is not a layer number from 1 or a range of them
    """
    ranges: list[tuple[int, int]] = []
    for part in re.split(r"[,;\s]+(?![-\s])", re.sub(r"\s*-\s*", "-", text.strip())):
        if not part:
            continue
        match = _LIST_PART.match(part)
        first = int(match.group(1)) if match else 0
        last = int(match.group(2) or first) if match else 0
        if first < 1 or last < first:
            raise ValueError(part)
        ranges.append((first, last))
    return tuple(ranges)


def parse(raw: Any, before: Optional[Config] = None) -> tuple[Config, list[Problem]]:
    """Check a raw tree.

    Args:
        before: whose values stand in for what cannot be used; the defaults where None

    Returns:
        the Config, and one Problem for each value that cannot be used
    """
    spare = defaults() if before is None else before.model_dump(mode="json")
    tree = _merged(defaults(), known(raw))
    problems = [
        Problem(key, Message(N_("“%(value)s” cannot be used here."), {"value": shown}))
        for key, shown in _no_groups(raw)
    ]
    while True:
        try:
            return Config.model_validate(tree), problems
        except ValidationError as refused:
            found = {tuple(error["loc"][:2]): error for error in refused.errors()}
            for place, error in found.items():
                problems.append(_problem(place, error))
                _set(tree, place, _get(spare, place))


def _no_groups(raw: Any) -> list[tuple[str, str]]:
    """The groups of settings that hold something else than settings, and what."""
    if not isinstance(raw, dict):
        return []
    return [
        (key, str(_writable(str(raw[key])))[:60])
        for key, value in defaults().items()
        if isinstance(value, dict)
        and raw.get(key) is not None
        and not isinstance(raw[key], dict)
    ]


def known(raw: Any) -> dict[str, Any]:
    """The part of a raw tree that settings can be made of: known keys, valid text."""
    return _known(defaults(), raw) if isinstance(raw, dict) else {}


def _known(tree: dict[str, Any], raw: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in raw:
            continue
        if not isinstance(value, dict):
            found[key] = _writable(raw[key])
        elif isinstance(raw[key], dict):
            found[key] = _known(value, raw[key])
    return found


def _writable(value: Any) -> Any:
    """Text that cannot be written as UTF-8 comes out as far as it can."""
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if isinstance(value, (list, tuple)):
        return [_writable(each) for each in value]
    return value


def _merged(tree: dict[str, Any], raw: Any) -> dict[str, Any]:
    """``tree`` with the values of ``raw`` at the keys that both have."""
    if not isinstance(raw, dict):
        return tree
    for key, value in tree.items():
        if key in raw:
            if isinstance(value, dict):
                tree[key] = _merged(value, raw[key])
            else:
                tree[key] = copy.deepcopy(raw[key])
    return tree


def _get(tree: dict[str, Any], place: tuple[Any, ...]) -> Any:
    for key in place:
        tree = tree[key]
    return tree


def _set(tree: dict[str, Any], place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        tree = tree[key]
    tree[place[-1]] = value


def _field(place: tuple[Any, ...]) -> Any:
    model: Any = Config
    for key in place[:-1]:
        model = model.model_fields[key].annotation
    return model.model_fields[place[-1]]


def _limits(place: tuple[Any, ...]) -> tuple[Optional[float], Optional[float]]:
    """The smallest and largest value that the setting takes, where it has such."""
    least = most = None
    for rule in _field(place).metadata:
        least = getattr(rule, "ge", least)
        most = getattr(rule, "le", most)
    return least, most


_GCODE_REFUSED = {
    "moves": N_("“%(line)s” moves the head or the filament, which only the capture may."),
    "homes": N_("“%(line)s” homes the printer, which would ruin the print."),
    "modes": N_("“%(line)s” changes how the print's own lines would be understood."),
    "waits": N_("“%(line)s” waits for a temperature, which would hold the print up."),
    "stops": N_("“%(line)s” stops, pauses or unpowers the printer."),
    "tools": N_("“%(line)s” changes the tool."),
    "unknown": N_("“%(line)s” is no G-code command."),
}


def _problem(place: tuple[Any, ...], error: Any) -> Problem:
    key = ".".join(str(part) for part in place)
    value = "" if error["input"] is None else error["input"]
    shown = value if isinstance(value, (int, float, str)) else str(value)
    if isinstance(shown, float) and not math.isfinite(shown):
        shown = str(shown)
    if isinstance(shown, str):
        shown = shown[:60]
    if error["type"] == "gcode":
        context = error["ctx"]
        return Problem(
            key, Message(_GCODE_REFUSED[context["why"]], {"line": context["line"][:60]})
        )
    least, most = _limits(place)
    if key == "layers.list":
        text = N_(
            "“%(value)s” is not a list of layers. Write layer numbers and ranges "
            "with commas between them, for example 1, 5-10, 40."
        )
        return Problem(key, Message(text, {"value": shown}))
    if error["type"] == "folder":
        text = N_(
            "“%(value)s” is no full path of a folder. Write it from the top, for "
            "example /media/usb/pictures."
        )
        return Problem(key, Message(text, {"value": shown}))
    if key == "cameras.url":
        text = N_("A snapshot URL begins with http:// or https://.")
        return Problem(key, Message(text))
    if least is not None and most is not None:
        whole = _field(place).annotation is int
        text = (
            N_("“%(value)s” is not a whole number from %(least)s to %(most)s.")
            if whole
            else N_("“%(value)s” is not a number from %(least)s to %(most)s.")
        )
        params = {"value": shown, "least": f"{least:g}", "most": f"{most:g}"}
        return Problem(key, Message(text, params))
    if str(error["type"]).startswith("bool"):
        return Problem(
            key, Message(N_("“%(value)s” is neither on nor off."), {"value": shown})
        )
    return Problem(key, Message(N_("“%(value)s” cannot be used here."), {"value": shown}))
