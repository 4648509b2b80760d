"""An uploaded file: it waits for the proof of presence, is previewed, and waits for confirmation."""

from __future__ import annotations

import atexit
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Lock, Timer
from typing import TYPE_CHECKING, Generic, TypeVar

from flask import abort, request
from werkzeug.datastructures import FileStorage

from web.access.presence import KEPT_S
from web.access.rules import presence_first
from web.context import Site
from web.live.phase_styles import is_active

if TYPE_CHECKING:
    from station.store.exchange.staging import Staged

IMPORT_TIMEOUT_S = 300.0
"""How long a page waits for an import: ten years with traces on a slow memory card."""
NO_FILE = "First choose a file that a station made."
SESSION_RUNS = "A session is running: do this when it has ended."
NO_PREVIEW = "The preview has expired: look at the file again first."
MAX_NAME_LETTERS = 60
"""At most 240 bytes: a file system takes 255."""
Thing = TypeVar("Thing")


class UploadError(ValueError):
    """There is nothing to import, or it is not possible now; the message is a sentence for the page."""


class Kept(Generic[Thing]):
    """Holds one thing under a key, no longer than a presence request lasts. The next one replaces it."""

    def __init__(self, kept_s: float = KEPT_S) -> None:
        self._kept_s = kept_s
        self._lock = Lock()
        self._key = ""
        self._thing: Thing | None = None
        self._opened = ExitStack()

    def keep(self, key: str, thing: Thing, opened: ExitStack) -> None:
        """Keep a thing and its resources; `opened` is closed when the time is up or the process ends."""
        with self._lock:
            before, self._opened = self._opened, opened
            self._key, self._thing = key, thing
        _close(before)
        atexit.register(opened.close)
        timer = Timer(self._kept_s, self._drop, (opened,))
        timer.daemon = True
        opened.callback(timer.cancel)
        timer.start()

    def find(self, key: str) -> Thing | None:
        """The thing under this key, which stays."""
        with self._lock:
            return self._thing if self._is_under(key) else None

    def take(self, key: str) -> tuple[Thing, ExitStack] | None:
        """Remove and return the thing under this key; the caller closes it."""
        with self._lock:
            if self._thing is None or not self._is_under(key):
                return None
            found, opened = self._thing, self._opened
            self._thing, self._opened = None, ExitStack()
        atexit.unregister(opened.close)
        return found, opened

    def drop(self, key: str) -> None:
        """Drop and close the thing under this key."""
        found = self.take(key)
        if found is not None:
            found[1].close()

    def _drop(self, opened: ExitStack) -> None:
        """Close what is kept, if it is still the same."""
        with self._lock:
            if self._opened is not opened:
                return
            self._thing, self._opened = None, ExitStack()
        _close(opened)

    def _is_under(self, key: str) -> bool:
        return secrets.compare_digest(key.encode(), self._key.encode())


def _close(opened: ExitStack) -> None:
    atexit.unregister(opened.close)
    opened.close()


class Uploads:
    """The uploads of one page: the newest file, offered only to the browser that sent it, and the newest preview."""

    def __init__(self, site: Site, own_page: str) -> None:
        """`own_page` is the page's name in `web.access.rules.OWN_PAGES`."""
        self._site = site
        self._own_page = own_page
        self._sent: Kept[Path] = Kept()
        self._shown: Kept[Staged] = Kept()

    @property
    def waiting_name(self) -> str | None:
        """The name of the file that this browser sent and has not imported yet."""
        found = self._sent.find(self._browser)
        return None if found is None else found.name

    @contextmanager
    def received(self) -> Iterator[Path]:
        """The file of this request, or the one this browser sent before.

        It is kept until it is imported, so that nobody chooses it twice. Without a proof of presence, redirects to it.
        Raises `UploadError` if there is no file; an `ImportRefusedError` in the body becomes one too.
        """
        from station.store.exchange.export_read import ImportRefusedError
        from station.store.exchange.staging import scratch_directory, work_directory

        given = request.files.get("file")
        if given is not None and given.filename:
            with ExitStack() as opened:
                scratch = opened.enter_context(scratch_directory(work_directory(self._site.store.path)))
                self._sent.keep(self._browser, _saved(given, scratch), opened.pop_all())
        found = self._sent.find(self._browser)
        if found is None:
            raise UploadError(NO_FILE)
        if not self._site.visitor().is_present:
            abort(presence_first(self._own_page))
        try:
            yield found
        except ImportRefusedError as refused:
            self.drop()
            raise UploadError(str(refused)) from refused

    def drop(self) -> None:
        """Forget the file that this browser sent."""
        self._sent.drop(self._browser)

    def keep(self, staged: Staged, opened: ExitStack) -> str:
        """Keep a checked file for confirmation; returns the ticket that confirms it."""
        ticket = secrets.token_urlsafe(16)
        self._shown.keep(ticket, staged, opened)
        return ticket

    @contextmanager
    def confirmed(self) -> Iterator[Staged]:
        """What this request's ticket confirms, once. Raises `UploadError` for nothing, or while a session runs."""
        if is_active(self._site.snapshot()):
            raise UploadError(SESSION_RUNS)
        found = self._shown.take(request.form.get("ticket", ""))
        if found is None:
            raise UploadError(NO_PREVIEW)
        self.drop()
        staged, opened = found
        with opened:
            yield staged

    @property
    def _browser(self) -> str:
        device = self._site.visitor().device
        assert device is not None, "only the owner's browser comes here"
        return device.id


def _saved(given: FileStorage, scratch: Path) -> Path:
    """Save the file under its own name, reduced to visible characters, because sentences quote it."""
    name = "".join(letter for letter in Path(given.filename or "").name if letter.isprintable())[-MAX_NAME_LETTERS:]
    path = scratch / (name if name.strip(". ") else "export")
    given.save(path)
    return path
