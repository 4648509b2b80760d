"""The board's reminders: at the person's time, once, in any time zone and after any change of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from station.advice.plan import plan_from_dict, to_dict
from station.app.inbox import ReminderDue
from station.app.starting.reminders import LATE_WITHIN, Reminders
from station.core.events import CommandName
from station.core.facts import CueName
from station.store import Store
from station.system.scheduler import LATE_S
from tests.station.guided_station import COMPARATORS, GuidedStation
from tests.station.health_answers import answer_health_questions
from tests.station.rig import hold_of
from tests.station.store.histories import HandClock

EVERY_DAY = tuple(range(7))


class AlarmClock:
    """A scheduler that fires when the test says so; each date fires once."""

    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}
        self.rang = 0
        self._job: Callable[[str], None] = lambda _key: None

    def move_alarm(self, _at_us: int | None) -> None:
        """Ignore the loop's own alarm; the test advances the time."""

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None:
        self.at, self._job = dict(at), job

    def fire_due(self, wall: datetime) -> None:
        """Fire every reminder that is due."""
        for key in [key for key, when in self.at.items() if when <= wall]:
            del self.at[key]
            self.rang += 1
            self._job(key)


class ReminderStation(GuidedStation):
    """A station with an alarm clock that the test controls."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path, COMPARATORS)
        self.alarms = AlarmClock()
        self.station.attach(self.devices, self.alarms)

    def add_person_with_reminder(self, name: str, clock: str, **more: Any) -> str:
        """Add a person with a daily reminder at this time, in UTC unless a zone is given."""
        person_id = self.store.add_person(name).id
        answer_health_questions(self.store, person_id)
        self.station.save_plan(person_id, plan_at(clock, **more))
        self.station.wall_clock_set()
        self.live(0.1)
        return person_id

    def advance_to(self, wall: datetime) -> None:
        """Advance the empty board to this time and fire due reminders."""
        self.jump_to(wall)
        self.live(0.1)
        self.alarms.fire_due(self.board.clock.utc_now())
        self.live(8.0)


def plan_at(*clocks: str, zone: str = "UTC", reminder_cue: bool = True, **more: Any) -> dict[str, Any]:
    days = [[day, clock] for day in EVERY_DAY for clock in clocks]
    return to_dict(plan_from_dict({"days": days, "zone": zone, "reminder_cue": reminder_cue, "tests": False, **more}))


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[ReminderStation]:
    with ReminderStation(tmp_path) as made:
        yield made


def today_at(guided: GuidedStation, hour: int, minute: int = 0) -> datetime:
    return guided.clock.utc_now().replace(hour=hour, minute=minute, second=0, microsecond=0)


def nudge_count(guided: GuidedStation) -> int:
    return guided.recognised_cues().count(CueName.NUDGE)


# At the time of the reminder.


def test_reminder_sounds_and_names_the_person(guided: ReminderStation) -> None:
    """NUDGE sounds, the note says whose routine is ready, and the next reminder is tomorrow's."""
    ada = guided.add_person_with_reminder("Ada", "18:00")
    assert guided.alarms.at == {ada: today_at(guided, 18)}
    guided.advance_to(today_at(guided, 17, 59))
    assert guided.alarms.rang == nudge_count(guided) == 0
    guided.advance_to(today_at(guided, 18))
    assert guided.alarms.rang == 1
    assert nudge_count(guided) >= 1
    note = guided.station.snapshot().note
    assert note is not None
    assert note.startswith("Ada, your routine is ready")
    assert guided.alarms.at == {ada: today_at(guided, 18) + timedelta(days=1)}


def test_no_reminder_before_wall_clock_is_set(guided: ReminderStation) -> None:
    ada = guided.store.add_person("Ada").id
    guided.station.save_plan(ada, plan_at("18:00"))
    guided.live(0.1)
    assert guided.alarms.at == {}
    guided.station.wall_clock_set()
    guided.live(0.1)
    assert guided.alarms.at == {ada: today_at(guided, 18)}


def test_reminder_follows_plan_changes(guided: ReminderStation) -> None:
    """A changed plan moves it; a plan without a reminder removes it."""
    ada = guided.add_person_with_reminder("Ada", "18:00")
    guided.station.save_plan(ada, plan_at("19:30"))
    guided.live(0.1)
    assert guided.alarms.at == {ada: today_at(guided, 19, 30)}
    guided.station.save_plan(ada, plan_at("19:30", reminder_cue=False))
    guided.live(0.1)
    assert guided.alarms.at == {}


def test_no_reminder_while_board_is_in_use(guided: ReminderStation) -> None:
    """The hour passes silently, and the next day's reminder is set."""
    ada = guided.add_person_with_reminder("Ada", "18:00")
    guided.jump_to(today_at(guided, 17, 59))
    guided.live(1.0)
    guided.step_on()
    guided.station.start(hold_of(200.0), ada)
    guided.live(62.0)
    before = len(guided.recognised_cues())
    guided.alarms.fire_due(guided.clock.utc_now())
    guided.live(8.0)
    assert guided.alarms.rang == 1
    assert CueName.NUDGE not in guided.recognised_cues()[before:]
    assert guided.station.snapshot().note is None
    assert guided.alarms.at == {ada: today_at(guided, 18) + timedelta(days=1)}
    guided.station.command(CommandName.STOP)
    guided.live(1.0)


def test_no_reminder_after_routine_of_the_day(guided: ReminderStation) -> None:
    ada = guided.add_person_with_reminder("Ada", "18:00")
    guided.station.start(hold_of(5.0), ada)
    guided.live(0.1)
    guided.run_to_end()
    guided.until(lambda: guided.station.snapshot().session_id is None, 60.0)
    before = nudge_count(guided)
    guided.advance_to(today_at(guided, 18))
    assert guided.alarms.rang == 1
    assert nudge_count(guided) == before
    assert guided.station.snapshot().note is None


def test_reminder_in_quiet_hours_is_silent(guided: ReminderStation) -> None:
    """The page and the light show the cue, and the buzzer stays silent."""
    guided.station.change_settings({"quiet_from": "00:00", "quiet_to": "23:59"})
    guided.add_person_with_reminder("Ada", "18:00")
    guided.advance_to(today_at(guided, 18))
    seen = guided.station.snapshot()
    assert seen.cue is not None
    assert seen.cue.cue is CueName.NUDGE
    assert seen.note is not None
    assert nudge_count(guided) == 0


def test_each_person_has_their_own_reminder(guided: ReminderStation) -> None:
    """At their own time, by their own name."""
    ada, ben = guided.add_person_with_reminder("Ada", "18:00"), guided.add_person_with_reminder("Ben", "18:30")
    guided.advance_to(today_at(guided, 18))
    assert str(guided.station.snapshot().note).startswith("Ada")
    assert guided.alarms.at == {ada: today_at(guided, 18) + timedelta(days=1), ben: today_at(guided, 18, 30)}
    guided.advance_to(today_at(guided, 18, 30))
    assert str(guided.station.snapshot().note).startswith("Ben")
    assert guided.alarms.rang == 2


# Changes of the clock.


def test_clock_set_forward_catches_up_one_reminder(guided: ReminderStation) -> None:
    """Of five skipped hours the reminder fires once, and the next one is tomorrow's."""
    ada = guided.add_person_with_reminder("Ada", "09:00")
    guided.board.act("wall_clock", "5")
    guided.station.wall_clock_set()
    guided.live(0.1)
    assert guided.alarms.at == {ada: today_at(guided, 9)}
    for _ in range(3):
        guided.alarms.fire_due(guided.board.clock.utc_now())
        guided.live(8.0)
    assert guided.alarms.rang == 1
    assert nudge_count(guided) >= 1
    assert guided.alarms.at == {ada: today_at(guided, 9) + timedelta(days=1)}


def test_clock_set_far_forward_drops_old_reminders(guided: ReminderStation) -> None:
    """After ten hours, or days, an old reminder is dropped: none pile up, and none fires at night for the morning."""
    ada = guided.add_person_with_reminder("Ada", "09:00")
    for hours, next_day in (("10", 1), ("48", 3)):
        guided.board.act("wall_clock", hours)
        guided.station.wall_clock_set()
        guided.live(0.1)
        assert guided.alarms.at == {ada: today_at(guided, 9) + timedelta(days=next_day)}
        guided.alarms.fire_due(guided.board.clock.utc_now())
        guided.live(8.0)
    assert guided.alarms.rang == nudge_count(guided) == 0


def test_clock_set_back_keeps_pending_reminder(guided: ReminderStation) -> None:
    ada = guided.add_person_with_reminder("Ada", "18:00")
    guided.board.act("wall_clock", "-3")
    guided.station.wall_clock_set()
    guided.live(0.1)
    assert guided.alarms.at == {ada: today_at(guided, 18)}


def test_loop_and_scheduler_share_the_lateness_limit() -> None:
    assert timedelta(seconds=LATE_S) == LATE_WITHIN


BERLIN_2026 = {
    "clocks go forward": (datetime(2026, 3, 27, 12, tzinfo=UTC), "03-28 01:30, 03-29 01:00, 03-30 00:30, 03-31 00:30"),
    "clocks go back": (datetime(2026, 10, 23, 12, tzinfo=UTC), "10-24 00:30, 10-25 00:30, 10-26 01:30, 10-27 01:30"),
}
"""The starting time, and 02:30 in Berlin as UTC on the next four days."""


@pytest.mark.parametrize("change", BERLIN_2026)
def test_reminder_at_daylight_saving_change_fires_once(tmp_path: Path, change: str) -> None:
    """A skipped time fires right after the gap; a repeated time fires at its first occurrence."""
    wall, expected = BERLIN_2026[change]
    clock = HandClock()
    with Store.open(tmp_path / "station.db", clock=clock) as store:
        ada = store.add_person("Ada").id
        store.save_plan(ada, plan_at("02:30", zone="Europe/Berlin"))
        reminders, found = Reminders(store), []
        for _ in range(4):
            wall = reminders.next_times(wall)[ada].astimezone(UTC)
            assert reminders.take(ada, wall)
            found.append(f"{wall:%m-%d %H:%M}")
        assert ", ".join(found) == expected


@pytest.mark.parametrize("change", BERLIN_2026)
def test_reminder_keeps_local_time_across_daylight_saving(tmp_path: Path, change: str) -> None:
    """Half past six stays half past six locally, and moves in UTC."""
    wall, _ = BERLIN_2026[change]
    with Store.open(tmp_path / "station.db", clock=HandClock()) as store:
        ada = store.add_person("Ada").id
        store.save_plan(ada, plan_at("18:30", zone="Europe/Berlin"))
        reminders, in_utc = Reminders(store), set()
        for _ in range(5):
            at = reminders.next_times(wall)[ada]
            assert reminders.take(ada, at)
            assert (at.hour, at.minute) == (18, 30)
            wall = at.astimezone(UTC)
            in_utc.add(wall.hour)
        assert in_utc == {16, 17}


def test_duplicate_alarm_reminds_once(guided: ReminderStation) -> None:
    """While reminders are being set again the alarm may fire a second time; the next reminder stays."""
    ada = guided.add_person_with_reminder("Ada", "18:00")
    guided.advance_to(today_at(guided, 18))
    called = guided.station.snapshot().cue
    assert called is not None
    assert called.cue is CueName.NUDGE
    guided.station.post(ReminderDue(ada))
    guided.live(8.0)
    assert guided.station.snapshot().cue == called
    assert guided.alarms.at == {ada: today_at(guided, 18) + timedelta(days=1)}


@pytest.mark.parametrize(
    ("conditions", "pain", "calls"), [((), None, True), ((), 8, False), (("not_cleared",), None, False)]
)
def test_no_reminder_when_start_gate_would_refuse(
    tmp_path: Path, conditions: tuple[str, ...], pain: int | None, calls: bool
) -> None:
    with ReminderStation(tmp_path) as guided:
        ada = guided.add_person_with_reminder("Ada", "18:00")
        answer_health_questions(guided.store, ada, *conditions)
        if pain is not None:
            guided.station.answer(ada, "pain", pain)
        guided.live(0.5)
        guided.advance_to(today_at(guided, 18))
        assert bool(nudge_count(guided)) is calls
