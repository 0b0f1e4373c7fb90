"""Layer and LayerIndex: what a file says about its layers, as values."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Optional


@dataclass(frozen=True)
class Layer:
    """One layer of a print. Positions are OctoPrint's ``filepos``: offsets after a line.

    ``number``: 1…N in print order, raft included. ``z`` (mm): the nozzle height at which
    most of the layer's filament is laid; in a vase print the height its turn ends at.
    ``height`` (mm): the rise over the layer below it, or over the bed.
    ``slicer_number``: the number in the slicer's own marker, as written there.
    ``capture_pos``: the last line of the layer; once it was sent, the layer is complete.
    ``retracted``: whether the slicer has retracted by then. ``top`` (mm): the highest z
    extruded at in the whole print so far. ``triggers``: the positions of the commands
    from ``capture_pos`` on at which the capture may still run: up to the next move or
    priming that extrudes, and before anything that pauses, begins with ``@``, heats,
    homes, changes the tool or switches motors. ``resume``: X and Y (mm) where the file's
    next extruding move starts, None where that is not certain.
    """

    number: int
    z: float
    height: float
    slicer_number: Optional[int]
    capture_pos: int
    retracted: bool
    top: float
    triggers: tuple[int, ...] = ()
    resume: Optional[tuple[float, float]] = None


@dataclass(frozen=True)
class LayerIndex:
    """All layers of a file.

    ``slicer``: the program that names itself in the file. ``spiral``: a vase print.
    ``sequential``: objects are printed one after the other. ``bounds``: min_x, min_y,
    max_x, max_y (mm) of the layers' extruding moves; None unless every move was read
    one by one.
    """

    slicer: Optional[str] = None
    spiral: bool = False
    sequential: bool = False
    layers: tuple[Layer, ...] = ()
    bounds: Optional[tuple[float, float, float, float]] = None

    def layer_at(self, position: int) -> Optional[Layer]:
        """The layer in print when the file was sent to ``position``; None after all."""
        return next((each for each in self.layers if each.capture_pos >= position), None)

    def to_dict(self) -> dict[str, Any]:
        """The index as plain values for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LayerIndex:
        """The index that ``to_dict`` wrote.

        Raises KeyError, TypeError or ValueError where ``data`` is something else.
        """
        bounds = data["bounds"]
        return cls(
            slicer=data["slicer"],
            spiral=bool(data["spiral"]),
            sequential=bool(data["sequential"]),
            layers=tuple(_layer(each) for each in data["layers"]),
            bounds=None if bounds is None else _floats4(bounds),
        )


def _layer(data: dict[str, Any]) -> Layer:
    number, resume = data["slicer_number"], data["resume"]
    return Layer(
        number=int(data["number"]),
        z=float(data["z"]),
        height=float(data["height"]),
        slicer_number=None if number is None else int(number),
        capture_pos=int(data["capture_pos"]),
        retracted=bool(data["retracted"]),
        top=float(data["top"]),
        triggers=tuple(int(each) for each in data["triggers"]),
        resume=None if resume is None else (float(resume[0]), float(resume[1])),
    )


def _floats4(values: Any) -> tuple[float, float, float, float]:
    a, b, c, d = values
    return float(a), float(b), float(c), float(d)
