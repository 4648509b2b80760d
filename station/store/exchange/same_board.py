"""Whether a staged database is of the station's own board: a calibration belongs to a sensor in its place."""

from __future__ import annotations

from msgspec import Struct
from sqlalchemy import Connection, MetaData, select

from station.store.schema import calibrations


class BoardComparison(Struct, frozen=True):
    """What the calibrations say. `is_other`: the two share none. `was_calibrated`: the station, beyond its first start.

    Each board's first start makes a calibration, so two boards share none; nor does one board with a new memory card.
    """

    is_other: bool
    was_calibrated: bool

    @property
    def may_be_same(self) -> bool:
        """Whether only a person can say that the file is of this very board."""
        return self.is_other and not self.was_calibrated

    def is_same(self, same_board: bool) -> bool:
        """Whether it is of this board; a person may have said so, which counts only if nothing else tells."""
        return not self.is_other or (same_board and self.may_be_same)


def compare_boards(connection: Connection) -> BoardComparison:
    """Compare the database attached as `staged` with the station's."""
    theirs = calibrations.to_metadata(MetaData(), schema="staged")
    shared = select(theirs.c.id).where(theirs.c.id.in_(select(calibrations.c.id)))
    fitted = select(calibrations.c.id).where(calibrations.c.points_json.is_not(None))
    return BoardComparison(connection.execute(shared).first() is None, connection.execute(fitted).first() is not None)
