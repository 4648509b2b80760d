"""The buzzer alone guides a whole routine, and so does the page without sound; the LED flashes for each cue."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from msgspec.structs import replace

from station.app.board.position import with_setups
from station.app.snapshot import Snapshot
from station.app.starting.routines import routine_called
from station.config import Config
from station.core.activities.needed_cues import needed_cues
from station.core.events import CommandName, Side
from station.core.facts import Cue, CueName
from station.core.steps import HoldStep, RestStep, Routine
from station.devices.light import DARK, GLOW, Colour
from station.settings import Settings
from station.simulator.ankle import PersonProfile
from station.simulator.pins import PinOutput
from station.units import CM
from tests.station import rig
from tests.station.guided_station import (
    ANALOGUE,
    COMPARATORS,
    GuidedStation,
    holds_and_reps,
    is_running,
    prescribed_doses,
    stored_doses,
)
from tests.station.page_reader import PageReader
from tests.station.simulator.whole_sessions import STEADY
from web.live.view_model import live_view

TIRED = replace(STEADY, mean_lift_interval_s=25.0)
"""A person whose heel comes up from time to time, so that the alarm has to be noticed."""
UNSEEING = replace(STEADY, mean_lift_interval_s=10.0, placement_sd_mm=5.0)
"""A person whose heel comes up often, and who slides the board without seeing where it is."""
STRETCHES: Routine = (
    HoldStep(hold_us=40_000_000, repetitions=2, rest_us=10_000_000, prepare_us=5_000_000, exercise="3a"),
    RestStep(10_000_000),
    HoldStep((Side.RIGHT, Side.LEFT), 30_000_000, 1, 10_000_000, 5_000_000, exercise="3b"),
)
STRETCH: Routine = (HoldStep((Side.LEFT,), 10_000_000, 1, 3_000_000, 3_000_000, exercise="3a"),)
PINS = Config().pins
WIRINGS = {"loads": ANALOGUE, "comparators": COMPARATORS}
TEST_WIRINGS = {
    "loads": "",
    "comparators, no pad": '[board]\nheels = "comparator"\nknee_pad = false',
    "one plate": '[board]\nplates = "left"',
}
MAX_SOUNDS_OF_DAILY = 8


@contextmanager
def by_ear(
    tmp_path: Path, wiring: str, routine: Routine, on_step: str = "nothing", *, character: PersonProfile = UNSEEING
) -> Iterator[GuidedStation]:
    """A station with a person who knows the steps of this routine and the sounds that it needs, and never looks at the
    page. They can only hear which leg works, when, and which position the board needs."""
    with GuidedStation(tmp_path, wiring, character=character, on_step=on_step) as guided:
        guided.board.snapshot = lambda: None
        guided.board.person.look_away(routine)
        yield guided


@contextmanager
def by_eye(tmp_path: Path, wiring: str) -> Iterator[GuidedStation]:
    """A station without sound, with a person who follows the page."""
    with GuidedStation(tmp_path, wiring, character=TIRED) as guided:
        guided.station.change_settings({"volume": "off"})
        guided.station.subscribe(lambda: guided.board.update_view(guided.station.snapshot()))
        guided.live(1.0)
        yield guided


@contextmanager
def by_words(tmp_path: Path, wiring: str) -> Iterator[GuidedStation]:
    """A station without sound, with a person who follows only the large words and numbers of the page."""
    with GuidedStation(tmp_path, wiring, character=TIRED) as guided:
        guided.station.change_settings({"volume": "off"})
        reader = PageReader(guided.board.person)
        guided.board.snapshot = lambda: reader

        def look() -> None:
            reader.look(live_view(guided.station.snapshot(), CM), guided.clock.now_us())
            guided.board.wake()

        guided.station.subscribe(look)
        guided.live(1.0)
        yield guided


def names_of(recognised: list[Cue]) -> list[CueName]:
    return [cue.cue for cue in recognised]


def buzzer_edges(guided: GuidedStation) -> list[int]:
    """The times at which the buzzer changed, collected from here on."""
    edges: list[int] = []
    guided.board.pin_factory.add_listener(PINS.buzzer, lambda output: edges.append(output.at_us))
    return edges


@pytest.mark.parametrize("wiring", WIRINGS)
def test_buzzer_alone_guides_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """Without the page, the buzzer guides the person through both sides, rests, heel lifts and a change of exercise, to
    the exact dose."""
    with by_ear(tmp_path, WIRINGS[wiring], STRETCHES) as guided:
        guided.run_routine(STRETCHES)
        assert stored_doses(guided) == prescribed_doses(STRETCHES)
        assert guided.board.person.followed_cues == needed_cues(STRETCHES)
        assert guided.board.seen_cues == []
        assert {hold.state for hold in guided.last_session().holds} == {"finished"}


def test_stretch_starts_and_finishes_without_a_page(tmp_path: Path) -> None:
    """Stepping on starts the stretch and the buzzer guides it to its end, without the page."""
    with by_ear(tmp_path, COMPARATORS, routine_called("stretch", Settings()), on_step="stretch") as guided:
        guided.board.act("auto")
        guided.until(lambda: guided.station.snapshot().session_id is not None)
        guided.until(lambda: guided.station.snapshot().phase in ("done", "ended"), 1200.0)
        assert {side: held for side, (held, _) in stored_doses(guided).items()} == {Side.LEFT: 90.0, Side.RIGHT: 90.0}


def daily() -> Routine:
    """The routine of every day, on a board that may lie in any way."""
    return with_setups(routine_called("daily", Settings()), None)


def full_test() -> Routine:
    """A full test that begins on the right, with its questions, on a board that may lie in any way."""
    return with_setups(routine_called("full_test", Settings(), Side.RIGHT), None)


@pytest.mark.parametrize("wiring", WIRINGS)
def test_daily_by_ear_takes_eight_sounds(tmp_path: Path, wiring: str) -> None:
    """The whole routine: two board positions, three exercises on and one off the board, both legs, and heel lifts."""
    with by_ear(tmp_path, WIRINGS[wiring], daily()) as guided:
        guided.run_routine(daily())
        assert stored_doses(guided) == prescribed_doses(daily())
        assert guided.recognised_cues()[-1] is CueName.COMPLETE
        assert CueName.PAUSED not in guided.recognised_cues()
        assert guided.board.person.followed_cues == needed_cues(daily())
        assert len(needed_cues(daily())) == MAX_SOUNDS_OF_DAILY


@pytest.mark.parametrize("wiring", TEST_WIRINGS)
def test_full_test_by_ear_takes_nine_sounds(tmp_path: Path, wiring: str) -> None:
    """From laying the board flat to the answers by heel taps, on the side that the sounds name; the lowest pain by taps
    is none."""
    with by_ear(tmp_path, TEST_WIRINGS[wiring], full_test()) as guided:
        guided.run_routine(full_test())
        assert guided.board.person.followed_cues == needed_cues(full_test())
        assert len(needed_cues(full_test())) == 9
        assert CueName.PAUSED not in guided.recognised_cues()
        check_full_test(guided, pain=0)


@pytest.mark.parametrize("limit_mm", [12.0, 55.0, 140.0])
@pytest.mark.parametrize("placement_sd_mm", [1.0, 6.0])
def test_quick_test_by_ear_at_any_range(tmp_path: Path, limit_mm: float, placement_sd_mm: float) -> None:
    """Nobody gets stuck between two distances: not with a stiff or a mobile ankle, nor with inaccurate slides."""
    character = replace(STEADY, left_limit_mm=limit_mm, right_limit_mm=limit_mm + 8.0, placement_sd_mm=placement_sd_mm)
    routine = with_setups(routine_called("test", Settings()), None)
    with by_ear(tmp_path, rig.COMPARATORS, routine, character=character) as guided:
        guided.run_routine(routine)
        assert "paused" not in guided.phases()
        (test,) = guided.last_session().tests
        assert (test.state, test.answers.pain) == ("finished", 0)


def check_full_test(guided: GuidedStation, *, pain: int) -> None:
    """Three trials a side, right first, each score near the true limit, and the answers are stored."""
    (test,) = guided.last_session().tests
    assert test.state == "finished"
    assert [trial.side for trial in test.trials] == [Side.RIGHT] * 3 + [Side.LEFT] * 3
    ankles, now_us = guided.board.person.ankles, guided.clock.now_us()
    assert test.left_mm == pytest.approx(ankles.limit_mm(Side.LEFT, now_us), abs=10.0)
    assert test.right_mm == pytest.approx(ankles.limit_mm(Side.RIGHT, now_us), abs=10.0)
    assert (test.answers.felt_places, test.answers.pain) == (("calf",), pain)
    assert test.circumstances.board_angle_deg == 0.0


@pytest.mark.parametrize("wiring", WIRINGS)
def test_page_alone_guides_a_whole_routine(tmp_path: Path, wiring: str) -> None:
    """With the volume off, the cues on the page guide the person through the same routine to the same dose, and nothing
    sounds."""
    with by_eye(tmp_path, WIRINGS[wiring]) as guided:
        edges = buzzer_edges(guided)
        guided.run_routine(STRETCHES)
        assert stored_doses(guided) == prescribed_doses(STRETCHES)
        assert set(names_of(guided.board.seen_cues)) >= needed_cues(STRETCHES) - {CueName.SET_DONE}
        assert edges == []
        assert guided.board.heard_cues == []


@pytest.mark.parametrize("wiring", WIRINGS)
def test_daily_by_the_words_of_the_page(tmp_path: Path, wiring: str) -> None:
    """With the volume off, the words and numbers guide the person through the whole routine."""
    with by_words(tmp_path, WIRINGS[wiring]) as guided:
        guided.run_routine(daily())
        assert stored_doses(guided) == prescribed_doses(daily())
        assert guided.board.heard_cues == []
        assert {one.state for one in holds_and_reps(guided.last_session())} == {"finished"}


@pytest.mark.parametrize("wiring", TEST_WIRINGS)
def test_full_test_by_the_words_of_the_page(tmp_path: Path, wiring: str) -> None:
    """With the volume off, from laying the board flat to the answers on the page."""
    with by_words(tmp_path, TEST_WIRINGS[wiring]) as guided:
        guided.run_routine(full_test())
        assert guided.board.heard_cues == []
        assert "paused" not in guided.phases()
        check_full_test(guided, pain=STEADY.pain)


def test_routine_is_not_done_without_sound_and_page(tmp_path: Path) -> None:
    """Without sound and page the person does not know that the clock runs or that a heel is up, and the routine is not
    done: the tests above depend on the cues."""
    with by_ear(tmp_path, COMPARATORS, STRETCHES) as guided:
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
    """The page shows the same cues in the same order as the buzzer; of several simultaneous ones it shows the last."""
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
        for cue in guided.board.seen_cues:
            assert any(cue.at_us - 50_000 <= flash_us <= cue.at_us + 1_000_000 for flash_us in flashes), cue
        assert all(fourth - first > 1_000_000 for first, fourth in zip(flashes, flashes[3:], strict=False))


@pytest.mark.parametrize("asks_setup", [False, True])
@pytest.mark.parametrize(
    ("begins_s", "stays_s"), [(0.1, 0.2), (0.1, 1.0), (1.0, 1.1), (1.0, 2.5), (2.0, 3.5), (3.0, 3.5)]
)
def test_person_about_to_leave_stays_for_what_has_begun(
    tmp_path: Path, begins_s: float, stays_s: float, asks_setup: bool
) -> None:
    """After an early end they step off within four seconds; "Automatic" keeps them, with or without hearing cues."""
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


@pytest.mark.parametrize("verdict", [CueName.NO, CueName.YES])
def test_verdict_that_was_not_heard_is_seen_on_the_page(tmp_path: Path, verdict: CueName) -> None:
    """On a busy machine a tone may come too late to be recognised: GO and the NO that follows, or a YES. The person
    moves on all the same, before the move times out after 45 s."""
    with GuidedStation(tmp_path) as guided:
        person, shown = guided.board.person, guided.station.snapshot
        guided.station.request_start("full_test", guided.person_id)
        guided.live(0.1)
        guided.board.act("auto")
        guided.until(lambda: shown().phase == "attempt" if verdict is CueName.NO else person.body.is_knee_touching)
        person.script.follows_cues = False
        guided.until(lambda: shown().phase == "move")
        guided.live(2.0)
        verdicts = [cue for cue in guided.recognised_cues() if cue in (CueName.YES, CueName.NO)]
        assert verdicts == [verdict]
        person.script.follows_cues = True
        guided.until(lambda: shown().phase != "move", 60.0)
        assert shown().phase == "attempt"
