"""The board's reminders: at the person's hour, once, in any time zone and with any change of the clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from station.advice.plan import plan_from_dict, to_dict
from station.app.inbox import ReminderDue
from station.app.reminders import LATE_WITHIN, Reminders
from station.core.events import CommandName
from station.core.facts import CueName
from station.store import Store
from station.system.scheduler import LATE_S
from tests.station.health_answers import answer_health_questions
from tests.station.led import COMPARATORS, Led
from tests.station.rig import hold_of
from tests.station.store.histories import HandClock

EVERY_DAY = tuple(range(7))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


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


class ReminderStation(Led):
    """A station with an alarm clock that the test controls."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path, COMPARATORS)
        self.alarms = AlarmClock()
        self.station.attach(self.devices, self.alarms)

    def add_person_with_reminder(self, name: str, clock: str, **more: Any) -> str:
        """Add a person with a daily reminder at this time, UTC unless a zone is named."""
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
def led(tmp_path: Path) -> Iterator[ReminderStation]:
    with ReminderStation(tmp_path) as made:
        yield made


def today_at(led: Led, hour: int, minute: int = 0) -> datetime:
    return led.clock.utc_now().replace(hour=hour, minute=minute, second=0, microsecond=0)


def nudge_count(led: Led) -> int:
    return led.recognised_cues().count(CueName.NUDGE)


# What the board does at the hour.


def test_reminder_sounds_and_names_the_person(led: ReminderStation) -> None:
    """NUDGE sounds, the note says whose routine is ready, and the next reminder is tomorrow's."""
    ada = led.add_person_with_reminder("Ada", "18:00")
    assert led.alarms.at == {ada: today_at(led, 18)}
    led.advance_to(today_at(led, 17, 59))
    assert led.alarms.rang == nudge_count(led) == 0
    led.advance_to(today_at(led, 18))
    assert led.alarms.rang == 1
    assert nudge_count(led) >= 1
    note = led.station.snapshot().note
    assert note is not None
    assert note.startswith("Ada, your routine is ready")
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1)}


def test_no_reminder_before_wall_clock_is_set(led: ReminderStation) -> None:
    ada = led.store.add_person("Ada").id
    led.station.save_plan(ada, plan_at("18:00"))
    led.live(0.1)
    assert led.alarms.at == {}
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 18)}


def test_reminder_follows_plan_changes(led: ReminderStation) -> None:
    """A changed plan moves it; a plan without a reminder removes it."""
    ada = led.add_person_with_reminder("Ada", "18:00")
    led.station.save_plan(ada, plan_at("19:30"))
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 19, 30)}
    led.station.save_plan(ada, plan_at("19:30", reminder_cue=False))
    led.live(0.1)
    assert led.alarms.at == {}


def test_no_reminder_while_board_is_in_use(led: ReminderStation) -> None:
    """The hour passes silently, and the next day's reminder is set."""
    ada = led.add_person_with_reminder("Ada", "18:00")
    led.jump_to(today_at(led, 17, 59))
    led.live(1.0)
    led.step_on()
    led.station.start(hold_of(200.0), ada)
    led.live(62.0)
    before = len(led.recognised_cues())
    led.alarms.fire_due(led.clock.utc_now())
    led.live(8.0)
    assert led.alarms.rang == 1
    assert CueName.NUDGE not in led.recognised_cues()[before:]
    assert led.station.snapshot().note is None
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1)}
    led.station.command(CommandName.STOP)
    led.live(1.0)


def test_no_reminder_after_routine_of_the_day(led: ReminderStation) -> None:
    ada = led.add_person_with_reminder("Ada", "18:00")
    led.station.start(hold_of(5.0), ada)
    led.live(0.1)
    led.run_to_end()
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    before = nudge_count(led)
    led.advance_to(today_at(led, 18))
    assert led.alarms.rang == 1
    assert nudge_count(led) == before
    assert led.station.snapshot().note is None


def test_reminder_in_quiet_hours_is_silent(led: ReminderStation) -> None:
    """The page and the light show the cue, and the buzzer stays silent."""
    led.station.change_settings({"quiet_from": "00:00", "quiet_to": "23:59"})
    led.add_person_with_reminder("Ada", "18:00")
    led.advance_to(today_at(led, 18))
    seen = led.station.snapshot()
    assert seen.cue is not None
    assert seen.cue.cue is CueName.NUDGE
    assert seen.note is not None
    assert nudge_count(led) == 0


def test_each_person_has_their_own_reminder(led: ReminderStation) -> None:
    """At their own time, by their own name."""
    ada, ben = led.add_person_with_reminder("Ada", "18:00"), led.add_person_with_reminder("Ben", "18:30")
    led.advance_to(today_at(led, 18))
    assert str(led.station.snapshot().note).startswith("Ada")
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1), ben: today_at(led, 18, 30)}
    led.advance_to(today_at(led, 18, 30))
    assert str(led.station.snapshot().note).startswith("Ben")
    assert led.alarms.rang == 2


# What is done to the clock.


def test_clock_set_forward_catches_up_one_reminder(led: ReminderStation) -> None:
    """Of five skipped hours the reminder fires once, and the next one is tomorrow's."""
    ada = led.add_person_with_reminder("Ada", "09:00")
    led.board.act("wall_clock", "5")
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 9)}
    for _ in range(3):
        led.alarms.fire_due(led.board.clock.utc_now())
        led.live(8.0)
    assert led.alarms.rang == 1
    assert nudge_count(led) >= 1
    assert led.alarms.at == {ada: today_at(led, 9) + timedelta(days=1)}


def test_clock_set_far_forward_drops_old_reminders(led: ReminderStation) -> None:
    """After ten hours, or days, an old reminder is dropped: none pile up, and none fires at night for the morning."""
    ada = led.add_person_with_reminder("Ada", "09:00")
    for hours, next_day in (("10", 1), ("48", 3)):
        led.board.act("wall_clock", hours)
        led.station.wall_clock_set()
        led.live(0.1)
        assert led.alarms.at == {ada: today_at(led, 9) + timedelta(days=next_day)}
        led.alarms.fire_due(led.board.clock.utc_now())
        led.live(8.0)
    assert led.alarms.rang == nudge_count(led) == 0


def test_clock_set_back_keeps_pending_reminder(led: ReminderStation) -> None:
    ada = led.add_person_with_reminder("Ada", "18:00")
    led.board.act("wall_clock", "-3")
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 18)}


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


def test_duplicate_alarm_reminds_once(led: ReminderStation) -> None:
    """While reminders are being set again the alarm may fire a second time; the next reminder stays."""
    ada = led.add_person_with_reminder("Ada", "18:00")
    led.advance_to(today_at(led, 18))
    called = led.station.snapshot().cue
    assert called is not None
    assert called.cue is CueName.NUDGE
    led.station.post(ReminderDue(ada))
    led.live(8.0)
    assert led.station.snapshot().cue == called
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1)}


@pytest.mark.parametrize(
    ("conditions", "pain", "calls"), [((), None, True), ((), 8, False), (("not_cleared",), None, False)]
)
def test_no_reminder_when_start_gate_would_refuse(
    tmp_path: Path, conditions: tuple[str, ...], pain: int | None, calls: bool
) -> None:
    with ReminderStation(tmp_path) as led:
        ada = led.add_person_with_reminder("Ada", "18:00")
        answer_health_questions(led.store, ada, *conditions)
        if pain is not None:
            led.station.answer(ada, "pain", pain)
        led.live(0.5)
        led.advance_to(today_at(led, 18))
        assert bool(nudge_count(led)) is calls
