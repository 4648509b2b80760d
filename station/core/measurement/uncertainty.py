"""What one distance carries: the parts of its standard uncertainty, and what each of them is.

The parts are independent and add by their squares (JCGM 100:2008, 5.1.2). Two come from measurement: the noise from the
window's own readings and the wander from an hour of a real sensor (`station.core.measurement.estimate`). The
calibration knows its own (`Fit.uncertainty_mm`). The rest are stated assumptions, each with its reason beside it, until
something is learnt.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from math import fsum, sqrt

from station.core.facts import Contact
from station.core.measurement.calibration import Curve, Fit
from station.core.measurement.estimate import WANDER_MM

COVERAGE = 1.96
"""From one standard uncertainty to the half width of a 95 % interval."""


@dataclass(frozen=True, slots=True)
class Assumptions:
    """What nobody has measured on this station. Standard uncertainties in mm."""

    toe_mm: float = 1.0
    """Placing the toes against the stop, each time. Sensor and toes together may be 1.1 mm before they add 5 % to the
    variance of a test that repeats to 5 mm; a sensor at 0.5 to 0.6 mm leaves 1.0."""

    pad_mm: float = 0.3
    """The pad closes within half a millimetre of travel, evenly spread either way."""

    inferred_mm: float = 1.0
    """A knee whose load has left the heel may still be 1.7 mm short of the wall, or lean into it by as much."""

    self_mm: float = 1.5
    """A touch that only the person feels: 2.6 mm either way."""

    per_degree_mm: float = 0.22
    """Offset for a degree of temperature: the datasheet's 10 mm over the 45 degrees to either end of its range."""

    unknown_room_degrees: float = 4.0
    """How much warmer or colder than at the calibration a room is whose temperature nobody knows."""

    per_root_day_mm: float = 0.1
    """Ageing goes like the root of the days: 0.5 mm in a month, 1.9 mm in a year. No long record is known."""

    as_built_mm: float = 27.0
    """A sensor as delivered reads 25 mm short, give or take 10: the root of the mean square of that."""

    def contact_mm(self, contact: Contact) -> float:
        return {Contact.PAD: self.pad_mm, Contact.INFERRED: self.inferred_mm, Contact.SELF: self.self_mm}[contact]


@dataclass(frozen=True, slots=True)
class Conditions:
    """How far the present is from the calibration: days since, and degrees warmer (`None` where nobody knows)."""

    days_since_calibration: float = 0.0
    warmer_degrees: float | None = None


@dataclass(frozen=True, slots=True)
class BudgetPart:
    """One part as a person reads it. `averages` says whether the mean of several trials makes it smaller."""

    name: str
    mm: float
    description: str
    shrinks_in_mean: bool


PART_DESCRIPTIONS = {
    "noise": ("Single readings scatter; this is what is left in their mean.", True),
    "wander": ("The sensor wanders slowly, by fractions of a millimetre over minutes.", False),
    "calibration": ("What the blocks left open when the sensor was calibrated.", False),
    "drift": ("What may have changed in the sensor since then, by temperature and time.", False),
    "toe": ("How exactly toes come to stand against the toe stop (an assumption).", True),
    "contact": ("How exactly the knee was at the wall when it counted as touching (an assumption).", False),
}
"""Each part's plain sentence, and whether it averages: what is new in each trial does, what stays does not. The wander
has half changed within a minute or two, so that counting it whole is a little too careful."""


@dataclass(frozen=True, slots=True)
class Budget:
    """The parts of one distance's uncertainty: standard uncertainties in mm of toe distance."""

    noise_mm: float
    wander_mm: float
    calibration_mm: float
    drift_mm: float
    toe_mm: float
    contact_mm: float

    @property
    def parts(self) -> tuple[BudgetPart, ...]:
        """The parts with what they are, for the page."""
        return tuple(
            BudgetPart(name, getattr(self, f"{name}_mm"), *PART_DESCRIPTIONS[name]) for name in PART_DESCRIPTIONS
        )

    @property
    def sensor_mm(self) -> float:
        """Without toes and knee: what the sensor and its calibration owe."""
        return _root_sum((self.noise_mm, self.wander_mm, self.calibration_mm, self.drift_mm))

    @property
    def total_mm(self) -> float:
        """All parts together: one standard uncertainty."""
        return _root_sum([part.mm for part in self.parts])

    @property
    def expanded_mm(self) -> float:
        """Half the width of the interval that holds the truth 95 times in 100."""
        return COVERAGE * self.total_mm

    def as_json(self) -> dict[str, float]:
        """For the store: each part by its name with its unit, rounded to 1 µm."""
        return {name: round(mm, 3) for name, mm in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, float]) -> Budget:
        """From what `as_json` gave. Raises `ValueError` for parts that are missing or unknown."""
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
    """Of one captured distance. `reading_mm` and `noise_mm` are the window's (`Estimate`), before calibration.

    `calibration` is `None` for a sensor as built; a drift since then means nothing, and is 0.
    """
    assumed = assumed or Assumptions()
    slope = abs((Curve() if calibration is None else calibration.curve).slope(reading_mm))
    return Budget(
        noise_mm=slope * noise_mm,
        wander_mm=slope * WANDER_MM,
        calibration_mm=assumed.as_built_mm if calibration is None else calibration.uncertainty_mm(reading_mm),
        drift_mm=0.0 if calibration is None else drift_mm(conditions or Conditions(), assumed),
        toe_mm=assumed.toe_mm,
        contact_mm=assumed.contact_mm(contact),
    )


def drift_mm(conditions: Conditions, assumed: Assumptions | None = None) -> float:
    """What temperature and time may have changed in the sensor since its calibration, one standard uncertainty."""
    assumed = assumed or Assumptions()
    warmer = conditions.warmer_degrees
    degrees = assumed.unknown_room_degrees if warmer is None else abs(warmer)
    return _root_sum(
        (assumed.per_degree_mm * degrees, assumed.per_root_day_mm * sqrt(max(0.0, conditions.days_since_calibration)))
    )


def budget_of_mean(budgets: Sequence[Budget]) -> Budget:
    """Of the mean of several trials. Parts that average shrink; of the others the root of the mean square stays.

    Raises `ValueError` where there is none.
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
