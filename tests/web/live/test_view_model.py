"""What the live page shows for a snapshot."""

from __future__ import annotations

from typing import Any

import pytest

from station.app.snapshot import CueView, Fault, HeelView
from station.core.events import BoardPosition, Side
from station.core.facts import Contact, CueName
from station.units import CM, INCH
from tests.web.snapshots import snapshot
from web.live.phase_styles import BOARD_STYLES, PHASE_STYLES
from web.live.view_model import live_view


def shown(units: str = CM, **fields: Any) -> dict[str, Any]:
    return live_view(snapshot(**fields), units)


@pytest.mark.parametrize("phase", sorted(PHASE_STYLES))
def test_every_phase_has_word_shape_and_sentence(phase: str) -> None:
    """One or two words, a shape and a sentence, never empty."""
    seen = shown(phase=phase)
    assert seen["word"]
    assert len(seen["word"].split()) <= 2
    assert seen["shape"]
    assert seen["sentence"]


def test_preparing_holding_and_lifted_heel_have_distinct_tones() -> None:
    assert len({PHASE_STYLES[phase].tone for phase in ("prepare", "hold", "lifted")}) == 3


def test_grace_looks_like_hold() -> None:
    """Nothing changes on the screen in the half second in which nothing sounds."""
    assert PHASE_STYLES["grace"] == PHASE_STYLES["hold"]


def test_hold_countdown_is_computed_by_page() -> None:
    """In a hold the page counts down from the station's last update."""
    seen = shown(activity="hold", phase="hold", counting="hold", counted_us=6, target_us=30, rate=1)
    assert seen["number"] is None
    assert (seen["counted_us"], seen["target_us"], seen["rate"], seen["caption"]) == (6, 30, 1, "seconds")


@pytest.mark.parametrize(
    ("toe_mm", "word", "number"), [(92.0, "SLIDE BACK", "1.7"), (109.4, "STAND STILL", "0.0"), (120.0, "CLOSER", "1.1")]
)
def test_moving_shows_distance_and_direction(toe_mm: float, word: str, number: str) -> None:
    """The number is the distance still to slide; within 3 mm of the target it is zero."""
    is_there = word == "STAND STILL"
    seen = shown(phase="move", activity="test", toe_mm=toe_mm, target_mm=109.0, is_on_target=is_there)
    assert (seen["word"], seen["number"]) == (word, number)


def test_get_ready_shows_side_then_countdown() -> None:
    """The word is the side while the person gets into position; then the number is 3, 2, 1."""
    assert shown(phase="side", side=Side.LEFT, toe_mm=93.0)["word"] == "LEFT"
    seen = shown(activity="test", phase="count", toe_mm=93.0, cue=CueView(3, CueName.COUNT, 2, None, False))
    assert (seen["number"], seen["unit"]) == ("2", "")


def test_attempt_number_appears_with_first_lunge() -> None:
    """There is no attempt 0, and the next step is called as a person calls it."""
    seen = shown(phase="settle", activity="test", trial=1, attempt=0, step=0, steps=2, next_step="hold")
    assert seen["step_position"] == "step 1 of 2, trial 1"
    assert seen["next"] == "Next: stretch"


def test_result_names_both_sides() -> None:
    """Shapes and words tell left and right apart; no side is at work any more."""
    seen = shown(phase="result", side=Side.RIGHT, result_left_mm=94.0, result_right_mm=101.2, activity="test")
    assert seen["number"] == "\u25cf 9.4\n\u25c6 10.1"
    assert seen["sentence"] == "Left 9.4 cm, right 10.1 cm. Saved."
    assert seen["side"] is None


def test_fault_shows_its_own_sentence() -> None:
    trouble = Fault("toe", "The distance sensor does not answer: check its cable.")
    assert shown(phase="fault", troubles=(trouble,))["sentence"] == trouble.sentence


def test_self_reported_contact_shows_confirm_hint() -> None:
    """With neither pad nor load sensor, the page offers a button to confirm that the knee touches."""
    assert shown(activity="test", phase="attempt", contact=Contact.SELF)["can_confirm"]
    assert not shown(activity="test", phase="attempt", contact=Contact.PAD)["can_confirm"]


def test_missing_values_are_shown_as_missing() -> None:
    """An unknown heel or distance is shown as unknown."""
    seen = shown(INCH, heels=(HeelView(Side.LEFT, None, None),), toe_why="no answer")
    assert seen["heels"][0]["state"] == "unknown"
    assert seen["toe"] == "no answer"


def test_repetitions_show_count_and_progress() -> None:
    """For repetitions the number is the count, and the bar its share."""
    seen = shown(activity="reps", phase="hold", count=5, target_count=20)
    assert (seen["number"], seen["unit"], seen["bar_share"]) == ("5", "of 20", 0.25)


def test_ended_early_differs_from_paused_and_done() -> None:
    """After an early end the page neither asks to step on again nor says well done."""
    ended = CueView(8, CueName.ENDED, None, None, False)
    assert shown(phase="paused")["word"] == "PAUSED"
    assert shown(phase="paused", cue=ended)["word"] == "ENDED"
    assert shown(phase="done", cue=ended)["word"] == "ENDED"


def test_cue_is_numbered() -> None:
    """The number tells a new cue from an old one."""
    seen = shown(cue=CueView(7, CueName.HEEL_UP, None, None, True))
    assert seen["cue"] == {"number": 7, "name": "HEEL_UP", "count": None, "side": None, "repeating": True}


@pytest.mark.parametrize("position", list(BoardPosition))
def test_laying_the_board_shows_picture_word_and_what_to_do(position: BoardPosition) -> None:
    """A person who stands on the board is asked to step off first; no number competes with the picture."""
    asked: dict[str, Any] = {"activity": "setup", "phase": "lay", "board": position}
    seen = shown(**asked, is_occupied=False)
    assert (seen["word"], seen["picture"]) == (BOARD_STYLES[position][0], f"board-{position}")
    assert "step on" in seen["sentence"]
    assert not seen["sentence"].startswith("Step off")
    assert (seen["number"], seen["unit"], seen["caption"]) == ("?", "", "")
    assert shown(**asked, is_occupied=True)["sentence"].startswith("Step off. ")


CAPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("you are at", {"activity": "test", "phase": "settle", "toe_mm": 90.0}),
    ("you are at", {"activity": "idle", "toe_mm": 90.0}),
    ("", {"activity": "idle", "toe_mm": None}),
    ("slide back", {"activity": "test", "phase": "move", "toe_mm": 92.0, "target_mm": 109.0}),
    ("closer", {"activity": "test", "phase": "move", "toe_mm": 120.0, "target_mm": 109.0}),
    (
        "off target",
        {"activity": "test", "phase": "move", "toe_mm": 109.4, "target_mm": 109.0, "is_on_target": True},
    ),
    ("toes to wall", {"activity": "test", "phase": "result", "result_left_mm": 94.0}),
    ("seconds", {"activity": "hold", "phase": "hold", "counting": "hold", "target_us": 30, "rate": 1}),
    ("go in", {"activity": "hold", "phase": "prepare", "counting": "prepare", "target_us": 10, "rate": 1}),
    ("rest", {"activity": "rest", "phase": "rest", "counting": "rest", "target_us": 10, "rate": 1}),
    ("times", {"activity": "reps", "phase": "reps", "count": 3, "target_count": 20}),
    ("block", {"activity": "calibrate", "phase": "block", "target_mm": 100.0}),
    ("", {"activity": "ask", "phase": "pain"}),
]


@pytest.mark.parametrize(("caption", "fields"), CAPTIONS)
def test_number_says_what_it_is(caption: str, fields: dict[str, Any]) -> None:
    """One number, one caption: never a distance where seconds are meant."""
    assert shown(**fields)["caption"] == caption


@pytest.mark.parametrize("phase", ["wait", "settle", "side", "count", "attempt", "move"])
def test_picture_of_the_position_stays_during_a_test(phase: str) -> None:
    assert shown(activity="test", phase=phase)["picture"] == "position"
    assert shown(activity="hold", phase=phase)["picture"] is None
