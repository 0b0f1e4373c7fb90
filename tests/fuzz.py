"""Values that no one in their right mind would send, for hypothesis to draw."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

from hypothesis import strategies as st

numbers = st.one_of(
    st.integers(),
    st.floats(),
    st.sampled_from([0, -1, 10**400, 2**63, 1e308, -0.0, float("nan"), float("inf")]),
)
words = st.one_of(
    st.text(max_size=20),
    st.sampled_from(["", "\x00", "\ud800", "../../x", "~flat", "a" * 3000, "<b>", "%s"]),
)
leaves = st.one_of(st.none(), st.booleans(), numbers, words)


def trees(names: Any = words) -> st.SearchStrategy[Any]:
    """Anything that JSON can say; ``names`` are what keys are drawn from."""
    return st.recursive(
        leaves,
        lambda inner: (
            st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4)
        ),
        max_leaves=12,
    )


def nested(depth: int, key: str = "") -> str:
    """JSON so many levels deep: lists, or objects with ``key``."""
    if not key:
        return "[" * depth + "]" * depth
    return f'{{"{key}":' * depth + "1" + "}" * depth


def names_in(tree: Any) -> Iterator[str]:
    """All keys in a tree of settings or a record."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield key
            yield from names_in(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from names_in(value)


def _places(tree: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if place:
        yield place
    if isinstance(tree, dict):
        pairs: Any = list(tree.items())
    elif isinstance(tree, list):
        pairs = list(enumerate(tree))
    else:
        return
    for key, value in pairs:
        yield from _places(value, (*place, key))


@st.composite
def spoilt(draw: Any, tree: Any) -> Any:
    """``tree`` with one to three values that are something else, or gone."""
    tree = copy.deepcopy(tree)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.sampled_from(list(_places(tree)) or [()]))
        if not place:
            return draw(trees())
        holder = tree
        for key in place[:-1]:
            holder = holder[key]
        if isinstance(holder, dict) and draw(st.booleans()) and draw(st.booleans()):
            del holder[place[-1]]
        else:
            holder[place[-1]] = draw(trees())
    return tree


def as_text(tree: Any) -> bytes:
    """JSON as Python writes it: with NaN, Infinity and halves of characters."""
    return json.dumps(tree).encode("ascii")
