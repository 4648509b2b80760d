"""Board and page as two services: what each can reach, and that each keeps running without the other.

And a board that another program holds when the service starts.
"""

from __future__ import annotations

import time

from tests.pi.machine import UNIT
from tests.pi.rig import Rig, eventually

PAGE_UNIT = f"{UNIT}-page"
MOST_EXPOSED = 0.8
AWAY = "board does not respond"
HELD = "is using the board (/dev/i2c-1)"
WATCHED_S = 15.0


def processes(rig: Rig) -> None:
    """The sandboxes by systemd's own measure; the board has no network, the page no device; the page dies, the board
    restarts, another program holds the board.
    """
    for unit in (UNIT, PAGE_UNIT, f"{UNIT}-network", f"{UNIT}-tls"):
        said = rig.machine.run(f"systemd-analyze security --no-pager {unit} | tail -n 1")
        exposure = float(next(word for word in said.split() if word.replace(".", "").isdecimal()))
        rig.check(f"the exposure of {unit} is small", exposure <= MOST_EXPOSED, exposure=exposure)
    board, page = (rig.machine.run(f"systemctl show {unit} -p MainPID --value").strip() for unit in (UNIT, PAGE_UNIT))
    networks = rig.machine.run(f"readlink /proc/1/ns/net /proc/{board}/ns/net").split()
    routes = rig.machine.run(f"tail -n +2 /proc/{board}/net/route").split()
    rig.check("the board's process has no network", networks[0] != networks[1] and routes == [], routes=routes)
    opened = rig.machine.run(f"ls -l /proc/{page}/fd | grep -c -E '/dev/(gpio|i2c|spi)'", fails=True).strip()
    rig.check("the page's process has no device open", opened == "0", devices=opened)
    restarts = rig.machine.property("NRestarts")
    rig.machine.run(f"kill -KILL {page}")
    down_at = time.monotonic()
    rig.page.wait_until_up(60)
    rig.check(
        "the page comes back after it was killed, and the board did not stop",
        rig.machine.property("NRestarts") == restarts and rig.machine.property("MainPID") == board,
        after_s=round(time.monotonic() - down_at, 1),
    )
    rig.machine.run(f"systemctl stop {UNIT}")
    rig.check("without the board the page says that it does not respond", eventually(lambda: _is_away(rig), 15))
    rig.machine.run(f"systemctl start {UNIT}")
    rig.check("the page connects to the board again", eventually(lambda: not _is_away(rig), 60))
    rig.machine.run(f"systemctl stop {UNIT}")
    holder = rig.machine.run("setsid flock /dev/i2c-1 sleep 300 > /dev/null 2>&1 & echo $!").strip()
    rig.machine.run(f"systemctl start {UNIT}")
    rig.check("the page says that another program holds the board", eventually(lambda: _holders(rig) != [], 60))
    restarts = rig.machine.property("NRestarts")
    time.sleep(WATCHED_S)  # longer than the watchdog's ten seconds
    rig.check(
        "meanwhile the service runs and is not restarted",
        rig.machine.property("NRestarts") == restarts and rig.machine.property("ActiveState") == "active",
        sentences=_holders(rig),
    )
    rig.machine.run(f"kill -- -{holder}")
    rig.check("the board is opened once that program has ended", eventually(lambda: _is_open(rig), 30))


def _holders(rig: Rig) -> list[str]:
    return [one["sentence"] for one in rig.page.faults() if HELD in one["sentence"]]


def _is_open(rig: Rig) -> bool:
    return _holders(rig) == [] and rig.page.now is not None and rig.page.now["toe_mm"] is not None


def _is_away(rig: Rig) -> bool:
    return any(AWAY in one["sentence"] for one in rig.page.faults())
