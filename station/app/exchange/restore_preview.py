"""What a restore would do, in sentences: the command line and the page say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.store.amounts import amounts_text
from station.units import date_time_text

if TYPE_CHECKING:
    from station.store.backups.restore import RestorePreview

OTHER_BOARD = (
    "It is of another board: the calibration and the heel plates of this one stay in use, because no two sensors are "
    "alike."
)
UNCALIBRATED_BOARD = (
    "It may be of another board: this station has never been calibrated, and cannot tell, as after a change of its "
    "memory card. If it is the same board, and its distance sensor was not moved, say so: its calibration is used "
    "again. Otherwise the sensor counts as never calibrated: calibrate it before the first test."
)
UNKNOWN_BOARD = (
    "If it is of another board, check the calibration before the first test: no two sensors are alike, and the one in "
    "the backup is used."
)
UNKNOWN_ACCESS = (
    "Browsers, programs, PINs and consents stay as they are now if they can still be read. Otherwise they are those of "
    "the backup: then look at Browsers, and end those that were sent away since."
)


def restore_lines(shown: RestorePreview) -> tuple[str, ...]:
    """A sentence each: what is newer, what would be lost, what would be there again, whose calibration holds."""
    newest = [
        f"The newest session of the {whose}: {'none' if at is None else date_time_text(at.astimezone())}."
        for at, whose in ((shown.newest_at, "backup"), (shown.station_newest_at, "station"))
    ]
    return (
        *newest,
        f"Only in the station, and lost without a merge: {amounts_text(shown.station_only) or 'nothing'}.",
        f"Only in the backup: {amounts_text(shown.backup_only) or 'nothing'}.",
        *((OTHER_BOARD if shown.was_calibrated else UNCALIBRATED_BOARD,) if shown.is_of_other_board else ()),
        "Browsers, programs, PINs and consents stay as they are now.",
    )
