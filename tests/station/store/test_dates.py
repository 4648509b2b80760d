"""Dates that were stored before the machine knew the date."""

from __future__ import annotations

from datetime import timedelta

from station.app.access.roles import Role, hash_of, new_token, pair
from station.store import Store
from tests.station.store.histories import HandClock

YEARS = timedelta(days=365 * 56)


def test_dates_of_a_wrong_clock_are_corrected(store: Store, clock: HandClock) -> None:
    """In rows made since, with their checksums; older rows, and dates from elsewhere, stay."""
    old = store.begin_session(None, clock.utc_now(), simulated=True)
    person = store.add_person("Ada")
    marks, since = store.row_marks(), clock.utc_now()
    new = store.begin_session(person.id, since + timedelta(minutes=1), simulated=True)
    store.end_session(new, since + timedelta(minutes=9), "stepped off")
    imported = store.begin_session(person.id, since - timedelta(days=400), simulated=True)
    until = since + timedelta(hours=1)
    assert store.correct_dates(marks, since, until, YEARS) == 1
    found = {one.id: one for one in store.sessions()}
    assert found[new].started_at == since + timedelta(minutes=1) + YEARS
    assert found[new].ended_at == since + timedelta(minutes=9) + YEARS
    assert found[old].started_at == since
    assert found[imported].started_at == since - timedelta(days=400)
    assert store.look_for_damage() == ()
    assert store.correct_dates(marks, since, until, YEARS) == 0, "twice is once"


def test_pairing_made_before_the_date_was_known_lasts_as_long(store: Store, clock: HandClock) -> None:
    """Otherwise setting the clock from the network would end the owner's first pairing."""
    marks, since = store.row_marks(), clock.utc_now()
    device = pair(store, since, hash_of(new_token()), "kitchen", Role.OWNER, None)
    before = store.device(device)
    store.correct_dates(marks, since, since + timedelta(hours=1), YEARS)
    after = store.device(device)
    assert before is not None
    assert after is not None
    assert after.paired_at == before.paired_at + YEARS
    assert after.expires_at == before.expires_at + YEARS
