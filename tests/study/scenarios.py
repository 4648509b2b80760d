"""The kinds of people of the study."""

from __future__ import annotations

from dataclasses import replace
from math import log

from tests.study.people import Scenario

NULL = Scenario("null", "no change, three tests a week", 52)
GAIN = Scenario("gain", "2 mm a week, three tests a week", 30, slope=2.0)

CHANGES = (
    NULL,
    replace(NULL, name="null, SEM 3", says="no change, SEM 3 mm", sem_mm=3.0),
    replace(NULL, name="null, SEM 9", says="no change, SEM 9 mm", sem_mm=9.0),
    replace(NULL, name="null, 1 a week", says="no change, one test a week", per_week=1),
    replace(NULL, name="null, 7 a week", says="no change, a test every day", per_week=7),
    replace(NULL, name="null, slips", says="no change, 5 % outliers", outlier_share=0.05),
    replace(NULL, name="null, mixed", says="no change, every sixth test full", full_every=6),
    replace(NULL, name="null, days", says="no change, correlated days (3 days)", fade_days=3.0),
    replace(
        NULL,
        name="null, days, 7 a week",
        says="no change, a test every day, correlated days (3 days)",
        per_week=7,
        fade_days=3.0,
    ),
    GAIN,
    replace(GAIN, name="gain 1", says="1 mm a week", slope=1.0, weeks=52),
    replace(GAIN, name="gain 4", says="4 mm a week", slope=4.0, weeks=16),
    replace(GAIN, name="gain, SEM 3", says="2 mm a week, SEM 3 mm", sem_mm=3.0, weeks=20),
    replace(GAIN, name="gain, SEM 9", says="2 mm a week, SEM 9 mm", sem_mm=9.0, weeks=40),
    replace(GAIN, name="gain, 1 a week", says="2 mm a week, one test a week", per_week=1, weeks=40),
    replace(GAIN, name="gain, 7 a week", says="2 mm a week, a test every day", per_week=7, weeks=16),
    replace(GAIN, name="gain, slips", says="2 mm a week, 5 % outliers", outlier_share=0.05, weeks=40),
    replace(GAIN, name="gain, mixed", says="2 mm a week, every sixth test full", full_every=6),
    replace(GAIN, name="gain, days", says="2 mm a week, correlated days (3 days)", fade_days=3.0),
    replace(GAIN, name="later gain", says="2 mm a week from week 12", from_week=12.0, weeks=40),
    replace(GAIN, name="loss", says="a sudden loss of 20 mm in week 12", slope=0.0, step_mm=-20.0, step_week=12.0),
)
"""When does each rule first confirm a change?"""

TESTS = {1: "a test a week", 3: "3 tests a week", 7: "a test a day"}
SPELLS_FADE_DAYS = -1 / log(0.9)
_SPELLS = replace(NULL, name="spells", says="spells of ten days, SD 3 mm", fade_days=SPELLS_FADE_DAYS)
SEASONS = replace(NULL, name="seasons", says="seasons of 4 mm up and down (a true swing of 8 mm)", season_mm=4.0)
LIVES = (
    *(
        replace(
            NULL,
            name=f"SEM {sem}, {rate} a week{', outliers' * (share > 0)}",
            says=f"SEM {sem} mm, {TESTS[rate]}{', 5 % outliers' * (share > 0)}",
            sem_mm=float(sem),
            per_week=rate,
            outlier_share=share,
        )
        for sem in (3, 5, 9)
        for rate in (1, 3, 7)
        for share in (0.0, 0.05)
    ),
    replace(
        NULL,
        name="evening",
        says="from mornings to evenings in week 12 (+6 mm)",
        evening_mm=6.0,
        evening_from_week=12.0,
    ),
    replace(NULL, name="evenings", says="every other test in the evening (+6 mm)", evening_mm=6.0, evening_share=0.5),
    replace(
        NULL, name="recalibrated", says="recalibrated in week 12 (+3 mm)", calibration_mm=3.0, calibrated_week=12.0
    ),
    replace(NULL, name="learning", says="learning the test, +10 mm over the first five", learning_mm=10.0),
    _SPELLS,
    replace(_SPELLS, name="spells, 7 a week", says="spells of ten days, SD 3 mm, a test a day", per_week=7),
    replace(_SPELLS, name="long spells", says="spells of ten days, SD 5 mm", day_mm=5.0),
    replace(
        _SPELLS,
        name="long spells, 7 a week",
        says="spells of ten days, SD 5 mm, a test a day",
        day_mm=5.0,
        per_week=7,
    ),
    SEASONS,
    replace(NULL, name="three years", says="three years instead of one", weeks=156),
)
"""The worlds of the table, without a change. The first 18 cross the error, the rate of tests and outliers."""
GAINING_WEEKS = {1: 52, 3: 30, 7: 20}
"""Weeks simulated, by tests a week: long enough for nearly everybody."""
COVERED_WEEKS = 16
"""The weeks of a gain after which the intervals of the table are compared with the truth."""


def gaining(life: Scenario) -> Scenario:
    """The same life, with a gain of 2 mm a week from the first test on."""
    weeks = GAINING_WEEKS[life.per_week]
    return replace(life, name=f"{life.name}, gaining", says=f"{life.says}, gaining 2 mm a week", slope=2.0, weeks=weeks)


def gaining_briefly(life: Scenario) -> Scenario:
    """The same gain, as far as the intervals are compared."""
    return replace(gaining(life), weeks=COVERED_WEEKS)


EARLY_LOSS = replace(GAIN, name="early loss", says="10 mm lost in week 1", slope=0.0, step_mm=-10.0, step_week=1.0)
COURSES = (
    replace(
        GAIN,
        name="tape",
        says="2 mm a week after half a year of imported results",
        tape_weeks=26.0,
        from_week=26.0,
        weeks=56,
    ),
    replace(GAIN, name="brief", says="8 mm in four weeks from the first test on", to_week=4.0, weeks=28),
    replace(GAIN, name="baseline", says="8 mm in four weeks after two weeks of tests", from_week=2.0, to_week=6.0),
    EARLY_LOSS,
    replace(GAIN, name="loss after a baseline", says="10 mm lost in week 3", slope=0.0, step_mm=-10.0, step_week=3.0),
    replace(GAIN, name="injury", says="20 mm lost in week 12", slope=0.0, step_mm=-20.0, step_week=12.3),
)
"""If both ankles change alike, how often is it confirmed, and when?"""
PRICED = (
    replace(GAIN, name="gain", says="2 mm a week: half / 95 %"),
    replace(_SPELLS, name="spells", says="spells, SD 3 mm"),
    replace(_SPELLS, name="long spells", says="spells, SD 5 mm", day_mm=5.0),
    EARLY_LOSS,
)
ODDS = (1.0, 3.0, 8.0, 25.0, 80.0, 250.0)
"""The odds of a change against spells, for the price of the promise."""

_SIX_MONTHS = replace(NULL, name="steady", says="no change", weeks=26)
_GAINING = replace(_SIX_MONTHS, name="gaining", says="2 mm a week", slope=2.0, weeks=12)
_STEPPED = replace(_SIX_MONTHS, name="stepped", says="a sudden loss of 20 mm in week 12", step_mm=-20.0, step_week=12.0)
BANDS = (
    _SIX_MONTHS,
    replace(_GAINING, name="gaining"),
    replace(_GAINING, name="gaining, 6 weeks", says="2 mm a week, after 6 weeks", weeks=6),
    replace(_GAINING, name="gaining 4", says="4 mm a week", slope=4.0),
    replace(_GAINING, name="gaining 4, 8 weeks", says="4 mm a week, after 8 weeks", slope=4.0, weeks=8),
    *(
        replace(
            _GAINING,
            name=f"stopped {weeks}",
            says=f"2 mm a week for 10 weeks, in week {10 + weeks}",
            to_week=10.0,
            weeks=10 + weeks,
        )
        for weeks in (1, 2, 4)
    ),
    replace(_GAINING, name="gained", says="2 mm a week for 10 weeks, in week 26", to_week=10.0, weeks=26),
    *(
        replace(
            _GAINING,
            name=f"begun {weeks}",
            says=f"none for 12 weeks, 2 mm a week for {weeks}",
            from_week=12.0,
            weeks=12 + weeks,
        )
        for weeks in (4, 8)
    ),
    *(
        replace(
            _STEPPED,
            name=f"stepped {tests}",
            says=f"a sudden loss of 20 mm, at test {tests} after it",
            most_tests=36 + tests,
        )
        for tests in (1, 2, 3, 6)
    ),
    replace(
        _STEPPED,
        name="stepped 6, slips",
        says="a sudden loss of 20 mm, at test 6 after it, 5 % outliers",
        outlier_share=0.05,
        most_tests=42,
    ),
    replace(_STEPPED, name="stepped"),
    replace(_SIX_MONTHS, name="mixed", says="every third test full, reading 4 mm more", full_every=3, full_mm=4.0),
    replace(
        _GAINING,
        name="gaining, mixed",
        says="2 mm a week, every third full, reading 4 mm more",
        full_every=3,
        full_mm=4.0,
    ),
    replace(
        _SIX_MONTHS,
        name="some evenings",
        says="every third test in the evening, 6 mm more",
        evening_every=3,
        evening_mm=6.0,
    ),
    *(
        replace(
            _SIX_MONTHS,
            name=f"to evenings {weeks}",
            says=f"from mornings to evenings, 6 mm more, {weeks} weeks later",
            evening_from_week=12.0,
            evening_mm=6.0,
            weeks=12 + weeks,
        )
        for weeks in (4, 14)
    ),
    *(
        replace(
            _SIX_MONTHS,
            name=f"recalibrated {weeks}",
            says=f"a new calibration, 3 mm more, {weeks} weeks later",
            calibrated_week=12.0,
            calibration_mm=3.0,
            weeks=12 + weeks,
        )
        for weeks in (4, 14)
    ),
)
"""Do the intervals contain the true value when a change is fresh, or the tests are of two kinds?"""

FORECASTS = (
    replace(GAIN, name="then none", says="2 mm a week for 20 weeks, then none", to_week=20.0, weeks=16),
    replace(GAIN, name="12 weeks", says="2 mm a week for 12 weeks, then none", to_week=12.0, weeks=16),
    replace(GAIN, name="4 a week", says="4 mm a week, all the time", slope=4.0, weeks=10),
)
"""Is the goal reached between the two dates given when a gain is confirmed, if it is fast or ends?"""
GOALS_FURTHER_MM = (5.0, 15.0)
"""How far the goals are from the true level on that day. One beyond the end of a gain is never reached."""

STEADY = (
    replace(NULL, name="none", says="no change"),
    replace(NULL, name="0.46 a week", says="6 mm in 13 weeks, the smallest worthwhile change", slope=6.0 / 13),
    replace(NULL, name="1 a week", says="1 mm a week", slope=1.0),
    replace(NULL, name="small hump", says="6 mm in 13 weeks and back in 13", slope=6.0 / 13, turn_week=13.0, weeks=26),
    replace(NULL, name="hump", says="0.8 mm a week for 13 weeks and back in 13", slope=0.8, turn_week=13.0, weeks=26),
)
"""Is the person ever called steady, when checked once a week for a year, or while a hump lasts?"""

CLAIMS = (
    replace(GAIN, name="gaining slowly", says="0.8 mm a week, a year", slope=0.8, weeks=52),
    replace(GAIN, name="gaining fast", says="4 mm a week, 16 weeks", slope=4.0, weeks=16),
    replace(GAIN, name="stopping", says="2 mm a week for 10 weeks, then none", to_week=10.0, weeks=40),
    replace(
        GAIN,
        name="up and back",
        says="1.5 mm a week for 12 weeks, and back in 12",
        slope=1.5,
        turn_week=12.0,
        to_week=24.0,
        weeks=40,
    ),
    replace(NULL, name="injured", says="a sudden loss of 20 mm in week 12", step_mm=-20.0, step_week=12.0, weeks=30),
    replace(NULL, name="large seasons", says="8 mm up and down in a year, for 18 months", season_mm=8.0, weeks=78),
    replace(NULL, name="uneven", says="the left 20 mm further, no change", left_further_mm=20.0, weeks=26),
    replace(GAIN, name="below range", says="from 20 mm below zero, 1 mm a week", start_mm=-20.0, slope=1.0, weeks=52),
)
"""Further courses for the sentences: is what the station says true?"""
