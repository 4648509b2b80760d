"""The kinds of people of the study."""

from __future__ import annotations

from dataclasses import replace

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

_SIX_MONTHS = replace(NULL, name="steady", says="no change", weeks=26)
_GAINING = replace(_SIX_MONTHS, name="gaining", says="2 mm a week", slope=2.0, weeks=12)
_STEPPED = replace(_SIX_MONTHS, name="stepped", says="a sudden loss of 20 mm in week 12", step_mm=-20.0, step_week=12.0)
BANDS = (
    _SIX_MONTHS,
    replace(_SIX_MONTHS, name="steady, SEM 3", says="no change, SEM 3 mm", sem_mm=3.0),
    replace(_SIX_MONTHS, name="steady, SEM 9", says="no change, SEM 9 mm", sem_mm=9.0),
    replace(_SIX_MONTHS, name="steady, slips", says="no change, 5 % outliers", outlier_share=0.05),
    replace(_SIX_MONTHS, name="steady, 1 a week", says="no change, one test a week", per_week=1),
    replace(_SIX_MONTHS, name="steady, 7 a week", says="no change, a test every day", per_week=7),
    replace(_SIX_MONTHS, name="steady, days", says="no change, correlated days", fade_days=3.0),
    replace(_GAINING, name="gaining"),
    replace(_GAINING, name="gaining, 6 weeks", says="2 mm a week, after 6 weeks", weeks=6),
    replace(_GAINING, name="gaining, slips", says="2 mm a week, 5 % outliers", outlier_share=0.05),
    replace(_GAINING, name="gaining, 1 a week", says="2 mm a week, one test a week", per_week=1),
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
        name="evenings",
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
"""Do the intervals contain the true value?"""

FORECASTS = (
    replace(GAIN, name="on and on", says="2 mm a week, all the time", weeks=16),
    replace(GAIN, name="then none", says="2 mm a week for 20 weeks, then none", to_week=20.0, weeks=16),
    replace(GAIN, name="12 weeks", says="2 mm a week for 12 weeks, then none", to_week=12.0, weeks=16),
    replace(GAIN, name="4 a week", says="4 mm a week, all the time", slope=4.0, weeks=10),
    replace(GAIN, name="on and on, SEM 3", says="2 mm a week all the time, SEM 3 mm", sem_mm=3.0, weeks=16),
)
"""Is the goal reached between the two dates given when a gain is confirmed?"""
GOALS_MM = (15.0, 25.0)
"""Above the start. At 2 mm a week, 15 mm are reached in week 7.5 and 25 mm in week 12.5;
at 4 mm a week in half the time. A goal beyond the end of a gain is never reached."""

STEADY = (
    replace(NULL, name="none", says="no change"),
    replace(NULL, name="0.46 a week", says="6 mm in 13 weeks, the smallest worthwhile change", slope=6.0 / 13),
    replace(NULL, name="1 a week", says="1 mm a week", slope=1.0),
    replace(NULL, name="small hump", says="6 mm in 13 weeks and back in 13", slope=6.0 / 13, turn_week=13.0, weeks=26),
    replace(NULL, name="hump", says="0.8 mm a week for 13 weeks and back in 13", slope=0.8, turn_week=13.0, weeks=26),
)
"""Is the person ever called steady, when checked once a week for a year, or while a hump lasts?"""
