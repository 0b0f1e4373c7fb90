"""Settings: defaults and validation, from a raw tree to one frozen Config.

The raw tree is what stands below ``plugins.layercapture`` or on somebody's screen:
values may be strings, missing or nonsense. :func:`parse` never raises; each value it
cannot use comes back as a :class:`~octoprint_layercapture.messages.Problem` that says
what would be right, and its default stands in.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from pathlib import PurePath
from typing import Any, Optional

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_core import PydanticCustomError

from . import complaints
from .addresses import is_address, login_apart
from .gcode.custom import lines_of, refusal
from .layerlist import layer_ranges, layer_words
from .messages import Problem
from .trees import merged, put, value_at, writable

_NUMBERS = (int, float, Optional[float])
_DETAILS = ("cameras", "details")


class _Group(BaseModel):
    model_config = ConfigDict(frozen=True, allow_inf_nan=False, extra="ignore")

    @field_validator("*", mode="before")
    @classmethod
    def _as_typed(cls, value: Any, info: ValidationInfo) -> Any:
        """Take ``" 2,5 "`` as a person means it: trimmed, and with a decimal comma.

        A password is meant as it is.
        """
        if isinstance(value, str) and info.field_name != "password":
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

    @property
    def words(self) -> Collection[str]:
        """The words in the list, as they stand in ``capture.plan``."""
        return layer_words(self.list)


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

    @field_validator("offset_x", "offset_y", mode="before")
    @classmethod
    def _empty_is_none(cls, value: Any) -> Any:
        empty = value is None or (isinstance(value, str) and not value.strip())
        return 0.0 if empty else value


class Cameras(_Group):
    """Where pictures come from.

    ``delay`` is the fixed wait and ``settle_max`` the longest adaptive one, s;
    ``timeout`` (s) and ``max_size`` (MB) bound one picture. ``auth``, ``username``,
    ``password``, ``token`` and ``verify`` (of the certificate) belong to ``url``, which
    never holds a password itself. Without ``auth`` no password or token is kept.
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
    password: str = Field(default="", max_length=500, repr=False)
    token: str = Field(default="", max_length=4000, repr=False)
    verify: bool = True
    details: tuple[Detail, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _login_apart(cls, given: Any) -> Any:
        return login_apart(given)

    def detail(self, camera: str) -> Detail:
        """What is known of ``camera``; nothing, where nothing was entered."""
        for detail in self.details:
            if detail.camera == camera:
                return detail
        return Detail(camera=camera)

    @field_validator("url", mode="after")
    @classmethod
    def _address(cls, value: str) -> str:
        if value and not is_address(value):
            raise PydanticCustomError("address", "no address")
        return value

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


class Video(_Group):
    """Videos of a print: made after each one by themselves or not; pictures a second."""

    automatic: bool = False
    fps: int = Field(default=10, ge=1, le=60)


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
    video: Video = Video()


def defaults() -> dict[str, Any]:
    """The tree of defaults as OctoPrint's settings take it."""
    tree: dict[str, Any] = Config().model_dump(mode="json")
    return tree


def parse(raw: Any, before: Optional[Config] = None) -> tuple[Config, list[Problem]]:
    """Check a raw tree.

    Args:
        before: whose values stand in for what cannot be used; the defaults where None

    Returns:
        the Config, and one Problem for each value that cannot be used
    """
    spare = defaults() if before is None else before.model_dump(mode="json")
    tree = merged(defaults(), known(raw))
    # once, or what is put back below would be taken out of the URL again
    tree["cameras"] = login_apart(tree["cameras"])
    problems = _no_groups(raw)
    while True:
        try:
            return Config.model_validate(tree), problems
        except ValidationError as refused:
            found = {_place(error["loc"]): error for error in refused.errors()}
            # single values first: what holds them may be put back as a whole after that
            for place, error in sorted(found.items(), key=lambda each: -len(each[0])):
                field = _field(place)
                problems.append(complaints.problem(place[:2], field, error, tree))
                _put_back(tree, place, spare)


def _no_groups(raw: Any) -> list[Problem]:
    """The groups of settings that hold something else than settings."""
    if not isinstance(raw, dict):
        return []
    return [
        complaints.no_group(key, writable(raw[key]))
        for key, value in defaults().items()
        if isinstance(value, dict)
        and raw.get(key) is not None
        and not isinstance(raw[key], dict)
    ]


def _place(location: tuple[Any, ...]) -> tuple[Any, ...]:
    """Group and name of what was refused; of one camera's detail also which."""
    single = location[:2] == _DETAILS and len(location) == 4 and location[3] != "camera"
    return location if single else location[:2]


def _put_back(tree: dict[str, Any], place: tuple[Any, ...], spare: Any) -> None:
    """What stood there before, or the default, instead of what was refused."""
    if len(place) < 4:
        put(tree, place, value_at(spare, place))
        return
    entry, name = value_at(tree, place[:3]), place[3]
    before = value_at(spare, place[:2])
    known_so_far = [each for each in before if each["camera"] == entry.get("camera")]
    default = Detail.model_fields[name].get_default()
    entry[name] = known_so_far[0][name] if known_so_far else default


def known(raw: Any) -> dict[str, Any]:
    """The part of a raw tree that settings can be made of: known keys, valid text."""
    return _known(defaults(), raw) if isinstance(raw, dict) else {}


def _known(tree: dict[str, Any], raw: dict[Any, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in tree.items():
        if key not in raw:
            continue
        if not isinstance(value, dict):
            found[key] = writable(raw[key])
        elif isinstance(raw[key], dict):
            found[key] = _known(value, raw[key])
    return found


def _field(place: tuple[Any, ...]) -> Any:
    if len(place) == 4:
        return Detail.model_fields[place[3]]
    model: Any = Config
    for key in place[:-1]:
        model = model.model_fields[key].annotation
    return model.model_fields[place[-1]]
