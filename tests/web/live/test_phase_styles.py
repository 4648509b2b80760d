"""The live page's texts for guided exercises: both feet, parts of a repetition, own pace, questions, sounds."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from station.app.snapshot import CueView, Fault, HeelView, PresenceState, PresenceView, UnfinishedView
from station.catalogue.read import exercises
from station.core.events import BOTH_LEGS, CommandName, Press, Side
from station.core.facts import CueName
from station.core.sound.cues import CUES
from station.core.state import ResumeNeed
from station.units import CM
from tests.station.rig import Rig
from tests.web.snapshots import snapshot
from web.live.large_number import NO_NUMBER
from web.live.phase_styles import PHASE_STYLES
from web.live.view_model import live_view

HOLD: dict[str, Any] = {"activity": "hold", "phase": "hold", "side": Side.LEFT, "counting": "hold", "target_us": 30}
REPS: dict[str, Any] = {"activity": "reps", "phase": "reps", "side": Side.LEFT, "count": 3, "target_count": 30}


def shown(**fields: Any) -> dict[str, Any]:
    return live_view(snapshot(**fields), CM)


def heels(left: bool | None, right: bool | None) -> tuple[HeelView, ...]:
    return HeelView(Side.LEFT, left, None), HeelView(Side.RIGHT, right, None)


def test_both_feet_are_named() -> None:
    """With both legs at work the page says so and asks for both heels."""
    seen = shown(**{**HOLD, "side": BOTH_LEGS}, exercise="3c", verified=True)
    assert (seen["side"], seen["side_word"]) == ("both", "BOTH")
    assert seen["sentence"] == "Hold. Keep both heels down."
    assert shown(**HOLD)["side_word"] == "LEFT"


@pytest.mark.parametrize(
    ("left", "right", "text"),
    [(False, True, "Your left heel is up."), (True, False, "Your right heel is up."), (False, False, "Your heels are")],
)
def test_lifted_heel_is_named_with_both_feet_on_board(left: bool, right: bool, text: str) -> None:
    """With both feet at work the person cannot tell which heel the alarm means."""
    seen = shown(**{**HOLD, "phase": "lifted", "side": BOTH_LEGS}, exercise="3c", heels=heels(left, right))
    assert seen["sentence"].startswith(text)
    assert seen["tone"] == "alarm"


def test_raised_heel_is_not_asked_to_stand_still() -> None:
    """A person who steps off while a test settles is asked to step on, because the test waits for that foot."""
    settling: dict[str, Any] = {"activity": "test", "phase": "settle", "side": Side.RIGHT}
    seen = shown(**settling, heels=heels(False, False))
    assert (seen["word"], seen["sentence"]) == ("HEEL DOWN", "Step on with your right foot, toes to the stop.")
    for known in (True, None):
        assert shown(**settling, heels=heels(False, known))["word"] == "STAND STILL"


@pytest.mark.parametrize(("part", "word"), [(None, "UP"), (0, "UP"), (1, "HOLD"), (2, "DOWN"), (3, "DOWN")])
def test_paced_heel_raise_shows_up_hold_down(part: int | None, word: str) -> None:
    seen = shown(**{**REPS, "side": BOTH_LEGS}, exercise="7d", part=part, verified=True)
    assert (seen["word"], seen["number"], seen["unit"]) == (word, "3", "of 30")
    assert "Both heels" in seen["sentence"]


@pytest.mark.parametrize(("part", "word"), [(0, "OUT"), (1, "HOLD"), (2, "BACK")])
def test_paced_lunge_and_squat_show_out_hold_back(part: int, word: str) -> None:
    """A lunge and a squat are out, hold, back, with the heel down."""
    seen = shown(**REPS, exercise="7a", part=part, verified=True)
    assert seen["word"] == word
    assert "Keep the heel down" in seen["sentence"]


def test_own_pace_exercise_shows_count_and_how_to_finish() -> None:
    """The number is the count, in each direction if there are two; stepping on finishes it."""
    seen = shown(**{**REPS, "count": 0, "target_count": 40}, exercise="1a", verified=False)
    assert (seen["word"], seen["number"], seen["unit"]) == ("YOUR PACE", "20", "\u00d7")
    assert seen["sentence"] == "Do 20 each way, then step on the board."
    assert shown(**{**REPS, "target_count": 10}, exercise="2c")["sentence"] == "Do 10, then step on the board."


def test_unverified_exercise_is_marked_not_verified() -> None:
    """What the board cannot sense is timed and marked; what it senses uses the exercise's own words."""
    seen = shown(**HOLD, exercise="2a", verified=False)
    assert seen["word"] == "KEEP GOING"
    assert "cannot sense" in seen["sentence"]
    assert seen["exercise"]["verifies"] == "Not verified: the board cannot sense this exercise."
    assert shown(**HOLD, exercise="3b", verified=True)["exercise"]["verifies"] == exercises()["3b"].verifies


@pytest.mark.parametrize("key", sorted(exercises()))
def test_every_exercise_shows_picture_name_and_dose(key: str) -> None:
    """While it runs and while the person gets ready for it."""
    one = exercises()[key]
    what = {**HOLD, "repetitions": one.dose.repetitions} if one.dose.hold_s else REPS
    for phase in ("prepare", what["phase"]):
        seen = shown(**{**what, "phase": phase}, exercise=key)
        assert (seen["exercise"]["key"], seen["exercise"]["name"]) == (key, one.name)
        assert seen["exercise"]["dose"]
        assert seen["sentence"]
    assert one.name_in_sentence in shown(**{**what, "phase": "prepare"}, exercise=key)["sentence"]


def test_shown_dose_is_the_reduced_dose() -> None:
    """A halved dose is shown halved, also while the person gets ready for it."""
    preparing = {**HOLD, "phase": "prepare", "counting": "prepare"}
    seen = shown(**preparing, hold_us=15_000_000, exercise="3a", repetitions=2)
    assert seen["exercise"]["dose"] == "15 s, 2 times, each leg"
    assert shown(**{**REPS, "target_count": 20}, exercise="1a")["exercise"]["dose"] == "10 times each way, each leg"


def test_seated_exercise_never_asks_to_stand() -> None:
    assert shown(**HOLD, exercise="5a", verified=True)["sentence"].startswith("Stay seated")
    waiting = shown(activity="hold", phase="wait", side=Side.LEFT, exercise="5a", verified=True)
    assert (waiting["word"], "Sit down" in waiting["sentence"]) == ("SIT DOWN", True)


def test_next_step_waits_for_return_from_floor() -> None:
    """After an exercise off the board, an empty board waits; with a person on it, the page asks for the other leg."""
    waiting: dict[str, Any] = {"activity": "hold", "phase": "wait", "side": Side.RIGHT, "step": 2, "steps": 4}
    seen = shown(**waiting, exercise="3b", heels=heels(False, False))
    assert (seen["word"], seen["sentence"]) == (
        "COME BACK",
        "Right leg. Next: soleus stretch. Come back to the board.",
    )
    seen = shown(**waiting, exercise="3b", heels=heels(True, False))
    assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", "Right leg. Next: soleus stretch. Change legs.")
    assert shown(activity="hold", phase="wait", side=Side.LEFT, step=0, steps=4)["word"] == "STEP ON"


def test_countdown_of_an_attempt_says_what_to_do_at_its_end() -> None:
    assert shown(activity="test", phase="count", side=Side.LEFT)["sentence"] == "Lunge when the long tone sounds."


def test_person_on_the_wrong_foot_is_not_asked_to_step_on() -> None:
    """Before the first step too: the person stands on the board, on the other foot."""
    waiting: dict[str, Any] = {"phase": "wait", "side": Side.LEFT}
    for left in (False, None):
        seen = shown(**waiting, activity="test", heels=heels(left, True))
        assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", "Step on with your left foot, toes to the stop.")
    for left, right in ((False, False), (True, True), (None, None)):
        assert shown(**waiting, activity="test", heels=heels(left, right))["word"] == "STEP ON"
    one_plate = (HeelView(Side.RIGHT, True, None),)
    assert shown(**waiting, activity="test", heels=one_plate)["word"] == "STEP ON"
    seen = shown(**waiting, activity="hold", exercise="3a", heels=heels(False, True))
    assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", "Next: calf stretch. Step on with your left foot.")
    assert shown(**waiting, activity="hold", exercise="5a", heels=heels(False, True))["word"] == "SIT DOWN"


def test_page_names_the_foot_to_a_person_who_steps_back_on_with_the_other(tmp_path: Path) -> None:
    """Between two attempts and while settling. Somebody on the foot under test is told where to move."""
    with Rig(tmp_path, "") as rig:
        rig.step_on()
        rig.station.request_start("test", None, is_chosen=False)
        rig.until_phase("move")
        assert live_view(rig.station.snapshot(), CM)["word"] != "OTHER SIDE"
        side = rig.station.snapshot().state.side
        assert isinstance(side, Side)
        rig.board.act("step_off")
        rig.live(1.0)
        assert live_view(rig.station.snapshot(), CM)["word"] != "OTHER SIDE"
        rig.step_on(side.other, after_s=4.0)
        seen = live_view(rig.station.snapshot(), CM)
        assert seen["phase"] == "move"
        assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", f"Step on with your {side} foot, toes to the stop.")
        assert (seen["number"], seen["caption"], seen["picture"]) == (NO_NUMBER, "", "test-step-on")
    settling: dict[str, Any] = {"activity": "test", "phase": "settle", "side": Side.RIGHT}
    assert shown(**settling, heels=heels(True, False))["word"] == "OTHER SIDE"


def test_end_of_a_rest_names_the_foot_to_step_on_with() -> None:
    resting: dict[str, Any] = {**HOLD, "phase": "away", "exercise": "3a", "verified": True}
    seen = shown(**resting, heels=heels(False, True))
    assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", "The rest is over. Step on with your left foot.")
    assert shown(**resting, heels=heels(False, False))["word"] == "STEP ON"
    assert shown(**{**resting, "exercise": "5a"}, heels=heels(False, True))["word"] == "FOOT ON"


@pytest.mark.parametrize(("side", "foot"), [(Side.LEFT, "right"), (Side.RIGHT, "left")])
def test_side_change_names_the_foot_to_lift(side: Side, foot: str) -> None:
    """A person on both feet has not changed sides."""
    seen = shown(activity="test", phase="switch", side=side)
    assert seen["sentence"] == f"{side.capitalize()} leg. Change legs. Lift the {foot} foot."


def test_next_step_for_both_feet_asks_for_both() -> None:
    """No change of legs is asked for, and no standing for a seated exercise."""
    waiting: dict[str, Any] = {"activity": "hold", "phase": "wait", "step": 1, "steps": 4, "heels": heels(False, True)}
    seen = shown(**waiting, side=BOTH_LEGS, exercise="3c")
    assert (seen["word"], seen["sentence"]) == ("BOTH FEET", "Both feet. Next: Achilles stretch. Stand on the board.")
    seen = shown(**{**waiting, "activity": "test"}, side=Side.LEFT)
    assert (seen["word"], seen["sentence"]) == ("OTHER SIDE", "Left leg. Next: the test. Change legs.")
    seen = shown(**waiting, side=Side.LEFT, exercise="5a")
    assert (seen["word"], "Sit down with one foot on its plate." in seen["sentence"]) == ("SIT DOWN", True)


def test_stretch_names_bare_feet_and_the_arch_before_and_during() -> None:
    """Off the board, and in strength work, the sentence does not mention the arch."""
    ready = shown(activity="hold", phase="prepare", exercise="3a", side=Side.LEFT)["sentence"]
    assert "Barefoot, arch up." in ready
    assert "arch up" in shown(activity="hold", phase="hold", exercise="3a", verified=True)["sentence"]
    assert "arch" not in shown(activity="hold", phase="prepare", exercise="2a")["sentence"]


@pytest.mark.parametrize("phase", ["wait", "away", "paused", "rest"])
def test_seated_exercise_asks_nobody_to_stand_in_any_phase(phase: str) -> None:
    seen = shown(activity="hold", phase=phase, side=Side.LEFT, exercise="5a", verified=True)
    assert not any(word in seen["sentence"].lower() for word in ("stand", "step"))
    assert "STEP" not in seen["word"]


@pytest.mark.parametrize(("key", "rest_s", "text"), [("3a", 15, "Step off"), ("3a", 3, "Relax."), ("5a", 15, "seated")])
def test_rest_suggests_stepping_off_only_if_long_enough(key: str, rest_s: int, text: str) -> None:
    """Neither three seconds of rest nor a seated rest suggests stepping off."""
    seen = shown(**{**HOLD, "phase": "rest", "counting": "rest", "target_us": rest_s * 1_000_000}, exercise=key)
    assert text in seen["sentence"]
    assert ("Step off" in seen["sentence"]) is (text == "Step off")


def test_standing_person_is_not_asked_to_step_on() -> None:
    """After a pause by button the person is still on the board, and the sentence says what continues."""
    paused: dict[str, Any] = {"activity": "hold", "phase": "paused", "side": Side.LEFT, "exercise": "3a"}
    assert "Press \u201cResume\u201d" in shown(**paused, heels=heels(True, None))["sentence"]
    away = "Step back on, or put the heel down, to continue."
    paused["resume_needs"] = ResumeNeed.HEEL
    assert shown(**paused, heels=heels(False, True))["sentence"] == away
    assert shown(**{**paused, "side": BOTH_LEGS}, heels=heels(True, False))["sentence"] == away


@pytest.mark.parametrize("need", list(ResumeNeed))
def test_resume_is_offered_only_where_it_is_obeyed(need: ResumeNeed) -> None:
    """A pause says what it waits for: of a sensor the fault's own sentence, not that of another part."""
    faults = (Fault("distance sensor", "Check the blue wire."), Fault("heel sensors", "Check the left plate."))
    paused: dict[str, Any] = {"activity": "test", "phase": "paused", "side": Side.LEFT, "heels": heels(True, True)}
    assert shown(**paused, faults=faults)["can_resume"]
    seen = shown(**paused, faults=faults, resume_needs=need, next_step="ask")
    assert not seen["can_resume"]
    assert (seen["next"] is None) is (need is not ResumeNeed.HEEL)
    assert "Resume" not in f"{seen['sentence']}{seen['brief']}"
    said = {fault.part: fault.sentence for fault in faults}
    assert seen["sentence"] == said.get(need, "Step back on, or put the heel down, to continue.")


def test_pause_without_a_heel_to_wait_for_says_so() -> None:
    """A rest goes on by the button alone; an exercise on the floor also by stepping on."""
    rest: dict[str, Any] = {"activity": "rest", "phase": "paused", "counting": "rest", "target_us": 20, "rate": 0}
    assert shown(**rest, heels=heels(False, False))["sentence"] == "The rest has stopped. Press \u201cResume\u201d."
    floor = shown(**{**HOLD, "phase": "paused"}, exercise="2a", verified=False, heels=heels(False, False))
    assert floor["sentence"] == "Press \u201cResume\u201d, or step on the board."
    for fields in (rest, {**HOLD, "phase": "paused"}, {**HOLD, "phase": "paused", "exercise": "5a"}):
        seen = live_view(snapshot(**fields), CM, has_buttons=False)
        assert "Resume" not in f"{seen['sentence']}{seen['brief']}"


def test_pause_with_the_sensor_out_names_its_cable(tmp_path: Path) -> None:
    """Pause during the fault, plug it in again, resume."""
    with Rig(tmp_path, "") as rig:
        rig.step_on()
        rig.station.request_start("test", None, is_chosen=False)
        rig.until_phase("settle")
        rig.board.act("pull_cable")
        rig.until_phase("fault")
        rig.station.command(CommandName.PAUSE)
        rig.until_phase("paused")
        seen = live_view(rig.station.snapshot(), CM)
        assert (seen["can_resume"], seen["sentence"]) == (False, rig.faults["distance sensor"])
        rig.board.act("return_cable")
        rig.live(8.0)
        assert live_view(rig.station.snapshot(), CM)["can_resume"]
        rig.station.command(CommandName.RESUME)
        rig.until_phase("settle", "side")


def test_cable_that_is_pulled_in_a_hold_is_named_as_a_possibility(tmp_path: Path) -> None:
    """An open wire reads as a lifted heel does. The second call, six seconds later, adds the cable."""
    with Rig(tmp_path, "") as rig:
        rig.step_on()
        rig.hold(20)
        rig.live(2.0)
        rig.board.act("pull_heels")
        rig.until_phase("paused")
        first = live_view(rig.station.snapshot(), CM)
        assert first["sentence"] == "Step back on, or put the heel down, to continue."
        rig.live(3.0)
        second = live_view(rig.station.snapshot(), CM)
        assert second["sentence"] == f"{first['sentence']} If your left heel is down, check the cable of its plate."
        assert second["brief"] == "Heel down? Cable?"
        rig.board.act("return_heels")
        rig.until_phase("prepare", "hold")
        assert "cable" not in live_view(rig.station.snapshot(), CM)["sentence"]


@pytest.mark.parametrize(
    ("downs", "sentence"),
    [
        ((True, False), "If your right heel is down, check the cable of its plate."),
        ((False, False), "If your heels are down, check the cables of their plates."),
        ((True, True), "step off and back on."),
    ],
)
def test_cable_is_that_of_the_heels_that_are_up(downs: tuple[bool, bool], sentence: str) -> None:
    need = None if all(downs) else ResumeNeed.HEEL
    paused: dict[str, Any] = {**HOLD, "phase": "paused", "side": BOTH_LEGS, "exercise": "3c", "heels": heels(*downs)}
    paused["resume_needs"] = need
    assert shown(**paused, cue=CueView(1, CueName.NUDGE, None, None, False))["sentence"].endswith(sentence)
    assert "cable" not in shown(**paused, cue=CueView(1, CueName.PAUSED, None, None, False))["sentence"]


@pytest.mark.parametrize("side", list(Side))
def test_single_plate_has_the_heel_of_either_leg(side: Side) -> None:
    paused: dict[str, Any] = {**HOLD, "phase": "paused", "side": side, "exercise": "3a"}
    assert "Resume" in shown(**paused, heels=(HeelView(Side.LEFT, True, None),))["sentence"]
    paused["resume_needs"] = ResumeNeed.HEEL
    seen = shown(**paused, heels=(HeelView(Side.LEFT, False, None),), cue=CueView(1, CueName.NUDGE, None, None, False))
    assert f"If your {side} heel is down" in seen["sentence"]


def test_number_between_holds_is_next_repetition() -> None:
    """A stretch shows no distance to the wall while no clock runs."""
    seen = shown(activity="hold", phase="wait", side=Side.LEFT, exercise="3a", repetition=2, repetitions=3, toe_mm=93.0)
    assert (seen["number"], seen["unit"], seen["step_position"]) == ("2", "of 3", "hold 2 of 3")
    assert shown(**HOLD, exercise="3c", repetition=1, repetitions=1)["step_position"] == ""


def test_question_shows_answers_and_equivalent_taps() -> None:
    """Four places, then 0 to 10; the test's result stays on screen, and the bar is the time remaining."""
    asked: dict[str, Any] = {"activity": "ask", "waited_us": 5, "wait_us": 20, "result_left_mm": 94.0}
    seen = shown(**asked, phase="felt")
    assert seen["sentence"] == "Where did you feel the limit?"
    assert (seen["next"], seen["bar_share"]) == ("Left 9.4 cm. Saved.", 0.25)
    assert [answer for answer, _ in seen["question"]["choices"]] == ["front", "achilles", "calf", "nowhere"]
    assert "2, 3, 4 or 5" in seen["question"]["taps"]
    seen = shown(**asked, phase="pain")
    assert [answer for answer, _ in seen["question"]["choices"]] == [str(n) for n in range(11)]
    over = shown(**asked, phase="done")
    assert (over["question"], over["word"], over["sentence"]) == (None, "DONE", "Left 9.4 cm. Saved.")
    assert [(row["name"], row["number"]) for row in over["results"]] == [("Left", "9.4")]
    assert shown(**HOLD)["question"] is None


def test_lesson_explains_each_sound_then_quizzes() -> None:
    """A taught sound has its word and meaning; a quizzed one has a question and a kind answer."""
    listened = shown(activity="lesson", phase="listen", about=CueName.HOLD_DONE, repetition=3, repetitions=10)
    assert (listened["word"], listened["sentence"]) == ("RELAX", "This sound means: relax.")
    assert (listened["number"], listened["unit"]) == ("3", "of 10")
    quiz: dict[str, Any] = {"activity": "lesson", "phase": "quiz", "claimed": CueName.SWITCH}
    seen = shown(**quiz, repetition=2, repetitions=6)
    assert seen["sentence"] == "Does this sound mean: other side? Lift a heel if it does."
    corrected = shown(**quiz, about=CueName.GO, verdict="not yet", repetition=2, repetitions=6)
    assert corrected["sentence"] == "Not yet: this sound means: the clock runs, lunge now."
    assert shown(**quiz, about=CueName.SWITCH, verdict="right")["sentence"].startswith("Right:")
    assert "5 of 6 correct" in shown(activity="lesson", phase="done", right=5, asked=6)["sentence"]
    unanswered = shown(activity="lesson", phase="ended", right=0, asked=6)
    assert (unanswered["number"], unanswered["unit"], "volume" in unanswered["sentence"]) == ("\u2013", "", True)


@pytest.mark.parametrize("cue", list(CueName))
def test_every_cue_has_lesson_text(cue: CueName) -> None:
    """Every cue has a word and a meaning in the lesson."""
    seen = shown(activity="lesson", phase="listen", about=cue, repetition=1, repetitions=10)
    assert seen["word"] == CUES[cue].word
    assert seen["sentence"].endswith(".")


def test_next_step_is_named() -> None:
    """The next exercise has its name; a test, questions and a rest have theirs."""
    assert shown(**HOLD, next_step="hold", next_exercise="3b")["next"] == "Next: soleus stretch"
    assert shown(**HOLD, exercise="3b", next_step="hold", next_exercise="3b")["next"] == "Again: soleus stretch"
    assert shown(**HOLD, next_step="ask")["next"] == "Next: two questions"
    assert shown(**HOLD)["next"] is None


def test_next_is_what_comes_before_the_next_step() -> None:
    """Another trial or repetition of this leg, then the other leg, then the next step; nothing once it has ended."""
    test: dict[str, Any] = {"activity": "test", "phase": "settle", "side": Side.LEFT, "next_step": "ask"}
    assert shown(**test, next_trial=2, next_side=Side.RIGHT)["next"] == "Next: trial 2"
    assert shown(**test, next_side=Side.RIGHT)["next"] == "Next: right leg"
    assert shown(**test)["next"] == "Next: two questions"
    hold = {**HOLD, "repetitions": 3, "next_step": "hold", "next_exercise": "3b"}
    assert shown(**hold, next_repetition=3, next_side=Side.RIGHT)["next"] == "Next: hold 3 of 3"
    assert shown(**hold, next_side=Side.RIGHT)["next"] == "Next: right leg"
    assert shown(**{**hold, "phase": "ended"}, next_side=Side.RIGHT, cue=None)["next"] is None


def test_idle_view_offers_unfinished_routine() -> None:
    """The unfinished routine is offered by name, its minutes rounded up."""
    assert shown(unfinished=UnfinishedView("Daily", 700))["resume"] == "Resume Daily: 12 min"
    assert shown(unfinished=UnfinishedView("Daily", 5))["resume"] == "Resume Daily: 1 min"
    assert shown(unfinished=UnfinishedView(None, 60))["resume"] == "Resume: 1 min"
    assert shown(**HOLD)["resume"] is None


def test_undo_is_offered_while_possible() -> None:
    """The undo button stays as long as there is something to undo, and a note is shown verbatim."""
    seen = shown(**HOLD, undo_us=5, note="Taken back.")
    assert (seen["can_undo"], seen["note"]) == (True, "Taken back.")
    assert not shown(**HOLD)["can_undo"]


AT_HAND = {"idle", "lay", "fault", "warm", "clear", "leave", "block", "capture", "felt", "pain"}
"""The phases that are read with the page at hand."""


def test_each_phase_is_read_from_the_board_or_at_hand() -> None:
    """Setting up, questions, calibration and faults have a sentence to read; all else has a few words."""
    assert {phase for phase, style in PHASE_STYLES.items() if style.brief is None} == AT_HAND
    assert shown(activity="calibrate", phase="done")["brief"] is None


LINES = 3
LINE_LETTERS = 9
"""How many capitals of 9 mm fit across a phone."""


@pytest.mark.parametrize("phase", sorted(set(PHASE_STYLES) - AT_HAND))
def test_brief_fits_a_phone(phase: str) -> None:
    """No word is wider than a phone, and three lines are enough, whatever the exercise."""
    activities: list[dict[str, Any]] = [{"activity": "test", "toe_mm": 93.0, "trial": 3, "next_trial": 4}]
    activities.append({**HOLD, "repetition": 10, "repetitions": 10, "next_repetition": 10})
    for key in exercises():
        activities += [{**HOLD, "exercise": key}, {**REPS, "exercise": key}, {"activity": "rest", "next_exercise": key}]
    for activity in activities:
        for side in (*Side, BOTH_LEGS):
            brief = shown(**{**activity, "phase": phase, "side": side, "heels": heels(False, True)})["brief"]
            lines = textwrap.wrap(brief, LINE_LETTERS + 1, break_long_words=False)
            assert len(lines) <= LINES, brief
            assert all(len(line.rstrip(".")) <= LINE_LETTERS + 1 for line in lines), brief


def test_brief_says_what_to_do_or_how_it_went() -> None:
    """The exercise before it begins, the verdict of an attempt, the foot to lift, and what follows a rest."""
    assert shown(**{**HOLD, "phase": "prepare"}, exercise="3b")["brief"] == "Soleus stretch."
    moving: dict[str, Any] = {"activity": "test", "phase": "move", "side": Side.LEFT, "toe_mm": 93.0}
    assert shown(**moving, target_mm=109.0, verdict="heel")["brief"] == "Heel lifted."
    assert shown(**moving, target_mm=93.0, verdict="heel", is_on_target=True)["brief"] == "Right there."
    assert shown(activity="test", phase="switch", side=Side.LEFT)["brief"] == "Lift the right foot."
    after = shown(activity="test", phase="switch", side=Side.RIGHT, result_left_mm=91.0)["sentence"]
    assert after == "Left 9.1 cm. Saved. Right leg. Change legs. Lift the left foot."
    assert shown(activity="rest", phase="rest", next_exercise="5a")["brief"] == "Next: seated toe lift"
    assert shown(**{**HOLD, "phase": "rest"}, next_repetition=2, repetitions=3)["brief"] == "Next: hold 2 of 3"
    assert shown(activity="test", phase="rest", side=Side.LEFT, next_trial=2)["brief"] == "Next: trial 2"
    lifted = {**HOLD, "phase": "lifted", "side": BOTH_LEGS}
    assert shown(**lifted, heels=heels(False, True))["brief"] == "Left heel."
    assert shown(**lifted, heels=heels(False, False))["brief"] == ""


def test_board_shows_presence_request_without_its_secret() -> None:
    """The stage counts the presses; only the browser that asked shows the rhythm and the number."""
    seen = shown(activity="rhythm", phase="press", presses=(Press.SHORT, Press.LONG))
    assert (seen["word"], seen["number"], seen["unit"], seen["caption"]) == ("RHYTHM", "2", "of 4", "presses")
    assert "Make the rhythm it shows" in seen["sentence"]
    assert not seen["is_active"]
    beeping = shown(activity="rhythm", phase="number", presses=(Press.SHORT,) * 4)
    assert (beeping["word"], beeping["number"]) == ("COUNT", "\u2013")


def test_stream_has_progress_of_presence_request() -> None:
    """Enough for the page that asked to know when to reload: the request, its state, presses and seconds."""
    assert shown()["presence"] is None
    view = PresenceView(3, PresenceState.WAITING, (Press.LONG,), 99)
    assert shown(presence=view)["presence"] == {"serial": 3, "state": "waiting", "presses": 1, "seconds": 99}
