"""placeholder"""

from math import sqrt
from station.core.statistics.distributions import normal_quantile


def mdc(sem: float, confidence: float) -> float:
    """The smallest difference of two measurements that is more than error with this confidence."""
    return normal_quantile((1 + confidence) / 2) * sqrt(2) * sem
