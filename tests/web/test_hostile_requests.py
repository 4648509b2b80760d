"""Requests that no browser sends: no route answers with an error of its own, or sends back what it was given as markup.

Ten thousand are made from a fixed seed, by somebody of each role; those that reached something new are kept beside
this file, are sent again, and are changed by hypothesis.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.web.hostile import (
    CALLERS,
    CANARY,
    FORM,
    MANY_DIGITS,
    OWN,
    Hostile,
    Page,
    corpus,
    fault_of,
    open_page,
    requests_of,
)

BAD_ORIGINS = ("http://a]b", "http://[", "http://[::1", "null", "", MANY_DIGITS, "http://a:99999999", "\xff", CANARY)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    with open_page(tmp_path_factory.mktemp("hostile")) as opened:
        yield opened


@pytest.mark.parametrize(("caller", "rounds"), CALLERS.items())
def test_no_request_breaks_a_route(tmp_path: Path, caller: str, rounds: int, caplog: pytest.LogCaptureFixture) -> None:
    with open_page(tmp_path) as page:
        for hostile in requests_of(page, caller, rounds):
            status, fault = fault_of(page, hostile)
            what = f"{hostile.method} {hostile.path[:300]} {hostile.body[:300]!r} of {caller}: {status}"
            assert fault is None, f"{what}: {fault}: {caplog.text[-1500:]}"


def test_there_are_ten_thousand() -> None:
    assert sum(CALLERS.values()) == 10_000


def test_kept_requests_are_answered(tmp_path: Path) -> None:
    """Each was the first to reach its route with its status; later changes of a page may answer it otherwise."""
    with open_page(tmp_path) as page:
        faults = [(one, fault) for one in corpus() if (fault := fault_of(page, one.with_ids(page.ids))[1]) is not None]
    assert faults == []


@given(kept=st.sampled_from(corpus()), which=st.integers(0, 20), value=st.text(max_size=200))
@settings(max_examples=400)
def test_kept_request_with_any_other_value_is_answered(page: Page, kept: Hostile, which: int, value: str) -> None:
    """One field of the query or the form, or else the whole body, becomes any text."""
    hostile = kept.with_ids(page.ids)
    address, _, query = hostile.path.partition("?")
    fields = parse_qsl(query if hostile.method != "POST" else hostile.body, keep_blank_values=True)
    if fields:
        fields[which % len(fields)] = (fields[which % len(fields)][0], value)
    changed = urlencode(fields, errors="replace") if fields else value
    if hostile.method == "POST":
        hostile = msgspec.structs.replace(hostile, body=changed)
    else:
        hostile = msgspec.structs.replace(hostile, path=f"{address}?{urlencode(fields, errors='replace')}"[:8000])
    assert fault_of(page, hostile)[1] is None


@pytest.mark.parametrize(
    ("address", "field", "value", "sentence"),
    [
        ("/history", "before", "9999-12-31T23:59:59-14:00", "must be a time"),
        ("/history", "before", "2026-11-23T21:16:00", "must be a time"),
        ("/plan", "minutes", MANY_DIGITS, "from 1 to"),
        ("/plan", "minutes", "\u0663", "from 1 to"),
        ("/dismiss-missed", "occurrence", "0001-01-01T00:00:00+14:00", "no time of your plan"),
        ("/settings", "hold_s", MANY_DIGITS, "whole number from 5 to 300"),
    ],
)
def test_number_or_time_out_of_bounds_gets_a_short_sentence(
    page: Page, address: str, field: str, value: str, sentence: str
) -> None:
    """Too many digits for Python's own conversion, digits of another script, a time beyond the calendar."""
    typed = urlencode({field: value})
    headers = [*OWN, ("Cookie", f"person={page.ids[0]}")]
    is_query = address == "/history"
    status, text = (
        page.ask("GET", f"{address}?{typed}", headers) if is_query else page.ask("POST", address, headers + FORM, typed)
    )
    assert status == 400
    assert sentence in text
    assert len(text) < 20_000 + 2 * len(value)


@pytest.mark.parametrize("origin", BAD_ORIGINS)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_origin_that_is_no_address_is_another_site(page: Page, origin: str, method: str) -> None:
    status, text = page.ask(method, "/people", [("Host", "localhost"), ("Origin", origin)])
    assert status == 403
    assert "another site" in text


@pytest.mark.parametrize("length", [MANY_DIGITS, "-1", "1e3", "\u0663", "65537"])
def test_length_that_is_no_number_is_refused(page: Page, length: str) -> None:
    status, text = page.ask("POST", "/people", [*OWN, *FORM, ("Content-Length", length)], "name=Eve")
    assert status == 413
    assert "64 KB" in text


@given(st.text(max_size=60), st.text(max_size=60))
def test_any_host_and_origin_get_an_answer(page: Page, host: str, origin: str) -> None:
    status, _ = page.ask("POST", "/people", [("Host", host), ("Origin", origin)])
    assert 400 <= status < 500
