"""Who steps on, what that starts, and whose it is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from station.app.routines import routine_called
from station.core.events import CommandName, Side
from station.core.steps import AskStep, HoldStep, TestStep
from station.simulator.board import SimulatedBoard
from station.simulator.world import constant_ramp
from tests.station.rig import COMPARATORS, Rig, hold_of

ANALOGUE = ""
WIRINGS = [COMPARATORS, ANALOGUE, '[board]\nplates = "right"\nheels = "comparator"\n', '[board]\nplates = "left"\n']


@pytest.mark.parametrize("wiring", WIRINGS)
@pytest.mark.parametrize(("on_step", "activity"), [("test", "test"), ("stretch", "hold"), ("nothing", "idle")])
def test_standing_still_for_two_seconds_starts_what_the_settings_say(
    tmp_path: Path, wiring: str, on_step: str, activity: str
) -> None:
    """Nothing before two seconds of standing; then what the settings say, for the side that is loaded."""
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
def test_the_end_of_one_thing_does_not_begin_the_next(tmp_path: Path, wiring: str) -> None:
    """Who goes on standing or shuffles about after the end starts nothing; who has left and comes back does."""
    with Rig(tmp_path, wiring, on_step="stretch") as rig:
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.live(60.0)
        assert len(rig.sat().holds) == 1
        assert rig.station.snapshot().activity == "hold"
        assert rig.station.snapshot().phase == "done"
        rig.board.act("step_off")
        rig.live(3.0)
        rig.step_on(after_s=5.0)
        assert len(rig.sat().run_ids) == 1, "within twenty seconds it is the same session, and nothing begins by itself"
        rig.board.act("step_off")
        rig.live(25.0)
        rig.step_on(after_s=5.0)
        assert rig.station.snapshot().phase == "prepare"
        assert len(rig.store.sessions()) == 2


@pytest.mark.parametrize("wiring", WIRINGS)
def test_twenty_seconds_after_leaving_the_session_is_over(tmp_path: Path, wiring: str) -> None:
    """The board stays empty for twenty seconds: the session is closed, with the reason, and the page is idle."""
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
        session = rig.sat().session
        assert session.end_reason == "stepped off"
        assert session.ended_at is not None
        assert 19.5 <= (session.ended_at - left_at).total_seconds() <= 21.5


@pytest.mark.parametrize("wiring", [COMPARATORS, ANALOGUE])
def test_a_session_that_nobody_came_to_is_closed(tmp_path: Path, wiring: str) -> None:
    """What was begun on the page and waited in vain ends, and its session with it: the next one is a new session."""
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
def test_somebody_who_stands_there_at_the_start_must_step_on_anew(tmp_path: Path, wiring: str) -> None:
    """A station that comes back under somebody's feet, or with a heel that is stuck, invents no session."""
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


def test_whoever_does_not_stand_still_starts_nothing(tmp_path: Path) -> None:
    """A foot that comes and goes within two seconds is nobody who means it."""
    with Rig(tmp_path, on_step="stretch") as rig:
        for _ in range(5):
            rig.step_on(after_s=1.5)
            rig.board.act("step_off")
            rig.live(1.0)
        assert rig.store.sessions() == ()


def test_the_only_person_there_is_is_taken(tmp_path: Path) -> None:
    """With one person in the store nobody needs to choose."""
    with Rig(tmp_path, on_step="stretch") as rig:
        ada = rig.add_person("Ada")
        rig.step_on(after_s=4.0)
        assert rig.station.snapshot().person_name == "Ada"
        assert rig.sat().session.person_id == ada


def leave(rig: Rig) -> None:
    """Stop, step off, and let the session be closed."""
    rig.station.command(CommandName.STOP)
    rig.board.act("step_off")
    rig.until(lambda: rig.station.snapshot().session_id is None, 40.0)


def test_of_several_nobody_is_guessed(tmp_path: Path) -> None:
    """With two people and nobody chosen the session is unclaimed; an unclaimed one says nothing of the next."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.step_on(after_s=4.0)
        assert rig.sat().session.person_id is None
        leave(rig)
        ada = rig.add_person("Ada")
        rig.step_on(after_s=4.0)
        assert rig.sat().session.person_id == ada, "the only person there is now"
        leave(rig)
        rig.add_person("Ben")
        rig.jump_to(rig.clock.utc_now() + timedelta(minutes=10, seconds=1))
        rig.live(1.0)
        rig.step_on(after_s=4.0)
        assert rig.sat().session.person_id is None, "two people, and ten minutes are over"


def test_who_was_chosen_or_last_there_is_taken_for_ten_minutes(tmp_path: Path) -> None:
    """Chosen on the page, then last on the board: for ten minutes it is they who step on; after that nobody."""
    with Rig(tmp_path, on_step="stretch") as rig:
        rig.add_person("Ada")
        ben = rig.add_person("Ben")
        rig.step_on()
        rig.station.start(hold_of(5), ben)
        rig.until_phase("done")
        assert rig.sat().session.person_id == ben
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 30.0)
        rig.jump_to(rig.clock.utc_now() + timedelta(minutes=8))
        rig.live(1.0)
        rig.step_on(after_s=4.0)
        assert len(rig.store.sessions()) == 2
        assert rig.sat().session.person_id == ben


def test_somebody_else_is_another_session(tmp_path: Path) -> None:
    """Another person chosen on the page ends the session that goes on and begins their own; nothing is mixed."""
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
        assert first.end_reason == "somebody else"
        detail = rig.store.session(first.id)
        assert detail is not None
        assert [hold.state for hold in detail.holds] == ["partial"]
        assert abs(detail.holds[0].credited_us - 6_000_000) < 100_000
        assert [hold.state for hold in rig.sat().holds] == ["finished"]


def test_a_routine_begins_on_the_loaded_side(tmp_path: Path) -> None:
    """With two plates the side that is stood on comes first, and a stretch after a test needs no change of feet."""
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
def test_taps_command_only_where_the_load_is_known(tmp_path: Path, wiring: str, watched: bool) -> None:
    """With taps switched on a routine obeys them on analogue heels; a comparator cannot tell them from a wobble."""
    with Rig(tmp_path, wiring) as rig:
        rig.station.change_settings({"taps": "on"})
        rig.step_on()
        rig.station.start(hold_of(5), None)
        rig.until_phase("prepare")
        (run,) = rig.sat().run_ids
        header = rig.store.run_header(run)
        assert header is not None
        assert header.get("taps", False) is watched


def test_an_empty_board_is_sensed_slowly_until_somebody_comes(tmp_path: Path) -> None:
    """With a quarter of the conversions after five seconds; at full rate from stepping on until everybody has left."""
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
        assert rig.troubles == {}
