"""Unclaimed sessions: whose they were; and the corrections of a session: not mine, left and right mixed up."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from web.context import Site, return_address, wait_until_saved
from web.live.phase_styles import is_active
from web.pages.feedback import just_claimed
from web.pages.history import session_sentence

SESSIONS_SHOWN = 30
"""How many unclaimed sessions to show, newest first; claiming one makes room for an older one."""
EVER = datetime.min.replace(tzinfo=UTC)


def blueprint(site: Site) -> Blueprint:
    """`/inbox`, and the writes that give a session back and exchange its sides."""
    pages = Blueprint("inbox", __name__)

    @pages.get("/inbox")
    def inbox() -> str:
        now, units = site.api.snapshot(), site.settings().units
        running = now.session_id if is_active(now) else None
        found = [one for one in site.store.unclaimed_sessions(EVER) if one.session.id != running]
        return render_template(
            "inbox.html",
            sessions=[(one.session, session_sentence(one, units)) for one in found[:SESSIONS_SHOWN]],
            count=len(found),
            more=max(0, len(found) - SESSIONS_SHOWN),
            person=site.person(),
            people=site.people(),
            **just_claimed(site, units),
        )

    @pages.post("/sessions/<session_id>/give-back")
    def give_back(session_id: str) -> Response:
        """Give a session back: it is nobody's again."""
        site.session(session_id)
        wait_until_saved(site.api.claim_session(session_id, None))
        return redirect(url_for("inbox.inbox", _anchor=f"session-{session_id}"), 303)

    @pages.post("/sessions/<session_id>/swap")
    def swap(session_id: str) -> Response:
        """Exchange left and right in a session or one of its tests; doing it again undoes it."""
        found, test_id = site.session(session_id), request.form.get("test") or None
        if session_id == site.api.snapshot().session_id and is_active(site.api.snapshot()):
            abort(409, "This session is running: exchange its sides when it has ended.")
        if test_id is not None and test_id not in {test.id for test in found.tests}:
            abort(400, "This test belongs to another session: open its own page.")
        wait_until_saved(site.api.swap_sides(session_id, test_id))
        return redirect(return_address(session_id, "sides"), 303)

    return pages
