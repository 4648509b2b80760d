"""The published means."""

from __future__ import annotations

import re

import pytest

from station.core.progress.published import PUBLISHED_MEANS, PublishedMean


@pytest.mark.parametrize("group", PUBLISHED_MEANS, ids=lambda group: f"{group.source} {group.population}")
def test_published_means_have_population_source_and_unit(group: PublishedMean) -> None:
    """Each has its people and a source with its year, and is a toe distance in mm, not in cm."""
    assert group.people > 0
    assert group.population
    assert re.search(r"\b(19|20)\d\d\b", group.source)
    assert 60 < group.mean_mm < 160
    assert 10 < group.sd_mm < 60


def test_published_means_judge_nothing() -> None:
    """The data contain no judging word and no bound of a band."""
    text = " ".join(f"{group.population} {group.source}" for group in PUBLISHED_MEANS).lower()
    assert not re.search(r"normal|restrict|stiff|mobile|poor|good", text)
    assert set(PublishedMean.__struct_fields__) == {"mean_mm", "sd_mm", "people", "population", "source"}
