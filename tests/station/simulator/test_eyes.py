"""Eyes see each cue once, by its number."""

from __future__ import annotations

from station.app.snapshot import CueView, Snapshot
from station.core.events import Side
from station.core.facts import CueName
from station.simulator.eyes import PageWatcher


def shown(number: int | None, cue: CueName = CueName.GO, *, repeating: bool = False) -> Snapshot:
    """A picture with this cue as its last one."""
    return Snapshot(at_us=0, cue=None if number is None else CueView(number, cue, None, Side.LEFT, repeating))


def test_a_cue_is_seen_once() -> None:
    """Many pictures show the same cue; only a higher number is a new one."""
    eyes = PageWatcher()
    pictures = [shown(None), shown(1), shown(1), shown(1, CueName.HEEL_UP), shown(2, CueName.HEEL_UP), shown(2)]
    assert [eyes.look(picture) for picture in pictures] == [None, CueName.GO, None, None, CueName.HEEL_UP, None]


def test_the_same_cue_again_is_a_new_one() -> None:
    """Three ticks are three cues, and the end of a repeating one is none."""
    eyes = PageWatcher()
    ticks = [eyes.look(shown(number, CueName.COUNT)) for number in (1, 2, 3)]
    assert ticks == [CueName.COUNT] * 3
    assert eyes.look(shown(4, CueName.HEEL_UP, repeating=True)) is CueName.HEEL_UP
    assert eyes.look(shown(4, CueName.HEEL_UP)) is None
