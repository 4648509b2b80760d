"""The request guard, on the event loop: which requests are answered, how large they may be, how long they may take.

It checks the client's address, the host name, the origin of a write and the whole body before Flask sees a request, so
a slow or hostile client costs a connection, never a thread.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from urllib.parse import urlsplit

from station.network import parse_address, web_address
from web.api.problems import PREFIX
from web.server.clients import Clients
from web.server.hosts import AllowedHosts, host_name
from web.server.pace import GRACE_S, Paced
from web.server.refusal import RefusalError, refuse
from web.server.stream import Receive, Scope, Send, Stream

MAX_BODY_BYTES = 64 * 1024
"""Forms of this page are under a kilobyte."""
UPLOAD_PATHS = ("/data/preview", "/restore/upload")
MAX_UPLOAD_BYTES = 16 * 1024 * 1024
"""An export of ten years without recordings takes 3 MB. It is in memory until checked, so uploads take turns."""
UPLOAD_TIMEOUT_S = 60.0
DOWNLOADS_AT_ONCE = 2
"""This leaves two of four threads for pages, however many files are requested."""
DOWNLOAD_WAIT_S = 15.0
"""How long another download waits for its turn. The bundle of a long session takes a second or two."""
MAX_LENGTH_DIGITS = 9
BODY_TIMEOUT_S = 8.0
"""Even a phone with a weak signal sends a form in one go; nobody types while sending."""
MAX_HEADERS = 64
"""A browser sends about fifteen."""
MAX_HEADER_BYTES = 16 * 1024
"""All headers and the address together; a browser sends about one kilobyte."""
METHODS = ("GET", "HEAD", "POST")
PLAIN_PATHS = ("/trust", "/static/")
"""What plain http still serves beside https: how to install the station's authority, and its style."""

log = logging.getLogger(__name__)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class RequestGuard:
    """The ASGI application that the server runs."""

    def __init__(
        self,
        allowed_hosts: AllowedHosts,
        stream: Stream,
        app: Application,
        body_s: float = BODY_TIMEOUT_S,
        *,
        download_wait_s: float = DOWNLOAD_WAIT_S,
        download_grace_s: float = GRACE_S,
        clients: Clients = Clients(),  # noqa: B008  immutable
        https_port: int | None = None,
        may_upload: Callable[[Scope], bool] = lambda _scope: True,
    ) -> None:
        """`https_port` is the port of the page's own https, if it has one: plain http then only redirects there.

        `may_upload` tells whether this visitor may upload files.
        """
        self._may_upload = may_upload
        self._clients = clients
        self._https_port = https_port
        self._allowed_hosts = allowed_hosts
        self._stream = stream
        self._app = app
        self._body_s = body_s
        self._download_wait_s = download_wait_s
        self._download_grace_s = download_grace_s
        self._downloads = asyncio.Semaphore(DOWNLOADS_AT_ONCE)
        self._is_uploading = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            self._check(scope)
            if scope["path"] in UPLOAD_PATHS and scope["method"] == "POST":
                await self._upload(scope, receive, send)
            else:
                body = await _read_body(scope, receive, MAX_BODY_BYTES, self._body_s)
                await self._answer(scope, body, receive, send)
        except RefusalError as refusal:
            await refuse(send, refusal, is_api=scope["path"].startswith(PREFIX))

    async def _answer(self, scope: Scope, body: bytes | None, receive: Receive, send: Send) -> None:
        """Answer a request whose body has arrived."""
        if body is None:
            return
        try:
            if scope["path"] == "/events" and scope["method"] == "GET":
                await self._stream(scope, receive, send)
            elif is_download(scope["path"]):
                await self._download(scope, _receive_from_body(body, receive), send)
            else:
                await self._app(scope, _receive_from_body(body, receive), send)
        except Exception:
            place = "/".join(scope["path"].split("/")[:2])  # the rest may contain ids, or the calendar's token
            log.exception("the page failed to answer %r", place)
            raise

    async def _download(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with a file when its turn comes. It waits here, on the event loop, so a queue costs no thread."""
        try:
            async with asyncio.timeout(self._download_wait_s):
                await self._downloads.acquire()
        except TimeoutError:
            wait_s = round(self._download_wait_s)
            sentence = f"The station is busy with other downloads. Try again in {wait_s} seconds."
            await refuse(send, RefusalError(503, sentence, retry_after_s=wait_s))
            return
        try:
            await self._app(scope, receive, Paced(send, self._download_grace_s).send)
        finally:
            self._downloads.release()

    def _check(self, scope: Scope) -> None:
        self._clients.admit(scope)
        headers = scope["headers"]
        size = (
            len(scope["raw_path"]) + len(scope["query_string"]) + sum(len(name) + len(value) for name, value in headers)
        )
        if len(headers) > MAX_HEADERS or size > MAX_HEADER_BYTES:
            raise RefusalError(
                431, f"The page takes {MAX_HEADERS} headers and {MAX_HEADER_BYTES // 1024} KB of them at most."
            )
        if scope["method"] not in METHODS:
            raise RefusalError(405, "The page answers GET, HEAD and POST only.")
        hosts = _values(headers, b"host")
        if len(hosts) != 1 or not self._allowed_hosts.is_allowed(hosts[0]):
            raise RefusalError(
                421,
                "This station does not answer to that name. Open it by its address, "
                "or add the name to `allowed_hosts` under [page] in the station's configuration.",
            )
        if self._https_port is not None:
            _check_encrypted(scope, hosts[0], self._https_port)
        _check_same_site(scope, hosts[0])
        if _values(headers, b"content-length") and _values(headers, b"transfer-encoding"):
            raise RefusalError(400, "A request must have either a length or chunks, not both.")
        if scope["path"] == "/events" and self._stream.is_full:
            raise RefusalError(503, "Too many live pages are open. Close one and load this page again.")

    async def _upload(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Take an upload and answer, one at a time. If the visitor may not upload, the page refuses and nothing is
        read.
        """
        if not self._may_upload(scope):
            await self._answer(scope, b"", receive, send)
            return
        if self._is_uploading:
            raise RefusalError(503, "Another file is being sent. Try again in a minute.")
        self._is_uploading = True
        try:
            body = await _read_body(scope, receive, MAX_UPLOAD_BYTES, UPLOAD_TIMEOUT_S)
            await self._answer(scope, body, receive, send)
        finally:
            self._is_uploading = False


def is_download(path: str) -> bool:
    """Whether this address writes or reads a whole file: that takes seconds, while a page takes milliseconds."""
    return path.startswith("/data/") or path.endswith((".csv", ".zip"))


async def _read_body(scope: Scope, receive: Receive, max_bytes: int, timeout_s: float) -> bytes | None:
    """The whole body, or `None` if the visitor left before it had arrived."""
    for value in _values(scope["headers"], b"content-length"):
        if len(value) > MAX_LENGTH_DIGITS or not value.isdecimal() or int(value) > max_bytes:
            raise _too_large(max_bytes)
    if scope["method"] != "POST":
        return b""
    body = bytearray()
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    return None
                body += message.get("body", b"")
                if len(body) > max_bytes:
                    raise _too_large(max_bytes)
                if not message.get("more_body", False):
                    return bytes(body)
    except TimeoutError:
        raise RefusalError(408, f"The request did not arrive within {timeout_s:g} s. Send it again.") from None


def _check_encrypted(scope: Scope, host: str, https_port: int) -> None:
    """Redirect plain http to https, except the page that installs the authority and a screen at the station itself.

    What stays on this machine cannot be read on the way.
    """
    address = parse_address((scope.get("client") or ("127.0.0.1", 0))[0])
    is_here = address is not None and address.is_loopback
    if scope["scheme"] == "https" or is_here or scope["path"].startswith(PLAIN_PATHS):
        return
    where = web_address(str(host_name(host)), https_port, is_https=True)
    if scope["method"] == "POST":
        raise RefusalError(403, f"This station takes changes over https only. Open {where} and press the button there.")
    query = f"?{scope['query_string'].decode('latin-1')}" if scope["query_string"] else ""
    path = scope["raw_path"].decode("latin-1")
    raise RefusalError(307, f"This page is at {where}.", f"{where}{path}{query}")


def _check_same_site(scope: Scope, host: str) -> None:
    """Refuse a foreign `Origin`; a write must prove that it comes from a page of this station, or carry a token.

    Another site cannot make a browser send a token: that header needs a preflight (OPTIONS), which is refused.
    """
    headers = scope["headers"]
    origins = _values(headers, b"origin")
    fetch_sites = _values(headers, b"sec-fetch-site")
    if any(_authority(origin, scope["scheme"]) != host.lower() for origin in origins):
        raise RefusalError(403, "This request comes from another site. The station refuses those.")
    has_token = scope["path"].startswith(PREFIX) and bool(_values(headers, b"authorization"))
    if scope["method"] != "POST" or (has_token and not fetch_sites):
        return
    if any(site != "same-origin" for site in fetch_sites) or not (origins or fetch_sites):
        raise RefusalError(403, "A change must come from the station's own page. Open it and press the button there.")


def _authority(origin: str, scheme: str) -> str | None:
    """The host and port of an `Origin` in lower case; `None` if it is invalid, or plain http for a page on https."""
    try:
        parts = urlsplit(origin)
    except ValueError:
        return None
    return parts.netloc.lower() if scheme == "http" or parts.scheme == scheme else None


def _too_large(max_bytes: int) -> RefusalError:
    return RefusalError(413, f"The page takes {max_bytes // 1024} KB at most, and this request is larger.")


def _values(headers: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _receive_from_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that returns the body already read, then forwards the connection's messages."""
    is_delivered = False

    async def receive_body() -> dict[str, object]:
        nonlocal is_delivered
        if is_delivered:
            return dict(await receive())
        is_delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body
