"""The table of cues, and the tones it gives."""

from __future__ import annotations

import itertools
import math
from datetime import time

import pytest

from station.core.events import Side
from station.core.facts import Cue, CueName
from station.core.sound.cues import (
    CUES,
    DUTY_CYCLE,
    SOFT_DUTY_CYCLE,
    Feedback,
    Shape,
    Volume,
    cue_length_us,
    cue_rhythm_ms,
    cue_tones,
    duty_cycle,
    is_audible,
    is_quiet,
)
from station.core.steps import TWO_DIGITS

RESONANCE_HZ = 2_400

TABLE = {
    "STEP_ON": ("40", 5),
    "READY": ("120 120 120", 4),
    "COUNT": ("80", 3),
    "GO": ("400", 2),
    "HALFWAY": ("40 80 40", 6),
    "HOLD_DONE": ("400 150 400", 2),
    "SET_DONE": ("400 150 400 150 400", 3),
    "SWITCH": ("120 60 240 120 120 60 240", 3),
    "HEEL_UP": ("60 60 60 60 60", 1),
    "YES": ("120 60 400", 2),
    "NO": ("40 40 40 40 40 40 40 40 40", 2),
    "TRIAL_OK": ("120 60 120 60 400", 3),
    "TRIAL_VOID": ("40 40 40 40 40 40 40 40 40 250 40 40 40 40 40 40 40 40 40", 2),
    "BEST": ("120 60 120 60 400 200 120 60 120 60 400", 4),
    "COMPLETE": ("120 80 120 80 120 80 120 80 600", 3),
    "ENDED": ("120 80 120 80 120 80 120 80 120", 3),
    "PAUSED": ("120 320 120 320 120", 3),
    "ERROR": ("600 200 600 200 40 40 40 40 40", 1),
    "NUDGE": ("40", 6),
    "ASK": ("240 100 60 100 60", 4),
    "ECHO": ("40", 2),
    "NUMBER": ("200", 2),
}


def every_form() -> list[tuple[CueName, int | None, Side | None]]:
    """Each cue in every form that can be requested."""
    forms: list[tuple[CueName, int | None, Side | None]] = []
    for name in CueName:
        if name is CueName.ECHO:
            forms += [(name, count, None) for count in (2, 3, 4)]
        elif name is CueName.NUMBER:
            forms += [(name, number, None) for number in TWO_DIGITS]
        elif name in (CueName.READY, CueName.SWITCH):
            forms += [(name, None, side) for side in (None, *Side)]
        else:
            forms.append((name, None, None))
    return forms


def first_200_ms(name: CueName, *, pitch: bool) -> tuple[int, ...]:
    """The first 200 ms of a cue, per millisecond: its pitch, or only sound and silence."""
    samples = [0] * 200
    for tone in cue_tones(Cue(0, name), RESONANCE_HZ):
        for at_ms in range(tone.start_us // 1000, min(200, tone.end_us // 1000)):
            samples[at_ms] = tone.hz if pitch else 1
    return tuple(samples)


@pytest.mark.parametrize("name", list(CueName))
def test_cues_have_the_documented_rhythms_and_priorities(name: CueName) -> None:
    """People learn this table by ear."""
    rhythm, priority = TABLE[name]
    assert CUES[name].rhythm_ms == tuple(map(int, rhythm.split()))
    assert CUES[name].priority == priority


def test_cues_differ_in_rhythm() -> None:
    """A buzzer with one pitch distinguishes every cue by its tones and its repetition."""
    rhythms = [(cue_rhythm_ms(*form), CUES[form[0]].every_ms) for form in every_form()]
    assert len(set(rhythms)) == len(rhythms)


def test_cues_with_equal_tone_counts_differ_by_20_ms() -> None:
    """Their rhythms differ somewhere by twice the 10 ms by which an edge may be off."""
    for one, other in itertools.combinations(every_form(), 2):
        first, second = cue_rhythm_ms(*one), cue_rhythm_ms(*other)
        if len(first) == len(second) and {one[0], other[0]} != {CueName.STEP_ON, CueName.NUDGE}:
            assert max(abs(a - b) for a, b in zip(first, second, strict=True)) >= 20, (one, other)


def test_good_and_bad_cues_differ_in_their_first_200_ms() -> None:
    """The start of a cue already shows whether it is good or bad."""
    good = [name for name in CueName if CUES[name].feedback is Feedback.GOOD]
    bad = [name for name in CueName if CUES[name].feedback is Feedback.BAD]
    assert {first_200_ms(name, pitch=True) for name in good}.isdisjoint(first_200_ms(name, pitch=True) for name in bad)


def test_verdicts_differ_in_rhythm_within_200_ms() -> None:
    """By rhythm alone, passed and stored never start like lifted, failed and void."""
    good = {first_200_ms(name, pitch=False) for name in (CueName.YES, CueName.TRIAL_OK, CueName.BEST)}
    bad = {first_200_ms(name, pitch=False) for name in (CueName.HEEL_UP, CueName.NO, CueName.TRIAL_VOID)}
    assert good.isdisjoint(bad)


def test_only_calls_and_alarms_repeat() -> None:
    """HEEL_UP until ended, NUDGE at most five times, ERROR and ASK at most three times."""
    repeating = {name: (CUES[name].every_ms, CUES[name].times) for name in CueName if CUES[name].every_ms}
    assert repeating == {
        CueName.HEEL_UP: (600, None),
        CueName.NUDGE: (2_500, 5),
        CueName.ERROR: (10_000, 3),
        CueName.ASK: (8_000, 3),
    }
    assert [name for name in CueName if CUES[name].times and not CUES[name].every_ms] == []


@pytest.mark.parametrize(("name", "count", "side"), every_form())
def test_cue_tones_follow_the_rhythm(name: CueName, count: int | None, side: Side | None) -> None:
    """Tones match the rhythm to the microsecond, in order, at pitches that the piezo can play."""
    cue = Cue(7, name, count, side)
    edges = [edge for tone in cue_tones(cue, RESONANCE_HZ) for edge in (tone.start_us, tone.end_us)]
    spans_ms = [(after - before) / 1000 for before, after in itertools.pairwise(edges)]
    assert edges[0] == 0
    assert tuple(spans_ms) == cue_rhythm_ms(name, count, side)
    assert edges[-1] == cue_length_us(cue)
    assert all(RESONANCE_HZ // 3 <= tone.hz <= RESONANCE_HZ for tone in cue_tones(cue, RESONANCE_HZ))
    assert name in (CueName.ECHO, CueName.NUMBER) or len(CUES[name].pitches) == (len(CUES[name].rhythm_ms) + 1) // 2


@pytest.mark.parametrize("name", [CueName.READY, CueName.SWITCH])
def test_cue_tones_add_one_tick_for_left_and_two_for_right(name: CueName) -> None:
    """The side follows the cue."""
    plain = len(cue_tones(Cue(0, name), RESONANCE_HZ))
    assert len(cue_tones(Cue(0, name, side=Side.LEFT), RESONANCE_HZ)) == plain + 1
    assert len(cue_tones(Cue(0, name, side=Side.RIGHT), RESONANCE_HZ)) == plain + 2


def test_cue_tones_give_an_echo_its_count_of_ticks() -> None:
    """The person hears how many taps were counted."""
    assert [len(cue_tones(Cue(0, CueName.ECHO, count), RESONANCE_HZ)) for count in (2, 3)] == [2, 3]


@pytest.mark.parametrize(
    ("number", "rhythm"),
    [
        (17, "200 1000 200 250 200 250 200 250 200 250 200 250 200 250 200"),
        (21, "200 250 200 1000 200"),
        (30, "200 250 200 250 200 1000 900"),
    ],
)
def test_number_counts_its_two_digits(number: int, rhythm: str) -> None:
    """One long tone for 0, as many short ones as a digit says, and a long pause between the digits."""
    assert cue_rhythm_ms(CueName.NUMBER, number) == tuple(map(int, rhythm.split()))


def test_duty_cycles_are_audible_steps() -> None:
    """Low is about 16 dB below loud, each step is at least 6 dB, and lgpio can set each duty in whole percents."""

    def decibels(duty: float) -> float:
        return 20 * math.log10(math.sin(math.pi * duty))

    assert decibels(DUTY_CYCLE[Volume.LOW]) == pytest.approx(-16, abs=0.5)
    for duties in (DUTY_CYCLE, SOFT_DUTY_CYCLE):
        steps = [decibels(duties[level]) for level in (Volume.LOW, Volume.NORMAL, Volume.LOUD)]
        assert all(louder - softer >= 6 for softer, louder in itertools.pairwise(steps))
        assert all(int(duty * 100) / 100 == duty for duty in duties.values())
    assert all(
        duty_cycle(level, soft=True) < duty_cycle(level, soft=False) for level in Volume if level is not Volume.OFF
    )


@pytest.mark.parametrize(
    ("local", "quiet"),
    [(time(20, 59), False), (time(21, 0), True), (time(0, 0), True), (time(7, 29), True), (time(7, 30), False)],
)
def test_is_quiet_spans_midnight(local: time, quiet: bool) -> None:
    """By default from 21:00 to 07:30."""
    assert is_quiet(local) is quiet


def test_is_quiet_takes_the_persons_hours() -> None:
    """They may lie within one day; equal bounds mean none."""
    assert is_quiet(time(13, 30), time(13, 0), time(15, 0))
    assert not is_quiet(time(12, 59), time(13, 0), time(15, 0))
    assert not is_quiet(time(22, 0), time(22, 0), time(22, 0))


def test_is_audible_limits_cues_in_quiet_hours() -> None:
    """Only cues that guide a hold, report a fault or let a phone in sound at night."""
    guiding = {CueName.COUNT, CueName.GO, CueName.HOLD_DONE, CueName.HEEL_UP}
    audible = {name for name in CueName if is_audible(name, Volume.LOW, quiet=True)}
    assert audible == guiding | {CueName.ERROR, CueName.NUMBER}
    assert all(is_audible(name, Volume.LOW, quiet=False) for name in CueName)
    assert not any(is_audible(name, Volume.OFF, quiet=False) for name in CueName)


def test_cues_have_unique_words_and_shapes() -> None:
    """Nothing is only audible: each pair of word and shape belongs to one cue."""
    twins = [(CUES[name].word, CUES[name].shape) for name in CueName]
    assert len(set(twins)) == len(CueName)
    assert len({word for word, _ in twins}) == len(CueName)
    assert {shape for _, shape in twins} == set(Shape)
    assert all(CUES[name].means for name in CueName)
