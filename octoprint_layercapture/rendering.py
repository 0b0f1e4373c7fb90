"""Videos of a print, one for each position and camera, made by OctoPrint's own renderer.

OctoPrint's rendering queue makes one video at a time and none while a job prints. What it
takes are numbered frames in a folder, so each video gets one with links to its pictures.
A video that is still being made when the next print captures is stopped meanwhile.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import threading
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional

import psutil
from octoprint import timelapse
from octoprint.events import Events

from .library import PrintEntry
from .library.export import folder_name
from .library.series import Series, series
from .messages import N_, Message

_log = logging.getLogger("octoprint.plugins.layercapture.rendering")

QUEUED, RENDERING, DONE, FAILED = "queued", "rendering", "done", "failed"

_UNFIT = re.compile(r"[^\w.,+() -]")  # in names that become part of a command line
_PATIENCE = 900.0  # s for which a video waits for a capture to end
_KEPT = 50  # finished videos that are remembered
_EVEN = "scale=trunc(iw/2)*2:trunc(ih/2)*2"  # codecs take no odd sizes

Get = Callable[[Sequence[str]], Any]
Fire = Callable[[str, dict[str, Any]], None]


class VideoError(Exception):
    """No video can be made; the one argument is the Message that says why."""


@dataclass
class Video:
    """One video on its way.

    ``progress`` is percent; ``movie`` is its file name in OctoPrint's timelapses once
    it is there; ``message`` says what went wrong.
    """

    id: str
    key: str
    name: str
    index: int
    camera: str
    frames: int
    state: str = QUEUED
    progress: float = 0.0
    movie: Optional[str] = None
    message: Optional[Message] = None

    def to_dict(self) -> dict[str, Any]:
        """As the page takes it."""
        return {
            "id": self.id,
            "print": self.key,
            "name": self.name,
            "index": self.index,
            "camera": self.camera,
            "frames": self.frames,
            "state": self.state,
            "progress": round(self.progress, 1),
            "movie": self.movie,
            "message": None if self.message is None else self.message.to_dict(),
        }


class Videos:
    """Makes videos and knows what has become of them.

    Args:
        get: a value of OctoPrint's settings by its path
        target: the folder of OctoPrint's timelapses
        folder: a folder of the plugin's own for links to frames
        fire: puts an event on OctoPrint's bus
        changed: hears of each change of a video
    """

    def __init__(
        self,
        get: Get,
        target: Path,
        folder: Path,
        fire: Fire,
        changed: Callable[[Video], None],
    ) -> None:
        self.get = get
        self.target = target
        self.fire = fire
        self.folder = folder
        self._changed = changed
        self._videos: dict[str, Video] = {}
        self._lock = threading.Lock()
        self._free = threading.Event()
        self._free.set()
        # what a server left behind that was stopped in the middle
        shutil.rmtree(folder, ignore_errors=True)

    def problem(self) -> Optional[Message]:
        """What has to be configured before a video can be made, or None."""
        ffmpeg = self.get(["webcam", "ffmpeg"])
        if not ffmpeg or not self.get(["webcam", "bitrate"]):
            return Message(
                N_(
                    "Videos need FFmpeg. Install it and enter its path in OctoPrint's "
                    "settings under “Webcam & Timelapse”."
                )
            )
        if shutil.which(ffmpeg) is None:
            return Message(
                N_(
                    "FFmpeg is not at %(path)s. Correct its path in OctoPrint's "
                    "settings under “Webcam & Timelapse”."
                ),
                {"path": str(ffmpeg)},
            )
        return None

    def make(
        self,
        entry: PrintEntry,
        fps: int,
        index: Optional[int] = None,
        camera: Optional[str] = None,
    ) -> list[Video]:
        """Queues the videos of a print, or those of one position or camera.

        A video of this print that still waits is not queued again. Raises VideoError.
        """
        problem = self.problem()
        if problem is not None:
            raise VideoError(problem)
        name = folder_name(entry, set())
        found = [each for each in series(entry, index, camera) if len(each.frames) > 1]
        if not found:
            raise VideoError(
                Message(
                    N_(
                        "A video needs at least two pictures of one position, and "
                        "“%(name)s” has none."
                    ),
                    {"name": entry.name},
                )
            )
        several = len({each.camera for each in found}) > 1
        queued = []
        for each in found:
            video = self._queued(entry, each)
            if video is not None:
                title = f"{name}_pos_{each.index:02d}" + several * f"_{each.camera}"
                _Job(self, video, each, entry.record.gcode_file, title, fps).process()
                queued.append(video)
        return queued

    def _queued(self, entry: PrintEntry, of: Series) -> Optional[Video]:
        with self._lock:
            for video in self._videos.values():
                same = (video.key, video.index, video.camera)
                if video.state == QUEUED and same == (entry.key, of.index, of.camera):
                    return None
            video = Video(
                id=uuid.uuid4().hex,
                key=entry.key,
                name=entry.name,
                index=of.index,
                camera=of.camera,
                frames=len(of.frames),
            )
            self._videos[video.id] = video
            over = [v for v in self._videos.values() if v.state in (DONE, FAILED)]
            for old in over[:-_KEPT]:
                del self._videos[old.id]
        self._changed(video)
        return video

    def state(self) -> list[dict[str, Any]]:
        """All videos since OctoPrint started, oldest first; the last fifty that ended."""
        with self._lock:
            return [video.to_dict() for video in self._videos.values()]

    def change(self, video: Video, **values: Any) -> None:
        """Notes what has become of a video and tells about it."""
        with self._lock:
            for name, value in values.items():
                setattr(video, name, value)
        self._changed(video)

    def capture_began(self) -> None:
        """Stop what is being rendered: the printer's head stands still now."""
        self._free.clear()
        self._signal(psutil.Process.suspend)

    def capture_ended(self) -> None:
        """Render on."""
        self._free.set()
        self._signal(psutil.Process.resume)

    def wait_for_captures(self) -> None:
        """Returns once no capture is under way, after a quarter of an hour at most."""
        self._free.wait(_PATIENCE)

    def _signal(self, do: Callable[[psutil.Process], None]) -> None:
        if not any(video.state == RENDERING for video in list(self._videos.values())):
            return
        mine = str(self.folder)
        with suppress(psutil.Error, OSError):
            for process in psutil.Process().children(recursive=True):
                with suppress(psutil.Error):
                    if any(mine in argument for argument in process.cmdline()):
                        do(process)


class _Job(timelapse.TimelapseRenderJob):
    """One video in OctoPrint's rendering queue."""

    _prefix: str
    _capture_dir: str

    def __init__(
        self,
        videos: Videos,
        video: Video,
        of: Series,
        gcode: str,
        title: str,
        fps: int,
    ) -> None:
        get = videos.get
        self._videos = videos
        self._video = video
        self._frames = of.frames
        self._payload = {"gcode": gcode or "unknown"}
        name = _UNFIT.sub("_", title)
        super().__init__(
            str(videos.folder / video.id),
            str(videos.target),
            name,
            watermark=bool(get(["webcam", "watermark"])),
            fps=fps,
            threads=get(["webcam", "ffmpegThreads"]),
            videocodec=get(["webcam", "ffmpegVideoCodec"]),
            on_start=self._started,
            on_success=self._succeeded,
            on_fail=self._failed,
        )

    def _render(self) -> None:
        folder = Path(self._capture_dir)
        try:
            self._prefix = _free_name(self._videos.target, self._prefix)
            folder.mkdir(parents=True)
            self._link(folder)
            super()._render()
        except Exception:
            _log.exception("A video could not be made")
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            if self._video.state not in (DONE, FAILED):
                self._give_up(N_("The video could not be made, see octoprint.log."))

    def _link(self, folder: Path) -> None:
        number = 0
        for frame in self._frames:
            if frame.exists():
                os.symlink(frame, folder / f"{self._prefix}-{number}.jpg")
                number += 1

    @classmethod
    def _create_ffmpeg_command_string(cls, *args: Any, **kwargs: Any) -> str:
        command: str = super()._create_ffmpeg_command_string(*args, **kwargs)
        return f"nice -n 19 {command}" if shutil.which("nice") else command

    @classmethod
    def _create_filter_string(cls, *args: Any, **kwargs: Any) -> Optional[str]:
        filters: Optional[str] = super()._create_filter_string(*args, **kwargs)
        return filters and filters.replace("[in] ", f"[in] {_EVEN},", 1)

    def _process_ffmpeg_output(self, *lines: Any) -> None:
        super()._process_ffmpeg_output(*lines)
        text = " ".join(
            line.decode("utf-8", "replace") if isinstance(line, bytes) else str(line)
            for line in lines
        )
        frames = re.findall(r"frame=\s*(\d+)", text)
        if frames:
            share = 100.0 * int(frames[-1]) / max(1, self._video.frames)
            self._videos.change(self._video, progress=min(99.0, share))

    def _started(self, movie: str) -> None:
        self._videos.wait_for_captures()
        self._videos.change(self._video, state=RENDERING)
        self._tell(Events.MOVIE_RENDERING, movie)

    def _succeeded(self, movie: str) -> None:
        self._videos.change(
            self._video, state=DONE, progress=100.0, movie=os.path.basename(movie)
        )
        self._tell(Events.MOVIE_DONE, movie)

    def _failed(self, movie: str, **why: Any) -> None:
        if why.get("reason") == "no_frames":
            self._give_up(N_("The pictures of this video are gone."))
        else:
            self._give_up(
                N_(
                    "FFmpeg could not make the video. Check codec and bitrate in "
                    "OctoPrint's settings; its own words are in octoprint.log."
                )
            )
        self._tell(
            Events.MOVIE_FAILED,
            movie,
            returncode=why.get("returncode", 255),
            out=why.get("stdout", ""),
            error=why.get("stderr", ""),
            reason=why.get("reason", "unknown"),
        )

    def _give_up(self, text: str) -> None:
        self._videos.change(self._video, state=FAILED, message=Message(text))

    def _tell(self, event: str, movie: str, **more: Any) -> None:
        payload = {
            **self._payload,
            "movie": movie,
            "movie_basename": os.path.basename(movie),
            "movie_prefix": self._prefix,
            **more,
        }
        self._videos.fire(event, payload)


def _free_name(folder: Path, name: str) -> str:
    """``name``, or ``name_2`` and so on where there is such a video already."""
    try:
        taken = {os.path.splitext(each)[0] for each in os.listdir(folder)}
    except OSError:
        return name
    number = 1
    free = name
    while free in taken:
        number += 1
        free = f"{name}_{number}"
    return free
