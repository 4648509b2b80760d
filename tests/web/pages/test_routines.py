"""Routines on the page: started, put together, kept, printed, deleted; what is wrong is said and nothing is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from station.advice import health_questions
from station.app.routines import steps_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item
from station.core.duration import duration_us, held_us_by_side
from station.core.events import Side
from station.settings import Settings
from station.store import Store
from station.store.records import OwnRoutine, Person
from station.units import duration_text
from tests.web.double import StationDouble
from web.pages.routine_form import MAX_ROWS, Draft, draft_from_items, row_from_item, summarize

Form = dict[str, Any]


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    answer = client.get(address)
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


def sent(client: FlaskClient, address: str, form: Form, status: int = 200) -> str:
    """What a form brings back."""
    answer = client.post(address, data=form)
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


def form_of(page: str) -> Form:
    """The form as a browser would send it: every field of the page with its value."""
    form: Form = {"row": re.findall(r'name="row" value="(\d+)"', page)}
    for field in re.findall(r"<input ([^>]+)>", page):
        name, value = (re.search(rf'{which}="([^"]*)"', field) for which in ("name", "value"))
        if name is not None and name[1] != "row":
            form[name[1]] = value[1] if value is not None else ""
    for name, options in re.findall(r'<select name="([^"]+)">(.*?)</select>', page, re.S):
        chosen = re.search(r'value="([^"]*)" selected', options) or re.search(r'value="([^"]*)"', options)
        form[name] = chosen[1] if chosen else ""
    return form


def names(page: str) -> list[str]:
    """The entries of the form in their order."""
    rows = page.split('<ol class="routine-rows"')[1].split("</ol>")[0]
    return re.findall(r"<b>([^<]+)</b>", rows)


def pressed(client: FlaskClient, page: str, button: str, address: str = "/routines/new", **typed: str) -> str:
    """The page after a button, with what was typed before."""
    assert f'value="{button}"' in page
    return sent(client, address, {**form_of(page), **typed, "action": button})


def own_of(store: Store, person: Person | None) -> tuple[OwnRoutine, ...]:
    return store.own_routines(person.id if person else None)


def kept(store: Store, person_id: str | None, name: str, items: Iterable[dict[str, Any]]) -> str:
    return store.save_routine(None, person_id, name, list(items))


@pytest.fixture
def ada(store: Store) -> Person:
    """The only person here, whose page it is."""
    return store.add_person("Ada")


@pytest.mark.parametrize("key", list(built_in_routines()))
def test_routine_card_shows_entries_and_duration(client: FlaskClient, key: str) -> None:
    """Every exercise by name, the time in all and what is held a leg, and buttons to start, copy and print it."""
    page, ready = text_of(client, "/routines"), built_in_routines()[key]
    card = page.split(f'id="{key}"')[1].split("</section>")[0]
    assert [exercises()[item.exercise].name for item in ready.items if item.exercise] == re.findall(
        r'href="/exercises/\w+">([^<]+)<', card
    )
    steps = steps_of(ready.items, Settings())
    assert f"<b>{duration_text(duration_us(steps))}</b> total" in card
    assert f"{duration_text(held_us_by_side(steps)[Side.LEFT])} held a leg" in card
    assert f'value="{key}" class="primary" aria-label="Start {ready.name}"' in card
    assert f'href="/routines/new?from={key}"' in card
    assert f'href="/routines/{key}/sheet"' in card


def test_start_button_starts_chosen_routine(client: FlaskClient, panel: StationDouble, store: Store) -> None:
    """The button of a ready routine starts its steps."""
    page = text_of(client, "/routines")
    assert 'value="today"' in page
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    assert client.post("/start", data={"routine": "quick_calf", "person": person.id}).status_code == 303
    assert panel.started[0][0] == steps_of(built_in_routines()["quick_calf"].items, Settings())


def test_routines_page_offers_unfinished_routine(client: FlaskClient, store: Store, ada: Person) -> None:
    """The button for the rest is there only while something is left."""
    assert 'value="rest"' not in text_of(client, "/routines")
    now = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ada.id, now, simulated=True), {"do": "hold"}, now)
    store.save_unfinished(run, {"do": "hold"}, now)
    assert 'value="rest"' in text_of(client, "/routines")


def test_own_routines_are_private(client: FlaskClient, store: Store, ada: Person) -> None:
    """A person sees their own and everybody's, with their buttons, and nobody else's."""
    grace = store.add_person("Grace")
    mine = kept(store, ada.id, "Before work", [{"exercise": "3b"}])
    kept(store, None, "For all", [{"exercise": "3a"}])
    hers = kept(store, grace.id, "Hers", [{"exercise": "3c"}])
    client.post("/person", data={"person": ada.id})
    page = text_of(client, "/routines")
    assert "Before work" in page
    assert "For all" in page
    assert "Hers" not in page
    assert f'value="own:{mine}"' in page
    for address in (f"/routines/{hers}/change", f"/routines/{hers}/remove", f"/routines/{hers}/sheet"):
        assert "someone else" in text_of(client, address, 400)
    assert "someone else" in text_of(client, f"/routines/new?from={hers}", 400)
    assert "someone else" in sent(client, f"/routines/{hers}/change", {"action": "save", "name": "Mine"}, 400)
    assert "someone else" in sent(client, f"/routines/{hers}/remove", {}, 400)
    assert [one.name for one in own_of(store, grace)] == ["For all", "Hers"]


def test_routine_form_saves_new_routine(client: FlaskClient, store: Store, ada: Person) -> None:
    """Added, dosed, ordered and saved; nothing is kept before Save, and then exactly what stood there."""
    page = text_of(client, "/routines/new")
    assert "No exercises yet. Add some" in page
    assert "There is nothing in it yet" not in page
    refused = client.post("/routines/new", data={"action": "save", "name": "Mine", "owner": "me"}).get_data(
        as_text=True
    )
    assert "There is nothing in it yet" in refused
    assert 'href="#routine-summary"' in refused
    for button in ("add-test", "add-3b", "add-rest", "add-3a"):
        page = pressed(client, page, button)
    page = pressed(client, page, "up-4", **{"hold_s-4": "45", "repetitions-4": "2", "side-2": "left"})
    assert names(page) == ["Test", "Soleus stretch", "Gastrocnemius stretch on the slope", "Rest"]
    assert "Gastrocnemius stretch on the slope is now 3 of 4." in page
    page = pressed(client, page, "remove-3")
    assert names(page)[-1] == "Gastrocnemius stretch on the slope"
    assert own_of(store, ada) == ()
    answer = client.post("/routines/new", data={**form_of(page), "name": "  Mine  ", "action": "save"})
    assert answer.status_code == 303
    (own,) = own_of(store, ada)
    assert (own.name, own.person_id) == ("Mine", ada.id)
    assert own.items == (
        {"test": "quick"},
        {"exercise": "3b", "side": "left"},
        {"exercise": "3a", "hold_s": 45, "repetitions": 2},
    )
    assert "\u201cMine\u201d is saved." in text_of(client, answer.headers["Location"])


def test_catalogue_doses_are_not_stored(client: FlaskClient, store: Store, ada: Person) -> None:
    """A copy of a ready routine whose doses nobody changed keeps none of its own."""
    page = text_of(client, "/routines/new?from=daily")
    assert 'value="Daily, my way"' in page
    client.post("/routines/new", data={**form_of(page), "action": "save"})
    assert own_of(store, ada)[0].items == tuple({"exercise": key} for key in ("1a", "3a", "3b", "3c"))


def test_a_routine_is_changed_and_shared(client: FlaskClient, store: Store, ada: Person) -> None:
    """The same routine under another name, for everybody here, with its id as it was."""
    mine = kept(store, ada.id, "Before work", [{"exercise": "3b"}, {"rest_s": 20}])
    address = f"/routines/{mine}/change"
    page = pressed(client, text_of(client, address), "down-1", address)
    assert names(page) == ["Rest", "Soleus stretch"]
    client.post(address, data={**form_of(page), "name": "After work", "owner": "everybody", "action": "save"})
    (own,) = own_of(store, None)
    assert (own.id, own.name, own.items) == (mine, "After work", ({"rest_s": 20}, {"exercise": "3b"}))


def test_routine_without_people_is_shared(client: FlaskClient, store: Store) -> None:
    """A station without people keeps routines for all."""
    page = pressed(client, text_of(client, "/routines/new"), "add-3b")
    client.post("/routines/new", data={**form_of(page), "name": "Ours", "action": "save"})
    assert [one.name for one in own_of(store, None)] == ["Ours"]


def test_summary_updates_while_typing(client: FlaskClient) -> None:
    """The piece of a page that the script asks for says the time, what each leg is held, and what is wrong."""
    form = {"row": ["1", "2"], "item-1": "3a", "hold_s-1": "60", "side-1": "left", "item-2": "7d", "count-2": "5"}
    piece = sent(client, "/routines/summary", form)
    items = draft_from_items("", [{"exercise": "3a", "hold_s": 60, "side": "left"}, {"exercise": "7d", "count": 5}])
    worked_out = summarize(items, Settings(), (), analogue=True)
    assert f"<b>{duration_text(worked_out.total_us)}</b> total" in piece
    assert "left 3 min, right nothing held" in piece
    assert "<html" not in piece
    form["count-2"] = "101"
    piece = sent(client, "/routines/summary", form)
    assert "Eccentric heel drops: it is done 1 to 100 times, not 101." in piece
    assert '<a href="#row-2">2</a>' in piece


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("hold_s-1", "abc", "Soleus stretch: the hold must be a whole number such as 30, not abc."),
        ("hold_s-1", "3", "a hold is 5 to 600 seconds long, not 3."),
        ("hold_s-1", "-5", "not -5."),
        ("hold_s-1", "30.5", "not 30.5."),
        ("hold_s-1", "9" * 5000, "a whole number"),
        ("hold_s-1", "\u0663\u0660", "a whole number"),
        ("hold_s-1", "3 & 4", "not 3 & 4."),
        ("repetitions-1", "0", "it is held 1 to 20 times, not 0."),
        ("repetitions-1", "21", "it is held 1 to 20 times, not 21."),
        ("side-1", "up", "the leg is left, right or each."),
        ("item-1", "9z", "this exercise no longer exists. Remove it."),
        ("item-1", "", "this exercise no longer exists. Remove it."),
        ("item-1", "test", "a test is quick or full."),
        ("name", "", "A name has 1 to 60 letters: give one."),
        ("name", "   ", "A name has 1 to 60 letters: give one."),
        ("name", "x" * 61, "A name has 1 to 60 letters: give one."),
        ("name", "before WORK", "There is a routine called before WORK already"),
    ],
)
def test_invalid_routine_keeps_input_and_shows_errors(
    client: FlaskClient, store: Store, ada: Person, field: str, typed: str, sentence: str
) -> None:
    """One clear sentence, nothing is kept, and all that was typed is still in the form."""
    kept(store, ada.id, "Before work", [{"exercise": "3a"}])
    form: Form = {"row": ["1", "2"], "item-1": "3b", "hold_s-1": "40", "item-2": "7d", "count-2": "12", "name": "Mine"}
    page = sent(client, "/routines/new", {**form, field: typed, "action": "save"}, 400)
    assert sentence in page
    again, whole = form_of(page), {**form, field: typed}
    assert [key for key in again if key in whole and not key.startswith("side") and again[key] != whole[key]] == []
    assert len(own_of(store, ada)) == 1


def test_typed_text_is_escaped(client: FlaskClient) -> None:
    """Markup in a field comes back as text, in the field and in the sentence."""
    form = {"row": ["1"], "item-1": "3b", "hold_s-1": '"><script>', "name": '"><script>'}
    answer = client.post("/routines/new", data=form).get_data(as_text=True)
    assert '"><script>' not in answer
    assert answer.count("&#34;&gt;&lt;script&gt;") == 3


def test_excluded_exercise_cannot_be_saved(client: FlaskClient, store: Store, ada: Person) -> None:
    """What the person's own answers leave out is named with its reason; a shared routine is judged the same."""
    store.add_answer(ada.id, "health", {"yes": ["tendon_pain"], "no": []})
    page = pressed(client, text_of(client, "/routines/new"), "add-3c")
    assert "not for you at present. A full squat stretches a sore tendon as far as it goes. Take it out." in page
    assert "cannot be saved yet" in sent(
        client, "/routines/new", {**form_of(page), "name": "Mine", "action": "save"}, 400
    )
    assert own_of(store, ada) == ()


def test_used_exercises_are_marked(client: FlaskClient, store: Store, ada: Person) -> None:
    """Among what can be added, what is in the routine is marked, and what this person's answers leave out."""
    store.add_answer(ada.id, "health", {"yes": ["tendon_pain"], "no": []})
    page = text_of(client, "/routines/new")
    assert "\u2713 added" not in page
    assert page.count("Left out for you") == 3
    page = pressed(client, page, "add-3b")
    assert page.count("\u2713 added") == 1
    button = page.split('value="add-3b"')[1].split("</button>")[0]
    assert "\u2713 added" in button


def test_own_routine_starts(client: FlaskClient, store: Store, panel: StationDouble, ada: Person) -> None:
    """The button of one's own routine starts it with its doses, under its name."""
    store.add_answer(ada.id, "health", {"yes": [], "no": [one.key for one in health_questions.CONDITIONS]})
    mine = kept(store, ada.id, "Before work", [{"exercise": "3b", "hold_s": 45}])
    assert f'value="own:{mine}"' in text_of(client, "/routines")
    assert client.post("/start", data={"routine": f"own:{mine}", "person": ada.id}).status_code == 303
    assert panel.called == ["Before work"]
    assert panel.started == [(steps_of([Item(exercise="3b", hold_s=45)], Settings()), ada.id)]


def test_hint_does_not_block_saving(client: FlaskClient, store: Store, ada: Person) -> None:
    """Strength before the warm-up is told and may be kept."""
    page = pressed(client, pressed(client, text_of(client, "/routines/new"), "add-5b"), "add-1a")
    assert "the guide has it before" in page
    assert "To be put right" not in page
    assert client.post("/routines/new", data={**form_of(page), "name": "Mine", "action": "save"}).status_code == 303


@pytest.mark.parametrize(
    "rows", [["1", "1"], ["one"], ["-1"], ["1", ""], ["99999"], [str(n) for n in range(MAX_ROWS + 1)]]
)
def test_malformed_form_gets_one_sentence(client: FlaskClient, rows: list[str]) -> None:
    """Rows that are named twice or not by numbers, or more of them than anybody types, bring a sentence."""
    for address in ("/routines/new", "/routines/summary"):
        page = sent(client, address, {"row": rows, "action": "save"}, 400)
        assert "This cannot be done" in page


def test_ten_thousand_entries_are_refused(client: FlaskClient, store: Store) -> None:
    """A form of ten thousand rows is refused with a sentence, and nothing is kept."""
    rows = [str(n) for n in range(10_000)]
    page = sent(client, "/routines/new", {"row": rows, "name": "Mine", "action": "save"}, 400)
    assert "10000 entries is too long" in page
    assert own_of(store, None) == ()


def test_forty_one_entries_stay_in_the_form(client: FlaskClient) -> None:
    """A few too many are told, and none of them is lost."""
    form: Form = {"row": [str(n) for n in range(41)], "name": "Mine", "action": "save"}
    form |= {f"item-{n}": "rest" for n in range(40)} | {"item-40": "3b"}
    page = sent(client, "/routines/new", form, 400)
    assert "It has 41 entries; 40 are the most." in page
    assert len(names(page)) == 41


@pytest.mark.parametrize("act", ["", "dance", "up-9", "up-", "add-9z", "remove-x", "down-1-2", "\u0663"])
def test_another_button_changes_nothing(client: FlaskClient, act: str) -> None:
    """A button that the form does not have leaves everything as it was typed."""
    form = {"row": ["1", "2"], "item-1": "3b", "hold_s-1": "x", "item-2": "rest", "rest_s-2": "30"}
    page = sent(client, "/routines/new", {**form, "action": act})
    assert names(page) == ["Soleus stretch", "Rest"]
    assert form_of(page)["hold_s-1"] == "x"


def test_rows_at_the_ends_stay(client: FlaskClient) -> None:
    """The first goes no further up, the last no further down, and their buttons say so."""
    draft = Draft(rows=tuple(row_from_item(n, {"exercise": key}) for n, key in enumerate(("3a", "3b"))))
    assert draft.with_row_moved(0, -1) == draft
    assert draft.with_row_moved(1, 1) == draft
    assert [row.number for row in draft.with_row_moved(0, 1).rows] == [1, 0]
    page = sent(client, "/routines/new", {"row": ["1"], "item-1": "3b"})
    assert re.findall(r'value="(\w+)-1"[^>]* disabled', page) == ["up", "down"]


def test_a_routine_of_an_older_catalogue_is_shown_with_a_sentence(
    client: FlaskClient, store: Store, ada: Person
) -> None:
    """An exercise that is no longer there, or an entry that nobody understands, is told; nothing can start it."""
    old = kept(store, ada.id, "Old", [{"exercise": "9z"}, {"exercise": "3b"}])
    odd = kept(store, ada.id, "Odd", [{"exercise": "3b", "colour": "red"}])
    page = text_of(client, "/routines")
    assert "\u201c9z\u201d is no longer in the catalogue" in page
    assert "Part of this routine cannot be read" in page
    assert f"own:{old}" not in page
    assert f"own:{odd}" not in page
    form = text_of(client, f"/routines/{old}/change")
    assert names(form) == ["9z, which no longer exists", "Soleus stretch"]
    assert "this exercise no longer exists. Remove it." in form
    assert "Soleus stretch" in text_of(client, f"/routines/{old}/sheet")


def test_deleting_asks_first(client: FlaskClient, store: Store, ada: Person) -> None:
    """The page asks, its button deletes, and what is gone is gone."""
    mine = kept(store, ada.id, "Before work", [{"exercise": "3b"}])
    assert "Delete \u201cBefore work\u201d?" in text_of(client, f"/routines/{mine}/remove")
    assert len(own_of(store, ada)) == 1
    answer = client.post(f"/routines/{mine}/remove")
    assert answer.status_code == 303
    assert own_of(store, ada) == ()
    assert "Routine deleted." in text_of(client, answer.headers["Location"])


@pytest.mark.parametrize("address", ["/routines/no/change", "/routines/no/remove", "/routines/no/sheet"])
def test_unknown_routine_is_404(client: FlaskClient, address: str) -> None:
    """An id that nobody has is answered like any page that does not exist, read or written."""
    assert "Page not found" in text_of(client, address, 404)
    assert client.post("/routines/no/remove").status_code == 404
    text_of(client, "/routines/new?from=no", 404)


def test_a_sheet_has_pictures_doses_and_steps(client: FlaskClient, ada: Person) -> None:
    """The sheet of a routine has each picture, dose and step, and a name only where it is asked for."""
    page = text_of(client, "/routines/daily/sheet")
    assert page.count('role="img"') == 4
    for key in ("1a", "3a", "3b", "3c"):
        assert [step for step in exercises()[key].steps if step not in page] == []
    assert "Ada" not in page
    assert "Daily for Ada" in text_of(client, "/routines/daily/sheet?name=1")
    assert text_of(client, "/routines/full/sheet").count("<li>") == len(exercises())


def test_the_same_exercise_twice_is_drawn_twice(client: FlaskClient, store: Store, ada: Person) -> None:
    """A sheet with an exercise for each leg alone has two pictures, each with an id of its own."""
    twice = kept(store, ada.id, "Twice", [{"exercise": "3b", "side": "left"}, {"exercise": "3b", "side": "right"}])
    ids = re.findall(r' id="([^"]+)"', text_of(client, f"/routines/{twice}/sheet"))
    assert len([one for one in ids if one.startswith("drawing-")]) == 2
    assert len(set(ids)) == len(ids)


def test_test_position_can_be_printed(client: FlaskClient) -> None:
    """The picture of how one stands for the test is there to print, large."""
    assert '<title id="position-title">' in text_of(client, "/sheets/position")
