"""Pairing a browser, proving presence for a step that needs it, and giving consent, each by a rhythm on the board.

The three pages share what happens at the board. Nobody learns whether a name is known before proving presence; a
protected name (`is_protected`) then needs its PIN, or approval in that person's own browser.
"""

from __future__ import annotations

import time

from flask import Blueprint, abort, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from station.app.access.roles import NOBODY_YET, Role, Visitor
from station.app.snapshot import REQUEST_OVER, PresenceState
from station.core.activities.heel_rhythm import RhythmRules
from station.core.events import SECOND_US
from station.store.names import MAX_NAME_LENGTH, unique_name
from web.access.pin import DIGITS
from web.access.presence import (
    KEPT_S,
    PRESENCE_COOKIE,
    BrowserRequest,
    PresenceBook,
    Purpose,
    Stage,
    is_protected,
    named,
    new_key,
    progress_of,
)
from web.access.rules import own_page, pair_browser, set_access_cookie
from web.context import PERSON_COOKIE, Site, wait_until_saved
from web.pages.browsers import person_with_pin
from web.pages.consents import NEEDS_PERSON
from web.pages.first_start import steps_left
from web.served import set_cookie

PAIR_ROLES = {
    Role.MEMBER: "Mine: it shows my results from now on",
    Role.GUEST: "A guest\u2019s: only today, without a name",
    Role.PRACTITIONER: "A practitioner\u2019s: it shows the people who agreed",
}
"""What a browser can be paired as."""
NEEDS_NAME = "Type your name: results belong to a person."
PAGES = {Purpose.PAIR: "pairing.pair", Purpose.STEP_UP: "pairing.presence", Purpose.CONSENT: "pairing.consent"}
LONG_S = RhythmRules().long_from_us / SECOND_US


def blueprint(site: Site) -> Blueprint:
    """`/pair`, `/presence`, `/consent`, and the writes of all three."""
    pages = Blueprint("pairing", __name__)
    book = PresenceBook()

    def asked_here(purpose: Purpose | None = None) -> BrowserRequest | None:
        """This browser's request, if it has this purpose."""
        found = book.find(request.cookies.get(PRESENCE_COOKIE))
        return found if purpose is None or found is None or found.purpose is purpose else None

    def form(purpose: Purpose, error: str = "", status: int = 200, name: str = "") -> tuple[str, int]:
        return render_template(
            "presence.html",
            purpose=purpose,
            asked=None,
            roles=PAIR_ROLES,
            has_owner=site.store.has_owner(),
            is_paired=site.visitor().is_paired,
            viewer=site.person(),
            return_to=request.values.get("next", ""),
            back=own_page(request.values.get("next", "")),
            name=name,
            error=error,
        ), status

    def progress(asked: BrowserRequest, error: str = "") -> str:
        now = progress_of(asked, site.api.snapshot())
        is_at_board = asked.stage is Stage.BOARD and now.state in (PresenceState.WAITING, PresenceState.WRONG)
        return render_template(
            "presence.html",
            purpose=asked.purpose,
            asked=asked,
            progress=now,
            request_over=REQUEST_OVER,
            # Never beside a button whose answer has a cookie, nor a PIN that is being typed: a reload would cut it off.
            refreshes=is_at_board,
            address=url_for(PAGES[asked.purpose]),
            long_s=LONG_S,
            viewer=site.person(),
            digits=DIGITS,
            return_to=asked.return_to,
            error=error,
        )

    def page(purpose: Purpose) -> str | tuple[str, int]:
        asked = asked_here(purpose)
        return form(purpose) if asked is None else progress(asked)

    def begin(
        purpose: Purpose,
        *,
        browser_name: str = "",
        person_name: str = "",
        role: Role = Role.MEMBER,
        return_to: str = "",
        viewer_id: str | None = None,
        device_id: str | None = None,
    ) -> Response | tuple[str, int]:
        """Ask the board for a rhythm, and mark this browser as the one that asked."""
        before = asked_here()
        if before is not None and book.take(before):
            wait_until_saved(site.api.cancel_presence(before.request.id))
        try:
            found = wait_until_saved(site.api.request_presence())
        except ValueError as error:
            return form(purpose, str(error), 409, person_name)
        key, key_hash = new_key()
        begun_s = time.monotonic()
        asked = BrowserRequest(
            key_hash, purpose, found, begun_s, browser_name, person_name, role, return_to, viewer_id, device_id
        )
        book.add(asked)
        response = redirect(url_for(PAGES[purpose]), 303)
        set_cookie(response, PRESENCE_COOKIE, key, max_age_s=int(KEPT_S))
        return response

    # Pairing a browser.

    @pages.get("/pair")
    def pair() -> Response | str | tuple[str, int]:
        token = book.given(request.cookies.get(PRESENCE_COOKIE))
        return page(Purpose.PAIR) if token is None else welcome(token)

    def welcome(token: str) -> Response:
        """The first page of a newly paired browser."""
        is_setting_up = site.visitor().is_at_least(Role.OWNER) and steps_left(site)
        response = redirect(url_for("first_start.first_start" if is_setting_up else "today.today"), 303)
        response.delete_cookie(PERSON_COOKIE)
        response.delete_cookie(PRESENCE_COOKIE)
        set_access_cookie(response, token)
        return response

    @pages.post("/pair")
    def ask() -> Response | tuple[str, int]:
        name, role = request.form.get("name", ""), request.form.get("role", Role.MEMBER)
        if role not in PAIR_ROLES:
            abort(400, "Pair the browser as a member, guest or practitioner.")
        if role != Role.GUEST and not name.strip():
            return form(Purpose.PAIR, NEEDS_NAME, 400)
        try:
            person_name = "" if role == Role.GUEST else unique_name(name, (), "")
            usual_name = f"{person_name or 'A guest'}\u2019s phone"[:MAX_NAME_LENGTH]
            browser_name = unique_name(request.form.get("browser", "").strip() or usual_name, (), "")
        except ValueError as error:
            return form(Purpose.PAIR, str(error), 400, name)
        return begin(Purpose.PAIR, browser_name=browser_name, person_name=person_name, role=Role(role))

    # A step that needs presence.

    @pages.get("/presence")
    def presence() -> str | tuple[str, int]:
        return page(Purpose.STEP_UP)

    @pages.post("/presence")
    def ask_presence() -> Response | tuple[str, int]:
        return_to = request.form.get("next", "")
        is_own = own_page(return_to) is not None
        return begin(Purpose.STEP_UP, device_id=site.device_id, return_to=return_to if is_own else "")

    # A person consents to this browser's person seeing their results.

    @pages.get("/consent")
    def consent() -> str | tuple[str, int]:
        return page(Purpose.CONSENT)

    @pages.post("/consent")
    def ask_consent() -> Response | tuple[str, int]:
        name, viewer_id = request.form.get("name", ""), site.visitor().person_id
        if viewer_id is None:
            return form(Purpose.CONSENT, NEEDS_PERSON, 400, name)
        try:
            person_name = unique_name(name, (), "")
        except ValueError as error:
            return form(Purpose.CONSENT, str(error), 400, name)
        return begin(Purpose.CONSENT, person_name=person_name, viewer_id=viewer_id)

    # After the rhythm.

    def over(asked: BrowserRequest | None) -> Response | tuple[str, int]:
        if asked is None:
            return form(Purpose.PAIR, REQUEST_OVER, 409)
        return redirect(url_for(PAGES[asked.purpose]), 303)

    @pages.post("/pair/confirm")
    def confirm() -> Response | tuple[str, int]:
        """Confirm that this browser shows the number that the board beeped."""
        asked = asked_here()
        if (token := book.given(request.cookies.get(PRESENCE_COOKIE))) is not None:
            return welcome(token)
        if asked is None or asked.stage not in (Stage.BOARD, Stage.APPROVED):
            return over(asked)
        if asked.stage is Stage.BOARD:
            try:
                wait_until_saved(site.api.finish_presence(asked.request.id))
            except ValueError:
                return over(asked)
            person = named(site.store, asked.person_name) if asked.person_name else None
            if person is not None and is_protected(site.store, person.id):
                book.change(asked, Stage.IDENTIFY, person.id)
                return over(asked)
        return complete(asked)

    @pages.post("/pair/pin")
    def give_pin() -> Response | tuple[str, int]:
        """Check the PIN of the person whose name this browser gave."""
        asked = asked_here()
        if asked is None or asked.stage is not Stage.IDENTIFY:
            return over(asked)
        try:
            person_with_pin(site, asked.person_name, request.form.get("pin", ""))
        except ValueError as error:
            return progress(asked, str(error)), 400
        return complete(asked)

    @pages.post("/pair/cancel")
    def cancel() -> Response | tuple[str, int]:
        """Cancel a request; with `again`, make the same one again."""
        asked = asked_here()
        if asked is not None and "again" in request.form:
            return begin(
                asked.purpose,
                browser_name=asked.browser_name,
                person_name=asked.person_name,
                role=asked.role,
                return_to=asked.return_to,
                viewer_id=asked.viewer_id,
                device_id=asked.device_id,
            )
        if asked is not None and book.take(asked) and asked.stage is Stage.BOARD:
            wait_until_saved(site.api.cancel_presence(asked.request.id))
        purpose = Purpose.PAIR if asked is None else asked.purpose
        return_to = None if asked is None else asked.return_to or None
        response = redirect(url_for(PAGES[purpose], next=return_to), 303)
        response.delete_cookie(PRESENCE_COOKIE)
        return response

    def complete(asked: BrowserRequest) -> Response | tuple[str, int]:
        """Do what presence was proved for, once."""
        if not book.take(asked):
            return over(None)
        try:
            response = {
                Purpose.PAIR: complete_pairing,
                Purpose.STEP_UP: complete_step,
                Purpose.CONSENT: complete_consent,
            }[asked.purpose](asked)
        except (ValueError, LookupError) as error:
            return form(asked.purpose, str(error), 409)
        response.delete_cookie(PRESENCE_COOKIE)
        return response

    def person_of(asked: BrowserRequest) -> str | None:
        """The id of the person with the given name; adds the person if the name is new."""
        if not asked.person_name:
            return None
        found = named(site.store, asked.person_name)
        return wait_until_saved(site.api.add_person(asked.person_name)) if found is None else found.id

    def complete_pairing(asked: BrowserRequest) -> Response:
        token = pair_browser(site, asked.browser_name, asked.role, person_of(asked))
        book.give(asked, token)
        return welcome(token)

    def complete_step(asked: BrowserRequest) -> Response:
        if asked.device_id is None or asked.device_id != site.device_id:
            raise ValueError("Another browser asked for this: prove again here that you are at the board.")
        wait_until_saved(site.api.note_presence(asked.device_id))
        return redirect(own_page(asked.return_to) or url_for("today.today"), 303)

    def complete_consent(asked: BrowserRequest) -> Response:
        person_id = person_of(asked)
        if asked.viewer_id is None or person_id is None or asked.viewer_id != site.visitor().person_id:
            raise ValueError("Someone else is using this browser now: ask for consent again.")
        wait_until_saved(site.api.agree_consent(asked.viewer_id, person_id, site.device_id))
        return redirect(url_for("consents.consents", saved=""), 303)

    # Approval in the named person's own browser.

    def waiting_approvals() -> list[tuple[BrowserRequest, str]]:
        names = {one.id: one.name for one in site.store.people()}
        return [(one, names.get(one.viewer_id or "", "Someone")) for one in book.waiting_for(site.visitor().person_id)]

    @pages.app_context_processor
    def approvals() -> dict[str, object]:
        """How many approvals wait for this request's visitor, even if the store cannot be read."""
        seen: Visitor = g.get("access", NOBODY_YET)
        return {"count_approvals": len(book.waiting_for(seen.person_id))}

    @pages.get("/pair/approve")
    def approval() -> str:
        return render_template("approve.html", waiting=waiting_approvals())

    @pages.post("/pair/approve")
    def approve() -> Response:
        for asked, _ in waiting_approvals():
            if asked.key_hash == request.form.get("request"):
                book.change(asked, Stage.APPROVED if request.form.get("answer") == "yes" else Stage.REFUSED)
        return redirect(url_for("pairing.approval"), 303)

    return pages
