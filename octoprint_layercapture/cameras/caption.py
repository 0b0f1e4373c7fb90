"""The line of text below what the fake camera sees."""

from __future__ import annotations

from functools import cache

from PIL import Image, ImageDraw, ImageFont

from .scene import Scene

HEIGHT = 48  # pixels

_GROUND = (12, 14, 18)
_TRACK = (38, 42, 50)
_DONE = (255, 138, 44)
_TEXT = (244, 246, 250)
_QUIET = (158, 168, 182)
_BAR = 3  # pixels
_MARGIN = 12  # pixels
_EXPECTED = 100  # layers, where nobody knows how many


def caption(scene: Scene, width: int) -> Image.Image:
    """What the scene's picture shows, in words: layer, height and position.

    No time: as long as nothing changes, neither does the picture.
    ``width`` pixels wide and ``HEIGHT`` high, with a bar for how far the print is.
    """
    image = Image.new("RGB", (width, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    part = min(1.0, max(0.0, scene.layer / (scene.layers_total or _EXPECTED)))
    draw.rectangle((0, 0, width, _BAR - 1), fill=_TRACK)
    draw.rectangle((0, 0, round(part * width), _BAR - 1), fill=_DONE)
    of = f" / {scene.layers_total}" if scene.layers_total else ""
    end = width - _MARGIN
    for at, anchor, points, text, fill in (
        ((_MARGIN, 22), "ls", 15, f"Layer {scene.layer}{of}", _TEXT),
        (
            (_MARGIN, 40),
            "ls",
            12,
            f"height {scene.z:.2f} mm, layer {scene.height:.2f} mm",
            _QUIET,
        ),
        ((end, 22), "rs", 15, f"#{scene.index}", _TEXT),
        ((end, 40), "rs", 12, f"x {scene.x:.2f} mm, y {scene.y:.2f} mm", _QUIET),
    ):
        draw.text(at, text, font=_font(points), fill=fill, anchor=anchor)
    return image


@cache
def _font(points: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(points)
