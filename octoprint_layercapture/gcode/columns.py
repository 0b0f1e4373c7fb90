"""Numbers side by side instead of objects: of small layers a file may have 300,000."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator, Sequence
from struct import Struct
from typing import Any, Optional

_NONE = -(2**31)
_ROWS = 1024  # in a piece
_NUMBERS = 4096  # in a piece, about


class Rows:
    """Rows of numbers as ``form``, of ``struct``, says; in pieces, so that nothing is
    copied when more come. ``struct.error`` where a number does not fit.
    """

    def __init__(self, form: str) -> None:
        self._form = Struct("<" + form)
        self._pieces: list[bytearray] = []
        self._count = 0

    def append(self, *values: Any) -> None:
        """Adds a row at the end."""
        row = self._form.pack(*values)
        if self._count % _ROWS == 0:
            self._pieces.append(bytearray())
        self._pieces[-1] += row
        self._count += 1

    def put(self, index: int, *values: Any) -> None:
        """Changes a row."""
        piece, row = divmod(index, _ROWS)
        self._form.pack_into(self._pieces[piece], row * self._form.size, *values)

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        if not 0 <= index < self._count:
            raise IndexError(index)
        piece, row = divmod(index, _ROWS)
        return self._form.unpack_from(self._pieces[piece], row * self._form.size)

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        return map(self.__getitem__, range(self._count))


class Lists:
    """Short lists of numbers, in pieces as well; each must be kept in mind by where it
    is. OverflowError where a number does not fit into 32 bits.
    """

    def __init__(self) -> None:
        self._pieces: list[array[int]] = []

    def append(self, numbers: Sequence[int]) -> tuple[int, int]:
        """Adds a list; gives where it is."""
        if not self._pieces or len(self._pieces[-1]) >= _NUMBERS:
            self._pieces.append(array("i"))
        piece = self._pieces[-1]
        begin = len(piece)
        piece.extend(numbers)
        return len(self._pieces) - 1, begin

    def get(self, piece: int, begin: int, length: int) -> Sequence[int]:
        """The list that is there."""
        return self._pieces[piece][begin : begin + length]


class Numbers:
    """Whole numbers of any size, each of them or None."""

    def __init__(self) -> None:
        self._values = array("i")
        self._large: dict[int, int] = {}  # by where they are

    def append(self, value: Optional[int]) -> None:
        """Adds one at the end."""
        if value is None:
            value = _NONE
        elif not _NONE < value < -_NONE:
            self._large[len(self._values)] = value
            value = _NONE
        self._values.append(value)

    def __len__(self) -> int:
        return len(self._values)

    def __getitem__(self, index: int) -> Optional[int]:
        value = self._values[index]
        return self._large.get(index) if value == _NONE else value

    def __iter__(self) -> Iterator[Optional[int]]:
        return (self[index] for index in range(len(self)))

    def extend(self, others: Iterable[Optional[int]]) -> None:
        """Adds several at the end."""
        for each in others:
            self.append(each)
