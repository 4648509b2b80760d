"""People in the loop: their sounds and reminders, and what happens on the board when one is gone."""

from __future__ import annotations

import time
from concurrent.futures import Future, wait
from pathlib import Path
from typing import Any

import pytest

from station.core.events import CommandName, Side
from station.core.facts import CueName
from station.profile import Profile
from station.store import StoreError
from station.store.backups.backup import backups_of
from tests.station.app.test_reminders import ReminderStation
from tests.station.rig import Rig, hold_of

BOUND_S = 60.0


def heard_of_hold(rig: Rig, person_id: str | None) -> list[CueName]:
    """The cues heard during a short hold of this person, who steps off afterwards."""
    before = len(rig.recognised_cues())
    rig.step_on()
    rig.station.start(hold_of(2), person_id)
    rig.until(lambda: rig.station.snapshot().phase == "done")
    rig.live(3.0)
    rig.board.act("step_off")
    rig.until(lambda: rig.station.snapshot().session_id is None)
    return rig.recognised_cues()[before:]


@pytest.mark.parametrize(
    ("profile", "is_heard"),
    [
        (Profile(), True),
        (Profile(quiet_from="07:00", quiet_to="09:00", time_zone="UTC"), False),
        (Profile(quiet_from="07:00", quiet_to="09:00", time_zone="Asia/Tokyo"), True),
        (Profile(quiet_from="16:00", quiet_to="18:00", time_zone="Asia/Tokyo"), False),
    ],
)
def test_quiet_hours_are_those_of_the_person_on_the_board(tmp_path: Path, profile: Profile, *, is_heard: bool) -> None:
    """In their time zone, only for them; without a person the station's apply, which has none here."""
    with Rig(tmp_path) as rig:
        person_id = rig.add_person("Ann")
        rig.station.save_profile(person_id, profile)
        rig.live(1.0)
        assert (CueName.COMPLETE in heard_of_hold(rig, person_id)) is is_heard
        rig.add_person("Bea")  # so that nobody is inferred
        assert CueName.COMPLETE in heard_of_hold(rig, rig.add_person("Cleo"))


def test_reminder_comes_in_the_time_zone_of_the_profile(tmp_path: Path) -> None:
    """The plan says 18:00 somewhere else; the profile says where the person is."""
    with ReminderStation(tmp_path) as guided:
        person_id = guided.add_person_with_reminder("Ann", "18:00")
        guided.station.save_profile(person_id, Profile(time_zone="Asia/Tokyo"))
        guided.live(1.0)
        guided.station.wall_clock_set()
        guided.live(1.0)
        assert [f"{at:%H:%M %Z}" for at in guided.alarms.at.values()] == ["18:00 JST"]


def outcome(rig: Rig, future: Future[Any]) -> Any:
    """The station's answer; a merge makes its backup in a thread, for which virtual time does not wait."""
    until = time.monotonic() + BOUND_S
    while not future.done() and time.monotonic() < until:
        wait((future,), timeout=0.02)
        rig.live(0.1)
    return future.result(0)


def test_nobody_is_deleted_or_merged_while_a_session_runs(tmp_path: Path) -> None:
    """The loop keeps writing for the person on the board; after the session it works."""
    with Rig(tmp_path) as rig:
        ann, bea = rig.add_person("Ann"), rig.add_person("Bea")
        rig.step_on()
        rig.station.start(hold_of(20), ann)
        rig.until_phase("hold")
        for future in (rig.station.delete_person(bea), rig.station.merge_people(bea, ann)):
            with pytest.raises(ValueError, match="Someone is on the board"):
                outcome(rig, future)
        assert len(rig.store.people()) == 2
        assert not list(backups_of(rig.store.path).glob("*"))
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 120.0)
        assert outcome(rig, rig.station.delete_person(ann)).deleted.sessions == 1
        assert [one.id for one in rig.store.people()] == [bea]


def test_unfinished_routine_goes_with_its_person(tmp_path: Path) -> None:
    """It is offered to the person that they were merged into, and to nobody once they are deleted."""
    with Rig(tmp_path) as rig:
        ann, anne = rig.add_person("Ann"), rig.add_person("Anne")
        rig.step_on()
        rig.station.start(hold_of(20, repetitions=2), ann)
        rig.until_phase("hold")
        rig.station.command(CommandName.STOP)
        rig.live(1.0)
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 120.0)
        offered = rig.station.snapshot().unfinished
        assert offered is not None
        assert offered.person_id == ann
        merge = outcome(rig, rig.station.merge_people(ann, anne))
        assert (merge.moved.sessions, merge.moved.holds) == (1, 1)
        assert (backups_of(rig.store.path) / merge.backup).exists()
        rig.live(1.0)
        offered = rig.station.snapshot().unfinished
        assert offered is not None
        assert offered.person_id == anne
        outcome(rig, rig.station.delete_person(anne))
        rig.live(1.0)
        assert rig.station.snapshot().unfinished is None
        assert rig.store.people() == ()


def test_a_new_name_is_on_the_board_at_once(tmp_path: Path) -> None:
    """A person who is renamed during a session has the new name."""
    with Rig(tmp_path) as rig:
        ann = rig.add_person("Ann")
        rig.step_on(Side.LEFT)
        rig.station.start(hold_of(20), ann)
        rig.until_phase("hold")
        outcome(rig, rig.station.rename_person(ann, "Anna"))
        rig.until(lambda: rig.station.snapshot().person_name == "Anna")


def test_an_archived_person_is_not_inferred(tmp_path: Path) -> None:
    """The only person who is not archived steps on, and need not be chosen."""
    with Rig(tmp_path) as rig:
        ann, bea = rig.add_person("Ann"), rig.add_person("Bea")
        outcome(rig, rig.station.archive_person(bea, is_archived=True))
        rig.step_on()
        rig.station.start(hold_of(2), None)
        rig.until(lambda: rig.station.snapshot().person_id == ann)


def test_merging_without_room_for_a_backup_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No backup, no merge: the sentence says why."""
    with Rig(tmp_path) as rig:
        ann, anne = rig.add_person("Ann"), rig.add_person("Anne")
        monkeypatch.setattr("station.store.backups.backup.RESERVE_BYTES", 10**18)
        with pytest.raises(StoreError, match="free some space"):
            outcome(rig, rig.station.merge_people(ann, anne))
        assert len(rig.store.people()) == 2


def test_unknown_ids_raise_in_their_futures(tmp_path: Path) -> None:
    """And the board keeps running."""
    with Rig(tmp_path) as rig:
        for future in (
            rig.station.delete_person("nobody"),
            rig.station.merge_people("nobody", "nobody else"),
            rig.station.save_profile("nobody", Profile()),
            rig.station.swap_sides("nothing"),
        ):
            with pytest.raises(LookupError):
                outcome(rig, future)
