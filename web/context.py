"""The context of every page: the station's API, the store, and the person looking."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from flask import Response, abort, g, redirect, request, url_for
from msgspec import Struct, field
from werkzeug.wrappers import Response as AnyResponse

from station.advice.records import Situation
from station.app.access.api_tokens import TokenAccess, access_with
from station.app.access.roles import ACCESS_COOKIE, NOBODY_YET, Role, Visitor, visitor_with
from station.app.api import BoardAwayError, StationApi
from station.app.snapshot import Snapshot
from station.app.starting.situation import plan_for, situation_of
from station.app.starting.start_gate import OWN, TODAY, UNFINISHED, StartGate
from station.catalogue.read import built_in_routines
from station.profile import PersonSettings
from station.store import Reader, StoreError
from station.store.records import Person, SessionDetail, SessionSummary, Test, UnfinishedRun
from web.live.phase_styles import is_active
from web.live.seen import snapshot_for
from web.served import Served, set_cookie

API = "api"
"""The blueprint of the API."""
PERSON_COOKIE = "person"
NOBODY = "nobody"
DECLINED_COOKIE = "declined_session"
"""The newest unclaimed session that was declined in this browser."""
CLAIM_WINDOW = timedelta(hours=24)
"""How long the pages ask whose an unclaimed session was; later it can still be claimed on its own page."""
FEW_PEOPLE = 8
"""A phone has room for this many buttons; with more people there is a search."""
YEAR_S = 365 * 24 * 3600

SAVE_TIMEOUT_S = 5.0
"""How long a page waits for a write; the loop needs milliseconds unless the disk is failing."""
NO_SUCH_PERSON = "There is no such person on this station. Choose one from the list."
BUSY = "The station was too busy to save this. Try again in a moment; if that does not help, check the Status page."
STAY_HEADER = "X-Stay-On-Page"
"""Request header of the live page's script: it sends a form and stays on the page."""
REDIRECT_HEADER = "X-Redirect-To"
"""Response header with the page that the script must open instead of staying."""
Saved = TypeVar("Saved")

OWN_NAMES = {TODAY: "Today\u2019s session", UNFINISHED: "The unfinished routine"}
"""Titles of starts that are neither a ready-made routine nor one's own."""


@cache
def startable_routines() -> dict[str, str]:
    """What the buttons start, by name, in this order: today's session first."""
    return {
        TODAY: OWN_NAMES[TODAY],
        **{key: ready.name for key, ready in built_in_routines().items()},
        "test": "Quick test",
        "full_test": "Full test",
        "stretch": "Stretch",
    }


def wait_until_saved(future: Future[Saved], timeout_s: float = SAVE_TIMEOUT_S) -> Saved:
    """Wait until the station has stored something and return its result.

    Raises ValueError with a sentence for people if the station refuses it, and BoardAwayError. Aborts with 503 and a
    sentence on a disk error or if the station does not answer.
    """
    try:
        return future.result(timeout_s)
    except BoardAwayError:
        raise
    except StoreError as error:
        abort(503, str(error))
    except TooLate:
        abort(503, BUSY)


def back_to_live(html: str = "", **query: Any) -> AnyResponse:
    """Return to the live page after a button; its script gets `html` as a fragment instead.

    `query` goes into the page's address, so that the page shows the same without scripts; a wall display stays one.
    """
    if "kiosk" in request.args:
        query["kiosk"] = ""
    if STAY_HEADER not in request.headers:
        return redirect(url_for("live.live", **query), 303)
    return Response(html, mimetype="text/html") if html else Response(status=204)


def redirect_to(address: str) -> AnyResponse:
    """Go to another page after a button, also from the live page's script."""
    if STAY_HEADER not in request.headers:
        return redirect(address, 303)
    return Response(status=204, headers={REDIRECT_HEADER: address})


def return_address(session_id: str, anchor: str, **query: str) -> str:
    """The page that a form about a session came from: Today, or the session's at this anchor."""
    if request.form.get("return_to") == "today":
        return url_for("today.today")
    return url_for("history.session", session_id=session_id, _anchor=anchor, _external=False, **query)


def remember_person(response: AnyResponse, person_id: str | None) -> AnyResponse:
    """Remember in this browser whose results to show; `None` for no one."""
    set_cookie(response, PERSON_COOKIE, person_id or NOBODY, max_age_s=YEAR_S)
    return response


def has_token() -> bool:
    """Whether this request carries an API token, valid or not; only the API's addresses accept one."""
    return request.blueprint == API and "Authorization" in request.headers


class Site(Struct, frozen=True):
    """The station that the pages show."""

    api: StationApi
    store: Reader
    blocks_mm: tuple[float, ...]
    analogue: bool
    """Whether the heels have force sensors, which also register a heel that carries only the shin."""
    served: Served = field(default_factory=Served)
    """Where the page is served."""
    stick: Path | None = None
    """Where a USB stick with backups is mounted when it is plugged in."""

    def gate(self, person_id: str | None) -> StartGate:
        """The start gate for this person now, read-only; only the station's loop starts anything."""
        return StartGate(
            self.store,
            self.store.settings(),
            person_id,
            datetime.now(UTC),
            analogue=self.analogue,
            blocks_mm=self.blocks_mm,
        )

    def situation(self, person: Person) -> Situation:
        """Everything that decides what this person may and should do now."""
        return situation_of(self.store, person.id, plan_for(self.store, person.id), datetime.now(UTC))

    def settings(self) -> PersonSettings:
        """The settings of this browser's person, or those for nobody known."""
        person = self.person()
        return self.settings_of(None if person is None else person.id)

    def settings_of(self, person_id: str | None) -> PersonSettings:
        """The settings of this person, or those for nobody known (`None`)."""
        return self.store.settings_of(person_id)

    def routine_title(self, name: str, person_id: str | None) -> str:
        """The routine's title. Aborts with 400 if there is no such routine."""
        if name in OWN_NAMES:
            return OWN_NAMES[name]
        try:
            return self.gate(person_id).title(name)
        except ValueError as error:
            abort(400, str(error))

    @staticmethod
    def is_nobody_chosen() -> bool:
        """Whether "no one yet" was chosen in this browser, rather than nothing."""
        return request.cookies.get(PERSON_COOKIE) == NOBODY

    def unclaimed_session(self) -> SessionSummary | None:
        """The session to ask about: the newest unclaimed one with results, unless it runs or was declined here."""
        since = self.visitor().seen.nobody_since
        if since is None or not self.visitor().is_at_least(Role.MEMBER):
            return None
        found = self.store.unclaimed_sessions(max(since, datetime.now(UTC) - CLAIM_WINDOW))
        now = self.api.snapshot()
        running = now.session_id if is_active(now) else None
        newest = next((one for one in found if one.session.id != running), None)
        is_declined = newest is not None and request.cookies.get(DECLINED_COOKIE) == newest.session.id
        return None if is_declined else newest

    def token_access(self) -> TokenAccess | None:
        """The live token of this API request; read once a request."""
        if "token_access" not in g:
            kind, _, token = request.headers.get("Authorization", "").partition(" ")
            is_token = kind.lower() == "bearer" and has_token()
            g.token_access = access_with(self.store, token.strip(), datetime.now(UTC)) if is_token else None
        found: TokenAccess | None = g.token_access
        return found

    def visitor(self) -> Visitor:
        """Who sent this request: whose browser or, in the API, whose token it is; read once a request."""
        if "access" not in g and has_token():
            of_program = self.token_access()
            g.access = NOBODY_YET if of_program is None else of_program.visitor
        if "access" not in g:
            token = g.get("token") or request.cookies.get(ACCESS_COOKIE)
            g.access = visitor_with(self.store, token, datetime.now(UTC))
        found: Visitor = g.access
        return found

    @staticmethod
    def forget_visitor() -> None:
        """Read the visitor again on the next call: this request has changed who it is, or whose results it may see."""
        g.pop("access", None)
        g.pop("person", None)
        g.pop("everybody", None)

    @classmethod
    def use_token(cls, token: str) -> None:
        """Treat this request as carrying the token that it has just been given."""
        g.token = token
        cls.forget_visitor()

    @property
    def device_id(self) -> str | None:
        """The device that sent this request."""
        device = self.visitor().device
        return None if device is None else device.id

    def snapshot(self) -> Snapshot:
        """The newest snapshot, without what this visitor may not see."""
        return snapshot_for(self.visitor(), self.api.snapshot())

    def people(self) -> tuple[Person, ...]:
        """The people to choose from: those whose results this visitor may see, by name, without the archived."""
        return tuple(one for one in self.everybody() if not one.is_archived)

    def everybody(self) -> tuple[Person, ...]:
        """The people whose results this visitor may see, including the archived; read once a request."""
        if "everybody" not in g:
            seen = self.visitor().person_ids
            g.everybody = tuple(one for one in self.store.people() if one.id in seen) if seen else ()
        found: tuple[Person, ...] = g.everybody
        return found

    def write_waiting(self) -> None:
        """Have the running session stored as far as it is; if the station cannot, show what it has stored."""
        if is_active(self.api.snapshot()):
            with suppress(StoreError, TooLate):
                self.api.write_waiting().result(SAVE_TIMEOUT_S)

    def session(self, session_id: str) -> SessionDetail:
        """A session that this visitor may see. Aborts with 404 otherwise, as if it did not exist."""
        if session_id == self.snapshot().session_id:
            self.write_waiting()
        found = self.store.session(session_id)
        if found is None or not self.visitor().sees(found.session.person_id, found.session.started_at):
            abort(404)
        return found

    def test(self, test_id: str) -> Test:
        """A test that this visitor may see. Aborts with 404 otherwise, as if it did not exist."""
        found = self.store.test(test_id)
        if found is None or not self.visitor().sees(found.person_id, found.started_at):
            abort(404)
        return found

    def require_run(self, run_id: str) -> None:
        """Abort with 404 for a run that does not exist, or that this visitor may not see."""
        found = self.store.session_of_run(run_id)
        if found is None or not self.visitor().sees(found.person_id, found.started_at):
            abort(404)
        if found.id == self.snapshot().session_id:
            self.write_waiting()

    def unfinished_run(self, person_id: str | None) -> UnfinishedRun | None:
        """The unfinished routine of a person, or of nobody, if this visitor may see it."""
        found = self.store.unfinished_run(person_id)
        return found if found is not None and self.visitor().sees(person_id, found.saved_at) else None

    def require_own_routine(self, name: str) -> None:
        """Abort with 404 if this names the own routine of a person whom this visitor may not see."""
        found = self.store.own_routine(name.removeprefix(OWN)) if name.startswith(OWN) else None
        if found is not None and found.person_id is not None and not self.visitor().sees(found.person_id):
            abort(404)

    def person(self) -> Person | None:
        """The person chosen in this browser, else its owner; read once a request."""
        if "person" not in g:
            g.person = self._read_person()
        found: Person | None = g.person
        return found

    def _read_person(self) -> Person | None:
        if self.is_nobody_chosen():
            return None
        people = self.people()
        chosen = request.cookies.get(PERSON_COOKIE)
        for person in people:
            if person.id == chosen:
                return person
        return next((one for one in self.everybody() if one.id == self.visitor().person_id), None)
