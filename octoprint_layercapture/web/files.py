"""Pictures, their JSON and thumbnails, handed out by tornado rather than by Flask.

Tornado answers ranges and conditional requests, and large files take no Flask worker.
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import Executor
from pathlib import Path
from typing import Any, Callable, Optional

import octoprint.server
from octoprint.access.permissions import Permissions
from octoprint.server.util.flask import permission_validator
from octoprint.server.util.tornado import LargeResponseHandler, access_validation_factory
from tornado.ioloop import IOLoop
from tornado.web import HTTPError, StaticFileHandler

_log = logging.getLogger("octoprint.plugins.layercapture.web")

FOREVER = "private, max-age=31536000, immutable"
A_WEEK = "private, max-age=604800"
ASK_AGAIN = "private, no-cache"

_TYPES = {".jpg": "image/jpeg", ".json": "application/json"}

Find = Callable[[str, str], Optional[Path]]
"""The file for a print's key and a name within it, or None; may take its time."""

Route = tuple[str, type, dict[str, Any]]


class KeptFileHandler(LargeResponseHandler):
    """One kind of our files; where they are is found out at each request.

    ``find`` and what it needs of a disk runs on ``workers``, so that a slow disk or a
    thumbnail being made does not stop OctoPrint's other answers.
    """

    def initialize(
        self, find: Find, workers: Executor, cached: str, **options: Any
    ) -> None:
        super().initialize(path=os.curdir, etag_generator=_etag, **options)
        self._find = find
        self._workers = workers
        self._cached = cached

    async def get(self, key: str, name: str = "", include_body: bool = True) -> None:
        self._access_validation(self.request)
        try:
            found = await IOLoop.current().run_in_executor(
                self._workers, self._find, key, name
            )
        except Exception:
            _log.exception("%s of %s could not be found", name, key)
            raise HTTPError(500) from None
        if found is None or found.suffix not in _TYPES:
            raise HTTPError(404)
        self.root = str(found.parent)
        await StaticFileHandler.get(self, found.name, include_body)

    async def head(self, key: str, name: str = "") -> None:
        await self.get(key, name, include_body=False)

    def get_content_type(self) -> str:
        return _TYPES[os.path.splitext(self.absolute_path)[1]]

    def get_cache_time(self, *_: Any) -> int:
        return 0

    def set_extra_headers(self, path: str) -> None:
        super().set_extra_headers(path)
        json = path.endswith(".json")
        self.set_header("Cache-Control", ASK_AGAIN if json else self._cached)
        self.set_header("X-Content-Type-Options", "nosniff")

    def should_return_304(self) -> bool:
        # JSON may be written twice in one second, which is all that dates can tell
        asked = self.request.headers.get("If-None-Match")
        if not asked and self._cached == FOREVER and not self.path.endswith(".json"):
            return bool(super().should_return_304())
        return bool(asked) and self.check_etag_header()


def may_view() -> Callable[[Any], None]:
    """Raises a 403 where whoever sends a request may not view."""
    check: Callable[[Any], None] = access_validation_factory(
        octoprint.server.app, permission_validator, Permissions.PLUGIN_LAYERCAPTURE_VIEW
    )
    return check


def routes(workers: Executor, file: Find, thumbnail: Find, cover: Find) -> list[Route]:
    """The routes as ``octoprint.server.http.routes`` takes them."""
    access = may_view()

    def route(pattern: str, find: Find, cached: str) -> Route:
        options = {
            "find": find,
            "workers": workers,
            "cached": cached,
            "access_validation": access,
        }
        return pattern, KeptFileHandler, options

    return [
        route(r"files/([^/]*)/([^/]*)", file, FOREVER),
        route(r"thumbnails/([^/]*)/([^/]*)", thumbnail, A_WEEK),
        route(r"covers/([^/]*)", cover, ASK_AGAIN),
    ]


def _etag(handler: KeptFileHandler) -> str:
    about = os.stat(handler.absolute_path)
    return f"{about.st_mtime_ns:x}-{about.st_size:x}"
