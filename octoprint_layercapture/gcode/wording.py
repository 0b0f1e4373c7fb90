"""How a seam is worded: its lines as patterns with groups for the numbers that count."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import NamedTuple, Optional

from . import head as heads
from . import slicers
from .head import Effect, Head
from .line import HOMING, MOVES, code
from .seam import Point

_N = rb"(-?[0-9.]+)"
_SKIPPED = rb"(?:;(?!" + slicers.PROMISING + rb"|\s*WIPE_)[^\n]*\n|\r?\n)"
_SKIPPED_LINE = re.compile(_SKIPPED)
_MOVE = re.compile(rb"G[0-3](?: +[A-Z]-?[0-9.]+)+([ \t]*(?:;[^\n]*)?\r?\n)")
_NEW_E = re.compile(rb"G92 E-?[0-9.]+([ \t]*(?:;[^\n]*)?\r?\n)")
_WORD = re.compile(rb"( +)([A-Z])-?[0-9.]+")
_M_CODE = re.compile(rb"M[0-9]+(?=[ \r\n;])")
_LINES = re.compile(rb"[^\n]*\n")


@dataclass
class Item:
    """A line of a shape.

    ``after``: there are lines before it that say nothing. ``words``: what the pattern's
    groups in it hold. ``effect``: what a move must do, where that matters. ``lost``: it
    leaves X and Y unknown. ``relative``: what it says about E. ``repeated``: it comes
    once or more often. ``groups``: which of the shape's groups have what, from 0 on.
    """

    pattern: bytes
    after: bool = False
    words: str = ""
    effect: Optional[tuple[str, bool, bool]] = None
    arc: bool = False
    lost: bool = False
    relative: Optional[bool] = None
    marks: bool = False
    repeated: bool = False
    groups: dict[str, int] = field(default_factory=dict)


class Wording(NamedTuple):
    """A seam's lines, the last of which extrudes, and where the capture may run in it:
    the positions in ``point`` are the items' numbers, from 1 on.
    """

    items: list[Item]
    point: Point


def read(text: bytes, head: Head) -> Optional[Wording]:
    """How a seam and the extruding move after it are worded.

    ``head`` is as before the seam, and is changed. None where a line's effect may hang on
    what is not in the wording.
    """
    point = Point(0, False)
    items: list[Item] = []
    skipped = False
    for line in _LINES.findall(text):
        if _SKIPPED_LINE.fullmatch(line):
            skipped = True
            continue
        command = code(line)
        if not command:
            item = _comment(line)
            if item is None:
                return None
            item.after, skipped = skipped, False
            items.append(item)
            point.comment(len(items), line.strip())
            continue
        counts = point.moves and (point.retracted or point.wiping)
        effect = head.feed(command)
        item = _command(line, effect)
        if item is None:
            return None
        item.after, skipped = skipped, False
        if "E" in item.words or (
            item.words and (counts or "Z" in item.words and point.moves)
        ):
            if effect.kind != heads.RESET:
                item.effect = (effect.kind, effect.planar, effect.rise)
        if effect.kind == heads.EXTRUDE:
            items.append(item)
            return Wording(items, point)
        if items and _repeats(item, items[-1]):
            items[-1].repeated = True
        else:
            items.append(item)
        point.step(len(items), effect.kind, effect.planar, effect.rise, effect.command)
    return None


def _repeats(item: Item, before: Item) -> bool:
    """Whether that is another line just like the one before, and how many does not
    matter."""
    return (
        item.words in ("X", "Y", "XY")
        and item.pattern == before.pattern
        and item.effect is before.effect is None
        and not item.after
    )


def _comment(line: bytes) -> Optional[Item]:
    if not line.startswith(b";"):
        return None
    if slicers.marker(line.strip()[1:]) is None:
        return Item(re.escape(line))
    return Item(rb";" + slicers.PROMISING + rb"[^\n]*\n", marks=True)


def _command(line: bytes, effect: Effect) -> Optional[Item]:
    """The item of a line that did that."""
    kind, name = effect.kind, effect.command
    if name in MOVES:
        return _move(line)
    if kind == heads.RESET:
        plain = _NEW_E.fullmatch(line)
        if plain is None:
            return None
        return Item(rb"G92 E" + _N + _ending(plain[1]), words="E")
    if name in ("M82", "M83"):
        return Item(re.escape(line), relative=name == "M83")
    if kind == heads.MODE or name in HOMING:
        return None
    if name.startswith("M") and _M_CODE.match(line) is not None:
        return Item(name.encode("ascii") + rb"(?=[ \r\n;])[^\n]*\n")
    lost = name.startswith("T") or (not name and kind == heads.STOP)
    return Item(re.escape(line), lost=lost)


def _move(line: bytes) -> Optional[Item]:
    whole = _MOVE.fullmatch(line)
    if whole is None:
        return None
    found = _WORD.findall(line[: whole.start(1)])
    letters = "".join(letter.decode("ascii") for _, letter in found)
    if len(set(letters)) < len(letters):
        return None
    pattern = line[:2] + b"".join(
        spaces + letter + (_N if letter in b"XYZE" else rb"-?[0-9.]+")
        for spaces, letter in found
    )
    words = "".join(letter for letter in letters if letter in "XYZE")
    arc = line[1] > 0x31 and not set(letters).isdisjoint("IJR")
    return Item(pattern + _ending(whole[1]), words=words, arc=arc)


def _ending(text: bytes) -> bytes:
    """The pattern of a line's end, whatever its comment says."""
    return rb"[ \t]*;[^\n]*\n" if b";" in text else re.escape(text)


def pattern(items: list[Item], ends: set[Optional[int]]) -> re.Pattern[bytes]:
    """The pattern of all items; tells them their groups. ``ends``: the numbers of those
    that have a group of their own."""
    parts: list[bytes] = []
    count = 0
    for number, item in enumerate(items, 1):
        pattern = item.pattern
        if item.repeated:
            pattern = rb"(?:" + pattern + rb")+"
        if item.marks:
            item.groups["mark"] = count
            pattern = rb"(" + pattern + rb")"
            count += 1
        elif number in ends:
            count += 1
            item.groups["line"] = count
            pattern = rb"(" + pattern + rb")"
        for letter in item.words:
            item.groups[letter] = count
            count += 1
        parts.append(_SKIPPED + rb"*" + pattern if item.after else pattern)
    return re.compile(b"".join(parts))
