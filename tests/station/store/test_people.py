"""People in the store: profiles, who a session belongs to, merging, deleting without a trace, exchanged sides."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from station.app.access.roles import Role
from station.core.events import Side
from station.core.replay import replay as replay_trace
from station.core.steps import routine_from_header
from station.core.trace import read_trace
from station.profile import NOTHING_SAID, Profile
from station.store import Store, StoreError
from station.store.backups.backup import (
    DAYS_KEPT,
    OTHERS_KEPT_DAYS,
    back_up,
    back_up_before_merging,
    backups_of,
    held_until,
    kept_days,
)
from station.store.connect import sqlite_driver
from station.store.exchange.bundle import export_bundle, read_bundle
from station.store.reading.people import swapped_at
from station.store.records import PersonContents, SessionDetail
from station.store.schema import metadata
from tests.station.store.histories import HandClock, guided_routine, one_hold, one_test, weeks
from tests.station.test_profile import WHOLE

ODD_NAMES = (
    *(
        "x" * 60,
        "😀👩‍👩‍👧‍👦 Zoë",
        "شيماء عبد الله",
        "עדי",
        "<script>alert(1)</script>",
        "'; DROP TABLE people; --",
        "Ωμέγα ≈ ç√∫",
    ),
    *("{{ 7*7 }}", "=HYPERLINK(1)", "Robin & Sam", "null", "0"),
)


def contents_of_everybody(store: Store) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables."""
    with closing(sqlite_driver(store.path, True)) as connection:
        names = [table.name for table in metadata.sorted_tables]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in names}


def test_a_profile_is_kept_and_replaced(store: Store) -> None:
    """What is not said any more is gone; others keep theirs."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    store.save_profile(ann.id, WHOLE)
    assert store.people()[0].profile == WHOLE
    assert store.settings_of(ann.id).goals.left_mm == 90.0
    store.save_profile(ann.id, Profile(voice=False))
    assert [one.profile for one in store.people()] == [Profile(voice=False), NOTHING_SAID]
    assert store.person(bea.id) == replace(bea, profile=NOTHING_SAID)
    assert store.person("nobody") is None
    with pytest.raises(LookupError):
        store.save_profile("nobody", WHOLE)


@pytest.mark.parametrize("name", ODD_NAMES)
def test_odd_names_are_kept_as_they_are(store: Store, name: str) -> None:
    """Long, emoji, right to left, HTML, SQL: a name is text."""
    person = store.add_person("Ann")
    store.rename_person(person.id, name)
    assert [one.name for one in store.people()] == [name]


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(name=st.text(max_size=80))
def test_any_text_is_a_name_or_refused_in_a_sentence(store: Store, name: str) -> None:
    """Nothing that a person types breaks the store, and what is stored is what is read; a refusal changes nothing."""
    person = next((one for one in store.people() if one.name == "Ann"), None) or store.add_person("Ann")
    try:
        store.rename_person(person.id, name)
    except ValueError:
        assert store.person(person.id) == person
    else:
        found = store.person(person.id)
        assert found is not None
        assert found.name == " ".join(name.split())
        store.rename_person(person.id, "Ann")


def test_the_archive_keeps_everything(store: Store, clock: HandClock) -> None:
    """A person in the archive has all of theirs, and comes back."""
    weeks(store, clock, days=2)
    before = contents_of_everybody(store)
    person = store.people()[0]
    store.archive_person(person.id, is_archived=True)
    assert [one.is_archived for one in store.people()] == [True, False]
    store.archive_person(person.id, is_archived=False)
    assert contents_of_everybody(store) == before


# Whose a session was.


def session_of(store: Store, clock: HandClock, person_id: str | None) -> tuple[str, str]:
    """A session with a test and a hold, and the pain that was answered in it if somebody is known."""
    session_id = store.begin_session(person_id, clock.utc_now(), simulated=False)
    run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, clock.utc_now())
    test_id = one_test(store, run_id, 81.0, 92.5)
    store.begin_hold(run_id, side=Side.LEFT, repetition=1, target_us=1, started_us=0, exercise="1a")
    if person_id is not None:
        store.add_answer(person_id, "pain", 7, answered_at=clock.pass_by(minutes=1))
    store.end_session(session_id, clock.pass_by(minutes=5), "stepped off")
    if person_id is not None:
        store.add_answer(person_id, "felt", False, "1a", answered_at=clock.pass_by(minutes=1))
    return session_id, test_id


def test_claim_and_undo_leave_nothing_behind(store: Store, clock: HandClock) -> None:
    """A claimed session that is given back is as it was, circumstances too."""
    ann = store.add_person("Ann")
    store.answer_own_circumstance(ann.id, "back_foot", "flat")
    session_id, test_id = session_of(store, clock, None)
    before = contents_of_everybody(store)
    store.claim_session(session_id, ann.id)
    claimed = store.test(test_id)
    assert claimed is not None
    assert (claimed.person_id, claimed.circumstances.back_foot) == (ann.id, "flat")
    store.claim_session(session_id, None)
    assert contents_of_everybody(store) == before


def test_session_of_another_person_takes_its_answers_along(store: Store, clock: HandClock) -> None:
    """Pain of 7 stops whose it was, and not who was thought to be there; giving it back again undoes it."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    store.add_answer(ann.id, "pain", 1, answered_at=clock.utc_now())
    store.add_answer(ann.id, "felt", True, "1a", answered_at=clock.pass_by(days=1))
    clock.pass_by(days=1)
    session_id, _ = session_of(store, clock, ann.id)
    store.add_answer(ann.id, "pain", 2, answered_at=clock.pass_by(hours=1))
    before = contents_of_everybody(store)
    store.claim_session(session_id, None)
    assert [one.answer for one in store.answers(ann.id, "pain")] == [2, 1]
    assert [one.answer for one in store.answers(ann.id, "felt")] == [True]
    store.claim_session(session_id, bea.id)
    assert [one.answer for one in store.answers(bea.id)] == [False, 7]
    store.claim_session(session_id, ann.id)
    assert contents_of_everybody(store) == before


def test_a_later_session_keeps_its_own_answers(store: Store, clock: HandClock) -> None:
    """What was felt after the person's next session belongs to that one."""
    ann = store.add_person("Ann")
    first, _ = session_of(store, clock, ann.id)
    clock.pass_by(days=1)
    session_of(store, clock, ann.id)
    store.claim_session(first, None)
    assert sorted(one.question for one in store.answers(ann.id)) == ["felt", "pain"]


def test_no_session_of_that_id(store: Store) -> None:
    """Claims and exchanges of what does not exist say so."""
    with pytest.raises(LookupError):
        store.claim_session("none", None)
    with pytest.raises(LookupError):
        store.swap_sides("none")


# Two people who are one.


def test_merging_moves_everything(store: Store, clock: HandClock) -> None:
    """All sessions, tests, answers, routines, devices and consents are the other one's, and the first is gone."""
    weeks(store, clock, days=2, names=("Ann", "Anne", "Cleo"))
    ann, anne, cleo = store.people()
    for person in (ann, anne):
        guided_routine(store, clock, person.id)
    store.save_profile(ann.id, Profile(goal_left_mm=90.0, quiet_from="20:00", quiet_to="06:00", hurt_side="left"))
    store.save_profile(anne.id, Profile(goal_left_mm=80.0, hurt_side="right", hurt_since="2025"))
    store.set_pin(ann.id, "hash of a PIN")
    store.agree_consent(cleo.id, ann.id)
    store.agree_consent(ann.id, anne.id)
    store.agree_consent(cleo.id, anne.id)
    store.agree_consent(anne.id, cleo.id)
    far = clock.utc_now() + timedelta(days=9)
    store.add_device(token_hash="a", name="Phone", role=Role.MEMBER, person_id=ann.id, expires_at=far)
    had, has = store.person_contents(ann.id), store.person_contents(anne.id)
    results = {test.id: (test.left_mm, test.right_mm) for test in store.tests(limit=99)}
    assert store.merge_people(ann.id, anne.id) == had
    assert store.pin_hash(anne.id) == "hash of a PIN"
    merged = store.person_contents(anne.id)
    for name in ("sessions", "tests", "holds", "rep_sets", "traces", "answers", "routines", "devices"):
        assert getattr(merged, name) == getattr(had, name) + getattr(has, name), name
    assert merged.plans == 1
    assert {test.id: (test.left_mm, test.right_mm) for test in store.tests(limit=99)} == results
    assert [one.name for one in store.people()] == ["Anne", "Cleo"]
    assert [one.name for one in store.own_routines(anne.id)] == ["Before breakfast", "Before breakfast 2"]
    assert {(one.viewer_id, one.person_id) for one in store.consents()} == {(cleo.id, anne.id), (anne.id, cleo.id)}
    kept = store.people()[0].profile
    assert kept == Profile(
        goal_left_mm=80.0, quiet_from="20:00", quiet_to="06:00", hurt_side="right", hurt_since="2025"
    )
    with pytest.raises(ValueError, match="one person"):
        store.merge_people(anne.id, anne.id)
    with pytest.raises(LookupError):
        store.merge_people(ann.id, anne.id)


def test_the_plan_of_the_only_one_who_has_one_moves(store: Store, clock: HandClock) -> None:
    """A plan is not lost because the other person has none."""
    ann, anne = store.add_person("Ann"), store.add_person("Anne")
    guided_routine(store, clock, ann.id)
    plan = store.plan(ann.id)
    store.merge_people(ann.id, anne.id)
    assert store.plan(anne.id) == plan


def test_the_backup_before_a_merge_opens_and_goes_with_the_nightly_ones(store: Store, clock: HandClock) -> None:
    """It holds both people, and is removed when it is as old as the oldest nightly copy."""
    ann, anne = store.add_person("Ann"), store.add_person("Anne")
    copy = back_up_before_merging(store.path, clock.utc_now())
    store.merge_people(ann.id, anne.id)
    with Store.open(copy, clock=clock) as before:
        assert [one.name for one in before.people()] == ["Ann", "Anne"]
    made = datetime.fromtimestamp(copy.stat().st_mtime, UTC).date()
    back_up(store.path, backups_of(store.path), made + timedelta(days=OTHERS_KEPT_DAYS))
    assert copy.exists()
    back_up(store.path, backups_of(store.path), made + timedelta(days=OTHERS_KEPT_DAYS + 2))
    assert not copy.exists()


# Deleting.


def bytes_of(path: Path) -> bytes:
    """Everything that the database has on the disk: the file, its log and its index."""
    return b"".join(one.read_bytes() for one in sorted(path.parent.glob(f"{path.name}*")) if one.is_file())


CANARY = "Zwiebelfisch Quastenflosser"


def canary_person(store: Store, clock: HandClock) -> str:
    """A person of that name, renamed a few times, with everything that a person can have."""
    person_id = store.add_person(f"{CANARY} 0").id
    guided_routine(store, clock, person_id)
    store.save_routine(None, person_id, f"Evening of {CANARY}", [{"rest_s": 30}])
    far = clock.utc_now() + timedelta(days=9)
    store.add_device(token_hash="c", name=f"{CANARY}s phone", role=Role.MEMBER, person_id=person_id, expires_at=far)
    for number in range(1, 9):
        store.rename_person(person_id, f"{CANARY} {number}")
        store.save_profile(person_id, WHOLE)
    session_id, test_id = session_of(store, clock, person_id)
    store.swap_sides(session_id)
    store.swap_sides(session_id, test_id)
    return person_id


def test_deleting_leaves_no_byte_of_the_name(store: Store, clock: HandClock) -> None:
    """Among hundreds of people who come and go, in the file, in the log and in its index."""
    random = Random(5)
    others = [store.add_person(f"Somebody {random.randrange(10**9)}") for _ in range(150)]
    person_id = canary_person(store, clock)
    others += [store.add_person(f"Another {random.randrange(10**9)} {'n' * random.randrange(30)}") for _ in range(150)]
    for one in random.sample(others, 60):
        store.rename_person(one.id, f"Changed {random.randrange(10**9)}")
    assert CANARY.encode() in bytes_of(store.path)
    deleted = store.delete_person(person_id)
    assert deleted == PersonContents(2, 1, 2, 1, 0, 3, 2, 1, 1, 0)
    assert CANARY.encode() not in bytes_of(store.path)
    assert person_id.encode() not in bytes_of(store.path)
    assert len(store.people()) == 300


def test_deleting_leaves_everybody_else_alone(store: Store, clock: HandClock) -> None:
    """The database is as if the person had never been there."""
    weeks(store, clock, days=2)
    person_id = store.add_person("Cleo").id
    before = contents_of_everybody(store)
    store.delete_person(person_id)
    without = {name: [row for row in rows if person_id not in row] for name, rows in before.items()}
    assert contents_of_everybody(store) == without
    with closing(sqlite3.connect(store.path)) as connection:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_a_reader_only_delays_the_empty_log(store: Store, clock: HandClock) -> None:
    """While a page reads an older state the log stays, and the next write empties it."""
    person_id = canary_person(store, clock)
    with store.read_transaction() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM people").fetchall()
        store.delete_person(person_id)
        assert CANARY.encode() in bytes_of(store.path)
    store.add_person("Ann")
    assert CANARY.encode() not in bytes_of(store.path)


def test_the_only_owner_cannot_be_deleted(store: Store, clock: HandClock) -> None:
    """A station without an owner would be anybody's."""
    ann, bea = store.add_person("Ann"), store.add_person("Bea")
    far = clock.utc_now() + timedelta(days=9)
    for name, person in (("a", ann), ("b", ann), ("c", bea)):
        role = Role.MEMBER if person is bea else Role.OWNER
        device_id = store.add_device(token_hash=name, name="Phone", role=role, person_id=person.id, expires_at=far)
    with pytest.raises(ValueError, match="Ann has the only browser of the owner"):
        store.delete_person(ann.id)
    assert len(store.people()) == 2
    store.set_role(device_id, Role.OWNER)
    store.delete_person(ann.id)
    assert [one.name for one in store.devices()] == ["Phone"]


def test_a_shared_browser_survives_its_person(store: Store, clock: HandClock) -> None:
    """It was theirs for a while only."""
    ann = store.add_person("Ann")
    far = clock.utc_now() + timedelta(days=9)
    shared = store.add_device(
        token_hash="s", name="Kitchen", role=Role.MEMBER, person_id=None, expires_at=far, is_shared=True
    )
    store.choose_person(shared, "t", ann.id, far)
    store.delete_person(ann.id)
    assert [(one.name, one.person_id) for one in store.devices()] == [("Kitchen", None)]


def test_receipt_says_until_when_backups_hold_it(store: Store) -> None:
    """Without a backup, never; with one, until as many newer ones have been made as are kept."""
    day = date(2026, 3, 5)
    store.add_person("Ann")
    assert held_until(store.path, day) is None
    back_up(store.path, backups_of(store.path), day)
    until = held_until(store.path, day)
    assert until is not None
    nights = [day + timedelta(days=number) for number in range((until - day).days + 1)]
    assert min(kept_days(nights)) > day
    assert min(kept_days(nights[:DAYS_KEPT])) == day


# Left and right.


def mirrored(detail: SessionDetail) -> SessionDetail:
    """The session with left and right exchanged, worked out on the records."""
    return replace(
        detail,
        tests=tuple(mirrored_test(test) for test in detail.tests),
        holds=tuple(replace(one, side=other(one.side)) for one in detail.holds),
        rep_sets=tuple(replace(one, side=other(one.side)) for one in detail.rep_sets),
    )


def other(legs: Any) -> Any:
    return legs.other if isinstance(legs, Side) else legs


def mirrored_test(test: Any) -> Any:
    pairs = {
        f"{side}_{what}": getattr(test, f"{side.other}_{what}")
        for side in Side
        for what in ("mm", "uncertainty_mm", "budget")
    }
    trials = tuple(replace(one, side=one.side.other) for one in test.trials)
    attempts = tuple(replace(one, side=one.side.other) for one in test.attempts)
    return replace(test, **pairs, trials=trials, attempts=attempts)


def whole_session(store: Store, clock: HandClock) -> tuple[str, list[str]]:
    """A session with two tests, holds of each side and of both, and repetitions. Gives its id and its tests."""
    weeks(store, clock, days=1)
    session_id = store.begin_session(store.people()[0].id, clock.utc_now(), simulated=False)
    test_ids = []
    for left_mm, right_mm in ((81.0, 92.5), (None, 60.0)):
        run_id = store.begin_run(session_id, {"do": "test", "side": "both"}, clock.pass_by(minutes=1))
        test_ids.append(one_test(store, run_id, left_mm, right_mm))
        store.append_trace(run_id, "0.0,heel_left,down\n1.0,heel_left,up\n")
    remaining = {"do": "routine", "steps": [{"do": "hold", "side": "left"}, {"do": "test", "beat_left_mm": 90.0}]}
    store.save_unfinished(run_id, remaining, clock.utc_now())
    one_hold(store, run_id, Side.RIGHT)
    store.finish_rep_set(
        store.begin_rep_set(run_id, side=Side.LEFT, target_count=3, started_us=0), count=3, too_quick_count=0
    )
    store.end_session(session_id, clock.pass_by(minutes=5), "stepped off")
    return session_id, test_ids


def detail_of(store: Store, session_id: str) -> SessionDetail:
    found = store.session(session_id)
    assert found is not None
    return found


def test_everything_of_a_session_is_exchanged_but_its_traces(store: Store, clock: HandClock) -> None:
    """Results, trials, attempts, holds, repetitions and what remains; again gives back what was there."""
    session_id, _ = whole_session(store, clock)
    before, rows = detail_of(store, session_id), contents_of_everybody(store)
    store.swap_sides(session_id)
    assert detail_of(store, session_id) == mirrored(before)
    changed = contents_of_everybody(store)
    assert changed["trace_chunks"] == rows["trace_chunks"]
    person_id = store.people()[0].id
    unfinished = store.unfinished_run(person_id)
    assert unfinished is not None
    assert unfinished.remaining_header["steps"] == [
        {"do": "hold", "side": "right"},
        {"beat_right_mm": 90.0, "do": "test"},
    ]
    assert swapped_at(store.side_swaps(session_id), None) is not None
    store.swap_sides(session_id)
    undone = contents_of_everybody(store)
    assert len(undone.pop("side_swaps")) == 2
    rows.pop("side_swaps")
    assert undone == rows
    assert swapped_at(store.side_swaps(session_id), None) is None


def test_one_test_is_exchanged_alone(store: Store, clock: HandClock) -> None:
    """The other test of the session and its holds stay."""
    session_id, (first, second) = whole_session(store, clock)
    before = detail_of(store, session_id)
    store.swap_sides(session_id, second)
    after = detail_of(store, session_id)
    assert after == replace(before, tests=(before.tests[0], mirrored_test(before.tests[1])))
    assert swapped_at(store.side_swaps(session_id), second) is not None
    assert swapped_at(store.side_swaps(session_id), first) is None
    elsewhere = next(one.id for one in store.sessions() if one.id != session_id)
    with pytest.raises(ValueError, match="another session"):
        store.swap_sides(elsewhere, first)


def test_progress_and_corrections_follow_the_exchange(store: Store, clock: HandClock) -> None:
    """A chart of years reads the same columns."""
    session_id, _ = whole_session(store, clock)
    person_id = store.people()[0].id
    was = {one.test_id: (one.left_mm, one.right_mm) for one in store.result_summaries(person_id)}
    store.swap_sides(session_id)
    now = {one.test_id: (one.left_mm, one.right_mm) for one in store.result_summaries(person_id)}
    exchanged = {test.id for test in detail_of(store, session_id).tests}
    assert now == {key: pair[::-1] if key in exchanged else pair for key, pair in was.items()}


def test_the_trace_stays_and_says_that_its_results_were_exchanged(
    store: Store, clock: HandClock, tmp_path: Path
) -> None:
    """The rows are byte for byte as recorded, and so is what they replay to; the header says when."""
    session_id, (_, second) = whole_session(store, clock)
    run_ids = detail_of(store, session_id).run_ids
    export_bundle(store, session_id, tmp_path / "before.zip")
    store.swap_sides(session_id, second)
    assert [store.exchanged_at(run_id) is not None for run_id in run_ids] == [False, True]
    export_bundle(store, session_id, tmp_path / "after.zip")
    before, after = (read_bundle(path, path.read_bytes()) for path in (tmp_path / "before.zip", tmp_path / "after.zip"))
    assert after[0] == before[0]
    assert "sides_exchanged_at" in after[1][1]
    assert rows_of(after[1][1]) == rows_of(before[1][1])
    replayed = [
        list(replay_trace(trace, routine_from_header(trace.header)))
        for trace in (read_trace(text.split("\n")) for text in (before[1][1], after[1][1]))
    ]
    assert replayed[0] == replayed[1]
    store.swap_sides(session_id, second)
    assert [store.exchanged_at(run_id) for run_id in run_ids] == [None, None]


def rows_of(trace: str) -> list[str]:
    return [line for line in trace.splitlines() if not line.startswith("#")]


# The file.


def test_an_upgrade_forgets_what_was_deleted_before(path: Path, clock: HandClock) -> None:
    """Databases from before could keep bytes of deleted rows; the file is written again once."""
    with Store.open(path, clock=clock) as store:
        store.add_person("Ann")
    with closing(sqlite3.connect(path)) as old:
        old.execute("PRAGMA secure_delete=OFF")
        for (trigger,) in old.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            old.execute(f"DROP TRIGGER {trigger}")
        for name in metadata.tables:
            old.execute(f"ALTER TABLE {name} DROP COLUMN checksum")
        old.execute("DROP TABLE side_swaps")
        old.execute("DROP TABLE set_aside_answers")
        old.execute("DROP TABLE api_tokens")
        old.execute("UPDATE alembic_version SET version_num = '0006'")
        values = [(str(n), f"{CANARY} {n}") for n in range(200)]
        old.executemany(
            "INSERT INTO people (id, name, added_at, app_version, rule_version) VALUES (?, ?, 0, '', '')", values
        )
        old.commit()
        old.execute("DELETE FROM people WHERE name LIKE 'Zwiebel%'")
        old.commit()
    assert CANARY.encode() in path.read_bytes()
    with Store.open(path, clock=clock) as store:
        assert [one.name for one in store.people()] == ["Ann"]
        assert CANARY.encode() not in path.read_bytes()


def test_contents_count_what_is_there(store: Store, clock: HandClock) -> None:
    """A receipt is only as good as its numbers."""
    weeks(store, clock, days=3)
    ann = store.people()[0]
    guided_routine(store, clock, ann.id)
    found = asdict(store.person_contents(ann.id))
    assert found["sessions"] == 4
    assert found["tests"] == len(store.tests(ann.id))
    assert found["holds"] == len(store.holds(ann.id))
    assert found["rep_sets"] == len(store.rep_sets(ann.id))
    assert (found["routines"], found["plans"], found["traces"]) == (1, 1, 3)
    assert found["answers"] == len(store.answers(ann.id))
    assert asdict(store.person_contents("nobody")) == dict.fromkeys(found, 0)


def test_a_merge_that_fails_changes_nothing(store: Store, clock: HandClock) -> None:
    """All or nothing."""
    weeks(store, clock, days=1)
    before = contents_of_everybody(store)
    with pytest.raises((LookupError, StoreError)):
        store.merge_people(store.people()[0].id, "nobody")
    assert contents_of_everybody(store) == before
