"""The list of sessions, one session in chronological order, and the downloads."""

from __future__ import annotations

import csv
import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta

import pytest
from flask.testing import FlaskClient

from station.app.running.end_reasons import STATION_STOPPED
from station.core.events import SECOND_US, Side
from station.core.facts import Contact
from station.store import Store, StoreError
from station.store.records import Trial
from station.units import date_text
from tests.web.double import StationDouble
from tests.web.history import add_session, add_test
from tests.web.page_text import text_of
from web.pages.history import session_sentence


def test_history_lists_sessions_newest_first(client: FlaskClient, store: Store) -> None:
    """Each session is a card with what was done and its results, by day, with a link to older ones."""
    assert "No sessions yet" in text_of(client, "/history")
    for days in range(32):
        add_session(store, days_ago=days)
    page = text_of(client, "/history")
    headings = re.findall(r'<h2 id="day-\d+">(.*?)</h2>', page)
    now = datetime.now(UTC)
    assert headings == [date_text(now - timedelta(days=number)) for number in range(30)]
    cards = [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in re.findall(r"<li>(.*?)</li>", page)]
    assert len(cards) == 30
    assert all(one.startswith("Quick test, stretches \u25cf left 8.4 cm \u25c6 right 10.2 cm") for one in cards)
    assert all("30 s held" in one for one in cards)
    older = page.split('href="/history?before=')[1].split('"')[0]
    assert text_of(client, f"/history?before={older}").count("Quick test, stretches") == 2


@pytest.mark.parametrize("before", ["yesterday", "2026-11-23T10:00:00", "%00"])
def test_history_refuses_invalid_time(client: FlaskClient, before: str) -> None:
    """A time without a zone, or no time at all, gets a sentence."""
    assert "time" in text_of(client, f"/history?before={before}", 400)


def test_session_page_has_headline_and_charts(client: FlaskClient, store: Store) -> None:
    """The headline is the result and the credited time; each activity has a chart with a title, behind a fold."""
    _, session = add_session(store)
    page = text_of(client, f"/sessions/{session}")
    heading = re.findall(r"<h1.*?</h1>", page)
    assert [" ".join(re.sub(r"<[^>]*>", "", one).split()) for one in heading] == [
        "Left 8.4 cm \u00b1 0.3, right 10.2 cm \u00b1 0.3, 30 s of stretching"
    ]
    assert page.count('role="img"') == 2
    assert page.count("<desc") == 2
    assert page.count('<details class="prints">') == 2


def timeline_of(page: str) -> list[str]:
    """The entries of a session's timeline without their times and folds."""
    entries = re.findall(r"<li[^>]*><span class=\"minute\">.*?</span>(.*?</div></li>)", page, re.DOTALL)
    entries = [re.sub(r"<details.*?</details>", "", one, flags=re.DOTALL) for one in entries]
    return [" ".join(re.sub(r"<[^>]*>", " ", one).split()) for one in entries]


def test_session_page_is_chronological(client: FlaskClient, store: Store) -> None:
    """Test, attempts, answers, holds with the rests between them: oldest first."""
    ada, session = add_session(store, days_ago=timedelta(minutes=4) / timedelta(days=1))
    detail = store.session(session)
    assert detail is not None
    store.answer_test(detail.tests[0].id, felt_places=["calf"], pain=2)
    run = detail.holds[0].run_id
    hold = store.begin_hold(run, side=Side.RIGHT, repetition=1, target_us=30_000_000, started_us=52_000_000)
    store.finish_hold(
        hold, credited_us=20_000_000, lifted_us=0, lift_count=0, micro_lift_count=0, ended_us=72_000_000, partial=True
    )
    store.add_answer(ada.id, "pain", 3)
    store.add_answer(ada.id, "shod", False)
    store.add_answer(ada.id, "back_foot", "heel up")
    page = text_of(client, f"/sessions/{session}")
    assert detail.session.started_at.astimezone().strftime("%H:%M") in page
    assert timeline_of(page) == [
        "Quick test contact: knee pad",
        "\u25cf Left 8.4 cm \u00b1 0.3 \u2713 6.2 cm passed \u2713 8.4 cm passed \u2715 9.9 cm heel came up",
        "\u25c6 Right 10.2 cm \u00b1 0.3 \u2713 10.2 cm passed \u2715 11.6 cm knee did not reach",
        "After the test felt in the calf, pain 2 of 10",
        "\u25cf Stretch, 1 , left 30 s of 30 s heel up 1 time, 2.0 s",
        "15 s rest",
        "\u25c6 Stretch, 1 , right 20 s of 30 s partial",
        "Pain 3 of 10",
    ]


def test_trial_of_a_test_that_a_power_cut_ended_is_shown(client: FlaskClient, store: Store) -> None:
    """Its attempts are lost, because they wait for the end of the test."""
    began = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
    session = store.begin_session(None, began, simulated=False)
    run = store.begin_run(session, {"do": "test"}, began)
    test = store.begin_test(run, full=True, contact=Contact.PAD, calibration_id=None, started_us=300 * SECOND_US)
    store.add_trial(test, Trial(Side.LEFT, 1, 84.1, False, 1.2, 360 * SECOND_US))
    page = text_of(client, f"/sessions/{session}")
    assert timeline_of(page)[:2] == [
        "Full test (not finished) contact: knee pad",
        "\u25cf Left, trial 1 8.4 cm \u00b1 0.3",
    ]
    assert re.findall(r'class="minute">.*?:(\d\d)', page)[:2] == ["05", "06"]


def test_sentence_of_a_session_leaves_out_a_test_without_a_result(store: Store) -> None:
    """Stopped early, and then made again; without another test it is all there is to say."""
    began = datetime(2026, 5, 4, 7, 0, tzinfo=UTC)
    session = store.begin_session(None, began, simulated=False)
    for _ in range(2):
        run = store.begin_run(session, {"do": "test"}, began)
        store.begin_test(run, full=False, contact=Contact.PAD, calibration_id=None)
    detail = store.session(session)
    assert detail is not None
    assert session_sentence(detail, "cm") == "Test without a result."
    add_test(store, session, began + timedelta(minutes=2))
    detail = store.session(session)
    assert detail is not None
    assert session_sentence(detail, "cm") == "Test left 8.4 cm, right 10.2 cm."


def test_running_session_differs_from_interrupted(client: FlaskClient, store: Store, station: StationDouble) -> None:
    """A session without an end is the running one, or was interrupted; its hold is not finished."""
    now = datetime.now(UTC)
    session = store.begin_session(None, now, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, now)
    store.begin_hold(run, side=Side.LEFT, repetition=1, target_us=30_000_000, started_us=0)
    store.append_trace(run, "0.000,heel_left,down\n1.000,heel_left,up\n")
    page = text_of(client, f"/sessions/{session}")
    assert "interrupted" in page
    assert "not finished" in page
    station.show(session_id=session)
    assert "running now" in text_of(client, f"/sessions/{session}")
    assert "Running now" in text_of(client, "/history")
    store.end_session(session, now + timedelta(minutes=4), STATION_STOPPED)
    assert ", the station was stopped" in text_of(client, f"/sessions/{session}")


def test_running_session_is_stored_before_it_is_shown(
    client: FlaskClient, store: Store, station: StationDouble
) -> None:
    """Its trace waits in the station, which stores it for the page; on a full disk the page shows what is stored."""
    now, ada = datetime.now(UTC), store.add_person("Ada")
    session = store.begin_session(ada.id, now, simulated=False)
    run = store.begin_run(session, {"do": "hold"}, now)
    texts = iter([f"{second}.000000,heel_left,{'up' if second % 2 else 'down'}\n" for second in range(4)])
    station.on_write_waiting = lambda: store.append_trace(run, next(texts))
    assert "heel_left" not in text_of(client, f"/runs/{run}/trace.csv"), "it does not run"
    station.show(session_id=session, person_id=ada.id, activity="hold", phase="hold")
    assert "0.000000,heel_left,down" in text_of(client, f"/runs/{run}/trace.csv")
    bundle = zipfile.ZipFile(io.BytesIO(client.get(f"/sessions/{session}/bundle.zip", buffered=True).data))
    assert any(b"1.000000,heel_left,up" in bundle.read(name) for name in bundle.namelist())
    assert 'role="img"' in text_of(client, f"/sessions/{session}")
    assert client.post("/data/person", data={"kind": "bundle"}, buffered=True).status_code == 200
    assert next(texts, None) is None
    station.on_write_waiting = refuse_to_write
    assert 'role="img"' in text_of(client, f"/sessions/{session}")


def refuse_to_write() -> None:
    raise StoreError("The disk is full.")


def test_downloads_are_complete(client: FlaskClient, store: Store) -> None:
    """A trace can be replayed, a bundle has the session's traces, and the table has a row per result."""
    ada, session = add_session(store)
    detail = store.session(session)
    assert detail is not None
    trace = text_of(client, f"/runs/{detail.run_ids[0]}/trace.csv")
    assert json.loads(trace.splitlines()[0].lstrip("# "))["do"] == "test"
    assert "at_s,channel,value" in trace
    bundle = client.get(f"/sessions/{session}/bundle.zip", buffered=True)
    assert len(zipfile.ZipFile(io.BytesIO(bundle.data)).namelist()) == 3
    assert "attachment" in bundle.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(text_of(client, "/history.csv"))))
    assert [row["kind"] for row in rows] == ["quick test", "quick test", "hold"]
    assert {row["person"] for row in rows} == {ada.name}
    assert [row["value"] for row in rows] == ["84.1", "101.6", "30.0"]


def test_name_like_a_formula_is_harmless_in_the_table(client: FlaskClient, store: Store) -> None:
    add_session(store, name='=HYPERLINK("//evil.example")')
    rows = list(csv.DictReader(io.StringIO(text_of(client, "/history.csv"))))
    assert {row["person"][0] for row in rows} == {"'"}
