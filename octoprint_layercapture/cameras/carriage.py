"""The print head as a camera above the bed sees it."""

from __future__ import annotations

from functools import lru_cache

from PIL import Image, ImageDraw

_SIDE = 60.0  # mm, of the drawing
_SMOOTH = 4  # times finer before it is scaled down
_SMALLEST, _LARGEST = 8, 640  # pixels of the drawing
_SHADOW, _BODY, _RIM = (0, 0, 0, 90), (52, 57, 66, 255), (92, 100, 114, 255)
_DARK, _BLADE, _METAL = (24, 26, 31, 255), (70, 77, 89, 255), (196, 203, 214, 255)
_TIP = (255, 92, 80, 255)


def put_on(image: Image.Image, scale: float, place: tuple[int, int]) -> None:
    """Draws the head with its nozzle at pixel ``place``; ``scale`` in pixels per mm."""
    head = _drawn(min(max(round(_SIDE * scale), _SMALLEST), _LARGEST))
    left, top = place[0] - head.width // 2, place[1] - head.height // 2
    image.paste(head, (left, top), head)


@lru_cache(maxsize=8)
def _drawn(side: int) -> Image.Image:
    """``side`` pixels square, the nozzle in the middle."""
    size = side * _SMOOTH
    image = Image.new("RGBA", (size, size))
    draw = ImageDraw.Draw(image)

    def box(x: float, y: float, width: float, height: float) -> tuple[float, ...]:
        unit = size / _SIDE
        left, top = size / 2 + (x - width / 2) * unit, size / 2 + (y - height / 2) * unit
        return left, top, left + width * unit, top + height * unit

    unit = size / _SIDE
    draw.rounded_rectangle(box(2, 3, 48, 54), 5 * unit, fill=_SHADOW)
    draw.rounded_rectangle(box(0, 0, 46, 52), 5 * unit, fill=_BODY, outline=_RIM)
    draw.ellipse(box(0, -5, 36, 36), fill=_DARK, outline=_RIM, width=round(unit))
    for start in range(0, 360, 45):
        draw.pieslice(box(0, -5, 33, 33), start, start + 24, fill=_BLADE)
    draw.ellipse(box(0, -5, 13, 13), fill=_BODY, outline=_RIM, width=round(unit / 2))
    draw.rounded_rectangle(box(0, 20, 30, 6), 2 * unit, fill=_DARK)
    draw.ellipse(box(0, 0, 5, 5), fill=_METAL)
    draw.ellipse(box(0, 0, 2.4, 2.4), fill=_TIP)
    return image.resize((side, side), Image.Resampling.LANCZOS)
