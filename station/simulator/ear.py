"""An ear that knows the cues by rhythm alone, as a person does who has learnt them.

It hears tone and silence of one buzzer and says what it recognised, as early as nothing else can come any more: YES
within its long tone, NO a moment after its fifth tick, GO only when a second long tone (relax) has failed to come. It
has no thread: `settle` lets time pass when `next_us` has come.
"""

from __future__ import annotations

from dataclasses import dataclass

from station.core.events import Side
from station.core.facts import CueName
from station.core.sound.cues import CUES, MILLISECOND_US, PHRASE_GAP_US, cue_rhythm_ms

TOLERANCE_US = 25_000
"""Tones and gaps may be this much too short or too long: a little less than what people notice."""

NUDGE_TOLERANCE_US = 100_000
"""The same for the pause between two nudges."""

MOST_TAPS = 4
"""Heel taps are counted to three; one more for good measure."""

PHRASES = ((CueName.HOLD_DONE, CueName.SET_DONE),)
"""Cues of one instant that sound like others when run together: five long tones are relax, and this side is done."""

Heard = tuple[int, CueName]
"""When a cue was recognised, in µs, and which."""


@dataclass(frozen=True, slots=True)
class _Pattern:
    """What a cue, or a phrase, is to the ear: tone, gap, tone, … in µs."""

    names: tuple[CueName, ...]
    spans_us: tuple[int, ...]

    def fits(self, heard_us: list[int]) -> bool:
        """Whether what was heard can be the beginning of it, or all."""
        return len(heard_us) <= len(self.spans_us) and all(
            abs(heard - span) <= TOLERANCE_US for heard, span in zip(heard_us, self.spans_us, strict=False)
        )

    def is_outlasted(self, least_us: list[int]) -> bool:
        """Whether the last of these spans, which still lasts, is longer than its own. After its end, none is."""
        place = len(least_us) - 1
        return place < len(self.spans_us) and least_us[place] > self.spans_us[place]

    def distance(self, heard_us: list[int]) -> int:
        return sum(abs(heard - span) for heard, span in zip(heard_us, self.spans_us, strict=True))


def _patterns() -> tuple[_Pattern, ...]:
    rhythms: list[tuple[tuple[CueName, ...], tuple[int, ...]]] = [
        ((name,), cue_rhythm_ms(name, side=side))
        for name in CueName
        if name not in (CueName.ECHO, CueName.NUDGE)
        for side in ((None, *Side) if name in (CueName.READY, CueName.SWITCH) else (None,))
    ]
    rhythms += [((CueName.ECHO,), cue_rhythm_ms(CueName.ECHO, count)) for count in range(2, MOST_TAPS + 1)]
    gap_ms = PHRASE_GAP_US // MILLISECOND_US
    rhythms += [((one, other), (*cue_rhythm_ms(one), gap_ms, *cue_rhythm_ms(other))) for one, other in PHRASES]
    return tuple(_Pattern(names, tuple(ms * MILLISECOND_US for ms in rhythm)) for names, rhythm in rhythms)


PATTERNS = _patterns()
"""What can be heard. A lone tick is STEP_ON, and NUDGE when it comes again after NUDGE's period."""


class Ear:
    """Hears one buzzer. Times are µs and never go back."""

    def __init__(self) -> None:
        self._sounding = False
        self._since_us = 0
        self._begun_us: int | None = None
        self._spans_us: list[int] = []
        self._possible: list[_Pattern] = []
        self._told = 0
        self._tick_us: int | None = None

    def on_tone(self, at_us: int, sounding: bool) -> list[Heard]:
        """The buzzer sounds, or is silent, from `at_us` on. Answers what is recognised by that."""
        found = self.settle(at_us)
        if sounding == self._sounding:
            return found
        span_us, self._since_us, self._sounding = at_us - self._since_us, at_us, sounding
        if self._begun_us is None:
            self._begin(at_us, [])
            return found
        spans_us = [*self._spans_us, span_us]
        possible = [pattern for pattern in self._possible if pattern.fits(spans_us)]
        if possible:
            self._spans_us, self._possible = spans_us, possible
            return found + self._report(at_us)
        found += self._finish(at_us)
        self._begin_within(spans_us, at_us)
        return found + self._report(at_us)

    def next_us(self) -> int | None:
        """When time alone makes the ear wiser, or `None`: then only the next edge does."""
        place = len(self._spans_us)
        ends = [pattern.spans_us[place] for pattern in self._possible if place < len(pattern.spans_us)]
        return self._since_us + min(ends) + TOLERANCE_US + 1 if ends else None

    def settle(self, now_us: int) -> list[Heard]:
        """Let time pass until `now_us` without an edge. Answers what is recognised by that."""
        found: list[Heard] = []
        while (due_us := self.next_us()) is not None and due_us <= now_us:
            least_us = [*self._spans_us, due_us - self._since_us - TOLERANCE_US]
            still = [pattern for pattern in self._possible if not pattern.is_outlasted(least_us)]
            if not still:
                found += self._finish(due_us)
            self._possible = still
            found += self._report(due_us)
        return found

    def _begin(self, at_us: int, spans_us: list[int]) -> None:
        """What began at `at_us` may be anything that fits."""
        self._begun_us, self._spans_us, self._told = at_us, spans_us, 0
        self._possible = [pattern for pattern in PATTERNS if pattern.fits(spans_us)]

    def _begin_within(self, spans_us: list[int], now_us: int) -> None:
        """Nothing fits any more: a cue was cut off, or another follows. Begin with the first tone that makes sense."""
        for place in range(2, len(spans_us) + 1, 2):
            rest_us = spans_us[place:]
            self._begin(now_us - sum(rest_us), rest_us)
            if self._possible:
                return
        self._forget()

    def _forget(self) -> None:
        self._begun_us, self._spans_us, self._possible, self._told = None, [], [], 0

    def _report(self, now_us: int) -> list[Heard]:
        """Say what all that is possible have in common, and finish when all of it is over."""
        found: list[Heard] = []
        while len(names := {pattern.names[self._told : self._told + 1] for pattern in self._possible}) == 1:
            (name,) = names
            if not name:
                break
            found.append((now_us, self._told_apart(name[0])))
            self._told += 1
        if self._possible and all(len(pattern.spans_us) == len(self._spans_us) for pattern in self._possible):
            found += self._finish(now_us)
            self._forget()
        return found

    def _finish(self, now_us: int) -> list[Heard]:
        """Say what is left to say of the cue that has just been heard to its end, if one was."""
        over = [pattern for pattern in self._possible if len(pattern.spans_us) == len(self._spans_us)]
        if not over:
            return []
        nearest = min(over, key=lambda pattern: pattern.distance(self._spans_us))
        return [(now_us, self._told_apart(name)) for name in nearest.names[self._told :]]

    def _told_apart(self, name: CueName) -> CueName:
        """A lone tick that comes again after NUDGE's period is a nudge."""
        if name is not CueName.STEP_ON or self._begun_us is None:
            return name
        before_us, self._tick_us = self._tick_us, self._begun_us
        period_us = (CUES[CueName.NUDGE].every_ms or 0) * MILLISECOND_US
        again = before_us is not None and abs(self._begun_us - before_us - period_us) <= NUDGE_TOLERANCE_US
        return CueName.NUDGE if again else name
