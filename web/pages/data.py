"""Your data: take it out, and bring it back, with a preview before anything changes.

What reads an export loads when one comes: no start waits for it.
"""

from __future__ import annotations

import re
import secrets
from concurrent.futures import TimeoutError as TooLate
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from flask import Blueprint, abort, render_template, request, send_file
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from station.app.access.roles import Role
from station.app.exchange.import_preview import preview_lines
from station.store import StoreError
from station.store.exchange.export import SUFFIXES, ExportKind, export_person, export_station
from web.context import BUSY, Site
from web.live.phase_styles import is_active

if TYPE_CHECKING:
    from station.store.exchange.staging import Staged

KIND_NAMES = {
    ExportKind.CSV: "CSV, for a spreadsheet",
    ExportKind.JSON: "JSON, for programs",
    ExportKind.BUNDLE: "A bundle: CSV with every recording of the sensors",
}
IMPORT_TIMEOUT_S = 300.0
"""How long a page waits for an import: ten years with traces on a slow memory card."""
SESSION_RUNS = "A session is running: import when it has ended."
NO_PREVIEW = "There is no preview to import: choose the file again."
UNSAFE_LETTERS = re.compile(r"[^A-Za-z0-9._-]+")


class Pending:
    """The one checked file that waits for a yes. Another takes its place."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._opened = ExitStack()
        self._ticket = ""
        self._staged: Staged | None = None

    def keep(self, staged: Staged, opened: ExitStack) -> str:
        """Keep what is staged as long as `opened` is; gives its ticket."""
        with self._lock:
            self._opened.close()
            self._opened, self._staged, self._ticket = opened, staged, secrets.token_urlsafe(16)
            return self._ticket

    def take(self, ticket: str) -> tuple[Staged, ExitStack] | None:
        """What is kept under this ticket, once; the caller closes it."""
        with self._lock:
            if self._staged is None or not secrets.compare_digest(ticket.encode(), self._ticket.encode()):
                return None
            found, self._staged = (self._staged, self._opened), None
            self._opened = ExitStack()
            return found


def blueprint(site: Site) -> Blueprint:
    """`/data`: exports of a person and of the station, and imports."""
    pages = Blueprint("data", __name__)
    pending = Pending()

    def page(trouble: str = "", lines: tuple[str, ...] = (), ticket: str = "", *, is_done: bool = False) -> str:
        return render_template(
            "data.html",
            person=site.person(),
            is_owner=site.visitor().is_at_least(Role.OWNER),
            kinds=KIND_NAMES,
            trouble=trouble,
            lines=lines,
            ticket=ticket,
            is_done=is_done,
        )

    @pages.get("/data")
    def data() -> str:
        return page()

    @pages.post("/data/person")
    def of_person() -> Response:
        from station.store.exchange.staging import scratch_directory, work_directory

        person = site.person()
        if person is None:
            abort(404)
        kind = _kind()
        with scratch_directory(work_directory(site.store.path)) as scratch:
            path = scratch / f"person{SUFFIXES[kind]}"
            export_person(site.store, person.id, path, kind)
            return _file(path)

    @pages.post("/data/station")
    def of_station() -> Response:
        from station.store.exchange.staging import scratch_directory, work_directory

        kind = _kind()
        with scratch_directory(work_directory(site.store.path)) as scratch:
            path = scratch / f"station{SUFFIXES[kind]}"
            export_station(site.store, path, kind)
            return _file(path)

    @pages.post("/data/preview")
    def show_preview() -> str | tuple[str, int]:
        from station.store.exchange.export_read import ImportRefusedError
        from station.store.exchange.merge import preview
        from station.store.exchange.staging import scratch_directory, staged_export, work_directory

        given = request.files.get("file")
        if given is None or not given.filename:
            return page("Choose a file first: one that a station exported."), 400
        with ExitStack() as opened:
            scratch = opened.enter_context(scratch_directory(work_directory(site.store.path)))
            path = saved_upload(given, scratch)
            try:
                staged = opened.enter_context(staged_export(path, work_directory(site.store.path)))
                report = preview(site.store, staged)
            except ImportRefusedError as refused:
                return page(str(refused)), 400
            path.unlink()
            if not report.new_rows:
                return page(lines=preview_lines(report))
            return page(lines=preview_lines(report), ticket=pending.keep(staged, opened.pop_all()))

    @pages.post("/data/import")
    def bring_in() -> str | tuple[str, int]:
        if is_active(site.snapshot()):
            return page(SESSION_RUNS), 400
        found = pending.take(request.form.get("ticket", ""))
        if found is None:
            return page(NO_PREVIEW), 400
        staged, opened = found
        with opened:
            try:
                report = site.api.import_staged(str(staged.path), staged.person_id).result(IMPORT_TIMEOUT_S)
            except StoreError as error:
                abort(503, str(error))
            except TooLate:
                abort(503, BUSY)
        return page(lines=preview_lines(report), is_done=True)

    return pages


def _kind() -> ExportKind:
    try:
        return ExportKind(request.form.get("kind", ExportKind.CSV))
    except ValueError:
        abort(400, "An export is CSV, JSON or a bundle: choose one of them.")


def _file(path: Path) -> Response:
    """The file as a download; it may be removed as soon as this returns. Its name has a day, and nobody's name."""
    name = f"{path.stem}-{datetime.now(UTC).astimezone():%Y-%m-%d}{path.suffix}"
    return send_file(path.open("rb"), "application/octet-stream", as_attachment=True, download_name=name)


def saved_upload(given: FileStorage, scratch: Path) -> Path:
    """The file under its own name, as far as that has harmless letters: it is quoted in sentences."""
    name = UNSAFE_LETTERS.sub("-", Path(given.filename or "").name)[-60:].lstrip(".-")
    path = scratch / (name or "export")
    given.save(path)
    return path
