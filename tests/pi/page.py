"""The station's page as somebody sees it: the live picture as it changes, the history, the buttons."""

from __future__ import annotations

import csv
import http.client
import io
import json
import re
import threading
import time
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import parse_qs, urlencode, urlsplit
from urllib.request import HTTPCookieProcessor, HTTPRedirectHandler, Request, build_opener

Picture = dict[str, Any]
Row = dict[str, str]


NOBODY = "nobody"


class PageError(Exception):
    """The page does not answer, or not as it should."""


class Page:
    """The page at an address. `now` is the newest picture of the live stream, `cues` every cue that it has shown, and
    `held_s` the credit of a hold that it has shown last, at `held_at`."""

    def __init__(self, address: str) -> None:
        self._address = address.rstrip("/")
        self._open = build_opener(_Stay(), HTTPCookieProcessor(CookieJar()))
        self.now: Picture | None = None
        self.heard_at = 0.0
        self.cues: list[tuple[float, str]] = []
        self.held_s = self.held_at = 0.0
        self._number = 0
        self._watching = True
        threading.Thread(target=self._watch, name="stream", daemon=True).start()

    def close(self) -> None:
        self._watching = False

    def get(self, path: str) -> str:
        """The text of a page. Raises PageError."""
        return self._ask(Request(self._address + path))

    def press(self, path: str, **fields: str) -> str:
        """Press a button of the station's own page; gives the address that it leads to. Raises PageError."""
        return self._send(path, list(fields.items()))

    def _send(self, path: str, fields: list[tuple[str, str]]) -> str:
        headers = {"Origin": self._address, "Sec-Fetch-Site": "same-origin"}
        return self._ask(Request(self._address + path, urlencode(fields).encode(), headers))

    def be(self, person: str = NOBODY) -> None:
        """Choose who is looking, by their id."""
        self.press("/person", person=person)

    def build(self, name: str, *doses: dict[str, str]) -> str:
        """Put a routine together in its form, each dose the fields of a row, and save it; gives its id."""
        fields = [("name", name), ("owner", "me"), ("action", "save")]
        for number, dose in enumerate(doses, start=1):
            fields += [("row", str(number)), *((f"{field}-{number}", said) for field, said in dose.items())]
        return parse_qs(urlsplit(self._send("/routines/new", fields)).query)["saved"][0]

    def no_to_all(self) -> None:
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
            raise PageError(f"{request.full_url} says {error.code}: {error.read().decode()[:200]}") from error
        except (URLError, OSError, http.client.HTTPException) as error:
            raise PageError(f"{request.full_url} does not answer ({error}).") from error

    def wait_until_up(self, limit_s: float) -> float:
        """Wait until a page is answered; gives how many seconds that took. Raises PageError."""
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
        found: Picture = json.loads(self.get("/status.json"))
        return found

    def results(self) -> list[Row]:
        """The table of results that the history offers, oldest first."""
        return list(csv.DictReader(io.StringIO(self.get("/history.csv"))))

    def words(self, path: str) -> str:
        """What a page says, without its markup."""
        return _words(self.get(path))

    def session(self, session_id: str) -> str:
        """What a session's page says."""
        return self.words(f"/sessions/{session_id}")

    def traces(self, session_id: str) -> list[str]:
        """The traces that a session's page offers, as text, in order."""
        paths = re.findall(r'"(/runs/[^"]+/trace\.csv)"', self.get(f"/sessions/{session_id}"))
        return [self.get(path) for path in dict.fromkeys(paths)]

    def _watch(self) -> None:
        where = urlsplit(self._address)
        while self._watching:
            line = http.client.HTTPConnection(where.hostname or "", where.port, timeout=6)
            try:
                line.request("GET", "/events")
                answer = line.getresponse()
                while self._watching:
                    self._take(answer.readline())
            except (OSError, http.client.HTTPException, EOFError):
                self.now = None
                time.sleep(0.3)
            finally:
                line.close()

    def _take(self, line: bytes) -> None:
        if not line:
            raise EOFError
        if not line.startswith(b"data: "):
            return
        now = json.loads(line[6:]).get("view")
        if now is None:
            return
        self.now, self.heard_at = now, time.monotonic()
        if now["phase"] == "hold":
            self.held_s, self.held_at = now["counted_us"] / 1e6, self.heard_at
        cue = now["cue"]
        if cue is not None and cue["number"] != self._number:
            self._number = cue["number"]
            self.cues.append((self.heard_at, cue["name"]))


class _Stay(HTTPRedirectHandler):
    """A button leads to another page; what matters here is that it was taken."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _words(html: str) -> str:
    body = re.sub(r"<(script|style|svg).*?</\1>", " ", html, flags=re.DOTALL)
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", body))).strip()
