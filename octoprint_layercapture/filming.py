"""The section of the plugin class that makes videos: when asked, or after each print."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Optional

from .capture.ports import Outcome
from .gcode import Layer
from .jobs import Job
from .keeping import KeepingSection
from .library import PrintEntry, StoreError
from .messages import Message
from .rendering import Video, VideoError, Videos


class VideoSection(KeepingSection):
    """Hands prints to the renderer, and keeps it from working during captures."""

    _event_bus: Any

    def __init__(self) -> None:
        super().__init__()
        self._videos: Optional[Videos] = None
        self._videos_lock = threading.Lock()

    def videos(self) -> Videos:
        """The renderer, made when it is first needed."""
        with self._videos_lock:
            if self._videos is None:
                self._videos = Videos(
                    self._settings.global_get,
                    Path(self._settings.global_get_basefolder("timelapse")),
                    Path(self.get_plugin_data_folder()) / "videos",
                    self._event_bus.fire,
                    self._video_changed,
                )
            return self._videos

    def make_videos(
        self, key: str, index: Optional[int] = None, camera: Optional[str] = None
    ) -> list[Video]:
        """Queues the videos of a print, or those of one position or camera.

        Raises UnknownPrint, or VideoError with the Message that says why there are none.
        """
        return self._film(self.catalog().get(key), index, camera)

    def _film(
        self, entry: PrintEntry, index: Optional[int], camera: Optional[str]
    ) -> list[Video]:
        return self.videos().make(entry, self._config.video.fps, index, camera)

    def _video_changed(self, video: Video) -> None:
        self.message("video", **video.to_dict())

    def capture_started(self, layer: Layer, positions: int) -> None:
        if self._videos is not None:
            self._videos.capture_began()
        super().capture_started(layer, positions)

    def capture_ended(self, outcome: Outcome) -> None:
        if self._videos is not None:
            self._videos.capture_ended()
        super().capture_ended(outcome)

    def end_keeping(self, job: Job, ending: str) -> None:
        super().end_keeping(job, ending)
        if self._config.video.automatic:
            print_id = job.folder.print_id
            self._background.submit(lambda: self._film_print(print_id))

    def _film_print(self, print_id: str) -> None:
        try:
            entry = self.catalog().get(print_id)
            problem = self.videos().problem()
            if problem is not None:
                self.tell(problem)
            elif entry.counts.captures > 1:
                self._film(entry, None, None)
        except VideoError as refused:
            self.tell(_said(refused))
        except StoreError:
            self._logger.debug("Nothing was kept of this print, so there is no video")


def _said(refused: VideoError) -> Message:
    message: Message = refused.args[0]
    return message
