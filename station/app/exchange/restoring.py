"""Replaces the database by a backup when a page requests it; the board keeps working while the backup is checked."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import ExitStack
from pathlib import Path
from threading import Thread, Timer
from typing import TYPE_CHECKING

from msgspec.structs import replace

from station.store import StoreError

if TYPE_CHECKING:
    from station.store.exchange.staging import Staged

log = logging.getLogger(__name__)

RESTORING = "A backup is being restored, and the station is restarting with it: try again in half a minute."
RESTART_AFTER_S = 1.0
"""How long the station keeps running after it has promised a restore, so that the page gets the answer."""


class Restoring:
    """At most one checked backup, which replaces the database once the loop has ended."""

    def __init__(self, database: Path, stop: Callable[[], None]) -> None:
        """`stop` ends the loop, from any thread."""
        self._database = database
        self._stop = stop
        self.staged: Staged | None = None
        self.same_board = False
        """Whether a person has said that the backup is of this very board."""
        self.opened = ExitStack()
        """Keeps the checked backup; the caller closes it after use."""

    @property
    def is_promised(self) -> bool:
        """Whether the database will be replaced, so that anything stored now would be lost."""
        return self.staged is not None

    def request(
        self, path: Path, name: str, in_loop: Callable[[Callable[[], None]], Future[None]], *, same_board: bool
    ) -> Future[None]:
        """Check the backup at `path` in its own thread, because that takes seconds; see `StationApi`.

        `in_loop` calls a function in the loop, which refuses with ValueError while a session runs.
        """
        done: Future[None] = Future()
        Thread(target=self._stage, args=(path, name, in_loop, done, same_board), name="restore", daemon=True).start()
        return done

    def _stage(
        self,
        path: Path,
        name: str,
        in_loop: Callable[[Callable[[], None]], Future[None]],
        done: Future[None],
        same_board: bool,
    ) -> None:
        from station.store.backups.restore import staged_backup  # seldom needed, and slows the start

        with ExitStack() as opened:
            try:
                staged = replace(opened.enter_context(staged_backup(path, self._database)), name=name)
                in_loop(lambda: self._keep(staged, opened.pop_all(), same_board)).result()
            except (ValueError, StoreError) as error:
                done.set_exception(error)
            except Exception as error:  # the page must get an answer to any error
                log.exception("A restore failed; the board carries on.")
                done.set_exception(error)
            else:
                done.set_result(None)
                Timer(RESTART_AFTER_S, self._stop).start()

    def _keep(self, staged: Staged, opened: ExitStack, same_board: bool) -> None:
        self.opened.close()
        self.staged, self.opened, self.same_board = staged, opened, same_board
