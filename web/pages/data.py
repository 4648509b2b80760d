"""The Data page: exports, and imports with a preview before anything changes.

The import modules load with the first import: no start waits for them.
"""

from __future__ import annotations

from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, abort, render_template, request, send_file
from werkzeug.wrappers import Response

from station.app.access.roles import Role
from station.app.exchange.import_preview import preview_lines
from station.store.exchange.export import SUFFIXES, ExportKind, export_person, export_station
from web.context import Site, wait_until_saved
from web.pages.uploads import IMPORT_TIMEOUT_S, UploadError, Uploads

KIND_NAMES = {
    ExportKind.CSV: "CSV, for a spreadsheet",
    ExportKind.JSON: "JSON, for programs",
    ExportKind.BUNDLE: "A bundle: CSV with every recording of the sensors",
}


def blueprint(site: Site) -> Blueprint:
    """`/data`: exports of a person and of the station, and imports."""
    pages = Blueprint("data", __name__)
    uploads = Uploads(site, "data")

    def page(
        error: str = "",
        lines: tuple[str, ...] = (),
        ticket: str = "",
        *,
        asks_board: bool = False,
        is_done: bool = False,
    ) -> str:
        is_owner = site.visitor().is_at_least(Role.OWNER)
        return render_template(
            "data.html",
            person=site.person(),
            is_owner=is_owner,
            kinds=KIND_NAMES,
            waiting=uploads.waiting_name if is_owner and not ticket else None,
            error=error,
            lines=lines,
            ticket=ticket,
            asks_board=asks_board,
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
        site.write_waiting()
        with scratch_directory(work_directory(site.store.path)) as scratch:
            path = scratch / f"person{SUFFIXES[kind]}"
            export_person(site.store, person.id, path, kind)
            return _file(path)

    @pages.post("/data/station")
    def of_station() -> Response:
        from station.store.exchange.staging import scratch_directory, work_directory

        kind = _kind()
        site.write_waiting()
        with scratch_directory(work_directory(site.store.path)) as scratch:
            path = scratch / f"station{SUFFIXES[kind]}"
            export_station(site.store, path, kind)
            return _file(path)

    @pages.post("/data/preview")
    def show_preview() -> str | tuple[str, int]:
        from station.store.exchange.merge import preview
        from station.store.exchange.staging import staged_export, work_directory

        try:
            with uploads.received() as path, ExitStack() as opened:
                staged = opened.enter_context(staged_export(path, work_directory(site.store.path)))
                report = preview(site.store, staged)
                ticket = uploads.keep(staged, opened.pop_all()) if report.new_rows else ""
        except UploadError as error:
            return page(str(error)), 400
        if not ticket:
            uploads.drop()
        return page(lines=preview_lines(report), ticket=ticket, asks_board=report.takes_board is None)

    @pages.post("/data/import")
    def bring_in() -> str | tuple[str, int]:
        try:
            with uploads.confirmed() as staged:
                same_board = "same_board" in request.form
                imported = site.api.import_staged(str(staged.path), staged.person_id, same_board)
                report = wait_until_saved(imported, IMPORT_TIMEOUT_S)
        except ValueError as error:
            return page(str(error)), 409
        return page(lines=preview_lines(report), is_done=True)

    return pages


def _kind() -> ExportKind:
    try:
        return ExportKind(request.form.get("kind", ExportKind.CSV))
    except ValueError:
        abort(400, "Choose CSV, JSON or a bundle for the export.")


def _file(path: Path) -> Response:
    """The file as a download; it may be removed once this returns. Its name has the date, but no person's name."""
    name = f"{path.stem}-{datetime.now(UTC).astimezone():%Y-%m-%d}{path.suffix}"
    return send_file(path.open("rb"), "application/octet-stream", as_attachment=True, download_name=name)
