"""Prints to download, each or several as one zip, sent by tornado while it is made.

A request costs a worker thread only while the next piece is made, and a client that takes
nothing for a while loses its connection; it may go on later where it was.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import threading
import unicodedata
from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, Optional
from urllib.parse import quote

from octoprint.server.util.tornado import (
    CorsSupportMixin,
    RequestlessExceptionLoggingMixin,
)
from tornado.ioloop import IOLoop
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from ..library import Catalog, StoreError
from ..library.archive import Abandoned, Archive
from ..library.export import Selection, archive_name, as_dataset, prints
from ..messages import N_, Message
from .bodies import whole_number
from .files import Route, may_view

_log = logging.getLogger("octoprint.plugins.layercapture.web")

PATIENCE = 120.0  # s in which a client has to take a piece of about 256 kB
DATASET = "dataset"

_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_PLAIN = re.compile(r"[^A-Za-z0-9._+() -]")
_FORMATS = ("zip", DATASET)


@dataclass(frozen=True)
class Wish:
    """What somebody wants to download; ``keys`` are those of prints."""

    keys: tuple[str, ...]
    selection: Selection
    dataset: bool


@dataclass(frozen=True)
class Parcel:
    """An archive and what it is called, without an ending."""

    name: str
    archive: Archive


Pack = Callable[[Wish, Callable[[], bool]], Parcel]
"""Makes a wish an archive, or raises ``StoreError``; ``Abandoned`` once the second says
that nobody wants it any more."""


class Nothing(StoreError):
    """There are no pictures to hand on."""

    def __init__(self) -> None:
        super().__init__(N_("There are no such pictures. They may have been deleted."))


def packer(catalog: Callable[[], Catalog], scratch: Callable[[], Path]) -> Pack:
    """Packs from this library, with temporary files in the folder ``scratch``."""

    def pack(wish: Wish, unwanted: Callable[[], bool]) -> Parcel:
        known = catalog()
        entries = [known.get(key) for key in wish.keys]
        if wish.dataset:
            members = as_dataset(entries, wish.selection, scratch())
        else:
            members = prints(entries, wish.selection)
        archive = Archive(members, scratch(), unwanted)
        if not archive.pictures:
            archive.close()
            raise Nothing
        kind = DATASET if wish.dataset else ""
        return Parcel(archive_name(entries, wish.selection, kind), archive)

    return pack


class ArchiveHandler(RequestlessExceptionLoggingMixin, CorsSupportMixin, RequestHandler):
    """One print, or those named in the query, as a zip."""

    def initialize(
        self,
        pack: Pack,
        workers: Executor,
        access_validation: Callable[[Any], None],
        patience: float = PATIENCE,
    ) -> None:
        self._pack = pack
        self._workers = workers
        self._access_validation = access_validation
        self._patience = patience
        self._gone = threading.Event()
        self._tag: Optional[str] = None
        self._message: Optional[Message] = None

    async def get(self, key: Optional[str] = None) -> None:
        await self._answer(key, include_body=True)

    async def head(self, key: Optional[str] = None) -> None:
        await self._answer(key, include_body=False)

    def on_connection_close(self) -> None:
        self._gone.set()
        super().on_connection_close()

    def compute_etag(self) -> Optional[str]:
        return self._tag

    def write_error(self, status_code: int, **reason: Any) -> None:
        error = reason.get("exc_info", (None, None))[1]
        text = error.log_message if isinstance(error, HTTPError) else None
        answer: dict[str, Any] = {"error": text or self._reason}
        if self._message is not None:
            answer = {"error": str(self._message), "message": self._message.to_dict()}
        self.set_header("Content-Type", "application/json")
        self.finish(json.dumps(answer))

    async def _answer(self, key: Optional[str], include_body: bool) -> None:
        self._access_validation(self.request)
        parcel = await self._packed(self._wish(key))
        with parcel.archive as archive:
            self._tag = f'"{archive.etag}"'
            self._describe(parcel.name)
            if self.check_etag_header():
                self.set_status(304)
                return
            start, end = self._part(archive.size) if include_body else (0, archive.size)
            if start >= end:
                self.set_status(416)
                self.set_header("Content-Range", f"bytes */{archive.size}")
                return
            if end - start < archive.size:
                self.set_status(206)
                self.set_header(
                    "Content-Range", f"bytes {start}-{end - 1}/{archive.size}"
                )
            self.set_header("Content-Length", str(end - start))
            if include_body:
                await self._send(archive.pieces(start, end))

    def _wish(self, key: Optional[str]) -> Wish:
        def given(name: str) -> Optional[str]:
            return self.get_query_argument(name, None, strip=False)

        keys = self.get_query_arguments("key", strip=False) if key is None else [key]
        if not keys:
            raise HTTPError(400, "key: expected the key of a print, once or more")
        wanted = given("format") or _FORMATS[0]
        if wanted not in _FORMATS:
            raise HTTPError(400, f"format: expected one of {', '.join(_FORMATS)}")
        try:
            layer = whole_number("layer", given("layer"))
            index = whole_number("index", given("index"))
        except ValueError as error:
            raise HTTPError(400, str(error)) from None
        selection = Selection(layer, index, given("camera"), given("capture"))
        return Wish(tuple(dict.fromkeys(keys)), selection, wanted == DATASET)

    async def _packed(self, wish: Wish) -> Parcel:
        loop = IOLoop.current()
        try:
            return await loop.run_in_executor(
                self._workers, self._pack, wish, self._gone.is_set
            )
        except StoreError as error:
            self._message = Message(error.text, error.params)
            raise HTTPError(404) from None
        except Abandoned:
            raise HTTPError(404) from None
        except Exception:
            _log.exception("%s could not be made an archive", ", ".join(wish.keys))
            raise HTTPError(500) from None

    def _describe(self, name: str) -> None:
        self.set_header("Content-Type", "application/zip")
        self.set_header("Content-Disposition", attachment(f"{name}.zip"))
        self.set_header("Accept-Ranges", "bytes")
        self.set_header("Cache-Control", "private, no-cache")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_etag_header()

    def _part(self, size: int) -> tuple[int, int]:
        """What is asked for of ``size`` bytes; all of it where that is not understood."""
        headers = self.request.headers
        match = _RANGE.fullmatch(headers.get("Range", ""))
        if match is None or headers.get("If-Range", self._tag) != self._tag:
            return 0, size
        first, last = match.groups()
        if not first:
            return (max(0, size - int(last)), size) if last else (0, size)
        if last and int(last) < int(first):
            return 0, size
        return int(first), min(int(last) + 1, size) if last else size

    async def _send(self, pieces: Iterator[bytes]) -> None:
        loop = IOLoop.current()
        try:
            while True:
                piece = await loop.run_in_executor(self._workers, next, pieces, b"")
                if not piece:
                    return
                self.write(piece)
                await asyncio.wait_for(self.flush(), self._patience)
        except StreamClosedError:
            _log.debug("Whoever downloaded an archive is gone")
        except asyncio.TimeoutError:
            _log.debug("Whoever downloaded an archive takes no more")
            self._hang_up()
        except OSError as error:
            # its length was promised, so that all there is to do is to break off
            _log.info("A download broke off: %s", error)
            self._hang_up()

    def _hang_up(self) -> None:
        self.request.connection.stream.close()  # type: ignore[union-attr]


def attachment(name: str) -> str:
    """The header that makes a browser keep an answer as a file called ``name``."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode("ascii")
    return (
        f'attachment; filename="{_PLAIN.sub("_", plain)}"; '
        f"filename*=UTF-8''{quote(name, safe='')}"
    )


def routes(workers: Executor, pack: Pack) -> list[Route]:
    """The routes as ``octoprint.server.http.routes`` takes them."""
    options = {"pack": pack, "workers": workers, "access_validation": may_view()}
    return [
        (r"export/([^/]*)\.zip", ArchiveHandler, options),
        (r"export\.zip", ArchiveHandler, options),
    ]
