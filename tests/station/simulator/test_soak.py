"""Three days of use in virtual time; `make bench` lives thirty of them."""

from __future__ import annotations

from pathlib import Path

from tests.bench.soak import soak

MOST_GROWTH_MB = 8.0
"""The second and third day's caches; a trace that is kept in memory, or a page a day, is more."""
MORE_DESCRIPTORS = 12
"""SQLite's connections for pages, three files each, are opened as more pages are read at once. A file that stays open
for each page that is loaded, or each state of a stream, is more."""
MORE_OBJECTS = 3_000
"""A few for each session's line on the pages, and the last edges of the buzzer; the rows of one trace are more."""
MOST_LOG_KB = 16_000


def test_three_days_leave_nothing_behind(tmp_path: Path) -> None:
    """Sessions with faults, open and closed pages, backups and reminders: after the first day threads stay the same,
    descriptors and memory nearly, and SQLite's log is used again."""
    first, *later = soak(tmp_path, days=3, visits=1)
    for day in later:
        assert day.threads <= first.threads
        assert day.descriptors <= first.descriptors + MORE_DESCRIPTORS
        assert day.objects <= first.objects + MORE_OBJECTS
        assert day.memory_mb <= first.memory_mb + MOST_GROWTH_MB
        assert day.log_kb <= MOST_LOG_KB
        assert day.warnings <= 10
        assert day.reminders == 3
        assert day.backups == day.day
        assert day.sessions == day.day
