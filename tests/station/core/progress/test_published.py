"""Published values of error and change."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from station.core.progress.published import PUBLISHED_MEANS, PublishedMean


@pytest.mark.parametrize("group", PUBLISHED_MEANS, ids=lambda group: f"{group.source} {group.population}")
def test_a_published_mean_says_who_and_where(group: PublishedMean) -> None:
    """Each mean has its people and a source with its year, and is a toe distance in mm, not in cm."""
    assert group.people > 0
    assert group.population
    assert re.search(r"\b(19|20)\d\d\b", group.source)
    assert 60 < group.mean_mm < 160
    assert 10 < group.sd_mm < 60


def test_nothing_published_is_a_verdict() -> None:
    """The data carry no word that judges and no bound of a band."""
    said = " ".join(f"{group.population} {group.source}" for group in PUBLISHED_MEANS).lower()
    assert not re.search(r"normal|restrict|stiff|mobile|poor|good", said)
    assert {field.name for field in fields(PublishedMean)} == {"mean_mm", "sd_mm", "people", "population", "source"}
