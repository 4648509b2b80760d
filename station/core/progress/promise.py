"""The promise about false changes: the one place for the figures that Help and README state and `make study` verifies.

They hold for ankles that do not change, tested three times a week and checked after every test, for a year. Day effects
that last for days, and unusual habits, raise them: the study's tables show by how much.
"""

from __future__ import annotations

FALSE_CHANGES_SIDE_YEAR = 0.03
"""At most this share of unchanged sides ever sees a false change within a year."""
FALSE_CHANGES_PERSON_YEAR = 0.05
"""At most this share of unchanged people, on either side or on both together."""
