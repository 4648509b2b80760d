"""The uncertainty budget of one distance: its parts, and where each of them comes from.

The parts are independent, so their squares add (JCGM 100:2008, 5.1.2). Two are measured: the noise from the window's
own readings, the wander from hours of real sensors (`station.core.measurement.estimate`). The calibration gives its
own (`Fit.uncertainty_mm`). The others are assumptions, each with its reason.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import fsum, sqrt

from msgspec import Struct
from msgspec.structs import asdict

from station.core.facts import Contact
from station.core.measurement.calibration import Fit
from station.core.measurement.curve import Curve
from station.core.measurement.estimate import WANDER_MM

COVERAGE = 1.96
"""Half width of a 95 % interval, in standard uncertainties."""


class Assumptions(Struct, frozen=True):
    """Values not measured on this station: standard uncertainties in mm unless the name gives another unit."""

    toe_mm: float = 1.0
    """Placing the toes against the stop. Sensor and toes together reach 1.1 mm before they add 5 % to the variance of a
    test with an SEM of 5 mm; a sensor at 0.5 to 0.6 mm leaves 1.0."""

    pad_mm: float = 0.3
    """The pad closes within half a millimetre of travel either way (uniform distribution)."""

    inferred_mm: float = 1.0
    """When the load leaves the heel, the knee may be up to 1.7 mm short of the wall or pressing that far into it."""

    self_mm: float = 1.5
    """A touch by the person's own word: 2.6 mm either way."""

    per_degree_mm: float = 0.22
    """Drift of the offset per degree: the datasheet's 10 mm over the 45 degrees to either end of its range."""

    unknown_room_degrees: float = 4.0
    """Assumed change of temperature since the calibration if the room's temperature is unknown."""

    per_root_day_mm: float = 0.1
    """Ageing per square root of a day: 0.5 mm in a month, 1.9 mm in a year. No long-term record is known."""

    as_built_mm: float = 27.0
    """An uncalibrated sensor reads 25 mm short on average with an SD of 10 mm: the root mean square of both."""

    def contact_mm(self, contact: Contact) -> float:
        return {Contact.PAD: self.pad_mm, Contact.INFERRED: self.inferred_mm, Contact.SELF: self.self_mm}[contact]


class Conditions(Struct, frozen=True):
    """What has changed since the calibration: days, and degrees warmer (`None` if unknown); and how far this sensor
    wanders (SD)."""

    days_since_calibration: float = 0.0
    warmer_degrees: float | None = None
    wander_mm: float = WANDER_MM


class BudgetPart(Struct, frozen=True):
    """One part for the page. `shrinks_in_mean`: the mean of several trials makes it smaller."""

    name: str
    mm: float
    description: str
    shrinks_in_mean: bool


PART_DESCRIPTIONS = {
    "noise": ("Single readings scatter; this is what remains in their mean.", True),
    "wander": ("The sensor wanders slowly over minutes: a millimetre, or less as the empty board has shown.", False),
    "calibration": ("What the blocks could not determine when the sensor was calibrated.", False),
    "drift": ("What may have changed in the sensor since then, by temperature and time.", False),
    "toe": ("How exactly the toes stand against the toe stop (an assumption).", True),
    "contact": ("How far the knee may have been from the wall when it counted as touching (an assumption).", False),
}
"""Each part's description for the page, and whether it shrinks in a mean: errors that differ from trial to trial do,
errors that all trials share do not. A sixth of the wander's variance changes within a minute; counting it as shared
widens the mean of three trials by less than 2 %."""


class Budget(Struct, frozen=True):
    """The parts of one distance's uncertainty: standard uncertainties in mm of toe distance."""

    noise_mm: float
    wander_mm: float
    calibration_mm: float
    drift_mm: float
    toe_mm: float
    contact_mm: float

    @property
    def parts(self) -> tuple[BudgetPart, ...]:
        """The parts with their descriptions, for the page."""
        return tuple(
            BudgetPart(name, getattr(self, f"{name}_mm"), *PART_DESCRIPTIONS[name]) for name in PART_DESCRIPTIONS
        )

    @property
    def total_mm(self) -> float:
        """All parts together: one standard uncertainty."""
        return _root_sum([part.mm for part in self.parts])

    @property
    def expanded_mm(self) -> float:
        """Half the width of the 95 % interval."""
        return COVERAGE * self.total_mm

    def as_json(self) -> dict[str, float]:
        """Return the parts by name and unit, rounded to 1 µm, for the store."""
        return {name: round(mm, 3) for name, mm in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, float]) -> Budget:
        """Restore what `as_json` returned. Raises `ValueError` for missing or unknown parts."""
        if set(stored) != {f"{name}_mm" for name in PART_DESCRIPTIONS}:
            raise ValueError(
                f"a budget of the parts {', '.join(sorted(stored))}: expected {', '.join(PART_DESCRIPTIONS)}, in mm"
            )
        return cls(**{name: float(mm) for name, mm in stored.items()})


def budget_from_reading(
    reading_mm: float,
    noise_mm: float,
    contact: Contact,
    calibration: Fit | None,
    conditions: Conditions | None = None,
    assumed: Assumptions | None = None,
) -> Budget:
    """Return the budget of one distance from its window's `reading_mm` and `noise_mm` (`Estimate`).

    `calibration` is `None` for an uncalibrated sensor, whose drift is 0: there is no calibration to drift from.
    """
    assumed, conditions = assumed or Assumptions(), conditions or Conditions()
    wander_mm = conditions.wander_mm
    slope = abs((Curve() if calibration is None else calibration.curve).slope(reading_mm))
    return Budget(
        noise_mm=slope * noise_mm,
        wander_mm=slope * wander_mm,
        calibration_mm=assumed.as_built_mm
        if calibration is None
        else calibration.uncertainty_mm(reading_mm, wander_mm),
        drift_mm=0.0 if calibration is None else drift_mm(conditions, assumed),
        toe_mm=assumed.toe_mm,
        contact_mm=assumed.contact_mm(contact),
    )


def drift_mm(conditions: Conditions, assumed: Assumptions | None = None) -> float:
    """Return the standard uncertainty that temperature and time have added since the calibration."""
    assumed = assumed or Assumptions()
    warmer = conditions.warmer_degrees
    degrees = assumed.unknown_room_degrees if warmer is None else abs(warmer)
    return _root_sum(
        (assumed.per_degree_mm * degrees, assumed.per_root_day_mm * sqrt(max(0.0, conditions.days_since_calibration)))
    )


def budget_of_mean(budgets: Sequence[Budget]) -> Budget:
    """Return the budget of the mean of several trials.

    Parts that differ between trials shrink; the others keep their root mean square. Raises `ValueError` without a
    budget.
    """
    if not budgets:
        raise ValueError("a mean of no trials has no uncertainty: give the budget of at least one")
    n = len(budgets)
    means = {
        f"{name}_mm": _root_sum([getattr(one, f"{name}_mm") for one in budgets]) / (n if averages else sqrt(n))
        for name, (_, averages) in PART_DESCRIPTIONS.items()
    }
    return Budget(**means)


def _root_sum(parts_mm: Sequence[float]) -> float:
    return sqrt(fsum(mm * mm for mm in parts_mm))
