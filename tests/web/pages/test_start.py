"""What a button begins: for whom, by which name, without what is not for this person, or not at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from station.app.snapshot import UnfinishedView
from station.core.steps import AskStep, HeelRule, HoldStep, RepsStep, TestStep
from station.store import Store
from tests.web.double import StationDouble
from tests.web.history import fill
from web.app import create_app
from web.context import REDIRECT_HEADER, STAY_HEADER

CLEAR: dict[str, list[str]] = {"yes": [], "no": []}
STAYING = {STAY_HEADER: "1"}


@pytest.fixture
def ada(store: Store) -> str:
    """Somebody who has answered the health questions, without a yes."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR)
    return person.id


def keys(panel: StationDouble) -> list[str | None]:
    """The exercises of what was started last."""
    return [step.exercise for step in panel.started[-1][0] if isinstance(step, HoldStep | RepsStep)]


def test_each_routine_has_its_name(client: FlaskClient, panel: StationDouble, ada: str) -> None:
    """What begins is called as its button calls it, a ready routine by the catalogue's name."""
    for name in ("daily", "quick_calf", "test", "stretch", "lesson", "calibrate"):
        assert client.post("/start", data={"routine": name}).headers["Location"] == "/live"
    assert panel.called == ["Daily", "Quick calf", "Quick test", "Stretch", "The sounds", "Calibration"]
    assert {whose for _, whose in panel.started} == {ada}


def test_today_and_unfinished_are_resolved_by_station(client: FlaskClient, panel: StationDouble, ada: str) -> None:
    """Today's session and what is left are asked for by name, for the person of this browser."""
    client.post("/start", data={"routine": "today"})
    assert panel.called == ["Test and stretch"]
    assert {whose for _, whose in panel.started} == {ada}
    refused = client.post("/start", data={"routine": "rest"})
    assert (refused.status_code, len(panel.started)) == (409, 1)
    assert "Nothing remains of the last routine" in refused.get_data(as_text=True)


def test_a_routine_of_ones_own(client: FlaskClient, panel: StationDouble, store: Store, ada: str) -> None:
    """An own routine begins by its id; one that is gone, or is somebody else's, does not."""
    mine = store.save_routine(None, ada, "Short one", [{"exercise": "3b", "hold_s": 20, "repetitions": 1}])
    theirs = store.save_routine(None, store.add_person("Grace").id, "Hers", [{"exercise": "3a"}])
    assert client.post("/start", data={"routine": f"own:{mine}", "person": ada}).status_code == 303
    assert (keys(panel), panel.called) == (["3b"], ["Short one"])
    for name in (f"own:{theirs}", "own:gone"):
        assert client.post("/start", data={"routine": name, "person": ada}).status_code == 400
    assert len(panel.started) == 1


def test_first_routine_asks_health_questions(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """A person who was never asked is led to the questions, and remembers what they wanted; a test begins without."""
    person = store.add_person("Ada")
    answer = client.post("/start", data={"routine": "daily", "return_to": "today"})
    assert answer.headers["Location"] == "/health-questions?next=today&routine=daily"
    quiet = client.post("/start", data={"routine": "daily"}, headers=STAYING)
    assert (quiet.status_code, quiet.headers[REDIRECT_HEADER]) == (204, "/health-questions?next=live&routine=daily")
    assert panel.started == []
    for name in ("test", "full_test", "calibrate", "check"):
        assert client.post("/start", data={"routine": name}).headers["Location"] == "/live"
    assert {whose for _, whose in panel.started} == {person.id}


def test_answers_of_long_ago_are_asked_for_again(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """After half a year the questions come before the next routine once more."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR, answered_at=datetime.now(UTC) - timedelta(weeks=30))
    assert "/health-questions" in client.post("/start", data={"routine": "daily"}).headers["Location"]
    assert "half a year" in client.get("/health-questions").get_data(as_text=True)
    assert panel.started == []


def test_a_test_that_is_due_begins_todays_work_without_questions(
    client: FlaskClient, panel: StationDouble, store: Store
) -> None:
    """With a plan, today's work may begin with its test before anything was asked."""
    person = store.add_person("Ada")
    days = [[day, "00:00"] for day in range(7)]
    store.save_plan(person.id, {"days": days, "routine": "daily", "zone": "UTC", "tests": True})
    assert client.post("/start", data={"routine": "today"}).headers["Location"] == "/live"
    store.save_plan(person.id, {"days": days, "routine": "daily", "zone": "UTC", "tests": False})
    assert "/health-questions" in client.post("/start", data={"routine": "today"}).headers["Location"]
    assert panel.called == ["Full test"]


def test_excluded_exercises_are_left_out_with_reason(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """Of a routine that somebody chose, what a condition forbids is left out, the rest halved, and both are told."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["tendon_pain"], "no": []})
    answer = client.post("/start", data={"routine": "daily"})
    assert answer.headers["Location"] == "/live?started=daily"
    assert keys(panel) == ["1a", "3b"]
    (soleus,) = (step for step in panel.started[0][0] if isinstance(step, HoldStep))
    assert soleus.repetitions == 2
    page = client.get("/live?started=daily").get_data(as_text=True)
    assert "Left out: Achilles stretch." in page
    assert "Reduced to half: Soleus stretch." in page
    quiet = client.post("/start", data={"routine": "daily"}, headers=STAYING)
    assert "Left out: Achilles stretch." in quiet.get_data(as_text=True)


def test_the_stations_own_stretch_is_looked_at_as_well(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """With a painful tendon neither the test nor the stretch begins: both go to the end of the range."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["tendon_pain"], "no": []})
    answer = client.post("/start", data={"routine": "stretch"})
    assert answer.status_code == 409
    assert panel.started == []
    for routine in ("test_and_stretch", "test", "full_test"):
        refused = client.post("/start", data={"routine": routine})
        assert refused.status_code == 409
        assert "end of the range" in refused.get_data(as_text=True)
    assert panel.started == []
    client.post("/start", data={"routine": "full"})
    assert not {"3a", "3c", "2b"} & set(keys(panel))


def test_refused_start_shows_reason_and_link(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """Nothing begins for whoever is not cleared, or has much pain; each has its own way out."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["not_cleared"], "no": []})
    answer = client.post("/start", data={"routine": "daily"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "has cleared you for exercise" in page
    assert 'href="/health-questions"' in page
    store.add_answer(person.id, "pain", 7)
    store.add_answer(person.id, "health", CLEAR)
    page = client.post("/start", data={"routine": "daily"}).get_data(as_text=True)
    assert "a lot of pain" in page
    assert 'href="/#pain"' in page
    assert panel.started == []


def test_unknown_person_gets_only_what_needs_no_answers(
    client: FlaskClient, panel: StationDouble, store: Store
) -> None:
    """Test, built-in stretch and exercises without a caution begin; the page says that the rest asks first."""
    store.add_answer(store.add_person("Ada").id, "health", {"yes": ["tendon_pain"], "no": []})
    client.post("/start", data={"routine": "daily", "person": "nobody"})
    assert keys(panel) == ["3a"]
    assert "choose your name on the page" in client.get("/live?started=daily").get_data(as_text=True)
    client.post("/start", data={"routine": "test_and_stretch", "person": "nobody"})
    assert [type(step) for step in panel.started[-1][0]] == [TestStep, AskStep, HoldStep]


def test_a_board_without_force_sensors_times_a_light_heel(store: Store, panel: StationDouble) -> None:
    """Where a heel that carries the shin alone is not felt, the seated exercise is a timer."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR)
    own = store.save_routine(None, None, "Seated", [{"exercise": "5a"}])
    for analogue, heel in ((True, HeelRule.LIGHT), (False, HeelRule.ANY)):
        panel.analogue = analogue
        create_app(panel, store, analogue=analogue).test_client().post("/start", data={"routine": f"own:{own}"})
        (step,) = panel.started[-1][0]
        assert isinstance(step, HoldStep)
        assert step.heel is heel


def test_the_buttons_begin_with_todays_work(client: FlaskClient, store: Store) -> None:
    """On the live page the first button is today's, and every ready routine has one."""
    page = client.get("/live").get_data(as_text=True)
    offered = [part.split('"')[0] for part in page.split('name="routine" value="')[1:]]
    assert offered[:2] == ["rest", "today"]
    assert {"daily", "quick_calf", "full", "test_and_stretch", "test", "full_test", "stretch"} <= set(offered)


def test_a_result_of_anybody_does_not_stand_in_the_way(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """With several people the form says whose it is, and the browser remembers them."""
    grace, _ = fill(store, name="Grace")
    fill(store, name="Ada")
    client.post("/start", data={"routine": "test", "person": grace.id})
    assert panel.started[-1][1] == grace.id
    assert "Grace today" in client.get("/").get_data(as_text=True)


def test_live_offers_an_unfinished_routine_to_its_own_person_alone(
    client: FlaskClient, panel: StationDouble, ada: str
) -> None:
    """An unknown person's is not offered to Ada, hers is."""
    panel.show(rest=UnfinishedView("Full", 71 * 60, None))
    form = client.get("/live").get_data(as_text=True).partition('id="resume-form"')[2].partition(">")[0]
    assert " hidden" in form
    panel.show(rest=UnfinishedView("Full", 71 * 60, ada))
    form = client.get("/live").get_data(as_text=True).partition('id="resume-form"')[2].partition(">")[0]
    assert " hidden" not in form
    assert f'data-person="{ada}"' in form


def test_today_keeps_a_decision_about_another_person_to_itself(
    client: FlaskClient, panel: StationDouble, store: Store, ada: str
) -> None:
    """What an unknown person was told is not shown to Ada; the live page, the board's mirror, shows it."""
    client.post("/start", data={"routine": "daily", "person": "nobody"})
    panel.show(activity="idle", phase="idle")
    client.post("/person", data={"person": ada})
    assert "choose your name on the page" not in client.get("/").get_data(as_text=True)
    assert "choose your name on the page" in client.get("/live").get_data(as_text=True)
