"""A client of the station's page: the live state as it changes, the history, the buttons."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import threading
import time
from html import unescape
from http.cookiejar import Cookie, CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

from station.app.access.roles import ACCESS_COOKIE

Picture = dict[str, Any]
Row = dict[str, str]


NOBODY = "nobody"
BOARD_LIMIT_S = 15.0
"""How long a running page may be without its board."""


class PageError(Exception):
    """The page does not answer, or answers wrongly."""


class BoardAwayError(PageError):
    """The page answers, but its board does not."""


class Page:
    """The page at an address. `now` is the newest live state, `cues` every cue that it showed, and `held_s` the last
    shown credit of a hold, at `held_at`.
    """

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._token = ""
        self._cookies = CookieJar()
        self._open = build_opener(_NoRedirect(), HTTPCookieProcessor(self._cookies))
        self.now: Picture | None = None
        self.received_at = 0.0
        self.cues: list[tuple[float, str]] = []
        self.held_s = self.held_at = 0.0
        self._number = 0
        self._watching = False
        self.watch()

    def watch(self) -> None:
        """Follow the live state."""
        self._watching = True
        threading.Thread(target=self._follow_stream, name="stream", daemon=True).start()

    def close(self) -> None:
        """Stop following the live state."""
        self._watching = False

    def use_token(self, token: str) -> None:
        """Act as the browser paired with this token."""
        self._token = token
        host = urlsplit(self._address).hostname or ""
        domain = (host, False, False)
        self._cookies.set_cookie(
            Cookie(0, ACCESS_COOKIE, token, None, False, *domain, "/", True, False, None, True, None, None, {})
        )

    def get(self, path: str) -> str:
        """The text of a page. Raises PageError."""
        return self._ask(Request(self._address + path))

    def press(self, path: str, **fields: str) -> str:
        """Press a button of the station's page and return the address it redirects to. Raises PageError."""
        return self._send(path, list(fields.items()))

    def _send(self, path: str, fields: list[tuple[str, str]]) -> str:
        """Send a form; if the board is away, wait until it is back."""
        headers = {"Origin": self._address, "Sec-Fetch-Site": "same-origin"}
        until = time.monotonic() + BOARD_LIMIT_S
        while True:
            try:
                return self._ask(Request(self._address + path, urlencode(fields).encode(), headers))
            except BoardAwayError:
                if time.monotonic() >= until:
                    raise
                time.sleep(0.5)

    def choose_person(self, person: str = NOBODY) -> None:
        """Choose the person of this browser by id."""
        self.press("/person", person=person)

    def save_routine(self, name: str, *doses: dict[str, str]) -> str:
        """Build a routine in its form, with the fields of a row for each dose, and save it; returns its id."""
        fields = [("name", name), ("owner", "me"), ("action", "save")]
        for number, dose in enumerate(doses, start=1):
            fields += [("row", str(number)), *((f"{field}-{number}", value) for field, value in dose.items())]
        return parse_qs(urlsplit(self._send("/routines/new", fields)).query)["saved"][0]

    def answer_no_to_all(self) -> None:
        """Answer every health question with no."""
        asked = re.findall(r'<input type="radio" name="(\w+)"', self.get("/health-questions"))
        self.press("/health-questions", **dict.fromkeys(asked, "no"))

    def _ask(self, request: Request) -> str:
        try:
            with self._open.open(request, timeout=10) as answer:
                return str(answer.read().decode())
        except HTTPError as error:
            if error.code == 303:
                return str(error.headers["Location"])
            kind = BoardAwayError if error.code == 503 else PageError
            raise kind(f"{request.full_url} answers {error.code}: {error.read().decode()[:200]}") from error
        except (URLError, OSError, http.client.HTTPException) as error:
            raise PageError(f"{request.full_url} does not answer ({error}).") from error

    def wait_until_up(self, limit_s: float) -> float:
        """Wait until the page answers; returns the seconds it took. Raises PageError."""
        began = time.monotonic()
        while True:
            try:
                self.health()
                return time.monotonic() - began
            except PageError:
                if time.monotonic() - began >= limit_s:
                    raise
                time.sleep(0.1)

    def health(self) -> Picture:
        found: Picture = json.loads(self.get("/api/v1/status"))
        return found

    def faulty_parts(self) -> list[str]:
        """The parts that currently have a fault."""
        return [one["part"] for one in self.faults()]

    def faults(self) -> list[dict[str, str]]:
        """The current faults: part and sentence."""
        found: list[dict[str, str]] = json.loads(self.get("/api/v1/state"))["faults"]
        return found

    def results(self) -> list[Row]:
        """The history's table of results, oldest first."""
        return list(csv.DictReader(io.StringIO(self.get("/history.csv"))))

    def text_of(self, path: str) -> str:
        """The text of a page, without its markup."""
        return _strip_markup(self.get(path))

    def session(self, session_id: str) -> str:
        """The text of a session's page."""
        return self.text_of(f"/sessions/{session_id}")

    def traces(self, session_id: str) -> list[str]:
        """The traces on a session's page, as text, in order."""
        paths = re.findall(r'"(/runs/[^"]+/trace\.csv)"', self.get(f"/sessions/{session_id}"))
        return [self.get(path) for path in dict.fromkeys(paths)]

    def _follow_stream(self) -> None:
        where = urlsplit(self._address)
        while self._watching:
            line, token = http.client.HTTPConnection(where.hostname or "", where.port, timeout=6), self._token
            try:
                line.request("GET", "/events", headers={"Cookie": f"{ACCESS_COOKIE}={token}"})
                answer = line.getresponse()
                while self._watching and token == self._token:  # another token may give more access
                    self._handle_line(answer.readline())
            except (OSError, http.client.HTTPException, EOFError):
                self.now = None
                time.sleep(0.3)
            finally:
                line.close()

    def _handle_line(self, line: bytes) -> None:
        if not line:
            raise EOFError
        if not line.startswith(b"data: "):
            return
        now = json.loads(line[6:]).get("view")
        if now is None:
            return
        self.now, self.received_at = now, time.monotonic()
        if now["phase"] == "hold":
            self.held_s, self.held_at = now["counted_us"] / 1e6, self.received_at
        cue = now["cue"]
        if cue is not None and cue["number"] != self._number:
            self._number = cue["number"]
            self.cues.append((self.received_at, cue["name"]))


class _NoRedirect(HTTPRedirectHandler):
    """A button's response is a redirect, which proves that it was accepted; it need not be followed."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _strip_markup(html: str) -> str:
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()
