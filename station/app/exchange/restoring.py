"""Puts a backup in the place of the database when a page asks for it: it is checked while the board goes on."""

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

RESTORING = "A backup is being put in place, and the station starts again on it: ask again in half a minute."
RESTART_AFTER_S = 1.0
"""How long the station goes on after it has promised a restore: the page gets the answer meanwhile."""


class Restoring:
    """At most one checked backup, which takes the place of the database once the loop has ended."""

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
        """Whether the database will be replaced: what is stored now would not be in it."""
        return self.staged is not None

    def request(
        self, path: Path, name: str, in_loop: Callable[[Callable[[], None]], Future[None]], *, same_board: bool
    ) -> Future[None]:
        """Check the backup at `path`, in a thread of its own, because it takes seconds; see `StationApi`.

        `in_loop` calls a function in the loop, which refuses it with ValueError while a session runs.
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
        from station.store.backups.restore import staged_backup  # it is seldom needed, and costs a part of the start

        with ExitStack() as opened:
            try:
                staged = replace(opened.enter_context(staged_backup(path, self._database)), name=name)
                in_loop(lambda: self._keep(staged, opened.pop_all(), same_board)).result()
            except (ValueError, StoreError) as error:
                done.set_exception(error)
            except Exception as error:  # whatever it is, the page has to have an answer
                log.exception("A restore failed; the board carries on.")
                done.set_exception(error)
            else:
                done.set_result(None)
                Timer(RESTART_AFTER_S, self._stop).start()

    def _keep(self, staged: Staged, opened: ExitStack, same_board: bool) -> None:
        self.opened.close()
        self.staged, self.opened, self.same_board = staged, opened, same_board
