"""The request guard, on the event loop: which requests are answered, how large they may be, and how long they may take.

It checks the host name, the origin of a write and the whole body before Flask sees a request. So a slow or hostile
client costs a connection, never a thread.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import urlsplit

import msgspec

from web.api.problems import PREFIX, PROBLEM_TYPE, refusal_problem
from web.server.stream import Receive, Scope, Send, Stream

MAX_BODY_BYTES = 64 * 1024
"""Forms of this page are under a kilobyte."""
UPLOAD_PATH = "/data/preview"
MAX_UPLOAD_BYTES = 16 * 1024 * 1024
"""An export of ten years without recordings takes 3 MB. It is in memory until it is checked, so one comes at a time."""
UPLOAD_TIMEOUT_S = 60.0
MAX_LENGTH_DIGITS = 9
BODY_TIMEOUT_S = 8.0
"""Even a phone with a weak signal sends a form in one go; nobody types while sending."""
MAX_HEADERS = 64
"""A browser sends about fifteen."""
MAX_HEADER_BYTES = 16 * 1024
"""All headers and the address together; a browser sends about one kilobyte."""
METHODS = ("GET", "HEAD", "POST")

log = logging.getLogger(__name__)

Application = Callable[[Scope, Receive, Send], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class RefusalError(Exception):
    """A request that is refused, with a sentence for the person who sent it."""

    status: int
    sentence: str


@dataclass(frozen=True, slots=True)
class AllowedHosts:
    """The host names that the page answers to. On the loopback interface no other address is allowed."""

    names: frozenset[str]
    loopback_only: bool

    def is_allowed(self, host: str) -> bool:
        """Whether a `Host` header's value (with or without a port) is this station.

        A foreign name server cannot rebind a numeric address, so these are trusted where they can arrive.
        """
        name = host_name(host)
        if name is None:
            return False
        if name in self.names:
            return True
        try:
            address = ipaddress.ip_address(name)
        except ValueError:
            return False
        return address.is_loopback or not self.loopback_only


class RequestGuard:
    """The ASGI application that the server runs."""

    def __init__(
        self, allowed_hosts: AllowedHosts, stream: Stream, app: Application, body_s: float = BODY_TIMEOUT_S
    ) -> None:
        self._allowed_hosts = allowed_hosts
        self._stream = stream
        self._app = app
        self._body_s = body_s
        self._is_uploading = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            self._check(scope)
            if scope["path"] == UPLOAD_PATH and scope["method"] == "POST":
                body = await self._upload(scope, receive)
            else:
                body = await _read_body(scope, receive, MAX_BODY_BYTES, self._body_s)
        except RefusalError as refusal:
            await refuse(send, refusal, is_api=scope["path"].startswith(PREFIX))
            return
        if body is None:
            return
        try:
            if scope["path"] == "/events" and scope["method"] == "GET":
                await self._stream(scope, receive, send)
            else:
                await self._app(scope, _receive_from_body(body, receive), send)
        except Exception:
            log.exception("the page failed to answer %r", scope["path"])
            raise

    def _check(self, scope: Scope) -> None:
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
        _check_same_site(scope, hosts[0])
        if _values(headers, b"content-length") and _values(headers, b"transfer-encoding"):
            raise RefusalError(400, "A request must have either a length or chunks, not both.")
        if scope["path"] == "/events" and self._stream.is_full:
            raise RefusalError(503, "Too many live pages are open. Close one and load this page again.")

    async def _upload(self, scope: Scope, receive: Receive) -> bytes | None:
        """The body with a file in it, one at a time."""
        if self._is_uploading:
            raise RefusalError(503, "Another file is being sent. Try again in a minute.")
        self._is_uploading = True
        try:
            return await _read_body(scope, receive, MAX_UPLOAD_BYTES, UPLOAD_TIMEOUT_S)
        finally:
            self._is_uploading = False


async def _read_body(scope: Scope, receive: Receive, max_bytes: int, timeout_s: float) -> bytes | None:
    """The whole body, or `None` when the visitor left before it was here."""
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


def _check_same_site(scope: Scope, host: str) -> None:
    """Refuse a foreign `Origin`; a write must prove that it comes from a page of this station, or bring a token.

    Another site cannot make a browser send a token: for that header it must ask first (OPTIONS), which is refused.
    """
    headers = scope["headers"]
    origins = _values(headers, b"origin")
    fetch_sites = _values(headers, b"sec-fetch-site")
    if any(_authority(origin) != host.lower() for origin in origins):
        raise RefusalError(403, "This request comes from another site. The station refuses those.")
    has_token = scope["path"].startswith(PREFIX) and bool(_values(headers, b"authorization"))
    if scope["method"] != "POST" or (has_token and not fetch_sites):
        return
    if any(site != "same-origin" for site in fetch_sites) or not (origins or fetch_sites):
        raise RefusalError(403, "A change must come from the station's own page. Open it and press the button there.")


def _authority(origin: str) -> str | None:
    """The host and port of an `Origin` in lower case; `None` if it is invalid."""
    try:
        return urlsplit(origin).netloc.lower()
    except ValueError:
        return None


def host_name(host: str) -> str | None:
    """The name in a `Host` header in lower case, without port, brackets and trailing dot; `None` if it is invalid."""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".") or None
    except ValueError:
        return None


async def refuse(send: Send, refusal: RefusalError, *, is_api: bool = False) -> None:
    """Answer with the reason, in words, and close the connection: what follows on it is not worth reading."""
    problem = refusal_problem(refusal.status, refusal.sentence) if is_api else None
    body = f"{refusal.sentence}\n".encode() if problem is None else msgspec.json.encode(problem)
    headers = [
        (b"content-type", b"text/plain; charset=utf-8" if problem is None else PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _too_large(max_bytes: int) -> RefusalError:
    return RefusalError(413, f"The page takes {max_bytes // 1024} KB at most, and this request is larger.")


def _values(headers: list[tuple[bytes, bytes]], name: bytes) -> list[str]:
    return [value.decode("latin-1") for key, value in headers if key == name]


def _receive_from_body(body: bytes, receive: Receive) -> Receive:
    """A `receive` that first returns the body already read, then forwards the connection's messages."""
    is_delivered = False

    async def receive_body() -> dict[str, object]:
        nonlocal is_delivered
        if is_delivered:
            return dict(await receive())
        is_delivered = True
        return {"type": "http.request", "body": body, "more_body": False}

    return receive_body
