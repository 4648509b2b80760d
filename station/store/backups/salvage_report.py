"""The report of a salvage, in words; it is written to a file beside the database."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from msgspec import Struct

from station.store.amounts import amounts_text, tables_text
from station.store.schema import metadata
from station.store.swap import KEPT_FOR
from station.units import date_time_text


class Salvage(Struct, frozen=True):
    """What was saved, in rows by table.

    `filled` rows come from the backup; `lost` ones are known only because others refer to them. Of the rows that
    referred to lost ones, those `loosened` were saved without the reference, those `left_behind` could not be. `aside`
    is the damaged file's new path. In the `uncertain` tables more rows may be lost than is known.
    """

    at: datetime
    aside: Path
    backup: Path | None
    saved: dict[str, int]
    filled: dict[str, int]
    lost: dict[str, int]
    loosened: dict[str, int]
    left_behind: dict[str, int]
    uncertain: tuple[str, ...]

    def lines(self) -> tuple[str, ...]:
        """The report, one sentence a line."""
        gone = Counter(self.lost) + Counter(self.left_behind)
        access = [name for name in ("devices", "consents", "api_tokens") if gone.get(name)]
        from_backup = f"From the backup {'' if self.backup is None else self.backup.name}"
        lines = (
            (f"On {date_time_text(self.at.astimezone())} the database was found damaged, and salvaged.", True),
            (f"Saved: {amounts_text(self.saved)}." if self.saved else "Nothing in it could be read.", True),
            (f"{from_backup}: {amounts_text(self.filled)}.", self.filled),
            ("There is no sound backup to take the rest from.", self.backup is None),
            (f"Lost: {amounts_text(self.lost)}.", self.lost),
            (
                f"Left in the damaged file, because what they belong to is lost: {amounts_text(self.left_behind)}.",
                self.left_behind,
            ),
            (
                f"Saved, but the person or calibration that they name is lost: {amounts_text(self.loosened)}.",
                self.loosened,
            ),
            (self._extent(), True),
            ("Pairings are never taken from a backup: pair again the browsers that are locked out.", access),
            (f"The damaged file is kept beside the database for {KEPT_FOR.days} days, as {self.aside.name}.", True),
        )
        return tuple(line for line, is_so in lines if line and is_so)

    def _extent(self) -> str:
        if not self.uncertain:
            return "" if self.lost or self.left_behind else "Nothing is lost."
        back = " What was deleted since that backup may be back." if self.filled else ""
        where = "" if len(self.uncertain) == len(metadata.tables) else f", of these: {tables_text(self.uncertain)}"
        return f"More may be lost that the file no longer names{where}.{back}"
