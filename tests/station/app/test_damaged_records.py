"""What a damaged file or another release has left in the database: a sentence, never a station that stops."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from sqlalchemy import Table, update

from station.app.inbox import ReminderDue
from station.app.start_gate import PROPOSED_INSTEAD, PROPOSED_NAME
from station.core.steps import StepError, routine_from_header
from station.store.schema import answers, plans, routines, runs, tests
from tests.station.app.test_reminders import AlarmClock, plan_at
from tests.station.app.test_today import ada_of, step_on, was_tested
from tests.station.led import COMPARATORS, Led

DAMAGED = ("{", "5", '{"a": 1}', "null")


@pytest.fixture
def led(tmp_path: Path) -> Iterator[Led]:
    with Led(tmp_path, COMPARATORS, on_step="today") as made:
        yield made


def damage(led: Led, table: Table, **values: str) -> None:
    with led.store.write_transaction() as now:
        now.execute(update(table).values(**values))


def own_plan(led: Led, items: list[dict[str, Any]]) -> str:
    """Ada, whose plan is a routine of her own of these items, and who was tested yesterday."""
    ada = ada_of(led, days=[])
    routine_id = led.store.save_routine(None, ada, "Mine", items)
    led.store.save_plan(ada, plan_at("07:00", routine=routine_id))
    was_tested(led, ada)
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
def test_an_own_routine_of_what_there_is_not_is_proposed_anew(led: Led, item: dict[str, Any]) -> None:
    """An exercise that is gone, or a dose that cannot be: another routine is proposed, and the sentence says so."""
    own_plan(led, [item])
    step_on(led)
    now = led.station.snapshot()
    assert (now.called, now.note) == (PROPOSED_NAME, PROPOSED_INSTEAD)


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_own_routine_is_proposed_anew(led: Led, text: str) -> None:
    """The same where its row cannot be read at all."""
    own_plan(led, [{"exercise": "3a"}])
    damage(led, routines, items_json=text)
    step_on(led)
    assert led.station.snapshot().note == PROPOSED_INSTEAD


@pytest.mark.parametrize("text", [*DAMAGED, '{"days": [[0, "07:00"]], "zone": "Mars/Olympus"}'])
def test_a_damaged_plan_is_none(led: Led, text: str) -> None:
    """Whose plan cannot be read is led as without one, and nobody else's reminder is lost."""
    ada = own_plan(led, [{"exercise": "3a"}])
    damage(led, plans, plan_json=text)
    ben = led.store.add_person("Ben").id
    led.store.save_plan(ben, plan_at("18:00"))
    alarms = AlarmClock()
    led.station.attach(led.devices, alarms)
    led.station.wall_clock_set()
    led.live(0.1)
    assert set(alarms.at) == {ben}
    led.station.request_start("today", ada)
    led.live(0.5)
    assert led.station.snapshot().called == "Test and stretch"


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_answer_was_not_given(led: Led, text: str) -> None:
    """Care questions whose answer cannot be read are asked again; stepping on and a reminder go on."""
    ada = own_plan(led, [{"exercise": "3a"}])
    for question, about in (("pain", None), ("felt", "3b"), ("offered", "no time")):
        led.store.add_answer(ada, question, True, about)
    damage(led, answers, answer_json=text)
    led.station.post(ReminderDue(ada))
    led.live(1.0)
    step_on(led)
    now = led.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None
    assert "questions" in now.note


@pytest.mark.parametrize("column", ["header_json", "remaining_json"])
@pytest.mark.parametrize("text", [*DAMAGED, '{"do": "routine", "steps": [5]}'])
def test_a_damaged_rest_is_not_begun(led: Led, column: str, text: str) -> None:
    """What was left and cannot be read is told as gone."""
    ada = own_plan(led, [{"exercise": "3a"}])
    damage(led, runs, **{column: text})
    led.station.request_start("rest", ada)
    led.live(0.5)
    now = led.station.snapshot()
    assert now.activity == "idle"
    assert now.note is not None


def test_a_place_that_there_is_not_was_not_felt(led: Led) -> None:
    """Where the limit was felt is left alone where another release had other words for it."""
    own_plan(led, [{"exercise": "3a"}])
    damage(led, tests, felt_place="knee")
    step_on(led)
    now = led.station.snapshot()
    assert (now.called, now.note) == ("Mine", None)


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
@pytest.mark.parametrize("field", ["repetitions", "hold_s"])
def test_no_number_is_no_dose(field: str, number: float) -> None:
    """JSON as Python reads it has numbers that are none: they are refused with a sentence."""
    with pytest.raises(StepError, match=field):
        routine_from_header({"do": "hold", field: number})


def test_a_wish_that_nobody_thought_of_stops_nothing(led: Led, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever goes wrong with what the page wants kept is told to whoever waits for it; the board goes on."""
    ada = ada_of(led)
    done = led.station.answer(ada, "pain", cast("Any", {1, 2}))
    led.live(0.5)
    assert isinstance(done.exception(0), TypeError)
    assert "the board carries on" in caplog.text
    step_on(led)
    assert led.station.snapshot().activity == "test"
