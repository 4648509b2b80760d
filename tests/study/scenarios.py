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
BANDS = (
    _SIX_MONTHS,
    replace(_SIX_MONTHS, name="steady, SEM 3", says="no change, SEM 3 mm", sem_mm=3.0),
    replace(_SIX_MONTHS, name="steady, SEM 9", says="no change, SEM 9 mm", sem_mm=9.0),
    replace(_SIX_MONTHS, name="steady, slips", says="no change, 5 % outliers", outlier_share=0.05),
    replace(_SIX_MONTHS, name="steady, 1 a week", says="no change, one test a week", per_week=1),
    replace(_SIX_MONTHS, name="steady, 7 a week", says="no change, a test every day", per_week=7),
    replace(_SIX_MONTHS, name="steady, days", says="no change, correlated days", fade_days=3.0),
    replace(_SIX_MONTHS, name="gaining", says="2 mm a week", slope=2.0, weeks=12),
    replace(
        _SIX_MONTHS, name="gaining, slips", says="2 mm a week, 5 % outliers", slope=2.0, outlier_share=0.05, weeks=12
    ),
    replace(
        _SIX_MONTHS, name="gaining, mixed", says="2 mm a week, every sixth full", slope=2.0, full_every=6, weeks=12
    ),
    replace(_SIX_MONTHS, name="gained", says="2 mm a week for 10 weeks, then none", slope=2.0, to_week=10.0),
    replace(_SIX_MONTHS, name="stepped", says="a sudden loss of 20 mm in week 12", step_mm=-20.0, step_week=12.0),
)
"""Do the intervals contain the true value?"""

FORECASTS = (
    replace(GAIN, name="on and on", says="2 mm a week, all the time", weeks=16),
    replace(GAIN, name="then none", says="2 mm a week for 20 weeks, then none", to_week=20.0, weeks=16),
    replace(GAIN, name="on and on, SEM 3", says="2 mm a week all the time, SEM 3 mm", sem_mm=3.0, weeks=16),
)
"""Is the goal reached between the two dates given when a gain is confirmed?"""
GOALS_MM = (15.0, 25.0)
"""Above the start. At 2 mm a week, 15 mm are reached in week 7.5 and 25 mm in week 12.5."""

STEADY = (
    replace(NULL, name="none", says="no change"),
    replace(NULL, name="0.46 a week", says="6 mm in 13 weeks, the smallest worthwhile change", slope=6.0 / 13),
    replace(NULL, name="1 a week", says="1 mm a week", slope=1.0),
    replace(NULL, name="small hump", says="6 mm in 13 weeks and back in 13", slope=6.0 / 13, turn_week=13.0, weeks=26),
    replace(NULL, name="hump", says="0.8 mm a week for 13 weeks and back in 13", slope=0.8, turn_week=13.0, weeks=26),
)
"""Is the person ever called steady, when checked once a week for a year, or while a hump lasts?"""
