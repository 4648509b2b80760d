"""The simulated person follows the cues by ear, and reaches as far as the ankle allows."""

from __future__ import annotations

from statistics import stdev

import pytest

from station.core.activities.needed_cues import needed_cues
from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueName
from station.core.steps import HoldStep
from station.simulator.ankle import DAY_US, WEEK_US, Ankles, PersonProfile
from station.simulator.memory import RememberedRoutine
from station.simulator.person import Person
from station.simulator.world import World
from tests.station.core.traces import us

CALM = PersonProfile(
    left_limit_mm=90.0, day_sd_mm=0.0, accidental_lift_probability=0.0, mean_lift_interval_s=1e9, reaction_s=0.5
)


class Rig:
    """A person on a board in virtual time."""

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

    def play(self, cue: CueName, seconds: float) -> None:
        """The person recognises a cue, and this much time passes."""
        self.person.on_cue(Cue(self.now_us, cue))
        self.live(seconds)

    def load_fraction(self, side: Side = Side.LEFT) -> float:
        """The load of a heel as a share of its standing load."""
        return self.world.heels[side].value(self.now_us) / self.person.body.profile.heel_force_n

    def is_touching(self) -> bool:
        """Whether the knee touches the pad."""
        return self.world.is_knee_touching

    def toe_mm(self) -> float:
        return self.world.toe_mm(self.now_us)


def test_go_moves_the_knee_to_the_wall() -> None:
    """After a reaction time the knee moves to the wall and stays there, and the heel keeps part of its load."""
    rig = Rig()
    assert rig.load_fraction() == 1.0
    rig.play(CueName.GO, 0.2)
    assert rig.load_fraction() == 1.0
    rig.live(2.5)
    assert rig.is_touching()
    assert 0.2 <= rig.load_fraction() <= 0.6
    rig.play(CueName.HOLD_DONE, 2.0)
    assert not rig.is_touching()
    assert rig.load_fraction() == 1.0


def test_honest_person_does_not_reach_beyond_the_limit() -> None:
    """Beyond the limit the knee stays away from the pad, the heel stays down, and the person stands back."""
    rig = Rig(toe_mm=95.0)
    rig.play(CueName.GO, 1.5)
    assert 0.2 <= rig.load_fraction() <= 0.6
    rig.live(5.0)
    assert not rig.is_touching()
    assert rig.load_fraction() == 1.0


def test_cheater_reaches_with_the_heel_up() -> None:
    """A cheater touches the wall beyond the limit, with the heel up."""
    rig = Rig(PersonProfile(left_limit_mm=90.0, day_sd_mm=0.0, is_honest=False), toe_mm=100.0)
    rig.play(CueName.GO, 3.0)
    assert rig.is_touching()
    assert rig.load_fraction() < 0.05


@pytest.mark.parametrize(
    ("cues", "toe_mm"),
    [
        ([CueName.YES], 75.0),
        ([CueName.NO], 40.0),
        ([CueName.YES, CueName.NO], 65.0),
    ],
)
def test_person_without_a_page_places_the_board_by_the_rules(cues: list[CueName], toe_mm: float) -> None:
    """The person moves the board 15 mm back after YES, 20 mm nearer after a first NO, and to 5 mm beyond the best
    distance after a later NO."""
    rig = Rig()
    for cue in cues:
        rig.play(CueName.GO, 3.0)
        rig.play(cue, 6.0)
    assert rig.toe_mm() == pytest.approx(toe_mm, abs=5.0)
    assert rig.load_fraction() == 1.0


def test_repeated_heel_up_brings_the_heel_down_once() -> None:
    """HEEL_UP, repeated every 600 ms, brings the heel down after one reaction time; the YES after it moves nothing."""
    rig = Rig()
    rig.play(CueName.GO, 3.0)
    rig.person.script.run(rig.person.body.lift_heel(), rig.now_us)
    rig.live(0.5)
    assert rig.load_fraction() < 0.05
    rig.play(CueName.HEEL_UP, 0.3)
    rig.play(CueName.HEEL_UP, 0.6)
    assert rig.load_fraction() > 0.3
    rig.play(CueName.YES, 5.0)
    assert rig.is_touching()
    assert rig.toe_mm() == pytest.approx(60.0)


def test_heel_up_brings_the_heel_down_each_time() -> None:
    """Even if the person has not learnt that YES means that the heel is down again."""
    rig = Rig()
    rig.play(CueName.GO, 3.0)
    for _ in range(2):
        rig.person.script.run(rig.person.body.lift_heel(), rig.now_us)
        rig.live(5.0)
        assert rig.load_fraction() < 0.05
        rig.play(CueName.HEEL_UP, 1.0)
        assert rig.load_fraction() > 0.3


def test_switch_changes_the_working_leg() -> None:
    """After SWITCH the other heel is down, and the first is off its plate."""
    rig = Rig()
    rig.play(CueName.SWITCH, 8.0)
    assert rig.load_fraction(Side.LEFT) == 0.0
    assert rig.load_fraction(Side.RIGHT) == 1.0


def test_nudge_changes_the_leg_of_a_person_who_missed_the_switch() -> None:
    """The page asks for the other leg, while this one is still on the board."""
    rig = Rig()
    routine = (HoldStep((Side.LEFT, Side.RIGHT), us(5), 1, us(5), us(5)),)
    seen = RememberedRoutine(routine, needed_cues(routine))
    rig.person.page.read = lambda: seen
    rig.play(CueName.GO, 3.0)
    rig.play(CueName.HOLD_DONE, 3.0)
    seen.on_cue(Cue(rig.now_us, CueName.SWITCH, side=Side.RIGHT))
    rig.live(8.0)
    assert (rig.load_fraction(Side.LEFT), rig.load_fraction(Side.RIGHT)) == (1.0, 0.0)
    rig.play(CueName.NUDGE, 8.0)
    assert (rig.load_fraction(Side.LEFT), rig.load_fraction(Side.RIGHT)) == (0.0, 1.0)


def test_person_steps_off_after_complete_unless_ready_follows() -> None:
    """After COMPLETE the person steps off; READY right after it keeps them on the board."""
    rig, other = Rig(), Rig()
    rig.play(CueName.COMPLETE, 8.0)
    assert rig.load_fraction() == 0.0
    other.play(CueName.COMPLETE, 1.0)
    other.play(CueName.READY, 8.0)
    assert other.load_fraction() == 1.0


def test_person_confirms_contact_by_heel_taps() -> None:
    """If nothing senses the knee, the person taps the heel twice in a lunge; each tap lasts 80 to 350 ms."""
    rig = Rig(taps=True)
    rig.person.on_cue(Cue(rig.now_us, CueName.GO))
    lifts, up_since_us = [], None
    for _ in range(700):
        rig.live(0.01)
        up = rig.load_fraction() < 0.1
        if up and up_since_us is None:
            up_since_us = rig.now_us
        elif not up and up_since_us is not None:
            lifts.append(rig.now_us - up_since_us)
            up_since_us = None
    assert len(lifts) == 2
    assert all(80_000 <= up_us <= 350_000 for up_us in lifts)


def test_person_under_a_visitors_control_ignores_cues() -> None:
    """A person who does not follow cues does not react to GO."""
    rig = Rig()
    rig.person.script.follows_cues = False
    rig.play(CueName.GO, 5.0)
    assert rig.load_fraction() == 1.0
    assert not rig.is_touching()


def test_ankle_limits_vary_by_day_and_grow_by_week() -> None:
    """Limits have an SD of 3 mm from day to day, are the same all day, and grow by the weekly gain."""
    ankles = Ankles(PersonProfile(left_limit_mm=90.0, left_gain_mm_week=2.0), 7, 0)
    days = [ankles.limit_mm(Side.LEFT, day * DAY_US) - 2.0 * day / 7 for day in range(300)]
    assert stdev(days) == pytest.approx(3.0, abs=0.5)
    assert sum(days) / len(days) == pytest.approx(90.0, abs=0.7)
    assert ankles.limit_mm(Side.LEFT, 10) == pytest.approx(ankles.limit_mm(Side.LEFT, 20), abs=1e-3)
    assert ankles.limit_mm(Side.LEFT, WEEK_US) != ankles.limit_mm(Side.RIGHT, WEEK_US)


def test_holds_add_a_temporary_gain() -> None:
    """Holds add up to 3 mm, which is mostly gone after four hours."""
    ankles = Ankles(CALM, 1, 0)
    for _ in range(20):
        ankles.add_hold(0)
    assert ankles.limit_mm(Side.LEFT, 0) == pytest.approx(93.0)
    assert ankles.limit_mm(Side.LEFT, 4 * 3600 * SECOND_US) == pytest.approx(90.0, abs=0.1)
