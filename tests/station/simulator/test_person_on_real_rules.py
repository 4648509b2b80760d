"""Sound alone is enough for a whole routine, and so is the page without a sound; the LED shows the same to the eye."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from station.app.snapshot import Snapshot
from station.config import Config
from station.core.events import Side
from station.core.facts import CueName
from station.core.steps import HoldStep, RestStep, Routine
from station.devices.light import DARK, GLOW, Colour
from station.simulator.ear import RecognisedCue
from station.simulator.pins import PinOutput
from station.units import CM
from tests.station.led import ANALOGUE, COMPARATORS, Led, dose_of, legs_of
from tests.station.simulator.sittings import STEADY
from web.live.view_model import live_view

TIRED = replace(STEADY, mean_lift_interval_s=25.0)
"""A heel that comes up now and then, so that the alarm has to be noticed."""
STRETCHES: Routine = (
    HoldStep(hold_us=40_000_000, repetitions=2, rest_us=10_000_000, prepare_us=5_000_000, exercise="3a"),
    RestStep(10_000_000),
    HoldStep((Side.RIGHT, Side.LEFT), 30_000_000, 1, 10_000_000, 5_000_000, exercise="3b"),
)
PINS = Config().pins
WIRINGS = {"loads": ANALOGUE, "comparators": COMPARATORS}
NEEDED = {
    *(CueName.READY, CueName.COUNT, CueName.GO, CueName.HEEL_UP, CueName.YES, CueName.HOLD_DONE),
    *(CueName.SWITCH, CueName.COMPLETE),
}
"""What such a routine says to whoever does it; the rest only pleases."""


@contextmanager
def by_ear(tmp_path: Path, wiring: str, on_step: str = "nothing") -> Iterator[Led]:
    """Somebody who never looks at a page."""
    with Led(tmp_path, wiring, character=TIRED, on_step=on_step) as led:
        led.board.snapshot = lambda: None
        yield led


@contextmanager
def by_eye(tmp_path: Path, wiring: str) -> Iterator[Led]:
    """Somebody who hears nothing, because nothing sounds, and looks at the page."""
    with Led(tmp_path, wiring, character=TIRED) as led:
        led.station.change_settings({"volume": "off"})
        led.station.subscribe(lambda: led.board.update_view(led.station.snapshot()))
        led.live(1.0)
        yield led


def of(heard: list[RecognisedCue]) -> list[CueName]:
    return [cue for _, cue in heard]


def buzzed(led: Led) -> list[int]:
    """The edges at which the buzzer has sounded."""
    edges: list[int] = []
    led.board.pin_factory.add_listener(PINS.buzzer, lambda output: edges.append(output.at_us))
    return edges


@pytest.mark.parametrize("wiring", WIRINGS)
def test_whoever_only_hears_does_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """With the page away, the buzzer leads through both sides, rests, lifted heels and a change of exercise, to the
    exact dose."""
    with by_ear(tmp_path, WIRINGS[wiring]) as led:
        led.lead(STRETCHES)
        assert dose_of(led) == legs_of(STRETCHES)
        assert set(led.heard()) >= NEEDED
        assert led.board.seen_cues == []
        assert {hold.state for hold in led.sat().holds} == {"finished"}


def test_not_even_the_beginning_needs_a_page(tmp_path: Path) -> None:
    """Stepping on begins the stretch, the buzzer does the rest: nobody has touched or seen a page."""
    with by_ear(tmp_path, COMPARATORS, on_step="stretch") as led:
        led.board.act("auto")
        led.until(lambda: led.station.snapshot().session_id is not None)
        led.until(lambda: led.station.snapshot().phase in ("done", "ended"), 1200.0)
        assert {side: held for side, (held, _) in dose_of(led).items()} == {Side.LEFT: 90.0, Side.RIGHT: 90.0}


@pytest.mark.parametrize("wiring", WIRINGS)
def test_whoever_only_sees_does_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """With the volume off, the page's twins lead through the same routine to the same dose, and nothing sounds."""
    with by_eye(tmp_path, WIRINGS[wiring]) as led:
        edges = buzzed(led)
        led.lead(STRETCHES)
        assert dose_of(led) == legs_of(STRETCHES)
        assert set(of(led.board.seen_cues)) >= NEEDED
        assert edges == []
        assert led.board.heard_cues == []


def test_with_neither_nothing_is_done(tmp_path: Path) -> None:
    """Without a sound and without a page nobody knows that the clock runs, or that a heel is up: the two tests above
    owe their routine to the ear and to the eye."""
    with by_ear(tmp_path, COMPARATORS) as led:
        led.station.change_settings({"volume": "off"})
        led.live(1.0)
        led.station.start(STRETCHES, led.add_person("Robin"))
        led.live(0.1)
        led.board.act("auto")
        led.live(400.0)
        assert not led.board.person.is_leaning
        assert led.station.snapshot().phase in ("ended", "idle")
        assert dose_of(led) != legs_of(STRETCHES)


def test_the_eye_sees_what_the_ear_hears(tmp_path: Path) -> None:
    """Of a routine that is heard, the page shows the same cues in the same order; of those of one instant the last."""
    with Led(tmp_path, COMPARATORS, character=STEADY) as led:
        led.station.subscribe(lambda: led.board.update_view(led.station.snapshot()))
        led.lead(STRETCHES)
        covered = {CueName.HOLD_DONE, CueName.SET_DONE}
        heard = [cue for cue in led.heard() if cue not in covered]
        assert [cue for cue in of(led.board.seen_cues) if cue not in covered] == heard


def words(seen: list[Snapshot]) -> dict[str, set[str]]:
    """The words that the page has shown, by the phase."""
    found: dict[str, set[str]] = {}
    for now in seen:
        found.setdefault(now.phase, set()).add(str(live_view(now, CM)["word"]))
    return found


def test_each_phase_says_in_its_word_what_to_do(tmp_path: Path) -> None:
    """Get ready, hold, heel down, rest, other side, done: the large word changes wherever something else is to do."""
    with by_eye(tmp_path, COMPARATORS) as led:
        led.seen.clear()
        led.lead(STRETCHES)
        said = words(led.seen)
        phases = ("prepare", "hold", "lifted", "rest", "switch", "done")
        assert all(len(said[phase]) == 1 for phase in phases)
        assert len({next(iter(said[phase])) for phase in phases}) == len(phases)
        assert said["grace"] == said["hold"]
        sides = {now.side for now in led.seen if now.phase in ("prepare", "switch")}
        assert sides == set(Side)


class Lamp:
    """The colours that the LED of a board has had."""

    def __init__(self, led: Led) -> None:
        self.changes: list[tuple[int, Colour]] = []
        self._now = [0.0, 0.0, 0.0]
        for place, pin in enumerate((PINS.led_red, PINS.led_green, PINS.led_blue)):
            led.board.pin_factory.add_listener(pin, partial(self._keep, place))

    def _keep(self, place: int, output: PinOutput) -> None:
        self._now[place] = output.duty
        colour = (self._now[0], self._now[1], self._now[2])
        if self.changes and self.changes[-1][0] == output.at_us:
            self.changes.pop()
        self.changes.append((output.at_us, colour))

    def flashes(self) -> list[int]:
        """When each flash began."""
        began, lit = [], False
        for at_us, colour in self.changes:
            flash = colour not in (DARK, GLOW)
            if flash and not lit:
                began.append(at_us)
            lit = flash
        return began


def test_the_light_answers_every_cue_without_a_sound(tmp_path: Path) -> None:
    """With the volume off the LED flashes for each cue within a second, and never more than three times in one."""
    with by_eye(tmp_path, COMPARATORS) as led:
        lamp = Lamp(led)
        led.lead(STRETCHES)
        flashes = lamp.flashes()
        for at_us, cue in led.board.seen_cues:
            assert any(at_us - 50_000 <= flash_us <= at_us + 1_000_000 for flash_us in flashes), cue
        assert all(fourth - first > 1_000_000 for first, fourth in zip(flashes, flashes[3:], strict=False))
