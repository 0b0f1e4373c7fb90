"""Which layers are due, and which tags of the queuing hook mean "now"."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Callable, Optional

from ..gcode import Layer

NO_TAGS: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Plan:
    """The layers due in one job, found by the tags that file lines carry.

    Attributes:
        layers: the due layers in print order
        total: layers in the whole job
        by_tag: ``"filepos:N"`` to its layer, for every line at which it may trigger
        tags: the keys of ``by_tag``, as the hook asks for them
    """

    layers: tuple[Layer, ...] = ()
    total: int = 0
    by_tag: Mapping[str, Layer] = field(default_factory=dict)
    tags: frozenset[str] = NO_TAGS

    def left(self, handled: Set[int], before: Optional[int] = None) -> list[Layer]:
        """The due layers that are not among these numbers; those below ``before``."""
        return [
            layer
            for layer in self.layers
            if layer.number not in handled and (before is None or layer.number < before)
        ]


def is_first(layer: Layer, total: int) -> bool:
    return layer.number == 1


def is_last(layer: Layer, total: int) -> bool:
    return layer.number == total


#: What may stand in the list of layers beside numbers, and which layers it means: a
#: function of the layer and of how many there are.
WORDS: dict[str, Callable[[Layer, int], bool]] = {
    "first": is_first,
    "last": is_last,
}


def due(
    layer: Layer,
    total: int,
    interval: int,
    first: bool,
    last: bool,
    ranges: Sequence[tuple[int, int]],
    words: Collection[str] = (),
) -> bool:
    """Whether a layer of ``total`` is to be captured.

    Args:
        interval: every so many layers, 0 for none by interval
        first, last: the first or last layer of the job
        ranges: closed ranges of numbers named besides
        words: of :data:`WORDS`
    """
    number = layer.number
    return (
        (interval > 0 and number % interval == 0)
        or (first and is_first(layer, total))
        or (last and is_last(layer, total))
        or any(least <= number <= most for least, most in ranges)
        or any(WORDS[word](layer, total) for word in words)
    )


def tags_of(layer: Layer) -> tuple[str, ...]:
    """The tags of all lines at which the layer may be captured."""
    positions = layer.triggers or (layer.capture_pos,)
    return tuple(f"filepos:{position}" for position in positions)


def plan(
    layers: Sequence[Layer],
    interval: int,
    first: bool,
    last: bool,
    ranges: Sequence[tuple[int, int]],
    words: Collection[str] = (),
) -> Plan:
    """The plan for a job of these layers; the rest as in :func:`due`."""
    chosen = tuple(
        layer
        for layer in layers
        if due(layer, len(layers), interval, first, last, ranges, words)
    )
    by_tag: dict[str, Layer] = {}
    for layer in chosen:
        for tag in tags_of(layer):
            by_tag.setdefault(tag, layer)
    return Plan(chosen, len(layers), by_tag, frozenset(by_tag))
