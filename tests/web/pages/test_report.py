"""The report's page and file: what is where, for whom, and nothing loaded from elsewhere."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from flask.testing import FlaskClient

from station.app.results.report import report_of
from station.profile import Profile
from station.store import Store
from tests.report_histories import add_months, add_test
from tests.web.page_text import text_of
from tests.web.years import add_years_of_tests
from web.context import NOBODY, PERSON_COOKIE
from web.pages.report import report_file

HEADINGS = (
    *("Both sides", "How well tests repeat", "Training, worst pain, felt place", "How it was measured"),
    *("Results left out, and why", "How to read it"),
)


def test_report_has_every_part(client: FlaskClient, store: Store) -> None:
    """The sentence comes before the numbers, and the numbers before how far to trust them."""
    ada = add_months(store)
    page, report = text_of(client, "/report"), report_of(store, ada, datetime.now(UTC))
    assert re.findall(r"<h1>(.*?)</h1>", page) == ["Ankle report: Ada"]
    places = [page.index(words) for words in (report.summary, *HEADINGS)]
    assert sorted(places[:3]) == places[:3]
    for line in (*report.lines, *report.repeats):
        assert f'<th scope="row">{line.name}</th>' in page
        assert f'<td data-name="Left">{line.left}</td><td data-name="Right">{line.right}</td>' in page
    for term, words in report.protocol:
        assert f"<dt>{term}</dt><dd>{words}</dd>" in page
    assert report.difference in page
    assert report.dose in page
    assert page.count('<th scope="row" data-name="Week of">') == len(report.weeks)
    assert all(name in page for name in ("left trend", "right trend", "band left level", "band right level"))


def test_chart_of_a_part_of_the_tests_says_so(client: FlaskClient, store: Store) -> None:
    """The line above counts the tests of all years."""
    add_months(store)
    assert "The last six months." not in text_of(client, "/report")
    ann = add_years_of_tests(store, 400, every=10.0)
    client.post("/person", data={"person": ann.id})
    assert "The last six months." in text_of(client, "/report")


def test_icc_names_its_group(client: FlaskClient, store: Store) -> None:
    """One person has none: the sheet names the group, its SD and the source beside the number."""
    add_months(store)
    page = text_of(client, "/report")
    assert "An ICC compares people, so one person has none." in page
    assert "693 basketball players aged 12 to 17, SD 2.4 cm; Adillon 2022" in page


def test_report_without_tests_has_no_chart(client: FlaskClient, store: Store) -> None:
    store.add_person("Ada")
    page = text_of(client, "/report")
    assert "No test yet." in page
    assert "progress-chart" not in page
    assert "ICC" not in page
    assert "No training yet." in page
    assert not [name for name in ("How it was measured", "left out, and why", "How to read it") if name in page]


def test_hurt_side_is_marked_in_every_table(client: FlaskClient, store: Store) -> None:
    """A physiotherapist looks for it first."""
    ada = add_months(store)
    store.save_profile(ada.id, Profile(hurt_side="left", hurt_since="2026-03"))
    page = text_of(client, "/report")
    assert page.count(" Left (hurt)</th>") == 2
    assert " Right (hurt)" not in page
    assert "<b>Left ankle hurt, since Mar 2026.</b>" in page


def test_report_of_one_test(client: FlaskClient, store: Store) -> None:
    add_test(store, store.add_person("Ada"), 0.1, 84.0, None)
    page = text_of(client, "/report")
    assert "1 test, " in page
    assert "not tested" in page
    assert 'class="left trend"' not in page
    assert "Band: " not in page


def test_report_needs_a_person(client: FlaskClient, store: Store) -> None:
    """It asks who it is, and choosing returns to it; unclaimed results belong in nobody's report."""
    ada = add_months(store)
    store.add_person("Bea")
    client.set_cookie(PERSON_COOKIE, NOBODY)
    page = text_of(client, "/report")
    assert "Choose who you are first." in page
    assert "No one yet" not in page
    answer = client.post(
        "/person", data={"person": ada.id, "return_to": "report"}, headers={"Sec-Fetch-Site": "same-origin"}
    )
    assert answer.headers["Location"] == "/report"
    assert "Ankle report: Ada" in text_of(client, "/report")


def test_progress_leads_to_report(client: FlaskClient, store: Store) -> None:
    add_test(store, store.add_person("Ada"), 0.1, 84.0, None)
    page = text_of(client, "/progress")
    assert re.search(r'<a class="button" href="/report">.*Report for your physiotherapist</a>', page)


def test_print_button_needs_scripts_and_page_names_the_alternative(client: FlaskClient, store: Store) -> None:
    store.add_person("Ada")
    page = text_of(client, "/report")
    assert re.search(r'<button type="button" class="primary js-only" data-print>', page)
    without = page.partition("<noscript>")[2].partition("</noscript>")[0]
    assert "save it as PDF, with your browser" in without


def test_file_has_the_same_sheet_as_the_page(client: FlaskClient, store: Store) -> None:
    """The same article, with the style included."""
    ada = add_months(store)
    file, page = report_file(store, ada, datetime.now(UTC)), text_of(client, "/report")
    sheet = re.compile(r'<article class="report">.*</article>', re.DOTALL)
    found = [sheet.search(text) for text in (file, page)]
    assert found[0] is not None
    assert found[1] is not None
    assert found[0].group() == found[1].group()
    assert ".progress-chart" in file.partition("<style>")[2].partition("</style>")[0]


def test_file_loads_and_runs_nothing(store: Store) -> None:
    """It has no address, script or import, and its policy allows none."""
    file = report_file(store, add_months(store), datetime.now(UTC))
    assert re.findall(r"<(?:script|link|img|iframe|a)\b|@import|url\(|https?:", file) == []
    assert "default-src 'none'; style-src 'unsafe-inline'" in file


def test_name_is_text_in_page_and_file(client: FlaskClient, store: Store) -> None:
    """A name that is HTML stays a name."""
    name = "<img src=x onerror=alert(1)></style>"
    ada = store.add_person(name)
    for text in (text_of(client, "/report"), report_file(store, ada, datetime.now(UTC))):
        assert "<img" not in text
        assert text.count("</style>") <= 1
        assert "&lt;img src=x onerror=alert(1)&gt;" in text
