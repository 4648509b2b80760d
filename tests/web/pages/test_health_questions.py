"""The health questions on the page: all must be answered, answers are stored as given, and their effects are shown."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.advice.conditions import CONDITIONS
from station.advice.health_questions import DISCLAIMER
from station.store import Store
from tests.web.double import StationDouble
from tests.web.page_text import text_of

NO = {one.key: "no" for one in CONDITIONS if one.follow_up_of is None}


@pytest.fixture
def ada(store: Store) -> str:
    return store.add_person("Ada").id


def test_health_questions_need_a_person(client: FlaskClient) -> None:
    """Without a person the page asks who it is, and stores nothing."""
    page = text_of(client, "/health-questions")
    assert "Type your name to begin" in page
    assert 'action="/people"' in page
    assert client.post("/health-questions", data=NO).status_code == 400


def test_health_questions_start_unanswered(client: FlaskClient, ada: str) -> None:
    """Left, right, both and no for a leg's condition, else yes and no; nothing is preselected, and the disclaimer
    appears once.
    """
    page = text_of(client, "/health-questions")
    for one in CONDITIONS:
        question = page.split(f'id="ask-{one.key}"')[1].split("</fieldset>")[0]
        labels = re.findall(r"> (\w+)</label>", question)
        assert labels == (["Left", "Right", "Both", "No"] if one.is_of_leg else ["Yes", "No"])
        assert question.count(f'type="radio" name="{one.key}"') == len(labels)
    assert " checked" not in page
    assert page.count(DISCLAIMER) == 1


def test_health_answers_are_saved(client: FlaskClient, store: Store, ada: str) -> None:
    """Both lists are stored, and the page returns to what the person wanted to start."""
    answer = client.post("/health-questions", data={**NO, "balance": "yes", "next": "live", "routine": "daily"})
    assert answer.status_code == 303
    (kept,) = store.answers(ada, "health")
    assert kept.answer["yes"] == ["balance"]
    assert set(kept.answer["no"]) == NO.keys() - {"balance"}
    page = text_of(client, answer.headers["Location"])
    assert "Saved, Ada." in page
    assert 'value="daily">Start: Daily' in page
    assert 'href="/live">Continue to the live page' in page


@pytest.mark.parametrize("next_page", ["https://example.com", "//example.com", "settings.settings", ""])
def test_health_questions_continue_to_known_pages_only(client: FlaskClient, ada: str, next_page: str) -> None:
    """An address on another site is ignored."""
    answer = client.post("/health-questions", data={**NO, "next": next_page})
    assert answer.headers["Location"] == "/health-questions?saved="
    assert "Continue to" not in text_of(client, f"/health-questions?saved=&next={next_page}")


def test_missing_answer_is_marked_and_input_kept(client: FlaskClient, store: Store, ada: str) -> None:
    """With an answer missing nothing is stored, the question is marked, and the other answers stay selected."""
    answer = client.post("/health-questions", data={**NO, "numb": "", "balance": "yes"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert "1 question is still unanswered" in page
    assert page.count("Please answer this one too.") == 1
    assert 'name="balance" value="yes" checked' in page
    assert store.answers(ada) == ()


def test_follow_up_question_depends_on_answer(client: FlaskClient, store: Store, ada: str) -> None:
    """Only a child is asked whether a professional is in charge; without that answer nothing is stored."""
    assert client.post("/health-questions", data={**NO, "child": "yes"}).status_code == 400
    assert client.post("/health-questions", data={**NO, "child": "yes", "child_led": "yes"}).status_code == 303
    assert store.answers(ada, "health")[0].answer["yes"] == ["child", "child_led"]
    assert "blocked for now" not in text_of(client, "/health-questions")
    client.post("/health-questions", data={**NO, "child_led": "yes"})
    assert "child_led" not in store.answers(ada, "health")[0].answer["yes"]


def test_health_questions_show_effects(client: FlaskClient, ada: str) -> None:
    """What is left out, what is reduced and whom to see, each with its reason."""
    client.post("/health-questions", data={**NO, "tendon_pain": "yes"})
    page = text_of(client, "/health-questions")
    assert "What your answers change" in page
    assert "<b>Achilles stretch.</b> A full squat stretches a sore tendon as far as it goes." in page
    assert page.index("Left out") < page.index("A smaller dose") < page.index("Who to see")
    assert "a physiotherapist, if it does not settle" in page
    assert DISCLAIMER not in page


def test_contradicting_answers_are_not_both_shown(client: FlaskClient, store: Store, ada: str) -> None:
    """An exercise that one answer puts first and another leaves out is left out, here and on Why."""
    client.post("/health-questions", data={**NO, "neuro": "yes"})
    for address in ("/health-questions", "/why"):
        assert "The straight-knee calf stretch comes first" in text_of(client, address).split("All rules")[0]
    client.post("/health-questions", data={**NO, "neuro": "yes", "tendon_pain": "yes"})
    for address in ("/health-questions", "/why"):
        page = text_of(client, address).split("All rules")[0]
        assert "<b>Calf stretch.</b>" in page
        assert "comes first" not in page
        assert "neuro physiotherapist" in page


@pytest.mark.parametrize("address", ["/routines", "/why"])
def test_routine_pages_link_to_effects_of_health_answers(client: FlaskClient, ada: str, address: str) -> None:
    """Routines and Why each have a link to the effects, which link back."""
    where = f"/health-questions?next={address[1:]}"
    assert f'href="{where}"' in text_of(client, address)
    client.post("/health-questions", data=NO)
    assert f'href="{address}">Continue to' in text_of(client, where)


def test_blocking_condition_comes_first_and_starts_nothing(client: FlaskClient, ada: str) -> None:
    """A person who is not cleared reads who has to clear them, and gets no start button."""
    answer = client.post("/health-questions", data={**NO, "not_cleared": "yes", "routine": "daily", "next": "today"})
    page = text_of(client, answer.headers["Location"])
    assert "blocked for now" in page
    assert "the professional who treats you" in page
    assert "Begin:" not in page


def test_all_no_leaves_every_exercise_open(client: FlaskClient, ada: str) -> None:
    client.post("/health-questions", data=NO)
    assert "every exercise is open to you" in text_of(client, "/health-questions")


def test_health_questions_can_be_answered_again(client: FlaskClient, store: Store, ada: str) -> None:
    """On request the questions appear again with the last answers beside them and nothing selected."""
    client.post("/health-questions", data={**NO, "pinch": "yes"})
    page = text_of(client, "/health-questions?again=")
    assert page.count("Last time: both") == 1
    client.post("/health-questions", data={**NO, "pinch": "right", "balance": "yes"})
    page = text_of(client, "/health-questions?again=")
    assert re.findall(r"Last time: (?!no)\w+", page) == ["Last time: yes", "Last time: right"]
    assert " checked" not in page
    client.post("/health-questions", data=NO)
    assert [one.answer["yes"] for one in store.answers(ada, "health")] == [[], ["balance"], ["pinch"]]


def test_same_answers_are_saved_in_one_tap(client: FlaskClient, store: Store, ada: str) -> None:
    """The "nothing has changed" button posts each earlier answer, including follow-ups, and the next page."""
    page = text_of(client, "/health-questions")
    assert "Before the first routine" in page
    assert "Nothing has changed" not in page
    client.post("/health-questions", data={**NO, "child": "yes", "child_led": "yes", "pinch": "right", "numb": "yes"})
    page = text_of(client, "/health-questions?again=&next=plan")
    assert "Has anything changed?" in page
    form = page.split('class="same-answers"')[1].split("</form>")[0]
    fields = dict(re.findall(r'name="(\w+)" value="(\w+)"', form))
    assert fields.pop("next") == "plan"
    answer = client.post("/health-questions", data=fields)
    assert answer.status_code == 303
    newest, earlier = store.answers(ada, "health")
    assert newest.answer == earlier.answer


def test_new_question_must_be_answered(client: FlaskClient, store: Store, ada: str) -> None:
    """If not every question was answered last time, nothing may be saved in one tap."""
    store.add_answer(ada, "health", {"yes": [], "no": [key for key in NO if key != "numb"]})
    page = text_of(client, "/health-questions?again=")
    assert "Has anything changed?" in page
    assert "Nothing has changed" not in page
    assert "Last time" not in page.split('id="ask-numb"')[1].split("</fieldset>")[0]


def test_strong_pain_asks_health_questions_again(
    client: FlaskClient, station: StationDouble, store: Store, ada: str
) -> None:
    """After a pain of 6 or more the questions are asked again, with the reason."""
    client.post("/health-questions", data=NO)
    store.add_answer(ada, "pain", 8)
    page = text_of(client, "/health-questions")
    assert "You have had strong pain since" in page
    assert "Nothing has changed" not in page


def test_answer_for_one_leg_is_stored_and_named_everywhere(client: FlaskClient, store: Store, ada: str) -> None:
    """No extra tap: the leg is the answer. Each page that leaves something out says for which leg."""
    assert client.post("/health-questions", data={**NO, "tendon_pain": "left"}).status_code == 303
    (kept,) = store.answers(ada, "health")
    assert (kept.answer["left"], kept.answer["yes"]) == (["tendon_pain"], [])
    for address in ("/health-questions", "/why"):
        page = text_of(client, address).split("All rules")[0]
        assert "Left leg: do not force any stretch to its end." in page
        assert "Calf stretch.</b> Left leg: a tendon that is sore now should not be stretched" in page
    assert "right leg only" in text_of(client, "/why")
    assert "Left out for your left leg" in text_of(client, "/exercises")
    page = text_of(client, "/exercises/3a")
    assert "Left out for your left leg.</b> Left leg: a tendon that is sore now" in page
    assert "applies to your left leg" in page


def test_leg_that_must_not_carry_leaves_the_other_something_to_do(client: FlaskClient, store: Store, ada: str) -> None:
    """The page says who has to clear the leg and what the other leg may do, and starts that."""
    data = {**NO, "not_cleared": "right", "routine": "daily", "next": "today"}
    page = text_of(client, client.post("/health-questions", data=data).headers["Location"])
    assert "The other leg does only seated or lying exercises." in page
    assert "Right leg: nothing is proposed until" in page
    assert 'value="daily">Start: Daily' in page
    why = text_of(client, "/why").split("All rules")[0]
    assert "left leg only" in why
    assert "This is done standing, and your right leg must not carry you yet." in why


@pytest.mark.parametrize("value", ["left", "both", "maybe"])
def test_question_of_the_person_takes_no_leg(client: FlaskClient, store: Store, ada: str, value: str) -> None:
    assert client.post("/health-questions", data={**NO, "balance": value}).status_code == 400
    assert store.answers(ada) == ()
