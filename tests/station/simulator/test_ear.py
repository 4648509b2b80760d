"""The simulated person's ear knows every cue by its rhythm."""

from __future__ import annotations

from random import Random

import pytest

from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import CUES
from station.devices.buzzer import ActiveBuzzer
from station.devices.cue_player import CuePlayer
from station.simulator.ear import CueRecogniser, RecognisedCue
from station.simulator.pins import PinOutput, SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

PIN = 18
C = CueName


class Listening:
    """An ear at an active buzzer, which has no pitch to help it. `jitter_us` shifts every edge by up to so much."""

    def __init__(self, jitter_us: int = 0, seed: int = 0) -> None:
        self.clock = HandClock()
        self.ear = CueRecogniser()
        self.recognised: list[RecognisedCue] = []
        self._random = Random(seed)
        self._jitter_us = jitter_us
        pins = SimulatedPinFactory(self.clock)
        self.player = CuePlayer(ActiveBuzzer(PIN, pin_factory=pins), self.clock, unexpected, resonance_hz=2_300)
        pins.add_listener(PIN, self._hear)

    def _hear(self, output: PinOutput) -> None:
        at_us = output.at_us + self._random.randint(0, self._jitter_us)
        self.recognised += self.ear.on_tone(at_us, bool(output.duty))

    def next_due_us(self) -> int | None:
        due_us = self.ear.next_due_us()
        return None if due_us is None else due_us + self._jitter_us

    def run_due(self, now_us: int) -> None:
        self.recognised += self.ear.run_due(now_us - self._jitter_us)

    def hear(self, *facts: Fact, until_us: int = 10 * SECOND_US) -> list[RecognisedCue]:
        for fact in facts:
            live(self.clock, fact.at_us, self.player, self)
            self.player.play([fact])
        live(self.clock, until_us, self.player, self)
        return self.recognised


def names(recognised: list[RecognisedCue]) -> list[CueName]:
    return [name for _, name in recognised]


FORMS = [
    (name, 2, side)
    for name in CueName
    if not CUES[name].every_ms
    for side in ((None, *Side) if name in (C.READY, C.SWITCH) else (None,))
]


@pytest.mark.parametrize(("name", "count", "side"), FORMS)
def test_every_cue_is_recognised_once(name: CueName, count: int, side: Side | None) -> None:
    """By rhythm alone, as that cue and no other."""
    assert names(Listening().hear(Cue(0, name, count, side))) == [name]


@pytest.mark.parametrize(("name", "count", "side"), FORMS)
@pytest.mark.parametrize("seed", range(5))
def test_an_uneven_buzzer_is_understood(name: CueName, count: int, side: Side | None, seed: int) -> None:
    """Edges that come up to 9 ms late change nothing."""
    assert names(Listening(9_000, seed).hear(Cue(0, name, count, side))) == [name]


@pytest.mark.parametrize(
    ("name", "within_ms"), [(C.YES, 500), (C.HEEL_UP, 400), (C.NO, 650), (C.GO, 600), (C.COUNT, 200), (C.ERROR, 450)]
)
def test_a_cue_is_recognised_as_soon_as_nothing_else_can_come(name: CueName, within_ms: int) -> None:
    """A person reacts before the long tone is over."""
    at_us, first = Listening().hear(Cue(0, name))[0]
    assert first is name
    assert at_us <= within_ms * 1_000


def test_the_end_of_everything_is_understood() -> None:
    """Relax, this side is done, finished: one phrase, three messages."""
    facts = [Cue(0, name) for name in (C.HOLD_DONE, C.SET_DONE, C.COMPLETE)]
    assert names(Listening().hear(*facts)) == [C.HOLD_DONE, C.SET_DONE, C.COMPLETE]


def test_a_countdown_and_its_go_are_understood() -> None:
    """Three, two, one, go."""
    facts = [Cue(k * SECOND_US, C.COUNT, 3 - k) for k in range(3)]
    assert names(Listening().hear(*facts, Cue(3 * SECOND_US, C.GO))) == [C.COUNT, C.COUNT, C.COUNT, C.GO]


@pytest.mark.parametrize("returned_us", range(650_000, 1_250_000, 41_000))
def test_yes_is_understood_wherever_it_cuts_heel_up_off(returned_us: int) -> None:
    """The alarm may end in the middle of a tone; yes is yes."""
    facts = (Cue(0, C.HEEL_UP), CueEnded(returned_us, C.HEEL_UP), Cue(returned_us, C.YES))
    recognised = names(Listening().hear(*facts))
    assert recognised[0] is C.HEEL_UP
    assert recognised[-1] is C.YES
    assert set(recognised) == {C.HEEL_UP, C.YES}


def test_heel_up_is_heard_again_and_again() -> None:
    """Each repetition is recognised anew."""
    assert names(Listening().hear(Cue(0, C.HEEL_UP), until_us=2_000_000)) == [C.HEEL_UP] * 3


def test_a_tick_that_comes_again_is_a_nudge() -> None:
    """The first one might be anything that is one tick long."""
    assert names(Listening().hear(Cue(0, C.NUDGE), until_us=15 * SECOND_US)) == [C.STEP_ON] + [C.NUDGE] * 4


def test_noise_is_no_cue_and_what_follows_is_understood() -> None:
    """A tone that no cue has is forgotten."""
    ear = CueRecogniser()
    assert ear.on_tone(0, True) == []
    found = ear.run_due(2 * SECOND_US) + ear.on_tone(2 * SECOND_US, False) + ear.run_due(4 * SECOND_US)
    assert set(names(found)) <= {C.ERROR}
    ear.on_tone(5 * SECOND_US, True)
    ear.on_tone(5 * SECOND_US + 80_000, False)
    assert names(ear.run_due(6 * SECOND_US)) == [C.COUNT]
