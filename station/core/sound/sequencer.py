"""Sequences the cues of one buzzer: takes cues, gives the edges to play.

One cue plays at a time. A cue of higher or equal priority cuts in on the one playing; a cue of lower priority is
dropped, never queued. Cues with the same time form a phrase and play in turn, but GO starts the clock and cuts in. Cues
are separated by 150 ms of silence.

Details:

- A cut leaves `CUT_GAP_US` of silence, so two sounds are heard as two even on a buzzer with one pitch. Cutting a cue
  drops the rest of its phrase.
- Cues of equal or lower priority wait for the silence after a cue; a higher one starts at once, because it would have
  cut in. COUNT, GO and HEEL_UP never wait: a late tick would give a wrong time. Nothing waits after a cut cue, or after
  the end of a repeating cue, to which it responds (YES when the heel is back).
- HEEL_UP blocks the pauses between its repetitions, which are too short for other cues. Other cues may play in the long
  pauses of the other repeating cues; the repetition follows them.
- A repetition that was cut does not count towards `times`.
"""

from __future__ import annotations

from collections import deque

from msgspec import Struct
from msgspec.structs import replace

from station.core.facts import Cue, CueName
from station.core.sound.cues import CUES, MILLISECOND_US, PHRASE_GAP_US, cue_length_us, cue_tones

CUT_GAP_US = 15_000
"""The silence after a cut: gaps above 10 ms are audible, and a higher priority must cut in within 20 ms."""

TICKS_GAP_US = 500_000
"""The silence between a cue and the ticks to a target: longer than any gap within a cue, so they do not seem part of
it. A tick 250 ms after NO would begin a TRIAL_VOID."""

NEVER_DELAYED = frozenset({CueName.COUNT, CueName.GO, CueName.HEEL_UP})
"""Cues about the present moment: they never wait for the silence after another cue."""


class Edge(Struct, frozen=True):
    """From `at_us` on the buzzer sounds at `hz`, softly if `soft`; 0 Hz is silence."""

    at_us: int
    hz: int
    soft: bool = False


class _PlannedCue(Struct, frozen=True):
    """A scheduled cue: its first and last edge, and whether it was cut (or ended, if it repeats)."""

    cue: Cue
    start_us: int
    end_us: int
    is_cut: bool = False

    @property
    def priority(self) -> int:
        return CUES[self.cue.cue].priority


class _Repeat(Struct, frozen=True):
    """A repeating cue that has not ended: when it is due again, and how often it may still play (`None`: no limit)."""

    cue: Cue
    interval_us: int
    due_us: int
    remaining: int | None

    def after_sounding(self, start_us: int) -> _Repeat:
        return replace(
            self, due_us=start_us + self.interval_us, remaining=None if self.remaining is None else self.remaining - 1
        )

    def after_cut(self, at_us: int) -> _Repeat:
        return replace(self, due_us=at_us, remaining=None if self.remaining is None else self.remaining + 1)


class CueSequencer:
    """The sequencer of one buzzer. Call it in time order; all times are on the monotonic clock."""

    def __init__(self, resonance_hz: int) -> None:
        self._resonance_hz = resonance_hz
        self._edges: deque[Edge] = deque()
        self._last_edge = Edge(0, 0)
        self._planned: list[_PlannedCue] = []
        self._repeats: dict[CueName, _Repeat] = {}
        self._phrase_us: int | None = None

    def play(self, cue: Cue, begin_us: int | None = None) -> None:
        """Play a cue at its own time, or at `begin_us` if that time has passed."""
        at_us = self._advance_to(cue.at_us if begin_us is None else begin_us)
        current = self._current_cue(at_us)
        if current is not None and self._phrase_us == cue.at_us and cue.cue is not CueName.GO:
            self._start_repeating(cue, at_us)
            self._schedule(cue, self._planned[-1].end_us + PHRASE_GAP_US)
        elif current is not None and current.priority < CUES[cue.cue].priority:
            self._start_repeating(cue, at_us)
        else:
            self._cut(at_us)
            self._start_repeating(cue, at_us)
            self._phrase_us = cue.at_us
            self._schedule(cue, max(at_us, self._earliest_start_us(cue.cue)))

    def stop_repeating(self, at_us: int, name: CueName) -> None:
        """End a repeating cue: it is silent from `at_us` on, and the next cue does not wait."""
        at_us = self._advance_to(at_us)
        if self._repeats.pop(name, None) is None:
            return
        if self._planned and self._planned[-1].cue.cue is name:
            self._planned[-1] = replace(self._planned[-1], is_cut=True)
        for place, turn in enumerate(self._planned):
            if turn.cue.cue is name and turn.end_us > at_us:
                later_cues = self._planned[place + 1 :]
                self._cut(max(at_us, self._planned[place - 1].end_us) if place else at_us)
                for later in later_cues:
                    free_us = self._planned[-1].end_us + PHRASE_GAP_US if self._planned else at_us
                    self._schedule(later.cue, max(at_us, free_us))
                break

    def silence(self, at_us: int) -> None:
        """End everything, repeating cues included."""
        self._repeats.clear()
        self._cut(self._advance_to(at_us))

    def next_due_us(self) -> int | None:
        """Return when the next edge is due, or `None` when nothing is planned."""
        if self._edges:
            return self._edges[0].at_us
        repeat = self._next_repeat()
        return None if repeat is None else repeat[0]

    def take_due(self, now_us: int) -> list[Edge]:
        """Return the edges due by `now_us` that were not taken before, in time order."""
        self._advance_to(now_us)
        due = []
        while self._edges and self._edges[0].at_us <= now_us:
            self._last_edge = self._edges.popleft()
            due.append(self._last_edge)
        return due

    def is_free(self, at_us: int) -> bool:
        """Return whether nothing plays or is planned, and the last cue ended long enough ago for ticks to follow it."""
        quiet = not self._planned or self._planned[-1].end_us + TICKS_GAP_US <= at_us
        return quiet and not self._edges and self._current_cue(at_us) is None

    def _advance_to(self, at_us: int) -> int:
        """Schedule the repetitions due by `at_us` and drop cues that are over. Never goes back before the last edge."""
        at_us = max(at_us, self._last_edge.at_us)
        while (repeat := self._next_repeat()) is not None and repeat[0] <= at_us:
            self._schedule(repeat[1], repeat[0])
        while len(self._planned) > 1 and self._planned[1].end_us <= at_us:
            del self._planned[0]
        return at_us

    def _next_repeat(self) -> tuple[int, Cue] | None:
        """Return when the next repetition starts, and its cue."""
        last = self._planned[-1] if self._planned else None
        free_us = last.end_us + PHRASE_GAP_US if last is not None else 0
        blocking = last.cue.cue if last is not None and self._owns_pauses(last) else None
        waiting = [
            (max(repeat.due_us, free_us), CUES[name].priority, repeat)
            for name, repeat in self._repeats.items()
            if repeat.remaining != 0 and blocking in (None, name)
        ]
        if not waiting:
            return None
        start_us, _, repeat = min(waiting, key=lambda each: each[:2])
        return start_us, repeat.cue

    def _current_cue(self, at_us: int) -> _PlannedCue | None:
        """Return the cue that has the buzzer: the one playing or next, otherwise a HEEL_UP in its pause."""
        for turn in self._planned:
            if turn.end_us > at_us:
                return turn
        last = self._planned[-1] if self._planned else None
        return last if last is not None and self._owns_pauses(last) else None

    def _owns_pauses(self, planned: _PlannedCue) -> bool:
        repeat = self._repeats.get(planned.cue.cue)
        return repeat is not None and repeat.interval_us - cue_length_us(planned.cue) <= 2 * PHRASE_GAP_US

    def _earliest_start_us(self, name: CueName) -> int:
        """Return when the next cue may start, given the one before it."""
        if not self._planned:
            return 0
        last = self._planned[-1]
        at_once = last.is_cut or name in NEVER_DELAYED or CUES[name].priority < last.priority
        return last.end_us + (CUT_GAP_US if at_once else PHRASE_GAP_US)

    def _start_repeating(self, cue: Cue, at_us: int) -> None:
        """Start the repetitions of a repeating cue, even if another cue keeps it from playing at once."""
        sound = CUES[cue.cue]
        if sound.every_ms is not None:
            every_us = sound.every_ms * MILLISECOND_US
            self._repeats[cue.cue] = _Repeat(cue, every_us, at_us + every_us, sound.times)

    def _schedule(self, cue: Cue, start_us: int) -> None:
        for tone in cue_tones(cue, self._resonance_hz):
            self._edges.append(Edge(start_us + tone.start_us, tone.hz, CUES[cue.cue].soft))
            self._edges.append(Edge(start_us + tone.end_us, 0))
        self._planned.append(_PlannedCue(cue, start_us, start_us + cue_length_us(cue)))
        if cue.cue in self._repeats:
            self._repeats[cue.cue] = self._repeats[cue.cue].after_sounding(start_us)

    def _cut(self, at_us: int) -> None:
        """Drop everything planned from `at_us` on."""
        while self._edges and self._edges[-1].at_us >= at_us:
            self._edges.pop()
        before = self._edges[-1] if self._edges else self._last_edge
        if before.hz:
            self._edges.append(Edge(at_us, 0))
        kept = []
        for turn in self._planned:
            if turn.end_us > at_us and turn.cue.cue in self._repeats:
                self._repeats[turn.cue.cue] = self._repeats[turn.cue.cue].after_cut(at_us)
            if turn.start_us < at_us:
                silent_us = at_us if before.hz else before.at_us
                cut = turn.is_cut or turn.end_us > at_us
                kept.append(replace(turn, end_us=min(turn.end_us, silent_us), is_cut=cut))
        self._planned = kept
