"""People in the store: profiles, claims of sessions, merging."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, replace

from station.app.access.roles import Role
from station.profile import NOTHING_SAID, Profile
from station.store import Store, StoreError
from station.store.backups.backup import (
    OTHERS_KEPT_DAYS,
    back_up,
    back_up_before_merging,
    backups_of,
)
from tests.station.store.histories import HandClock, contents_of_everybody, guided_routine, session_of, weeks
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


def test_a_profile_is_kept_and_replaced(store: Store) -> None:
    """Removed entries are gone; other people keep theirs."""
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


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=st.text(max_size=80))
def test_any_text_is_a_name_or_refused_in_a_sentence(store: Store, name: str) -> None:
    """No text breaks the store, and a stored name is read back unchanged; a refusal changes nothing."""
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
    """An archived person keeps all their data, and can be put back."""
    weeks(store, clock, days=2)
    before = contents_of_everybody(store)
    person = store.people()[0]
    store.archive_person(person.id, is_archived=True)
    assert [one.is_archived for one in store.people()] == [True, False]
    store.archive_person(person.id, is_archived=False)
    assert contents_of_everybody(store) == before


# Claims.


def test_claim_and_undo_leave_nothing_behind(store: Store, clock: HandClock) -> None:
    """A claimed session that is given back is unchanged, circumstances too."""
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
    """A pain of 7 stops the person who reported it, not the one assumed before; giving it back undoes it."""
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
    """An answer after the person's next session belongs to that session."""
    ann = store.add_person("Ann")
    first, _ = session_of(store, clock, ann.id)
    clock.pass_by(days=1)
    session_of(store, clock, ann.id)
    store.claim_session(first, None)
    assert sorted(one.question for one in store.answers(ann.id)) == ["felt", "pain"]


def test_unknown_session_is_an_error(store: Store) -> None:
    """For claims and exchanges alike."""
    with pytest.raises(LookupError):
        store.claim_session("none", None)
    with pytest.raises(LookupError):
        store.swap_sides("none")


# Merging.


def test_merging_moves_everything(store: Store, clock: HandClock) -> None:
    """All sessions, tests, answers, routines, devices and consents become the other person's, and the first is gone."""
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
    with pytest.raises(ValueError, match="the same person"):
        store.merge_people(anne.id, anne.id)
    with pytest.raises(LookupError):
        store.merge_people(ann.id, anne.id)


def test_only_plan_of_two_people_moves(store: Store, clock: HandClock) -> None:
    """If only the first person has a plan, it is not lost."""
    ann, anne = store.add_person("Ann"), store.add_person("Anne")
    guided_routine(store, clock, ann.id)
    plan = store.plan(ann.id)
    store.merge_people(ann.id, anne.id)
    assert store.plan(anne.id) == plan


def test_the_backup_before_a_merge_opens_and_goes_with_the_nightly_ones(store: Store, clock: HandClock) -> None:
    """It has both people, and is deleted by a later nightly backup."""
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


def test_contents_count_what_is_there(store: Store, clock: HandClock) -> None:
    """The receipt shows these numbers."""
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
