"""A kept file is deleted automatically: after its time, for the next one, and when the process ends."""

from __future__ import annotations

from contextlib import ExitStack
from threading import Event

from web.pages.uploads import Kept

BOUND_S = 20.0


def opened_with(closed: Event) -> ExitStack:
    opened = ExitStack()
    opened.callback(closed.set)
    return opened


def test_kept_file_is_deleted_after_its_time() -> None:
    kept: Kept[str] = Kept(kept_s=0.0)
    closed = Event()
    kept.keep("key", "file", opened_with(closed))
    assert closed.wait(BOUND_S)
    assert kept.find("key") is None


def test_next_file_replaces_the_kept_one() -> None:
    kept: Kept[str] = Kept()
    first, second = Event(), Event()
    kept.keep("first", "one", opened_with(first))
    kept.keep("second", "two", opened_with(second))
    assert (first.is_set(), second.is_set()) == (True, False)
    assert (kept.find("first"), kept.find("second"), kept.find("")) == (None, "two", None)
    taken = kept.take("second")
    assert taken is not None
    assert (taken[0], second.is_set(), kept.take("second")) == ("two", False, None)
    taken[1].close()
    assert second.is_set()
