"""Heels that lie or fall silent: nothing is credited that was not seen, and a sentence says which and what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.core.events import Side
from station.core.facts import CueName
from station.simulator.adc import AdcState
from tests.station.rig import COMPARATORS, Rig
from tests.station.states import AnyState

HEEL_LEFT = 27


def test_an_adc_that_is_not_attached_reads_as_a_lifted_heel(tmp_path: Path) -> None:
    """With nothing at the SPI wires nobody is ever seen: nothing begins, nothing is stored."""
    with Rig(tmp_path, "", on_step="stretch", before=lambda board: board.act("pull_heels")) as rig:
        rig.step_on(after_s=10.0)
        assert [seen.down for seen in rig.station.snapshot().heels] != [True, True]
        assert not any(seen.down for seen in rig.station.snapshot().heels)
        assert rig.station.snapshot().activity == "idle"
        assert rig.store.sessions() == ()


def test_an_adc_that_comes_off_in_a_hold_earns_nothing(tmp_path: Path) -> None:
    """From the sample after, the clock stands; the person reads which cable, and the rest counts when it is back."""
    with Rig(tmp_path, "") as rig:
        rig.step_on()
        rig.hold(10)
        rig.live(4.0)
        rig.board.act("pull_heels")
        rig.live(2.0)
        seen = AnyState(rig.station.snapshot().state)
        assert seen.rate == 0
        assert abs(seen.counted_us - 4_000_000) < 200_000
        rig.board.act("return_heels")
        rig.until_phase("done")
        (hold,) = rig.sat().holds
        assert (hold.state, hold.credited_us, hold.lift_count) == ("finished", 10_000_000, 1)
        assert hold.ended_us is not None
        assert hold.ended_us - hold.started_us >= 11_900_000


def test_a_heel_stuck_at_full_scale_is_told_and_starts_nothing(tmp_path: Path) -> None:
    """An ADC that only says 1023 is no person."""
    with Rig(tmp_path, "", on_step="stretch") as rig:
        rig.board.adc.state = AdcState.HIGH
        rig.live(20.0)
        assert rig.store.sessions() == ()
        sentence = rig.troubles["heel sensors"]
        assert [word for word in ("left heel", "full scale", "check its cable") if word not in sentence] == []
        rig.board.adc.state = AdcState.OK
        rig.live(2.0)
        assert rig.troubles == {}
        rig.step_on(after_s=6.0)
        assert rig.station.snapshot().activity == "hold"


def test_a_comparator_that_is_stuck_down_starts_nothing_and_is_told(tmp_path: Path) -> None:
    """A line that is always high begins no session at the start; after five minutes the page says what to look at."""
    with Rig(tmp_path, on_step="stretch", before=lambda board: board.pin_factory.drive(HEEL_LEFT, True)) as rig:
        rig.board.pin_factory.drive(HEEL_LEFT, True)
        rig.live(290.0)
        assert rig.troubles == {}
        rig.live(20.0)
        assert rig.store.sessions() == ()
        sentence = rig.troubles["heel sensors"]
        assert [word for word in ("left heel", "down", "plate", "wire") if word not in sentence] == []
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.live(1.0)
        assert rig.troubles == {}


def test_a_comparator_that_sticks_in_a_session_ends_it_without_inventing_anything(tmp_path: Path) -> None:
    """Nobody is seen leaving; what was done stays, nothing is added, and the page says which heel to look at."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.board.person.is_standing = False
        rig.live(400.0)
        assert [hold.state for hold in rig.sat().holds] == ["finished"]
        assert "left heel" in rig.troubles["heel sensors"]


def test_a_comparator_that_is_stuck_up_is_told_when_the_pad_denies_it(tmp_path: Path) -> None:
    """Somebody leans at the pad while every heel says up: nothing passes, and a sentence says what to check."""
    with Rig(tmp_path) as rig:
        rig.board.act("step_on", "left")
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.live(1.0)
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.board.act("slide", "-70")
        rig.live(2.0)
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.board.act("lean")
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.live(8.0)
        assert rig.station.snapshot().knee is True
        sentence = rig.troubles["heel sensors"]
        assert [word for word in ("knee pad", "no heel", "check", "cables") if word not in sentence] == []
        assert rig.store.sessions() == ()


@pytest.mark.parametrize("wiring", [COMPARATORS, ""])
def test_somebody_who_walks_away_and_back_keeps_what_they_had(tmp_path: Path, wiring: str) -> None:
    """Off after four of ten seconds, back after eight: PAUSED, then the other six; one lift, and exactly ten."""
    with Rig(tmp_path, wiring) as rig:
        rig.step_on()
        rig.hold(10)
        rig.live(4.0)
        rig.board.act("step_off")
        rig.live(8.0)
        assert rig.station.snapshot().phase == "paused"
        assert CueName.PAUSED in rig.heard()
        rig.step_on()
        rig.until_phase("done")
        (hold,) = rig.sat().holds
        assert (hold.state, hold.credited_us, hold.lift_count, hold.lifted_us) == ("finished", 10_000_000, 1, 3_000_000)


@pytest.mark.parametrize("wiring", [COMPARATORS, ""])
def test_somebody_who_walks_away_for_good_leaves_a_partial_hold(tmp_path: Path, wiring: str) -> None:
    """What was credited is stored as partial, ENDED says so, and the session is closed with nobody there."""
    with Rig(tmp_path, wiring) as rig:
        rig.step_on()
        rig.hold(20, Side.LEFT, repetitions=3)
        rig.live(7.0)
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 120.0)
        assert [hold.state for hold in rig.sat().holds] == ["partial"]
        assert abs(rig.sat().holds[0].credited_us - 7_000_000) < 300_000
        assert CueName.ENDED in rig.heard()
        assert rig.sat().session.end_reason == "stepped off"
