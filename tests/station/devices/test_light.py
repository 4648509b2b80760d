"""The LED shows each cue in slow motion."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueEnded, CueName, Fact
from station.core.sound.cues import CUES, Feedback
from station.devices.errors import DeviceError
from station.devices.light import (
    COLOUR_BY_FEEDBACK,
    DARK,
    GAP_US,
    GLOW,
    LONG_US,
    MIDDLE_US,
    SHORT_US,
    Colour,
    CueLight,
    cue_flashes,
)
from station.simulator.pins import PinOutput, SimulatedPinFactory
from tests.station.core.sound.test_cues import every_form
from tests.station.devices.board_rig import HandClock, live, unexpected

PINS = (5, 6, 13)
C = CueName


class Lamp:
    """A light whose colours are recorded with their times."""

    def __init__(self) -> None:
        self.clock = HandClock()
        self.pins = SimulatedPinFactory(self.clock)
        self.faults: list[Exception] = []
        self.light = CueLight(PINS, self.clock, self.faults.append, pin_factory=self.pins)
        self._now = [0.0, 0.0, 0.0]
        self._seen: dict[int, Colour] = {}
        for place, pin in enumerate(PINS):
            self.pins.add_listener(pin, partial(self._keep, place))

    def _keep(self, place: int, output: PinOutput) -> None:
        self._now[place] = output.duty
        self._seen[output.at_us] = (self._now[0], self._now[1], self._now[2])

    def show(self, *facts: Fact, until_us: int = 20 * SECOND_US) -> None:
        for fact in facts:
            live(self.clock, fact.at_us, self.light)
            self.light.show_cues([fact])
        live(self.clock, until_us, self.light)

    def changes(self) -> list[tuple[int, Colour]]:
        """The start of each colour."""
        began: list[tuple[int, Colour]] = []
        for at_us, colour in self._seen.items():
            if not began or began[-1][1] != colour:
                began.append((at_us, colour))
        return began

    def flashes(self) -> list[tuple[int, Colour]]:
        return [(at_us, colour) for at_us, colour in self.changes() if colour not in (DARK, GLOW)]


@pytest.mark.parametrize("name", [name for name in CueName if not CUES[name].every_ms])
def test_light_flashes_once_per_tone(name: CueName) -> None:
    """One flash per tone, in the colour of good, bad or neutral, and then dark."""
    lamp = Lamp()
    lamp.show(Cue(0, name))
    assert len(lamp.flashes()) == (len(CUES[name].rhythm_ms) + 1) // 2
    assert {colour for _, colour in lamp.flashes()} == {COLOUR_BY_FEEDBACK[CUES[name].feedback]}
    assert lamp.changes()[-1][1] == DARK


def test_light_shows_cues_of_one_instant_in_turn() -> None:
    """Relax, and this side is done: two long flashes and three."""
    lamp = Lamp()
    lamp.show(Cue(0, C.HOLD_DONE), Cue(0, C.SET_DONE))
    assert len(lamp.flashes()) == 5


def test_light_shows_side_by_its_ticks() -> None:
    """READY has one flash more for the left and two more for the right."""
    left, right = (cue_flashes(Cue(0, C.READY, side=side)) for side in Side)
    assert (len(left), len(right)) == (3, 4)


def test_light_shows_every_cue_differently() -> None:
    """Where two have the same flashes, one of them repeats or has another colour."""
    looks = [(cue_flashes(Cue(0, name, 2)), CUES[name].feedback, CUES[name].every_ms) for name in CueName]
    same = [
        (one, other)
        for (one, first), (other, second) in itertools.combinations(zip(CueName, looks, strict=True), 2)
        if first == second
    ]
    assert same == []


def test_light_repeats_cue_until_stopped() -> None:
    """HEEL_UP keeps flashing, less than three times a second, and ends when the heel is down."""
    lamp = Lamp()
    lamp.show(Cue(0, C.HEEL_UP), CueEnded(5 * SECOND_US, C.HEEL_UP))
    times = [at_us for at_us, _ in lamp.flashes()]
    assert times[-1] > 4 * SECOND_US
    assert times[-1] < 5 * SECOND_US
    assert lamp.changes()[-1] == (lamp.changes()[-1][0], DARK)


def test_light_separates_groups_of_repeating_cue() -> None:
    """Between two groups of a repeating cue it is dark for three times as long as within a group."""
    lamp = Lamp()
    lamp.show(Cue(0, C.HEEL_UP), until_us=6 * SECOND_US)
    begun_us = [at_us for at_us, _ in lamp.flashes()]
    apart = [after - before for before, after in itertools.pairwise(begun_us)]
    within, between = apart[:2] + apart[3:5], apart[2::3]
    assert set(within) == {SHORT_US + GAP_US}
    assert all(gap_us - SHORT_US >= 3 * GAP_US for gap_us in between)


@pytest.mark.parametrize(("name", "times"), [(C.NUDGE, 5), (C.ERROR, 3)])
def test_light_repeats_at_period_of_sound(name: CueName, times: int) -> None:
    """NUDGE and ERROR are shown at the period of their sound and as many times, then no more."""
    lamp = Lamp()
    lamp.show(Cue(0, name), until_us=60 * SECOND_US)
    flashes = len(cue_flashes(Cue(0, name)))
    begun_us = [at_us for at_us, _ in lamp.flashes()][::flashes]
    assert len(begun_us) == times
    assert {after - before for before, after in itertools.pairwise(begun_us)} == {(CUES[name].every_ms or 0) * 1000}
    assert lamp.changes()[-1][1] == DARK


def test_light_goes_dark_when_repeat_stops() -> None:
    """Even during the last repeat: a sensor that works again is not shown as lost."""
    lamp = Lamp()
    end_us = 20 * SECOND_US + 500_000
    lamp.show(Cue(0, C.ERROR), CueEnded(end_us, C.ERROR), until_us=40 * SECOND_US)
    assert lamp.changes()[-1] == (end_us, DARK)


def test_light_glow_changes_between_repeats() -> None:
    """The clock's glow does not wait for the next repeat."""
    lamp = Lamp()
    lamp.show(Cue(0, C.ERROR), until_us=5 * SECOND_US)
    lamp.light.set_glow(True)
    live(lamp.clock, 6 * SECOND_US, lamp.light)
    assert lamp.changes()[-1][1] == GLOW


def rhythm(cue: Cue) -> tuple[tuple[str, ...], bool]:
    """What an eye notices of a cue without its colour: short, middle and long flashes and long pauses in order, and
    whether the group repeats."""
    lengths = {SHORT_US: "short", MIDDLE_US: "middle", LONG_US: "long"}
    seen: list[str] = []
    last_us = 0
    for on_us, off_us in cue_flashes(cue):
        seen += ["pause"] if on_us - last_us >= 2 * GAP_US else []
        seen.append(lengths[off_us - on_us])
        last_us = off_us
    return tuple(seen), CUES[cue.cue].every_ms is not None


ENDINGS = (C.PAUSED, C.ENDED, C.ERROR)
MOMENTS: dict[str, tuple[CueName, ...]] = {
    "getting ready": (C.READY, C.COUNT, C.GO, C.NUDGE, *ENDINGS),
    "holding": (C.COUNT, C.HALFWAY, C.HOLD_DONE, C.HEEL_UP, C.YES, *ENDINGS),
    "repetitions": (C.COUNT, C.HALFWAY, C.HOLD_DONE, C.NO, *ENDINGS),
    "after a hold": (C.HOLD_DONE, C.SET_DONE, C.SWITCH, C.COMPLETE, C.READY, C.NUDGE, *ENDINGS),
    "resting": (C.COUNT, C.GO, C.NUDGE, C.READY, C.SWITCH, *ENDINGS),
    "taps": (C.ECHO, C.GO, C.READY, C.SWITCH, C.HOLD_DONE, *ENDINGS),
    "a question": (C.ASK, C.ECHO, C.STEP_ON, C.READY, C.SWITCH, *ENDINGS),
    "waiting": (C.ASK, C.STEP_ON, C.READY, C.SWITCH, C.NUDGE, *ENDINGS),
    "an attempt": (C.YES, C.NO, C.TRIAL_VOID, C.TRIAL_OK, C.HEEL_UP, *ENDINGS),
    "a rhythm": (C.READY, C.COUNT, C.NO, C.NUMBER, *ENDINGS),
    "after an attempt": (C.GO, C.TRIAL_OK, C.SWITCH, C.BEST, C.COMPLETE, C.NUDGE, *ENDINGS),
}
"""The possible next cues at each moment of a routine: a person only has to tell these apart."""


@pytest.mark.parametrize("moment", MOMENTS)
def test_light_distinguishes_possible_cues_without_colour(moment: str) -> None:
    """At each moment every possible cue, in each of its forms, differs in the number or length of its flashes."""
    forms = [Cue(0, name, count, side) for name, count, side in every_form() if name in MOMENTS[moment]]
    forms = [cue for cue in forms if cue.side is not None or cue.cue not in (C.READY, C.SWITCH)]
    for one, other in itertools.combinations(forms, 2):
        assert rhythm(one) != rhythm(other), (one, other)


def test_moments_cover_every_cue() -> None:
    """No cue is missing from the moments."""
    assert {name for names in MOMENTS.values() for name in names} == set(CueName)


def test_light_longer_flash_is_twice_as_long() -> None:
    """Short, middle and long are told apart at a glance, and every tone of a cue is one of them."""
    assert LONG_US >= 2 * MIDDLE_US
    assert MIDDLE_US >= 2 * SHORT_US
    assert GAP_US >= 2 * SHORT_US


def test_light_glows_between_cues() -> None:
    """While the clock runs the light is on; a cue makes it dark first, then it returns."""
    lamp = Lamp()
    lamp.light.set_glow(True)
    lamp.show(Cue(SECOND_US, C.COUNT), until_us=5 * SECOND_US)
    colours = [colour for _, colour in lamp.changes()]
    assert colours[0] == GLOW
    assert colours[-1] == GLOW
    assert COLOUR_BY_FEEDBACK[Feedback.NEUTRAL] in colours
    lamp.light.set_glow(False)
    live(lamp.clock, 6 * SECOND_US, lamp.light)
    assert lamp.changes()[-1][1] == DARK


@given(st.lists(st.tuples(st.integers(0, 500_000), st.sampled_from(list(CueName)), st.booleans()), max_size=30))
def test_light_flashes_at_most_three_times_a_second(wishes: list[tuple[int, CueName, bool]]) -> None:
    """For any cues at any speed, no second has more than three flashes."""
    lamp = Lamp()
    at_us = 0
    facts: list[Fact] = []
    for later_us, name, ends in wishes:
        at_us += later_us
        facts.append(CueEnded(at_us, name) if ends else Cue(at_us, name, 2))
    lamp.show(*facts, until_us=at_us + 5 * SECOND_US)
    times = [at_us for at_us, _ in lamp.flashes()]
    assert all(fourth - first > SECOND_US for first, fourth in zip(times, times[3:], strict=False))


def test_light_close_is_dark() -> None:
    """The pins are off and free, and closing twice is no error."""
    lamp = Lamp()
    lamp.show(Cue(0, C.GO), until_us=100_000)
    lamp.light.close()
    lamp.light.close()
    assert lamp.changes()[-1][1] == DARK
    CueLight(PINS, lamp.clock, unexpected, pin_factory=lamp.pins).close()


def test_light_reports_faults_in_sentences() -> None:
    """For a pin in use the sentence names the pins; a later failure is reported once."""
    lamp = Lamp()
    for pin in PINS:
        lamp.pins.break_output(pin, OSError("GPIO write failed"))
    lamp.show(Cue(0, C.NO))
    assert [str(fault) for fault in lamp.faults] == ["The LED cannot be switched (GPIO write failed): check its pins."]
    pins = SimulatedPinFactory(HandClock())
    pins.refuse_opening(6, Exception("GPIO busy"))
    with pytest.raises(DeviceError, match=r"^The LED on GPIO 5, 6 and 13 cannot be opened"):
        CueLight(PINS, HandClock(), unexpected, pin_factory=pins)
