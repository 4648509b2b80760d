"""The Causes page: each cause has its heading, text and links, in one place."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.store import Store
from tests.web.page_text import read_page
from web.pages.help_answers import MAX_ANSWER_WORDS, answers, causes

LIMITS = (
    *("The calf muscle", "The deep calf muscle", "The Achilles tendon", "The joint, in front"),
    *("A bony block", "The sciatic nerve", "Strength and control"),
)
OTHERS = (
    *("Heels and shoes", "Walking on the toes", "Feet turned out", "Flat feet", "A high arch", "A stiff big toe"),
    "Your bones, age and genes",
)
HEADINGS = ("Why does it matter?", "What limits an ankle?", *LIMITS, *OTHERS)


def test_page_has_each_cause_in_order(client: FlaskClient) -> None:
    """The definition, why it matters, seven limits and what else plays a part."""
    page = read_page(client, "/causes")
    assert tuple(re.findall(r"<h3[^>]*>([^<]+)</h3>", page)) == HEADINGS
    assert re.findall(r"<h2>([^<]+)</h2>", page) == ["Seven limits", "What else plays a part"]
    assert len(LIMITS) == 7
    assert all(one.text in page for one in causes())
    assert all(f'id="{one.key}"' in page for one in causes())


def test_definition_is_one_sentence() -> None:
    assert re.findall(r"[.!?;] ", causes()[0].text) == ["; "]
    assert causes()[0].text.startswith("Dorsiflexion is ")


def test_each_cause_is_short_and_leads_somewhere() -> None:
    """Under eighty words, with a link to what to do about it."""
    for one in causes():
        assert len(one.text.split()) < MAX_ANSWER_WORDS, one.key
        assert one.links, one.key


def test_causes_text_is_not_repeated_in_help(client: FlaskClient) -> None:
    """Help links to the page and repeats none of it; a search in Help finds each cause, with its anchor."""
    assert not {one.key for one in answers()} & {one.key for one in causes()}
    page = read_page(client, "/help")
    assert 'href="/causes"' in page
    assert not any(one.text in page for one in causes())
    assert 'href="/causes#limit-soleus">' in read_page(client, "/help?q=soleus")


@pytest.mark.parametrize("address", ["/why", "/exercises", "/exercises?place=front"])
def test_felt_place_leads_to_its_causes(client: FlaskClient, store: Store, address: str) -> None:
    store.add_person("Ada")
    assert 'href="/causes#limits"' in read_page(client, address)
