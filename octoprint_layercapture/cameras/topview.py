"""The bed and the print from above: a picture of the whole bed that grows by layers.

Its pixels lie on one lattice that starts at the machine's origin, and a view is a part
of it. So two views show the same where they overlap, and a view costs the same however
much was printed.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from functools import cache
from random import Random
from typing import Protocol

from PIL import Image, ImageChops, ImageDraw, ImageFont

Color = tuple[int, int, int]
Bed = tuple[float, float, float, float]

_MOST = 1 << 24  # pixels of the whole picture, a byte each
_FINEST = 2  # of its pixels in one of the view's, along each side
_FRAME = 2  # the view's pixels around the bed
_STRIP = 32  # rows of a view that are made at a time, so that it takes little memory

# What a pixel's value means: nothing, the bed in shades, then for each of the latest
# layers, in turns, and for all older ones together the parts of a bead, then the edge.
_BEYOND = 0
_SHADES = 40
_TONES = 4
_FADING = 25  # layers until a bead is as dark as it gets
_TURNS = 2 * _FADING
_OLD = _SHADES + _TONES * _TURNS
_EDGE = 255

_BEYOND_COLOR = (13, 14, 17)
_EDGE_COLOR = (255, 176, 59)
_DARKEST, _BRIGHTEST = (30, 33, 39), (226, 231, 238)
_SIDE, _BODY, _CROSSWISE, _CREST = 0.42, 0.80, 0.90, 1.0
_BODY_WIDTH, _CREST_WIDTH = 0.62, 0.2  # of the bead's
_FILAMENT = (255, 138, 44)
_SHINE = 0.30  # how much of white is in the crest
_DEEPEST = 0.34  # of a bead's brightness, when it is old

_PLAIN, _OTHER, _FINE, _BOLD, _LABEL = 10, 12, 18, 27, 36  # shades
_GRAIN = 2  # shades up and down
_GRAIN_SIDE = 211  # pixels
_GRID = (10, 20, 50, 100, 200, 500, 1000)  # mm
_CLOSEST_LINES, _CLOSEST_LABELS = 24, 120  # the view's pixels
_MOST_LABELS = 40  # along a side
_LABEL_POINTS = 13  # the view's pixels


class Laid(Protocol):
    """A line of filament: x0, y0, x1, y1, … and its width, mm."""

    @property
    def points(self) -> Sequence[float]: ...

    @property
    def width(self) -> float: ...


class TopView:
    """The bed ``(min_x, min_y, max_x, max_y)`` in mm at ``scale`` pixels per mm.

    It is kept at twice that scale where memory allows, at a half or less of it where the
    bed is large. ``painted`` is the number of the layer painted last.
    """

    def __init__(self, bed: Bed, circular: bool, scale: float) -> None:
        self.painted = 0
        self._scale = scale
        ratio = float(_FINEST)
        while _area(bed, scale * ratio) > _MOST:
            ratio /= 2
        self._ratio = ratio
        self._fine = scale * ratio
        self._left = math.floor((bed[0] * scale - _FRAME) * ratio)
        self._top = math.floor((-bed[3] * scale - _FRAME) * ratio)
        right = math.ceil((bed[2] * scale + _FRAME) * ratio)
        bottom = math.ceil((-bed[1] * scale + _FRAME) * ratio)
        size = max(right - self._left, 1), max(bottom - self._top, 1)
        self._image = _canvas(size)
        self._draw = ImageDraw.Draw(self._image)
        self._paint_bed(bed, circular)

    @property
    def memory(self) -> int:
        """Bytes it takes."""
        width, height = self._image.size
        return width * height

    def forget(self) -> None:
        """It is not looked at any more: the next one is painted in its memory.

        The C library keeps the memory of one that is given back for the thread it was
        made on, and takes as much again for the next one on another thread.
        """
        _spare[:] = [self._image]
        del self._image, self._draw

    def paint(self, beads: Iterable[Laid]) -> None:
        """Lays one more layer on top."""
        self.painted += 1
        if self.painted % _FADING == 0:
            self._let_fade()
        first = _SHADES + self.painted % _TURNS * _TONES
        fine, left, top = self._fine, self._left, self._top
        draw = self._draw.line
        for bead in beads:
            xs, ys = bead.points[::2], bead.points[1::2]
            line = [0.0] * (2 * len(xs))
            line[::2] = [x * fine - left for x in xs]
            line[1::2] = [-y * fine - top for y in ys]
            width = max(round(bead.width * fine), 1)
            body = round(width * _BODY_WIDTH)
            crest = round(width * _CREST_WIDTH)
            across = abs(ys[-1] - ys[-2]) > abs(xs[-1] - xs[-2])
            if width > 2:
                draw(line, fill=first, width=width)
            draw(line, fill=first + (2 if across else 1), width=max(body, 1))
            if crest:
                draw(line, fill=first + 3, width=crest)

    def view(self, left: int, top: int, size: tuple[int, int], layer: int) -> Image.Image:
        """What lies right of and below pixel ``left, top`` of the lattice, in RGB.

        Rows count downwards, so the front of the bed is at the bottom. ``layer`` is the
        one that looks freshly laid.
        """
        width, height = size
        ratio = self._ratio
        if ratio >= 1:
            times = round(ratio)
            x, y = left * times - self._left, top * times - self._top
            view = Image.new("RGB", size)
            for first in range(0, height, _STRIP):
                rows = min(_STRIP, height - first)
                upper = y + first * times
                box = x, upper, x + width * times, upper + rows * times
                part = self._part(box, layer)
                view.paste(part if times == 1 else part.reduce(times), (0, first))
            return view
        times = round(1 / ratio)
        x, y = left // times - 1, top // times - 1
        right, bottom = (left + width) // times + 2, (top + height) // times + 2
        box = x - self._left, y - self._top, right - self._left, bottom - self._top
        part = self._part(box, layer)
        part = part.resize(
            (part.width * times, part.height * times), Image.Resampling.BILINEAR
        )
        x, y = left - x * times, top - y * times
        return part.crop((x, y, x + width, y + height))

    def _part(self, box: tuple[int, int, int, int], layer: int) -> Image.Image:
        part = self._image.crop(box)
        part.putpalette(_palette(min(layer, self.painted) % _TURNS))
        return part.convert("RGB")

    def _let_fade(self) -> None:
        """Gives the values of layers that look old to layers to come."""
        table = list(range(256))
        for age in range(_FADING, _TURNS):
            turn = (self.painted - age) % _TURNS
            for tone in range(_TONES):
                table[_SHADES + turn * _TONES + tone] = _OLD + tone
        width, height = self._image.size
        for top in range(0, height, _GRAIN_SIDE):
            box = 0, top, width, min(top + _GRAIN_SIDE, height)
            self._image.paste(self._image.crop(box).point(table), box)

    def _paint_bed(self, bed: Bed, circular: bool) -> None:
        """In strips: the whole bed twice would take memory that may not come back."""
        box = (*self._pixel(bed[0], bed[3]), *self._pixel(bed[2], bed[1]))
        width, height = self._image.size
        grain = _grain(width)
        for top in range(0, height, _GRAIN_SIDE):
            rows = min(_GRAIN_SIDE, height - top)
            surface = Image.new("L", (width, rows), _PLAIN)
            self._paint_grid(ImageDraw.Draw(surface), bed, top, rows)
            shape = Image.new("1", surface.size, 0)
            within = ImageDraw.Draw(shape)
            moved = box[0], box[1] - top, box[2], box[3] - top
            if circular:
                within.ellipse(moved, fill=1)
            else:
                within.rectangle(moved, fill=1)
            grained = ImageChops.add(surface, grain.crop((0, 0, width, rows)), 1, -_GRAIN)
            self._image.paste(grained, (0, top), shape)
        edge = max(2, round(4 * self._ratio))
        if circular:
            self._draw.ellipse(box, outline=_EDGE, width=edge)
        else:
            self._draw.rectangle(box, outline=_EDGE, width=edge)

    def _paint_grid(
        self, draw: ImageDraw.ImageDraw, bed: Bed, top: int, height: int
    ) -> None:
        """On a strip of ``height`` rows that begins at row ``top`` of the picture."""
        step = _step(_CLOSEST_LINES / self._scale)
        columns, rows = _lines(bed[0], bed[2], step), _lines(bed[1], bed[3], step)
        for column in columns:
            for row in rows:
                if (column + row) // step % 2:
                    left, upper = self._pixel(column, row + step)
                    right, lower = self._pixel(column + step, row)
                    if lower >= top and upper < top + height:
                        square = left, upper - top, right, lower - top
                        draw.rectangle(square, fill=_OTHER)
        thin = max(1, round(self._ratio))
        for line in columns:
            x, bold = self._pixel(line, 0)[0], line % (5 * step) == 0
            ends = (x, -_GRAIN_SIDE, x, 2 * _GRAIN_SIDE)
            draw.line(ends, fill=_BOLD if bold else _FINE, width=thin * (1 + 2 * bold))
        for line in rows:
            y, bold = self._pixel(0, line)[1] - top, line % (5 * step) == 0
            ends = (0, y, self._image.width, y)
            draw.line(ends, fill=_BOLD if bold else _FINE, width=thin * (1 + 2 * bold))
        longer = max(bed[2] - bed[0], bed[3] - bed[1])
        apart = _step(max(_CLOSEST_LABELS / self._scale, longer / _MOST_LABELS))
        points = max(6, round(_LABEL_POINTS * self._ratio))
        font = _font(points)
        aside = round(5 * self._ratio)
        for x_mm in _lines(bed[0], bed[2], apart):
            for y_mm in _lines(bed[1], bed[3], apart):
                x, y = self._pixel(x_mm, y_mm)
                place = x + aside, y - aside - top
                if -2 * points < place[1] < height + 2 * points:
                    text = f"{x_mm}, {y_mm}"
                    draw.text(place, text, font=font, fill=_LABEL, anchor="ls")

    def _pixel(self, x: float, y: float) -> tuple[int, int]:
        return (
            math.floor(x * self._fine) - self._left,
            math.floor(-y * self._fine) - self._top,
        )


_spare: list[Image.Image] = []  # the picture of the last bed, or nothing


def _canvas(size: tuple[int, int]) -> Image.Image:
    """A picture with nothing on it."""
    try:
        image = _spare.pop()
    except IndexError:
        return Image.new("L", size, _BEYOND)
    if image.size != size:
        return Image.new("L", size, _BEYOND)
    image.paste(_BEYOND, (0, 0, *size))
    return image


def _area(bed: Bed, scale: float) -> float:
    return ((bed[2] - bed[0]) * scale + 9) * ((bed[3] - bed[1]) * scale + 9)


def _step(least: float) -> int:
    return next((step for step in _GRID if step >= least), _GRID[-1])


def _lines(low: float, high: float, step: int) -> range:
    return range(math.floor(low / step) * step, math.ceil(high) + 1, step)


def _grain(width: int) -> Image.Image:
    """A strip of the grain of a coated sheet, which looks the same in each picture."""
    side = _GRAIN_SIDE
    grain = Image.frombytes("L", (side, side), Random(side).randbytes(side * side))
    grain = grain.point([round(value / 255 * 2 * _GRAIN) for value in range(256)])
    tiled = Image.new("L", (width, side))
    for x in range(0, width, side):
        tiled.paste(grain, (x, 0))
    return tiled


@cache
def _palette(turn: int) -> bytes:
    """The colours of the values when the layer whose turn it is lies on top."""
    colors = [_BEYOND_COLOR] * 256
    for shade in range(1, _SHADES):
        part = (shade - 1) / (_SHADES - 2)
        colors[shade] = _mixed(_DARKEST, _BRIGHTEST, part)
    for age in range(_TURNS):
        first = _SHADES + (turn - age) % _TURNS * _TONES
        colors[first : first + _TONES] = _bead(min(age / _FADING, 1.0))
    colors[_OLD : _OLD + _TONES] = _bead(1.0)
    colors[_EDGE] = _EDGE_COLOR
    return bytes(value for color in colors for value in color)


def _bead(age: float) -> list[Color]:
    """Side, body along X, body along Y, and crest of a bead; ``age`` from 0 to 1."""
    light = _DEEPEST + (1 - _DEEPEST) * (1 - age) ** 1.6
    crest = _mixed(_FILAMENT, (255, 255, 255), _SHINE * (1 - age))
    colors = (_FILAMENT, _FILAMENT, _FILAMENT, crest)
    tones = (_SIDE, _BODY, _CROSSWISE, _CREST)
    return [_mixed((0, 0, 0), color, tone * light) for color, tone in zip(colors, tones)]


def _mixed(one: Color, other: Color, part: float) -> Color:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other))
    return red, green, blue


@cache
def _font(points: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(points)
