"""A camera that needs no hardware: it draws what one on the printer would see."""

from __future__ import annotations

import io
import math
import threading
import time
from dataclasses import replace
from functools import lru_cache
from random import Random
from statistics import NormalDist
from typing import Callable

from PIL import Image, ImageChops, ImageFilter

from ..hands import Pool
from . import caption, carriage
from .errors import CameraError
from .printed import Layers, Printed
from .scene import Scene
from .sight import Seen, Sight
from .topview import Bed

MAKING = "layercapture-fake-frames"  # the thread

HEAD, FIXED = "head", "fixed"  # where it is mounted

_MIDDLE = 128  # a pixel's value where the noise adds nothing


class FakeCamera:
    """Looks straight down on the bed and on what was printed so far.

    On the head, the middle of its view is ``offset`` from the nozzle; fixed above the
    bed, it is ``offset`` from the middle of the bed, and the head is in the view.

    The view's pixels lie on one lattice over the whole bed, ``size[0] / field`` of them
    per mm: two views show the same, to the pixel, where they overlap, noise and shaking
    apart. In a frame the view is at ``view_box``; below it is text that tells layer and
    place of what is shown. ``scale`` is in pixels per mm, ``offset`` in mm.

    Args:
        name: as in the settings
        mount: HEAD or FIXED
        offset: mm along X and Y
        field: width of the view, mm
        size: of the view, pixels
        quality: JPEG's, 1 to 100
        noise: standard deviation of each colour of a pixel, of 255; it is made from the
            scene and the number of the frame, so that a test can repeat it
        latency, blur: s, see :class:`~.sight.Sight`
        layers: what is printed, from the first layer on; None for nothing
        clock: seconds that only grow, the one that ``Scene.arrived`` is from
        patience: s to wait for layers to be read from the file, then it shows fewer
    """

    def __init__(
        self,
        name: str = "fake",
        *,
        mount: str = HEAD,
        offset: tuple[float, float] = (0.0, 0.0),
        field: float = 80.0,
        size: tuple[int, int] = (640, 480),
        quality: int = 95,
        noise: float = 0.0,
        latency: float = 0.0,
        blur: float = 0.0,
        layers: Layers | None = None,
        clock: Callable[[], float] = time.monotonic,
        patience: float = 2.0,
    ) -> None:
        self.name = name
        self._mount = mount
        self.offset = offset
        self.scale = size[0] / field
        self._size = size
        self._quality = quality
        self._noise = noise
        self._sight = Sight(latency, blur, clock)
        self._printed = Printed(self.scale, layers)
        self._patience = patience
        self._making = Pool(1, MAKING)
        self._lock = threading.Lock()
        self._frames = 0

    @property
    def view_box(self) -> tuple[int, int, int, int]:
        """Left, top, right and bottom of the view in a frame, pixels."""
        return 0, 0, self._size[0], self._size[1]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of a frame, text included, pixels."""
        return self._size[0], self._size[1] + caption.HEIGHT

    def snapshot(self, scene: Scene) -> bytes:
        """The JPEG of a frame. Raises CameraError if it was called off."""
        return self.upright(self.frame(scene))

    def frame(self, scene: Scene) -> bytes:
        """The JPEG of a frame. Raises CameraError if it was called off.

        It is made on a thread for all frames: each thread that makes some keeps the
        memory that they take.
        """
        return self._making.submit(self._frame, scene).result()

    def _frame(self, scene: Scene) -> bytes:
        view, seen = self._look(scene)
        image = Image.new("RGB", self.size)
        image.paste(view, self.view_box)
        shown = replace(scene, x=seen.x, y=seen.y, index=seen.index)
        image.paste(caption.caption(shown, self._size[0]), (0, self._size[1]))
        out = io.BytesIO()
        image.save(out, "JPEG", quality=self._quality)
        return out.getvalue()

    def upright(self, jpeg: bytes) -> bytes:
        """The same: its frames are the right way up."""
        return jpeg

    def abandon(self) -> None:
        """Makes a ``snapshot`` that another thread waits for fail now."""
        self._printed.call_off()

    def prepare(self, bed: Bed, circular: bool) -> None:
        """Has the bed drawn and the first layers read, ahead of the first frame. Waits
        for nothing."""
        self._printed.prepare(bed, circular)

    def follow(self, layer: int) -> None:
        """Says that the layers up to ``layer`` were printed, so that they can be drawn
        before a frame is asked for. Waits for nothing."""
        self._printed.follow(layer)

    def close(self) -> None:
        """The print is over: lets go of its file. Frames show what was drawn so far."""
        self._printed.close()

    def forget(self) -> None:
        """No frame is asked for any more: lets go of what was drawn."""
        self._printed.forget()

    def view(self, scene: Scene) -> Image.Image:
        """What it sees, in RGB. Raises CameraError if it was called off."""
        return self._look(scene)[0]

    def _look(self, scene: Scene) -> tuple[Image.Image, Seen]:
        with self._lock:
            seen = self._sight.see(scene)
            self._frames += 1
            number = self._frames
        left, top = self._corner(scene, seen)
        view = self._printed.show(
            scene.layer,
            scene.bed,
            scene.circular,
            (left, top),
            self._size,
            self._patience,
        )
        if view is None:
            raise CameraError(
                "The picture of camera %(camera)s was called off.", camera=self.name
            )
        if self._mount == FIXED:
            nozzle = self._pixel(seen.x) - left, self._pixel(-seen.y) - top
            carriage.put_on(view, self.scale, nozzle)
        if seen.smear_x or seen.smear_y:
            smear = seen.smear_x * self.scale / 2, seen.smear_y * self.scale / 2
            view = view.filter(ImageFilter.BoxBlur(smear))
        if self._noise:
            view = _noisy(view, self._noise, f"{scene.layer} {scene.index} {number}")
        return view, seen

    def _corner(self, scene: Scene, seen: Seen) -> tuple[int, int]:
        """The lattice's pixel that is the first in the view; rows count downwards."""
        x, y = seen.x, seen.y
        if self._mount == FIXED:
            x, y = (scene.bed[0] + scene.bed[2]) / 2, (scene.bed[1] + scene.bed[3]) / 2
        x += self.offset[0] + seen.shake_x
        y += self.offset[1] + seen.shake_y
        return (
            self._pixel(x) - self._size[0] // 2,
            self._pixel(-y) - self._size[1] // 2,
        )

    def _pixel(self, along: float) -> int:
        return math.floor(along * self.scale + 0.5)


def _noisy(image: Image.Image, deviation: float, seed: str) -> Image.Image:
    width, height = image.size
    grain = Image.frombytes(
        "RGB", image.size, Random(seed).randbytes(3 * width * height)
    ).point(_bell(deviation) * 3)
    return ImageChops.add(image, grain, 1, -_MIDDLE)


@lru_cache(maxsize=8)
def _bell(deviation: float) -> list[int]:
    """A byte that is as likely as any other to one that is normally distributed."""
    normal = NormalDist(_MIDDLE, deviation)
    values = (normal.inv_cdf((value + 0.5) / 256) for value in range(256))
    return [min(max(round(value), 0), 255) for value in values]
