"""The routine pages: start, build, save, print and delete; errors are shown and no input is lost."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient

from station.advice.conditions import CONDITIONS
from station.advice.records import LegConditions
from station.app.snapshot import UnfinishedView
from station.app.starting.routines import steps_of
from station.catalogue.read import built_in_routines, exercises
from station.catalogue.records import Item
from station.core.duration import duration_us, held_us_by_side
from station.core.events import Side
from station.settings import Settings
from station.store import Store
from station.store.records import OwnRoutine, Person
from station.units import duration_text
from tests.web.double import StationDouble
from tests.web.history import add_session
from tests.web.page_text import read_page
from web.context import startable_routines
from web.pages.next_action import RESUMABLE, RUNNING
from web.pages.routine_form import MAX_ROWS, Draft, draft_from_items, row_from_item, summarize
from web.pages.routines import STRIP_PICTURES

Form = dict[str, Any]


def submit(client: FlaskClient, address: str, form: Form, status: int = 200) -> str:
    """Submit a form and return the text of the page that answers."""
    answer = client.post(address, data=form)
    assert answer.status_code == status
    return unescape(answer.get_data(as_text=True))


def form_of(page: str) -> Form:
    """The page's fields with their values, as a browser would send them."""
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
    """The form's entries, in order."""
    rows = page.split('<ol class="routine-rows"')[1].split("</ol>")[0]
    return re.findall(r"<b>([^<]+)</b>", rows)


def press_button(client: FlaskClient, page: str, button: str, address: str = "/routines/new", **typed: str) -> str:
    """Press a button with the form as filled in, and return the next page."""
    assert f'value="{button}"' in page
    return submit(client, address, {**form_of(page), **typed, "action": button})


def own_of(store: Store, person: Person | None) -> tuple[OwnRoutine, ...]:
    return store.own_routines(person.id if person else None)


def save_routine(store: Store, person_id: str | None, name: str, items: Iterable[dict[str, Any]]) -> str:
    return store.save_routine(None, person_id, name, list(items))


@pytest.fixture
def ada(store: Store) -> Person:
    """The only person of this station, selected in this browser."""
    return store.add_person("Ada")


@pytest.mark.parametrize("key", list(built_in_routines()))
def test_routine_card_shows_entries_and_duration(client: FlaskClient, key: str) -> None:
    """Every exercise by name, the total time, the held time per leg, and buttons to start, copy and print."""
    page, ready = read_page(client, "/routines"), built_in_routines()[key]
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


def test_every_start_is_offered(client: FlaskClient) -> None:
    """Today's session, the ready routines, both tests and the stretch, each once."""
    page = read_page(client, "/routines")
    started = re.findall(r'<button name="routine" value="(\w+)"', page)
    assert sorted(started) == sorted(startable_routines())
    assert started[0] == "today"


def test_card_pictures_exercises_and_hides_the_list(client: FlaskClient) -> None:
    """Minutes, pictures and Start are visible at once; the list and the other actions are behind a fold."""
    for key, ready in built_in_routines().items():
        card = read_page(client, "/routines").split(f'id="{key}"')[1].split("</section>")[0]
        closed, fold = card.split("<details")
        minutes = round(duration_us(steps_of(ready.items, Settings())) / 60_000_000)
        assert f'<p class="figure">{minutes} <small>min</small></p>' in closed
        drawn = {item.exercise for item in ready.items if item.exercise}
        assert closed.count("<img") == min(len(drawn), STRIP_PICTURES)
        assert (f"+{len(drawn) - STRIP_PICTURES}<" in closed) == (len(drawn) > STRIP_PICTURES)
        assert 'aria-label="Copy' not in closed
        assert 'aria-label="Copy' in fold


def test_due_test_and_its_card_show_the_same_minutes(client: FlaskClient, store: Store) -> None:
    """The test that is due takes as long as the card of that test says."""
    ada, _ = add_session(store, days_ago=20)
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    due, card = (read_page(client, "/routines").split(mark)[1] for mark in ('class="card next"', 'id="full_test"'))
    figures = [part.split('<p class="figure">')[1].split("</p>")[0] for part in (due, card)]
    assert figures[0] == figures[1]


def test_known_person_sees_next_action_and_its_reasons(client: FlaskClient, store: Store) -> None:
    """The same action as on Today, first on the page, with the reasons behind a fold."""
    ada, _ = add_session(store, days_ago=20)
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    page = read_page(client, "/routines")
    card = page.split('class="card next"')[1].split("</section>")[0]
    assert re.findall(r"<h2[^>]*>([^<]+)<", card) == ["A full test"]
    assert 'value="today" class="primary big">Start a full test<' in card
    fold = page.split("Why this?")[1].split("</details>")[0]
    assert "A full test is due" in fold
    assert 'href="/why"' in fold


def test_full_routine_is_shown_for_the_felt_place(client: FlaskClient, store: Store) -> None:
    """On its card and in a copy: what starts is what is shown."""
    ada, _ = add_session(store)
    store.answer_test(store.tests(ada.id)[0].id, felt_places=["front"])
    card = read_page(client, "/routines").split('id="full"')[1].split("</section>")[0]
    shown = re.findall(r'href="/exercises/(\w+)">', card)
    assert shown[:4] == ["1a", "4a", "4b", "4c"]
    assert not {"2a", "3a", "8"} & set(shown)
    copied = read_page(client, "/routines/new?from=full")
    assert copied.count("✓ added") == len(shown)


def test_start_button_starts_chosen_routine(client: FlaskClient, station: StationDouble, store: Store) -> None:
    page = read_page(client, "/routines")
    assert 'value="today"' in page
    person = store.add_person("Ada")
    store.add_answer(person.id, "health", {"yes": [], "no": []})
    assert client.post("/start", data={"routine": "quick_calf", "person": person.id}).status_code == 303
    assert station.started[0][0] == steps_of(built_in_routines()["quick_calf"].items, Settings())


def test_routines_page_offers_unfinished_routine(client: FlaskClient, store: Store, ada: Person) -> None:
    """The resume button exists only while there is an unfinished routine."""
    assert 'value="rest"' not in read_page(client, "/routines")
    now = datetime.now(UTC)
    run = store.begin_run(store.begin_session(ada.id, now, simulated=True), {"do": "hold"}, now, title="Daily")
    store.save_unfinished(run, {"do": "hold"}, now)
    assert 'value="rest">Resume Daily<' in read_page(client, "/routines")


@pytest.mark.parametrize("moment", ["left", "running"])
@pytest.mark.parametrize("address", ["/routines", "/"])
def test_unfinished_routine_is_not_called_done(
    client: FlaskClient, station: StationDouble, store: Store, ada: Person, moment: str, address: str
) -> None:
    """A person who stretched for three seconds, or is still on the board, is not praised for a day's work."""
    add_session(store)
    store.add_answer(ada.id, "health", {"yes": [], "no": []})
    assert "Done for today" in read_page(client, address)
    if moment == "left":
        station.show(unfinished=UnfinishedView("Daily", 700, ada.id))
    else:
        station.show(activity="hold", phase="hold", person_id=ada.id)
    page = read_page(client, address)
    assert "Done for today" not in page
    assert "Not finished yet" in page
    assert (RESUMABLE if moment == "left" else RUNNING) in page


def test_own_routines_are_private(client: FlaskClient, store: Store, ada: Person) -> None:
    """A person sees their own and the shared routines, with their buttons, and no other person's."""
    grace = store.add_person("Grace")
    mine = save_routine(store, ada.id, "Before work", [{"exercise": "3b"}])
    save_routine(store, None, "For all", [{"exercise": "3a"}])
    hers = save_routine(store, grace.id, "Hers", [{"exercise": "3c"}])
    client.post("/person", data={"person": ada.id})
    page = read_page(client, "/routines")
    assert "Before work" in page
    assert "For all" in page
    assert "Hers" not in page
    assert f'value="own:{mine}"' in page
    for address in (f"/routines/{hers}/change", f"/routines/{hers}/remove", f"/routines/{hers}/sheet"):
        assert "someone else" in read_page(client, address, 400)
    assert "someone else" in read_page(client, f"/routines/new?from={hers}", 400)
    assert "someone else" in submit(client, f"/routines/{hers}/change", {"action": "save", "name": "Mine"}, 400)
    assert "someone else" in submit(client, f"/routines/{hers}/remove", {}, 400)
    assert [one.name for one in own_of(store, grace)] == ["For all", "Hers"]


def test_routine_form_saves_new_routine(client: FlaskClient, store: Store, ada: Person) -> None:
    """Entries are added, dosed and ordered; nothing is stored before Save, and then exactly what the form shows."""
    page = read_page(client, "/routines/new")
    assert "No exercises yet. Add some" in page
    assert "The routine is empty" not in page
    refused = client.post("/routines/new", data={"action": "save", "name": "Mine", "owner": "me"}).get_data(
        as_text=True
    )
    assert "The routine is empty" in refused
    assert 'href="#routine-summary"' in refused
    for button in ("add-test", "add-3b", "add-rest", "add-3a"):
        page = press_button(client, page, button)
    page = press_button(client, page, "up-4", **{"hold_s-4": "45", "repetitions-4": "2", "side-2": "left"})
    assert names(page) == ["Test", "Soleus stretch", "Calf stretch", "Rest"]
    assert "Calf stretch is now 3 of 4." in page
    page = press_button(client, page, "remove-3")
    assert names(page)[-1] == "Calf stretch"
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
    assert "\u201cMine\u201d is saved." in read_page(client, answer.headers["Location"])


def test_catalogue_doses_are_not_stored(client: FlaskClient, store: Store, ada: Person) -> None:
    """A copied routine with unchanged doses stores no doses of its own."""
    page = read_page(client, "/routines/new?from=daily")
    assert 'value="Daily, my way"' in page
    client.post("/routines/new", data={**form_of(page), "action": "save"})
    assert own_of(store, ada)[0].items == tuple({"exercise": key} for key in ("1a", "3a", "3b", "3c"))


def test_routine_is_renamed_and_shared_keeping_its_id(client: FlaskClient, store: Store, ada: Person) -> None:
    mine = save_routine(store, ada.id, "Before work", [{"exercise": "3b"}, {"rest_s": 20}])
    address = f"/routines/{mine}/change"
    page = press_button(client, read_page(client, address), "down-1", address)
    assert names(page) == ["Rest", "Soleus stretch"]
    client.post(address, data={**form_of(page), "name": "After work", "owner": "everybody", "action": "save"})
    (own,) = own_of(store, None)
    assert (own.id, own.name, own.items) == (mine, "After work", ({"rest_s": 20}, {"exercise": "3b"}))


def test_routine_without_people_is_shared(client: FlaskClient, store: Store) -> None:
    """A station without people stores shared routines."""
    page = press_button(client, read_page(client, "/routines/new"), "add-3b")
    client.post("/routines/new", data={**form_of(page), "name": "Ours", "action": "save"})
    assert [one.name for one in own_of(store, None)] == ["Ours"]


def test_summary_updates_while_typing(client: FlaskClient) -> None:
    """The fragment for the script has the time, the held time per leg, and the errors."""
    form = {"row": ["1", "2"], "item-1": "3a", "hold_s-1": "60", "side-1": "left", "item-2": "7d", "count-2": "5"}
    piece = submit(client, "/routines/summary", form)
    items = draft_from_items("", [{"exercise": "3a", "hold_s": 60, "side": "left"}, {"exercise": "7d", "count": 5}])
    worked_out = summarize(items, Settings(), LegConditions(), analogue=True)
    assert f"<b>{duration_text(worked_out.total_us)}</b> total" in piece
    assert "left 3 min, right nothing held" in piece
    assert "<html" not in piece
    form["count-2"] = "101"
    piece = submit(client, "/routines/summary", form)
    assert "Heel drops: do it 1 to 100 times, not 101." in piece
    assert '<a href="#row-2">2. Heel drops' in piece


@pytest.mark.parametrize(
    ("field", "typed", "sentence"),
    [
        ("hold_s-1", "abc", "Soleus stretch: the hold must be a whole number such as 30, not abc."),
        ("hold_s-1", "3", "hold for 5 to 600 seconds, not 3."),
        ("hold_s-1", "-5", "not -5."),
        ("hold_s-1", "30.5", "not 30.5."),
        ("hold_s-1", "9" * 5000, "a whole number"),
        ("hold_s-1", "\u0663\u0660", "a whole number"),
        ("hold_s-1", "3 & 4", "not 3 & 4."),
        ("repetitions-1", "0", "hold it 1 to 20 times, not 0."),
        ("repetitions-1", "21", "hold it 1 to 20 times, not 21."),
        ("side-1", "up", "the leg is left, right or each."),
        ("item-1", "9z", "this exercise no longer exists. Remove it."),
        ("item-1", "", "this exercise no longer exists. Remove it."),
        ("item-1", "test", "a test is quick or full."),
        ("name", "", "Enter a name of 1 to 60 letters."),
        ("name", "   ", "Enter a name of 1 to 60 letters."),
        ("name", "x" * 61, "Enter a name of 1 to 60 letters."),
        ("name", "before WORK", "There is already a routine called before WORK"),
    ],
)
def test_invalid_routine_keeps_input_and_shows_errors(
    client: FlaskClient, store: Store, ada: Person, field: str, typed: str, sentence: str
) -> None:
    """One clear sentence, nothing is stored, and all input is still in the form."""
    save_routine(store, ada.id, "Before work", [{"exercise": "3a"}])
    form: Form = {"row": ["1", "2"], "item-1": "3b", "hold_s-1": "40", "item-2": "7d", "count-2": "12", "name": "Mine"}
    page = submit(client, "/routines/new", {**form, field: typed, "action": "save"}, 400)
    assert sentence in page
    again, whole = form_of(page), {**form, field: typed}
    assert [key for key in again if key in whole and not key.startswith("side") and again[key] != whole[key]] == []
    assert len(own_of(store, ada)) == 1


def test_every_wrong_number_of_an_entry_is_named(client: FlaskClient, store: Store, ada: Person) -> None:
    """Not only the first one, so that one save shows all there is to correct."""
    form: Form = {"row": ["1"], "item-1": "3b", "hold_s-1": "long", "repetitions-1": "few", "side-1": "tail"}
    page = submit(client, "/routines/new", {**form, "name": "Mine", "action": "save"}, 400)
    assert "the hold must be a whole number such as 30, not long." in page
    assert "the holds must be a whole number such as 30, not few." in page
    assert "the leg is left, right or each." in page
    assert own_of(store, ada) == ()


def test_wrong_name_and_wrong_entry_are_named_at_once(client: FlaskClient, store: Store, ada: Person) -> None:
    """Also a name that is taken; the own routine keeps its own."""
    mine = store.save_routine(None, ada.id, "Mine", [{"exercise": "3b"}])
    wrong: dict[str, Any] = {"row": ["1"], "item-1": "3b", "hold_s-1": "long", "action": "save"}
    for name, sentence in (("", "Enter a name of 1 to 60 letters."), (" mine ", "already a routine called mine:")):
        page = submit(client, "/routines/new", {**wrong, "name": name}, 400)
        assert sentence in page
        assert "This cannot be saved yet." in page
        assert "the hold must be a whole number such as 30, not long." in page
    page = submit(client, f"/routines/{mine}/change", {**wrong, "name": "Mine"}, 400)
    assert "already a routine" not in page
    page = submit(client, "/routines/new", {**wrong, "hold_s-1": "30", "name": ""}, 400)
    assert "Enter a name of 1 to 60 letters." in page


def test_typed_text_is_escaped(client: FlaskClient) -> None:
    """Markup in a field is shown as text, in the field and in the sentence."""
    form = {"row": ["1"], "item-1": "3b", "hold_s-1": '"><script>', "name": '"><script>'}
    answer = client.post("/routines/new", data=form).get_data(as_text=True)
    assert '"><script>' not in answer
    assert answer.count("&#34;&gt;&lt;script&gt;") == 3


def test_excluded_exercise_cannot_be_saved(client: FlaskClient, store: Store, ada: Person) -> None:
    """An exercise that the person's answers exclude is named with its reason; so it is in a shared routine."""
    store.add_answer(ada.id, "health", {"yes": ["tendon_pain"], "no": []})
    page = press_button(client, read_page(client, "/routines/new"), "add-3c")
    assert "not for you at the moment. A full squat stretches a sore tendon as far as it goes. Remove it." in page
    assert "cannot be saved yet" in submit(
        client, "/routines/new", {**form_of(page), "name": "Mine", "action": "save"}, 400
    )
    assert own_of(store, ada) == ()


def test_used_exercises_are_marked(client: FlaskClient, store: Store, ada: Person) -> None:
    """The list marks the exercises in the routine and those that this person's answers exclude."""
    store.add_answer(ada.id, "health", {"yes": ["tendon_pain"], "no": []})
    page = read_page(client, "/routines/new")
    assert "\u2713 added" not in page
    assert page.count("Left out for you") == 3
    page = press_button(client, page, "add-3b")
    assert page.count("\u2713 added") == 1
    button = page.split('value="add-3b"')[1].split("</button>")[0]
    assert "\u2713 added" in button


def test_own_routine_starts(client: FlaskClient, store: Store, station: StationDouble, ada: Person) -> None:
    """It starts with its doses, under its name."""
    store.add_answer(ada.id, "health", {"yes": [], "no": [one.key for one in CONDITIONS]})
    mine = save_routine(store, ada.id, "Before work", [{"exercise": "3b", "hold_s": 45}])
    assert f'value="own:{mine}"' in read_page(client, "/routines")
    assert client.post("/start", data={"routine": f"own:{mine}", "person": ada.id}).status_code == 303
    assert station.titles == ["Before work"]
    assert station.started == [(steps_of([Item(exercise="3b", hold_s=45)], Settings()), ada.id)]


def test_hint_does_not_block_saving(client: FlaskClient, store: Store, ada: Person) -> None:
    """Strength before the warm-up gets a hint and can be saved."""
    page = press_button(client, press_button(client, read_page(client, "/routines/new"), "add-5b"), "add-1a")
    assert "the guide puts it before" in page
    assert "To be put right" not in page
    assert client.post("/routines/new", data={**form_of(page), "name": "Mine", "action": "save"}).status_code == 303


@pytest.mark.parametrize(
    "rows", [["1", "1"], ["one"], ["-1"], ["1", ""], ["99999"], [str(n) for n in range(MAX_ROWS + 1)]]
)
def test_malformed_form_gets_one_sentence(client: FlaskClient, rows: list[str]) -> None:
    """Duplicate, non-numeric or far too many rows are answered with one sentence."""
    for address in ("/routines/new", "/routines/summary"):
        page = submit(client, address, {"row": rows, "action": "save"}, 400)
        assert "This cannot be done" in page


def test_ten_thousand_entries_are_refused(client: FlaskClient, store: Store) -> None:
    """One sentence, and nothing is stored."""
    rows = [str(n) for n in range(10_000)]
    page = submit(client, "/routines/new", {"row": rows, "name": "Mine", "action": "save"}, 400)
    assert "10000 entries is too long" in page
    assert own_of(store, None) == ()


def test_forty_one_entries_are_refused_and_kept_in_form(client: FlaskClient) -> None:
    form: Form = {"row": [str(n) for n in range(41)], "name": "Mine", "action": "save"}
    form |= {f"item-{n}": "rest" for n in range(40)} | {"item-40": "3b"}
    page = submit(client, "/routines/new", form, 400)
    assert "It has 41 entries, but may have 40 at most." in page
    assert len(names(page)) == 41


@pytest.mark.parametrize("act", ["", "dance", "up-9", "up-", "add-9z", "remove-x", "down-1-2", "\u0663"])
def test_unknown_button_changes_nothing(client: FlaskClient, act: str) -> None:
    """The input stays as typed."""
    form = {"row": ["1", "2"], "item-1": "3b", "hold_s-1": "x", "item-2": "rest", "rest_s-2": "30"}
    page = submit(client, "/routines/new", {**form, "action": act})
    assert names(page) == ["Soleus stretch", "Rest"]
    assert form_of(page)["hold_s-1"] == "x"


def test_end_rows_cannot_move_further(client: FlaskClient) -> None:
    """The first row cannot move up nor the last one down, and those buttons are disabled."""
    draft = Draft(rows=tuple(row_from_item(n, {"exercise": key}) for n, key in enumerate(("3a", "3b"))))
    assert draft.with_row_moved(0, -1) == draft
    assert draft.with_row_moved(1, 1) == draft
    assert [row.number for row in draft.with_row_moved(0, 1).rows] == [1, 0]
    page = submit(client, "/routines/new", {"row": ["1"], "item-1": "3b"})
    assert re.findall(r'value="(\w+)-1"[^>]* disabled', page) == ["up", "down"]


def test_routine_with_unknown_exercise_is_shown_but_cannot_start(
    client: FlaskClient, store: Store, ada: Person
) -> None:
    """An exercise or entry that this release does not know is named in a sentence."""
    old = save_routine(store, ada.id, "Old", [{"exercise": "9z"}, {"exercise": "3b"}])
    odd = save_routine(store, ada.id, "Odd", [{"exercise": "3b", "colour": "red"}])
    page = read_page(client, "/routines")
    assert "\u201c9z\u201d is no longer in the catalogue" in page
    assert "Part of this routine cannot be read" in page
    assert f"own:{old}" not in page
    assert f"own:{odd}" not in page
    form = read_page(client, f"/routines/{old}/change")
    assert names(form) == ["9z, which no longer exists", "Soleus stretch"]
    assert "this exercise no longer exists. Remove it." in form
    assert "Soleus stretch" in read_page(client, f"/routines/{old}/sheet")


def test_delete_asks_for_confirmation(client: FlaskClient, store: Store, ada: Person) -> None:
    mine = save_routine(store, ada.id, "Before work", [{"exercise": "3b"}])
    assert "Delete \u201cBefore work\u201d?" in read_page(client, f"/routines/{mine}/remove")
    assert len(own_of(store, ada)) == 1
    answer = client.post(f"/routines/{mine}/remove")
    assert answer.status_code == 303
    assert own_of(store, ada) == ()
    assert "Routine deleted." in read_page(client, answer.headers["Location"])


@pytest.mark.parametrize("address", ["/routines/no/change", "/routines/no/remove", "/routines/no/sheet"])
def test_unknown_routine_is_404(client: FlaskClient, address: str) -> None:
    """Reading or writing an unknown id is 404."""
    assert "Page not found" in read_page(client, address, 404)
    assert client.post("/routines/no/remove").status_code == 404
    read_page(client, "/routines/new?from=no", 404)


def test_sheet_has_pictures_doses_and_steps(client: FlaskClient, ada: Person) -> None:
    """A printed sheet has the person's name only on request."""
    page = read_page(client, "/routines/daily/sheet")
    assert page.count('role="img"') == 4
    for key in ("1a", "3a", "3b", "3c"):
        assert [step for step in exercises()[key].steps if step not in page] == []
    assert "Ada" not in page.split("<main")[1]
    assert "Daily for Ada" in read_page(client, "/routines/daily/sheet?name=1")
    assert read_page(client, "/routines/full/sheet").count("<li>") == len(exercises())


def test_sheet_draws_repeated_exercise_twice(client: FlaskClient, store: Store, ada: Person) -> None:
    """An exercise listed once per leg has two pictures, each with its own id."""
    twice = save_routine(
        store, ada.id, "Twice", [{"exercise": "3b", "side": "left"}, {"exercise": "3b", "side": "right"}]
    )
    ids = re.findall(r' id="([^"]+)"', read_page(client, f"/routines/{twice}/sheet"))
    assert len([one for one in ids if one.startswith("drawing-")]) == 2
    assert len(set(ids)) == len(ids)


def test_test_position_can_be_printed(client: FlaskClient) -> None:
    """The large picture of the test position is a page of its own."""
    assert '<title id="position-title">' in read_page(client, "/sheets/position")
