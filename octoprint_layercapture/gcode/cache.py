"""Indexes kept on disk, so that a file is read only once."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, Callable, Optional

from .indexing import index
from .layers import LayerIndex

VERSION = 4  # of what is indexed and how: a cached index of another is none
_MOST = 500  # files in the folder; the ones used longest ago go first


class IndexCache:
    """LayerIndexes in a folder, by path, size and modification time of the file: as lines
    of JSON, one for each layer, so that there are never many layers in memory.

    The folder is made when it is needed. What cannot be read from it counts as missing,
    what cannot be written to it is not kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = Path(folder)

    def index(
        self,
        path: str,
        min_height: float = 0.05,
        *,
        progress: Optional[Callable[[float], None]] = None,
    ) -> LayerIndex:
        """The index of the file, from the cache where it is there. Raises what ``index``
        raises; ``progress`` is only called where the file is read.
        """
        known = self.get(path, min_height)
        if known is not None:
            return known
        before = _state(path)
        found = index(path, min_height=min_height, progress=progress)
        if before is not None and before == _state(path):
            self._put(path, min_height, before, found)
        return found

    def get(self, path: str, min_height: float = 0.05) -> Optional[LayerIndex]:
        """The index from the cache; None where it is not there or the file changed."""
        state = _state(path)
        entry = self._entry(path, min_height)
        try:
            with open(entry, encoding="utf-8") as file:
                lines = map(json.loads, file)
                head: Any = next(lines, None)
                if state is None or head["key"] != _key(path, min_height, state):
                    return None
                found = LayerIndex.from_dict({**head["index"], "layers": lines})
            if len(found.layers) != head["layers"]:
                return None
        except (
            *(OSError, ValueError, KeyError, TypeError, AttributeError),
            *(IndexError, OverflowError, RecursionError),
        ):
            return None
        with suppress(OSError):
            os.utime(entry)
        return found

    def _put(
        self, path: str, min_height: float, state: tuple[int, int], found: LayerIndex
    ) -> None:
        head = {
            "key": _key(path, min_height, state),
            "index": {**vars(found), "layers": None},
            "layers": len(found.layers),
        }
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(".json", ".index", self._folder)
            try:
                with open(handle, "w", encoding="utf-8") as file:
                    for line in chain((head,), map(vars, found.layers)):
                        file.write(json.dumps(line, separators=(",", ":")) + "\n")
                os.replace(name, self._entry(path, min_height))
            except BaseException:
                os.unlink(name)
                raise
            self._tidy()

    def _tidy(self) -> None:
        entries = sorted(self._folder.glob("[!.]*.json"), key=_age)
        for entry in entries[:-_MOST]:
            entry.unlink()

    def _entry(self, path: str, min_height: float) -> Path:
        name = f"{os.path.abspath(path)}\n{min_height:g}"
        digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
        return self._folder / f"{digest[:32]}.json"


def _age(entry: Path) -> float:
    try:
        return entry.stat().st_mtime
    except OSError:
        return 0.0


def _state(path: str) -> Optional[tuple[int, int]]:
    """Size in bytes and modification time in ns; None without a file."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns


def _key(path: str, min_height: float, state: tuple[int, int]) -> dict[str, Any]:
    return {
        "version": VERSION,
        "path": os.path.abspath(path),
        "min_height": min_height,
        "size": state[0],
        "mtime_ns": state[1],
    }
