"""Restoring a backup: a preview of what it adds and loses, then replacing the database or merging into it."""

from __future__ import annotations

from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path

from flask import Blueprint, render_template, request
from msgspec import Struct

from station.app.exchange.import_preview import preview_lines
from station.app.exchange.restore_preview import restore_lines
from station.store.backups.backup import STICK_DIRECTORY, backups_of, day_of, list_backups
from station.units import date_text, date_time_text
from web.context import Site, wait_until_saved
from web.pages.uploads import IMPORT_TIMEOUT_S, UploadError, Uploads

GONE = "This backup is no longer there: choose another one."


class Listed(Struct, frozen=True):
    """A backup that the page offers, by a key that is not a path."""

    key: str
    name: str
    where: str
    path: Path


class Shown(Struct, frozen=True):
    """A checked backup, and what either way of restoring it does; `ticket` confirms it."""

    name: str
    lines: tuple[str, ...]
    merge_lines: tuple[str, ...]
    brings_rows: bool
    may_be_same_board: bool
    ticket: str


def backups(site: Site) -> tuple[Listed, ...]:
    """The nightly backups, those on a plugged-in stick, and the database from before the last restore."""
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
        with suppress(OSError):  # a stick pulled out while mounted
            paths = list_backups(directory)
        for path in paths:
            day = day_of(path)
            if day is not None:
                at = datetime.combine(day, datetime.min.time())
                found.append(Listed(f"{word} {day}", date_text(at), where, path))
    return tuple(found)


def blueprint(site: Site) -> Blueprint:
    """`/restore`: the list of backups, the preview of one or of a file, and restoring it."""
    pages = Blueprint("restore", __name__)
    uploads = Uploads(site, "restore")

    def page(error: str = "", shown: Shown | None = None, *, merged: tuple[str, ...] = ()) -> str:
        return render_template(
            "restore.html",
            backups=() if shown else backups(site),
            waiting=None if shown else uploads.waiting_name,
            error=error,
            shown=shown,
            merged=merged,
        )

    def look_at(path: Path, name: str) -> str:
        from station.store.backups.restore import preview_restore, staged_backup
        from station.store.exchange.merge import preview as preview_merge
        from station.store.exchange.staging import Staged, work_directory

        with ExitStack() as opened:
            copy = opened.enter_context(staged_backup(path, work_directory(site.store.path) / "restore"))
            staged = Staged(copy.path, None, name)
            report = preview_merge(site.store, staged)
            preview = preview_restore(site.store, staged)
            ticket = uploads.keep(staged, opened.pop_all())
        merge_lines, brings_rows = preview_lines(report), bool(report.new_rows)
        lines = restore_lines(preview)
        return page(shown=Shown(name, lines, merge_lines, brings_rows, preview.may_be_same_board, ticket))

    @pages.get("/restore")
    def restore() -> str:
        return page()

    @pages.post("/restore/look")
    def show_listed() -> str | tuple[str, int]:
        from station.store.exchange.export_read import ImportRefusedError

        wanted = request.form.get("backup", "")
        found = next((one for one in backups(site) if one.key == wanted), None)
        if found is None:
            return page(GONE), 400
        try:
            return look_at(found.path, f"{found.name}, {found.where}")
        except ImportRefusedError as refused:
            return page(str(refused)), 400

    @pages.post("/restore/upload")
    def show_uploaded() -> str | tuple[str, int]:
        try:
            with uploads.received() as path:
                return look_at(path, path.name)
        except UploadError as error:
            return page(str(error)), 400

    @pages.post("/restore/replace")
    def put_back() -> str | tuple[str, int]:
        try:
            with uploads.confirmed() as staged:
                restored = site.api.restore_backup(str(staged.path), staged.name, "same_board" in request.form)
                wait_until_saved(restored, IMPORT_TIMEOUT_S)
        except ValueError as error:
            return page(str(error)), 409
        return render_template("restoring.html")

    @pages.post("/restore/merge")
    def merge() -> str | tuple[str, int]:
        try:
            with uploads.confirmed() as staged:
                merged = site.api.import_staged(str(staged.path), None, "same_board" in request.form)
                report = wait_until_saved(merged, IMPORT_TIMEOUT_S)
        except ValueError as error:
            return page(str(error)), 409
        return page(merged=preview_lines(report))

    return pages
