"""Proves the knee's contact without a pad: the heel load makes a step and stays there.

Throughout, the heel must carry more than the load that brings it DOWN, 25 % of standing. Below that, up and down look
alike: in recordings a heel that is 4 to 5 mm up carries 25 to 12 %, and a heel that stays down in a deep squat 15 %. So
this refuses a lunge in which the heel is down but carries less than a quarter of standing, as in a deep squat, and it
misses a heel that is up by less than 4 mm. If a pad proves the contact, the heel's own thresholds decide.
"""

from __future__ import annotations

from collections import deque

from station.core.activities.contact_proof import AttemptRules, ContactProof
from station.core.events import Side
from station.core.sensing.heel_load import HeelLoad, conductance_millisiemens
from station.core.sensing.sensors import BoardSensors


class LoadProof(ContactProof):
    """The heel load made a step and stayed beyond its band, steady, for two seconds with the heel certainly down.

    A running median of three samples keeps a drop-out of the force sensor from counting as a step.
    """

    def __init__(self, sensors: BoardSensors, side: Side, go_us: int, rules: AttemptRules) -> None:
        super().__init__(sensors, side, go_us, rules)
        load = self.plate.load
        assert load is not None
        self._load: HeelLoad = load
        self._span_millisiemens = load.span_millisiemens
        self._standing_millisiemens = load.standing_millisiemens or 0.0
        self._last_three: deque[float] = deque(maxlen=3)
        self._recent: deque[tuple[int, float]] = deque()
        self._band_side = 0
        self._beyond_band_since_us = 0
        self._light_until_us = go_us
        """When the heel last carried too little to be certainly down."""
        self._has_stepped = False

    def on_load(self, at_us: int, share: float) -> None:
        if self._span_millisiemens is None or at_us < self.go_us:
            return
        self._last_three.append(share)
        if len(self._last_three) < 3:
            return
        middle = sorted(self._last_three)[1]
        if not self._load.level_at(middle, None):
            self._light_until_us = at_us
        change = (conductance_millisiemens(middle) - self._standing_millisiemens) / self._span_millisiemens
        self._recent.append((at_us, change))
        while self._recent[0][0] < at_us - self.rules.load_step_us:
            self._recent.popleft()
        band = self.rules.load_band_fraction
        band_side = (change > band) - (change < -band)
        if band_side != self._band_side:
            self._band_side, self._beyond_band_since_us, self._has_stepped = band_side, at_us, False
        if band_side:
            self._look_for_step(band_side, change)
            has_moved_weight = at_us - self._beyond_band_since_us >= self.rules.load_lunge_us
            if has_moved_weight and self.lunge_began_us is None and self.plate.is_known_down:
                self.lunge_began_us = self._beyond_band_since_us + self.rules.load_lunge_us

    def _look_for_step(self, band_side: int, change: float) -> None:
        if not self._has_stepped:
            farthest = max(band_side * (change - earlier) for _, earlier in self._recent)
            self._has_stepped = farthest >= self.rules.load_step_fraction

    def proving_window_us(self, at_us: int) -> tuple[int, int] | None:
        from_us = at_us - self.rules.load_window_us
        if not self._band_side or not self._has_stepped:
            return None
        if from_us < max(self._beyond_band_since_us, self._light_until_us):
            return None
        if not self.is_down_and_still(self.rules.load_window_us, at_us):
            return None
        variation = self._load.coefficient_of_variation(from_us, at_us)
        return (from_us, at_us) if variation is not None and variation < self.rules.max_load_cv else None
