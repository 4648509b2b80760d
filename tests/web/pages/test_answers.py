"""Answers given on the pages: who the person is, whose session it was, where the limit was felt, pain, and whether a
stretch was felt.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask.testing import FlaskClient

from station.app.snapshot import UnfinishedView
from station.core.events import SECOND_US, CommandName, Side
from station.store import Store
from station.store.records import Repetition
from tests.web.double import StationDouble
from tests.web.history import add_session, add_test
from tests.web.page_text import text_of
from web.context import STAY_HEADER


def add_stretch_session(store: Store, person_id: str, exercise: str, days_ago: float = 0.0) -> str:
    """A session with one finished hold of an exercise."""
    began = datetime.now(UTC) - timedelta(days=days_ago)
    session = store.begin_session(person_id, began, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, began)
    hold = store.begin_hold(
        run, side=Side.LEFT, repetition=1, target_us=30 * SECOND_US, started_us=0, exercise=exercise
    )
    store.finish_hold(
        hold, credited_us=30 * SECOND_US, lifted_us=0, lift_count=0, micro_lift_count=0, ended_us=30 * SECOND_US
    )
    store.end_session(session, began + timedelta(minutes=5), "stepped off")
    return session


def test_session_page_lists_exercise_and_time_of_each_repetition(client: FlaskClient, store: Store) -> None:
    """What was not verified is marked."""
    began = datetime.now(UTC)
    session = store.begin_session(None, began, simulated=False)
    run = store.begin_run(session, {"do": "reps"}, began)
    paced = store.begin_rep_set(run, side=Side.LEFT, target_count=2, started_us=0, exercise="7d")
    for number, took_s in enumerate((5, 4)):
        store.add_repetition(paced, Repetition(number, number, took_s * SECOND_US, too_quick=False))
    store.finish_rep_set(paced, count=2, too_quick_count=0)
    own = store.begin_rep_set(run, side=Side.RIGHT, target_count=20, started_us=0, exercise="1a", verified=False)
    store.finish_rep_set(own, count=20, too_quick_count=0)
    page = text_of(client, f"/sessions/{session}")
    assert "<span>22 repetitions</span>" in page
    row, other = page.split('<span class="minute">')[1:]
    assert "Heel drops" in row
    assert "2 of 2 repetitions" in row
    assert "4.0 to 5.0 s each" in row
    assert "not verified" not in row
    assert "Ankle circles" in other
    assert "20 of 20 repetitions" in other
    assert "not verified" in other


def test_new_person_is_added_with_one_field(client: FlaskClient, store: Store) -> None:
    """On an empty station, and beside other people, a name is enough; this browser then shows their results."""
    assert 'action="/people"' in text_of(client, "/")
    assert client.post("/people", data={"name": " Ada  Lovelace "}).headers["Location"] == "/"
    assert "Person: Ada Lovelace" in text_of(client, "/")
    client.post("/people", data={"name": "Grace", "next": "health"})
    assert [one.name for one in store.people()] == ["Ada Lovelace", "Grace"]
    assert "Person: Grace" in text_of(client, "/")


@pytest.mark.parametrize("name", ["", "   ", "ada", "x" * 61])
def test_invalid_name_shows_error_beside_field(client: FlaskClient, store: Store, name: str) -> None:
    """An empty, long or taken name is refused beside its field, which keeps the text."""
    store.add_person("Ada")
    answer = client.post("/people", data={"name": name})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert 'id="name-error"' in page
    assert f'value="{name}"' in page
    assert len(store.people()) == 1


@pytest.fixture
def unclaimed(store: Store) -> str:
    """A session of nobody known, a minute ago, with a test."""
    now = datetime.now(UTC) - timedelta(minutes=1)
    session = store.begin_session(None, now, simulated=False)
    add_test(store, session, now)
    store.end_session(session, now, "stepped off")
    return session


@pytest.mark.parametrize("page", ["/", "/live", "/end-card"])
def test_unclaimed_result_is_asked_about(client: FlaskClient, store: Store, unclaimed: str, page: str) -> None:
    """Today and the board's page ask whose it was, with every name, a new name, and nobody."""
    store.add_person("Ada")
    store.add_person("Grace")
    shown = text_of(client, page)
    assert "Whose was this?" in shown
    assert all(name in shown for name in ("Ada", "Grace", "A new name", "Nobody"))


def test_name_added_after_a_session_claims_it(client: FlaskClient, store: Store, unclaimed: str) -> None:
    """After a start without a name, one tap makes the result that person's, and this browser theirs."""
    added = client.post(f"/sessions/{unclaimed}/claim", data={"name": "Ann", "return_to": "today"})
    assert added.headers["Location"] == f"/?claimed={unclaimed}"
    (person,) = store.people()
    found = store.session(unclaimed)
    assert found is not None
    assert found.session.person_id == person.id
    shown = text_of(client, "/")
    assert "Person: Ann" in shown
    assert "Whose was this?" not in shown
    assert "No test yet" not in shown


def test_person_added_first_is_asked_about_the_session_before(client: FlaskClient, unclaimed: str) -> None:
    """The question comes right after the one next thing."""
    client.post("/people", data={"name": "Ann"})
    shown = text_of(client, "/")
    assert "Whose was this?" in shown
    assert shown.index('id="now"') < shown.index("Whose was this?") < shown.index("What do these numbers mean?")


def test_declined_session_is_not_asked_about_again(client: FlaskClient, store: Store, unclaimed: str) -> None:
    """This browser stops asking, and the session can still be claimed on its own page."""
    client.post(f"/sessions/{unclaimed}/claim", data={"person": "nobody", "return_to": "today"})
    assert "Whose was this?" not in text_of(client, "/")
    store.add_person("Ada")
    assert "Who was this?" in text_of(client, f"/sessions/{unclaimed}")


def test_claim_for_another_keeps_the_browsers_person(client: FlaskClient, store: Store, unclaimed: str) -> None:
    ada, grace = store.add_person("Ada"), store.add_person("Grace")
    client.post("/person", data={"person": grace.id})
    client.post(f"/sessions/{unclaimed}/claim", data={"person": ada.id})
    assert "Person: Grace" in text_of(client, "/")


def test_everyones_history_keeps_the_browsers_person(client: FlaskClient, store: Store) -> None:
    ada = store.add_person("Ada")
    store.add_person("Grace")
    client.post("/person", data={"person": ada.id})
    assert "All sessions" in text_of(client, "/history?person=everyone") or "No sessions yet" in text_of(
        client, "/history?person=everyone"
    )
    assert "Person: Ada" in text_of(client, "/")
    assert client.get("/history?person=gone").status_code == 404


def test_session_without_results_is_not_asked_about(client: FlaskClient, store: Store) -> None:
    now = datetime.now(UTC)
    store.end_session(store.begin_session(None, now, simulated=False), now, "stepped off")
    assert "Whose was this?" not in text_of(client, "/")


def test_unclaimed_session_is_claimed_with_one_tap(client: FlaskClient, store: Store) -> None:
    """The session's page asks whose it was; one tap claims it, and nobody can claim it again."""
    ada, grace = store.add_person("Ada"), store.add_person("Grace")
    now = datetime.now(UTC)
    session = store.begin_session(None, now, simulated=False)
    add_test(store, session, now)
    assert "Who was this?" in text_of(client, f"/sessions/{session}")
    claim = f"/sessions/{session}/claim"
    assert client.post(claim, data={"person": "somebody else"}).status_code == 400
    assert client.post(claim, data={"person": ada.id}).headers["Location"] == f"/sessions/{session}"
    assert "Who was this?" not in text_of(client, f"/sessions/{session}")
    assert client.post(claim, data={"person": grace.id}).status_code == 400
    found = store.session(session)
    assert found is not None
    assert found.session.person_id == ada.id
    assert client.post("/sessions/gone/claim", data={"person": ada.id}).status_code == 404


def test_finished_test_asks_for_felt_place_and_pain(client: FlaskClient, store: Store) -> None:
    """On Today and on the session's page two taps answer; the history shows both answers."""
    ada, session = add_session(store)
    (test,) = store.tests(ada.id)
    for address in ("/", f"/sessions/{session}"):
        assert "Where did you feel the limit?" in text_of(client, address)
    answer = client.post(f"/tests/{test.id}/answer", data={"felt": "calf", "return_to": "today"})
    assert answer.headers["Location"] == "/"
    assert "How much did it hurt?" in text_of(client, "/")
    answer = client.post(f"/tests/{test.id}/answer", data={"pain": "2"})
    assert answer.headers["Location"] == f"/sessions/{session}#test-{test.id}"
    assert "How much did it hurt?" not in text_of(client, "/")
    for address in ("/history", f"/sessions/{session}"):
        assert "felt in the calf, pain 2 of 10" in text_of(client, address)
    client.post(f"/tests/{test.id}/answer", data={"felt": ["calf", "achilles"]})
    assert store.tests(ada.id)[0].answers.felt_places == ("achilles", "calf")


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"felt": "knee"},
        {"pain": "11"},
        {"pain": "x"},
        {"pain": "1", "felt": "calf"},
        {"felt": ["calf", "nowhere"]},
        {"felt": ["calf", "knee"]},
    ],
)
def test_invalid_answer_is_refused(client: FlaskClient, store: Store, form: dict[str, Any]) -> None:
    """An unknown or contradictory place, a pain beyond 10, or both at once changes nothing."""
    ada, _ = add_session(store)
    (test,) = store.tests(ada.id)
    assert client.post(f"/tests/{test.id}/answer", data=form).status_code == 400
    answers = store.tests(ada.id)[0].answers
    assert (answers.felt_places, answers.pain) == (None, None)


def test_today_does_not_ask_about_test_older_than_a_day(client: FlaskClient, store: Store) -> None:
    """The session's own page still takes an answer."""
    _, session = add_session(store, days_ago=2)
    assert "Where did you feel the limit?" not in text_of(client, "/")
    assert "Where did you feel the limit?" in text_of(client, f"/sessions/{session}")


def test_session_page_asks_whether_stretch_was_felt(client: FlaskClient, store: Store) -> None:
    """Only stretches are asked about."""
    ada = store.add_person("Ada").id
    session = add_stretch_session(store, ada, "3b")
    page = text_of(client, f"/sessions/{session}")
    assert "Did you feel it?" in page
    assert client.post("/felt", data={"session": session, "exercise": "3b", "felt": "no"}).status_code == 303
    (kept,) = store.answers(ada, "felt")
    assert (kept.about, kept.answer) == ("3b", False)
    assert "Soleus stretch: <b>no</b>" in text_of(client, f"/sessions/{session}")
    other = add_stretch_session(store, ada, "5a")
    assert "Did you feel it?" not in text_of(client, f"/sessions/{other}")
    for form, status in (
        ({"session": session, "exercise": "zz", "felt": "no"}, 400),
        ({"session": "gone", "exercise": "3b", "felt": "no"}, 404),
    ):
        assert client.post("/felt", data=form).status_code == status


@pytest.mark.parametrize(
    ("pain", "advice", "stops"),
    [(0, "carry on", False), (3, "carry on", False), (4, "Ease off", False), (6, "Stop for today", True)],
)
def test_pain_report_shows_advice(
    client: FlaskClient, station: StationDouble, store: Store, pain: int, advice: str, stops: bool
) -> None:
    """The advice is one sentence; the pain is stored for the person on the board; from 6 up the board stops."""
    ada, grace = store.add_person("Ada"), store.add_person("Grace")
    client.post("/person", data={"person": grace.id})
    station.show(activity="hold", phase="hold", exercise="3b", person_id=ada.id)
    answer = client.post("/pain", data={"value": str(pain), "exercise": "3b"})
    assert answer.headers["Location"] == f"/live?pain={pain}&exercise=3b"
    page = text_of(client, answer.headers["Location"])
    shown = page.split('id="answer" role="status">')[1].split("</div>")[0]
    assert advice in shown
    assert ("Take a shorter stride" in shown) is (pain == 4)
    assert ('value="skip_exercise"' in shown) is (pain == 4)
    assert station.commands == ([(CommandName.STOP, None)] if stops else [])
    (kept,) = store.answers(ada.id, "pain")
    assert (kept.answer, kept.about) == (pain, "3b")
    assert store.answers(grace.id) == ()
    quiet = client.post("/pain", data={"value": str(pain)}, headers={STAY_HEADER: "1"})
    assert advice in quiet.get_data(as_text=True)


def test_pain_of_unknown_person_is_not_stored(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """Without a person the advice is the same, and nothing is stored."""
    assert client.post("/pain", data={"value": "7", "exercise": ""}).status_code == 303
    assert store.people() == ()
    assert station.commands == []


@pytest.mark.parametrize("form", [{}, {"value": "11"}, {"value": "-1"}, {"value": "5", "exercise": "zz"}])
def test_invalid_pain_is_refused(client: FlaskClient, store: Store, form: dict[str, str]) -> None:
    """Only whole numbers from 0 to 10, about an exercise of the catalogue."""
    ada = store.add_person("Ada").id
    assert client.post("/pain", data=form).status_code == 400
    assert store.answers(ada) == ()


def test_today_asks_about_pain_after_a_day(client: FlaskClient, store: Store) -> None:
    """A day after a pain of 4 or more Today asks again; an answer below 4 ends it."""
    ada = store.add_person("Ada").id
    store.add_answer(ada, "pain", 5, answered_at=datetime.now(UTC) - timedelta(hours=25))
    assert "Last time it hurt 5 of 10" in text_of(client, "/")
    answer = client.post("/pain", data={"value": "1", "return_to": "today"})
    assert "That is fine" in text_of(client, answer.headers["Location"])
    assert "Last time it hurt" not in text_of(client, "/")


def test_touch_answers_reach_the_board(client: FlaskClient, station: StationDouble) -> None:
    """A place, numbers and undo arrive; anything else is refused."""
    for answer in ("calf", "0", "10"):
        assert client.post("/command", data={"command": "answer", "answer": answer}).status_code == 303
    client.post("/command", data={"command": "undo"})
    assert [word for word, _ in station.commands] == [
        CommandName.ANSWER,
        CommandName.ANSWER,
        CommandName.ANSWER,
        CommandName.UNDO,
    ]
    assert station.answers_given == ["calf", "0", "10", None]
    for form in ({"command": "answer"}, {"command": "answer", "answer": "knee"}, {"command": "next", "answer": "calf"}):
        assert client.post("/command", data=form).status_code == 400
    assert len(station.commands) == 4


def test_live_page_shows_question_without_scripts(client: FlaskClient, station: StationDouble) -> None:
    """The question, its answers and the equivalent taps are in the HTML."""
    station.show(activity="ask", phase="felt")
    page = text_of(client, "/live")
    assert "Where did you feel the limit?" in page
    assert [f'value="{place}"' in page for place in ("front", "achilles", "calf", "nowhere")] == [True] * 4
    assert "2, 3, 4 or 5 times" in page
    station.show(phase="pain")
    assert text_of(client, "/live").count('name="answer" value="') == 11
    station.show(activity="idle", phase="idle")
    assert 'name="answer"' not in text_of(client, "/live")


def test_pages_offer_unfinished_routine(client: FlaskClient, station: StationDouble) -> None:
    """The unfinished routine is one button on Today and on the live page, with its minutes and name."""
    station.show(unfinished=UnfinishedView("Daily", 700))
    for address in ("/", "/live"):
        assert "Resume Daily: 12 min" in text_of(client, address)


def test_end_card_has_summary_meaning_and_next_step(client: FlaskClient, station: StationDouble, store: Store) -> None:
    """After a known person's session; there is no card while one runs, or without results."""
    ada = store.add_person("Ada")
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    now = datetime.now(UTC)
    session = store.begin_session(ada.id, now, simulated=False)
    station.show(activity="test", phase="attempt", session_id=session)
    assert text_of(client, "/end-card").strip() == ""
    add_test(store, session, now)
    station.show(activity="test", phase="result")
    card = text_of(client, "/end-card")
    assert "est left" in card
    assert "is practice: most people reach farther once they know the movement." in card
    assert "Stretched this week: left 0 min, right 0 min." in card
    assert "<b>Your suggested routine.</b>" in card
    assert "Whose was this?" not in card
    assert card.strip() in text_of(client, "/live")


def test_end_card_of_unclaimed_session_asks_whose_it_was(
    client: FlaskClient, station: StationDouble, unclaimed: str
) -> None:
    station.show(activity="test", phase="result", session_id=unclaimed)
    card = text_of(client, "/end-card")
    assert "est left" in card
    assert "Whose was this?" in card


@pytest.mark.parametrize(("page", "address"), [("live", "/live"), ("today", "/"), ("inbox", "/inbox")])
def test_claimed_session_names_its_person_and_offers_undo(
    client: FlaskClient, store: Store, unclaimed: str, page: str, address: str
) -> None:
    """Even once the board is idle again and shows nothing else of the session."""
    ada = store.add_person("Ada")
    answer = client.post(f"/sessions/{unclaimed}/claim", data={"person": ada.id, "return_to": page})
    assert answer.headers["Location"] == f"{address}?claimed={unclaimed}"
    shown = text_of(client, answer.headers["Location"])
    assert "Saved for <bdi>Ada</bdi>" in shown
    assert "est left" in shown
    assert f'action="/sessions/{unclaimed}/give-back"' in shown
    client.post(f"/sessions/{unclaimed}/give-back")
    assert "Saved for" not in text_of(client, answer.headers["Location"])
    assert "Saved for" not in text_of(client, f"{address}?claimed=no-session")


def test_end_card_of_a_claimed_session_says_its_results_once(
    client: FlaskClient, station: StationDouble, store: Store, unclaimed: str
) -> None:
    ada = store.add_person("Ada")
    station.show(activity="test", phase="result", session_id=unclaimed)
    answer = client.post(f"/sessions/{unclaimed}/claim", data={"person": ada.id, "return_to": "live"})
    shown = text_of(client, answer.headers["Location"])
    assert "Saved for <bdi>Ada</bdi></b>." in shown
    assert shown.count("Test left") == 1
