"""What one line of a file does, for the index: bytes in, a command and its words out."""

from __future__ import annotations

import re
from typing import Optional

_COMMAND = re.compile(rb"\s*(?:[Nn]\d+\s*)?([GMTgmt])\s*0*(\d+)(\.\d+)?(?![\w.]*=)")
_WORD = re.compile(
    rb"([A-Za-z])\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?(?:nan|inf)\w*)?",
    re.IGNORECASE,
)
_USUAL = re.compile(rb"(?:[A-Z]-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[ \t]+|$))*")
_COMMON = {b"G0 ": "G0", b"G1 ": "G1", b"G2 ": "G2", b"G3 ": "G3"}
_UPPER_E = re.compile(rb"(?<=[\d.])E")
_PARENTHESES = re.compile(rb"\([^)]*\)")

MOVES = frozenset(("G0", "G1", "G2", "G3"))
PAUSES = frozenset(("M0", "M1", "M25", "M226", "M600", "M601"))
HEATERS = frozenset(
    ("M104", "M109", "M116", "M140", "M141", "M190", "M191", "M303", "M568")
)
MOTORS = frozenset(("M17", "M18", "M80", "M81", "M84", "M112"))
HOMING = frozenset(("G27", "G28", "G29", "G30", "G32", "G33", "G34", "G35", "G38"))
MODES = frozenset(("G20", "G21", "G90", "G91", "M82", "M83"))

#: Klipper's own commands that neither move, heat nor wait. Any other macro may do all.
HARMLESS_MACRO = rb"(?i:SET_|EXCLUDE_OBJECT|TIMELAPSE|RESPOND|STATUS)"
_HARMLESS = re.compile(HARMLESS_MACRO)

_N = rb"(-?[0-9]*\.?[0-9]+)"
#: The usual way of writing a move that is no arc. Its groups are X, Y, Z and E.
STRAIGHT = (
    rb"G[01] (?:F[0-9.]+ ?)?(?:X" + _N + rb" ?)?(?:Y" + _N + rb" ?)?(?:Z" + _N + rb" ?)?"
    rb"(?:F[0-9.]+ ?)?(?:E" + _N + rb" ?)?(?:F[0-9.]+ ?)?(?:;[^\n]*)?\r?\n"
)

Words = dict[str, float]


def code(line: bytes) -> bytes:
    """The line without its comment, as OctoPrint strips it: at the first ``;`` that no
    backslash escapes."""
    if b";" not in line:
        return line.strip()
    if b"\\" not in line:
        return line[: line.index(b";")].strip()
    escaped = False
    for at, char in enumerate(line):
        if char == 0x3B and not escaped:
            return line[:at].strip()
        escaped = char == 0x5C and not escaped
    return line.strip()


def command(text: bytes) -> Optional[tuple[str, bytes]]:
    """The command of a line without comment, and its parameters: ``G1`` for ``g01 X5``.

    None where it is no G, M or T command (a macro, say).
    """
    name = _COMMON.get(text[:3])
    if name is not None:
        return name, text[3:]
    match = _COMMAND.match(text)
    if match is None:
        return None
    letter, number, sub = match.groups()
    return (letter.upper() + number + (sub or b"")).decode("ascii"), text[match.end() :]


def words(parameters: bytes) -> Words:
    """Values by upper-case letter. What is no number is NaN, a bare letter too.

    ``E`` after a digit begins a word of its own, ``e`` is an exponent: ``X1E5`` are two
    words, ``X1e5`` is one.
    """
    if _USUAL.fullmatch(parameters) is not None:
        text = parameters.decode("ascii")
        return {word[0]: float(word[1:]) for word in text.split()}
    if b"(" in parameters:
        parameters = _PARENTHESES.sub(b"", parameters)
    parameters = _UPPER_E.sub(b" E", parameters)
    found: Words = {}
    for letter, value in _WORD.findall(parameters):
        try:
            found[letter.upper().decode("ascii")] = float(value)
        except ValueError:
            found[letter.upper().decode("ascii")] = float("nan")
    return found


def harmless(text: bytes) -> bool:
    """Whether a line that is no G, M or T command leaves head and heaters alone."""
    return _HARMLESS.match(text) is not None
