"""A camera that needs no hardware: it draws what one on the print head would see."""

from __future__ import annotations

import io
import time

from PIL import Image, ImageDraw

from .scene import Scene


class FakeCamera:
    """Looks straight down on an empty bed, the middle of the picture at ``x, y``.

    ``field`` is the width in mm of what it sees, ``size`` the picture's in pixels.
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

    def snapshot(self, scene: Scene) -> bytes:
        """A JPEG of the bed around ``scene.x``, ``scene.y``."""
        image = Image.new("RGB", self._size)
        draw = ImageDraw.Draw(image)
        draw.text(
            (10, 10),
            f"layer {scene.layer}  z {scene.z:.2f}  #{scene.index}"
            f"  {scene.x:g} {scene.y:g}  {time.ctime(scene.time)}",
        )
        out = io.BytesIO()
        image.save(out, "JPEG", quality=self._quality)
        return out.getvalue()
