"""The API's operations: one function each, whose annotations say what it takes and returns.

The routes, the input validation and the OpenAPI document all follow from `OPERATIONS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, TypeVar, get_type_hints

from msgspec import Struct
from werkzeug.exceptions import ServiceUnavailable

from station.app.starting.start_gate import OWN
from station.store import records as stored
from station.store.reading.pages import CursorError
from web.api import answers, board_records, inputs, records
from web.api.caller import Caller
from web.api.problems import ApiError, ProblemCode
from web.context import NOBODY, Site, startable_routines, wait_until_saved
from web.live.commands import send_command
from web.live.phase_styles import is_active
from web.live.seen import snapshot_for
from web.pages.calibration import MAX_CHECKS, calibration_sentence
from web.pages.status import station_status

NO_SUCH_PERSON = "There is no such person among those whose results this token may read."

Stored = TypeVar("Stored")
Shown = TypeVar("Shown")


class Access(StrEnum):
    """Who may use an operation: everybody, or a token with this kind of scope."""

    EVERYBODY = "everybody"
    READ = "read"
    CONTROL = "control"


class Operation(Struct, frozen=True):
    """One address with its method. `query` and `body` are records of `web.api.inputs`; `problems` are those besides the
    ones that every operation of its kind may answer with.
    """

    name: str
    method: str
    path: str
    access: Access
    handle: Callable[..., Any]
    query: type[inputs.Input] | None
    body: type[inputs.Input] | None
    answer: type[records.Record]
    status: int
    problems: tuple[ProblemCode, ...]
    is_live: bool

    @property
    def summary(self) -> str:
        """What it does: the first line of its docstring."""
        return self.text.partition("\n\n")[0]

    @property
    def text(self) -> str:
        """What it does."""
        lines = (self.handle.__doc__ or "").strip().splitlines()
        return "\n".join(line.strip() for line in lines)


_operations: list[Operation] = []


def _operation(
    method: str,
    path: str,
    access: Access,
    *problems: ProblemCode,
    status: int = 200,
    is_live: bool = False,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def register(handle: Callable[..., Any]) -> Callable[..., Any]:
        hints = get_type_hints(handle)
        found = Operation(
            name=handle.__name__,
            method=method,
            path=path,
            access=access,
            handle=handle,
            query=hints.get("query"),
            body=hints.get("body"),
            answer=hints["return"],
            status=status,
            problems=problems,
            is_live=is_live,
        )
        _operations.append(found)
        return handle

    return register


@_operation("GET", "/status", Access.EVERYBODY, is_live=True)
def status(site: Site, caller: Caller) -> board_records.Status:
    """How the station is; each part only for a paired browser or a token."""
    return station_status(site)


@_operation("GET", "/state", Access.EVERYBODY, is_live=True)
def state(site: Site, caller: Caller, query: inputs.StateQuery) -> board_records.LiveState:
    """What is happening on the board now, as on the live page; the person only for those who may see their results."""
    now = snapshot_for(caller.reader, site.api.snapshot())
    live_person = answers.live_person_answer(now) if caller.reader.is_paired else None
    return answers.state_answer(now, query.units, live_person)


@_operation("GET", "/sounds", Access.EVERYBODY)
def sounds(site: Site, caller: Caller) -> board_records.Sounds:
    """What each cue sounds like and means."""
    return answers.sounds_answer()


@_operation("GET", "/people", Access.READ, ProblemCode.INVALID_CURSOR)
def people(site: Site, caller: Caller, query: inputs.PageQuery) -> records.People:
    """The people whose results this token may read, by name."""
    known = [one for one in site.store.people() if one.id in caller.person_ids]
    first = 0
    if query.cursor is not None:
        first = next((number for number, one in enumerate(known, 1) if one.id == query.cursor), 0)
        if not first:
            raise ApiError(ProblemCode.INVALID_CURSOR)
    shown = known[first : first + query.limit]
    return records.People(
        items=[answers.person_answer(one, caller.visitor.person_id) for one in shown],
        next_cursor=shown[-1].id if first + query.limit < len(known) else None,
    )


@_operation("GET", "/people/<person_id>", Access.READ)
def person(site: Site, caller: Caller, person_id: str) -> records.Person:
    """One person whose results this token may read."""
    found = next((one for one in site.store.people() if one.id == person_id and one.id in caller.person_ids), None)
    if found is None:
        raise ApiError(ProblemCode.NOT_FOUND)
    return answers.person_answer(found, caller.visitor.person_id)


@_operation("GET", "/sessions", Access.READ, ProblemCode.INVALID_CURSOR)
def sessions(site: Site, caller: Caller, query: inputs.PersonPageQuery) -> records.Sessions:
    """Sessions of one person, newest first."""
    items, cursor = _page(caller, query, site.store.sessions_page, _each(answers.session_answer))
    return records.Sessions(items=items, next_cursor=cursor)


@_operation("GET", "/sessions/<session_id>", Access.READ)
def session(site: Site, caller: Caller, session_id: str) -> records.SessionDetail:
    """One session with its tests, holds and sets of repetitions."""
    detail = site.store.session(session_id)
    if detail is None or not caller.sees(detail.session.person_id, detail.session.started_at):
        raise ApiError(ProblemCode.NOT_FOUND)
    return answers.session_detail_answer(site.store, detail)


@_operation("GET", "/tests", Access.READ, ProblemCode.INVALID_CURSOR)
def tests(site: Site, caller: Caller, query: inputs.PersonPageQuery) -> records.Tests:
    """Tests of one person with their results, newest first; each result with the parts of its uncertainty."""

    def shown(found: Sequence[stored.Test]) -> list[records.Test]:
        return answers.test_answers(site.store, found)

    items, cursor = _page(caller, query, site.store.tests_page, shown)
    return records.Tests(items=items, next_cursor=cursor)


@_operation("GET", "/tests/<test_id>", Access.READ)
def test(site: Site, caller: Caller, test_id: str) -> records.TestDetail:
    """One test with its trials and attempts."""
    found = site.store.test(test_id)
    if found is None or not caller.sees(found.person_id, found.started_at):
        raise ApiError(ProblemCode.NOT_FOUND)
    return answers.test_detail_answer(site.store, found)


@_operation("GET", "/holds", Access.READ, ProblemCode.INVALID_CURSOR)
def holds(site: Site, caller: Caller, query: inputs.PersonPageQuery) -> records.Holds:
    """Holds of one person, newest first."""
    items, cursor = _page(caller, query, site.store.holds_page, _each(answers.hold_answer))
    return records.Holds(items=items, next_cursor=cursor)


@_operation("GET", "/rep-sets", Access.READ, ProblemCode.INVALID_CURSOR)
def rep_sets(site: Site, caller: Caller, query: inputs.PersonPageQuery) -> records.RepSets:
    """Sets of repetitions of one person, newest first."""
    items, cursor = _page(caller, query, site.store.rep_sets_page, _each(answers.rep_set_answer))
    return records.RepSets(items=items, next_cursor=cursor)


@_operation("GET", "/progress", Access.READ, is_live=True)
def progress(site: Site, caller: Caller, query: inputs.ProgressQuery) -> records.Progress:
    """Whether a change is real: the sentence and the figures of the Progress page."""
    person_id = _requested_person_id(caller, query.person_id)
    settings = site.settings_of(person_id)
    units = query.units or settings.units
    return answers.progress_answer(site.store, person_id, settings.goals, units, datetime.now(UTC))


@_operation("GET", "/calibrations", Access.READ)
def calibrations(site: Site, caller: Caller) -> records.Calibrations:
    """How readings become distances: all calibrations of the board and their checks."""
    every, checks = site.store.calibrations(), site.store.checks(limit=MAX_CHECKS)
    return records.Calibrations(
        sentence=calibration_sentence(
            every[0], checks, site.store.failed_check(), site.api.snapshot().check_due, datetime.now(UTC)
        ),
        items=[answers.calibration_answer(one, is_current=one is every[0]) for one in every],
        checks=[answers.check_answer(one) for one in checks],
    )


@_operation("GET", "/routines", Access.CONTROL)
def routines(site: Site, caller: Caller) -> records.Routines:
    """What can be started: the station's routines and those of the token's person."""
    own = {f"{OWN}{one.id}": one.name for one in site.store.own_routines(caller.visitor.person_id)}
    titles = startable_routines() | own
    return records.Routines(items=[records.Routine(name=name, title=title) for name, title in titles.items()])


@_operation(
    "POST",
    "/start",
    Access.CONTROL,
    ProblemCode.NOT_FOUND,
    ProblemCode.SESSION_RUNNING,
    ProblemCode.NOT_STARTED,
)
def start(site: Site, caller: Caller, body: inputs.Start) -> records.StartedRoutine:
    """Start a routine if the start gate allows it; the gate may leave out exercises or start nothing, and says why."""
    if body.person_id is None:
        person_id, is_chosen = caller.visitor.person_id, caller.visitor.person_id is not None
    else:
        person_id, is_chosen = (None if body.person_id == NOBODY else body.person_id), True
        if person_id is not None and person_id not in caller.visitor.person_ids:
            raise ApiError(ProblemCode.NOT_FOUND, NO_SUCH_PERSON)
    if is_active(site.api.snapshot()) and not body.may_interrupt:
        raise ApiError(ProblemCode.SESSION_RUNNING)
    try:
        decision = _saved(site.api.request_start(body.routine, person_id, is_chosen=is_chosen))
    except ValueError:
        raise ApiError(ProblemCode.NOT_FOUND, "There is no such routine: GET /routines has all names.") from None
    if not decision.routine:
        raise ApiError(ProblemCode.NOT_STARTED, decision.note)
    return records.StartedRoutine(title=decision.title, is_changed=decision.is_changed, note=decision.note)


@_operation("POST", "/command", Access.CONTROL, ProblemCode.INVALID_BODY, status=202)
def command(site: Site, caller: Caller, body: inputs.Command) -> records.Accepted:
    """Pause, resume, skip, stop or answer the activity on the board."""
    try:
        send_command(site.api, body.command, body.side, body.answer)
    except ValueError as error:
        raise ApiError(ProblemCode.INVALID_BODY, str(error)) from None
    return records.Accepted(is_accepted=True)


OPERATIONS = tuple(_operations)
"""All operations, in the order of the document."""


def _each(shown: Callable[[Stored], Shown]) -> Callable[[Sequence[Stored]], list[Shown]]:
    return lambda found: [shown(one) for one in found]


def _page(
    caller: Caller,
    query: inputs.PersonPageQuery,
    read: Callable[[str | None, int, str | None], tuple[Any, ...]],
    shown: Callable[[Sequence[Any]], list[Shown]],
) -> tuple[list[Shown], str | None]:
    """One page of a person's list, and the cursor of the next page: the id of its last entry."""
    person_id = _requested_person_id(caller, query.person_id)
    try:
        found = read(person_id, query.limit + 1, query.cursor)
    except CursorError:
        raise ApiError(ProblemCode.INVALID_CURSOR) from None
    page = found[: query.limit]
    visible = [one for one in page if caller.sees(person_id, one.started_at)]
    return shown(visible), page[-1].id if len(found) > query.limit else None


def _requested_person_id(caller: Caller, asked: str | None) -> str | None:
    """Whose results are requested; `None` for nobody's. Raises `ApiError` if the caller may not see them."""
    if asked == NOBODY:
        if not caller.sees_unclaimed:
            raise ApiError(ProblemCode.NOT_FOUND, "This token may not see sessions of nobody: give person_id.")
        return None
    if asked is None and caller.visitor.person_id is None:
        raise ApiError(ProblemCode.NOT_FOUND, "This token has no person of its own: give person_id.")
    person_id = asked if asked is not None else caller.visitor.person_id
    if person_id not in caller.person_ids:
        raise ApiError(ProblemCode.NOT_FOUND, NO_SUCH_PERSON)
    return person_id


def _saved(future: Future[Stored]) -> Stored:
    """The result of a store request. Raises ValueError if the station refuses it, `ApiError` if it cannot store it."""
    try:
        return wait_until_saved(future)
    except ServiceUnavailable as error:
        raise ApiError(ProblemCode.UNAVAILABLE, error.description) from None
