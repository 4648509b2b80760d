"""A request that is refused or redirected before a page sees it."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec

from web.api.problems import PROBLEM_TYPE, refusal_problem
from web.server.stream import Send


@dataclass(eq=False)
class RefusalError(Exception):
    """A refused request, with a sentence for the person who sent it.

    `location` is where to go instead, `retry_after_s` when to try again.
    """

    status: int
    sentence: str
    location: str = ""
    retry_after_s: int | None = None


async def refuse(send: Send, refusal: RefusalError, *, is_api: bool = False) -> None:
    """Answer with the reason in words, and close the connection: nothing more is read from it."""
    problem = refusal_problem(refusal.status, refusal.sentence) if is_api else None
    body = f"{refusal.sentence}\n".encode() if problem is None else msgspec.json.encode(problem)
    headers = [
        (b"content-type", b"text/plain; charset=utf-8" if problem is None else PROBLEM_TYPE.encode()),
        (b"content-length", str(len(body)).encode()),
        (b"x-content-type-options", b"nosniff"),
        (b"connection", b"close"),
    ]
    if refusal.location:
        headers.append((b"location", refusal.location.encode("latin-1")))
    if refusal.retry_after_s is not None:
        headers.append((b"retry-after", str(refusal.retry_after_s).encode()))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
