"""What every page of the station has in hand: the panel, the store, and who is looking."""

from __future__ import annotations

from concurrent.futures import Future
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from flask import Response, abort, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from station.advice.records import Situation
from station.app.api import StationApi
from station.app.situation import situation_of
from station.app.start_gate import TODAY, UNFINISHED, StartGate
from station.catalogue.read import ready_routines
from station.store import Reader, StoreError
from station.store.records import Person

PERSON_COOKIE = "person"
NOBODY = "nobody"
YEAR_S = 365 * 24 * 3600

SAVE_TIMEOUT_S = 5.0
"""So long a page waits for what it wants kept; the loop does it within milliseconds, or the disk is in trouble."""
BUSY = "The station was too busy to keep this. Try it again in a moment; if that does not help, look at Health."
STAY_HEADER = "X-Stays"
"""The header by which the live page's script says that it sends a form and does not want to leave the page."""
REDIRECT_HEADER = "X-Goes"
"""The header that tells it where it has to go all the same."""
NAV = (
    ("today.today", "Today"),
    ("live.live", "Live"),
    ("progress.progress", "Progress"),
    ("history.history", "History"),
    ("exercises.exercises", "Exercises"),
    ("routines.routines", "Routines"),
    ("plan.plan", "Plan"),
    ("sounds.sounds", "Sounds"),
    ("help.help", "Help"),
    ("settings.settings", "Settings"),
)
"""The pages at the head of every page, in this order."""
FOOTER = (("health.status", "Health"), ("calibration.calibration", "Calibration"), ("about.about", "About"))
"""Those at its foot: for whoever set it up."""

Saved = TypeVar("Saved")

ROUTINES = {
    "today": "What is due today",
    **{key: ready.name for key, ready in ready_routines().items()},
    "test": "Quick test",
    "full_test": "Full test",
    "stretch": "Stretch",
}
"""What the buttons begin, in this order: today's work first."""
OWN_NAMES = {TODAY: ROUTINES["today"], UNFINISHED: "The rest of the routine"}
"""What begins by a name of its own, as people call it."""


def wait_until_saved(future: Future[Saved]) -> Saved:
    """Wait until the station has kept something, and give what came of it.

    Raises ValueError with a sentence for what cannot be; a disk that refuses, or a station that does not answer, is an
    error page with its sentence.
    """
    try:
        return future.result(SAVE_TIMEOUT_S)
    except StoreError as error:
        abort(503, str(error))
    except TooLate:
        abort(503, BUSY)


def back_to_live(html: str = "", **query: Any) -> AnyResponse:
    """The way back after a button of the live page: to the page, or, for its script, `said` as a piece of HTML.

    `how` goes into the page's address, from which it says the same without scripts.
    """
    if STAY_HEADER not in request.headers:
        return redirect(url_for("live.live", **query), 303)
    return Response(html, mimetype="text/html") if html else Response(status=204)


def redirect_to(address: str) -> AnyResponse:
    """The way to another page after a button, also for the live page's script."""
    if STAY_HEADER not in request.headers:
        return redirect(address, 303)
    return Response(status=204, headers={REDIRECT_HEADER: address})


def remember_person(response: AnyResponse, person_id: str | None) -> AnyResponse:
    """Let this browser show this person's results from now on, or nobody's."""
    response.set_cookie(PERSON_COOKIE, person_id or NOBODY, max_age=YEAR_S, httponly=True, samesite="Strict")
    return response


@dataclass(frozen=True, slots=True)
class Site:
    """The station behind the pages."""

    api: StationApi
    store: Reader
    blocks_mm: tuple[float, ...]
    analogue: bool
    """Whether the board has force sensors under the heels, which feel also a heel that carries the shin alone."""

    def gate(self, person_id: str | None) -> StartGate:
        """The start gate for this person now, to show what would begin; only the station's loop begins anything."""
        return StartGate(
            self.store,
            self.store.settings(),
            person_id,
            datetime.now(UTC),
            analogue=self.analogue,
            blocks_mm=self.blocks_mm,
        )

    def situation(self, person: Person) -> Situation:
        """All that bears on what this person is to do now."""
        return situation_of(self.store, person.id, datetime.now(UTC))

    def routine_title(self, name: str, person_id: str | None) -> str:
        """What people call the routine of this name. Aborts where there is none."""
        if name in OWN_NAMES:
            return OWN_NAMES[name]
        try:
            return self.gate(person_id).title(name)
        except ValueError as error:
            abort(400, str(error))

    def person(self) -> Person | None:
        """Who was chosen on this browser; the only person there is; else nobody yet."""
        people = self.store.people()
        chosen = request.cookies.get(PERSON_COOKIE)
        if chosen == NOBODY:
            return None
        for person in people:
            if person.id == chosen:
                return person
        return people[0] if len(people) == 1 else None
