"""What a start button starts: for whom, under which name, with which restrictions, or nothing at all."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from station.app.snapshot import UnfinishedView
from station.core.steps import AskStep, HeelRule, HoldStep, RepsStep, TestStep
from station.store import Store
from tests.paired_browsers import paired_client
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.page_text import text_of
from web.app import create_app
from web.context import REDIRECT_HEADER, STAY_HEADER

CLEAR: dict[str, list[str]] = {"yes": [], "no": []}
STAYING = {STAY_HEADER: "1"}


@pytest.fixture
def ada(store: Store) -> str:
    """A person who has answered every health question with no."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR)
    return person.id


def keys(station: StationDouble) -> list[str | None]:
    """The exercises of the routine started last."""
    return [step.exercise for step in station.started[-1][0] if isinstance(step, HoldStep | RepsStep)]


def test_started_routine_carries_its_title(client: FlaskClient, station: StationDouble, ada: str) -> None:
    """The title is the button's; a ready routine uses the catalogue's name."""
    for name in ("daily", "quick_calf", "test", "stretch", "lesson", "calibrate"):
        assert client.post("/start", data={"routine": name}).headers["Location"] == "/live"
    assert station.titles == ["Daily", "Quick calf", "Quick test", "Stretch", "The sounds", "Calibration"]
    assert {whose for _, whose in station.started} == {ada}


def test_today_and_unfinished_are_resolved_by_station(client: FlaskClient, station: StationDouble, ada: str) -> None:
    """Today's routine and the unfinished one are requested by name, for the person of this browser."""
    client.post("/start", data={"routine": "today"})
    assert station.titles == ["Full test"]
    assert {whose for _, whose in station.started} == {ada}
    refused = client.post("/start", data={"routine": "rest"})
    assert (refused.status_code, len(station.started)) == (409, 1)
    assert "Nothing remains of the last routine" in refused.get_data(as_text=True)


def test_own_routine_starts_by_id(client: FlaskClient, station: StationDouble, store: Store, ada: str) -> None:
    """A deleted routine, or another person's, does not start."""
    mine = store.save_routine(None, ada, "Short one", [{"exercise": "3b", "hold_s": 20, "repetitions": 1}])
    theirs = store.save_routine(None, store.add_person("Grace").id, "Hers", [{"exercise": "3a"}])
    assert client.post("/start", data={"routine": f"own:{mine}", "person": ada}).status_code == 303
    assert (keys(station), station.titles) == (["3b"], ["Short one"])
    for name in (f"own:{theirs}", "own:gone"):
        assert client.post("/start", data={"routine": name, "person": ada}).status_code == 400
    assert len(station.started) == 1


def test_first_routine_asks_health_questions(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """A person never asked goes to the questions, then back to what they wanted; a test starts without them."""
    person = store.add_person("Ada")
    answer = client.post("/start", data={"routine": "daily", "return_to": "today"})
    assert answer.headers["Location"] == "/health-questions?next=today&routine=daily"
    quiet = client.post("/start", data={"routine": "daily"}, headers=STAYING)
    assert (quiet.status_code, quiet.headers[REDIRECT_HEADER]) == (204, "/health-questions?next=live&routine=daily")
    assert station.started == []
    for name in ("test", "full_test", "calibrate", "check"):
        assert client.post("/start", data={"routine": name}).headers["Location"] == "/live"
    assert {whose for _, whose in station.started} == {person.id}


def test_old_health_answers_are_asked_again(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """After half a year the questions come before the next routine."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR, answered_at=datetime.now(UTC) - timedelta(weeks=30))
    assert "/health-questions" in client.post("/start", data={"routine": "daily"}).headers["Location"]
    assert "half a year" in text_of(client, "/health-questions")
    assert station.started == []


def test_due_test_starts_before_health_questions(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """With a plan, today's routine may start with its test before the questions are answered."""
    person = store.add_person("Ada")
    days = [[day, "00:00"] for day in range(7)]
    store.save_plan(person.id, {"days": days, "routine": "daily", "zone": "UTC", "tests": True})
    assert client.post("/start", data={"routine": "today"}).headers["Location"] == "/live"
    store.save_plan(person.id, {"days": days, "routine": "daily", "zone": "UTC", "tests": False})
    assert "/health-questions" in client.post("/start", data={"routine": "today"}).headers["Location"]
    assert station.titles == ["Full test"]


def test_excluded_exercises_are_left_out_with_reason(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """In a chosen routine a condition excludes some exercises and halves others, and the page says which."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["tendon_pain"], "no": []})
    answer = client.post("/start", data={"routine": "daily"})
    assert answer.headers["Location"] == "/live?started=daily"
    assert keys(station) == ["1a", "3b"]
    (soleus,) = (step for step in station.started[0][0] if isinstance(step, HoldStep))
    assert soleus.repetitions == 2
    page = text_of(client, "/live?started=daily")
    assert "Left out: Achilles stretch." in page
    assert "A smaller dose: Soleus stretch." in page
    quiet = client.post("/start", data={"routine": "daily"}, headers=STAYING)
    assert "Left out: Achilles stretch." in quiet.get_data(as_text=True)


def test_built_in_stretch_is_restricted_too(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """With a painful tendon neither the test nor the stretch starts: both go to the end of the range."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": ["tendon_pain"], "no": []})
    answer = client.post("/start", data={"routine": "stretch"})
    assert answer.status_code == 409
    assert station.started == []
    for routine in ("test_and_stretch", "test", "full_test"):
        refused = client.post("/start", data={"routine": routine})
        assert refused.status_code == 409
        assert "end of its range" in refused.get_data(as_text=True)
    assert station.started == []
    client.post("/start", data={"routine": "full"})
    assert not {"3a", "3c", "2b"} & set(keys(station))


def test_refused_start_shows_reason_and_link(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """Nothing starts for a person who is not cleared or has much pain; each refusal links to its remedy."""
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
    assert "strong pain" in page
    assert 'href="/#pain"' in page
    assert station.started == []


def test_unknown_person_gets_only_steps_without_health_answers(
    client: FlaskClient, station: StationDouble, store: Store
) -> None:
    """The test, the built-in stretch and exercises without a caution start; the page says that the rest asks first."""
    store.add_answer(store.add_person("Ada").id, "health", {"yes": ["tendon_pain"], "no": []})
    client.post("/start", data={"routine": "daily", "person": "nobody"})
    assert keys(station) == ["3a"]
    assert "Choose your name on the page" in text_of(client, "/live?started=daily")
    client.post("/start", data={"routine": "test_and_stretch", "person": "nobody"})
    assert [type(step) for step in station.started[-1][0]] == [TestStep, AskStep, HoldStep]


def test_page_distinguishes_nobody_from_no_choice(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """ "Nobody", chosen in the form or earlier in this browser, is a choice; a new browser has not made one."""
    client.post("/start", data={"routine": "test"})
    store.add_person("Ada")
    grace = store.add_person("Grace")
    client.post("/start", data={"routine": "test", "person": "nobody"})
    client.post("/start", data={"routine": "test"})
    client.post("/start", data={"routine": "test", "person": grace.id})
    client.post("/person", data={"person": "nobody"})
    client.post("/start", data={"routine": "test"})
    assert station.chosen == [False, True, True, True, True]
    assert [whose for _, whose in station.started] == [None, None, None, grace.id, None]


@pytest.mark.parametrize("is_chosen", [False, True])
def test_routine_forms_send_nobody_only_if_chosen(client: FlaskClient, store: Store, is_chosen: bool) -> None:
    """The buttons on Routines send the browser's person, and "nobody" only if this browser has chosen it."""
    ada = store.add_person("Ada").id
    store.add_person("Grace")
    if is_chosen:
        client.post("/person", data={"person": "nobody"})
    page = text_of(client, "/routines")
    values = {part.partition('"')[0] for part in page.split('type="hidden" name="person" value="')[1:]}
    assert values == {"nobody" if is_chosen else ada}


def test_comparator_board_times_seated_exercises(store: Store, station: StationDouble) -> None:
    """A comparator cannot sense a heel that carries only the shin, so the exercise is timed."""
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", CLEAR)
    own = store.save_routine(None, None, "Seated", [{"exercise": "5a"}])
    for analogue, heel in ((True, HeelRule.LIGHT), (False, HeelRule.ANY)):
        station.analogue = analogue
        paired_client(create_app(station, store, analogue=analogue), store).post(
            "/start", data={"routine": f"own:{own}"}
        )
        (step,) = station.started[-1][0]
        assert isinstance(step, HoldStep)
        assert step.heel is heel


def test_live_page_lists_today_first(client: FlaskClient, store: Store) -> None:
    """On the live page the first button is today's routine, and every ready routine has one."""
    page = text_of(client, "/live")
    offered = [part.split('"')[0] for part in page.split('name="routine" value="')[1:]]
    assert offered[:2] == ["rest", "today"]
    assert {"daily", "quick_calf", "full", "test_and_stretch", "test", "full_test", "stretch"} <= set(offered)


def test_start_form_asks_for_person_among_several(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """With several people the form asks who it is, and the browser remembers the answer."""
    grace, _ = add_session(store, name="Grace")
    add_session(store, name="Ada")
    client.post("/start", data={"routine": "test", "person": grace.id})
    assert station.started[-1][1] == grace.id
    assert "Person: Grace" in text_of(client, "/")


def test_live_page_offers_unfinished_routine_to_its_person_only(
    client: FlaskClient, station: StationDouble, ada: str
) -> None:
    """An unknown person's routine is not offered to Ada; her own is."""
    station.show(unfinished=UnfinishedView("Full", 71 * 60, None))
    form = text_of(client, "/live").partition('id="resume-form"')[2].partition(">")[0]
    assert " hidden" in form
    station.show(unfinished=UnfinishedView("Full", 71 * 60, ada))
    form = text_of(client, "/live").partition('id="resume-form"')[2].partition(">")[0]
    assert " hidden" not in form
    assert f'data-person="{ada}"' in form


def test_today_hides_decision_about_another_person(
    client: FlaskClient, station: StationDouble, store: Store, ada: str
) -> None:
    """What an unknown person was refused is not shown to Ada on Today; the live page mirrors the board and shows it."""
    client.post("/start", data={"routine": "daily", "person": "nobody"})
    station.show(activity="idle", phase="idle")
    client.post("/person", data={"person": ada})
    assert "Choose your name on the page" not in text_of(client, "/")
    assert "Choose your name on the page" in text_of(client, "/live")


def test_start_confirms_before_ending_a_running_session(
    client: FlaskClient, station: StationDouble, store: Store
) -> None:
    """Another browser has to confirm before it ends somebody's session; then it starts."""
    ada = store.add_person("Ada")
    station.show(activity="hold", phase="hold", person_name="Ada", routine_title="Daily")
    form = {"routine": "test", "person": ada.id, "return_to": "today"}
    asked = client.post("/start", data=form)
    page = asked.get_data(as_text=True)
    assert asked.status_code == 409
    assert "Ada is on the board: Daily" in page
    assert 'name="routine" value="test"' in page
    assert station.started == []
    assert client.post("/start", data=form | {"confirmed": "yes"}).status_code == 303
    assert len(station.started) == 1


def test_start_after_a_session_needs_no_confirmation(client: FlaskClient, station: StationDouble) -> None:
    """A result that is still shown is not a running session."""
    station.show(activity="hold", phase="done")
    assert client.post("/start", data={"routine": "test", "person": "nobody"}).status_code == 303
