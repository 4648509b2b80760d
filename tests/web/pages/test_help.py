"""Help answers common questions briefly; search finds them, and their links work."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.core.progress.promise import FALSE_CHANGES_PERSON_YEAR, FALSE_CHANGES_SIDE_YEAR
from tests.web.page_text import read_page, text_of
from web.pages.help_answers import MAX_ANSWER_WORDS, Answer, answers, search, searchable

READERS = {
    "my left is 8 cm and my right 13": "sides-differ",
    "how long until 8 cm": "how-long",
    "2 inches, what is that": "two-inches",
    "which exercises": "which-order",
    "in what order": "which-order",
    "how often": "how-often",
    "barefoot": "barefoot",
    "which leg": "which-leg",
    "it faded within hours": "faded",
    "I have done this for months and see nothing": "months-nothing",
    "my knee does not reach the wall with my toes touching it": "knee-short",
    "it pinches in front": "pinch",
}
"""Questions of the guide's readers, each with the answer that must come first."""
OWNERS = {
    "how do I calibrate": "calibrate",
    "no sound": "no-sound",
    "the heel alarm sounds although my heel is down": "heel-alarm",
    "who was that on the board": "who",
    "phone": "phone",
    "my phone does not find station.local": "phone-does-not-find",
    "not secure": "not-secure",
    "certificate": "not-secure",
    "how do I log in": "pair",
    "pair my browser": "pair",
    "the rhythm is wrong": "pair-fails",
    "my therapist sees my results": "consent",
    "clinic": "clinic",
    "is my data sent anywhere": "data",
    "taps": "taps",
}
"""Questions about a station."""
TOPICS = {
    "surgery": ("fracture", "surgery", "cast", "rupture", "metal"),
    "arch": ("arch",),
    "toes-out": ("toes out",),
    "shin": ("shin", "inner ankle", "outer ankle"),
    "degrees": ("degrees", "how many degrees is a centimetre", "angle"),
    "six-millimetres": ("0.6 cm", "smallest worthwhile change"),
    "false-change": ("can it be wrong", "false change", "how sure is it"),
    "time-of-day": ("morning or evening", "time of day", "habit"),
    "practice": ("is the first test practice",),
    "both-together": ("both ankles together",),
    "knee-short": ("below range", "zero"),
    "knee-hip": ("knee pain", "hip", "bow legs"),
    "tendon": ("tendon pain",),
    "months-nothing": ("months without change",),
    "squat": ("squat", "heels rise"),
    "pinch": ("pinch",),
    "bones": ("bones", "age", "genes"),
    "splints": ("splint", "brace", "orthotic", "heel lift"),
    "neuro": ("stroke", "spasticity", "neuropathy"),
    "high-arch": ("high arch",),
    "sides-differ": ("sides differ",),
    "child": ("child", "toe walking"),
    "not-felt": ("not felt",),
    "loose-worn": ("hypermobility", "arthritis"),
    "band": ("where does the band go",),
    "dorsiflexion": ("dorsiflexion",),
    "limits": ("what causes it",),
    "why-it-matters": ("why does dorsiflexion matter",),
    "limit-calf": ("gastrocnemius",),
    "limit-soleus": ("soleus",),
    "limit-achilles": ("achilles",),
    "limit-joint": ("joint capsule", "swelling", "scar", "sprain"),
    "limit-bone": ("bony block", "metal"),
    "limit-nerve": ("sciatic nerve",),
    "limit-strength": ("strength", "control"),
    "heels": ("high heels", "heels", "shoes"),
    "toe-walking": ("toe walking", "tiptoe"),
    "flat-feet": ("flat feet", "fallen arch"),
    "big-toe": ("big toe",),
}
"""What people ask about ankles, by the answer that must be among the first three."""
VERDICTS = re.compile(
    r"\b(ab)?normal\b|\brestricted\b|\bgood result|\bbad\b|\bpoor\b|\bfail|\bshould have|\bwrong with you|\bdiagnos",
    re.I,
)


def keys(asked: str) -> list[str]:
    return [one.key for one in search(asked, searchable())]


@pytest.mark.parametrize(("asked", "key"), [*READERS.items(), *OWNERS.items()])
def test_help_search_ranks_best_answer_first(asked: str, key: str) -> None:
    """Questions in people's own words find the right answer first."""
    assert keys(asked)[0] == key


@pytest.mark.parametrize(("key", "asked"), [(key, asked) for key, words in TOPICS.items() for asked in words])
def test_help_search_finds_each_topic(key: str, asked: str) -> None:
    assert key in keys(asked)[:3]


@pytest.mark.parametrize("one", searchable(), ids=lambda one: str(one.key))
def test_answers_are_short_and_free_of_verdicts(one: Answer) -> None:
    """Under eighty words in whole sentences, without a word that judges an ankle."""
    assert 20 <= len(one.text.split()) < MAX_ANSWER_WORDS
    assert one.text.endswith((".", "!"))
    assert not VERDICTS.search(f"{one.question} {one.text}")
    assert one.links


@pytest.mark.parametrize("one", searchable(), ids=lambda one: str(one.key))
def test_every_help_link_resolves(client: FlaskClient, one: Answer) -> None:
    """Each link is a page of the station, and its anchor exists on that page."""
    for link in one.links:
        address, _, place = link.to.partition("#")
        assert address.startswith("/")
        page = read_page(client, address)
        assert not place or f'id="{place}"' in page, link.to


def test_answers_with_study_numbers_name_the_study() -> None:
    measured = re.compile(r"study|averaged|average|gain has been seen")
    assert [one.key for one in searchable() if measured.search(one.text) and not one.source] == []


def test_help_states_the_promise_about_false_changes() -> None:
    """With the figures that the study supports."""
    (answer,) = (one for one in answers() if one.key == "false-change")
    for share, whom in ((FALSE_CHANGES_SIDE_YEAR, "see a"), (FALSE_CHANGES_PERSON_YEAR, "on either side")):
        assert f"fewer than {100 * share:.0f} {whom}" in answer.text


def test_keys_and_questions_are_unique() -> None:
    assert len({one.key for one in searchable()}) == len(searchable())
    assert len({one.question for one in searchable()}) == len(searchable())


@pytest.mark.parametrize(
    ("asked", "key"),
    [
        ("calib", "calibrate"),
        ("privac", "data"),
        ("barfoot", "barefoot"),
        ("baerfoot", "barefoot"),
        ("barefooot", "barefoot"),
        ("barefook", "barefoot"),
        ("CALIBRÀTE", "calibrate"),
    ],
)
def test_help_search_accepts_prefix_and_typo(asked: str, key: str) -> None:
    """A word may be incomplete, carry an accent, or have one letter wrong, missing, added or swapped."""
    assert keys(asked)[0] == key


def test_exact_word_match_suppresses_fuzzy_matches() -> None:
    """If an answer has the exact word, similar words do not match."""
    assert keys("pinch") == ["pinch", "limit-joint"]


@pytest.mark.parametrize("asked", ["", "   ", "?!", "\u2026"])
def test_empty_search_shows_all_answers(asked: str) -> None:
    """All answers, in their order."""
    assert keys(asked) == [one.key for one in searchable()]


def test_help_page_groups_all_questions_without_scripts(client: FlaskClient) -> None:
    """Without a search every question is under its group, readable without scripts."""
    page = read_page(client, "/help")
    assert [one.question for one in answers() if one.question not in page] == []
    assert re.findall(r"<h2>([^<]+)</h2>", page) == list(dict.fromkeys(one.group for one in answers()))
    assert page.count("<details") == len(answers())


def test_help_search_works_without_scripts(client: FlaskClient) -> None:
    """The field keeps the query, the best answer is open, and the page gives the number of matches."""
    page = read_page(client, "/help?q=pinch+front")
    assert 'value="pinch front"' in page
    assert re.search(r'<details class="answer" id="pinch" open>', page)
    assert "question" in page.split('id="count"')[1].split("</p>")[0]


def test_failed_search_says_so_and_shows_all(client: FlaskClient) -> None:
    """The query is repeated, escaped, above all questions."""
    answer = text_of(client, "/help?q=%3Cb%3Exyzzy")
    assert "No answers found for \u201c&lt;b&gt;xyzzy\u201d" in answer
    assert answer.count("<details") == len(answers())


def test_very_long_query_is_truncated(client: FlaskClient) -> None:
    assert f'value="{200 * "a"}"' in read_page(client, f"/help?q={5000 * 'a'}")
