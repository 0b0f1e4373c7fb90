"""Lists of layers as people write them: numbers, ranges and words."""

from __future__ import annotations

import re
from collections.abc import Collection

from .capture.plan import WORDS

_RANGE = re.compile(r"(\d{1,7})(?:\s*-\s*(\d{1,7}))?$")


def layer_ranges(text: str) -> tuple[tuple[int, int], ...]:
    """``"1, 5-10, last"`` as ``((1, 1), (5, 10))``: words are no ranges.

    Raises:
        ValueError: a part is no word, no layer number from 1 and no range of them
    """
    ranges: list[tuple[int, int]] = []
    for part in _parts(text):
        if part.lower() in WORDS:
            continue
        match = _RANGE.match(part)
        first = int(match.group(1)) if match else 0
        last = int(match.group(2) or first) if match else 0
        if first < 1 or last < first:
            raise ValueError(part)
        ranges.append((first, last))
    return tuple(ranges)


def layer_words(text: str) -> Collection[str]:
    """The words in the list, as they stand in ``capture.plan``."""
    return WORDS.keys() & map(str.lower, _parts(text))


def _parts(text: str) -> list[str]:
    """The parts of a list of layers."""
    joined = re.sub(r"\s*-\s*", "-", text.strip())
    return [part for part in re.split(r"[,;\s]+(?![-\s])", joined) if part]
