"""Writes people: profiles, claims of sessions, merging, deleting, and swapped sides."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from msgspec.structs import asdict
from sqlalchemy import ColumnElement, Connection, Table, case, delete, insert, or_, select, update

from station.core.events import Side
from station.profile import PROFILE_FIELDS, Profile
from station.store.names import unique_name
from station.store.reading.access import is_only_owner
from station.store.reading.loading import parse_json
from station.store.reading.people import contents_of
from station.store.reading.training import own_circumstances
from station.store.records import PersonContents
from station.store.schema import (
    access_log,
    answers,
    api_tokens,
    attempts,
    consents,
    corrections,
    devices,
    heel_lifts,
    holds,
    people,
    plans,
    rep_sets,
    repetitions,
    routines,
    runs,
    sessions,
    set_aside_answers,
    side_swaps,
    tests,
    trace_chunks,
    trials,
)
from station.store.writing.transactions import WriteTransactions, next_number

NAME_TAKEN = "There is already someone called {name}: add a letter to tell them apart."
ONLY_OWNER = "{name} has the owner's only browser: make another person the owner first."
TABLES_WITH_NAMES = (people, routines, devices, api_tokens)
"""The tables whose texts may contain a person's name."""
RESULT_PAIRS = ("{}_mm", "{}_uncertainty_mm", "{}_budget_json")
"""The columns of a test and of a correction that each side has."""
_OTHER = {str(Side.LEFT): str(Side.RIGHT), str(Side.RIGHT): str(Side.LEFT)}


class PeopleWriter(WriteTransactions):
    """Writes people. A method that raises `StoreError` (one sentence) has changed nothing.

    It raises `LookupError` for an id that does not exist.
    """

    def rename_person(self, person_id: str, name: str) -> None:
        """Raises `ValueError` with a sentence when the name is empty, too long or taken."""
        with self.write_transaction() as connection:
            everybody = connection.execute(select(people.c.id, people.c.name))
            name = unique_name(name, [row.name for row in everybody if row.id != person_id], NAME_TAKEN)
            self._update(connection, people, person_id, name=name)

    def save_profile(self, person_id: str, profile: Profile) -> None:
        """Replace a person's profile."""
        self._update_and_commit(people, person_id, **asdict(profile))

    def archive_person(self, person_id: str, *, is_archived: bool) -> None:
        """Remove a person from the lists to choose from, or put them back; their data stays unchanged."""
        self._update_and_commit(people, person_id, archived_at=self._clock.utc_now() if is_archived else None)

    def claim_session(self, session_id: str, person_id: str | None) -> None:
        """Assign a session to a person, or give it back to nobody (`None`); the reverse call undoes it.

        Answers given on the board stay with the session. Its tests take on the person's own circumstances, and lose
        those of the previous person.
        """
        with self.write_transaction() as connection:
            before = connection.execute(select(sessions.c.person_id).where(sessions.c.id == session_id)).first()
            if before is None:
                raise LookupError(f"There is no session {session_id} in {self.path}.")
            if before.person_id is not None and before.person_id != person_id:
                self._set_answers_aside(connection, session_id, before.person_id)
                for name, answer in own_circumstances(connection, before.person_id).items():
                    _replace_circumstance(connection, sessions.c.id == session_id, name, answer, None)
            self._update(connection, sessions, session_id, person_id=person_id)
            if person_id is not None:
                self._take_answers_back(connection, session_id, person_id)
                for name, answer in own_circumstances(connection, person_id).items():
                    _replace_circumstance(connection, sessions.c.id == session_id, name, None, answer)

    def _set_answers_aside(self, connection: Connection, session_id: str, person_id: str) -> None:
        """Move this person's answers about the session from the person to the session: pain while it ran, and whether
        one of its exercises was felt, up to their next session."""
        session = connection.execute(select(sessions).where(sessions.c.id == session_id)).one()
        later = select(sessions.c.started_at).where(
            sessions.c.person_id == person_id, sessions.c.started_at > session.started_at
        )
        next_at = connection.execute(later.order_by(sessions.c.started_at).limit(1)).scalar_one_or_none()
        done = select(holds.c.exercise).select_from(runs.join(holds)).where(runs.c.session_id == session_id)
        is_felt = (answers.c.question == "felt") & answers.c.about.in_(done)
        is_pain = answers.c.question == "pain"
        if next_at is not None:
            is_felt &= answers.c.answered_at < next_at
        if session.ended_at is not None or next_at is not None:
            is_pain &= answers.c.answered_at <= (session.ended_at or next_at)
        about_it = (
            answers.c.person_id == person_id,
            answers.c.answered_at >= session.started_at,
            or_(is_felt, is_pain),
        )
        for row in connection.execute(select(answers).where(*about_it)).all():
            values = {name: value for name, value in row._mapping.items() if name != "person_id"}
            connection.execute(insert(set_aside_answers).values(session_id=session_id, **values))
            connection.execute(delete(answers).where(answers.c.id == row.id))

    def _take_answers_back(self, connection: Connection, session_id: str, person_id: str) -> None:
        kept = set_aside_answers.c.session_id == session_id
        for row in connection.execute(select(set_aside_answers).where(kept)).all():
            values = {name: value for name, value in row._mapping.items() if name != "session_id"}
            connection.execute(insert(answers).values(person_id=person_id, **values))
        connection.execute(delete(set_aside_answers).where(kept))

    def merge_people(self, person_id: str, into_id: str) -> PersonContents:
        """Move all data of one person to another, who is the same human being, and delete the first.

        Of things that a person has only once (plan, PIN, an entry of the profile), those of `into_id` stay. Returns
        what the first one had. Raises `ValueError` with a sentence if both are the same person.
        """
        if person_id == into_id:
            raise ValueError("These are the same person: choose two.")
        with self.write_transaction() as connection:
            gone, kept = self._person_row(connection, person_id), self._person_row(connection, into_id)
            moved = contents_of(connection, person_id)
            for table in (sessions, answers, devices, access_log):
                connection.execute(update(table).where(table.c.person_id == person_id).values(person_id=into_id))
            self._merge_routines(connection, person_id, into_id)
            has_plan = connection.execute(select(plans.c.person_id).where(plans.c.person_id == into_id)).first()
            if has_plan is None:
                connection.execute(update(plans).where(plans.c.person_id == person_id).values(person_id=into_id))
            connection.execute(delete(plans).where(plans.c.person_id == person_id))
            _merge_consents(connection, person_id, into_id)
            filled = _filled_entries(gone, kept)
            if filled:
                self._update(connection, people, into_id, **filled)
            connection.execute(delete(people).where(people.c.id == person_id))
            self._rewrite(connection, *TABLES_WITH_NAMES)
        self.empty_log()
        return moved

    def _merge_routines(self, connection: Connection, person_id: str, into_id: str) -> None:
        """Move routines; one whose name is taken gets a number."""
        query = select(routines.c.id, routines.c.name, routines.c.person_id)
        rows = connection.execute(query.where(routines.c.person_id.in_((person_id, into_id)))).all()
        taken = {row.name.casefold() for row in rows if row.person_id == into_id}
        for row in rows:
            if row.person_id == person_id:
                name = next(name for name in _numbered(row.name) if name.casefold() not in taken)
                taken.add(name.casefold())
                self._update(connection, routines, row.id, person_id=into_id, name=name)

    def delete_person(self, person_id: str) -> PersonContents:
        """Delete a person and all their data, so that no trace remains in the file, and return how much it was.

        Raises `ValueError` with a sentence for the person with the owner's only browser.
        """
        with self.write_transaction() as connection:
            row = self._person_row(connection, person_id)
            _require_other_owner(connection, person_id, row.name)
            deleted = contents_of(connection, person_id)
            _delete_sessions(connection, sessions.c.person_id == person_id)
            own_devices = (devices.c.person_id == person_id, devices.c.is_shared.is_(False))
            own_ids = select(devices.c.id).where(*own_devices)
            in_log = access_log.c.device_id.in_(own_ids)
            connection.execute(delete(access_log).where(or_(in_log, access_log.c.person_id == person_id)))
            connection.execute(delete(api_tokens).where(api_tokens.c.device_id.in_(own_ids)))
            connection.execute(delete(devices).where(*own_devices))
            shared = devices.c.person_id == person_id
            connection.execute(update(devices).where(shared).values(person_id=None, person_until=None))
            both = or_(consents.c.person_id == person_id, consents.c.viewer_id == person_id)
            connection.execute(delete(consents).where(both))
            for table in (answers, routines, plans):
                connection.execute(delete(table).where(table.c.person_id == person_id))
            connection.execute(delete(people).where(people.c.id == person_id))
            self._rewrite(connection, *TABLES_WITH_NAMES)
        self.empty_log()
        return deleted

    def swap_sides(self, session_id: str, test_id: str | None = None) -> None:
        """Exchange left and right in a whole session, or in one of its tests; a second call undoes it.

        Results, trials, attempts, holds, repetitions and the unfinished routine are exchanged. The traces stay as
        recorded; a replay says so. Raises `ValueError` with a sentence for a test of another session.
        """
        with self.write_transaction() as connection:
            in_session = runs.c.session_id == session_id
            if connection.execute(select(sessions.c.id).where(sessions.c.id == session_id)).first() is None:
                raise LookupError(f"There is no session {session_id} in {self.path}.")
            run_ids = select(runs.c.id).where(in_session)
            test_ids = select(tests.c.id).where(tests.c.run_id.in_(run_ids))
            if test_id is not None:
                test_ids = test_ids.where(tests.c.id == test_id)
                if connection.execute(test_ids).first() is None:
                    raise ValueError("This test belongs to another session: open its own.")
            _swap_results(connection, tests, tests.c.id.in_(test_ids))
            _swap_results(connection, corrections, corrections.c.test_id.in_(test_ids))
            for table in (trials, attempts):
                _swap_side_column(connection, table, table.c.test_id.in_(test_ids))
            if test_id is None:
                for table in (holds, rep_sets):
                    _swap_side_column(connection, table, table.c.run_id.in_(run_ids))
                _swap_remaining(connection, in_session)
            values = {"number": next_number(connection, side_swaps), "created_at": self._clock.utc_now()}
            self._insert(connection, side_swaps, session_id=session_id, test_id=test_id, **values)

    def _person_row(self, connection: Connection, person_id: str) -> Any:
        row = connection.execute(select(people).where(people.c.id == person_id)).one_or_none()
        if row is None:
            raise LookupError(f"There is no person {person_id} in {self.path}.")
        return row


def _replace_circumstance(
    connection: Connection, is_included: ColumnElement[bool], name: str, before: object, value: object
) -> None:
    """Set a circumstance from `before` to `value` in the tests of the included sessions, except imported ones."""
    run_ids = select(runs.c.id).select_from(sessions.join(runs)).where(is_included)
    matching = (tests.c.run_id.in_(run_ids), tests.c[name].is_(before), tests.c.imported.is_(False))
    connection.execute(update(tests).where(*matching).values({name: value}))


def _numbered(name: str) -> Iterable[str]:
    """The name, then the name with 2, 3 and so on."""
    yield name
    yield from (f"{name[:55]} {number}" for number in range(2, 10_000))


def _merge_consents(connection: Connection, person_id: str, into_id: str) -> None:
    """Move the consents that one person gave and received; if the other one has the same consent, that one stays."""
    both = or_(consents.c.person_id == person_id, consents.c.viewer_id == person_id)
    moving = connection.execute(select(consents).where(both)).all()
    connection.execute(delete(consents).where(both))
    for row in moving:
        viewer_id, of_id = (into_id if one == person_id else one for one in (row.viewer_id, row.person_id))
        same = (consents.c.viewer_id == viewer_id, consents.c.person_id == of_id)
        if viewer_id != of_id and connection.execute(select(consents.c.viewer_id).where(*same)).first() is None:
            connection.execute(insert(consents).values({**row._mapping, "viewer_id": viewer_id, "person_id": of_id}))


def _filled_entries(gone: Any, kept: Any) -> dict[str, Any]:
    """The entries of the deleted person's row that fill gaps in the other's, without those that mean nothing there."""
    names = ("pin_hash", *PROFILE_FIELDS)
    filled = {name: getattr(gone, name) for name in names if getattr(kept, name) is None}
    if kept.quiet_from is not None:
        filled.pop("quiet_to", None)
    if kept.hurt_side is not None and kept.hurt_side != gone.hurt_side:
        filled.pop("hurt_since", None)
    return {name: value for name, value in filled.items() if value is not None}


def _require_other_owner(connection: Connection, person_id: str, name: str) -> None:
    if is_only_owner(connection, person_id):
        raise ValueError(ONLY_OWNER.format(name=name))


def _delete_sessions(connection: Connection, is_included: ColumnElement[bool]) -> None:
    """Delete sessions with all their contents, referring rows first."""
    session_ids = select(sessions.c.id).where(is_included)
    run_ids = select(runs.c.id).where(runs.c.session_id.in_(session_ids))
    test_ids = select(tests.c.id).where(tests.c.run_id.in_(run_ids))
    hold_ids = select(holds.c.id).where(holds.c.run_id.in_(run_ids))
    rep_set_ids = select(rep_sets.c.id).where(rep_sets.c.run_id.in_(run_ids))
    for table, column, ids in (
        (side_swaps, side_swaps.c.session_id, session_ids),
        (set_aside_answers, set_aside_answers.c.session_id, session_ids),
        (corrections, corrections.c.test_id, test_ids),
        (attempts, attempts.c.test_id, test_ids),
        (trials, trials.c.test_id, test_ids),
        (heel_lifts, heel_lifts.c.hold_id, hold_ids),
        (repetitions, repetitions.c.rep_set_id, rep_set_ids),
        *((table, table.c.run_id, run_ids) for table in (tests, holds, rep_sets, trace_chunks)),
        (runs, runs.c.session_id, session_ids),
        (sessions, sessions.c.id, session_ids),
    ):
        connection.execute(delete(table).where(column.in_(ids)))


def _swap_results(connection: Connection, table: Table, is_included: ColumnElement[bool]) -> None:
    exchanged: dict[str, Any] = {}
    for pattern in RESULT_PAIRS:
        left, right = (pattern.format(side) for side in Side)
        exchanged |= {left: table.c[right], right: table.c[left]}
    connection.execute(update(table).where(is_included).values(exchanged))


def _swap_side_column(connection: Connection, table: Table, is_included: ColumnElement[bool]) -> None:
    other = case(_OTHER, value=table.c.side, else_=table.c.side)
    connection.execute(update(table).where(is_included).values(side=other))


def _swap_remaining(connection: Connection, is_included: ColumnElement[bool]) -> None:
    """Exchange the sides in unfinished routines."""
    rows = connection.execute(
        select(runs.c.id, runs.c.remaining_json).where(is_included, runs.c.remaining_json.is_not(None))
    ).all()
    for row in rows:
        text = json.dumps(_with_sides_swapped(parse_json(row.remaining_json)), sort_keys=True)
        connection.execute(update(runs).where(runs.c.id == row.id).values(remaining_json=text))


def _with_sides_swapped(value: Any) -> Any:
    """The JSON value with left and right exchanged wherever they are a value or a key."""
    if isinstance(value, dict):
        return {_swapped_name(key): _with_sides_swapped(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_with_sides_swapped(one) for one in value]
    return _OTHER.get(value, value) if isinstance(value, str) else value


def _swapped_name(name: str) -> str:
    """`left` becomes `right`, `beat_left_mm` `beat_right_mm`."""
    return "_".join(_OTHER.get(part, part) for part in name.split("_"))
