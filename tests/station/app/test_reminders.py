"""The board's reminders: at a person's hour, once, in whatever zone and whatever is done to the clock."""

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
from tests.station.health_answers import answer_care
from tests.station.led import COMPARATORS, Led
from tests.station.rig import hold_of
from tests.station.store.histories import HandClock

EVERY_DAY = tuple(range(7))
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)


class AlarmClock:
    """Rings when a test says that it is time; each date goes off once, as a scheduler's does."""

    def __init__(self) -> None:
        self.at: dict[str, datetime] = {}
        self.rang = 0
        self._job: Callable[[str], None] = lambda _key: None

    def move_alarm(self, _at_us: int | None) -> None:
        """The loop's own alarm is the test's to watch."""

    def set_reminders(self, at: Mapping[str, datetime], job: Callable[[str], None]) -> None:
        self.at, self._job = dict(at), job

    def look(self, wall: datetime) -> None:
        """Let go off what is due."""
        for key in [key for key, when in self.at.items() if when <= wall]:
            del self.at[key]
            self.rang += 1
            self._job(key)


class Reminded(Led):
    """A station with an alarm clock that the test winds."""

    def __init__(self, tmp_path: Path) -> None:
        super().__init__(tmp_path, COMPARATORS)
        self.alarms = AlarmClock()
        self.station.attach(self.devices, self.alarms)

    def reminder_for(self, name: str, clock: str, **more: Any) -> str:
        """Somebody who wants to be reminded every day at this time, UTC unless a zone is named."""
        person_id = self.store.add_person(name).id
        answer_care(self.store, person_id)
        self.station.save_plan(person_id, plan_at(clock, **more))
        self.station.wall_clock_set()
        self.live(0.1)
        return person_id

    def pass_to(self, wall: datetime) -> None:
        """Let the time until then pass on the empty board, and the alarm clock look."""
        self.jump_to(wall)
        self.live(0.1)
        self.alarms.look(self.board.clock.utc_now())
        self.live(8.0)


def plan_at(*clocks: str, zone: str = "UTC", reminder_cue: bool = True, **more: Any) -> dict[str, Any]:
    days = [[day, clock] for day in EVERY_DAY for clock in clocks]
    return to_dict(plan_from_dict({"days": days, "zone": zone, "reminder_cue": reminder_cue, "tests": False, **more}))


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Reminded]:
    with Reminded(tmp_path) as made:
        yield made


def today_at(led: Led, hour: int, minute: int = 0) -> datetime:
    return led.clock.utc_now().replace(hour=hour, minute=minute, second=0, microsecond=0)


def nudges(led: Led) -> int:
    return led.heard().count(CueName.NUDGE)


# What the board does at the hour.


def test_at_the_hour_the_board_calls_by_name(led: Reminded) -> None:
    """NUDGE sounds and the page says whose routine is ready; the alarm clock is set to the next day."""
    ada = led.reminder_for("Ada", "18:00")
    assert led.alarms.at == {ada: today_at(led, 18)}
    led.pass_to(today_at(led, 17, 59))
    assert led.alarms.rang == nudges(led) == 0
    led.pass_to(today_at(led, 18))
    assert led.alarms.rang == 1
    assert nudges(led) >= 1
    note = led.station.snapshot().note
    assert note is not None
    assert note.startswith("Ada, your routine is ready")
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1)}


def test_before_the_dates_hold_nothing_is_armed(led: Reminded) -> None:
    """A wall clock that is not known to be right reminds nobody."""
    ada = led.store.add_person("Ada").id
    led.station.save_plan(ada, plan_at("18:00"))
    led.live(0.1)
    assert led.alarms.at == {}
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 18)}


def test_a_reminder_is_armed_and_taken_away_with_its_plan(led: Reminded) -> None:
    """A changed plan moves it; a plan without a reminder has none."""
    ada = led.reminder_for("Ada", "18:00")
    led.station.save_plan(ada, plan_at("19:30"))
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 19, 30)}
    led.station.save_plan(ada, plan_at("19:30", reminder_cue=False))
    led.live(0.1)
    assert led.alarms.at == {}


def test_a_board_in_use_does_not_call(led: Reminded) -> None:
    """While a routine goes on the hour passes in silence; the next day's is armed."""
    ada = led.reminder_for("Ada", "18:00")
    led.jump_to(today_at(led, 17, 59))
    led.live(1.0)
    led.step_on()
    led.station.start(hold_of(200.0), ada)
    led.live(62.0)
    before = len(led.heard())
    led.alarms.look(led.clock.utc_now())
    led.live(8.0)
    assert led.alarms.rang == 1
    assert CueName.NUDGE not in led.heard()[before:]
    assert led.station.snapshot().note is None
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1)}
    led.station.command(CommandName.STOP)
    led.live(1.0)


def test_whoever_is_done_is_not_called(led: Reminded) -> None:
    """A routine that was finished earlier that day was the one of the hour."""
    ada = led.reminder_for("Ada", "18:00")
    led.station.start(hold_of(5.0), ada)
    led.live(0.1)
    led.walk()
    led.until(lambda: led.station.snapshot().session_id is None, 60.0)
    before = nudges(led)
    led.pass_to(today_at(led, 18))
    assert led.alarms.rang == 1
    assert nudges(led) == before
    assert led.station.snapshot().note is None


def test_in_quiet_hours_it_is_shown_and_not_heard(led: Reminded) -> None:
    """The cue is asked for, the page and the light have it, and the buzzer keeps silent."""
    led.station.change_settings({"quiet_from": "00:00", "quiet_to": "23:59"})
    led.reminder_for("Ada", "18:00")
    led.pass_to(today_at(led, 18))
    seen = led.station.snapshot()
    assert seen.cue is not None
    assert seen.cue.cue is CueName.NUDGE
    assert seen.note is not None
    assert nudges(led) == 0


def test_two_people_have_their_own_hours(led: Reminded) -> None:
    """Each is called at their own time, by their own name."""
    ada, ben = led.reminder_for("Ada", "18:00"), led.reminder_for("Ben", "18:30")
    led.pass_to(today_at(led, 18))
    assert str(led.station.snapshot().note).startswith("Ada")
    assert led.alarms.at == {ada: today_at(led, 18) + timedelta(days=1), ben: today_at(led, 18, 30)}
    led.pass_to(today_at(led, 18, 30))
    assert str(led.station.snapshot().note).startswith("Ben")
    assert led.alarms.rang == 2


# What is done to the clock.


def test_a_clock_that_is_set_forwards_makes_up_for_one_reminder(led: Reminded) -> None:
    """Five hours are leapt over, the hour among them: it is made up for once, and the next one is tomorrow's."""
    ada = led.reminder_for("Ada", "09:00")
    led.board.act("wall_clock", "5")
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 9)}
    for _ in range(3):
        led.alarms.look(led.board.clock.utc_now())
        led.live(8.0)
    assert led.alarms.rang == 1
    assert nudges(led) >= 1
    assert led.alarms.at == {ada: today_at(led, 9) + timedelta(days=1)}


def test_a_clock_that_is_set_far_forwards_makes_up_for_nothing(led: Reminded) -> None:
    """After ten hours, or days, the old hour is let go: never a pile of reminders, nor one at night for the morning."""
    ada = led.reminder_for("Ada", "09:00")
    for hours, next_day in (("10", 1), ("48", 3)):
        led.board.act("wall_clock", hours)
        led.station.wall_clock_set()
        led.live(0.1)
        assert led.alarms.at == {ada: today_at(led, 9) + timedelta(days=next_day)}
        led.alarms.look(led.board.clock.utc_now())
        led.live(8.0)
    assert led.alarms.rang == nudges(led) == 0


def test_a_clock_that_is_set_back_reminds_at_the_hour_that_comes(led: Reminded) -> None:
    """What was to come stays to come."""
    ada = led.reminder_for("Ada", "18:00")
    led.board.act("wall_clock", "-3")
    led.station.wall_clock_set()
    led.live(0.1)
    assert led.alarms.at == {ada: today_at(led, 18)}


def test_what_the_loop_makes_up_for_the_scheduler_makes_up_for_too() -> None:
    """Both let an hour go at the same age."""
    assert timedelta(seconds=LATE_S) == LATE_WITHIN


BERLIN_2026 = {
    "clocks go forward": (datetime(2026, 3, 27, 12, tzinfo=UTC), "03-28 01:30, 03-29 01:00, 03-30 00:30, 03-31 00:30"),
    "clocks go back": (datetime(2026, 10, 23, 12, tzinfo=UTC), "10-24 00:30, 10-25 00:30, 10-26 01:30, 10-27 01:30"),
}
"""From when on, and when half past two in Berlin is in UTC on the four days that follow."""


@pytest.mark.parametrize("change", BERLIN_2026)
def test_daylight_saving_moves_nothing_and_repeats_nothing(tmp_path: Path, change: str) -> None:
    """A time that the clocks skip is at the moment after the gap; one that they show twice is its first, and once."""
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
def test_in_the_evening_it_is_the_same_hour_for_whoever_lives_there(tmp_path: Path, change: str) -> None:
    """Half past six stays half past six by the clock on the wall, though it moves in UTC."""
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


def test_an_alarm_that_rings_twice_calls_once(led: Reminded) -> None:
    """While the alarm clock is set anew it may ring for an hour that has been called already; the next one stays."""
    ada = led.reminder_for("Ada", "18:00")
    led.pass_to(today_at(led, 18))
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
def test_reminder_calls_only_for_what_may_start(
    tmp_path: Path, conditions: tuple[str, ...], pain: int | None, calls: bool
) -> None:
    """The board does not call a person whom the start gate would then refuse."""
    with Reminded(tmp_path) as led:
        ada = led.reminder_for("Ada", "18:00")
        answer_care(led.store, ada, *conditions)
        if pain is not None:
            led.station.answer(ada, "pain", pain)
        led.live(0.5)
        led.pass_to(today_at(led, 18))
        assert bool(nudges(led)) is calls
