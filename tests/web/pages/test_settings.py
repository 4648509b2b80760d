"""The settings: what is stored, and the sentence beside a refused one."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient

from station.settings import Settings
from station.store import Store
from tests.web.page_text import text_of
from web.pages.settings import GROUPS


def test_goal_is_entered_in_chosen_units_and_stored_in_mm(client: FlaskClient, store: Store) -> None:
    assert client.post("/settings", data={"goal_mm": "9,5", "hold_s": "40", "quiet_from": "22:15"}).status_code == 303
    kept = store.settings()
    assert (kept.goal_mm, kept.hold_s, kept.quiet_from) == (95.0, 40, "22:15")
    client.post("/settings", data={"units": "inch"})
    assert 'value="3.7"' in text_of(client, "/settings")
    assert "Saved" in text_of(client, "/settings?saved=")


def test_settings_that_cannot_be_stored_are_not_called_saved(client: FlaskClient, store: Store) -> None:
    with store.write_transaction() as now:
        now.exec_driver_sql("PRAGMA query_only=ON")
    refused = client.post("/settings", data={"goal_mm": "9,5"})
    assert refused.status_code == 503
    assert "can only be read" in refused.text
    assert "Saved" not in refused.text


def test_refused_setting_is_named_by_its_label(client: FlaskClient) -> None:
    """The sentence has the field's label and unit, not the internal name and millimetres."""
    long = client.post("/settings", data={"hold_s": "5000"}).get_data(as_text=True)
    assert "\u201cOne stretch lasts\u201d is" in long
    far = client.post("/settings", data={"goal_mm": "80"}).get_data(as_text=True)
    assert "The goal must be from 1.0 to 30.0 cm, not 80." in far
    empty = client.post("/settings", data={"goal_mm": "", "rest_s": ""}).get_data(as_text=True)
    assert "The goal is empty: enter a number such as 10.2." in empty
    assert "\u201cRest between stretches\u201d is empty, but must be a whole number from 0 to 300." in empty


@pytest.mark.parametrize("form", [{"hold_s": "0"}, {"hold_s": "long"}, {"goal_mm": "far"}, {"volume": "deafening"}])
def test_invalid_setting_changes_nothing_and_shows_why(client: FlaskClient, store: Store, form: dict[str, str]) -> None:
    before = store.settings()
    answer = client.post("/settings", data={**form, "rest_s": "20"})
    assert answer.status_code == 400
    assert "Nothing was changed" in answer.get_data(as_text=True)
    assert store.settings() == before


def test_every_setting_is_in_one_group(client: FlaskClient) -> None:
    """The groups have every setting once, each group in a card with its own heading."""
    page = text_of(client, "/settings")
    form = page.split('<form method="post" class="settings">')[1].split("</form>")[0]
    shown = [
        name for card in form.split("<section")[1:] for name in re.findall(r'<(?:input|select) name="(\w+)"', card)
    ]
    own_page = {"first_start"}
    assert sorted(shown) == sorted(set(Settings.__struct_fields__) - own_page)
    assert re.findall(r"<h2 [^>]*>([^<]+)<", form) == [group.title for group in GROUPS]


@pytest.mark.parametrize(
    ("name", "typed"), [("hold_s", "5000"), ("goal_mm", "80"), ("goal_mm", "far"), ("volume", "x")]
)
def test_refused_setting_has_its_sentence_beside_the_field(client: FlaskClient, name: str, typed: str) -> None:
    """Beside the invalid field and nowhere else; the input is kept."""
    page = client.post("/settings", data={name: typed}).get_data(as_text=True)
    assert re.findall(r'aria-invalid="true" aria-describedby="error-(\w+)"', page) == [name]
    assert re.findall(r'<p class="error" id="error-(\w+)">', page) == [name]
    assert name == "volume" or f'value="{typed}"' in page


def test_every_wrong_entry_is_named_at_its_field(client: FlaskClient, store: Store) -> None:
    """All entries are kept, wrong and right ones; the first wrong one of the page has the focus."""
    before = store.settings()
    typed = {"hold_s": "5000", "rest_s": "20", "goal_mm": "far", "quiet_to": "late", "prepare_s": "2"}
    answer = client.post("/settings", data=typed)
    page = answer.text
    assert answer.status_code == 400
    assert store.settings() == before
    wrong = ["goal_mm", "hold_s", "prepare_s", "quiet_to"]
    assert re.findall(r'aria-invalid="true" aria-describedby="error-(\w+)"', page) == wrong
    assert re.findall(r'<p class="error" id="error-(\w+)">', page) == wrong
    assert "4 entries cannot be saved: Goal, One stretch lasts, Time to get into position, Quiet until. Nothing" in page
    assert re.findall(r'aria-describedby="error-(\w+)" autofocus', page) == ["goal_mm"]
    assert all(f'value="{text}"' in page for text in typed.values())
    assert "but must be a whole number from 3 to 60" in page
    assert "The setting " not in page


def test_step_on_questions_and_taps_are_settings(client: FlaskClient, store: Store) -> None:
    """The form explains what taps do."""
    page = text_of(client, "/settings")
    assert "Two taps of the heel are next, three skip" in page
    assert 'value="today" selected>today\u2019s session' in page
    client.post("/settings", data={"on_step": "nothing", "ask_after_test": "no", "taps": "on"})
    kept = store.settings()
    assert (kept.on_step, kept.ask_after_test, kept.taps) == ("nothing", "no", "on")
