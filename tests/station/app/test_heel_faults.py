"""Faulty heel sensors: nothing is credited without a sensor, and a sentence names the sensor and the remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.app.board.heels import heel_fault_of
from station.core.events import Load, Side
from station.core.facts import CueName
from station.core.sensing.sensors import BoardSensors, Wiring
from station.simulator.adc import AdcState
from tests.station.rig import COMPARATORS, Rig
from tests.station.states import AnyState

HEEL_LEFT = 27


def test_missing_adc_reads_as_lifted_heel(tmp_path: Path) -> None:
    """With nothing on the SPI wires nothing starts, and nothing is stored."""
    with Rig(tmp_path, "", on_step="stretch", before=lambda board: board.act("pull_heels")) as rig:
        rig.step_on(after_s=10.0)
        assert [seen.down for seen in rig.station.snapshot().heels] != [True, True]
        assert not any(seen.down for seen in rig.station.snapshot().heels)
        assert rig.station.snapshot().activity == "idle"
        assert rig.store.sessions() == ()


def test_unplugged_adc_stops_credit_until_it_returns(tmp_path: Path) -> None:
    """The clock stops with the next sample, and the hold completes once the ADC is back."""
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
        (hold,) = rig.last_session().holds
        assert (hold.state, hold.credited_us, hold.lift_count) == ("finished", 10_000_000, 1)
        assert hold.ended_us is not None
        assert hold.ended_us - hold.started_us >= 11_900_000


def test_full_scale_heel_is_reported_and_starts_nothing(tmp_path: Path) -> None:
    with Rig(tmp_path, "", on_step="stretch") as rig:
        rig.board.adc.state = AdcState.HIGH
        rig.live(20.0)
        assert rig.store.sessions() == ()
        sentence = rig.faults["heel sensors"]
        assert [word for word in ("left heel", "full scale", "check its cable") if word not in sentence] == []
        rig.board.adc.state = AdcState.OK
        rig.live(2.0)
        assert rig.faults == {}
        rig.step_on(after_s=6.0)
        assert rig.station.snapshot().activity == "hold"


def test_comparator_stuck_down_is_reported_and_starts_nothing(tmp_path: Path) -> None:
    """Nothing starts with the station, and after five minutes a sentence says what to check."""
    with Rig(tmp_path, on_step="stretch", before=lambda board: board.pin_factory.drive(HEEL_LEFT, True)) as rig:
        rig.board.pin_factory.drive(HEEL_LEFT, True)
        rig.live(290.0)
        assert rig.faults == {}
        rig.live(20.0)
        assert rig.store.sessions() == ()
        sentence = rig.faults["heel sensors"]
        assert [word for word in ("left heel", "down", "plate", "wire") if word not in sentence] == []
        rig.board.pin_factory.drive(HEEL_LEFT, False)
        rig.live(1.0)
        assert rig.faults == {}


def test_comparator_stuck_during_session_adds_nothing(tmp_path: Path) -> None:
    """Stepping off goes unnoticed, but stored results stay, nothing is added, and a sentence names the heel."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(5)
        rig.until_phase("done")
        rig.board.person.body.is_standing = False
        rig.live(400.0)
        assert [hold.state for hold in rig.last_session().holds] == ["finished"]
        assert "left heel" in rig.faults["heel sensors"]


def test_comparator_stuck_up_is_reported_when_the_knee_pad_is_pressed(tmp_path: Path) -> None:
    """With the knee pad pressed and every heel up no attempt passes, and a sentence says what to check."""
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
        sentence = rig.faults["heel sensors"]
        assert [word for word in ("knee pad", "no heel", "check", "cables") if word not in sentence] == []
        assert rig.store.sessions() == ()


@pytest.mark.parametrize("wiring", [COMPARATORS, ""])
def test_hold_resumes_after_stepping_off_and_on(tmp_path: Path, wiring: str) -> None:
    """Off after four of ten seconds, back after eight: PAUSED, then the other six; one lift, exactly ten seconds."""
    with Rig(tmp_path, wiring) as rig:
        rig.step_on()
        rig.hold(10)
        rig.live(4.0)
        rig.board.act("step_off")
        rig.live(8.0)
        assert rig.station.snapshot().phase == "paused"
        assert CueName.PAUSED in rig.recognised_cues()
        rig.step_on()
        rig.until_phase("done")
        (hold,) = rig.last_session().holds
        assert (hold.state, hold.credited_us, hold.lift_count, hold.lifted_us) == ("finished", 10_000_000, 1, 3_000_000)


@pytest.mark.parametrize("wiring", [COMPARATORS, ""])
def test_leaving_for_good_stores_a_partial_hold(tmp_path: Path, wiring: str) -> None:
    """The credit is stored as partial, ENDED sounds, and the session ends on the empty board."""
    with Rig(tmp_path, wiring) as rig:
        rig.step_on()
        rig.hold(20, Side.LEFT, repetitions=3)
        rig.live(7.0)
        rig.board.act("step_off")
        rig.until(lambda: rig.station.snapshot().session_id is None, 120.0)
        assert [hold.state for hold in rig.last_session().holds] == ["partial"]
        assert abs(rig.last_session().holds[0].credited_us - 7_000_000) < 300_000
        assert CueName.ENDED in rig.recognised_cues()
        assert rig.last_session().session.end_reason == "stepped off"


def test_silent_heel_blames_no_wire() -> None:
    """No wire of a heel can make the ADC silent: the processor was busy, or the ADC itself does not answer."""
    sensors = BoardSensors(Wiring(), 0)
    for number in range(20):
        sensors.update(Load(number * 10_000, Side.LEFT, 0.5))
    list(sensors.pass_time(2_000_000))
    sentence = heel_fault_of(sensors, 2_000_000)
    assert sentence is not None
    assert [word for word in ("left heel", "half a second", "processor was busy") if word not in sentence] == []
    assert "cable" not in sentence


def test_noisy_heel_is_reported() -> None:
    """On an idle board too: the fault of a channel that jumps in a way no heel does names its wire."""
    sensors = BoardSensors(Wiring(), 0)
    for number in range(200):
        sensors.update(Load(number * 10_000, Side.LEFT, 0.2 + 0.6 * (number % 2)))
    sentence = heel_fault_of(sensors, 2_000_000)
    assert sentence is not None
    assert [word for word in ("left heel", "jumps as no heel does", "check its cable") if word not in sentence] == []
