"""Published toe distances, as context for a person who asks for it.

Group means only, without bands or a verdict: methods, people and ages differ between studies.
"""

from __future__ import annotations

from msgspec import Struct


class PublishedMean(Struct, frozen=True):
    """The toe distance of one group in mm, mean and SD, with its population and source."""

    mean_mm: float
    sd_mm: float
    people: int
    population: str
    source: str


PUBLISHED_MEANS = (
    PublishedMean(120.0, 28.0, 35, "healthy people", "Hoch and McKeon 2011, Manual Therapy 16:516"),
    PublishedMean(
        103.0,
        30.0,
        50,
        "people not described further in the abstract",
        "Hall and Docherty 2017, J Sci Med Sport 20:618",
    ),
    PublishedMean(116.0, 39.0, 26, "healthy male university students, left", "Calatayud 2015, PMC4387727"),
    PublishedMean(119.0, 40.0, 26, "healthy male university students, right", "Calatayud 2015, PMC4387727"),
    PublishedMean(
        106.8, 24.4, 693, "basketball players aged 12 to 17", "Adillon 2022, Int J Environ Res Public Health 19:11740"
    ),
)
"""Knee-to-wall tests with the heel down."""
