"""Every start in the running station passes the gate: from the board, the page and a resume; and after a refusal."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from station.advice.plan import plan_from_dict, to_dict
from station.advice.restrictions import BUILT_IN_STRETCH
from station.app.starting.routines import steps_of
from station.app.starting.start_gate import ALREADY_COMPLETE, UNFINISHED
from station.catalogue.records import Item
from station.core.events import CommandName
from station.core.steps import HoldStep, Routine, to_json
from station.settings import Settings
from tests.station.advice.cautions import exercises_in
from tests.station.guided_station import COMPARATORS, GuidedStation
from tests.station.health_answers import add_screened_person


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def running_routine(guided: GuidedStation) -> Routine:
    """The loop's running routine."""
    run = guided.station._session.run
    return () if run is None else run.routine


@pytest.mark.parametrize(
    ("conditions", "pain"),
    [((), None), ((), 4), (("tendon_pain",), None), (("cleared",), 5), (("neuro", "balance"), None), ((), 7)],
)
def test_board_page_and_resume_start_the_same_steps(
    guided: GuidedStation, conditions: tuple[str, ...], pain: int | None
) -> None:
    """On the real loop: stepping on, the page's button, and stepping on again within ten minutes."""
    person_id = add_screened_person(guided.store, "Ada", *conditions)
    if pain is not None:
        guided.station.answer(person_id, "pain", pain)
    days = [[day, "00:00"] for day in range(7)]
    guided.store.save_plan(
        person_id, to_dict(plan_from_dict({"days": days, "routine": "quick_calf", "zone": "UTC", "tests": False}))
    )
    done = guided.station.request_start("quick_calf", person_id)
    guided.live(0.1)
    by_page, decision = running_routine(guided), done.result(0)
    assert decision.routine == by_page or not by_page
    assert guided.station.snapshot().decision == decision
    guided.station.command(CommandName.STOP)
    guided.live(40.0)
    guided.step_on(after_s=6.0)
    assert running_routine(guided) == by_page
    guided.board.act("step_off")
    guided.until(lambda: guided.station._session.run is None, 120.0)
    remaining = guided.store.unfinished_run(person_id)
    if by_page and remaining is not None:
        guided.step_on(after_s=6.0)
        assert to_json(running_routine(guided)) == remaining.remaining_header


def test_resume_applies_half_dose_after_pain(guided: GuidedStation) -> None:
    """The unfinished routine is halved after the person has reported a pain of 4."""
    person_id = add_screened_person(guided.store, "Ada")
    guided.station.start(steps_of((Item(exercise="3b", repetitions=4),), Settings(), analogue=False), person_id)
    guided.live(0.5)
    guided.station.command(CommandName.STOP)
    guided.live(0.5)
    guided.station.answer(person_id, "pain", 4)
    done = guided.station.request_start(UNFINISHED, person_id)
    guided.live(0.1)
    for step in done.result(0).routine:
        assert isinstance(step, HoldStep)
        assert (step.repetitions, step.reduced) == (2, True)
    assert [one.key for one in done.result(0).reduced] == ["3b"]


def test_routine_started_by_the_loop_applies_half_dose(guided: GuidedStation) -> None:
    """Steps started without a person are reduced for the person whom the loop infers."""
    person_id = add_screened_person(guided.store, "Ada", "cleared")
    guided.station.start(steps_of((Item(exercise="3b", repetitions=4),), Settings(), analogue=False), None)
    guided.live(0.5)
    (step,) = running_routine(guided)
    assert isinstance(step, HoldStep)
    assert guided.station.snapshot().person_id == person_id
    assert step.repetitions == 2


def test_unclaimed_unfinished_routine_is_not_offered_to_new_person(guided: GuidedStation) -> None:
    """The person can resume it only after claiming the session."""
    guided.station.request_start("stretch", None)
    guided.live(0.5)
    guided.board.act("auto")
    guided.until_phase("hold")
    guided.station.command(CommandName.STOP)
    guided.live(1.0)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id is None
    ada = add_screened_person(guided.store, "Ada")
    done = guided.station.request_start(UNFINISHED, ada)
    guided.live(0.2)
    assert done.result(0).routine == ()
    assert done.result(0).note == ALREADY_COMPLETE


def test_refused_request_returns_reason_and_keeps_running_routine(guided: GuidedStation) -> None:
    person_id = add_screened_person(guided.store, "Ada")
    guided.station.start(steps_of((Item(exercise="3b"),), Settings(), analogue=False), person_id)
    guided.live(0.5)
    other = add_screened_person(guided.store, "Ben", "not_cleared")
    done = guided.station.request_start("daily", other)
    guided.live(0.2)
    assert "cleared you" in str(done.result(0).note)
    assert running_routine(guided) != ()
    assert guided.station.snapshot().person_id == person_id


def test_unknown_routine_raises_in_its_future(guided: GuidedStation) -> None:
    """The station keeps running."""
    done = guided.station.request_start("no such", None)
    guided.live(0.2)
    with pytest.raises(ValueError, match="no longer exists"):
        done.result(0)


def test_unfinished_routine_with_a_gone_exercise_is_refused_with_a_sentence(guided: GuidedStation) -> None:
    """The page gets a decision, not an error."""
    person_id = add_screened_person(guided.store, "Ada")
    header, at = {"do": "hold", "exercise": "99z"}, guided.clock.utc_now()
    run_id = guided.store.begin_run(guided.store.begin_session(person_id, at, simulated=False), header, at)
    guided.store.save_unfinished(run_id, header, at)
    done = guided.station.request_start(UNFINISHED, person_id)
    guided.live(0.3)
    assert done.result(0).routine == ()
    assert "no longer" in str(done.result(0).note)


def leave_stretch(guided: GuidedStation, person_id: str | None) -> str:
    """Leave the built-in stretch in its first hold; returns the session."""
    guided.station.request_start("stretch", person_id)
    guided.live(0.1)
    guided.board.act("auto")
    guided.until_phase("hold")
    session_id = guided.station.snapshot().session_id
    guided.board.act("step_off")
    guided.until_phase("ended", limit_s=90.0)
    assert session_id is not None
    return session_id


def test_refusing_one_person_keeps_resume_of_another(guided: GuidedStation) -> None:
    """Ben's refusal on the page does not end Ada's ten minutes."""
    ada, ben = add_screened_person(guided.store, "Ada"), add_screened_person(guided.store, "Ben", "not_cleared")
    leave_stretch(guided, ada)
    before = guided.station.snapshot().unfinished
    assert before is not None
    guided.station.request_start("daily", ben)
    guided.live(0.5)
    assert guided.station.snapshot().unfinished == before


def test_claiming_an_ended_session_claims_its_unfinished_routine(guided: GuidedStation) -> None:
    """Within the ten minutes stepping on resumes it for the person who claimed it."""
    session_id = leave_stretch(guided, None)
    guided.until(lambda: guided.station.snapshot().session_id is None, 150.0)
    ada = add_screened_person(guided.store, "Ada")
    guided.station.claim_session(session_id, ada)
    guided.live(0.5)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id == ada
    guided.step_on(after_s=6.0)
    assert guided.station.snapshot().person_id == ada
    assert exercises_in(running_routine(guided)) == {BUILT_IN_STRETCH}


def test_claiming_another_session_leaves_the_unfinished_routine_alone(guided: GuidedStation) -> None:
    """Only the session it was left in counts."""
    ada = add_screened_person(guided.store, "Ada")
    at = guided.clock.utc_now() - timedelta(days=1)
    old = guided.store.begin_session(None, at, simulated=True)
    guided.store.end_session(old, at, "left")
    add_screened_person(guided.store, "Ben")
    leave_stretch(guided, ada)
    guided.station.claim_session(old, None)
    guided.live(0.5)
    offer = guided.station.snapshot().unfinished
    assert offer is not None
    assert offer.person_id == ada
