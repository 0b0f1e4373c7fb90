"""Settings as raw trees: dicts within dicts, as they come from a file or a browser."""

from __future__ import annotations

import copy
from typing import Any

_DEEPEST = 20  # levels; no setting has more than four


def writable(value: Any, levels: int = _DEEPEST) -> Any:
    """Text that cannot be written as UTF-8 comes out as far as it can.

    What is nested deeper than any setting comes out cut off; it is no setting either way.
    """
    if isinstance(value, str):
        return value.encode("utf-8", "replace").decode("utf-8")
    if not levels:
        return None
    if isinstance(value, (list, tuple)):
        return [writable(each, levels - 1) for each in value]
    if isinstance(value, dict):
        return {writable(key): writable(each, levels - 1) for key, each in value.items()}
    return value


def merged(tree: dict[str, Any], raw: Any) -> dict[str, Any]:
    """``tree`` with the values of ``raw`` at the keys that both have."""
    if not isinstance(raw, dict):
        return tree
    for key, value in tree.items():
        if key in raw:
            if isinstance(value, dict):
                tree[key] = merged(value, raw[key])
            else:
                tree[key] = copy.deepcopy(raw[key])
    return tree


def value_at(tree: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        tree = tree[key]
    return tree


def put(tree: Any, place: tuple[Any, ...], value: Any) -> None:
    for key in place[:-1]:
        tree = tree[key]
    tree[place[-1]] = value
