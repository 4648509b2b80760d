"""What the live page shows for a snapshot."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

import web
from station.app.snapshot import CueView, Fault, HeelView
from station.app.starting.start_gate import StartDecision
from station.core.events import BOTH_LEGS, BoardPosition, Side
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
    """Nothing changes on screen in the half second in which nothing sounds."""
    assert PHASE_STYLES["grace"] == PHASE_STYLES["hold"]


def test_hold_countdown_is_computed_by_page() -> None:
    """In a hold the page counts down from the station's last update."""
    seen = shown(activity="hold", phase="hold", counting="hold", counted_us=6, target_us=30, rate=1)
    assert seen["number"] is None
    assert (seen["counted_us"], seen["target_us"], seen["rate"], seen["caption"]) == (6, 30, 1, "seconds")


@pytest.mark.parametrize(
    ("off_mm", "word", "caption", "number"),
    [
        (-17.0, "SLIDE BACK", "slide back", "1.7"),
        (11.0, "CLOSER", "closer", "1.1"),
        (0.4, "STAND STILL", "you are at", "10.8"),
        (None, "MOVE", "you are at", "10.8"),
    ],
)
def test_moving_shows_distance_and_direction(off_mm: float | None, word: str, caption: str, number: str) -> None:
    """Number and word are of the same reading, the rule's; at the target the number is the distance to the wall."""
    seen = shown(
        phase="move", activity="test", toe_mm=108.0, target_mm=109.0, off_mm=off_mm, is_on_target=word == "STAND STILL"
    )
    assert (seen["word"], seen["caption"], seen["number"]) == (word, caption, number)


def test_get_ready_shows_side_then_countdown() -> None:
    """The word is the side while the person gets into position; then the number is 3, 2, 1."""
    assert shown(phase="side", side=Side.LEFT, toe_mm=93.0)["word"] == "LEFT"
    seen = shown(activity="test", phase="count", toe_mm=93.0, cue=CueView(3, CueName.COUNT, 2, None, False))
    assert (seen["number"], seen["unit"]) == ("2", "")


def test_attempt_number_appears_with_first_lunge() -> None:
    """There is no attempt 0, and the next step has its everyday name."""
    seen = shown(phase="settle", activity="test", trial=1, attempt=0, step=0, steps=2, next_step="hold")
    assert seen["step_position"] == "step 1 of 2, trial 1"
    assert seen["next"] == "Next: stretch"


def test_result_names_both_sides() -> None:
    """Shapes and words tell left and right apart; no side is working any more."""
    seen = shown(phase="result", side=Side.RIGHT, result_left_mm=94.0, result_right_mm=101.2, activity="test")
    rows = [" ".join((row["shape"], row["name"], row["number"], row["unit"])) for row in seen["results"]]
    assert rows == ["\u25cf Left 9.4 cm", "\u25c6 Right 10.1 cm"]
    assert (seen["number"], seen["unit"]) == ("", "")
    assert seen["sentence"] == "Left 9.4 cm, right 10.1 cm. Saved."
    assert seen["side"] is None


def test_fault_shows_its_own_sentence() -> None:
    fault = Fault("toe", "The distance sensor does not answer: check its cable.")
    seen = shown(activity="test", phase="fault", faults=(fault,), next_step="hold")
    assert (seen["sentence"], seen["next"]) == (fault.sentence, None)
    assert seen["faults"] == [{"part": fault.part, "sentence": fault.sentence}]


def test_reconnected_sensor_is_not_called_broken() -> None:
    """It must read for two seconds before the test goes on. Nothing says which sensor it was, so none is named."""
    back: dict[str, Any] = {"activity": "test", "phase": "fault", "toe_mm": 48.0}
    assert shown(**back)["sentence"] == "The sensor works again. The test continues in a moment."
    frozen = Fault("distance sensor", "The distance sensor gives the same reading again and again.")
    assert shown(**back, faults=(frozen,))["sentence"] == frozen.sentence


@pytest.mark.parametrize("phase", sorted(PHASE_STYLES))
@pytest.mark.parametrize("activity", ["hold", "test", "calibrate"])
def test_nothing_is_called_saved_while_the_disk_is_full(activity: str, phase: str) -> None:
    """What the page promises about results agrees with the sentence about the disk beside it."""
    view = shown(activity=activity, phase=phase, faults=(Fault("store", "The disk is full."),))
    texts = [view["sentence"], view["brief"], view["next"], view["result"]]
    assert [text for text in texts if re.search(r"\b(?<!not )saved\b", text or "", flags=re.IGNORECASE)] == []


def test_self_reported_contact_shows_confirm_hint() -> None:
    """With neither pad nor load sensor, the page offers a button to confirm that the knee touches."""
    assert shown(activity="test", phase="attempt", contact=Contact.SELF)["can_confirm"]
    assert not shown(activity="test", phase="attempt", contact=Contact.PAD)["can_confirm"]


def test_missing_values_are_shown_as_missing() -> None:
    """An unknown heel or distance is shown as unknown."""
    missing: dict[str, Any] = {"heels": (HeelView(Side.LEFT, None, None),), "toe_missing_reason": "no answer"}
    seen = shown(INCH, activity="test", phase="settle", **missing)
    assert seen["heels"][0]["state"] == "unknown"
    assert seen["toe"] == "no answer"


@pytest.mark.parametrize(
    ("activity", "phase"), [("idle", "idle"), ("lesson", "quiz"), ("test", "wait"), ("test", "result")]
)
def test_missing_reading_is_shown_only_if_needed(activity: str, phase: str) -> None:
    assert shown(activity=activity, phase=phase, toe_missing_reason="no reading yet")["toe"] is None


@pytest.mark.parametrize(("phase", "shown_heels"), [("idle", ["up"]), ("wait", ["up"]), ("settle", ["unknown", "up"])])
def test_heel_that_nobody_stood_on_yet_is_no_news(phase: str, shown_heels: list[str]) -> None:
    heels = (HeelView(Side.LEFT, None, None), HeelView(Side.RIGHT, False, None))
    assert [heel["state"] for heel in shown(activity="test", phase=phase, heels=heels)["heels"]] == shown_heels


def test_number_of_a_sound_is_shown_once() -> None:
    seen = shown(activity="lesson", phase="quiz", repetition=2, repetitions=6)
    assert (seen["number"], seen["unit"], seen["step_position"]) == ("2", "of 6", "")


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
    """A person on the board is asked to step off first; no number competes with the picture."""
    asked: dict[str, Any] = {"activity": "setup", "phase": "lay", "board": position}
    seen = shown(**asked, is_occupied=False)
    assert (seen["word"], seen["picture"]) == (BOARD_STYLES[position][0], f"board-{position}")
    assert "step on" in seen["sentence"]
    assert not seen["sentence"].startswith("Step off")
    assert (seen["number"], seen["unit"], seen["caption"]) == ("?", "", "")
    assert shown(**asked, is_occupied=True)["sentence"].startswith("Step off. ")


def test_session_ended_before_start_says_so() -> None:
    """The board was never set up: nothing is saved, and the page does not claim otherwise."""
    ended: dict[str, Any] = {"activity": "setup", "phase": "done", "board": BoardPosition.FLAT, "steps": 3}
    cue = CueView(1, CueName.ENDED, None, None, False)
    first = shown(**ended, is_occupied=False, step=0, cue=cue)
    assert (first["sentence"], first["brief"]) == ("Ended before it began. Nothing was measured.", "Not begun.")
    later = shown(**ended, is_occupied=False, step=2, cue=cue)
    assert later["sentence"] == "Ended early. Your work is saved."


CAPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("you are at", {"activity": "test", "phase": "settle", "toe_mm": 90.0}),
    ("you are at", {"activity": "idle", "toe_mm": 90.0, "heels": (HeelView(Side.LEFT, True, None),)}),
    ("to wall", {"activity": "idle", "toe_mm": 90.0}),
    ("", {"activity": "idle", "toe_mm": None}),
    ("slide back", {"activity": "test", "phase": "move", "target_mm": 109.0, "off_mm": -17.0}),
    ("closer", {"activity": "test", "phase": "move", "target_mm": 109.0, "off_mm": 11.0}),
    ("you are at", {"activity": "test", "phase": "move", "toe_mm": 109.4, "off_mm": 0.4, "is_on_target": True}),
    ("toes to wall", {"activity": "test", "phase": "result", "result_left_mm": 94.0}),
    ("seconds", {"activity": "hold", "phase": "hold", "counting": "hold", "target_us": 30, "rate": 1}),
    ("go in", {"activity": "hold", "phase": "prepare", "counting": "prepare", "target_us": 10, "rate": 1}),
    ("rest", {"activity": "rest", "phase": "rest", "counting": "rest", "target_us": 10, "rate": 1}),
    ("times", {"activity": "reps", "phase": "reps", "count": 3, "target_count": 20}),
    ("block", {"activity": "calibrate", "phase": "block", "target_mm": 100.0}),
    ("", {"activity": "ask", "phase": "pain"}),
]


@pytest.mark.parametrize(("caption", "fields"), CAPTIONS)
def test_number_has_a_caption(caption: str, fields: dict[str, Any]) -> None:
    """One number, one caption: never a distance where seconds are meant."""
    assert shown(**fields)["caption"] == caption


ON_TARGET: dict[str, Any] = {"phase": "move", "toe_mm": 109.0, "target_mm": 109.0, "is_on_target": True}
TEST_PICTURES: list[tuple[str, dict[str, Any]]] = [
    ("test-step-on", {"phase": "wait"}),
    ("test-stand", {"phase": "settle"}),
    ("test-ready", {"phase": "side", "side": Side.LEFT}),
    ("test-ready", {"phase": "count"}),
    ("test-lunge", {"phase": "attempt"}),
    ("test-slide-back", {"phase": "move", "off_mm": -17.0}),
    ("test-closer", {"phase": "move", "off_mm": 11.0}),
    ("test-stand", ON_TARGET),
    ("test-move", {"phase": "move"}),
    ("test-lift", {"phase": "switch", "side": Side.RIGHT}),
]


@pytest.mark.parametrize(("picture", "fields"), TEST_PICTURES)
def test_picture_of_a_test_matches_its_words(picture: str, fields: dict[str, Any]) -> None:
    """One picture for each state in which the person acts during a test, and a drawing for each picture."""
    assert shown(activity="test", **fields)["picture"] == picture
    assert shown(activity="hold", phase=fields["phase"])["picture"] is None
    drawings = (Path(web.__file__).parent / "templates" / "_live_pictures.html").read_text(encoding="utf-8")
    style = (Path(web.__file__).parent / "static" / "live.css").read_text(encoding="utf-8")
    assert f'<svg class="{picture}"' in drawings
    assert f"[data-picture={picture}] > .{picture}" in style


def test_rest_pictures_the_next_exercise_and_not_the_last() -> None:
    """Between the holds of one exercise nothing is pictured: the person relaxes."""
    assert shown(activity="hold", phase="hold", exercise="3b")["exercise_picture"]["key"] == "3b"
    assert shown(activity="hold", phase="rest", exercise="3b", next_exercise="3c")["exercise_picture"] is None
    assert shown(activity="rest", phase="rest", next_exercise="5a")["exercise_picture"]["key"] == "5a"
    assert shown(activity="rest", phase="rest")["exercise_picture"] is None


def test_an_attempt_that_passed_counts() -> None:
    seen = shown(activity="test", phase="move", off_mm=-17.0, target_mm=109.0, verdict="passed")
    assert (seen["word"], seen["brief"]) == ("SLIDE BACK", "Good.")


def test_undo_is_offered_until_it_is_used() -> None:
    assert shown(undo_us=1)["can_undo"]
    assert not shown(note="Undone. Heel taps are off now.")["can_undo"]


@pytest.mark.parametrize(
    ("downs", "word", "brief"), [((False, False), "HEELS DOWN", ""), ((True, False), "HEEL DOWN", "Right heel.")]
)
def test_lifted_heels_are_named_by_their_number(downs: tuple[bool, bool], word: str, brief: str) -> None:
    heels = tuple(HeelView(side, down, 1.0) for side, down in zip(Side, downs, strict=True))
    seen = shown(activity="hold", phase="lifted", side=BOTH_LEGS, exercise="3c", heels=heels)
    assert (seen["word"], seen["brief"]) == (word, brief)


def test_decision_is_hidden_while_a_person_is_on_the_board() -> None:
    """A start's decision is shown before and after a test, not during it; other notes are shown at once."""
    decision = StartDecision(notice="Answer the questions first.")
    decided: dict[str, Any] = {"activity": "test", "decision": decision, "note": decision.note}
    assert shown(**decided, phase="attempt")["note"] is None
    assert shown(**{**decided, "note": "Heel taps are off now."}, phase="attempt")["note"] == "Heel taps are off now."
    assert shown(**decided, phase="ended")["note"] == "Answer the questions first."


def test_ended_test_shows_no_distance() -> None:
    """The board's current distance is not a result."""
    seen = shown(activity="test", phase="ended", side=Side.LEFT, toe_mm=90.0)
    assert (seen["word"], seen["caption"], seen["number"]) == ("ENDED", "", "\u2013")


def test_test_without_result_is_not_called_saved() -> None:
    """Attempts are not a result; a tested side is."""
    ended: dict[str, Any] = {"activity": "test", "phase": "paused", "side": Side.LEFT, "toe_mm": 90.0}
    cue = CueView(1, CueName.ENDED, None, None, False)
    seen = shown(**ended, cue=cue)
    assert (seen["sentence"], seen["brief"]) == ("Ended early, before the test had a result.", "No result.")
    assert shown(**ended, cue=cue, result_left_mm=88.0)["sentence"] == "Ended early. Your work is saved."
