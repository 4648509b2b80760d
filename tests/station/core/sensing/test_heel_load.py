"""Heel contact from a load: references, thresholds, faults."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest

from station.core.events import Event, Load, Side
from station.core.sensing.heel_load import HeelLoad, conductance_millisiemens, share_from_conductance
from station.core.sensing.sensors import BoardSensors, HeelChange, References, SensorChange, Wiring
from tests.recordings import heel_cells
from tests.station.core.traces import EMPTY, LEFT, RIGHT, part_of_standing

EMPTY_KNOWN = dict.fromkeys(Side, 0.18)


def fed(load: HeelLoad, *spans: tuple[float, float]) -> tuple[float | None, bool | None]:
    """Feed samples at 100 Hz, as (seconds, share); return the reference and the level after them."""
    at_us = load.times_us[-1] if load.times_us else 0
    for seconds, share in spans:
        for _ in range(round(seconds * 100)):
            at_us += 10_000
            load.add_sample(at_us, share)
    return load.standing, load.level


def test_conductance_follows_the_voltage_divider() -> None:
    """V / ((Vcc - V) * R) at half of full scale is 1 / 2.2 kOhm, and the inverse returns the share."""
    assert conductance_millisiemens(0.5) == 1 / 2.2
    assert abs(share_from_conductance(conductance_millisiemens(0.3)) - 0.3) < 1e-12


def test_level_has_hysteresis_between_8_and_25_percent() -> None:
    """The thresholds are fractions of standing; between them the level stays."""
    load = HeelLoad(EMPTY, part_of_standing(1.0))
    for part, level in [(0.26, True), (0.24, True), (0.09, True), (0.07, False), (0.24, False), (0.26, True)]:
        fed(load, (0.01, part_of_standing(part)))
        assert load.level is level, part


def test_thresholds_stay_above_the_empty_pads_noise() -> None:
    """Both are at least six standard deviations above the empty pad."""
    load = HeelLoad()
    at_us = 0
    for number in range(200):
        at_us += 10_000
        load.add_sample(at_us, 0.02 + (0.01 if number % 2 else -0.01))
    fed(load, (2.5, 0.15))
    fed(load, (0.01, 0.06))
    assert load.level is False


def test_references_are_measured_from_the_samples() -> None:
    """The lowest calm second is the empty pad, two steady seconds of standing the reference."""
    load = HeelLoad()
    assert fed(load, (2, 0.02), (1.9, 0.5)) == (None, None)
    standing, level = fed(load, (0.3, 0.5))
    assert level is True
    assert standing is not None
    assert load.empty is not None
    assert abs(load.empty - 0.02) < 1e-9
    assert abs(standing - 0.5) < 1e-9


def test_empty_pad_excludes_a_creeping_load() -> None:
    """With a person on the board from the first row on, the level is unknown until the pad has been empty."""
    load = HeelLoad()
    for number in range(120):
        fed(load, (0.1, share_from_conductance(conductance_millisiemens(0.5) * (1 + 0.6 * number / 120))))
    assert fed(load)[1] is None
    assert fed(load, (1.2, 0.01))[1] is False
    assert load.empty is not None
    assert load.empty < 0.02


def test_update_reference_takes_two_steady_seconds() -> None:
    """The last two seconds become the reference if they are steady."""
    load = HeelLoad(EMPTY, 0.5)
    fed(load, (2.1, 0.6))
    load.update_reference(load.times_us[-1])
    assert load.standing is not None
    assert abs(load.standing - 0.6) < 1e-9
    fed(load, (1, 0.3), (1, 0.6))
    load.update_reference(load.times_us[-1])
    assert abs(load.standing - 0.6) < 1e-9


def changes_of(events: list[Event], references: References) -> list[HeelChange | SensorChange]:
    sensors = BoardSensors(Wiring(True, (LEFT, RIGHT), False), 0, references)
    sensors.toe.set_measuring(False)
    found: list[HeelChange | SensorChange] = []
    for event in events:
        assert isinstance(event, Load)
        for change in [*sensors.pass_time(event.at_us), *sensors.update(event)]:
            assert isinstance(change, HeelChange | SensorChange)
            found.append(change)
    return found


def both_feet(seconds: float, left: float, right: float) -> list[Event]:
    return [
        Load(number * 10_000, side, share)
        for number in range(round(seconds * 100))
        for side, share in ((LEFT, left), (RIGHT, right))
    ]


def test_channel_is_lost_at_either_end_of_the_scale() -> None:
    """Two seconds at 1023, or at 0 if the empty pad reads more, with a person on the other heel."""
    known = References(EMPTY_KNOWN, dict.fromkeys(Side, 0.5))
    for share, words in ((1.0, "full scale"), (0.0, "cut")):
        lost = [change for change in changes_of(both_feet(3, share, 0.5), known) if isinstance(change, SensorChange)]
        assert [change.sensor for change in lost] == ["load_left"]
        assert words in lost[0].reason


def test_channel_at_zero_is_up_where_the_empty_pad_reads_zero() -> None:
    """There a lifted heel and a cut wire look the same."""
    known = References(dict.fromkeys(Side, 0.0), dict.fromkeys(Side, 0.5))
    assert not [c for c in changes_of(both_feet(5, 0.0, 0.5), known) if isinstance(c, SensorChange)]


def test_channel_accepts_a_constant_code() -> None:
    """A hard stop may give one code for minutes."""
    known = References(EMPTY_KNOWN, dict.fromkeys(Side, 0.5))
    assert not [c for c in changes_of(both_feet(70, 0.6, 0.5), known) if isinstance(c, SensorChange)]


def test_channel_is_lost_while_standing_differs_too_little() -> None:
    """Standing within 0.05 mS of the empty pad is a fault until steady standing differs by more."""
    known = References(dict.fromkeys(Side, 0.18), {LEFT: 0.2, RIGHT: 0.5})
    found = [c for c in changes_of(both_feet(4, 0.5, 0.5), known) if isinstance(c, SensorChange)]
    assert [change.is_lost for change in found] == [True, False]


def noise_around(share: float, deviation: float, seed: int) -> Callable[[], float]:
    """An ADC's codes around this share of full scale, with noise of this standard deviation."""
    gauss = Random(seed).gauss
    return lambda: min(1.0, max(0.0, round((share + gauss(0.0, deviation)) * 1023) / 1023))


@pytest.mark.parametrize("deviation", [0.2, 0.3, 0.6])
@pytest.mark.parametrize("around", [0.0, 0.5, 0.9])
def test_channel_that_no_heel_can_produce_is_lost(around: float, deviation: float) -> None:
    """Within two seconds, dated back to its first jumps; a second after the last one the channel is back."""
    known = References(dict.fromkeys(Side, 0.02), dict.fromkeys(Side, 0.5))
    code = noise_around(around, deviation, seed=7)
    events: list[Event] = [
        Load(number * 10_000, LEFT, code() if 200 <= number < 1_000 else 0.5) for number in range(1_300)
    ]
    lost, back = (change for change in changes_of(events, known) if isinstance(change, SensorChange) and change.side)
    assert (lost.is_lost, back.is_lost) == (True, False)
    assert 2_000_000 <= lost.since_us < lost.at_us < 4_000_000
    assert "no heel" in lost.reason
    assert 10_000_000 < back.since_us < 11_100_000
    heels = [change for change in changes_of(events, known) if isinstance(change, HeelChange)]
    assert not [change for change in heels if lost.at_us < change.at_us < 10_000_000]


@pytest.mark.parametrize(("number", "foot"), [(1, "a"), (1, "b"), (2, "a"), (2, "b")])
@pytest.mark.parametrize("noise_codes", [0.8, 20.0])
def test_real_heels_are_heels(number: int, foot: str, noise_codes: float) -> None:
    """A recording, sampled 100 times a second through a noisy ADC, with its own jumps: nothing is lost."""
    cells = heel_cells(number, foot)
    load, cell = HeelLoad(EMPTY, part_of_standing(1.0)), 0
    gauss = Random(number).gauss
    for at_us in range(0, cells[-1][0], 10_000):
        while cells[cell + 1][0] <= at_us:
            cell += 1
        load.add_sample(at_us, min(1.0, max(0.0, cells[cell][1] + gauss(0.0, noise_codes / 1023))))
        assert load.noisy_since(at_us) is None


def test_fast_taps_on_a_plate_that_bounces_are_a_heel() -> None:
    """Four taps a second, each with a bounce when the heel comes and when it goes."""
    load = HeelLoad(EMPTY, part_of_standing(1.0))
    for number in range(1_000):
        phase = number % 25
        share = 0.0 if (phase < 12) is (phase in (1, 13)) else 0.6
        load.add_sample(number * 10_000, share)
        assert load.noisy_since(number * 10_000) is None
