"""The promise about false changes: the one place of the figures that Help and README state and `make study` holds.

They are for ankles that do not change and are tested three times a week, looked at after every test, for a year. Day
effects that last for days, and other habits than usual, raise them: the tables of the study say by how much.
"""

from __future__ import annotations

FALSE_CHANGES_SIDE_YEAR = 0.03
"""At most this share of unchanged sides ever sees a false change within a year."""
FALSE_CHANGES_PERSON_YEAR = 0.05
"""At most this share of unchanged people, on either side or on both together."""
