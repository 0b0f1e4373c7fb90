"""What other plugins may call: ``self._plugin_manager.get_helpers("layercapture")``."""

from __future__ import annotations

from typing import Any, Callable, Optional, Protocol

from .library import Catalog, PictureEntry, PrintEntry, UnknownPrint


class Helpful(Protocol):
    """The plugin, as far as helpers need it."""

    def capture_next(self) -> bool: ...
    def capture_now(self) -> bool: ...
    def skip_print(self, skip: bool) -> bool: ...
    def state(self) -> dict[str, Any]: ...
    def catalog(self) -> Catalog: ...


def helpers(plugin: Helpful) -> dict[str, Callable[..., Any]]:
    """The helpers by their names; safe to call from any thread, but not from hooks."""

    def capture_next() -> bool:
        """Capture once the layer being printed is complete; False where none prints."""
        return plugin.capture_next()

    def capture_now() -> bool:
        """Capture at the next line of the file; False where nothing prints."""
        return plugin.capture_now()

    def skip(skip: bool = True) -> bool:
        """Leave out the rest of this print, or not; False where nothing prints."""
        return plugin.skip_print(skip)

    def is_capturing() -> bool:
        """Whether a capture is under way, so that the head is ours."""
        return bool(plugin.state()["state"] == "capturing")

    def state() -> dict[str, Any]:
        """What the plugin does now, as ``GET state`` says it."""
        return plugin.state()

    def prints(offset: int = 0, limit: int = 20) -> list[dict[str, Any]]:
        """What was kept of prints, newest first."""
        return [_print(entry) for entry in plugin.catalog().prints(offset, limit).items]

    def pictures(
        print_id: str,
        layer: Optional[int] = None,
        index: Optional[int] = None,
        camera: Optional[str] = None,
    ) -> list[dict[str, Any]]:
        """The pictures of a print by its ``print_id``; LookupError where it is not there.

        In the order in which they were taken; layer, index and camera choose.
        """
        try:
            entry = plugin.catalog().get(print_id)
        except UnknownPrint as error:
            raise LookupError(print_id) from error
        return [_picture(each) for each in entry.iter_pictures(layer, index, camera)]

    found = (capture_next, capture_now, skip, is_capturing, state, prints, pictures)
    return {each.__name__: each for each in found}


def _print(entry: PrintEntry) -> dict[str, Any]:
    counts = entry.counts
    return {
        "print_id": entry.print_id,
        "name": entry.name,
        "file": entry.record.gcode_file,
        "state": entry.state,
        "started": entry.started,
        "ended": entry.record.print_end_time,
        "captures": counts.captures,
        "pictures": counts.pictures,
        "failures": counts.failures,
        "bytes": counts.bytes,
        "seconds": counts.seconds,
        "folder": str(entry.path),
    }


def _picture(picture: PictureEntry) -> dict[str, Any]:
    image = picture.image
    return {
        "path": str(picture.path),
        "capture_id": picture.capture.record.capture_id,
        "layer": picture.layer,
        "z": picture.capture.record.z_height,
        "index": image.index,
        "camera": image.camera,
        "x": image.position.x,
        "y": image.position.y,
        "timestamp": image.timestamp,
    }
