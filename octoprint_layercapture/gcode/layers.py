"""Layer and LayerIndex: what a file says about its layers, as values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import nan
from operator import eq
from struct import error as StructError
from typing import Any, Optional, Union, overload

from .columns import Lists, Numbers, Rows


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


class Layers(Sequence[Layer]):
    """Layers as a tuple has them, but packed: of small ones a file may have 300,000.

    Each is made when it is asked for.
    """

    def __init__(
        self, layers: Iterable[Layer] = (), triggers: Optional[Lists] = None
    ) -> None:
        """``triggers``: lists that ``add`` may point to, each from its capture on."""
        self._rows = Rows("qidddddIHH?")
        self._numbers = Numbers()  # the slicer's
        self._triggers = Lists() if triggers is None else triggers
        for each in layers:
            self.append(each)

    def append(self, layer: Layer) -> None:
        """Adds one at the end; only who makes them may do so.

        Raises ValueError where a number is larger than any file may have it.
        """
        x, y = (nan, nan) if layer.resume is None else layer.resume
        capture = layer.capture_pos
        triggers = [each - capture for each in layer.triggers]
        try:
            self.add(
                *(layer.slicer_number, layer.number, layer.z, layer.height, layer.top),
                (capture, x, y, *self._triggers.append(triggers), len(triggers)),
                layer.retracted,
            )
        except (StructError, OverflowError) as error:
            raise ValueError(f"no layer of a file: {layer}") from error

    def add(
        self,
        slicer_number: Optional[int],
        number: int,
        z: float,
        height: float,
        top: float,
        place: tuple[Any, ...],
        retracted: bool,
    ) -> None:
        """Adds one at the end as ``append`` does. ``place``: where it is captured and
        where the file goes on, as the seam after it is packed."""
        capture, *rest = place
        self._rows.append(capture, number, z, height, top, *rest, retracted)
        self._numbers.append(slicer_number)

    def at(self, position: int) -> Optional[Layer]:
        """The first layer whose ``capture_pos`` is not before ``position``."""
        low, high = 0, len(self)
        while low < high:
            middle = (low + high) // 2
            if self._rows[middle][0] < position:
                low = middle + 1
            else:
                high = middle
        return self[low] if low < len(self) else None

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, index: int) -> Layer: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[Layer, ...]: ...

    def __getitem__(self, index: Union[int, slice]) -> Union[Layer, tuple[Layer, ...]]:
        places = range(len(self))[index]
        if isinstance(places, range):
            return tuple(self._layer(place) for place in places)
        return self._layer(places)

    def _layer(self, index: int) -> Layer:
        capture, number, z, height, top, x, y, *where, retracted = self._rows[index]
        triggers = self._triggers.get(*where)
        return Layer(
            *(number, z, height, self._numbers[index], capture, retracted, top),
            tuple([capture + each for each in triggers]),
            (x, y) if x == x else None,
        )

    def __iter__(self) -> Iterator[Layer]:
        return map(self._layer, range(len(self)))

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, (Layers, tuple)):
            return NotImplemented
        return len(self) == len(other) and all(map(eq, self, other))

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return f"Layers({list(self)!r})"


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
    layers: Sequence[Layer] = ()
    bounds: Optional[tuple[float, float, float, float]] = None

    def __post_init__(self) -> None:
        if not isinstance(self.layers, Layers):
            object.__setattr__(self, "layers", Layers(self.layers))

    def layer_at(self, position: int) -> Optional[Layer]:
        """The layer in print when the file was sent to ``position``; None after all."""
        assert isinstance(self.layers, Layers)  # they were made so
        return self.layers.at(position)

    def to_dict(self) -> dict[str, Any]:
        """The index as plain values for JSON."""
        return {**vars(self), "layers": [dict(vars(each)) for each in self.layers]}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> LayerIndex:
        """The index that ``to_dict`` wrote; its layers are asked for one by one.

        Raises KeyError, TypeError, OverflowError or ValueError where ``data`` is
        something else.
        """
        bounds = data["bounds"]
        return cls(
            slicer=data["slicer"],
            spiral=bool(data["spiral"]),
            sequential=bool(data["sequential"]),
            layers=Layers(_layer(each) for each in data["layers"]),
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
