"""What a person says of themselves, and what follows for them."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import asdict

from station.core.progress.records import Goals
from station.profile import NOTHING_SAID, PROFILE_FIELDS, Profile, profile_from_values, settings_for
from station.settings import DEFAULT_GOAL_MM, Settings

WHOLE = Profile(
    unit="inch",
    goal_left_mm=90.0,
    goal_right_mm=110.0,
    time_zone="America/New_York",
    quiet_from="22:00",
    quiet_to="06:30",
    voice=True,
    dominant_side="left",
    hurt_side="right",
    hurt_since="2026-03",
)


def test_who_says_nothing_follows_the_station() -> None:
    """For nobody known, and for a person without a profile, every value is the station's."""
    for profile in (None, NOTHING_SAID):
        found = settings_for(Settings(units="inch", quiet_from="20:00"), profile)
        assert (found.units, found.goals) == ("inch", Goals(DEFAULT_GOAL_MM, DEFAULT_GOAL_MM))
        assert (found.quiet_from, found.quiet_to, found.zone, found.voice) == ("20:00", "07:30", None, None)


def test_what_is_said_goes_before_the_station() -> None:
    """Each entry alone replaces what the station has."""
    found = settings_for(Settings(), WHOLE)
    assert (found.units, found.goals, found.voice) == ("inch", Goals(90.0, 110.0), True)
    assert (found.quiet_from, found.quiet_to) == ("22:00", "06:30")
    assert found.zone is not None
    assert found.zone.key == "America/New_York"
    assert settings_for(Settings(), Profile(goal_left_mm=90.0)).goals == Goals(90.0, DEFAULT_GOAL_MM)
    assert settings_for(Settings(), Profile(voice=False)).voice is False


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("unit", "mm"), ("unit", "")),
        *(("goal_left_mm", 9.9), ("goal_right_mm", 300.1), ("goal_left_mm", float("nan")), ("goal_left_mm", "90")),
        *(("goal_left_mm", True), ("goal_right_mm", 10**400)),
        *(("time_zone", "Mars/Olympus"), ("time_zone", "../etc/passwd"), ("time_zone", ""), ("time_zone", "a" * 5000)),
        *(("quiet_from", "24:00"), ("quiet_to", "noon")),
        *(("voice", "yes"), ("dominant_side", "both"), ("hurt_side", "knee")),
        *(("hurt_since", "1899"), ("hurt_since", "2026-13"), ("hurt_since", "2026-02-30"), ("hurt_since", "٢٠٢٦")),
    ],
)
def test_what_no_profile_can_have_is_refused(name: str, value: Any) -> None:
    """The sentence names the entry."""
    with pytest.raises(ValueError, match=f"The entry {name} is "):
        Profile(**{name: value})


def test_halves_that_mean_nothing_alone_are_refused() -> None:
    """Quiet hours have two ends, and an injury has a side."""
    with pytest.raises(ValueError, match="Quiet hours need both times"):
        Profile(quiet_from="21:00")
    with pytest.raises(ValueError, match="needs its side"):
        Profile(hurt_since="2026")


@pytest.mark.parametrize("day", ["2026", "2026-03", "2026-03-14", "1900"])
def test_an_injury_is_dated_as_well_as_it_is_known(day: str) -> None:
    """A year, a month or a day."""
    assert Profile(hurt_side="left", hurt_since=day).hurt_since == day


@pytest.mark.parametrize("name", PROFILE_FIELDS)
def test_one_damaged_value_does_not_hide_the_others(name: str) -> None:
    """What no profile can have is left out, with what means nothing without it."""
    found = asdict(profile_from_values({**asdict(WHOLE), name: b"\x00"}))
    together = {"quiet_from": {"quiet_to"}, "quiet_to": {"quiet_from"}, "hurt_side": {"hurt_since"}}
    gone = {name} | together.get(name, set())
    assert found == {**asdict(WHOLE), **dict.fromkeys(gone)}
