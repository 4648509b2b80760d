"""What the station shows of 1,000 damaged databases, what 1,000 damaged backups restore, and what a salvage of 300
destroyed databases loses.
"""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.crash.damage import outcomes
from tests.crash.restores import HALF, restores
from tests.crash.salvages import outcomes as salvages

COPIES = 1_000
SALVAGES = 300


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    logging.disable(logging.CRITICAL)
    try:
        with TemporaryDirectory() as scratch:
            found = list(outcomes(Path(scratch), COPIES))
        with TemporaryDirectory() as scratch:
            half = sum(one == HALF for one in restores(Path(scratch), COPIES))
        with TemporaryDirectory() as scratch:
            left = sum(len(one.lost_readable) + len(one.invented) for one in salvages(Path(scratch), SALVAGES))
    finally:
        logging.disable(logging.NOTSET)
    return {
        "damage_failed_pages": {"value": sum(len(one.failed) for one in found), "unit": "answers 500"},
        "restore_half": {"value": half, "unit": "of 1,000"},
        "salvage_lost_readable": {"value": left, "unit": "rows"},
        "damage_invented_rows": {"value": sum(len(one.invented) for one in found), "unit": "rows"},
    }
