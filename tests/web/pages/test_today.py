"""Today shows what to do next, most important first; Why gives the reasons."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient
from markupsafe import escape
from msgspec.structs import replace

from station.advice.plan import Due, plan_from_dict
from station.advice.records import Proposal, Situation
from station.advice.rules import RULE_BY_KEY, RULES
from station.app.snapshot import UnfinishedView
from station.app.starting.start_gate import TodaySummary
from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.core.steps import TestStep
from station.store import Store
from tests.station.store.histories import one_test
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.page_text import text_of
from web.pages.next_action import this_week

EVERY_DAY = [[day, "00:00"] for day in range(7)]
PLAN: dict[str, Any] = {"days": EVERY_DAY, "routine": "daily", "zone": "UTC", "tests": False}


@pytest.fixture
def ada(store: Store) -> str:
    """A person who has answered every health question with no."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    return person.id


def now_of(client: FlaskClient) -> str:
    """The first section of the page: what to do next."""
    return text_of(client, "/").split('<section class="now card"')[1].split("</section>")[0]


def missed_yesterday() -> dict[str, Any]:
    """A plan with one time a week, yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    return {**PLAN, "days": [[yesterday.weekday(), "00:00"]]}


def test_without_plan_test_and_routine_are_offered(client: FlaskClient, store: Store, ada: str) -> None:
    """A person without a plan has one big button too: the first test, then a routine based on its answers."""
    now = now_of(client)
    assert ">A full test</h1>" in now
    assert re.search(r"Then: your suggested routine, about \d+ min in all\.", now)
    assert now.count('class="primary big"') == 1
    assert 'value="today">Start a full test' in now
    began = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ada, began, simulated=False), {}, began)
    one_test(store, run, 84.0, 101.0, full=True)
    now = now_of(client)
    assert ">Your suggested routine</h1>" in now
    assert 'value="today">Start your suggested routine' in now


def midnight() -> datetime:
    """When today began: what takes minutes is of today, at any hour."""
    return datetime.now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)


def test_without_plan_what_is_done_is_shown_as_done(client: FlaskClient, store: Store, ada: str) -> None:
    """After a stretch today no second one is urged, and it can still be started."""
    add_session(store, began=midnight())
    shown = now_of(client)
    assert "Done for today" in shown
    assert 'class="primary big"' not in shown
    assert 'value="today">Do more' in shown


def test_due_routine_is_the_big_button(client: FlaskClient, store: Store, ada: str) -> None:
    """The due routine has its name, its minutes and the one big button."""
    store.save_plan(ada, PLAN)
    now = now_of(client)
    assert ">Daily</h1>" in now
    assert "14 <small>min</small>" in now
    assert "Your routine is ready when you are." in now
    assert 'value="today">Start Daily' in now


def test_due_test_comes_before_stretching(client: FlaskClient, store: Store, ada: str) -> None:
    """The page says what follows the test."""
    store.save_plan(ada, {**PLAN, "tests": True})
    now = now_of(client)
    assert ">A full test</h1>" in now
    assert re.search(r"Then: Daily, about \d+ min in all\.", now)
    assert "Start a full test" in now


def test_missed_routine_is_offered_until_dismissed(client: FlaskClient, store: Store, ada: str) -> None:
    """Yesterday's missed routine can be done or dismissed; a dismissed one is not mentioned again."""
    store.save_plan(ada, missed_yesterday())
    now = now_of(client)
    assert "Your last routine is still open." in now
    about = now.split('name="occurrence" value="')[1].split('"')[0]
    assert client.post("/dismiss-missed", data={"occurrence": about}).headers["Location"] == "/"
    assert "still open" not in text_of(client, "/")
    assert "Nothing is due" in now_of(client)


def test_rest_day_shows_next_time_without_big_button(client: FlaskClient, store: Store, ada: str) -> None:
    tomorrow = datetime.now(UTC) + timedelta(days=1)
    store.save_plan(ada, {**PLAN, "days": [[tomorrow.weekday(), "18:00"]]})
    now = now_of(client)
    assert "Nothing is due" in now
    assert "Next: tomorrow at 18:00." in now
    assert 'class="primary big"' not in now


def test_deleted_planned_routine_is_reported(client: FlaskClient, store: Store, ada: str) -> None:
    """Today and Why say that another routine is proposed instead."""
    mine = store.save_routine(None, ada, "Mine", [{"exercise": "3b"}])
    store.save_plan(ada, {**PLAN, "routine": mine})
    assert ">Mine</h1>" in now_of(client)
    store.remove_routine(mine)
    assert "no longer exists" in now_of(client)
    assert "no longer exists" in text_of(client, "/why")
    assert client.get("/plan").status_code == 200


def test_today_says_done_for_today(client: FlaskClient, store: Store, ada: str) -> None:
    store.save_plan(ada, PLAN)
    began = datetime.now(UTC)
    session = store.begin_session(ada, began, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, began)
    hold = store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=150 * SECOND_US, started_us=0, exercise="3a")
    store.finish_hold(
        hold, credited_us=150 * SECOND_US, lifted_us=0, lift_count=0, micro_lift_count=0, ended_us=150 * SECOND_US
    )
    assert "Done for today" in now_of(client)
    week = text_of(client, "/").split('id="week"')[1].split("</section>")[0]
    assert "of 10" in week
    assert 'class="left" cx="50" cy="50" r="42" pathLength="100" stroke-dasharray="25 100"' in week
    assert '<li class="done">' in week


def test_today_asks_health_questions_before_first_routine(client: FlaskClient, store: Store) -> None:
    """A person never asked may start with the first test; the questions come before anything else."""
    store.add_person("Ada")
    assert 'value="today">Start a full test' in now_of(client)
    assert 'href="/health-questions?next=today">Answer them' in text_of(client, "/")
    store.save_plan(store.people()[0].id, {**PLAN, "tests": False})
    now = now_of(client)
    assert 'href="/health-questions?next=today">Answer the questions' in now
    assert 'value="full_test">Or start with your first test' in now


def test_today_links_to_what_resolves_a_block(client: FlaskClient, store: Store, ada: str) -> None:
    """Strong pain has its question instead of a start button; a condition links to its effects."""
    store.save_plan(ada, PLAN)
    store.add_answer(ada, "pain", 7)
    store.add_answer(ada, "health", {"yes": [], "no": []})
    assert "Rest today" in now_of(client)
    assert 'id="pain"' in now_of(client)
    assert text_of(client, "/").count('id="pain"') == 1
    store.add_answer(ada, "pain", 1)
    store.add_answer(ada, "health", {"yes": ["no_weight"], "no": []})
    now = now_of(client)
    assert "until a fracture has been ruled out" in now
    assert 'href="/health-questions?next=today">See what your answers change' in now


def test_sections_are_ordered_by_importance(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """Next action, unfinished routine, yesterday's pain, last results, week."""
    person, _ = add_session(store, days_ago=1.5)
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    store.add_answer(person.id, "pain", 5, answered_at=datetime.now(UTC) - timedelta(hours=30))
    station.show(unfinished=UnfinishedView("Daily", 700, person.id))
    page = text_of(client, "/")
    parts = ('class="now card"', "Resume", 'id="pain"', 'id="ankles"', 'id="week"')
    places = [page.index(part) for part in parts]
    assert places == sorted(places)


def test_unfinished_routine_is_offered_after_power_cut(
    client: FlaskClient, station: StationDouble, store: Store, ada: str
) -> None:
    """Today's unfinished routine, and no older one, comes from the store."""
    began = datetime.now(UTC) - timedelta(hours=2)
    run = store.begin_run(store.begin_session(ada, began, simulated=False), {"do": "hold"}, began, title="Daily")
    store.save_unfinished(run, {"do": "hold"}, began)
    assert "Resume Daily" in text_of(client, "/")
    station.show(activity="hold", phase="hold")
    assert "Resume " not in text_of(client, "/")
    for phase in ("done", "ended"):
        station.show(activity="test", phase=phase, person_id=None)
        assert "Resume Daily" in text_of(client, "/"), "somebody else's session has ended"
    station.show(activity="idle", phase="idle")
    store.save_unfinished(run, {"do": "hold"}, began - timedelta(days=3))
    assert "Resume " not in text_of(client, "/")


def test_much_pain_hides_resume_and_test(client: FlaskClient, station: StationDouble, store: Store, ada: str) -> None:
    """After the advice to stop for today, neither the unfinished routine nor a test is offered at the top."""
    store.add_answer(ada, "health", {"yes": [], "no": []}, answered_at=datetime.now(UTC) - timedelta(hours=1))
    station.show(unfinished=UnfinishedView("Daily", 700))
    assert "Resume " not in text_of(client, "/"), "nobody's routine is not offered to Ada"
    station.show(unfinished=UnfinishedView("Daily", 700, ada))
    assert "Resume " in text_of(client, "/")
    store.add_answer(ada, "pain", 7)
    page = text_of(client, "/")
    assert "Resume " not in page
    assert "begin with your first test" not in page


def test_station_note_is_shown_on_today_and_live(client: FlaskClient, station: StationDouble, ada: str) -> None:
    station.show(note="Nothing is due now.")
    assert "Nothing is due now." in text_of(client, "/")
    assert "Nothing is due now." in text_of(client, "/live")


def test_why_links_each_reason_to_its_rule(client: FlaskClient, store: Store, ada: str) -> None:
    """Every reason, exclusion and reduction links to its rule on the same page."""
    store.add_answer(ada, "health", {"yes": ["tendon_pain"], "no": []})
    store.save_plan(ada, {**PLAN, "routine": "proposed"})
    page = text_of(client, "/why")
    rules = [part.split('"')[0] for part in page.split('href="#')[1:] if not part.startswith("main")]
    assert {"health-tendon-pain", "plan-due", "dose"} <= set(rules)
    assert set(rules) <= RULE_BY_KEY.keys()
    assert "<b>Achilles stretch.</b>" in page.split("Left out")[1]
    assert 'href="/health-questions?next=why"' in page


def test_why_has_every_rule_with_its_source(client: FlaskClient) -> None:
    """All rules are readable without a person, with what to expect and when."""
    page = text_of(client, "/why")
    assert all(f'<dt id="{rule.key}">' in page for rule in RULES)
    assert all(str(escape(rule.source)) in page for rule in RULES)
    assert "9.9 to 14.5 %" in page
    assert "Three months without a gain" in page


@pytest.mark.parametrize("planned", [True, False], ids=["with a plan", "without a plan"])
def test_why_gives_felt_place_as_reason(client: FlaskClient, store: Store, ada: str, planned: bool) -> None:
    """With or without a plan there is a proposal that names what comes first and which section's turn it is."""
    began = datetime.now(UTC)
    session = store.begin_session(ada, began, simulated=False)
    run = store.begin_run(session, {"do": "test"}, began)
    test = store.begin_test(run, full=True, contact=Contact.PAD, calibration_id=None)
    store.finish_test(
        test, left_mm=80.0, right_mm=90.0, left_uncertainty_mm=1.0, right_uncertainty_mm=1.0, partial=False
    )
    store.answer_test(test, felt_places=["front"], pain=0)
    if planned:
        store.save_plan(ada, {**PLAN, "routine": "proposed"})
    page = text_of(client, "/why")
    assert "You feel the limit in front of the ankle, so these come first: ankle traction" in page
    assert "Today is the turn of" in page


def test_why_puts_blocking_reason_first(client: FlaskClient, store: Store, ada: str) -> None:
    store.add_answer(ada, "health", {"yes": ["not_cleared"], "no": []})
    assert "Nothing is suggested right now." in text_of(client, "/why")


def test_week_marks_done_and_planned_days() -> None:
    """Done on past days and today; planned only from today on."""
    wednesday = datetime(2026, 11, 25, 12, tzinfo=UTC)
    planned = plan_from_dict({**PLAN, "days": [[0, "18:00"], [2, "18:00"], [4, "18:00"]], "token": "t"})
    situation = Situation(wednesday, trained_weekdays=frozenset({1}))
    summary = TodaySummary(
        wednesday,
        planned,
        Due(None, False, None, None, ()),
        None,
        situation,
        Proposal(),
        "Daily",
        dict.fromkeys(Side, 0.0),
        UTC,
    )
    assert [one.state for one in this_week(summary)] == ["", "done", "planned", "", "planned", "", ""]
    unplanned = replace(summary, plan=None)
    assert [one.state for one in this_week(unplanned)] == ["", "done", "today", "", "", "", ""]


def test_new_name_starts_the_first_test_at_once(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """One field and one button: the person is added, remembered by the browser, and their test starts."""
    assert 'name="next" value="start"' in text_of(client, "/")
    answer = client.post("/people", data={"name": "Ada", "next": "start"})
    assert answer.headers["Location"].startswith("/live")
    (ada,) = store.people()
    ((routine, person_id),) = station.started
    assert person_id == ada.id
    assert [step for step in routine if isinstance(step, TestStep)] == [TestStep(full=True)]
    assert "Person: Ada" in text_of(client, "/")


OFFER, BASELINE = "Begin with two weeks of tests?", "Your baseline: day"


def test_baseline_is_offered_and_can_be_left(client: FlaskClient, store: Store, ada: str) -> None:
    """One tap begins it, its state is shown, and one tap ends it; it is not offered again."""
    assert OFFER in text_of(client, "/")
    assert client.post("/baseline", data={"answer": "yes"}).status_code == 303
    page = text_of(client, "/")
    assert f"{BASELINE} 1 of 14" in page
    assert OFFER not in page
    assert ">A full test</h1>" in now_of(client)
    assert "Then:" not in now_of(client)
    assert client.post("/baseline", data={"answer": "no"}).status_code == 303
    page = text_of(client, "/")
    assert BASELINE not in page
    assert OFFER not in page
    assert "Then:" in now_of(client)


def test_baseline_waits_for_its_next_test(client: FlaskClient, store: Store, ada: str) -> None:
    """After a test nothing is to do, and no routine is proposed: neither here nor on Why."""
    begun = midnight()
    store.add_answer(ada, "baseline", True, answered_at=begun)
    session = store.begin_session(ada, begun, simulated=False)
    one_test(store, store.begin_run(session, {"do": "test", "side": "both"}, begun), 80.0, 90.0, full=True)
    now = now_of(client)
    assert ">Nothing to do today</h1>" in now
    assert "<p>The next test comes in two days.</p>" in now
    assert 'name="routine"' not in now
    why = text_of(client, "/why").split('id="all"')[0]
    assert "No routine yet: first a baseline of tests." in why
    assert "Left out" not in why


@pytest.mark.parametrize("days", [2, 3], ids=["due", "waiting"])
def test_pain_comes_before_the_baseline(client: FlaskClient, store: Store, ada: str, days: int) -> None:
    """A baseline hides nothing from somebody in pain."""
    store.add_answer(ada, "baseline", True, answered_at=datetime.now(UTC) - timedelta(days=days))
    store.add_answer(ada, "pain", 8)
    assert ">Rest today</h1>" in now_of(client)


def test_baseline_is_not_offered_after_a_stretch(client: FlaskClient, store: Store) -> None:
    """A baseline has to come first."""
    add_session(store, days_ago=0.5)
    assert OFFER not in text_of(client, "/")


def test_baseline_needs_a_person_and_an_answer(client: FlaskClient, store: Store) -> None:
    assert client.post("/baseline", data={"answer": "yes"}).status_code == 400
    store.add_person("Ada")
    assert client.post("/baseline", data={"answer": "perhaps"}).status_code == 400
