"""Stepping on: what starts, for whom, and in which session."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from station.app.starting.routines import routine_called
from station.app.starting.start_gate import ALREADY_COMPLETE
from station.core.events import CommandName, Side
from station.core.steps import AskStep, HoldStep, TestStep
from station.simulator.board import SimulatedBoard
from station.simulator.world import constant_ramp
from station.units import length_text
from tests.station.app.test_reminders import AlarmClock
from tests.station.rig import COMPARATORS, Rig, hold_of

ANALOGUE = ""
WIRINGS = [COMPARATORS, ANALOGUE, '[board]\nplates = "right"\nheels = "comparator"\n', '[board]\nplates = "left"\n']


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize(("on_step", "activity"), [("test", "test"), ("stretch", "hold"), ("nothing", "idle")])
def test_standing_still_for_two_seconds_starts_configured_routine(
    tmp_path: Path, wiring: str, on_step: str, activity: str
) -> None:
    """Nothing starts earlier; then the configured routine starts on the loaded side."""
    with Rig(tmp_path, wiring, on_step=on_step) as rig:
        rig.board.act("step_on", "right")
        rig.live(2.0)
        assert rig.station.snapshot().activity == "idle"
        rig.live(3.0)
        seen = rig.station.snapshot()
        assert seen.activity == activity
        assert (seen.session_id is None) is (on_step == "nothing")
        if on_step != "nothing" and "plates" not in wiring:
            assert seen.side is Side.RIGHT


@pytest.mark.parametrize("wiring", WIRINGS)
def test_next_routine_needs_leaving_and_stepping_on(tmp_path: Path, wiring: str) -> None:
    """Standing or shuffling after the end starts nothing; a new session does."""
    with Rig(tmp_path, wiring, on_step="stretch") as rig:
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.live(60.0)
        assert len(rig.last_session().holds) == 1
        assert rig.station.snapshot().activity == "hold"
        assert rig.station.snapshot().phase == "done"
        rig.board.act("step_off")
        rig.live(3.0)
        rig.step_on(after_s=5.0)
        assert len(rig.last_session().run_ids) == 1, "within 20 s it is the same session, and nothing starts"
        rig.board.act("step_off")
        rig.live(25.0)
        rig.step_on(after_s=5.0)
        assert rig.station.snapshot().phase == "prepare"
        assert len(rig.store.sessions()) == 2


@pytest.mark.parametrize("wiring", WIRINGS)
def test_session_ends_twenty_seconds_after_leaving(tmp_path: Path, wiring: str) -> None:
    """After twenty seconds on the empty board the session ends, with its reason, and the page is idle."""
    with Rig(tmp_path, wiring) as rig:
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.board.act("step_off")
        left_at = rig.clock.utc_now()
        rig.live(19.0)
        assert rig.station.snapshot().session_id is not None
        rig.live(3.0)
        assert rig.station.snapshot().session_id is None
        assert rig.station.snapshot().activity == "idle"
        session = rig.last_session().session
        assert session.end_reason == "stepped off"
        assert session.ended_at is not None
        assert 19.5 <= (session.ended_at - left_at).total_seconds() <= 21.5


@pytest.mark.parametrize("wiring", [COMPARATORS, ANALOGUE])
def test_unused_session_is_closed(tmp_path: Path, wiring: str) -> None:
    """A routine started on the page and stopped unused ends its session."""
    with Rig(tmp_path, wiring) as rig:
        rig.station.start(hold_of(5), None)
        rig.live(1.0)
        assert rig.station.snapshot().session_id is not None
        rig.station.command(CommandName.STOP)
        rig.until(lambda: rig.station.snapshot().session_id is None, 60.0)


def _standing(board: SimulatedBoard) -> None:
    board.world.heels[Side.LEFT] = constant_ramp(300.0)
    board.pin_factory.drive(27, True)


@pytest.mark.parametrize("wiring", [COMPARATORS, ANALOGUE])
def test_heel_down_at_station_start_starts_nothing_until_step_on(tmp_path: Path, wiring: str) -> None:
    """A person already on the board, or a stuck heel, starts no session."""
    with Rig(tmp_path, wiring, on_step="stretch", before=_standing) as rig:
        rig.live(20.0)
        assert rig.station.snapshot().activity == "idle"
        assert rig.store.sessions() == ()
        rig.board.act("step_on", "left")
        rig.live(2.0)
        rig.board.act("step_off")
        rig.live(3.0)
        rig.step_on(after_s=6.0)
        assert rig.station.snapshot().activity == "hold"


def test_brief_steps_start_nothing(tmp_path: Path) -> None:
    with Rig(tmp_path, on_step="stretch") as rig:
        for _ in range(5):
            rig.step_on(after_s=1.5)
            rig.board.act("step_off")
            rig.live(1.0)
        assert rig.store.sessions() == ()


def test_only_person_is_chosen_automatically(tmp_path: Path) -> None:
    with Rig(tmp_path, on_step="stretch") as rig:
        ada = rig.add_person("Ada")
        rig.step_on(after_s=4.0)
        assert rig.station.snapshot().person_name == "Ada"
        assert rig.last_session().session.person_id == ada


def stop_and_step_off(rig: Rig) -> None:
    """Stop, step off, and wait for the end of the session."""
    rig.station.command(CommandName.STOP)
    rig.board.act("step_off")
    rig.until(lambda: rig.station.snapshot().session_id is None, 40.0)


def test_session_stays_unclaimed_among_several_people(tmp_path: Path) -> None:
    """With two people and none chosen the session is unclaimed, and it does not affect the next one."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.step_on(after_s=4.0)
        assert rig.last_session().session.person_id is None
        stop_and_step_off(rig)
        ada = rig.add_person("Ada")
        rig.step_on(after_s=4.0)
        assert rig.last_session().session.person_id == ada, "the only person there is now"
        stop_and_step_off(rig)
        rig.add_person("Ben")
        rig.jump_to(rig.clock.utc_now() + timedelta(minutes=10, seconds=1))
        rig.live(1.0)
        rig.step_on(after_s=4.0)
        assert rig.last_session().session.person_id is None, "two people, and ten minutes are over"


def test_last_person_is_kept_for_ten_minutes(tmp_path: Path) -> None:
    """The person chosen on the page, then the last on the board, is assumed for ten minutes."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.add_person("Ada")
        ben = rig.add_person("Ben")
        rig.step_on()
        rig.station.start(hold_of(5), ben)
        rig.until_phase("done")
        assert rig.last_session().session.person_id == ben
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 30.0)
        rig.jump_to(rig.clock.utc_now() + timedelta(minutes=8))
        rig.live(1.0)
        rig.step_on(after_s=4.0)
        assert len(rig.store.sessions()) == 2
        assert rig.last_session().session.person_id == ben


@pytest.mark.parametrize("is_chosen", [True, False])
def test_nobody_chosen_on_the_page_is_nobody(tmp_path: Path, is_chosen: bool) -> None:
    """Within ten minutes of Ada's session, a start for nobody is unclaimed; only a start without a choice is Ada's."""
    with Rig(tmp_path) as rig:
        ada = rig.add_person("Ada")
        rig.step_on()
        rig.station.start(hold_of(5), ada)
        rig.until_phase("done")
        stop_and_step_off(rig)
        rig.station.request_start("stretch", None, is_chosen=is_chosen)
        rig.live(1.0)
        assert len(rig.store.sessions()) == 2
        assert rig.last_session().session.person_id == (None if is_chosen else ada)
        assert rig.station.snapshot().decided_for == (None if is_chosen else ada)


def test_unclaimed_unfinished_routine_stays_unclaimed(tmp_path: Path) -> None:
    """Nobody chosen on the page resumes an unclaimed routine, never Ada's."""
    with Rig(tmp_path) as rig:
        ada = rig.add_person("Ada")
        rig.step_on()
        rig.station.start(hold_of(60), ada)
        rig.until_phase("hold")
        stop_and_step_off(rig)
        decision = rig.station.request_start("rest", None, is_chosen=True)
        rig.live(1.0)
        assert decision.result(0).notice == ALREADY_COMPLETE
        assert len(rig.store.sessions()) == 1


def test_another_person_starts_another_session(tmp_path: Path) -> None:
    """Choosing another person on the page ends the running session and starts theirs; nothing is mixed."""
    with Rig(tmp_path) as rig:
        ada, ben = rig.add_person("Ada"), rig.add_person("Ben")
        rig.step_on()
        rig.station.start(hold_of(20), ada)
        rig.until_phase("hold")
        rig.live(6.0)
        rig.station.start(hold_of(5), ben)
        rig.until_phase("hold")
        rig.until_phase("done")
        second, first = rig.store.sessions()
        assert [first.person_id, second.person_id] == [ada, ben]
        assert first.end_reason == "another person"
        detail = rig.store.session(first.id)
        assert detail is not None
        assert [hold.state for hold in detail.holds] == ["partial"]
        assert abs(detail.holds[0].credited_us - 6_000_000) < 100_000
        assert [hold.state for hold in rig.last_session().holds] == ["finished"]


def test_routine_starts_on_loaded_side(tmp_path: Path) -> None:
    """A stretch after a test needs no change of feet."""
    with Rig(tmp_path, on_step="test_and_stretch") as rig:
        steps = routine_called("test_and_stretch", rig.store.settings(), Side.RIGHT)
        test, ask, stretch = steps
        assert isinstance(ask, AskStep)
        assert isinstance(test, TestStep)
        assert isinstance(stretch, HoldStep)
        assert test.sides == (Side.RIGHT, Side.LEFT)
        assert stretch.sides[0] is test.sides[-1]
        rig.step_on(Side.RIGHT, after_s=4.0)
        assert rig.station.snapshot().side is Side.RIGHT


@pytest.mark.parametrize(("wiring", "watched"), [(ANALOGUE, True), (COMPARATORS, False)])
def test_taps_work_only_with_analogue_heels(tmp_path: Path, wiring: str, watched: bool) -> None:
    """A comparator cannot tell taps from a wobble."""
    with Rig(tmp_path, wiring) as rig:
        rig.station.change_settings({"taps": "on"})
        rig.step_on()
        rig.station.start(hold_of(5), None)
        rig.until_phase("prepare")
        (run,) = rig.last_session().run_ids
        trace = rig.store.trace(run)
        assert trace is not None
        header, _ = trace
        assert header.get("taps", False) is watched


def test_empty_board_is_sampled_at_a_quarter_rate(tmp_path: Path) -> None:
    """After five empty seconds; at full rate from stepping on until the board is empty again."""
    with Rig(tmp_path, ANALOGUE) as rig:
        conversions = [0]
        honest = rig.board.adc.channel_share

        def counted(channel: int, at_us: int) -> float:
            conversions[0] += 1
            return honest(channel, at_us)

        rig.board.adc.channel_share = counted

        def a_second(seconds: float) -> float:
            conversions[0] = 0
            rig.live(seconds)
            return conversions[0] / seconds

        rig.live(10.0)
        assert a_second(10.0) <= 2 * 25
        rig.step_on()
        assert a_second(30.0) == pytest.approx(2 * 100, rel=0.01)
        rig.board.act("step_off")
        rig.live(1.0)
        assert a_second(3.0) == pytest.approx(2 * 100, rel=0.01)
        rig.live(10.0)
        assert a_second(10.0) <= 2 * 25
        assert rig.faults == {}


class MovingAlarm(AlarmClock):
    """Remembers the times to which the loop moves its alarm."""

    def __init__(self) -> None:
        super().__init__()
        self.moved: list[int | None] = []

    def move_alarm(self, at_us: int | None) -> None:
        self.moved.append(at_us)


def test_empty_board_sets_no_alarm(tmp_path: Path) -> None:
    """The loop's own wait wakes it in time; with a person on the board the alarm clock is used again."""
    with Rig(tmp_path, ANALOGUE, on_step="nothing") as rig:
        alarms = MovingAlarm()
        rig.station.attach(rig.devices, alarms)
        rig.live(10.0)
        alarms.moved.clear()
        rig.live(5.0)
        assert set(alarms.moved) == {None}
        rig.board.act("step_on", "right")
        rig.until(lambda: any(heel.down for heel in rig.station.snapshot().heels))
        alarms.moved.clear()
        rig.live(0.2)
        assert None not in alarms.moved


def test_shown_distance_holds_still_while_the_person_stands(tmp_path: Path) -> None:
    """A minute of a noisy sensor: the number changes a few times; it follows when the board is moved."""
    with Rig(tmp_path, ANALOGUE, on_step="nothing") as rig:
        shown: list[float | None] = []
        rig.step_on(after_s=3.0)
        rig.station.subscribe(lambda: shown.append(rig.station.snapshot().toe_mm))
        rig.live(60.0)
        texts = [length_text(mm, "cm") for mm in shown]
        assert len(texts) > 60
        assert sum(one != after for one, after in pairwise(texts)) <= 20
        before_mm = shown[-1]
        rig.board.act("slide", "20")
        rig.live(3.0)
        after_mm = rig.station.snapshot().toe_mm
        assert before_mm is not None
        assert after_mm is not None
        assert after_mm > before_mm + 15.0
