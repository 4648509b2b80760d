"""The sequencer of one buzzer: which cue plays, which cuts in, which is dropped."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from station.core.events import SECOND_US, Side
from station.core.facts import Cue, CueEnded, CueName
from station.core.replay import replay
from station.core.sound.cues import CUES, PHRASE_GAP_US, cue_rhythm_ms
from station.core.sound.sequencer import CUT_GAP_US, CueSequencer, Edge
from station.core.steps import routine_from_header
from station.core.trace import curve_from_header, read_trace
from tests.station.core.traces import heard, us

TRACES = sorted((Path(__file__).parents[3] / "traces").glob("*.csv"))
RESONANCE_HZ = 2_400
CUT_IN_US = 20_000
C = CueName


@dataclass(frozen=True)
class Played:
    """A tone as it was played."""

    start_us: int
    end_us: int
    hz: int


def play(*requests: Cue | tuple[int, CueName], until_us: int = 60 * SECOND_US) -> list[Played]:
    """Play requests at their times: a cue, or the end of one."""
    sequencer = CueSequencer(RESONANCE_HZ)
    edges: list[Edge] = []
    for request in requests:
        at_us = request.at_us if isinstance(request, Cue) else request[0]
        edges += sequencer.take_due(at_us)
        if isinstance(request, Cue):
            sequencer.play(request)
        else:
            sequencer.stop_repeating(*request)
    edges += sequencer.take_due(until_us)
    return tones(edges)


def tones(edges: list[Edge]) -> list[Played]:
    """The tones of these edges, without those that start and end at the same moment."""
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
def test_sequencer_plays_a_lone_cue_at_its_time(name: CueName) -> None:
    """It starts at its own time and has the rhythm of the table."""
    played = play(Cue(SECOND_US, name))
    assert played[0].start_us == SECOND_US
    assert rhythm_ms(played) == cue_rhythm_ms(name)


def test_sequencer_lets_a_higher_priority_cut_in_within_20_ms() -> None:
    """HEEL_UP stops SWITCH within a tone and plays as a separate sound."""
    played = play(Cue(0, C.SWITCH), Cue(50_000, C.HEEL_UP), until_us=500_000)
    assert played[0].end_us == 50_000
    assert played[1].start_us == 50_000 + CUT_GAP_US <= 50_000 + CUT_IN_US
    assert rhythm_ms(played[1:]) == cue_rhythm_ms(C.HEEL_UP)


def test_sequencer_lets_a_newer_cue_of_equal_priority_cut_in() -> None:
    """HOLD_DONE does not wait for a YES."""
    played = play(Cue(0, C.YES), Cue(250_000, C.HOLD_DONE))
    assert rhythm_ms(played[2:]) == cue_rhythm_ms(C.HOLD_DONE)
    assert played[2].start_us <= 250_000 + CUT_IN_US


def test_sequencer_drops_a_lower_priority() -> None:
    """A late cue would describe something that is no longer true."""
    assert play(Cue(0, C.YES), Cue(100_000, C.HALFWAY)) == play(Cue(0, C.YES))


def test_sequencer_plays_a_phrase_in_turn() -> None:
    """The end of a routine is played in full: relax, side done, finished."""
    played = play(*(Cue(0, name) for name in (C.HOLD_DONE, C.SET_DONE, C.COMPLETE)))
    assert rhythm_ms(played) == (
        *cue_rhythm_ms(C.HOLD_DONE), 150, *cue_rhythm_ms(C.SET_DONE), 150, *cue_rhythm_ms(C.COMPLETE)
    )  # fmt: skip


@pytest.mark.parametrize("before", [C.READY, C.HOLD_DONE, C.NUDGE])
def test_go_sounds_at_its_moment_whatever_falls_on_it(before: CueName) -> None:
    """The clock starts with it: it cuts in on a phrase."""
    assert play(Cue(0, before), Cue(0, C.GO))[0] == play(Cue(0, C.GO))[0]


@pytest.mark.parametrize("file", TRACES, ids=lambda file: file.stem)
def test_go_of_a_trace_sounds_when_its_clock_starts(file: Path) -> None:
    """Within 20 ms, for its whole length, whichever cues surround it."""
    trace = read_trace(file.read_text(encoding="utf-8").splitlines())
    facts = list(replay(trace, routine_from_header(trace.header), curve_from_header(trace.header)))
    requests = [
        fact if isinstance(fact, Cue) else (fact.at_us, fact.cue) for fact in facts if isinstance(fact, Cue | CueEnded)
    ]
    played = play(*requests, until_us=facts[-1].at_us + SECOND_US)
    for go_s in heard(facts, C.GO):
        (go,) = [tone for tone in played if 0 <= tone.start_us - us(go_s) <= CUT_IN_US]
        assert rhythm_ms([go]) == cue_rhythm_ms(C.GO)


def test_sequencer_separates_cues_by_150_ms() -> None:
    """A cue requested right after another waits for the silence."""
    played = play(Cue(0, C.YES), Cue(600_000, C.TRIAL_OK))
    assert played[2].start_us == 580_000 + PHRASE_GAP_US


@pytest.mark.parametrize("name", [C.COUNT, C.GO, C.HEEL_UP])
def test_sequencer_never_delays_ticks_of_the_clock(name: CueName) -> None:
    """COUNT, GO and HEEL_UP play at their time, even right after another cue."""
    played = play(Cue(0, C.YES), Cue(600_000, name))
    assert played[2].start_us == 600_000


def test_sequencer_repeats_heel_up_until_it_is_ended() -> None:
    """Every 600 ms while the heel is up; it stops at once when the heel is down."""
    played = play(Cue(0, C.HEEL_UP), (2_430_000, C.HEEL_UP))
    assert starts_ms(played) == [600 * k + ms for k in range(4) for ms in (0, 120, 240)] + [2400]
    assert played[-1].end_us == 2_430_000


@pytest.mark.parametrize("returned_us", range(600_000, 1_200_000, 37_000))
def test_sequencer_plays_yes_at_once_after_heel_up(returned_us: int) -> None:
    """Whenever the heel returns within HEEL_UP, YES starts within 20 ms and plays in full."""
    played = play(Cue(0, C.HEEL_UP), (returned_us, C.HEEL_UP), Cue(returned_us, C.YES))
    yes = [tone for tone in played if tone.start_us >= returned_us]
    assert yes[0].start_us <= returned_us + CUT_IN_US
    assert rhythm_ms(yes) == cue_rhythm_ms(C.YES)


def test_sequencer_plays_nothing_lower_in_the_pauses_of_heel_up() -> None:
    """The pause between two alarms is too short for another cue."""
    alone = play(Cue(0, C.HEEL_UP), until_us=5 * SECOND_US)
    assert play(Cue(0, C.HEEL_UP), Cue(400_000, C.NO), until_us=5 * SECOND_US) == alone


def test_sequencer_repeats_nudge_five_times() -> None:
    """After that it would only annoy."""
    assert starts_ms(play(Cue(0, C.NUDGE))) == [0, 2_500, 5_000, 7_500, 10_000]


def test_sequencer_repeats_error_three_times() -> None:
    """After that the page shows the fault."""
    played = play(Cue(0, C.ERROR))
    assert [tone.start_us for tone in played[::5]] == [0, 10 * SECOND_US, 20 * SECOND_US]
    assert len(played) == 15


def test_sequencer_plays_a_dropped_nudge_when_it_is_due_again() -> None:
    """Its reason still applies; only the buzzer was busy."""
    played = play(Cue(0, C.READY), Cue(100_000, C.NUDGE))
    assert [tone.start_us for tone in played[2:]] == [100_000 + k * 2_500_000 for k in range(1, 6)]


def test_sequencer_resumes_a_repeating_cue_after_a_cut() -> None:
    """A cut nudge plays afterwards, until it is ended."""
    played = play(Cue(0, C.NUDGE), Cue(2_510_000, C.READY), until_us=4 * SECOND_US)
    ready_ends_us = 2_510_000 + CUT_GAP_US + 360_000
    assert played[-1].start_us == ready_ends_us + PHRASE_GAP_US


def test_sequencer_resumes_heel_up_after_an_error() -> None:
    """At equal priority the error plays first, then HEEL_UP resumes."""
    played = play(Cue(0, C.HEEL_UP), Cue(400_000, C.ERROR), until_us=4 * SECOND_US)
    assert rhythm_ms(played[3:8]) == cue_rhythm_ms(C.ERROR)
    assert played[8].start_us == played[7].end_us + PHRASE_GAP_US
    assert rhythm_ms(played[8:11]) == cue_rhythm_ms(C.HEEL_UP)


def test_sequencer_does_not_count_a_cut_repetition() -> None:
    """Five nudges are five whole ticks, however often one was cut."""
    played = play(Cue(0, C.NUDGE), Cue(2_510_000, C.READY))
    whole = [tone for tone in played if tone.end_us - tone.start_us == 40_000]
    assert len(whole) == 5
    assert [tone.end_us - tone.start_us for tone in played].count(10_000) == 1


def test_sequencer_delays_an_error_while_the_heel_is_up() -> None:
    """HEEL_UP blocks its pauses; the repetition that fell due meanwhile plays afterwards."""
    played = play(Cue(0, C.ERROR), Cue(8 * SECOND_US, C.HEEL_UP), (12 * SECOND_US, C.HEEL_UP), until_us=15 * SECOND_US)
    meanwhile = [tone for tone in played if 8 * SECOND_US <= tone.start_us < 12 * SECOND_US]
    assert {tone.end_us - tone.start_us for tone in meanwhile} <= {60_000}
    assert rhythm_ms([tone for tone in played if tone.start_us >= 12 * SECOND_US]) == cue_rhythm_ms(C.ERROR)


def test_sequencer_lets_a_higher_priority_skip_the_silence() -> None:
    """A moment earlier it would have cut in."""
    played = play(Cue(0, C.STEP_ON), Cue(60_000, C.HOLD_DONE))
    assert starts_ms(played)[:2] == [0, 60]


def test_sequencer_replaces_a_waiting_cue() -> None:
    """A newer and higher cue takes its place, and keeps the silence after the last one."""
    played = play(Cue(0, C.YES), Cue(600_000, C.STEP_ON), Cue(650_000, C.READY))
    assert rhythm_ms(played[2:]) == cue_rhythm_ms(C.READY)
    assert played[2].start_us == 580_000 + PHRASE_GAP_US


def test_sequencer_never_goes_back_in_time() -> None:
    """A cue whose time is before the last played edge starts after it."""
    sequencer = CueSequencer(RESONANCE_HZ)
    sequencer.play(Cue(0, C.YES))
    edges = sequencer.take_due(180_000)
    sequencer.play(Cue(175_000, C.HEEL_UP))
    edges += sequencer.take_due(SECOND_US)
    assert [edge.at_us for edge in edges] == sorted(edge.at_us for edge in edges)
    assert edges[4].at_us == 180_000 + CUT_GAP_US


def test_sequencer_keeps_the_phrase_of_a_cue_ended_at_once() -> None:
    """An error that ends before it started does not drop the pause requested with it."""
    played = play(Cue(0, C.ERROR), Cue(0, C.PAUSED), (0, C.ERROR))
    assert rhythm_ms(played) == cue_rhythm_ms(C.PAUSED)


def test_silence_ends_everything() -> None:
    """No cue follows, and the current tone is off."""
    sequencer = CueSequencer(RESONANCE_HZ)
    sequencer.play(Cue(0, C.HEEL_UP))
    sequencer.take_due(10_000)
    sequencer.silence(20_000)
    assert sequencer.take_due(SECOND_US) == [Edge(20_000, 0)]
    assert sequencer.next_due_us() is None


def test_sequencer_plays_nudge_softly() -> None:
    """It is a gentle reminder."""
    sequencer = CueSequencer(RESONANCE_HZ)
    sequencer.play(Cue(0, C.NUDGE))
    assert sequencer.take_due(0) == [Edge(0, RESONANCE_HZ, soft=True)]


WISHES = st.lists(
    st.tuples(
        st.integers(0, 900_000),
        st.sampled_from(list(CueName)),
        st.sampled_from(list(Side)),
        st.booleans(),
    ),
    max_size=25,
)


def random_requests(drawn: list[tuple[int, CueName, Side, bool]]) -> list[Cue | tuple[int, CueName]]:
    """Random requests in time order; some repeating cues are ended."""
    at_us = 0
    requests: list[Cue | tuple[int, CueName]] = []
    for later_us, name, side, ends in drawn:
        at_us += later_us
        requests.append((at_us, name) if ends and CUES[name].every_ms else Cue(at_us, name, 2, side))
    return requests


@given(WISHES)
def test_sequencer_never_overlaps_tones(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """Whatever the requests: edges alternate on and off in time order, with a gap at every cut."""
    played = play(*random_requests(drawn))
    assert all(tone.end_us > tone.start_us and tone.hz > 0 for tone in played)
    assert all(after.start_us - before.end_us >= CUT_GAP_US for before, after in itertools.pairwise(played))


@given(WISHES)
def test_sequencer_plays_the_highest_priority_at_once(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """After any requests, HEEL_UP plays within 20 ms and in full."""
    requests = random_requests(drawn)
    at_us = 1 + max((request.at_us if isinstance(request, Cue) else request[0] for request in requests), default=0)
    played = [t for t in play(*requests, Cue(at_us, C.HEEL_UP), until_us=at_us + 500_000) if t.start_us >= at_us]
    assert played[0].start_us <= at_us + CUT_IN_US
    assert rhythm_ms(played) == cue_rhythm_ms(C.HEEL_UP)


@given(WISHES)
def test_sequencer_becomes_silent_when_all_is_ended(drawn: list[tuple[int, CueName, Side, bool]]) -> None:
    """No cue outlasts its reason."""
    sequencer = CueSequencer(RESONANCE_HZ)
    at_us = 0
    for request in random_requests(drawn):
        at_us = request.at_us if isinstance(request, Cue) else request[0]
        if isinstance(request, Cue):
            sequencer.play(request)
        else:
            sequencer.stop_repeating(*request)
    for name in CueName:
        sequencer.stop_repeating(at_us, name)
    edges = sequencer.take_due(at_us + 60 * SECOND_US)
    assert not edges or edges[-1].hz == 0
    assert sequencer.next_due_us() is None


@given(WISHES, st.integers(1_000, 50_000))
@example([(0, C.COMPLETE, Side.LEFT, False), (600_000, C.COUNT, Side.LEFT, False)], 1_000)
def test_sequencer_ignores_how_often_it_is_polled(drawn: list[tuple[int, CueName, Side, bool]], step_us: int) -> None:
    """Polling every millisecond plays the same as polling only when due.

    Both also poll at the instant of a request: anything due then has begun, and a cut leaves silence after it.
    """
    requests = random_requests(drawn[:8])
    sequencer = CueSequencer(RESONANCE_HZ)
    edges: list[Edge] = []
    now_us = 0
    for request in requests:
        at_us = request.at_us if isinstance(request, Cue) else request[0]
        for looked_us in (*range(now_us, at_us, step_us), at_us):
            edges += sequencer.take_due(looked_us)
        now_us = at_us
        if isinstance(request, Cue):
            sequencer.play(request)
        else:
            sequencer.stop_repeating(*request)
    edges += sequencer.take_due(60 * SECOND_US)
    assert tones(edges) == play(*requests)
