"""Seams that differ in their numbers only: the first of a kind teaches a pattern, and the
others are read by it.

What a seam comes to hangs on what its lines do, not on where they go. So a shape is the
lines' wording, and what each must do: retract, prime, travel, rise. A seam that is worded
the same but does something else is not read by the shape.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import nan
from typing import NamedTuple, Optional

from . import head as heads
from . import slicers
from .head import FARTHEST, Effect, Head, kind_of_move
from .line import HOMING, MOVES, code
from .seam import MOST_TRIGGERS, Crossing, Extrusion, Mark, Point, Seam

MOST_SHAPES = 16
MOST_LESSONS = 24  # to learn a shape takes as long as reading a hundred seams
LONGEST = 4096  # bytes of a seam

_N = rb"(-?[0-9.]+)"
_SKIPPED = rb"(?:;(?!" + slicers.PROMISING + rb"|\s*WIPE_)[^\n]*\n|\r?\n)"
_SKIPPED_LINE = re.compile(_SKIPPED)
_MOVE = re.compile(rb"G[0-3](?: +[A-Z]-?[0-9.]+)+([ \t]*(?:;[^\n]*)?\r?\n)")
_NEW_E = re.compile(rb"G92 E-?[0-9.]+([ \t]*(?:;[^\n]*)?\r?\n)")
_WORD = re.compile(rb"( +)([A-Z])-?[0-9.]+")
_M_CODE = re.compile(rb"M[0-9]+(?=[ \r\n;])")
_LINES = re.compile(rb"[^\n]*\n")
_END = re.compile(rb"\n")
_NUMBERS = b"0123456789.-"

_FARTHEST = FARTHEST * FARTHEST
_LOST = -1  # instead of a group: no longer known


@dataclass
class _Item:
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


class _Step(NamedTuple):
    """A move whose effect counts: the groups of the position before it, as far as other
    lines set it, and of its own words. ``relative``: whether E is, if a line said so.
    """

    from_x: Optional[int]
    from_y: Optional[int]
    from_z: Optional[int]
    from_e: Optional[int]
    to_x: Optional[int]
    to_y: Optional[int]
    to_z: Optional[int]
    to_e: Optional[int]
    relative: Optional[bool]
    arc: bool
    effect: tuple[str, bool, bool]


_Place = tuple[float, float, float, float]  # X, Y, Z, E


class _Moved(NamedTuple):
    """The last move of a shape: where from, where to, and how much it feeds in mm."""

    was: _Place
    now: _Place
    filament: float


class Shapes:
    """The shapes of one file's seams, most recently seen first."""

    def __init__(self) -> None:
        self._shapes: list[_Shape] = []
        self._seen: dict[tuple[bytes, ...], int] = {}
        self._lessons = 0

    def cross(
        self, text: bytes, start: int, position: int, head: Head
    ) -> Optional[Crossing]:
        """As ``seam.cross``, but None, and ``head`` as it was, if no shape fits."""
        for index, shape in enumerate(self._shapes):
            found = shape.pattern.match(text, start)
            if found is not None:
                crossing = shape.read(found, position, head)
                if crossing is not None:
                    if index:
                        self._shapes.insert(0, self._shapes.pop(index))
                    return crossing
        return None

    def learn(self, text: bytes, head: Head) -> None:
        """Takes in a seam of which no shape was known, the extruding move after it
        included. ``head`` is as before it, and is changed."""
        if self._lessons >= MOST_LESSONS or len(text) > LONGEST:
            return
        wording = tuple(dict.fromkeys(text.translate(None, _NUMBERS).splitlines()))
        seen = self._seen[wording] = self._seen.get(wording, 0) + 1
        if seen == 1 or seen & (seen - 1):
            return  # the second time, the fourth, the eighth …
        shape = _shape(text, head)
        if shape is not None:
            self._lessons += 1
            self._shapes.insert(0, shape)
            del self._shapes[MOST_SHAPES:]


class _Shape:
    """How a seam is worded, with a last item that extrudes, and what it comes to.

    ``point`` has read it; its positions are the items' numbers, from 1 on.
    """

    def __init__(self, items: list[_Item], point: Point) -> None:
        ends = {point.capture, point.marker_pos, *point.triggers, len(items)}
        self.pattern = _pattern(items, ends)
        self._steps = _steps(items)
        modes = [each.relative for each in items if each.relative is not None]
        self._relative = modes[-1] if modes else None
        self._marks = [each.groups["mark"] for each in items if each.marks]
        self._last = items[-1].groups["line"]
        self._retracted = point.retracted
        # 0 is the whole match, of which the start counts.
        groups = [0, *(each.groups.get("line", 0) for each in items)]
        self._capture = groups[point.capture]
        self._marker = None if point.marker_pos is None else groups[point.marker_pos]
        self._triggers = [
            (groups[at], at > 0 and items[at - 1].repeated)
            for at in dict.fromkeys(point.triggers)
        ]

    def read(
        self, found: re.Match[bytes], position: int, head: Head
    ) -> Optional[Crossing]:
        """The seam that was found, None where it does something else."""
        try:
            moved = self._move(found.groups(), head)
        except ValueError:  # some number is none
            return None
        if moved is None:
            return None
        marks = self._found_marks(found, position)
        triggers = self._found_triggers(found, position)
        if marks is None or len(triggers) > MOST_TRIGGERS:
            return None
        head.x, head.y, head.z, head.e = moved.was
        before, place = head.height, head.place
        head.x, head.y, head.z, head.e = moved.now
        if self._relative is not None:
            head.absolute_e, head.e_mode_stated = not self._relative, True
        start, stop = found.span(self._last)
        seam = Seam(
            position + (found.end(self._capture) if self._capture else found.start()),
            self._retracted,
            tuple(triggers),
            place,
            self._marker_pos(found, position),
        )
        move = Extrusion(position + start, position + stop, before, moved.filament)
        return Crossing(seam, marks, move)

    def _move(self, words: tuple[bytes, ...], head: Head) -> Optional[_Moved]:
        """Goes through the steps; None where one does not do what it should."""
        x, y, z, e = head.x, head.y, head.z, head.e
        relative = not head.absolute_e
        for step in self._steps:
            from_x, from_y, from_z, from_e, to_x, to_y, to_z, to_e, mode, arc, effect = step
            if from_x is not None:
                x = float(words[from_x]) if from_x >= 0 else nan
            if from_y is not None:
                y = float(words[from_y]) if from_y >= 0 else nan
            if from_z is not None:
                z = float(words[from_z])
            if from_e is not None:
                e = float(words[from_e])
            if mode is not None:
                relative = mode
            was_x, was_y, was_z, was_e = x, y, z, e
            planar, filament = arc, 0.0
            if to_x is not None:
                x = float(words[to_x])
                planar = planar or x != was_x
            if to_y is not None:
                y = float(words[to_y])
                planar = planar or y != was_y
            if to_z is not None:
                z = float(words[to_z])
            if to_e is not None:
                value = float(words[to_e])
                filament = value if relative else value - e
                e = e + value if relative else value
            if (kind_of_move(filament, planar), planar, z != was_z) != effect:
                return None
            if filament != filament or x * x > _FARTHEST or y * y > _FARTHEST:
                return None
        return _Moved((was_x, was_y, was_z, was_e), (x, y, z, e), filament)

    def _found_marks(self, found: re.Match[bytes], position: int) -> Optional[list[Mark]]:
        marks = []
        for group in self._marks:
            marker = slicers.marker(found[group + 1].strip()[1:])
            if marker is None:
                return None
            marks.append(Mark(position + found.start(group + 1), marker))
        return marks

    def _found_triggers(self, found: re.Match[bytes], position: int) -> list[int]:
        triggers: list[int] = []
        for group, repeated in self._triggers:
            if repeated:
                lines = _END.finditer(found.string, *found.span(group))
                triggers += [position + each.end() for each in lines]
            else:
                triggers.append(position + (found.end(group) if group else found.start()))
        return triggers

    def _marker_pos(self, found: re.Match[bytes], position: int) -> Optional[int]:
        if self._marker is None:
            return None
        return position + (found.end(self._marker) if self._marker else found.start())


def _shape(text: bytes, head: Head) -> Optional[_Shape]:
    """The shape of a seam, None where a line's effect may hang on what is not in it."""
    point = Point(0, False)
    items: list[_Item] = []
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
        if "E" in item.words or (item.words and (counts or "Z" in item.words and point.moves)):
            if effect.kind != heads.RESET:
                item.effect = (effect.kind, effect.planar, effect.rise)
        if effect.kind == heads.EXTRUDE:
            items.append(item)
            return _Shape(items, point)
        if items and _repeats(item, items[-1]):
            items[-1].repeated = True
        else:
            items.append(item)
        point.step(len(items), *effect[:1], *effect[2:])
    return None


def _repeats(item: _Item, before: _Item) -> bool:
    """Whether that is another line just like the one before, and how many does not
    matter."""
    return (
        item.words in ("X", "Y", "XY")
        and item.pattern == before.pattern
        and item.effect is before.effect is None
        and not item.after
    )


def _comment(line: bytes) -> Optional[_Item]:
    if not line.startswith(b";"):
        return None
    if slicers.marker(line.strip()[1:]) is None:
        return _Item(re.escape(line))
    return _Item(rb";" + slicers.PROMISING + rb"[^\n]*\n", marks=True)


def _command(line: bytes, effect: Effect) -> Optional[_Item]:
    """The item of a line that did that."""
    kind, name = effect.kind, effect.command
    if name in MOVES:
        return _move(line)
    if kind == heads.RESET:
        plain = _NEW_E.fullmatch(line)
        if plain is None:
            return None
        return _Item(rb"G92 E" + _N + _ending(plain[1]), words="E")
    if name in ("M82", "M83"):
        return _Item(re.escape(line), relative=name == "M83")
    if kind == heads.MODE or name in HOMING:
        return None
    if name.startswith("M") and _M_CODE.match(line) is not None:
        return _Item(name.encode("ascii") + rb"(?=[ \r\n;])[^\n]*\n")
    lost = name.startswith("T") or (not name and kind == heads.STOP)
    return _Item(re.escape(line), lost=lost)


def _move(line: bytes) -> Optional[_Item]:
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
    return _Item(pattern + _ending(whole[1]), words=words, arc=arc)


def _ending(text: bytes) -> bytes:
    """The pattern of a line's end, whatever its comment says."""
    return rb"[ \t]*;[^\n]*\n" if b";" in text else re.escape(text)


def _pattern(items: list[_Item], ends: set[Optional[int]]) -> re.Pattern[bytes]:
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


def _steps(items: list[_Item]) -> list[_Step]:
    steps: list[_Step] = []
    before: dict[str, int] = {}
    mode: Optional[bool] = None
    for item in items:
        if item.relative is not None:
            mode = item.relative
        elif item.lost:
            before["X"] = before["Y"] = _LOST
        elif item.effect is None:
            before.update((letter, item.groups[letter]) for letter in item.words)
        else:
            was = (before.get(letter) for letter in "XYZE")
            now = (item.groups.get(letter) for letter in "XYZE")
            steps.append(_Step(*was, *now, mode, item.arc, item.effect))
            before = {}
    return steps
