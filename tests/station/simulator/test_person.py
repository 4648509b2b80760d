"""A simulated person: hears the cues and nothing else, and reaches as far as the ankle allows."""

from __future__ import annotations

from statistics import stdev

import pytest

from station.core.events import SECOND_US, Side
from station.core.facts import CueName
from station.simulator.ankle import DAY_US, WEEK_US, Ankles, PersonProfile
from station.simulator.person import Person
from station.simulator.world import World

CALM = PersonProfile(
    left_limit_mm=90.0, day_sd_mm=0.0, accidental_lift_probability=0.0, mean_lift_interval_s=1e9, reaction_s=0.5
)


class Rig:
    """A person on a board, and time."""

    def __init__(self, character: PersonProfile = CALM, toe_mm: float = 60.0, *, taps: bool = False) -> None:
        self.world = World(toe_mm=toe_mm)
        self.person = Person(self.world, character, 0, confirms_by_taps=taps, seed=4)
        self.now_us = 0
        self.person.script.run(self.person.arrive(toe_mm), 0)
        self.live(5.0)

    def live(self, seconds: float) -> None:
        until_us = self.now_us + round(seconds * SECOND_US)
        while (due_us := self.person.script.next_due_us()) is not None and due_us <= until_us:
            self.person.script.run_due(due_us)
        self.now_us = until_us

    def hear(self, cue: CueName, seconds: float) -> None:
        self.person.on_cue(cue, self.now_us)
        self.live(seconds)

    def part(self, side: Side = Side.LEFT) -> float:
        """The load of a heel as a part of standing."""
        return self.world.heels[side].value(self.now_us) / self.person.body.profile.heel_force_n

    def touches(self) -> bool:
        """Whether the knee is at the pad."""
        return self.world.is_knee_touching

    def toe_mm(self) -> float:
        return self.world.toe_mm(self.now_us)


def test_go_brings_the_knee_to_the_wall() -> None:
    """After a reaction time the knee goes to the wall, the heel keeps a good part of its load, and it stays there."""
    rig = Rig()
    assert rig.part() == 1.0
    rig.hear(CueName.GO, 0.2)
    assert rig.part() == 1.0
    rig.live(2.5)
    assert rig.touches()
    assert 0.2 <= rig.part() <= 0.6
    rig.hear(CueName.HOLD_DONE, 2.0)
    assert not rig.touches()
    assert rig.part() == 1.0


def test_an_honest_knee_does_not_reach_beyond_its_limit() -> None:
    """Beyond the limit the knee stays away from the pad, the heel stays down, and the person stands back."""
    rig = Rig(toe_mm=95.0)
    rig.hear(CueName.GO, 1.5)
    assert 0.2 <= rig.part() <= 0.6
    rig.live(5.0)
    assert not rig.touches()
    assert rig.part() == 1.0


def test_a_cheater_reaches_with_the_heel_up() -> None:
    """A cheater touches the wall beyond the limit, with the heel up."""
    rig = Rig(PersonProfile(left_limit_mm=90.0, day_sd_mm=0.0, is_honest=False), toe_mm=100.0)
    rig.hear(CueName.GO, 3.0)
    assert rig.touches()
    assert rig.part() < 0.05


@pytest.mark.parametrize(
    ("heard", "toe_mm"),
    [
        ([CueName.YES], 75.0),
        ([CueName.NO], 40.0),
        ([CueName.YES, CueName.NO], 65.0),
    ],
)
def test_without_a_page_the_board_goes_where_the_rules_say(heard: list[CueName], toe_mm: float) -> None:
    """Back 15 mm after YES, nearer 20 mm after a first NO, and 5 mm beyond the best after a later one."""
    rig = Rig()
    for cue in heard:
        rig.hear(CueName.GO, 3.0)
        rig.hear(cue, 6.0)
    assert rig.toe_mm() == pytest.approx(toe_mm, abs=5.0)
    assert rig.part() == 1.0


def test_heel_up_brings_the_heel_back_once() -> None:
    """HEEL_UP, repeated every 600 ms, brings the heel down after one reaction; the YES that follows moves nothing."""
    rig = Rig()
    rig.hear(CueName.GO, 3.0)
    rig.person.script.run(rig.person.body.lift_heel(), rig.now_us)
    rig.live(0.5)
    assert rig.part() < 0.05
    rig.hear(CueName.HEEL_UP, 0.3)
    rig.hear(CueName.HEEL_UP, 0.6)
    assert rig.part() > 0.3
    rig.hear(CueName.YES, 5.0)
    assert rig.touches()
    assert rig.toe_mm() == pytest.approx(60.0)


def test_switch_changes_the_foot() -> None:
    """After SWITCH the other heel is down, at a distance to begin with, and the first one is up."""
    rig = Rig()
    rig.hear(CueName.SWITCH, 8.0)
    assert rig.part(Side.LEFT) == 0.0
    assert rig.part(Side.RIGHT) == 1.0


def test_complete_is_left_unless_something_follows() -> None:
    """COMPLETE is the end of it; READY right after it keeps the person on the board."""
    rig, other = Rig(), Rig()
    rig.hear(CueName.COMPLETE, 8.0)
    assert rig.part() == 0.0
    other.hear(CueName.COMPLETE, 1.0)
    other.hear(CueName.READY, 8.0)
    assert other.part() == 1.0


def test_taps_say_that_the_knee_touched() -> None:
    """Where nothing senses the knee, the heel taps twice, each of 80 to 350 ms, after 2.5 s at the wall."""
    rig = Rig(taps=True)
    rig.person.on_cue(CueName.GO, rig.now_us)
    lifts, up_since_us = [], None
    for _ in range(700):
        rig.live(0.01)
        up = rig.part() < 0.1
        if up and up_since_us is None:
            up_since_us = rig.now_us
        elif not up and up_since_us is not None:
            lifts.append(rig.now_us - up_since_us)
            up_since_us = None
    assert len(lifts) == 2
    assert all(80_000 <= up_us <= 350_000 for up_us in lifts)


def test_a_deaf_ear_does_nothing() -> None:
    """Taken over by a visitor, the person follows no cue."""
    rig = Rig()
    rig.person.script.follows_cues = False
    rig.hear(CueName.GO, 5.0)
    assert rig.part() == 1.0
    assert not rig.touches()


def test_days_differ_and_weeks_add_up() -> None:
    """Limits scatter by 3 mm from day to day, are the same all day, and grow by what a week adds."""
    ankles = Ankles(PersonProfile(left_limit_mm=90.0, left_gain_mm_week=2.0), 7, 0)
    days = [ankles.limit_mm(Side.LEFT, day * DAY_US) - 2.0 * day / 7 for day in range(300)]
    assert stdev(days) == pytest.approx(3.0, abs=0.5)
    assert sum(days) / len(days) == pytest.approx(90.0, abs=0.7)
    assert ankles.limit_mm(Side.LEFT, 10) == pytest.approx(ankles.limit_mm(Side.LEFT, 20), abs=1e-3)
    assert ankles.limit_mm(Side.LEFT, WEEK_US) != ankles.limit_mm(Side.RIGHT, WEEK_US)


def test_a_stretch_adds_a_little_for_an_hour() -> None:
    """Stretching adds up to 3 mm, which is mostly gone after some hours."""
    ankles = Ankles(CALM, 1, 0)
    for _ in range(20):
        ankles.add_hold(0)
    assert ankles.limit_mm(Side.LEFT, 0) == pytest.approx(93.0)
    assert ankles.limit_mm(Side.LEFT, 4 * 3600 * SECOND_US) == pytest.approx(90.0, abs=0.1)
