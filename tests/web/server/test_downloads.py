"""Downloads take turns, so that pages never wait for all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from station.clock import SystemClock
from station.store import Store
from tests.web.double import StationDouble
from web.app import create_app
from web.server.hosts import AllowedHosts
from web.server.pace import Paced
from web.server.request_guard import DOWNLOADS_AT_ONCE, Application, RequestGuard, is_download
from web.server.stream import Receive, Scope, Send, Stream

BUNDLE = "/sessions/1/bundle.zip"
HEADERS = [(b"host", b"localhost")]


class Answer:
    """The guard's response to one request."""

    def __init__(self, *, never_reads: bool = False) -> None:
        self._never_reads = never_reads
        self.status = 0
        self.headers: dict[str, str] = {}
        self.body = b""

    async def send(self, message: MutableMapping[str, Any]) -> None:
        if self._never_reads:
            await asyncio.Event().wait()
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self.body += message.get("body", b"")


def guard_before(
    app: Application,
    store: Store,
    wait_s: float,
    grace_s: float = 60,
    may_upload: Callable[[Scope], bool] = lambda _scope: True,
) -> RequestGuard:
    hosts, stream = AllowedHosts(frozenset(), loopback_only=True), Stream(StationDouble(store), store, SystemClock())
    return RequestGuard(hosts, stream, app, download_wait_s=wait_s, download_grace_s=grace_s, may_upload=may_upload)


def get(guard: RequestGuard, path: str, *, never_reads: bool = False) -> tuple[Answer, Awaitable[None]]:
    async def receive() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    scope = {"type": "http", "method": "GET", "scheme": "http", "path": path, "raw_path": path.encode()}
    answer = Answer(never_reads=never_reads)
    request = {**scope, "query_string": b"", "headers": HEADERS, "client": ("127.0.0.1", 50_000)}
    return answer, guard(request, receive, answer.send)


def post(guard: RequestGuard, path: str, *, is_slow: bool = False) -> tuple[Answer, Awaitable[None]]:
    async def receive() -> dict[str, Any]:
        if is_slow:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"file=x"}

    scope = {"type": "http", "method": "POST", "scheme": "http", "path": path, "raw_path": path.encode()}
    answer, headers = Answer(), [*HEADERS, (b"origin", b"http://localhost")]
    request = {**scope, "query_string": b"", "headers": headers, "client": ("127.0.0.1", 50_000)}
    return answer, guard(request, receive, answer.send)


def test_pages_answer_while_downloads_wait_for_their_turn(store: Store) -> None:
    """Downloads beyond the limit wait without a thread, and begin as soon as one has ended."""

    async def check() -> None:
        running: list[str] = []
        are_released = asyncio.Event()

        async def app(scope: Scope, _receive: Receive, send: Send) -> None:
            running.append(scope["path"])
            if is_download(scope["path"]):
                await are_released.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        guard = guard_before(app, store, wait_s=60)
        downloads = [get(guard, BUNDLE) for _ in range(DOWNLOADS_AT_ONCE + 3)]
        tasks = [asyncio.ensure_future(each) for _, each in downloads]
        while len(running) < DOWNLOADS_AT_ONCE:
            await asyncio.sleep(0)
        page, asked = get(guard, "/history")
        await asked
        assert page.status == 200
        assert running == [BUNDLE] * DOWNLOADS_AT_ONCE + ["/history"]
        are_released.set()
        await asyncio.gather(*tasks)
        assert [answer.status for answer, _ in downloads] == [200] * len(downloads)

    asyncio.run(check())


def test_late_download_says_when_to_try_again(store: Store) -> None:
    """With a sentence and `Retry-After`; a download that failed, or whose browser left, frees its turn."""

    async def check() -> None:
        is_failing, waiting = asyncio.Event(), 0

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            if is_failing.is_set():
                await send({"type": "http.response.start", "status": 200, "headers": []})
                return
            nonlocal waiting
            waiting += 1
            await is_failing.wait()
            raise OSError("the disk is full")

        guard = guard_before(app, store, wait_s=0)
        tasks = [asyncio.ensure_future(get(guard, BUNDLE)[1]) for _ in range(DOWNLOADS_AT_ONCE)]
        while waiting < DOWNLOADS_AT_ONCE:
            await asyncio.sleep(0)
        refused, asked = get(guard, "/history.csv")
        await asked
        assert refused.status == 503
        assert int(refused.headers["retry-after"]) >= 0
        assert b"Try again in" in refused.body
        is_failing.set()
        await asyncio.gather(*tasks, return_exceptions=True)
        answer, asked = get(guard, "/history.csv")
        await asked
        assert answer.status == 200

    asyncio.run(check())


def test_stalled_reader_loses_its_turn(store: Store) -> None:
    """The thread that makes the file can finish, and the other downloads get their turn."""

    async def check() -> None:
        ended: list[str] = []
        waiting: list[str] = []

        async def app(scope: Scope, _receive: Receive, send: Send) -> None:
            waiting.append(scope["path"])
            await send({"type": "http.response.start", "status": 200, "headers": []})
            for _ in range(100):
                await send({"type": "http.response.body", "body": bytes(8_192), "more_body": True})
            await send({"type": "http.response.body", "body": b""})
            ended.append(scope["path"])

        guard = guard_before(app, store, wait_s=5, grace_s=0)
        slow = [get(guard, BUNDLE, never_reads=True)[1] for _ in range(DOWNLOADS_AT_ONCE)]
        tasks = [asyncio.ensure_future(each) for each in slow]
        while not waiting:
            await asyncio.sleep(0)
        answer, asked = get(guard, "/history.csv")
        await asked
        assert len(answer.body) == 100 * 8_192
        await asyncio.gather(*tasks)
        assert ended.count(BUNDLE) == DOWNLOADS_AT_ONCE

    asyncio.run(check())


def test_buffered_bytes_earn_no_time() -> None:
    """The kernel buffers megabytes for a reader that reads nothing."""

    async def check() -> None:
        taken: list[int] = []

        async def send(message: MutableMapping[str, Any]) -> None:
            if taken:
                await asyncio.Event().wait()
            taken.append(len(message["body"]))

        paced = Paced(send, grace_s=0)
        for size in (10_000_000, 1, 1):
            await paced.send({"type": "http.response.body", "body": bytes(size)})
        assert taken == [10_000_000]

    asyncio.run(check())


def test_second_upload_is_refused_until_the_first_is_answered(store: Store) -> None:
    """It is in memory until then, even while every thread is busy."""

    async def check() -> None:
        is_answered, came = asyncio.Event(), asyncio.Event()

        async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
            if not came.is_set():
                came.set()
                await is_answered.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})

        guard = guard_before(app, store, wait_s=60)
        first, sent = post(guard, "/restore/upload")
        task = asyncio.ensure_future(sent)
        await came.wait()
        second, also_sent = post(guard, "/restore/upload")
        await also_sent
        assert (second.status, b"Another file is being sent" in second.body) == (503, True)
        is_answered.set()
        await task
        third, sent = post(guard, "/restore/upload")
        await sent
        assert (first.status, third.status) == (200, 200)

    asyncio.run(check())


def test_visitor_without_upload_right_blocks_no_upload(store: Store) -> None:
    """They get the page's refusal at once, however slowly they send; the owner can upload meanwhile."""

    async def check() -> None:
        async def app(_scope: Scope, receive: Receive, send: Send) -> None:
            assert (await receive())["body"] == b""
            await send({"type": "http.response.start", "status": 403, "headers": []})

        guard = guard_before(app, store, wait_s=60, may_upload=lambda _scope: False)
        stranger, sent = post(guard, "/restore/upload", is_slow=True)
        await sent
        assert stranger.status == 403

    asyncio.run(check())


def test_every_file_download_takes_its_turn(store: Store) -> None:
    """The downloads, exports and imports do; no page does."""
    rules = list(create_app(StationDouble(store), store).url_map.iter_rules())
    of_files = {one.rule for one in rules if one.endpoint.startswith("downloads.") or one.rule.startswith("/data/")}
    assert {"/history.csv", "/data/station"} < of_files
    assert {one.rule for one in rules if is_download(one.rule)} == of_files
