"""The page that teaches the sounds."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from flask.testing import FlaskClient

from station.core.activities.lesson import TAUGHT_CUES
from station.core.facts import CueName
from station.core.sound.cues import CUES, Volume, is_audible
from tests.web.page_text import read_page, text_of
from web.pages.sound_lessons import (
    DRAWING_WIDTH_MS,
    GROUPS,
    MS_PER_UNIT,
    SOUND_LESSONS,
    grouped_sounds,
    rhythm_path,
    sounds_needed_for,
)
from web.pages.sounds import MEANING_GROUPS, table

TAUGHT_HERE = [name for _, names in GROUPS for name in names]
SCOLDING = re.compile(r"\b(wrong|fail\w*|bad|incorrect|mistake|error)\b", re.IGNORECASE)


def test_page_teaches_every_lesson_and_quiet_hour_sound_once() -> None:
    """Every sound of the lesson, and every one that plays in quiet hours except a fault's and the number of a browser
    that is let in, appears once."""
    assert len(set(TAUGHT_HERE)) == len(TAUGHT_HERE)
    assert set(TAUGHT_CUES) <= set(TAUGHT_HERE)
    quiet = {name for name in CueName if is_audible(name, Volume.LOW, quiet=True)}
    assert quiet - {CueName.ERROR, CueName.NUMBER} <= set(TAUGHT_HERE)
    assert set(SOUND_LESSONS) == set(TAUGHT_HERE)


def test_page_says_how_many_sounds_a_routine_needs(client: FlaskClient) -> None:
    """As many as guide a simulated person by ear, each of them marked; the lesson on the board plays them all."""
    page = read_page(client, "/sounds/learn")
    needed = sounds_needed_for()
    assert {title: len(sounds) for title, sounds in needed.items()} == {"Daily": 8, "a test": 9}
    assert "With 8 sounds you can do Daily, and with 9 sounds you can do a test with your eyes on the wall." in page
    for name in TAUGHT_HERE:
        item = page[page.index(f'data-cue="{name}"') :].partition("</li>")[0]
        titles = [title for title, sounds in needed.items() if name in sounds]
        assert ("Needed for" in item) == bool(titles)
        assert not titles or f"Needed for {' and '.join(titles)}." in item
    assert frozenset().union(*needed.values()) <= set(TAUGHT_CUES)


def test_page_teaches_the_ticks_of_a_move(client: FlaskClient) -> None:
    """They are not a cue, but without looking nobody finds the next distance without them."""
    page = read_page(client, "/sounds/learn")
    assert "the nearer the next distance, the quicker" in page


def test_page_teaches_the_answers_by_taps(client: FlaskClient) -> None:
    """Without looking, a person answers with the taps that the questions take."""
    page = read_page(client, "/sounds/learn")
    assert "Two taps: Front of the ankle; three taps: Achilles tendon; four taps: Calf; five taps: Nowhere." in page
    assert "One tap: None; two taps: Some; three taps: Strong." in page


def test_sounds_of_one_stretch_come_first() -> None:
    """Count, begin, relax: these suffice for a stretch."""
    assert GROUPS[0][1] == (CueName.COUNT, CueName.GO, CueName.HOLD_DONE)


def test_each_sound_shows_meaning_rhythm_and_action(client: FlaskClient) -> None:
    """The rhythm in words and as a drawing, all without scripts."""
    page = read_page(client, "/sounds/learn")
    for name in TAUGHT_HERE:
        assert CUES[name].means in page
        assert SOUND_LESSONS[name].rhythm.capitalize() in page
        assert SOUND_LESSONS[name].action in page
    assert page.count('class="rhythm"') == len(TAUGHT_HERE)
    assert "need JavaScript" in page


def test_every_cue_is_in_one_group_of_the_sounds_page(client: FlaskClient) -> None:
    """Grouped by what it tells a person to do, with a drawing of its rhythm and a button; the numbers are behind a
    fold.
    """
    assert sorted(name for _, _, names in MEANING_GROUPS for name in names) == sorted(CueName)
    page = read_page(client, "/sounds")
    groups, fold = page.split("<details")
    assert re.findall(r'data-cue="(\w+)"', groups) == [name for _, _, names in MEANING_GROUPS for name in names]
    assert groups.count('class="rhythm"') == groups.count("data-tones=") == len(CueName)
    assert "ms" not in re.sub(r"<[^>]*>", "", groups.split("<main")[1]).split()
    assert fold.count('data-name="Rhythm"') == len(CueName)


def test_drawings_of_all_cues_fit_their_frame(client: FlaskClient) -> None:
    page = text_of(client, "/sounds")
    for drawing in re.findall(r'<path d="(M[^"]+Z)"/></svg></div>', page):
        assert max(float(end) for end in re.findall(r"H([\d.]+)V", drawing)) <= DRAWING_WIDTH_MS / MS_PER_UNIT


def test_rhythm_descriptions_are_unique() -> None:
    """The words suffice to tell the sounds apart, and none scolds."""
    assert len({guide.rhythm for guide in SOUND_LESSONS.values()}) == len(SOUND_LESSONS)
    assert [guide.action for guide in SOUND_LESSONS.values() if SCOLDING.search(guide.action)] == []


def test_play_button_plays_cue_tones(client: FlaskClient) -> None:
    """A button plays the cue's own tones (for ECHO, those of three taps); a cue with a short period repeats at it."""
    page = text_of(client, "/sounds/learn")
    played = [json.loads(unescape(found)) for found in re.findall(r'data-tones="([^"]*)"', page)]
    known = {entry["name"]: entry for entry in table()}
    for name, edges in zip(TAUGHT_HERE, played, strict=True):
        tones = known[name]["variants"]["3"] if name is CueName.ECHO else known[name]["tones"]
        once = [list(edge) for edge in tones]
        assert edges[: len(once)] == once
        if (every_ms := known[name]["every_ms"]) is not None and every_ms <= DRAWING_WIDTH_MS:
            assert edges[len(once)][1] == once[0][1] + every_ms
        elif name is not CueName.COUNT:
            assert edges == once
    count = played[TAUGHT_HERE.index(CueName.COUNT)]
    assert [on for _, on, _ in count] == [0, 1000, 2000]


def test_rhythm_drawings_fit_their_frame() -> None:
    """No tone crosses the edge, and as many tones are drawn as played."""
    for group in grouped_sounds(table()):
        for sound in group["sounds"]:
            ends = [float(end) for end in re.findall(r"H([\d.]+)V", sound["drawing"])]
            assert len(ends) == len(sound["played"])
            assert max(ends) <= DRAWING_WIDTH_MS / MS_PER_UNIT


@pytest.mark.parametrize(("edges", "path"), [([(2200, 0, 400)], "M0 2H40V18H0Z")])
def test_drawn_tone_length_matches_duration(edges: list[tuple[int, int, int]], path: str) -> None:
    """Ten milliseconds are one unit."""
    assert rhythm_path(edges) == path


def test_button_starts_lesson_on_board(client: FlaskClient) -> None:
    """One button asks the station for the lesson; the page of all sounds links here."""
    page = text_of(client, "/sounds/learn")
    assert 'name="routine" value="lesson"' in page
    assert 'href="/sounds/learn"' in text_of(client, "/sounds")
    assert client.post("/start", data={"routine": "lesson", "person": "nobody"}).status_code == 303
