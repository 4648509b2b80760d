"""Records that are damaged or from another release: each leads to a sentence, and none stops the station."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Table, update

from station.app.inbox import ReminderDue
from station.app.starting.start_gate import PROPOSED_INSTEAD, PROPOSED_NAME
from station.core.steps import StepError, routine_from_header
from station.store.schema import answers, plans, routines, runs, tests
from tests.station.app.test_reminders import AlarmClock, plan_at
from tests.station.app.test_today import add_ada, add_test_of_yesterday, step_on
from tests.station.guided_station import COMPARATORS, GuidedStation

DAMAGED = ("{", "5", '{"a": 1}', "null")


@pytest.fixture
def guided(tmp_path: Path) -> Iterator[GuidedStation]:
    with GuidedStation(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def damage(guided: GuidedStation, table: Table, **values: str) -> None:
    with guided.store.write_transaction() as now:
        now.execute(update(table).values(**values))


def own_plan(guided: GuidedStation, items: list[dict[str, Any]]) -> str:
    """Ada, whose plan is her own routine of these items, and who was tested yesterday."""
    ada = add_ada(guided, days=[])
    routine_id = guided.store.save_routine(None, ada, "Mine", items)
    guided.store.save_plan(ada, plan_at("07:00", routine=routine_id))
    add_test_of_yesterday(guided, ada)
    return ada


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"exercise": "99z"},
        {"test": "half"},
        {"exercise": "3a", "test": "quick"},
        {"exercise": "3a", "hold_s": -5},
        {"exercise": "3a", "repetitions": 0},
        {"exercise": "3a", "count": 5},
        {"exercise": "3c", "side": "left"},
        {"exercise": "3a", "colour": "green"},
        {"rest_s": -3},
    ],
)
def test_invalid_own_routine_is_replaced_by_proposal(guided: GuidedStation, item: dict[str, Any]) -> None:
    """For an unknown exercise or an impossible dose another routine is proposed, and a sentence says so."""
    own_plan(guided, [item])
    step_on(guided)
    now = guided.station.snapshot()
    assert (now.routine_title, now.note) == (PROPOSED_NAME, PROPOSED_INSTEAD)


@pytest.mark.parametrize("text", DAMAGED)
def test_unreadable_own_routine_is_replaced_by_proposal(guided: GuidedStation, text: str) -> None:
    own_plan(guided, [{"exercise": "3a"}])
    damage(guided, routines, items_json=text)
    step_on(guided)
    assert guided.station.snapshot().note == PROPOSED_INSTEAD


@pytest.mark.parametrize("text", [*DAMAGED, '{"days": [[0, "07:00"]], "zone": "Mars/Olympus"}'])
def test_unreadable_plan_counts_as_no_plan(guided: GuidedStation, text: str) -> None:
    """Other people's reminders stay."""
    ada = own_plan(guided, [{"exercise": "3a"}])
    damage(guided, plans, plan_json=text)
    ben = guided.store.add_person("Ben").id
    guided.store.save_plan(ben, plan_at("18:00"))
    alarms = AlarmClock()
    guided.station.attach(guided.devices, alarms)
    guided.station.wall_clock_set()
    guided.live(0.1)
    assert set(alarms.at) == {ben}
    guided.station.request_start("today", ada)
    guided.live(0.5)
    assert guided.station.snapshot().routine_title == PROPOSED_NAME


@pytest.mark.parametrize("text", DAMAGED)
def test_unreadable_answer_counts_as_not_given(guided: GuidedStation, text: str) -> None:
    """The health questions are asked again; stepping on and reminders still work."""
    ada = own_plan(guided, [{"exercise": "3a"}])
    for question, about in (("pain", None), ("felt", "3b"), ("offered", "no time")):
        guided.store.add_answer(ada, question, True, about)
    damage(guided, answers, answer_json=text)
    guided.station.post(ReminderDue(ada))
    guided.live(1.0)
    step_on(guided)
    now = guided.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert "questions" in now.note


@pytest.mark.parametrize("column", ["header_json", "remaining_json"])
@pytest.mark.parametrize("text", [*DAMAGED, '{"do": "routine", "steps": [5]}'])
def test_unreadable_unfinished_routine_does_not_start(guided: GuidedStation, column: str, text: str) -> None:
    """A note says that it is lost."""
    ada = own_plan(guided, [{"exercise": "3a"}])
    damage(guided, runs, **{column: text})
    guided.station.request_start("rest", ada)
    guided.live(0.5)
    now = guided.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None


def test_unknown_felt_place_is_ignored(guided: GuidedStation) -> None:
    """Another release may have had other places."""
    own_plan(guided, [{"exercise": "3a"}])
    damage(guided, tests, felt_place="knee")
    step_on(guided)
    now = guided.station.snapshot()
    assert (now.routine_title, now.note) == ("Mine", None)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("field", ["repetitions", "hold_s"])
def test_non_finite_dose_is_refused(field: str, number: float) -> None:
    """Python's JSON reads NaN and Infinity; they are refused with a sentence."""
    with pytest.raises(StepError, match=field):
        routine_from_header({"do": "hold", field: number})


def test_unexpected_store_request_error_reaches_its_future(
    guided: GuidedStation, caplog: pytest.LogCaptureFixture
) -> None:
    """The requester gets the exception, and the board continues."""
    ada = add_ada(guided)
    done = guided.station.answer(ada, "pain", cast("Any", {1, 2}))
    guided.live(0.5)
    assert isinstance(done.exception(0), TypeError)
    assert "the board carries on" in caplog.text
    step_on(guided)
    assert guided.station.snapshot().activity == "test"
