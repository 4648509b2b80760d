"""The cue recogniser knows every cue by its rhythm."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import CUES
from station.devices.buzzer import ActiveBuzzer
from station.devices.cue_player import CuePlayer
from station.simulator.ear import CueRecogniser
from station.simulator.pins import PinOutput, SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

PIN = 18
C = CueName


class Listener:
    """A recogniser at an active buzzer, whose pitch carries no information. Every edge is delayed by up to
    `jitter_us`."""

    def __init__(self, jitter_us: int = 0, seed: int = 0) -> None:
        self.clock = HandClock()
        self.recogniser = CueRecogniser()
        self.recognised: list[Cue] = []
        self._random = Random(seed)
        self._jitter_us = jitter_us
        pins = SimulatedPinFactory(self.clock)
        self.player = CuePlayer(ActiveBuzzer(PIN, pin_factory=pins), self.clock, unexpected, resonance_hz=2_300)
        pins.add_listener(PIN, self._on_output)

    def _on_output(self, output: PinOutput) -> None:
        at_us = output.at_us + self._random.randint(0, self._jitter_us)
        self.recognised += self.recogniser.on_tone(at_us, bool(output.duty))

    def next_due_us(self) -> int | None:
        due_us = self.recogniser.next_due_us()
        return None if due_us is None else due_us + self._jitter_us

    def run_due(self, now_us: int) -> None:
        self.recognised += self.recogniser.run_due(now_us - self._jitter_us)

    def play(self, *facts: Fact, until_us: int = 10 * SECOND_US) -> list[Cue]:
        for fact in facts:
            live(self.clock, fact.at_us, self.player, self)
            self.player.play([fact])
        live(self.clock, until_us, self.player, self)
        return self.recognised


def names(recognised: list[Cue]) -> list[CueName]:
    return [cue.cue for cue in recognised]


FORMS = [
    (name, count, side)
    for name in CueName
    if not CUES[name].every_ms
    for count in ((11, 12, 20, 42, 99) if name is C.NUMBER else (2,))
    for side in ((None, *Side) if name in (C.READY, C.SWITCH) else (None,))
]


@pytest.mark.parametrize(("name", "count", "side"), FORMS)
def test_recogniser_reports_every_cue_once(name: CueName, count: int, side: Side | None) -> None:
    """Each cue is recognised only by its rhythm, once, and as no other cue."""
    heard = Listener().play(Cue(0, name, count, side))
    assert names(heard) == [name]
    assert name is not C.NUMBER or heard[0].count == count


@pytest.mark.parametrize("name", [C.READY, C.SWITCH])
@pytest.mark.parametrize("side", [None, *Side])
def test_recogniser_reports_the_side_by_its_ticks(name: CueName, side: Side | None) -> None:
    """One tick after READY and SWITCH is the left leg, two are the right one, none is both."""
    (cue,) = Listener().play(Cue(0, name, side=side))
    assert (cue.cue, cue.side) == (name, side)


@pytest.mark.parametrize(("name", "count", "side"), FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_recogniser_tolerates_late_edges(name: CueName, count: int, side: Side | None, seed: int) -> None:
    """Edges up to 9 ms late do not change what is recognised."""
    assert names(Listener(9_000, seed).play(Cue(0, name, count, side))) == [name]


@pytest.mark.parametrize(
    ("name", "within_ms"), [(C.YES, 500), (C.HEEL_UP, 400), (C.NO, 650), (C.GO, 600), (C.COUNT, 200), (C.ERROR, 450)]
)
def test_recogniser_reports_a_cue_as_soon_as_no_other_is_possible(name: CueName, within_ms: int) -> None:
    """A cue is recognised before its last tone ends, so that a person can react early."""
    first = Listener().play(Cue(0, name))[0]
    assert first.cue is name
    assert first.at_us <= within_ms * 1_000


def test_recogniser_separates_the_cues_of_the_final_phrase() -> None:
    """HOLD_DONE, SET_DONE and COMPLETE sound as one phrase and are recognised as three cues."""
    facts = [Cue(0, name) for name in (C.HOLD_DONE, C.SET_DONE, C.COMPLETE)]
    assert names(Listener().play(*facts)) == [C.HOLD_DONE, C.SET_DONE, C.COMPLETE]


@pytest.mark.parametrize("last", [C.SET_DONE, C.COMPLETE, C.SWITCH])
def test_recogniser_separates_the_cues_at_the_end_of_a_side(last: CueName) -> None:
    """The long tone that ends TRIAL_OK is not taken for the first one of the next cue."""
    facts = [Cue(0, name, side=Side.LEFT if name is C.SWITCH else None) for name in (C.NO, C.TRIAL_OK, last)]
    assert names(Listener().play(*facts)) == [C.NO, C.TRIAL_OK, last]


@pytest.mark.parametrize("name", [C.NO, C.YES, C.READY])
@pytest.mark.parametrize("distance_mm", range(2, 32))
def test_ticks_after_a_cue_do_not_seem_part_of_it(name: CueName, distance_mm: int) -> None:
    """The ticks that guide the board begin later after NO than the second half of TRIAL_VOID would."""
    listener = Listener()
    listener.player.play([Cue(0, name)])
    listener.player.set_target_distance(distance_mm)
    heard = names(listener.play(until_us=5 * SECOND_US))
    assert (heard[0], set(heard[1:])) == (name, {C.STEP_ON})


def test_recogniser_reports_a_countdown_and_go() -> None:
    """Three COUNT cues and GO, a second apart, are recognised as four cues."""
    facts = [Cue(k * SECOND_US, C.COUNT, 3 - k) for k in range(3)]
    assert names(Listener().play(*facts, Cue(3 * SECOND_US, C.GO))) == [C.COUNT, C.COUNT, C.COUNT, C.GO]


@pytest.mark.parametrize("returned_us", range(650_000, 1_250_000, 41_000))
def test_recogniser_reports_yes_wherever_it_interrupts_heel_up(returned_us: int) -> None:
    """YES is recognised even if it cuts off HEEL_UP in the middle of a tone."""
    facts = (Cue(0, C.HEEL_UP), CueEnded(returned_us, C.HEEL_UP), Cue(returned_us, C.YES))
    recognised = names(Listener().play(*facts))
    assert recognised[0] is C.HEEL_UP
    assert recognised[-1] is C.YES
    assert set(recognised) == {C.HEEL_UP, C.YES}


def test_recogniser_reports_each_repetition_of_heel_up() -> None:
    """HEEL_UP is recognised every time it repeats."""
    assert names(Listener().play(Cue(0, C.HEEL_UP), until_us=2_000_000)) == [C.HEEL_UP] * 3


def test_recogniser_reports_a_repeated_tick_as_nudge() -> None:
    """The first of several NUDGE ticks is recognised as STEP_ON, because it is a single tick; the others are NUDGE."""
    assert names(Listener().play(Cue(0, C.NUDGE), until_us=15 * SECOND_US)) == [C.STEP_ON] + [C.NUDGE] * 4


def test_recogniser_ignores_noise_and_reports_the_next_cue() -> None:
    """A tone too long for any cue is discarded, and the cue after it is recognised."""
    recogniser = CueRecogniser()
    assert recogniser.on_tone(0, True) == []
    found = (
        recogniser.run_due(2 * SECOND_US) + recogniser.on_tone(2 * SECOND_US, False) + recogniser.run_due(4 * SECOND_US)
    )
    assert set(names(found)) <= {C.ERROR}
    recogniser.on_tone(5 * SECOND_US, True)
    recogniser.on_tone(5 * SECOND_US + 80_000, False)
    assert names(recogniser.run_due(6 * SECOND_US)) == [C.COUNT]
