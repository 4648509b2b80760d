"""The exercise pages: all exercises, each with everything the catalogue knows, and its picture as a file."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.advice.conditions import CONDITION_BY_KEY
from station.advice.records import LegConditions
from station.catalogue.read import exercises
from station.catalogue.records import Group, Verification
from station.core.events import Side
from station.store import Store
from tests.web.double import StationDouble
from tests.web.page_text import read_page, text_of
from web import exercise_text
from web.context import Site
from web.exercise_text import dose_text, held_text, viewer_conditions

KEYS = list(exercises())


def add_person_with_pain(store: Store) -> None:
    """A person whose Achilles tendon hurts."""
    store.add_answer(store.add_person("Ada").id, "health", {"yes": ["tendon_pain"], "no": []})


def test_exercise_list_has_all_twenty_in_catalogue_order(client: FlaskClient) -> None:
    """Each has its picture, its dose and what is verified, under the heading of its group."""
    page = read_page(client, "/exercises")
    links = re.findall(r'href="/exercises/(\w+)"', page)
    assert links == [one.key for group in Group for one in exercises().values() if one.group is group]
    assert page.count('role="img"') == len(KEYS) == 20
    headings = re.findall(r'<h2 id="group-\d">([^<]+)<', page)
    assert headings == list(exercise_text.GROUP_TITLES.values())
    timers = sum(one.sense is Verification.TIMER for one in exercises().values())
    assert page.count("Timer only, not verified") == timers
    assert page.count("Heel verified") + page.count("Counted by the board") == len(KEYS) - timers


def test_exercise_list_pictures_are_still(client: FlaskClient) -> None:
    """Pictures in the list are still; a single picture moves and can be stopped without scripts."""
    assert "<animate" not in read_page(client, "/exercises")
    assert "<animate" in read_page(client, "/exercises/3b")
    still = read_page(client, "/exercises/3b?still=1")
    assert "<animate" not in still
    assert "Animate" in still


@pytest.mark.parametrize("place", ["front", "achilles", "calf"])
def test_exercises_are_filtered_by_felt_place(client: FlaskClient, place: str) -> None:
    """Only the exercises for that felt place are shown; an unknown place is answered in words."""
    links = re.findall(r'href="/exercises/(\w+)"', read_page(client, f"/exercises?place={place}"))
    assert sorted(links) == sorted(one.key for one in exercises().values() if place in one.places)
    assert "front, achilles, calf" in read_page(client, f"/exercises?place={place}s", 400)


@pytest.mark.parametrize("address", ["/exercises", "/exercises?place=calf", "/exercises/3a", "/routines", "/plan"])
def test_page_of_train_has_its_tabs(client: FlaskClient, address: str) -> None:
    """The menu marks the place, and its three tabs are there."""
    page = read_page(client, address)
    assert re.search(r'<a href="/routines" aria-current="(page|true)">', page)
    tabs = page.split('<nav class="tabs"')[1].split("</nav>")[0]
    assert re.findall(r">(\w+)</a>", tabs) == ["Routines", "Exercises", "Plan"]


@pytest.mark.parametrize("key", KEYS)
def test_exercise_page_shows_all_details(client: FlaskClient, key: str) -> None:
    """Purpose, steps, feel, mistakes, easier, harder, equipment, what is verified, and every caution."""
    page, one = read_page(client, f"/exercises/{key}"), exercises()[key]
    stated = (one.name, one.purpose, one.feel, one.verifies, one.easier, one.harder, *one.steps, *one.mistakes)
    assert [text for text in stated if text not in page] == []
    assert [text for text in one.equipment if text.lower() not in page.lower()] == []
    for caution in one.cautions:
        assert caution.reason in page
        assert CONDITION_BY_KEY[caution.condition].title in page
    steps = page.split('<ol class="steps">')[1].split("</ol>")[0]
    assert re.findall(r"<li>([^<]+)</li>", steps) == list(one.steps)


def test_dose_text_follows_catalogue_wording() -> None:
    words = {key: dose_text(exercises()[key]) for key in ("1a", "2a", "3a", "3c", "5b", "7d")}
    assert words == {
        "1a": "20 each way",
        "2a": "1 to 3 min",
        "3a": "30 s \u00d7 3",
        "3c": "60 s",
        "5b": "5 s \u00d7 30",
        "7d": "10 times",
    }


def test_held_time_is_listed_per_leg() -> None:
    """Equal times of both legs appear once; otherwise each leg has its own."""
    minute = 60_000_000
    assert held_text(dict.fromkeys(Side, 4 * minute)) == "4 min held a leg"
    assert held_text(dict(zip(Side, (4 * minute, 0), strict=True))) == "left 4 min, right nothing held"
    assert held_text(dict.fromkeys(Side, 0)) == "none of it can be verified by the board"


def test_cautions_of_viewer_are_marked(client: FlaskClient, store: Store) -> None:
    """A person with a painful tendon sees what is left out and what is reduced, and why."""
    assert "for you" not in read_page(client, "/exercises")
    add_person_with_pain(store)
    page = read_page(client, "/exercises")
    assert page.count("Left out for you") == 3
    assert "Reduced for you" in page
    one = read_page(client, "/exercises/3c")
    assert "Left out for you.</b> A full squat stretches a sore tendon as far as it goes." in one
    assert one.count('<span class="tag">applies to you</span>') == 1


def test_unknown_conditions_mark_nothing(store: Store, station: StationDouble, client: FlaskClient) -> None:
    """Conditions of another release are ignored here; another page asks the health questions again."""
    store.add_answer(store.add_person("Ada").id, "health", {"yes": ["gout"], "no": []})
    assert "for you" not in read_page(client, "/exercises")
    with client.application.test_request_context():
        assert viewer_conditions(Site(station, store, (), analogue=True)) == LegConditions()


def test_picture_file_is_cacheable_and_self_contained(client: FlaskClient) -> None:
    """It may be cached for days, and loads and runs nothing."""
    answer = client.get("/exercises/3a.svg")
    assert answer.status_code == 200
    assert answer.mimetype == "image/svg+xml"
    assert answer.cache_control.max_age == 7 * 24 * 3600
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    picture = answer.get_data(as_text=True)
    assert picture.startswith("<svg xmlns=")
    assert "<animate" in picture


def test_still_picture_shows_end_pose_without_animation(client: FlaskClient) -> None:
    moving, still = (text_of(client, f"/exercises/4a.svg{query}") for query in ("", "?still"))
    assert "<animate" not in still
    assert " moves" not in still
    assert still.count("<path") == moving.count("<path") - moving.count("<animate")


@pytest.mark.parametrize("address", ["/exercises/9z", "/exercises/9z.svg", "/exercises/3a.png", "/exercises/%00"])
def test_unknown_exercise_is_404(client: FlaskClient, address: str) -> None:
    assert "Page not found" in read_page(client, address, 404)
