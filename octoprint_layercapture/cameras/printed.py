"""What was printed so far, painted by a thread of its own behind the fake camera."""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from typing import Callable

from PIL import Image

from ..hands import HANDS
from .topview import Bed, Laid, TopView

_logger = logging.getLogger("octoprint.plugins.layercapture.cameras")

_AHEAD = 100_000  # coordinates read ahead, 4 bytes each

THREAD = "layercapture-fake-camera"

#: The layers of a print from the first one on. Where it raises, there are no more.
Layers = Callable[[], Iterator[Sequence[Laid]]]


class Printed:
    """The bed at ``scale`` pixels per mm, and on it the layers up to the one asked for.

    A daemon thread paints the layers and reads some ahead; it is given back when there is
    nothing to do, and there is never more than one. ``layers`` is None where nothing is
    printed.
    """

    def __init__(self, scale: float, layers: Layers | None = None) -> None:
        self._scale = scale
        self._layers = layers
        self._changed = threading.Condition()
        self._bed: tuple[Bed, bool] | None = None
        self._view: TopView | None = None
        self._wanted = 0
        self._no_more = layers is None
        self._at_work = False
        self._called_off = 0
        self._closed = False
        # of the thread at work alone
        self._reader: Iterator[Sequence[Laid]] | None = None
        self._read_for: TopView | None = None
        self._ahead: deque[tuple[Sequence[Laid], int]] = deque()
        self._coordinates = 0

    def prepare(self, bed: Bed, circular: bool) -> None:
        """Has the empty bed painted and the first layers read. Waits for nothing."""
        with self._changed:
            if self._view is None:
                self._bed = bed, circular
                self._go_to_work()

    def follow(self, layer: int) -> None:
        """Says that the layers up to ``layer`` were printed. Waits for nothing."""
        if not self._changed.acquire(blocking=False):
            return  # a layer is being painted; the next one says it again
        try:
            if self._bed is not None and layer > self._wanted:
                self._wanted = layer
                self._go_to_work()
        finally:
            self._changed.release()

    def show(
        self,
        layer: int,
        bed: Bed,
        circular: bool,
        place: tuple[int, int],
        size: tuple[int, int],
        patience: float,
    ) -> Image.Image | None:
        """The view of ``size`` pixels from pixel ``place`` of the lattice on, in RGB.

        Waits at most ``patience`` seconds for the layers up to ``layer``, then shows what
        is painted. None if it was called off meanwhile.
        """
        with self._changed:
            if self._view is not None and self._view.painted > layer:
                self._drop_view()
            if self._bed == (bed, circular):
                # the thread may be drawing it, and two of them take twice the memory
                self._changed.wait_for(
                    lambda: self._view is not None or not self._at_work, patience
                )
            view = self._set_up(bed, circular)
            self._wanted = layer
            self._go_to_work()
            called_off = self._called_off
            self._changed.wait_for(
                lambda: (
                    view.painted >= layer
                    or self._no_more
                    or self._called_off != called_off
                ),
                patience,
            )
            if self._called_off != called_off:
                return None
            return view.view(*place, size, layer)

    def call_off(self) -> None:
        """Ends the waiting of ``show`` in other threads."""
        with self._changed:
            self._called_off += 1
            self._changed.notify_all()

    def close(self) -> None:
        """Nothing more is printed: reads no further and lets go of the file."""
        with self._changed:
            self._closed = self._no_more = True
            if not self._at_work:
                self._let_go()
            self._changed.notify_all()

    def forget(self) -> None:
        """Nobody asks for more: lets go of the picture of the bed at once, and not only
        when Python finds that nobody needs it."""
        self.close()
        with self._changed:
            self._drop_view()
            self._read_for = None

    def _drop_view(self) -> None:
        if self._view is not None:
            self._view.forget()
            self._view = None

    def _let_go(self) -> None:
        self._reader = None
        self._ahead.clear()
        self._coordinates = 0

    def _set_up(self, bed: Bed, circular: bool) -> TopView:
        if self._view is None or self._bed != (bed, circular):
            self._drop_view()
            self._bed = bed, circular
            self._view = TopView(bed, circular, self._scale)
            self._wanted = 0
            self._no_more = self._layers is None or self._closed
            self._go_to_work()
        return self._view

    def _go_to_work(self) -> None:
        if not self._at_work and not self._no_more:
            # the thread waits for the lock, which is held here
            HANDS.do(THREAD, self._work)
            self._at_work = True

    def _work(self) -> None:
        try:
            while self._paint_or_read():
                pass
        except Exception as error:
            _logger.warning(
                "The fake camera shows no more of the print, reading its file failed: %s",
                error,
            )
            with self._changed:
                self._at_work = False
                if self._read_for is self._view:
                    self._no_more = True
                    self._changed.notify_all()
                else:
                    self._go_to_work()

    def _paint_or_read(self) -> bool:
        """One layer; False where there is nothing to do for now."""
        with self._changed:
            if self._closed:
                self._let_go()
                self._at_work = False
                return False
            view, ground = self._view, self._bed
            if view is not None and view is self._read_for:
                behind = view.painted < self._wanted
                if behind and self._ahead:
                    beads, coordinates = self._ahead.popleft()
                    self._coordinates -= coordinates
                    view.paint(beads)
                    self._changed.notify_all()
                    return True
                if self._reader is None or (self._coordinates >= _AHEAD and not behind):
                    self._no_more = not self._ahead and self._reader is None
                    self._at_work = False
                    self._changed.notify_all()
                    return False
        if view is None:
            assert ground is not None
            empty = TopView(*ground, self._scale)
            with self._changed:
                if self._view is None and self._bed == ground:
                    self._view = empty
                    self._changed.notify_all()
                else:
                    empty.forget()
            return True
        if view is not self._read_for:
            assert self._layers is not None
            self._let_go()
            self._read_for = view
            self._reader = self._layers()
        read = None if self._reader is None else next(self._reader, None)
        if read is None:
            self._reader = None
        else:
            coordinates = sum(len(bead.points) for bead in read)
            self._ahead.append((read, coordinates))
            self._coordinates += coordinates
        return True
