"""What a restore would do, in sentences: command line and page say the same."""

from __future__ import annotations

from typing import TYPE_CHECKING

from station.app.exchange.import_preview import UNCALIBRATED_BOARD
from station.store.amounts import amounts_text
from station.units import date_time_text

if TYPE_CHECKING:
    from station.store.backups.restore import RestorePreview

OTHER_BOARD = (
    "It is from another board: this one keeps its own calibration and heel plates, because no two sensors are alike."
)
UNKNOWN_BOARD = (
    "If it is from another board, check the calibration before the first test: no two sensors are alike, and the one "
    "in the backup is used."
)
UNKNOWN_ACCESS = (
    "Browsers, programs, PINs and consents stay as they are now if they can still be read. Otherwise they are the "
    "backup's: then look at Browsers, and end again the pairings that were ended since."
)


def restore_lines(shown: RestorePreview) -> tuple[str, ...]:
    """A sentence each: what is newer, what would be lost, what would return, which calibration would apply."""
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
