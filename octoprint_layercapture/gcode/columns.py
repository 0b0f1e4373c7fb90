"""Numbers side by side instead of objects: of small layers a file may have 300,000."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from typing import Optional

_NONE = -(2**63)


class Numbers:
    """Whole numbers of any size, each of them or None."""

    def __init__(self) -> None:
        self._values = array("q")
        self._large: dict[int, int] = {}  # by where they are

    def append(self, value: Optional[int]) -> None:
        """Adds one at the end."""
        if value is not None and not _NONE < value < -_NONE:
            self._large[len(self._values)] = value
            value = None
        self._values.append(_NONE if value is None else value)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Optional[int]:
        value = self._values[index]
        return self._large.get(index) if value == _NONE else value

    def __iter__(self) -> Iterator[Optional[int]]:
        return (self[index] for index in range(len(self)))
