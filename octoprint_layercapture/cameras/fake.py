"""A camera that needs no hardware: it draws what one on the print head would see."""

from __future__ import annotations

import colorsys
import io
import math
import time
from functools import cache, lru_cache

from PIL import Image, ImageDraw, ImageFont

from .scene import Scene

Color = tuple[int, int, int]

_CELL = 10
_LABELLED = 20
_BOLD = 50
_BEYOND = (17, 18, 21)
_EDGE = (255, 176, 59)
_FINE_LINE = (116, 127, 142)
_BOLD_LINE = (178, 188, 203)
_LABEL = (235, 239, 245)
_CROSS = (255, 92, 80)
_PANEL = (12, 14, 18)
_TEXT = (255, 255, 255)
_QUIET = (172, 181, 193)
_PANEL_HEIGHT = 56
_BAR_WIDTH = 18


class FakeCamera:
    """Looks straight down on an empty bed, the middle of the picture at ``x, y``.

    ``field`` is the width in mm of what it sees, ``size`` the picture's in pixels. Every
    place of the bed looks the same in all pictures that show it; what is written on top
    tells layer, height, position and time.
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        field: float = 80.0,
        size: tuple[int, int] = (640, 480),
        quality: int = 95,
    ) -> None:
        self.name = name
        self._field = field
        self._size = size
        self._quality = quality

    def abandon(self) -> None:
        """Nothing to do: a drawing is never waited for."""

    def snapshot(self, scene: Scene) -> bytes:
        """A JPEG of the bed around ``scene.x``, ``scene.y``."""
        image = self.view(scene)
        _write_panel(ImageDraw.Draw(image), self._size, scene)
        out = io.BytesIO()
        image.save(out, "JPEG", quality=self._quality)
        return out.getvalue()

    def view(self, scene: Scene) -> Image.Image:
        """The bed with the cross in the middle, nothing written on top."""
        window = _Window(self._size, self._field, scene.x, scene.y)
        image = Image.new("RGB", self._size, _BEYOND)
        if scene.circular:
            bed = Image.new("RGB", self._size, _BEYOND)
            _draw_bed(ImageDraw.Draw(bed), window, scene.bed)
            mask = Image.new("L", self._size, 0)
            ImageDraw.Draw(mask).ellipse(window.box(scene.bed), fill=255)
            image.paste(bed, mask=mask)
            outline = ImageDraw.Draw(image)
            outline.ellipse(window.box(scene.bed), outline=_EDGE, width=4)
        else:
            draw = ImageDraw.Draw(image)
            _draw_bed(draw, window, scene.bed)
            draw.rectangle(window.box(scene.bed), outline=_EDGE, width=4)
        _draw_cross(ImageDraw.Draw(image), self._size)
        return image


class _Window:
    """The part of the bed in the picture: mm in, pixels out, Y pointing up."""

    def __init__(
        self, size: tuple[int, int], field: float, center_x: float, center_y: float
    ) -> None:
        self.scale = size[0] / field
        self.left = center_x - field / 2
        self.top = center_y + size[1] / self.scale / 2
        self.right = center_x + field / 2
        self.bottom = center_y - size[1] / self.scale / 2

    def px(self, x: float) -> int:
        return math.floor((x - self.left) * self.scale + 0.5)

    def py(self, y: float) -> int:
        return math.floor((self.top - y) * self.scale + 0.5)

    def box(self, bed: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
        min_x, min_y, max_x, max_y = bed
        return self.px(min_x), self.py(max_y), self.px(max_x), self.py(min_y)


def _draw_bed(
    draw: ImageDraw.ImageDraw, window: _Window, bed: tuple[float, float, float, float]
) -> None:
    left, right = max(window.left, bed[0]), min(window.right, bed[2])
    bottom, top = max(window.bottom, bed[1]), min(window.top, bed[3])
    if left >= right or bottom >= top:
        return
    columns = range(math.floor(left / _CELL), math.ceil(right / _CELL))
    rows = range(math.floor(bottom / _CELL), math.ceil(top / _CELL))
    for column in columns:
        for row in rows:
            cell = (
                window.px(max(left, column * _CELL)),
                window.py(min(top, (row + 1) * _CELL)),
                window.px(min(right, (column + 1) * _CELL)),
                window.py(max(bottom, row * _CELL)),
            )
            draw.rectangle(cell, fill=_cell_color(column, row))
    for column in range(columns.start, columns.stop + 1):
        at = window.px(column * _CELL)
        ends = (at, window.py(top), at, window.py(bottom))
        color, width = _line(column * _CELL)
        draw.line(ends, fill=color, width=width)
    for row in range(rows.start, rows.stop + 1):
        at = window.py(row * _CELL)
        ends = (window.px(left), at, window.px(right), at)
        color, width = _line(row * _CELL)
        draw.line(ends, fill=color, width=width)
    _label(draw, window, bed)


def _label(
    draw: ImageDraw.ImageDraw, window: _Window, bed: tuple[float, float, float, float]
) -> None:
    font = _font(13)
    for x in _marks(max(window.left - _LABELLED, bed[0]), min(window.right, bed[2])):
        for y in _marks(max(window.bottom - _LABELLED, bed[1]), min(window.top, bed[3])):
            place = window.px(x) + 21, window.py(y) - 8
            draw.text(place, f"{x}, {y}", font=font, fill=_LABEL, anchor="ls")


def _marks(low: float, high: float) -> range:
    return range(math.ceil(low / _LABELLED) * _LABELLED, math.ceil(high), _LABELLED)


def _line(at: int) -> tuple[Color, int]:
    return (_BOLD_LINE, 3) if at % _BOLD == 0 else (_FINE_LINE, 1)


@lru_cache(maxsize=4096)
def _cell_color(column: int, row: int) -> Color:
    """The bed's own pattern: the hue drifts over the bed, the shade alternates."""
    hue = (0.58 + 0.022 * column + 0.013 * row) % 1.0
    shade = 0.42 if (column + row) % 2 else 0.36
    return _rgb(hue, 0.42, shade)


def _draw_cross(draw: ImageDraw.ImageDraw, size: tuple[int, int]) -> None:
    x, y = size[0] // 2, size[1] // 2
    for color, width in ((_PANEL, 5), (_CROSS, 2)):
        draw.ellipse((x - 17, y - 17, x + 17, y + 17), outline=color, width=width)
        for near, far in ((6, 30), (-6, -30)):
            draw.line((x + near, y, x + far, y), fill=color, width=width)
            draw.line((x, y + near, x, y + far), fill=color, width=width)
    draw.point((x, y), fill=_CROSS)


def _write_panel(draw: ImageDraw.ImageDraw, size: tuple[int, int], scene: Scene) -> None:
    """Text along the top, and a bar at the right that rises from layer to layer."""
    width, height = size
    color = _rgb(scene.layer * 0.073 % 1.0, 0.65, 0.95)
    draw.rectangle((0, 0, width, _PANEL_HEIGHT), fill=_PANEL)
    draw.rectangle((0, 0, 9, _PANEL_HEIGHT), fill=color)
    of = f" / {scene.layers_total}" if scene.layers_total else ""
    clock = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(scene.time))
    end = width - _BAR_WIDTH - 14
    for place, anchor, points, text, fill in (
        ((22, 24), "ls", 19, f"Layer {scene.layer}{of}", _TEXT),
        (
            (22, 46),
            "ls",
            14,
            f"height {scene.z:.2f} mm, layer {scene.height:.2f} mm",
            _QUIET,
        ),
        ((end, 24), "rs", 19, f"#{scene.index}  x {scene.x:.1f}  y {scene.y:.1f}", _TEXT),
        ((end, 46), "rs", 14, clock, _QUIET),
    ):
        draw.text(place, text, font=_font(points), fill=fill, anchor=anchor)
    full = height - _PANEL_HEIGHT
    done = round(full * _progress(scene))
    draw.rectangle((width - _BAR_WIDTH, 0, width, height), fill=_PANEL)
    draw.rectangle((width - _BAR_WIDTH + 3, height - done, width, height), fill=color)


def _progress(scene: Scene) -> float:
    """How far up the print is; where its end is not known, 100 layers fill the bar."""
    total = scene.layers_total or 100
    return min(1.0, max(0.0, scene.layer / total))


def _rgb(hue: float, saturation: float, value: float) -> Color:
    red, green, blue = colorsys.hsv_to_rgb(hue, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


@cache
def _font(points: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(points)
