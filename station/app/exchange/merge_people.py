"""Merges two people who are one, after a copy of the database: it is made while the board goes on."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from datetime import datetime
from pathlib import Path
from threading import Thread

from station.store import StoreError
from station.store.backups.backup import back_up_before_merging
from station.store.records import Merge, PersonContents

log = logging.getLogger(__name__)


def merge_after_backup(
    database: Path, at: datetime, refuse_in_session: Callable[[], None], move: Callable[[], Future[PersonContents]]
) -> Future[Merge]:
    """Copy the database, in a thread of its own because it takes seconds, and then have the loop `move` what the one
    has to the other. `refuse_in_session` raises ValueError while a session runs."""
    done: Future[Merge] = Future()

    def work() -> None:
        try:
            refuse_in_session()
            backup = back_up_before_merging(database, at)
            done.set_result(Merge(move().result(), backup.name))
        except (ValueError, LookupError, StoreError) as error:
            done.set_exception(error)
        except Exception as error:  # whatever it is, the page has to have an answer
            log.exception("Merging two people failed; the board carries on.")
            done.set_exception(error)

    Thread(target=work, name="merge", daemon=True).start()
    return done
