"""Grid lines of a time axis in time zones with odd days."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from web.charts.time_axis import Span, ticks


@pytest.fixture
def apia(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Samoa, which had no 30 December 2011."""
    with monkeypatch.context() as patched:
        patched.setenv("TZ", "Pacific/Apia")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("apia")
def test_skipped_day_has_no_grid_line() -> None:
    """The days before and after it have one line each."""
    since = datetime(2011, 12, 28, 20, tzinfo=UTC)
    labels = [label for _, label in ticks(Span(since, since + timedelta(days=4)))]
    assert labels == ["29 Dec", "31 Dec", "1 Jan", "2 Jan"]
