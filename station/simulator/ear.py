"""Recognises cues only by their rhythm, like a person who has learnt them.

`CueRecogniser` gets the tones and silences of one buzzer and reports each cue as soon as no other one is possible: YES
within its long tone, NO a moment after its fifth tick, GO only when no second long tone (relax) has followed, READY
when the ticks of its side are over. It has no thread: its owner calls `run_due` at `next_due_us`.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from station.core.events import Side
from station.core.facts import Cue, CueName
from station.core.sound.cues import CUES, MILLISECOND_US, PHRASE_GAP_US, cue_rhythm_ms
from station.core.steps import TWO_DIGITS

TOLERANCE_US = 25_000
"""How much a tone or gap may be too short or too long: a little less than people notice."""

NUDGE_TOLERANCE_US = 100_000
"""The same for the time between two nudges."""

MAX_TAPS = 4
"""The station echoes up to three heel taps; one more can be recognised."""

CUE_PHRASES = ((CueName.HOLD_DONE, CueName.SET_DONE),)
"""Simultaneous cues that sound like one: five long tones are HOLD_DONE and SET_DONE."""


class _Pattern(Struct, frozen=True):
    """The rhythm of a cue or a phrase: tone, gap, tone, … in µs."""

    cues: tuple[Cue, ...]
    """The cues, at time 0."""
    spans_us: tuple[int, ...]

    def matches_start(self, spans_us: list[int]) -> bool:
        """Whether these spans match the beginning of the pattern, or all of it."""
        return len(spans_us) <= len(self.spans_us) and all(
            abs(actual - span) <= TOLERANCE_US for actual, span in zip(spans_us, self.spans_us, strict=False)
        )

    def is_outlasted(self, min_spans_us: list[int]) -> bool:
        """Whether the last of these spans, which is still running, is longer than the pattern allows; never after the
        pattern's end."""
        index = len(min_spans_us) - 1
        return index < len(self.spans_us) and min_spans_us[index] > self.spans_us[index]

    def distance(self, spans_us: list[int]) -> int:
        return sum(abs(actual - span) for actual, span in zip(spans_us, self.spans_us, strict=True))


def _build_patterns() -> tuple[_Pattern, ...]:
    cues = [
        Cue(0, name, side=side)
        for name in CueName
        if name not in (CueName.ECHO, CueName.NUDGE, CueName.NUMBER)
        for side in ((None, *Side) if name in (CueName.READY, CueName.SWITCH) else (None,))
    ]
    cues += [Cue(0, CueName.ECHO, count) for count in range(2, MAX_TAPS + 1)]
    cues += [Cue(0, CueName.NUMBER, number) for number in TWO_DIGITS]
    phrases = [(cue,) for cue in cues] + [tuple(Cue(0, name) for name in phrase) for phrase in CUE_PHRASES]
    return tuple(_Pattern(phrase, _phrase_spans_us(phrase)) for phrase in phrases)


def _phrase_spans_us(phrase: tuple[Cue, ...]) -> tuple[int, ...]:
    """The rhythm of cues played in turn, in µs."""
    spans_us: list[int] = []
    for cue in phrase:
        spans_us += [PHRASE_GAP_US] if spans_us else []
        spans_us += [ms * MILLISECOND_US for ms in cue_rhythm_ms(cue.cue, cue.count, cue.side)]
    return tuple(spans_us)


PATTERNS = _build_patterns()
"""Every recognisable pattern. A lone tick is STEP_ON; repeated after NUDGE's period it is NUDGE."""


class CueRecogniser:
    """Recognises the cues of one buzzer. Times are µs and never decrease."""

    def __init__(self) -> None:
        self._is_sounding = False
        self._since_us = 0
        self._began_us: int | None = None
        self._spans_us: list[int] = []
        self._candidates: list[_Pattern] = []
        self._reported_count = 0
        self._last_tick_us: int | None = None

    def on_tone(self, at_us: int, is_sounding: bool) -> list[Cue]:
        """The buzzer starts or stops sounding at `at_us`. Returns the cues recognised by that time."""
        found = self.run_due(at_us)
        if is_sounding == self._is_sounding:
            return found
        span_us, self._since_us, self._is_sounding = at_us - self._since_us, at_us, is_sounding
        if self._began_us is None:
            self._start_matching(at_us, [])
            return found
        spans_us = [*self._spans_us, span_us]
        possible = [pattern for pattern in self._candidates if pattern.matches_start(spans_us)]
        if possible:
            self._spans_us, self._candidates = spans_us, possible
            return found + self._report(at_us)
        found += self._report_finished(at_us)
        if any(len(pattern.spans_us) == len(self._spans_us) for pattern in self._candidates):
            self._start_matching(at_us, [])
        else:
            self._restart_matching(spans_us, at_us)
        return found + self._report(at_us)

    def next_due_us(self) -> int | None:
        """When silence or a lasting tone can complete or exclude a pattern; `None` if only the next edge can."""
        index = len(self._spans_us)
        ends = [pattern.spans_us[index] for pattern in self._candidates if index < len(pattern.spans_us)]
        return self._since_us + min(ends) + TOLERANCE_US + 1 if ends else None

    def run_due(self, now_us: int) -> list[Cue]:
        """No edge has come up to `now_us`: returns the cues recognised by then."""
        found: list[Cue] = []
        while (due_us := self.next_due_us()) is not None and due_us <= now_us:
            min_spans_us = [*self._spans_us, due_us - self._since_us - TOLERANCE_US]
            remaining = [pattern for pattern in self._candidates if not pattern.is_outlasted(min_spans_us)]
            if not remaining:
                found += self._report_finished(due_us)
            self._candidates = remaining
            found += self._report(due_us)
        return found

    def _start_matching(self, at_us: int, spans_us: list[int]) -> None:
        """Start matching at `at_us`: every pattern that fits is a candidate."""
        self._began_us, self._spans_us, self._reported_count = at_us, spans_us, 0
        self._candidates = [pattern for pattern in PATTERNS if pattern.matches_start(spans_us)]

    def _restart_matching(self, spans_us: list[int], now_us: int) -> None:
        """No pattern fits: a cue was cut off, or another follows. Restart from the first tone that fits one."""
        for index in range(2, len(spans_us) + 1, 2):
            later_us = spans_us[index:]
            self._start_matching(now_us - sum(later_us), later_us)
            if self._candidates:
                return
        self._reset()

    def _reset(self) -> None:
        self._began_us, self._spans_us, self._candidates, self._reported_count = None, [], [], 0

    def _report(self, now_us: int) -> list[Cue]:
        """Report the cues that all candidates share, and finish when every candidate is complete."""
        found: list[Cue] = []
        while (
            len(cues := {pattern.cues[self._reported_count : self._reported_count + 1] for pattern in self._candidates})
            == 1
        ):
            (cue,) = cues
            if not cue:
                break
            found.append(self._recognised(cue[0], now_us))
            self._reported_count += 1
        if self._candidates and all(len(pattern.spans_us) == len(self._spans_us) for pattern in self._candidates):
            found += self._report_finished(now_us)
            self._reset()
        return found

    def _report_finished(self, now_us: int) -> list[Cue]:
        """Report the remaining cues of the pattern that has just ended, if any."""
        finished = [pattern for pattern in self._candidates if len(pattern.spans_us) == len(self._spans_us)]
        if not finished:
            return []
        nearest = min(finished, key=lambda pattern: pattern.distance(self._spans_us))
        return [self._recognised(cue, now_us) for cue in nearest.cues[self._reported_count :]]

    def _recognised(self, cue: Cue, now_us: int) -> Cue:
        """This cue, recognised by now. A lone tick that repeats after NUDGE's period is a NUDGE."""
        if cue.cue is not CueName.STEP_ON or self._began_us is None:
            return replace(cue, at_us=now_us)
        before_us, self._last_tick_us = self._last_tick_us, self._began_us
        period_us = (CUES[CueName.NUDGE].every_ms or 0) * MILLISECOND_US
        is_nudge = before_us is not None and abs(self._began_us - before_us - period_us) <= NUDGE_TOLERANCE_US
        return Cue(now_us, CueName.NUDGE if is_nudge else cue.cue)
