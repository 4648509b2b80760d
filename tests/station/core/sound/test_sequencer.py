"""One buzzer, many wishes: who sounds, who cuts in, who is dropped."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueName
from station.core.sound.cues import CUES, PHRASE_GAP_US, cue_rhythm_ms
from station.core.sound.sequencer import CUT_GAP_US, CueSequencer, Edge

RESONANCE_HZ = 2_400
CUT_IN_US = 20_000
C = CueName


@dataclass(frozen=True)
class Played:
    """A tone that sounded."""

    start_us: int
    end_us: int
    hz: int


def play(*wishes: Cue | tuple[int, CueName], until_us: int = 60 * SECOND_US) -> list[Played]:
    """Play wishes, each at its time: a cue, or the end of one."""
    score = CueSequencer(RESONANCE_HZ)
    edges: list[Edge] = []
    for wish in wishes:
        at_us = wish.at_us if isinstance(wish, Cue) else wish[0]
        edges += score.take_due(at_us)
        if isinstance(wish, Cue):
            score.play(wish)
        else:
            score.stop_repeating(*wish)
    edges += score.take_due(until_us)
    return tones(edges)


def tones(edges: list[Edge]) -> list[Played]:
    """What sounded, without what was on and off in the same moment."""
    return [
        Played(edge.at_us, after.at_us, edge.hz)
        for edge, after in itertools.pairwise(edges)
        if edge.hz and after.at_us > edge.at_us
    ]


def starts_ms(played: list[Played]) -> list[float]:
    return [tone.start_us / 1000 for tone in played]


def rhythm_ms(played: list[Played]) -> tuple[float, ...]:
    edges = [edge for tone in played for edge in (tone.start_us, tone.end_us)]
    return tuple((after - before) / 1000 for before, after in itertools.pairwise(edges))


@pytest.mark.parametrize("name", [name for name in CueName if not CUES[name].every_ms])
def test_a_cue_alone_sounds_as_the_table_says(name: CueName) -> None:
    """Asked for at its instant it begins there, and its rhythm is that of the table."""
    played = play(Cue(SECOND_US, name))
    assert played[0].start_us == SECOND_US
    assert rhythm_ms(played) == cue_rhythm_ms(name)


def test_a_higher_priority_cuts_in_within_20_ms() -> None:
    """HEEL_UP stops SWITCH in the middle of a tone and is heard as a sound of its own."""
    played = play(Cue(0, C.SWITCH), Cue(50_000, C.HEEL_UP), until_us=500_000)
    assert played[0].end_us == 50_000
    assert played[1].start_us == 50_000 + CUT_GAP_US <= 50_000 + CUT_IN_US
    assert rhythm_ms(played[1:]) == cue_rhythm_ms(C.HEEL_UP)


def test_at_equal_priority_the_newer_one_cuts_in() -> None:
    """HOLD_DONE does not wait for a YES."""
    played = play(Cue(0, C.YES), Cue(250_000, C.HOLD_DONE))
    assert rhythm_ms(played[2:]) == cue_rhythm_ms(C.HOLD_DONE)
    assert played[2].start_us <= 250_000 + CUT_IN_US


def test_a_lower_priority_is_dropped_and_never_queued() -> None:
    """What comes too late says something that is no longer true."""
    assert play(Cue(0, C.YES), Cue(100_000, C.HALFWAY)) == play(Cue(0, C.YES))


def test_the_cues_of_one_instant_are_played_in_turn() -> None:
    """The end of everything is heard whole: relax, side done, finished."""
    played = play(*(Cue(0, name) for name in (C.HOLD_DONE, C.SET_DONE, C.COMPLETE)))
    assert rhythm_ms(played) == (
        *cue_rhythm_ms(C.HOLD_DONE), 150, *cue_rhythm_ms(C.SET_DONE), 150, *cue_rhythm_ms(C.COMPLETE)
    )  # fmt: skip


def test_between_cues_there_are_150_ms_of_silence() -> None:
    """A cue asked for right after another waits until the ear can part them."""
    played = play(Cue(0, C.YES), Cue(600_000, C.TRIAL_OK))
    assert played[2].start_us == 580_000 + PHRASE_GAP_US


@pytest.mark.parametrize("name", [C.COUNT, C.GO, C.HEEL_UP])
def test_a_tick_of_the_clock_is_not_put_off(name: CueName) -> None:
    """COUNT, GO and HEEL_UP sound when it is time, also right after another cue."""
    played = play(Cue(0, C.YES), Cue(600_000, name))
    assert played[2].start_us == 600_000


def test_heel_up_repeats_every_600_ms_until_it_is_ended() -> None:
    """The alarm goes on as long as the heel is up, and stops at once when it is down."""
    played = play(Cue(0, C.HEEL_UP), (2_430_000, C.HEEL_UP))
    assert starts_ms(played) == [600 * k + ms for k in range(4) for ms in (0, 120, 240)] + [2400]
    assert played[-1].end_us == 2_430_000


@pytest.mark.parametrize("returned_us", range(600_000, 1_200_000, 37_000))
def test_yes_answers_the_return_at_once(returned_us: int) -> None:
    """Wherever in HEEL_UP the heel comes back, YES begins within 20 ms and is whole."""
    played = play(Cue(0, C.HEEL_UP), (returned_us, C.HEEL_UP), Cue(returned_us, C.YES))
    yes = [tone for tone in played if tone.start_us >= returned_us]
    assert yes[0].start_us <= returned_us + CUT_IN_US
    assert rhythm_ms(yes) == cue_rhythm_ms(C.YES)


def test_nothing_lower_sounds_in_the_pauses_of_heel_up() -> None:
    """The pause between two alarms is no room for anything."""
    alone = play(Cue(0, C.HEEL_UP), until_us=5 * SECOND_US)
    assert play(Cue(0, C.HEEL_UP), Cue(400_000, C.NO), until_us=5 * SECOND_US) == alone


def test_nudge_comes_five_times_at_most() -> None:
    """After that it is only noise."""
    assert starts_ms(play(Cue(0, C.NUDGE))) == [0, 2_500, 5_000, 7_500, 10_000]


def test_error_comes_three_times_at_most() -> None:
    """After that the page says it."""
    played = play(Cue(0, C.ERROR))
    assert [tone.start_us for tone in played[::5]] == [0, 10 * SECOND_US, 20 * SECOND_US]
    assert len(played) == 15


def test_a_nudge_that_was_dropped_comes_when_it_is_due_again() -> None:
    """It still holds; only the moment was not free."""
    played = play(Cue(0, C.READY), Cue(100_000, C.NUDGE))
    assert [tone.start_us for tone in played[2:]] == [100_000 + k * 2_500_000 for k in range(1, 6)]


def test_a_repeating_cue_goes_on_after_it_was_cut() -> None:
    """A nudge that something cut is heard afterwards, while it still holds."""
    played = play(Cue(0, C.NUDGE), Cue(2_510_000, C.READY), until_us=4 * SECOND_US)
    ready_ends_us = 2_510_000 + CUT_GAP_US + 360_000
    assert played[-1].start_us == ready_ends_us + PHRASE_GAP_US


def test_heel_up_goes_on_after_an_error() -> None:
    """At equal priority the error is heard first, and then the heel is still up."""
    played = play(Cue(0, C.HEEL_UP), Cue(400_000, C.ERROR), until_us=4 * SECOND_US)
    assert rhythm_ms(played[3:8]) == cue_rhythm_ms(C.ERROR)
    assert played[8].start_us == played[7].end_us + PHRASE_GAP_US
    assert rhythm_ms(played[8:11]) == cue_rhythm_ms(C.HEEL_UP)


def test_a_repetition_that_was_cut_does_not_count() -> None:
    """Five nudges are five whole ticks, however often one was cut off."""
    played = play(Cue(0, C.NUDGE), Cue(2_510_000, C.READY))
    whole = [tone for tone in played if tone.end_us - tone.start_us == 40_000]
    assert len(whole) == 5
    assert [tone.end_us - tone.start_us for tone in played].count(10_000) == 1


def test_an_error_waits_while_the_heel_is_up() -> None:
    """HEEL_UP keeps the floor in its pauses; the repetition that fell due meanwhile comes afterwards."""
    played = play(Cue(0, C.ERROR), Cue(8 * SECOND_US, C.HEEL_UP), (12 * SECOND_US, C.HEEL_UP), until_us=15 * SECOND_US)
    meanwhile = [tone for tone in played if 8 * SECOND_US <= tone.start_us < 12 * SECOND_US]
    assert {tone.end_us - tone.start_us for tone in meanwhile} <= {60_000}
    assert rhythm_ms([tone for tone in played if tone.start_us >= 12 * SECOND_US]) == cue_rhythm_ms(C.ERROR)


def test_what_ranks_higher_does_not_wait_for_the_silence() -> None:
    """It would have cut in a moment before."""
    played = play(Cue(0, C.STEP_ON), Cue(60_000, C.HOLD_DONE))
    assert starts_ms(played)[:2] == [0, 60]


def test_what_waits_for_the_silence_can_be_replaced() -> None:
    """A newer and higher cue takes the place, and still leaves the silence after what was heard."""
    played = play(Cue(0, C.YES), Cue(600_000, C.STEP_ON), Cue(650_000, C.READY))
    assert rhythm_ms(played[2:]) == cue_rhythm_ms(C.READY)
    assert played[2].start_us == 580_000 + PHRASE_GAP_US


def test_time_never_goes_back() -> None:
    """A cue that is asked for behind an edge that has been played begins after it."""
    score = CueSequencer(RESONANCE_HZ)
    score.play(Cue(0, C.YES))
    edges = score.take_due(180_000)
    score.play(Cue(175_000, C.HEEL_UP))
    edges += score.take_due(SECOND_US)
    assert [edge.at_us for edge in edges] == sorted(edge.at_us for edge in edges)
    assert edges[4].at_us == 180_000 + CUT_GAP_US


def test_what_is_asked_and_over_in_one_instant_leaves_the_rest_of_the_phrase() -> None:
    """An error that is gone before it began does not swallow the pause it was asked with."""
    played = play(Cue(0, C.ERROR), Cue(0, C.PAUSED), (0, C.ERROR))
    assert rhythm_ms(played) == cue_rhythm_ms(C.PAUSED)


def test_silence_ends_everything() -> None:
    """After it nothing comes, and the tone that sounded is off."""
    score = CueSequencer(RESONANCE_HZ)
    score.play(Cue(0, C.HEEL_UP))
    score.take_due(10_000)
    score.silence(20_000)
    assert score.take_due(SECOND_US) == [Edge(20_000, 0)]
    assert score.next_due_us() is None


def test_a_nudge_is_soft() -> None:
    """It asks, it does not call."""
    score = CueSequencer(RESONANCE_HZ)
    score.play(Cue(0, C.NUDGE))
    assert score.take_due(0) == [Edge(0, RESONANCE_HZ, soft=True)]


WISHES = st.lists(
    st.tuples(
        st.integers(0, 900_000),
        st.sampled_from(list(CueName)),
        st.sampled_from(list(Side)),
        st.booleans(),
    ),
    max_size=25,
)


def wishes_of(drawn: list[tuple[int, CueName, Side, bool]]) -> list[Cue | tuple[int, CueName]]:
    """Random wishes in time order; a repeating cue is sometimes ended."""
    at_us = 0
    wishes: list[Cue | tuple[int, CueName]] = []
    for later_us, name, side, ends in drawn:
        at_us += later_us
        wishes.append((at_us, name) if ends and CUES[name].every_ms else Cue(at_us, name, 2, side))
    return wishes


@given(WISHES)
def test_never_do_two_tones_overlap(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """Whatever is asked, in whatever order: edges go on, off, on, off, in time order, with a gap at every cut."""
    played = play(*wishes_of(drawn))
    assert all(tone.end_us > tone.start_us and tone.hz > 0 for tone in played)
    assert all(after.start_us - before.end_us >= CUT_GAP_US for before, after in itertools.pairwise(played))


@given(WISHES)
def test_what_ranks_highest_is_heard_at_once(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """After any wishes at all, HEEL_UP is heard within 20 ms and whole."""
    wishes = wishes_of(drawn)
    at_us = 1 + max((wish.at_us if isinstance(wish, Cue) else wish[0] for wish in wishes), default=0)
    played = [t for t in play(*wishes, Cue(at_us, C.HEEL_UP), until_us=at_us + 500_000) if t.start_us >= at_us]
    assert played[0].start_us <= at_us + CUT_IN_US
    assert rhythm_ms(played) == cue_rhythm_ms(C.HEEL_UP)


@given(WISHES)
def test_when_all_is_ended_it_becomes_silent(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """No cue outlives what it tells."""
    score = CueSequencer(RESONANCE_HZ)
    at_us = 0
    for wish in wishes_of(drawn):
        at_us = wish.at_us if isinstance(wish, Cue) else wish[0]
        if isinstance(wish, Cue):
            score.play(wish)
        else:
            score.stop_repeating(*wish)
    for name in CueName:
        score.stop_repeating(at_us, name)
    edges = score.take_due(at_us + 60 * SECOND_US)
    assert not edges or edges[-1].hz == 0
    assert score.next_due_us() is None


@given(WISHES, st.integers(1_000, 50_000))
def test_how_often_the_score_is_asked_changes_nothing(
    drawn: list[tuple[int, CueName, Side, bool]], step_us: int
) -> None:
    """A player that looks every millisecond plays what one that looks only when due plays."""
    wishes = wishes_of(drawn[:8])
    score = CueSequencer(RESONANCE_HZ)
    edges: list[Edge] = []
    now_us = 0
    for wish in wishes:
        at_us = wish.at_us if isinstance(wish, Cue) else wish[0]
        for looked_us in range(now_us, at_us, step_us):
            edges += score.take_due(looked_us)
        now_us = at_us
        if isinstance(wish, Cue):
            score.play(wish)
        else:
            score.stop_repeating(*wish)
    edges += score.take_due(60 * SECOND_US)
    assert tones(edges) == play(*wishes)
