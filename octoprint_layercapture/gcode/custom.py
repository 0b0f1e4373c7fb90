"""What lines of the user's own may not do around a capture."""

from __future__ import annotations

import re
from typing import Optional

from .words import command

_REFUSED = {
    "moves": re.compile(
        r"(?:G(?:[0-3]|5|6|1[0-2]|2[679]|3\d|42|6[01]|76|8\d|425)(?:\.\d+)?"
        r"|M(?:48|206|290|428|701|702|851))$"
    ),
    "homes": re.compile(r"G28$"),
    "modes": re.compile(
        r"(?:G(?:1[7-9]|2[01]|5[3-9]|9[0-5])(?:\.\d+)?"
        r"|M(?:8[23]|92|110|200|220|221|420|50[0-2]))$"
    ),
    "waits": re.compile(r"(?:M109|M190|M191|M116|M303)$"),
    "stops": re.compile(
        r"(?:M[0-2]|M1[78]|M2[3-9]|M3[023]|M8[0145]|M112|M125|M226|M410|M524|M60[0-3]"
        r"|M928|M99[79])$"
    ),
    "tools": re.compile(r"(?:T\d+|M6)$"),
}


def lines_of(text: str) -> tuple[str, ...]:
    """The commands of a text, one for each line, without comments and empty lines."""
    bare = (line.split(";", 1)[0].strip() for line in text.splitlines())
    return tuple(line for line in bare if line)


def refusal(line: str) -> Optional[str]:
    """Why a line may not run while the head is away, or None if it may.

    Returns:
        ``"moves"``, ``"homes"``, ``"modes"``, ``"waits"``, ``"stops"`` or ``"tools"``;
        ``"unknown"`` for what is no G-code command
    """
    name = command(line)
    if name is None:
        return "unknown"
    for reason, commands in _REFUSED.items():
        if commands.match(name):
            return reason
    return None
