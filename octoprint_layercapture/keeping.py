"""The section of the plugin class for what is kept: where, whether it fits, how long."""

from __future__ import annotations

import hashlib
import os
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from typing import Any, Callable, Optional

import octoprint
from octoprint.filemanager import FileDestinations

from . import config as settings
from .capture.ports import Outcome
from .gcode import Layer
from .hands import Pool
from .jobs import Job, Print
from .library import Catalog, Place, PrintFolder, Store, StoreError
from .library.background import Background
from .library.files import is_there
from .library.keys import folder_of
from .library.place import folder_problem, settle
from .library.prints import CANCELLED, DONE, FAILED, SourceFile
from .library.pruning import DAY, GIGABYTE, Pruned, prune
from .library.space import Estimate, Guard, estimate, room
from .library.thumbnails import Thumbnails
from .messages import N_, Message, Problem
from .recorder import guarded
from .reports import ReportSection
from .story import LEFT_OUT

MEGABYTE = 1_000_000
MANY_IN_ONE_FOLDER = 5000

# in the plugin's data folder, of no use in a backup
_MADE_AGAIN = ("layers", "thumbnails", "videos")

_OUTCOMES = {
    "done": DONE,
    "cancelled": CANCELLED,
    "failed": FAILED,
    "disconnected": FAILED,
    "error": FAILED,
}


class KeepingSection(ReportSection):
    """Where files go, whether they fit, and what becomes of them."""

    _config: settings.Config
    _settings: Any
    _file_manager: Any
    _plugin_version: str
    get_plugin_data_folder: Callable[[], str]

    def __init__(self) -> None:
        super().__init__()
        self._background = Background("layercapture-library")
        self._disk = Background("layercapture-disk")
        self._looking = Pool(1, "layercapture-looking")
        self._look: Optional[Future[None]] = None
        self._catalog: Optional[Catalog] = None
        self._catalog_lock = threading.Lock()
        self._keeping: Optional[PrintFolder] = None
        self._guard: Optional[Guard] = None
        self._told_trouble = False
        self._thumbnails: Optional[Thumbnails] = None

    # where

    def _uploads(self) -> Path:
        return Path(self._settings.global_get_basefolder("uploads"))

    def _place(self, config: settings.Config) -> Place:
        folder = config.files.folder
        return Place(
            self._uploads(),
            Path(folder) if folder else None,
            Path(self.get_plugin_data_folder()) / "folders.json",
        )

    def _store(self, config: settings.Config) -> Store:
        floor = config.files.floor_mb
        if floor is None:
            warning = self._settings.global_get_int(["server", "diskspace", "warning"])
            bytes_free = int(warning or 0)
        else:
            bytes_free = floor * MEGABYTE
        return Store(
            self._place(config),
            sanitize=self._sanitize,
            folder_per_print=config.files.folder_per_print,
            floor=bytes_free,
        )

    def _sanitize(self, name: str) -> str:
        clean: str = self._file_manager.sanitize_name(FileDestinations.LOCAL, name)
        return clean

    def _instance(self) -> str:
        name = self._settings.global_get(["appearance", "name"])
        return str(name or "OctoPrint")

    def catalog(self) -> Catalog:
        """What is kept, for whoever shows it, hands it on or deletes it."""
        store = self._store(self._config)
        with self._catalog_lock:
            catalog = self._catalog
            if catalog is None or catalog.store.root != store.root:
                catalog = self._catalog = Catalog(
                    store, running=self._running, removed=self.thumbnails().forget
                )
            return catalog

    def thumbnails(self) -> Thumbnails:
        """Small pictures, made in the background."""
        if self._thumbnails is None:
            self._thumbnails = Thumbnails(
                Path(self.get_plugin_data_folder()) / "thumbnails",
                busy=lambda: self._engine.run is not None,
            )
        return self._thumbnails

    def look_for_pictures(self) -> None:
        """Have it found out whether what screens show is still on disk.

        Waits for nothing; screens are told where something is gone. While one look is
        under way, one more waits at most: a disk that hangs is asked no further.
        """
        look = self._look
        if look is not None and not (look.running() or look.done()):
            return
        try:
            self._look = self._looking.submit(guarded, self._look_for_pictures)
        except RuntimeError as error:
            self._logger.warning("No thread to look for pictures: %s", error)

    def _look_for_pictures(self) -> None:
        root = self.catalog().store.root

        def there(key: str, name: str) -> bool:
            return is_there(root / (folder_of(key) or "") / name)

        if self._story.prune(there):
            self.state_changed()

    def _running(self) -> Optional[str]:
        keeping = self._keeping
        return None if keeping is None else keeping.print_id

    # the settings

    def folder_problem(self, config: settings.Config) -> Optional[Problem]:
        """Why pictures cannot be kept where these settings want them, or None."""
        problem = folder_problem(config.files.folder, self._uploads())
        return None if problem is None else Problem("files.folder", problem)

    def settle_folder(self, config: settings.Config) -> Optional[Problem]:
        """Makes the folder that was chosen ready for use; what was wrong, or None."""
        problem = self.folder_problem(config)
        if problem is not None or not config.files.folder:
            return problem
        try:
            settle(self._place(config))
        except StoreError as error:
            return Problem("files.folder", _message(error))
        return None

    # a print

    def begin_keeping(self, current: Print, config: settings.Config) -> PrintFolder:
        """The folder of a print that is about to be captured; nothing is written yet."""
        store = self._store(config)
        folder = store.begin_print(
            current.file, current.started, instance=self._instance()
        )
        folder.describe(
            plugin_version=self._plugin_version,
            octoprint_version=octoprint.__version__,
        )
        self._keeping = folder
        if self._guard is not None and self._guard.waiting:
            # a disk that hangs holds up its worker, and this print's may be another
            self._disk = Background("layercapture-disk")
        self._guard = Guard(store.check, store.root, worker=self._disk)
        self._told_trouble = False
        return folder

    def look_ahead(self, job: Job, current: Print, config: settings.Config) -> None:
        """Finds out in the background whether the print will fit, and hashes its file."""
        catalog, store = self.catalog(), self._store(config)

        def look() -> None:
            job.folder.describe(file=_source(current))
            captures, positions = len(job.armed.plan.layers), len(job.armed.terms.allowed)
            names = [camera.name for camera in job.pictures.cameras]
            expected = estimate(captures, positions, names, catalog.iter_prints())
            free = room(store)
            job.expected = {
                "pictures": expected.pictures,
                "bytes": expected.bytes,
                "free": free,
                "fits": free is None or expected.bytes <= free,
            }
            if self._job is not job:
                return
            for notice in _notices(store, expected, free):
                self.tell(notice)
            self.state_changed()

        self._background.submit(look)

    def capture_ended(self, outcome: Outcome) -> None:
        super().capture_ended(outcome)
        if self._thumbnails is not None:
            self._thumbnails.nudge()

    def skip_capture(self, layer: Layer) -> bool:
        """Whether a capture cannot be kept now; says so once per print."""
        guard = self._guard
        trouble = None if guard is None else guard.trouble()
        if trouble is None:
            return False
        self._story.layers([layer.number], LEFT_OUT)
        self._logger.info("Layer %d is not captured: %s", layer.number, trouble)
        self.not_kept(
            Message(
                N_(
                    "No pictures for now, the print goes on: %(why)s Captures go on by"
                    " themselves once this is mended."
                ),
                {"why": _message(trouble)},
            )
        )
        return True

    def not_kept(self, message: Message) -> None:
        """Pictures cannot be kept; told once per print, logged each time."""
        if self._told_trouble:
            self._logger.debug("Not kept: %s", message)
            return
        self._told_trouble = True
        self.tell(message, "error")

    def end_keeping(self, job: Job, ending: str) -> None:
        """The last picture of a print is written; its record is completed."""
        job.folder.finish(_OUTCOMES.get(ending), ending, time.time())
        if self._keeping is job.folder:
            self._keeping = None
        self.print_kept(job.folder.record)
        self.tidy()

    def backup_excludes(self, *_: Any, **__: Any) -> list[str]:
        """Handler of OctoPrint's hook ``octoprint.plugin.backup.additional_excludes``."""
        return list(_MADE_AGAIN)

    # limits

    def tidy(self) -> None:
        """Lets the oldest prints go in the background, where the settings say so.

        Thumbnails of pictures that somebody else deleted go as well.
        """
        self._background.submit(self._sweep)
        files = self._config.files
        if files.max_age_days is None and files.max_total_gb is None:
            return
        catalog, total = self.catalog(), files.max_total_gb

        def work() -> None:
            pruned = prune(
                catalog,
                time.time(),
                None if files.max_age_days is None else files.max_age_days * DAY,
                None if total is None else int(total * GIGABYTE),
            )
            self._report(pruned)

        self._background.submit(work)

    def _sweep(self) -> None:
        catalog, thumbnails = self.catalog(), self.thumbnails()
        if not catalog.store.root.is_dir() or catalog.store.place.vanished():
            return
        there = {thumbnails.name_of(path) for path in catalog.iter_picture_paths()}
        thumbnails.sweep(there.__contains__)

    def _report(self, pruned: Pruned) -> None:
        if pruned.names:
            self.tell(
                Message(
                    N_(
                        "%(count)d old prints were deleted by the limits in the settings"
                        " of Layer Capture, %(size)d MB: %(names)s"
                    ),
                    {
                        "count": len(pruned.names),
                        "size": round(pruned.freed / MEGABYTE),
                        "names": _listed(pruned.names),
                    },
                )
            )
        if pruned.trouble is not None:
            self.tell(
                Message(
                    N_("Old prints could not be deleted: %(why)s"),
                    {"why": _message(pruned.trouble)},
                ),
                "error",
            )


def _message(error: StoreError) -> Message:
    return Message(error.text, error.params)


def _listed(names: list[str], most: int = 10) -> str:
    return ", ".join(names[:most]) + (" …" if len(names) > most else "")


def _source(current: Print) -> SourceFile:
    """Size and hash of the file that is printed, as far as it can be read."""
    found = SourceFile(path=current.file)
    digest = hashlib.sha256()
    try:
        with open(current.path, "rb") as file:
            while True:
                block = file.read(1 << 20)
                if not block:
                    break
                digest.update(block)
            found.size = os.fstat(file.fileno()).st_size
    except OSError:
        return found
    found.sha256 = digest.hexdigest()
    return found


def _notices(store: Store, expected: Estimate, free: Optional[int]) -> list[Message]:
    notices = []
    if free is not None and expected.bytes > free:
        notices.append(
            Message(
                N_(
                    "The pictures of this print will take about %(needed)d MB, but only"
                    " %(free)d MB may be used on the disk with %(path)s. Layers will be"
                    " left out once it is full. Delete old pictures to make room."
                ),
                {
                    "needed": round(expected.bytes / MEGABYTE),
                    "free": max(0, free // MEGABYTE),
                    "path": str(store.root),
                },
            )
        )
    if not store.folder_per_print:
        there = store.count_flat(MANY_IN_ONE_FOLDER)
        if there + expected.pictures > MANY_IN_ONE_FOLDER:
            notices.append(
                Message(
                    N_(
                        "More than %(most)d pictures in one folder make OctoPrint's file"
                        " list slow. Turn on “A folder for each print” in the settings"
                        " of Layer Capture, or delete old prints."
                    ),
                    {"most": MANY_IN_ONE_FOLDER},
                )
            )
    return notices
