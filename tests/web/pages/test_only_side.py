"""The choice which legs a person tests and trains, and the pages of a person who chose one."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.core.events import Side
from station.profile import Profile
from station.store import Store
from station.store.reading.training import LEGS
from tests.station.health_answers import add_screened_person
from tests.web.page_text import text_of
from tests.web.pages.test_people import FORM
from tests.web.pages.test_progress import add_test_session, end_labels
from tests.web.pages.test_routines import form_of, save_routine


@pytest.fixture
def ada(store: Store) -> str:
    """A person with tests of both legs, whose last one is of the right leg, the only one that she tests now."""
    person_id = add_screened_person(store, "Ada")
    for number in range(8):
        add_test_session(store, person_id, 30 - 3 * number, 60.0 + number % 2, 95.0 + number % 3)
    store.add_answer(person_id, LEGS, "right")
    add_test_session(store, person_id, 2, None, 96.0)
    return person_id


def chosen(page: str) -> list[str]:
    """The chosen option of the question about the legs."""
    found = re.search(r'<select name="legs">(.*?)</select>', page)
    assert found is not None
    return re.findall(r'<option value="(\w+)" selected>', found[1])


def test_choice_is_stored_with_the_profile_and_shown(client: FlaskClient, store: Store) -> None:
    """Saved with the rest of the page; an unchanged choice, and a form without it, store nothing."""
    ann = store.add_person("Ann")
    address = f"/people/{ann.id}"
    assert chosen(text_of(client, address)) == ["both"]
    for legs, stored in (("both", 0), ("left", 1), ("left", 1), ("right", 2), (None, 2), ("both", 3)):
        data = FORM if legs is None else {**FORM, "legs": legs}
        assert client.post(address, data=data).status_code == 303
        assert len(store.answers(ann.id, LEGS)) == stored
        if legs is not None:
            assert chosen(text_of(client, address)) == [legs]
    assert store.people()[0].profile.hurt_side == "right"


def test_health_questions_lead_to_the_choice(client: FlaskClient, store: Store) -> None:
    ann = store.add_person("Ann")
    assert f'href="/people/{ann.id}#legs-of"' in text_of(client, "/health-questions")
    assert 'id="legs-of"' in text_of(client, f"/people/{ann.id}")


def test_choice_that_does_not_exist_is_refused(client: FlaskClient, store: Store) -> None:
    ann = store.add_person("Ann")
    assert client.post(f"/people/{ann.id}", data={"legs": "middle"}).status_code == 400
    assert store.answers(ann.id, LEGS) == ()


def test_choice_stays_in_the_form_when_another_entry_is_wrong(client: FlaskClient, store: Store) -> None:
    """Nothing is saved: the choice neither."""
    ann = store.add_person("Ann")
    answer = client.post(f"/people/{ann.id}", data={"legs": "left", "goal_left_mm": "far"})
    assert answer.status_code == 400
    assert chosen(answer.text) == ["left"]
    assert store.sides_of(ann.id) == tuple(Side)


def test_today_shows_one_leg_without_a_hole(client: FlaskClient, ada: str) -> None:
    page = text_of(client, "/")
    ankles = page.split('<div class="ankles">')[1].split("</section>")[0]
    assert re.findall(r"</span> (Left|Right)</h3>", ankles) == ["Right"]
    assert "left" not in re.sub(r"<[^>]*>", "", ankles).lower()
    week = page.split('aria-labelledby="week"')[1].split("</section>")[0]
    assert re.findall(r"(Left|Right): </span>", week) == ["Right"]
    assert "Goal 10.2 cm: right 0.6 cm to go." in page


def test_due_test_takes_half_the_time(client: FlaskClient, store: Store) -> None:
    """A first test of one leg: four minutes, and Progress says which leg."""
    person_id = add_screened_person(store, "Ada")
    assert '<p class="figure">8 <small>min' in text_of(client, "/")
    store.add_answer(person_id, LEGS, "left")
    assert '<p class="figure">4 <small>min' in text_of(client, "/")
    assert "It takes about 4 minutes, your left leg, barefoot." in text_of(client, "/progress")


def test_progress_shows_one_side_and_claims_nothing_about_the_other(
    client: FlaskClient, store: Store, ada: str
) -> None:
    """Neither a line, a column, a goal nor a difference; the tests of both legs are still in the history."""
    store.save_profile(ada, Profile(goal_left_mm=80.0, goal_right_mm=105.0))
    page = text_of(client, "/progress")
    assert end_labels(page) == ["Right 9.6 cm"]
    assert "Only the right side is tested." in page
    assert re.findall(r"<h2><span.*?</span> (Left|Right)</h2>", page) == ["Right"]
    assert re.findall(r'<th scope="col"><span.*?</span> (Left|Right)</th>', page) == ["Right"]
    assert "Goal 10.5 cm" in page
    assert "8.0 cm" not in page
    assert "\u2013</span></td>" not in page
    assert "6.0 cm" in text_of(client, "/history")


def test_every_page_is_back_as_it_was_with_both(client: FlaskClient, store: Store, ada: str) -> None:
    store.add_answer(ada, LEGS, "both")
    assert "not tested" not in text_of(client, "/progress")
    assert re.findall(r'<th scope="col"><span.*?</span> (Left|Right)</th>', text_of(client, "/progress")) == [
        "Left",
        "Right",
    ]
    assert re.findall(r"</span> (Left|Right)</h3>", text_of(client, "/")) == ["Left", "Right"]


def test_report_is_about_the_one_leg(client: FlaskClient, ada: str) -> None:
    page = text_of(client, "/report")
    assert "dashed: right" not in page, "there is one line"
    assert "Tests and trains the right leg only." in page
    assert "Right: " in page
    assert 'data-name="Left"' not in page
    assert 'data-name="Right"' in page


def test_routines_show_the_one_leg_and_its_time(client: FlaskClient, store: Store, ada: str) -> None:
    """The cards and the printed sheet: no entry for the other leg, none that needs both."""
    one = text_of(client, "/routines/daily/sheet")
    store.add_answer(ada, LEGS, "both")
    both = text_of(client, "/routines/daily/sheet")
    assert "right leg only" in one
    assert "each leg" not in one
    assert "each leg" in both
    assert "Achilles stretch" in both
    assert "Achilles stretch" not in one


def test_own_routine_counts_the_minutes_of_the_one_leg(client: FlaskClient, store: Store, ada: str) -> None:
    """While it is built: three holds of 30 s and the rests between them, not twice that."""
    form = {"name": "Mine", "row": "1", "item-1": "3a", "hold_s-1": "30", "repetitions-1": "3"}
    assert "1 min 30 s held a leg" in (one := client.post("/routines/summary", data=form).text)
    store.add_answer(ada, LEGS, "both")
    assert "1 min 30 s held a leg" in (both := client.post("/routines/summary", data=form).text)
    assert one != both


def test_own_routine_with_an_entry_of_the_other_leg_can_be_changed(client: FlaskClient, store: Store, ada: str) -> None:
    """The entry stays in the routine, and the page says that it is left out."""
    items = [{"exercise": "3b"}, {"exercise": "3a", "side": "left"}]
    address = f"/routines/{save_routine(store, ada, 'Mine', items)}/change"
    page = text_of(client, address)
    assert (
        "2. Calf stretch: left out for now, but it stays in the routine. You test and train your right leg only."
        in page
    )
    assert "Fix before saving" not in page
    assert (
        client.post(address, data=form_of(page) | {"name": "Ours", "owner": "me", "action": "save"}).status_code == 303
    )
    (own,) = store.own_routines(ada)
    assert (own.name, [dict(item) for item in own.items]) == ("Ours", items)


def test_why_says_it_once(client: FlaskClient, ada: str) -> None:
    page = text_of(client, "/why")
    assert page.count("You test and train your right leg only.") >= 1
    assert client.get("/exercises/3a").status_code == client.get("/exercises/3c").status_code == 200
    assert "You test and train your right leg only." in text_of(client, "/exercises/3c")
    assert "right leg only" not in text_of(client, "/exercises/3a")


def test_plan_counts_the_minutes_of_the_one_leg(client: FlaskClient, ada: str) -> None:
    assert "Stretching this week: right 0 min." in text_of(client, "/plan")
