"""A backup comes back: what it would bring and what it would cost, then in place of everything, or merged into it."""

from __future__ import annotations

import time
from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, render_template, request
from msgspec import Struct
from werkzeug.wrappers import Response as AnyResponse

from station.app.access.roles import Visitor
from station.app.exchange.import_preview import preview_lines
from station.app.exchange.restore_preview import restore_lines
from station.store import StoreError
from station.store.backups.backup import STICK_DIRECTORY, backups_of, day_of, list_backups
from station.units import date_text, date_time_text
from web.access.presence import KEPT_S
from web.access.rules import presence_first
from web.context import BUSY, Site
from web.live.phase_styles import is_active
from web.pages.data import IMPORT_TIMEOUT_S, Pending, saved_upload

if TYPE_CHECKING:
    from station.store.exchange.staging import Staged

SESSION_RUNS = "A session is running: restore when it has ended."
NO_PREVIEW = "There is no preview to restore: choose the backup again."
WAITS_S = KEPT_S
"""How long a file waits: as long as a request for presence."""
GONE = "This backup is no longer there: choose another one."


class Listed(Struct, frozen=True):
    """A backup that the page offers, by a key that is no path."""

    key: str
    name: str
    where: str
    path: Path


class Shown(Struct, frozen=True):
    """A checked backup, and what either way of restoring it does; `ticket` is the way to say yes."""

    name: str
    lines: tuple[str, ...]
    merge_lines: tuple[str, ...]
    brings_rows: bool
    ticket: str


class Waiting:
    """The newest file that a browser has sent before its person showed that they are at the board, for as long as that
    takes and counts. Only the same browser is offered it."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened = ExitStack()
        self._listed: Listed | None = None
        self._device_id = ""
        self._until_s = 0.0

    def keep(self, path: Path, visitor: Visitor, opened: ExitStack) -> None:
        """Keep a file as long as `opened` is; it takes the place of the one before."""
        with self._lock:
            self._opened.close()
            self._opened, self._until_s = opened, time.monotonic() + WAITS_S
            self._listed = Listed("file", path.name, "the file that you sent", path)
            self._device_id = "" if visitor.device is None else visitor.device.id

    def found(self, visitor: Visitor) -> tuple[Listed, ...]:
        """The file that waits for this visitor, if there is one."""
        with self._lock:
            if time.monotonic() > self._until_s:
                self._opened.close()
                self._listed = None
            is_theirs = visitor.device is not None and visitor.device.id == self._device_id
            return (self._listed,) if self._listed is not None and is_theirs else ()


def backups(site: Site) -> tuple[Listed, ...]:
    """The copies of the nights, those on a stick that is plugged in, and the database before the last restore."""
    from station.store.swap import BEFORE_SUFFIX

    database = site.store.path
    before = database.with_name(database.name + BEFORE_SUFFIX)
    found = []
    with suppress(FileNotFoundError):
        at = datetime.fromtimestamp(before.stat().st_mtime, UTC)
        found.append(Listed("before", "Before the last restore", f"last written {date_time_text(at)}", before))
    places = [("station", "on the station", backups_of(database))]
    places += [("stick", "on the stick", site.stick / STICK_DIRECTORY)] if site.stick else []
    for word, where, directory in places:
        paths: tuple[Path, ...] = ()
        with suppress(OSError):  # a stick that was pulled out while it was mounted
            paths = list_backups(directory)
        for path in paths:
            day = day_of(path)
            if day is not None:
                at = datetime.combine(day, datetime.min.time())
                found.append(Listed(f"{word} {day}", date_text(at), where, path))
    return tuple(found)


def blueprint(site: Site) -> Blueprint:
    """`/restore`: the backups, one of them or a file looked at, and bringing it back."""
    pages = Blueprint("restore", __name__)
    pending, waiting = Pending(), Waiting()

    def listed() -> tuple[Listed, ...]:
        return *waiting.found(site.visitor()), *backups(site)

    def page(trouble: str = "", shown: Shown | None = None, *, merged: tuple[str, ...] = ()) -> str:
        return render_template(
            "restore.html",
            backups=() if shown else listed(),
            trouble=trouble,
            shown=shown,
            merged=merged,
        )

    def look_at(path: Path, name: str, opened: ExitStack) -> str | tuple[str, int]:
        from station.store.backups.restore import preview_restore, staged_backup
        from station.store.exchange.export_read import ImportRefusedError
        from station.store.exchange.merge import preview
        from station.store.exchange.staging import Staged, work_directory

        try:
            copy = opened.enter_context(staged_backup(path, work_directory(site.store.path) / "restore"))
            staged = Staged(copy.path, None)
            report = preview(site.store, staged)
            lines = restore_lines(preview_restore(site.store, staged))
        except ImportRefusedError as refused:
            return page(str(refused)), 400
        ticket = pending.keep(staged, opened.pop_all())
        return page(shown=Shown(name, lines, preview_lines(report), bool(report.new_rows), ticket))

    @pages.get("/restore")
    def restore() -> str:
        return page()

    @pages.post("/restore/look")
    def show_listed() -> str | tuple[str, int]:
        wanted = request.form.get("backup", "")
        found = next((one for one in listed() if one.key == wanted), None)
        if found is None:
            return page(GONE), 400
        with ExitStack() as opened:
            return look_at(found.path, f"{found.name}, {found.where}", opened)

    @pages.post("/restore/upload")
    def show_uploaded() -> AnyResponse | str | tuple[str, int]:
        from station.store.exchange.staging import scratch_directory, work_directory

        given = request.files.get("file")
        if given is None or not given.filename:
            return page("Choose a file first: a copy that a station made."), 400
        with ExitStack() as opened:
            scratch = opened.enter_context(scratch_directory(work_directory(site.store.path)))
            path = saved_upload(given, scratch)
            if not site.visitor().is_present:
                waiting.keep(path, site.visitor(), opened.pop_all())
                return presence_first("restore")
            return look_at(path, path.name, opened)

    @pages.post("/restore/replace")
    def put_back() -> str | tuple[str, int]:
        taken = _take()
        if isinstance(taken, str):
            return page(taken), 400
        staged, opened = taken
        with opened:
            try:
                _answer(site.api.restore_backup(str(staged.path)))
            except ValueError as error:
                return page(str(error)), 409
        return render_template("restoring.html")

    @pages.post("/restore/merge")
    def merge() -> str | tuple[str, int]:
        taken = _take()
        if isinstance(taken, str):
            return page(taken), 400
        staged, opened = taken
        with opened:
            report = _answer(site.api.import_staged(str(staged.path), None))
        return page(merged=preview_lines(report))

    def _take() -> tuple[Staged, ExitStack] | str:
        """The backup of the preview, or why there is none."""
        if is_active(site.snapshot()):
            return SESSION_RUNS
        return pending.take(request.form.get("ticket", "")) or NO_PREVIEW

    return pages


def _answer(done: Future[Any]) -> Any:
    """What the board answers. Raises ValueError with its sentence; a failing disk and a busy board abort with 503."""
    try:
        return done.result(IMPORT_TIMEOUT_S)
    except StoreError as error:
        abort(503, str(error))
    except TooLate:
        abort(503, BUSY)
