"""The board's contacts, read by the pins' edges: digital heels and the button."""

from __future__ import annotations

import time
from statistics import median

from station.core.events import SECOND_US, Command, CommandName, Event, Heel
from station.core.trace import read_trace
from tests.pi.endurance import CONFIGURATION
from tests.pi.machine import UNIT
from tests.pi.rig import Rig, held

HEELS = {"left": 27, "right": 23}
BUTTON = 22
KEPT = "/root/kept.toml"
EDGES_S = (0.5, 0.8, 1.5, 1.7, 2.6, 3.1)
"""When a contact changes, in seconds: never twice within the debouncing, so each change is a heel lift or a press."""
NEAR_MS = 50.0
"""How far an edge may be off. On the virtual Pi the kernel polls its lines, and whatever moves them, every 10 ms."""
CABLE_OUT_S = 2.0
Moves = dict[str, list[tuple[float, bool]]]
"""The changes of each contact: the time in seconds, and whether it is then down."""


def contacts(rig: Rig) -> None:
    """Each change of a digital heel and of the button arrives with the right time, even after a cable was unplugged."""
    rig.machine.run(f"cp {CONFIGURATION} {KEPT}; sed -i 's/^heels = .*/heels = \"comparator\"/' {CONFIGURATION}")
    try:
        _restart(rig)
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
        _compare(rig, session_id, now["side"], [("in a hold", moved), ("after a cable was out", moved_again)])
    finally:
        for line in (*HEELS.values(), BUTTON):
            rig.board("gpio", line, "open")
        rig.machine.run(f"mv {KEPT} {CONFIGURATION}")
        _restart(rig)


def _restart(rig: Rig) -> None:
    """Start the station with another configuration, and wait until the page has its board again."""
    rig.machine.run(f"systemctl restart {UNIT}")
    rig.person.follow_until(lambda now: now["phase"] == "idle", 60, "the station started again", follows=False)


def _heels(rig: Rig, *, down: bool) -> None:
    for line in HEELS.values():
        rig.board("gpio", line, int(down))


def _move(rig: Rig, side: str) -> Moves:
    """Change the heel of this side and the button at `EDGES_S`; the times are the machine's."""
    moves: Moves = {"heel": [], "press": []}
    for number, after_s in enumerate(EDGES_S):
        down = bool(number % 2)
        moves["heel"].append((rig.board("after", after_s, "gpio", HEELS[side], int(down))["at"], down))
        pressed_at = rig.board("after", after_s, "gpio", BUTTON, "open" if down else "0")["at"]
        if not down:
            moves["press"].append((pressed_at, True))
    time.sleep(EDGES_S[-1] + 0.5)
    return moves


def _compare(rig: Rig, session_id: str, side: str, moved: list[tuple[str, Moves]]) -> None:
    """Compare the run's trace with the moves made. The person stepped on before it began."""
    events = [event for text in rig.page.traces(session_id) for event in read_trace(text.splitlines()).events]
    seen: Moves = {
        "heel": [(one.at_us / SECOND_US, one.down) for one in events if isinstance(one, Heel) and one.side == side],
        "press": [(one.at_us / SECOND_US, True) for one in events if is_press(one)],
    }
    for name, found in seen.items():
        del found[: -sum(len(moves[name]) for _, moves in moved)]
        for when, moves in moved:
            done = moves[name]
            mine, found = found[: len(done)], found[len(done) :]
            complete = [level for _, level in mine] == [level for _, level in done]
            off_ms = _off_ms(mine, done) if complete else []
            rig.check(
                f"each {name} {when} arrives at its time",
                complete and max(map(abs, off_ms)) <= NEAR_MS,
                edges=len(mine),
                off_ms=[round(one, 1) for one in off_ms],
            )


def is_press(event: Event) -> bool:
    """Whether this event is a press of the button."""
    return isinstance(event, Command) and event.word is CommandName.NEXT


def _off_ms(found: list[tuple[float, bool]], done: list[tuple[float, bool]]) -> list[float]:
    """How much later each change was found than made, relative to the median, because the two clocks share no zero."""
    apart_s = [at - made for (at, _), (made, _) in zip(found, done, strict=True)]
    return [1000 * (one - median(apart_s)) for one in apart_s]
