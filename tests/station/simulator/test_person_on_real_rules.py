"""The buzzer alone guides a whole routine, and so does the page without sound; the LED flashes for each cue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from station.app.snapshot import Snapshot
from station.config import Config
from station.core.events import CommandName, Side
from station.core.facts import CueName
from station.core.steps import HoldStep, RestStep, Routine
from station.devices.light import DARK, GLOW, Colour
from station.simulator.ear import RecognisedCue
from station.simulator.pins import PinOutput
from station.units import CM
from tests.station.guided_station import (
    ANALOGUE,
    COMPARATORS,
    GuidedStation,
    is_running,
    prescribed_doses,
    stored_doses,
)
from tests.station.simulator.whole_sessions import STEADY
from web.live.view_model import live_view

TIRED = replace(STEADY, mean_lift_interval_s=25.0)
"""A person whose heel comes up from time to time, so that the alarm has to be noticed."""
STRETCHES: Routine = (
    HoldStep(hold_us=40_000_000, repetitions=2, rest_us=10_000_000, prepare_us=5_000_000, exercise="3a"),
    RestStep(10_000_000),
    HoldStep((Side.RIGHT, Side.LEFT), 30_000_000, 1, 10_000_000, 5_000_000, exercise="3b"),
)
STRETCH: Routine = (HoldStep((Side.LEFT,), 10_000_000, 1, 3_000_000, 3_000_000, exercise="3a"),)
PINS = Config().pins
WIRINGS = {"loads": ANALOGUE, "comparators": COMPARATORS}
NEEDED = {
    *(CueName.READY, CueName.COUNT, CueName.GO, CueName.HEEL_UP, CueName.YES, CueName.HOLD_DONE),
    *(CueName.SWITCH, CueName.COMPLETE),
}
"""The cues that such a routine needs; the others only make it pleasant."""


@contextmanager
def by_ear(tmp_path: Path, wiring: str, on_step: str = "nothing") -> Iterator[GuidedStation]:
    """A station with a person who never looks at the page."""
    with GuidedStation(tmp_path, wiring, character=TIRED, on_step=on_step) as guided:
        guided.board.snapshot = lambda: None
        yield guided


@contextmanager
def by_eye(tmp_path: Path, wiring: str) -> Iterator[GuidedStation]:
    """A station without sound, with a person who follows the page."""
    with GuidedStation(tmp_path, wiring, character=TIRED) as guided:
        guided.station.change_settings({"volume": "off"})
        guided.station.subscribe(lambda: guided.board.update_view(guided.station.snapshot()))
        guided.live(1.0)
        yield guided


def names_of(recognised: list[RecognisedCue]) -> list[CueName]:
    return [cue for _, cue in recognised]


def buzzer_edges(guided: GuidedStation) -> list[int]:
    """The times at which the buzzer changed, collected from here on."""
    edges: list[int] = []
    guided.board.pin_factory.add_listener(PINS.buzzer, lambda output: edges.append(output.at_us))
    return edges


@pytest.mark.parametrize("wiring", WIRINGS)
def test_buzzer_alone_guides_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """Without the page, the buzzer guides the person through both sides, rests, heel lifts and a change of exercise, to
    the exact dose."""
    with by_ear(tmp_path, WIRINGS[wiring]) as guided:
        guided.run_routine(STRETCHES)
        assert stored_doses(guided) == prescribed_doses(STRETCHES)
        assert set(guided.recognised_cues()) >= NEEDED
        assert guided.board.seen_cues == []
        assert {hold.state for hold in guided.last_session().holds} == {"finished"}


def test_stretch_starts_and_finishes_without_a_page(tmp_path: Path) -> None:
    """Stepping on starts the stretch and the buzzer guides it to its end, without the page."""
    with by_ear(tmp_path, COMPARATORS, on_step="stretch") as guided:
        guided.board.act("auto")
        guided.until(lambda: guided.station.snapshot().session_id is not None)
        guided.until(lambda: guided.station.snapshot().phase in ("done", "ended"), 1200.0)
        assert {side: held for side, (held, _) in stored_doses(guided).items()} == {Side.LEFT: 90.0, Side.RIGHT: 90.0}


@pytest.mark.parametrize("wiring", WIRINGS)
def test_page_alone_guides_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """With the volume off, the cues on the page guide the person through the same routine to the same dose, and nothing
    sounds."""
    with by_eye(tmp_path, WIRINGS[wiring]) as guided:
        edges = buzzer_edges(guided)
        guided.run_routine(STRETCHES)
        assert stored_doses(guided) == prescribed_doses(STRETCHES)
        assert set(names_of(guided.board.seen_cues)) >= NEEDED
        assert edges == []
        assert guided.board.heard_cues == []


def test_routine_is_not_done_without_sound_and_page(tmp_path: Path) -> None:
    """Without sound and page the person does not know that the clock runs or that a heel is up, and the routine is not
    done: the tests above depend on the cues."""
    with by_ear(tmp_path, COMPARATORS) as guided:
        guided.station.change_settings({"volume": "off"})
        guided.live(1.0)
        guided.station.start(STRETCHES, guided.add_person("Robin"))
        guided.live(0.1)
        guided.board.act("auto")
        guided.live(400.0)
        assert not guided.board.person.body.is_leaning
        assert guided.station.snapshot().phase in ("ended", "idle")
        assert stored_doses(guided) != prescribed_doses(STRETCHES)


def test_page_shows_the_cues_that_sound(tmp_path: Path) -> None:
    """The page shows the same cues in the same order as the buzzer; of several at one instant it shows the last."""
    with GuidedStation(tmp_path, COMPARATORS, character=STEADY) as guided:
        guided.station.subscribe(lambda: guided.board.update_view(guided.station.snapshot()))
        guided.run_routine(STRETCHES)
        covered = {CueName.HOLD_DONE, CueName.SET_DONE}
        heard = [cue for cue in guided.recognised_cues() if cue not in covered]
        assert [cue for cue in names_of(guided.board.seen_cues) if cue not in covered] == heard


def words(seen: list[Snapshot]) -> dict[str, set[str]]:
    """The words that the page has shown, by phase."""
    found: dict[str, set[str]] = {}
    for now in seen:
        found.setdefault(now.phase, set()).add(str(live_view(now, CM)["word"]))
    return found


def test_page_word_changes_with_each_phase(tmp_path: Path) -> None:
    """The large word on the page is different in each phase: get ready, hold, heel down, rest, other side, done."""
    with by_eye(tmp_path, COMPARATORS) as guided:
        guided.seen.clear()
        guided.run_routine(STRETCHES)
        shown = words(guided.seen)
        phases = ("prepare", "hold", "lifted", "rest", "switch", "done")
        assert all(len(shown[phase]) == 1 for phase in phases)
        assert len({next(iter(shown[phase])) for phase in phases}) == len(phases)
        assert shown["grace"] == shown["hold"]
        sides = {now.side for now in guided.seen if now.phase in ("prepare", "switch")}
        assert sides == set(Side)


class Lamp:
    """The colours that the LED of a board has shown."""

    def __init__(self, guided: GuidedStation) -> None:
        self.changes: list[tuple[int, Colour]] = []
        self._now = [0.0, 0.0, 0.0]
        for place, pin in enumerate((PINS.led_red, PINS.led_green, PINS.led_blue)):
            guided.board.pin_factory.add_listener(pin, partial(self._record, place))

    def _record(self, place: int, output: PinOutput) -> None:
        self._now[place] = output.duty
        colour = (self._now[0], self._now[1], self._now[2])
        if self.changes and self.changes[-1][0] == output.at_us:
            self.changes.pop()
        self.changes.append((output.at_us, colour))

    def flashes(self) -> list[int]:
        """The times at which flashes began, in µs."""
        began, lit = [], False
        for at_us, colour in self.changes:
            flash = colour not in (DARK, GLOW)
            if flash and not lit:
                began.append(at_us)
            lit = flash
        return began


def test_led_flashes_for_every_cue_without_sound(tmp_path: Path) -> None:
    """With the volume off the LED flashes for each cue within a second, and never more than three times in one."""
    with by_eye(tmp_path, COMPARATORS) as guided:
        lamp = Lamp(guided)
        guided.run_routine(STRETCHES)
        flashes = lamp.flashes()
        for at_us, cue in guided.board.seen_cues:
            assert any(at_us - 50_000 <= flash_us <= at_us + 1_000_000 for flash_us in flashes), cue
        assert all(fourth - first > 1_000_000 for first, fourth in zip(flashes, flashes[3:], strict=False))


@pytest.mark.parametrize("asks_setup", [False, True])
@pytest.mark.parametrize(
    ("begins_s", "stays_s"), [(0.1, 0.2), (0.1, 1.0), (1.0, 1.1), (1.0, 2.5), (2.0, 3.5), (3.0, 3.5)]
)
def test_person_about_to_leave_stays_for_what_has_begun(
    tmp_path: Path, begins_s: float, stays_s: float, asks_setup: bool
) -> None:
    """After an early end they step off within four seconds. "Automatic" keeps them, whatever they heard or missed."""
    with GuidedStation(tmp_path, COMPARATORS) as guided:
        guided.station.start(STRETCH, guided.person_id)
        guided.board.act("auto")
        guided.until_phase("hold")
        guided.live(2.0)
        guided.station.command(CommandName.STOP)
        guided.live(begins_s)
        guided.station.change_settings({"ask_setup": "yes" if asks_setup else "no"})
        guided.seen.clear()
        guided.station.start(STRETCH, guided.person_id)
        guided.live(stays_s - begins_s)
        guided.board.act("auto")
        guided.until(lambda: not is_running(guided), 60.0)
        hold = guided.last_session().holds[-1]
        assert (hold.state, hold.lift_count) == ("finished", 0)
        assert "paused" not in guided.phases()
        assert ("lay" in guided.phases()) is asks_setup
