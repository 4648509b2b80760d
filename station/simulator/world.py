"""The physical board: loads on the heel plates, the distance to the wall, and the knee pad.

Every movement is a ramp, evaluated when a sensor measures, so there are no time steps. This module does not know any
driver or rule; any thread may read it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from random import Random

from msgspec import Struct

from station.core.events import SECOND_US, Side


class Ramp(Struct, frozen=True):
    """A movement from one value to another that accelerates and then slows down, as limbs do."""

    from_us: int
    to_us: int
    start: float
    end: float

    def value(self, at_us: int) -> float:
        if at_us >= self.to_us:
            return self.end
        if at_us <= self.from_us:
            return self.start
        progress = (at_us - self.from_us) / (self.to_us - self.from_us)
        return self.start + (self.end - self.start) * progress * progress * (3 - 2 * progress)

    def continued_to(self, end: float, at_us: int, over_us: int) -> Ramp:
        """The movement from the value at `at_us` to `end`."""
        return Ramp(at_us, at_us + over_us, self.value(at_us), end)


def constant_ramp(value: float) -> Ramp:
    """No movement."""
    return Ramp(0, 0, value, value)


class HeelPadParameters(Struct, frozen=True):
    """A heel plate with its force-sensing resistor (Interlink FSR 402, 0.2 to 20 N) and its divider."""

    lever: float = 0.03
    """The share of the heel's force that the hinged plate passes on to the sensor: 9 N of 300 N."""
    max_sensor_n: float = 20.0
    """The hard stop takes any force above this."""
    plate_weight_n: float = 0.1
    """The weight of the plate on the sensor."""
    millisiemens_per_n: float = 0.075
    """Conductance per newton: 1 N is 13 kOhm, 10 N 1.3 kOhm."""
    creep_s: float = 5.0
    """Time constant of a loaded sensor's creep: nine tenths of it are over after 12 s."""
    comparator_on_n: float = 1.6
    comparator_off_n: float = 1.0
    """Sensor forces at which a comparator switches on and off, for the comparator wiring."""


CREEP_RANGE = (0.08, 0.60)
"""The range of the creep as a share of the step, from recordings of FSR 402."""

SWAY_COMPONENTS = ((0.31, 0.6), (1.13, 0.4))
"""The two components of a standing body's sway: frequency in Hz and share; their phases are drawn."""


class HeelPad:
    """The sensor under one plate. Call `share` from one thread, with times that never decrease."""

    def __init__(self, seed: int, divider_ohm: float, parameters: HeelPadParameters) -> None:
        random = Random(seed)
        self.creep = random.uniform(*CREEP_RANGE)
        self._parameters = parameters
        self._divider_kohm = divider_ohm / 1000
        self._creep_progress = 0.0
        self._at_us = 0
        self._last_interval_us = 0
        self._creep_fraction = 0.0

    def share(self, force_n: float, at_us: int) -> float:
        """The share of the supply at the ADC while the heel presses with `force_n`."""
        parameters = self._parameters
        elapsed_us, self._at_us = at_us - self._at_us, at_us
        if elapsed_us != self._last_interval_us:
            self._last_interval_us = elapsed_us
            self._creep_fraction = 1 - math.exp(-max(0, elapsed_us) / SECOND_US / parameters.creep_s)
        loaded = force_n * parameters.lever > parameters.comparator_off_n
        self._creep_progress += ((1.0 if loaded else 0.0) - self._creep_progress) * self._creep_fraction
        sensed_n = parameters.plate_weight_n + min(parameters.max_sensor_n, force_n * parameters.lever)
        conductance = parameters.millisiemens_per_n * sensed_n * (1 + self.creep * self._creep_progress)
        ratio = conductance * self._divider_kohm
        return ratio / (1 + ratio)


class World:
    """The board in front of its wall, and the feet on it. Forces are newtons under a heel, distances mm."""

    def __init__(
        self,
        *,
        plates: Sequence[Side] = tuple(Side),
        setback_mm: float = 70.0,
        skirting_mm: float = 0.0,
        divider_ohm: float = 2_200.0,
        toe_mm: float = 80.0,
        seed: int = 0,
        parameters: HeelPadParameters | None = None,
    ) -> None:
        random = Random(seed)
        self.parameters = parameters or HeelPadParameters()
        self.plates = tuple(plates)
        self.heels = {side: constant_ramp(0.0) for side in Side}
        self.toe = constant_ramp(toe_mm)
        self.is_knee_touching = False
        """Whether the knee touches the pad."""
        self.sway_fraction = 0.0
        """Sway as a share of the load."""
        self.block: Ramp | None = None
        """The distance from the toe line to the far end of a block at the toe stop; `None` without one."""
        self._setback_mm = setback_mm
        self._sensor_offset_mm = setback_mm - skirting_mm
        self._pads = {side: HeelPad(random.getrandbits(32), divider_ohm, self.parameters) for side in self.plates}
        self._sway = tuple(
            (2 * math.pi * hz / SECOND_US, share, random.uniform(0, 2 * math.pi)) for hz, share in SWAY_COMPONENTS
        )

    def press(self, side: Side, force_n: float, at_us: int, over_us: int) -> None:
        """Change the force under this foot's heel to `force_n`."""
        self.heels[side] = self.heels[side].continued_to(force_n, at_us, over_us)

    def slide(self, toe_mm: float, at_us: int, over_us: int) -> None:
        """Slide the board until the toe distance is `toe_mm`; the wall stops it at 0."""
        self.toe = self.toe.continued_to(max(0.0, toe_mm), at_us, over_us)

    def hold_block(self, length_mm: float, at_us: int, over_us: int = 0) -> None:
        """Move a block of this length to the toe stop, from the last one's place."""
        held = self.block or constant_ramp(length_mm)
        self.block = held.continued_to(length_mm, at_us, over_us)

    def remove_block(self) -> None:
        """Take the block away."""
        self.block = None

    def toe_mm(self, at_us: int) -> float:
        return self.toe.value(at_us)

    def target_mm(self, at_us: int) -> float:
        """The distance from the sensor to its target: the wall, or a block in front of it."""
        wall_mm = self.toe.value(at_us) + self._sensor_offset_mm
        block = self.block
        return wall_mm if block is None else min(wall_mm, block.value(at_us) + self._setback_mm)

    def force_n(self, plate: Side, at_us: int) -> float:
        """The force on a plate; a single plate carries both heels."""
        if len(self.plates) == 1:
            force_n = self.heels[Side.LEFT].value(at_us) + self.heels[Side.RIGHT].value(at_us)
        else:
            force_n = self.heels[plate].value(at_us)
        if force_n <= 0.0 or not self.sway_fraction:
            return force_n
        sway = sum(share * math.sin(rad_per_us * at_us + phase) for rad_per_us, share, phase in self._sway)
        return force_n * (1.0 + self.sway_fraction * sway)

    def share(self, plate: Side, at_us: int) -> float:
        """The voltage of a plate's divider, as a share of the supply."""
        return self._pads[plate].share(self.force_n(plate, at_us), at_us)

    def is_comparator_high(self, plate: Side, at_us: int, was_high: bool) -> bool:
        """The level of a plate's comparator, which depends on its previous level."""
        parameters = self.parameters
        threshold_n = parameters.comparator_off_n if was_high else parameters.comparator_on_n
        return self.force_n(plate, at_us) * parameters.lever >= threshold_n

    def is_heel_moving(self, at_us: int) -> bool:
        """Whether a heel is moving up or down."""
        return any(heel.to_us >= at_us for heel in self.heels.values())
