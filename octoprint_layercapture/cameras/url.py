"""A camera by its plain snapshot URL, dressed as one of OctoPrint's webcams."""

from __future__ import annotations

import http.client
import re
import socket
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, Optional
from urllib.parse import urljoin, urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase, HTTPBasicAuth, HTTPDigestAuth
from requests.utils import parse_dict_header
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection

NAME = "url"
PROVIDER = "layercapture"

_CONNECT = 5.0  # s to be reached
_PIECE = 4096  # bytes
_REDIRECTS = 5
_CONTINUES = 10
_DIGEST = re.compile(r"digest\s+(.*)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True)
class Source:
    """Where pictures come from by URL, and what they cost.

    ``auth`` is ``"none"``, ``"basic"``, ``"digest"`` or ``"bearer"``; ``verify`` whether
    the certificate is checked; ``patience`` how long the server may be mute, s.
    """

    url: str
    auth: str = "none"
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    verify: bool = True
    patience: float = 10.0


def origin(url: str) -> tuple[str, str, Optional[int]]:
    """Scheme, host and port: what a password is for.

    Raises ``requests.exceptions.InvalidURL``, a ``ValueError``.
    """
    try:
        parts = urlsplit(url)
        usual = {"http": 80, "https": 443}.get(parts.scheme)
        return parts.scheme, parts.hostname or "", parts.port or usual
    except ValueError as error:
        raise requests.exceptions.InvalidURL from error


def webcam_at(source: Source) -> SimpleNamespace:
    """What ``octoprint.webcams`` would give for a webcam with this snapshot URL."""
    return SimpleNamespace(
        config=SimpleNamespace(
            name=NAME,
            displayName="Snapshot URL",
            canSnapshot=True,
            flipH=False,
            flipV=False,
            rotate90=False,
        ),
        providerIdentifier=PROVIDER,
        providerPlugin=UrlProvider(source),
    )


class UrlProvider:
    """Provides the one webcam of a source."""

    def __init__(self, source: Source) -> None:
        self._source = source

    def take_webcam_snapshot(self, _name: str) -> Download:
        """The picture in pieces, asked for once the first piece is."""
        return Download(self._source)


class Download:
    """An answer in pieces. Iterating raises what requests raises, also for HTTP errors.

    Attributes:
        stream: whether the server calls its answer a stream of pictures
    """

    def __init__(self, source: Source) -> None:
        self.stream = False
        self._source = source
        self._lock = threading.Lock()
        self._open: Optional[requests.Response] = None

    def __iter__(self) -> Iterator[bytes]:
        with requests.Session() as session:
            for scheme in ("http://", "https://"):
                session.mount(scheme, _Adapter())
            answer = self._asked(session)
            try:
                answer.raise_for_status()
                kind = answer.headers.get("Content-Type", "")
                self.stream = kind.lower().startswith("multipart/")
                yield b""
                yield from answer.iter_content(_PIECE)
            finally:
                self._close(answer)

    def stop(self) -> None:
        """Hangs up, from any thread: who waits for the next piece waits no longer."""
        with self._lock, suppress(OSError, AttributeError, ValueError):
            if self._open is None:
                return
            line = socket.socket(fileno=self._open.raw.fileno())
            try:
                line.shutdown(socket.SHUT_RDWR)
            finally:
                line.detach()

    def _close(self, answer: requests.Response) -> None:
        with self._lock:
            self._open = None
            answer.close()

    def _asked(self, session: requests.Session) -> requests.Response:
        """The first answer that does not send us elsewhere.

        Who we are is told to the server of the URL alone, not to those it redirects to.
        """
        source = self._source
        url, home = source.url, origin(source.url)
        for _ in range(_REDIRECTS + 1):
            known = origin(url) == home
            auth = _credentials(source) if known else _Nobody()
            answer = self._get(session, url, auth)
            if known and source.auth == "digest" and answer.status_code == 401:
                proof = _Proof.of(source, answer)
                if proof is not None:
                    self._close(answer)
                    answer = self._get(session, url, proof)
            if not answer.is_redirect:
                return answer
            self._close(answer)
            url = urljoin(url, answer.headers["Location"])
        raise requests.TooManyRedirects

    def _get(
        self, session: requests.Session, url: str, auth: AuthBase
    ) -> requests.Response:
        answer = session.get(
            url,
            auth=auth,
            stream=True,
            allow_redirects=False,
            verify=self._source.verify,
            headers={"Accept-Encoding": "identity"},
            timeout=(min(_CONNECT, self._source.patience), self._source.patience),
        )
        with self._lock:
            self._open = answer
        return answer


class _Answer(http.client.HTTPResponse):
    """An answer that may put us off a few times, and not for ever."""

    _put_off = 0

    def _read_status(self) -> tuple[str, int, str]:
        self._put_off += 1
        if self._put_off > _CONTINUES:
            raise http.client.HTTPException("100 Continue without an end")
        status: tuple[str, int, str] = super()._read_status()  # type: ignore[misc]
        return status


class _Line(HTTPConnection):
    response_class = _Answer


class _SecureLine(HTTPSConnection):
    response_class = _Answer


class _Plain(HTTPConnectionPool):
    ConnectionCls = _Line


class _Secure(HTTPSConnectionPool):
    ConnectionCls = _SecureLine


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _Plain, "https": _Secure}


def _credentials(source: Source) -> AuthBase:
    """What the first request tells; a digest needs the server's challenge first."""
    if source.auth == "basic":
        return HTTPBasicAuth(
            source.username.encode("utf-8"), source.password.encode("utf-8")
        )
    if source.auth == "bearer":
        return _Bearer(source.token)
    return _Nobody()


class _Nobody(AuthBase):
    """Nothing, which also keeps requests from looking for a password of its own."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class _Bearer(AuthBase):
    def __init__(self, token: str) -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        told = f"Bearer {self._token}".encode()
        request.headers["Authorization"] = told  # type: ignore[assignment]
        return request


class _Proof(HTTPDigestAuth):
    """The answer to a digest challenge, without reading the page that came with it."""

    _thread_local: Any

    @classmethod
    def of(cls, source: Source, answer: requests.Response) -> Optional[_Proof]:
        """None where the server asks for something else."""
        asked = _DIGEST.search(answer.headers.get("WWW-Authenticate", ""))
        if asked is None:
            return None
        challenge = parse_dict_header(asked.group(1))
        if "realm" not in challenge or "nonce" not in challenge:
            return None
        proof = cls(source.username, source.password)
        proof.init_per_thread_state()
        proof._thread_local.chal = challenge
        return proof

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        header = self.build_digest_header(request.method or "GET", request.url or "")
        if header is not None:
            name = str(self.username)
            raw = f'username="{name}", realm'
            escaped = re.sub(r'(["\\])', r"\\\1", name)
            header = header.replace(raw, f'username="{escaped}", realm', 1)
            # http.client would take only Latin-1; the digest is made of UTF-8 too
            request.headers["Authorization"] = header.encode("utf-8")
        return request
