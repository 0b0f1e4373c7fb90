"""Reading a file the way OctoPrint counts it: in pieces of whole lines."""

from __future__ import annotations

import codecs
import re
from collections.abc import Generator
from typing import BinaryIO, Optional

PIECE = 2 * 1024 * 1024  # bytes; the memory needed is a small multiple of it

_LONE_CR = re.compile(rb"\r(?!\n)")
_CR_BEFORE = re.compile(rb"\r[^\n]")  # the same but at the very end, in half the time


Pieces = Generator[tuple[int, bytes], Optional[bytes], None]


def pieces(file: BinaryIO, size: Optional[int] = None) -> Pieces:
    """Yields ``(position, lines)``: pieces of text, and where OctoPrint says they start.

    OctoPrint reads a file as utf-8-sig with errors replaced, ends a line at LF, CRLF or
    CR, and adds up the UTF-8 lengths of what it got. The text is therefore what that
    decoding gives, encoded again, with an LF at the end of every line: an offset into it
    is a position. Only the last piece may lack a line end. The end of a piece that is
    sent back comes again, at the start of the next one. Raises OSError.
    """
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    begun: list[bytes] = []  # a line whose end was not read yet
    rest = b""  # sent back
    position = 0
    while True:
        data = file.read(size or PIECE)
        if position == 0 and not begun and data.startswith(codecs.BOM_UTF8):
            position = len(codecs.BOM_UTF8)
            data = data[position:] or file.read(size or PIECE)
        last = not data
        if not data.isascii() or decoder.getstate()[0]:
            data = decoder.decode(data, final=last).encode("utf-8")
        elif last:
            data = decoder.decode(b"", final=True).encode("utf-8")
        if not last and b"\n" not in data and b"\r" not in data[:-1]:
            begun.append(data)
            continue
        held = b""
        if any(b"\r" in each for each in (data, *begun)):
            data = b"".join(begun) + data
            begun = []
            # A CR at the very end is a line end only if no LF follows.
            if data.endswith(b"\r") and not last:
                data, held = data[:-1], b"\r"
            if _CR_BEFORE.search(data) or data.endswith(b"\r"):
                data = _LONE_CR.sub(b"\n", data)
        end = len(data) if last else data.rfind(b"\n") + 1
        text = b"".join((rest, *begun, memoryview(data)[:end]))
        begun, rest = [data[end:] + held], b""
        if text:
            rest = (yield position, text) or b""
            position += len(text) - len(rest)
        if last:
            return
