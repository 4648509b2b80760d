"""The board's contacts, which come over the pins' edges: digital heels and the button."""

from __future__ import annotations

import time
from typing import Any

from station.core.events import SECOND_US, Button, Heel
from station.core.trace import read_trace
from tests.pi.endurance import CONFIGURATION
from tests.pi.machine import UNIT
from tests.pi.rig import Rig, held

HEELS = {"left": 27, "right": 23}
BUTTON = 22
KEPT = "/root/kept.toml"
EDGES_S = (0.5, 0.8, 1.5, 1.7, 2.6, 3.1)
"""When a contact changes: as quick as a bounce that is debounced, and as slow as a lift."""
NEAR_MS = 40.0
"""How late an edge may be against the first: the virtual Pi's kernel looks at its lines, and its timers fire, every
10 ms."""
CABLE_OUT_S = 2.0


def contacts(rig: Rig) -> None:
    """Each change of a digital heel and of the button arrives, when it happened, also after a cable was out."""
    rig.machine.run(f"cp {CONFIGURATION} {KEPT}; sed -i 's/^heels = .*/heels = \"comparator\"/' {CONFIGURATION}")
    try:
        rig.machine.run(f"systemctl restart {UNIT}")
        rig.page.wait_until_up(60)
        rig.settings(hold_s="60")
        rig.person.place(100)
        _heels(rig, down=False)
        rig.page.press("/start", routine="stretch")
        time.sleep(3)
        _heels(rig, down=True)
        now = rig.person.follow_until(held(2), 40, "a hold on digital heels", follows=False)
        moved = _move(rig, now["side"])
        rig.board("i2c", "absent")
        time.sleep(CABLE_OUT_S)
        rig.board("i2c", "ok")
        moved_again = _move(rig, now["side"])
        session_id = now["session"]
        rig.page.press("/command", command="stop")
        _heels(rig, down=False)
        rig.person.follow_until(lambda now: now["session"] is None, 60, "the end of the session", follows=False)
        _compare(rig, session_id, now["side"], {"": moved, " after a cable was out": moved_again})
    finally:
        for line in (*HEELS.values(), BUTTON):
            rig.board("gpio", line, "open")
        rig.machine.run(f"mv {KEPT} {CONFIGURATION}; systemctl restart {UNIT}")
        rig.page.wait_until_up(60)


def _heels(rig: Rig, *, down: bool) -> None:
    for line in HEELS.values():
        rig.board("gpio", line, int(down))


def _move(rig: Rig, side: str) -> dict[str, list[tuple[float, bool]]]:
    """Change the heel of this side and the button at `EDGES_S`; returns the machine's time of each, with the level:
    true is down."""
    done: dict[str, list[tuple[float, bool]]] = {"heel": [], "button": []}
    for number, after_s in enumerate(EDGES_S):
        down = bool(number % 2)
        done["heel"].append((rig.board("after", after_s, "gpio", HEELS[side], int(down))["at"], down))
        done["button"].append((rig.board("after", after_s, "gpio", BUTTON, "open" if down else "0")["at"], not down))
    time.sleep(EDGES_S[-1] + 0.5)
    return done


def _compare(rig: Rig, session_id: str, side: str, moved: dict[str, dict[str, list[tuple[float, bool]]]]) -> None:
    """Compare what the trace of the run has with what was done."""
    events = [event for text in rig.page.traces(session_id) for event in read_trace(text.splitlines()).events]
    seen: dict[str, list[tuple[float, bool]]] = {
        "heel": [(one.at_us / SECOND_US, one.down) for one in events if isinstance(one, Heel) and one.side == side],
        "button": [(one.at_us / SECOND_US, one.pressed) for one in events if isinstance(one, Button)],
    }
    latest: list[float] = []
    for name, levels in seen.items():
        first = next((number for number, (_, level) in enumerate(levels) if level is (name == "button")), 0)
        levels = levels[first:]
        for when, done in moved.items():
            found, levels = levels[: len(EDGES_S)], levels[len(EDGES_S) :]
            complete = [level for _, level in found] == [level for _, level in done[name]]
            late_ms = _late_ms(found, done[name]) if complete else []
            latest += late_ms
            figures: dict[str, Any] = {"edges": len(found), "off_ms": [round(one, 1) for one in late_ms]}
            passed = complete and all(abs(one) <= NEAR_MS for one in late_ms)
            rig.check(f"each edge of the {name} arrives at its time{when}", passed, **figures)
    if latest:
        rig.figures["edge_off_ms"] = round(max(map(abs, latest)), 1)


def _late_ms(found: list[tuple[float, bool]], done: list[tuple[float, bool]]) -> list[float]:
    """How much later than the first each edge was found than it was made."""
    return [1000 * ((at - found[0][0]) - (made - done[0][0])) for (at, _), (made, _) in zip(found, done, strict=True)]
