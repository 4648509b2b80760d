"""What others have measured, as context for a person who opens it.

Means of groups and nothing else: no bands and no verdict. The way of measuring, the people and their age differ from
one study to the next, and from any one person.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PublishedMean:
    """Toe distance of one group in mm, mean and SD, with who they were and where it is printed."""

    mean_mm: float
    sd_mm: float
    people: int
    population: str
    source: str


PUBLISHED_MEANS = (
    PublishedMean(120.0, 28.0, 35, "healthy people", "Hoch and McKeon 2011, Manual Therapy 16:516"),
    PublishedMean(
        103.0, 30.0, 50, "people of whom the summary says no more", "Hall and Docherty 2017, J Sci Med Sport 20:618"
    ),
    PublishedMean(116.0, 39.0, 26, "healthy male university students, left", "Calatayud 2015, PMC4387727"),
    PublishedMean(119.0, 40.0, 26, "healthy male university students, right", "Calatayud 2015, PMC4387727"),
    PublishedMean(
        106.8, 24.4, 693, "basketball players aged 12 to 17", "Adillon 2022, Int J Environ Res Public Health 19:11740"
    ),
)
"""Oldest first. All with the knee to the wall and the heel down."""
