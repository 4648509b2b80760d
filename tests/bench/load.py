"""Visitors of the page in their own process: 64 live viewers, 1,200 hostile connections, eight heavy clients.

`python -m tests.bench.load KIND PORT SECONDS [ADDRESS …]` prints the result as one line of JSON. The process yields to
the station's (nice 10), because real visitors have their own machines.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from itertools import count
from random import Random
from typing import Any

VIEWERS, HOSTILE, HEAVY = 64, 1_200, 8
YIELD = 10
AGAIN_S = 0.2
"""How long a hostile client waits after its connection was closed."""
PROBE_EVERY_S = 0.2
ANSWER_S = 30.0
LINE_S = 1.0
COOKIE = "STATION_BENCH_COOKIE"
"""The environment variable with the cookie of a paired browser."""


class Load:
    """One kind of load: its clients' actions until the end, and their counts."""

    def __init__(self, port: int, seconds: float, addresses: Sequence[str]) -> None:
        self.port = port
        self.end_s = time.monotonic() + seconds
        self.addresses = addresses
        self.cookie = os.environ.get(COOKIE, "")
        self.counts: Counter[str] = Counter()
        self.took_s: list[float] = []

    @property
    def is_over(self) -> bool:
        return time.monotonic() >= self.end_s

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", self.port)

    def head(self, address: str, method: str = "GET", *more: str) -> bytes:
        """The head of a request as a browser sends it."""
        own = f"127.0.0.1:{self.port}"
        cookie = (f"Cookie: {self.cookie}",) if self.cookie else ()
        lines = (f"{method} {address} HTTP/1.1", f"Host: {own}", f"Origin: http://{own}", *cookie, *more, "", "")
        return "\r\n".join(lines).encode()

    async def fetch(self, address: str) -> None:
        """Get an address over a new connection, repeating a refused request until it is answered."""
        begun_s = time.monotonic()
        while not self.is_over:
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                async with asyncio.timeout(ANSWER_S):
                    reader, writer = await self.connect()
                    try:
                        writer.write(self.head(address, "GET", "Connection: close"))
                        status = (await reader.readline())[9:12].decode()
                        while await reader.read(1 << 16):
                            pass
                    finally:
                        writer.close()
                if status:
                    self.counts[f"{status} {address}"] += 1
                    self.took_s.append(time.monotonic() - begun_s)
                    return
            self.counts["again"] += 1
            await asyncio.sleep(0.01)

    async def view(self, _number: int) -> None:
        """Read the live page's stream."""
        while not self.is_over:
            with suppress(OSError):
                reader, writer = await self.connect()
                writer.write(self.head("/events"))
                while not self.is_over and (line := await reader.readline()):
                    self.counts["states"] += line.startswith(b"event: state")
                writer.close()
            await asyncio.sleep(AGAIN_S)

    async def attack(self, number: int) -> None:
        """Keep one hostile connection open, and reconnect when it is closed."""
        kind = (self._slow_head, self._half_body, self._deaf, self._garbage)[number % 4]
        random = Random(number)
        await asyncio.sleep(random.random())
        while not self.is_over:
            with suppress(OSError, asyncio.LimitOverrunError):
                reader, writer = await self.connect()
                self.counts[kind.__name__.strip("_")] += 1
                try:
                    await kind(reader, writer, random)
                finally:
                    writer.transport.abort()
            await asyncio.sleep(AGAIN_S)

    async def _slow_head(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, random: Random) -> None:
        writer.write(b"GET / HTTP/1.1\r\n")
        for number in count():
            if self.is_over or reader.at_eof():
                return
            writer.write(f"X-{number}: {random.random()}\r\n".encode())
            with suppress(TimeoutError):
                await asyncio.wait_for(reader.read(1), LINE_S)

    async def _half_body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _random: Random) -> None:
        form = ("Content-Type: application/x-www-form-urlencoded", "Content-Length: 4000")
        writer.write(self.head("/settings", "POST", *form) + b"volume=")
        await reader.read()

    async def _deaf(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter, _random: Random) -> None:
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a socket's transport can also read
        with suppress(OSError):
            writer.write(self.head("/components") * 20)
            while not self.is_over and not writer.is_closing():
                writer.write(self.head("/components"))
                await asyncio.wait_for(writer.drain(), ANSWER_S)
                await asyncio.sleep(LINE_S)

    async def _garbage(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, random: Random) -> None:
        writer.write(random.randbytes(random.choice((1, 30, 4_000, 70_000))))
        await asyncio.wait_for(reader.read(), ANSWER_S)

    async def probe(self, _number: int) -> None:
        """Open the first page repeatedly, and record how long each takes."""
        while not self.is_over:
            await self.fetch("/")
            await asyncio.sleep(PROBE_EVERY_S)

    async def load_all(self, number: int) -> None:
        """Load the heaviest pages and downloads in turn, without a pause."""
        for turn in count(number):
            if self.is_over:
                return
            await self.fetch(self.addresses[turn % len(self.addresses)])

    def result(self) -> dict[str, Any]:
        """The counts, and the times of all answers in seconds, shortest first."""
        return {"counts": dict(self.counts), "took_s": sorted(self.took_s)}


KINDS: dict[str, tuple[Callable[[Load], Callable[[int], Awaitable[None]]], int]] = {
    "viewers": (lambda load: load.view, VIEWERS),
    "hostile": (lambda load: load.attack, HOSTILE),
    "probe": (lambda load: load.probe, 1),
    "heavy": (lambda load: load.load_all, HEAVY),
}


class Clients:
    """The clients of one kind, running in a process of their own."""

    def __init__(self, kind: str, port: int, seconds: float, addresses: Sequence[str] = (), cookie: str = "") -> None:
        command = (sys.executable, "-m", "tests.bench.load", kind, str(port), str(seconds), *addresses)
        environment = os.environ | {COOKIE: cookie}
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)

    def result(self) -> dict[str, Any]:
        """Wait for the end, and return the result."""
        text, _ = self._process.communicate()
        found: dict[str, Any] = json.loads(text)
        return found


async def run(kind: str, port: int, seconds: float, addresses: Sequence[str]) -> dict[str, Any]:
    """Run all clients of one kind at once; a client still waiting for an answer at the end is dropped."""
    load = Load(port, seconds, addresses)
    act, clients = KINDS[kind]
    tasks = [asyncio.create_task(_as_coroutine(act(load), number)) for number in range(clients)]
    _, unfinished = await asyncio.wait(tasks, timeout=seconds)
    for task in unfinished:
        task.cancel()
    found = await asyncio.gather(*tasks, return_exceptions=True)
    for error in found:
        if isinstance(error, Exception) and not isinstance(error, OSError | TimeoutError):
            raise error
    return load.result()


async def _as_coroutine(act: Callable[[int], Awaitable[None]], number: int) -> None:
    await act(number)


def main() -> None:
    kind, port, seconds, *addresses = sys.argv[1:]
    os.nice(YIELD)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    sys.stdout.write(json.dumps(asyncio.run(run(kind, int(port), float(seconds), addresses))) + "\n")


if __name__ == "__main__":
    main()
