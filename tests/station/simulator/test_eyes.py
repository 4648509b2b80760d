"""The page watcher recognises each cue once, by its number."""

from __future__ import annotations

from station.app.snapshot import CueView, Snapshot
from station.core.events import Side
from station.core.facts import CueName
from station.simulator.eyes import CueLike, PageWatcher


def shown(number: int | None, cue: CueName = CueName.GO, *, repeating: bool = False) -> Snapshot:
    """A snapshot with this as its last cue."""
    return Snapshot(at_us=0, cue=None if number is None else CueView(number, cue, None, Side.LEFT, repeating))


def name_of(shown_cue: CueLike | None) -> CueName | None:
    return None if shown_cue is None else shown_cue.cue


def test_page_watcher_reports_a_cue_once() -> None:
    """Of many snapshots with the same cue only the first reports it; a higher number is a new cue."""
    watcher = PageWatcher()
    snapshots = [shown(None), shown(1), shown(1), shown(1, CueName.HEEL_UP), shown(2, CueName.HEEL_UP), shown(2)]
    assert [name_of(watcher.look(snapshot)) for snapshot in snapshots] == [
        None,
        CueName.GO,
        None,
        None,
        CueName.HEEL_UP,
        None,
    ]


def test_page_watcher_reports_a_repeated_cue_with_a_new_number() -> None:
    """Three COUNT cues in a row are three cues, and the end of a repeating cue is none."""
    watcher = PageWatcher()
    ticks = [name_of(watcher.look(shown(number, CueName.COUNT))) for number in (1, 2, 3)]
    assert ticks == [CueName.COUNT] * 3
    assert name_of(watcher.look(shown(4, CueName.HEEL_UP, repeating=True))) is CueName.HEEL_UP
    assert watcher.look(shown(4, CueName.HEEL_UP)) is None
