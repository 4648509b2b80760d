"""The demonstration's history: ten weeks of two simulated people, made like `station simulate`.

`python -m station.system.demo_history` rebuilds the shipped file in some minutes; the same code makes the same file.
"""

from __future__ import annotations

import lzma
import re
import tempfile
from datetime import datetime, timedelta
from pathlib import Path

import click

from station.simulator.ankle import PersonProfile
from station.simulator.virtual import BEGIN_WALL
from station.store import Store
from station.store.exchange.export import export_json
from station.store.exchange.merge import import_export
from station.store.reading.reader import Reader
from station.system.simulate import Habits, simulate

SHIPPED = Path(__file__).parents[1] / "simulator" / "history" / "ten-weeks.json.xz"
DAYS = 70
MOMENT = re.compile(r"(?<=\")\d{4}-\d\d-\d\dT[\d:.]+\+00:00(?=\")")
"""A time in the export."""

PEOPLE = (
    Habits(
        "Robin",
        PersonProfile(left_limit_mm=84.0, right_limit_mm=80.0, left_gain_mm_week=2.0, right_gain_mm_week=2.0),
        begin=BEGIN_WALL,
        seed=11,
    ),
    Habits(
        "Sam",
        PersonProfile(
            left_limit_mm=104.0,
            right_limit_mm=62.0,
            left_gain_mm_week=0.3,
            right_gain_mm_week=2.4,
            reaction_s=0.65,
            mean_lift_interval_s=45.0,
            lunge_load_fraction=1.6,
        ),
        begin=BEGIN_WALL.replace(hour=17),
        sessions_per_week=4,
        seed=12,
    ),
)
"""A runner who gains steadily, and a person whose right ankle recovers from a sprain."""


def fill(store: Store, now: datetime | None = None) -> None:
    """Fill an empty store with the shipped history. Raises StoreError.

    With `now` it is shifted by whole weeks, to end in the seven days before; weekdays stay.
    """
    if now is None:
        import_export(store, SHIPPED, same_board=True)
        return
    with tempfile.TemporaryDirectory(prefix="station-history-") as scratch:
        path = Path(scratch) / "history.json"
        path.write_text(moved_to(now, lzma.decompress(SHIPPED.read_bytes()).decode()), encoding="utf-8")
        import_export(store, path, same_board=True)


def moved_to(now: datetime, export: str) -> str:
    """The export with all times shifted by the same whole weeks, the newest into the seven days before `now`."""
    newest = max(map(datetime.fromisoformat, MOMENT.findall(export)))
    by = (now - newest) // timedelta(weeks=1) * timedelta(weeks=1)
    return MOMENT.sub(lambda found: (datetime.fromisoformat(found[0]) + by).isoformat(), export)


def make(path: Path, days: int = DAYS) -> None:
    """Make the history and export it to `path`, with the traces of the newest session for its chart."""
    with tempfile.TemporaryDirectory(prefix="station-history-") as scratch:
        database = Path(scratch) / "history.db"
        for person in PEOPLE:
            with click.progressbar(simulate(person, days, database), length=days, label=person.name) as each:
                for _ in each:
                    pass
        with Reader.open(database) as reader:
            newest = max(reader.sessions(), key=lambda session: session.started_at)
            detail = reader.session(newest.id)
            export_json(reader, path, traces=() if detail is None else detail.run_ids)


if __name__ == "__main__":
    make(SHIPPED)
