"""The circumstances of tests: what is known without asking, what a person answers once, and all of it in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import lru_cache

from msgspec.structs import replace

from station.catalogue.read import exercises
from station.catalogue.records import Group
from station.core.progress.part_of_day import part_of_day
from station.core.progress.records import Circumstances, TimeOfDay
from station.store import Reader
from station.store.records import ResultSummary

SHOD_TEXTS = {False: "barefoot", True: "with shoes"}
BACK_FOOT_TEXTS = {
    "heel up": "other foot behind, heel up",
    "flat": "other foot behind, flat",
    "off": "other foot off the floor",
}
WARMED_UP_TEXTS = {True: "warmed up", False: "not warmed up"}
AFTER_STRETCH = "after a stretch that day"


def circumstance_texts(of_test: Circumstances) -> list[str]:
    """What is known about how and when the ankle was tested, in words."""
    found = [] if of_test.shod is None else [SHOD_TEXTS[of_test.shod]]
    found += [] if of_test.back_foot is None else [BACK_FOOT_TEXTS.get(of_test.back_foot, of_test.back_foot)]
    found += [] if of_test.warmed_up is None else [WARMED_UP_TEXTS[of_test.warmed_up]]
    return [*found, AFTER_STRETCH] if of_test.after_stretch else found


def circumstances_by_test(
    reader: Reader, person_id: str | None, scores: Sequence[ResultSummary], local: Mapping[datetime, datetime]
) -> dict[str, Circumstances]:
    """The circumstances of each of a person's tests: those stored with it, and those that follow from its time and the
    exercises before it.

    A stretch counts if it was earlier that day, a warm-up if it was earlier in the session. `local` maps each test's
    start to the station's local time. Raises StoreError.
    """
    warm_ups = {key for key, one in exercises().items() if one.group is Group.WARM_UP}
    stretch_at: dict[date, datetime] = {}
    warm_up_at: dict[str, datetime] = {}
    for one in reader.exercises_begun(person_id, warm_ups):
        if one.stretch_at is not None:
            day = one.stretch_at.astimezone().date()
            stretch_at[day] = min(one.stretch_at, stretch_at.get(day, one.stretch_at))
        if one.warm_up_at is not None:
            warm_up_at[one.session_id] = min(one.warm_up_at, warm_up_at.get(one.session_id, one.warm_up_at))
    found = {}
    for score in scores:
        at = score.started_at
        at_station = local[at]
        found[score.test_id] = _completed(
            score.circumstances,
            part_of_day(at_station.hour) if score.is_time_known else None,
            after_stretch=score.is_time_known and stretch_at.get(at_station.date(), at) < at,
            after_warm_up=warm_up_at.get(score.session_id, at) < at,
        )
    return found


@lru_cache(maxsize=256)
def _completed(
    stored: Circumstances, time_of_day: TimeOfDay | None, *, after_stretch: bool, after_warm_up: bool
) -> Circumstances:
    """The completed record; equal ones are shared, because years of tests differ in little."""
    warmed_up = True if after_warm_up and stored.warmed_up is None else stored.warmed_up
    return replace(stored, time_of_day=time_of_day, after_stretch=after_stretch, warmed_up=warmed_up)
