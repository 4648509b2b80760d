"""Faults: cables, a restart, a hang, the power. Each part ends with the station running and an empty board."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.pi.machine import CHECK, UNIT
from tests.pi.rig import SET_CLOCK, Rig, eventually, held

CREDIT_S = 1.0
"""How much of a hold a power cut may lose."""


def cables(rig: Rig) -> None:
    """A cable that is unplugged during an attempt is named, fails no attempt, and is detected again."""
    rig.settings()
    for bus, part, word in (("i2c", "distance sensor", "cable"), ("spi", "heel", "cable")):
        rig.person.place(60)
        rig.begin("test")
        rig.person.until(lambda now: now["phase"] == "count", 60, "the count")
        rig.person.knee(touching=bus == "spi")  # an ADC that reads 0 is a fault where something else sees a person
        rig.person.until(lambda now: now["phase"] == "attempt", 10, "an attempt", follows=False)
        session_id = rig.page.now["session"] if rig.page.now else ""
        rig.board(bus, "absent")
        began = time.monotonic()
        now = rig.person.until(_faulty, 15, f"a fault of {bus}", follows=False)
        told_s = time.monotonic() - began
        sentences = [one["sentence"] for one in now["troubles"]]
        named = any(part in sentence and word in sentence for sentence in sentences)
        rig.check(f"{bus} pulled: the page says which cable", named, after_s=round(told_s, 2), says=sentences)
        time.sleep(2)
        rig.person.stand()
        rig.board(bus, "ok")
        began = time.monotonic()
        rig.person.until(_settling, 20, f"that {bus} is found again", follows=False)
        back_s = time.monotonic() - began
        rig.person.until(lambda now: now["phase"] == "attempt", 40, "the next attempt")
        rig.stop()
        words = rig.page.session(session_id)
        verdicts = [word for word in ("passed", "heel came up", "did not reach", "does not count") if word in words]
        rig.check(
            f"{bus} returned: settled again, and no verdict on the dropped attempt",
            verdicts == [] and not rig.page.health()["troubles"],
            settled_after_s=round(back_s, 1),
            verdicts=verdicts,
        )


def service(rig: Rig) -> None:
    """A restart in a hold stores it as unfinished and leaves the buzzer silent; the watchdog restarts what hangs."""
    rig.settings(hold_s="30")
    _hold_for(rig, 5)
    rig.machine.run(f"systemctl restart {UNIT}")
    over_at = time.monotonic()
    silent = rig.board("gpio", 18)
    _kept(rig, "a restart in a hold", "the station was stopped", over_at)
    rig.check("the buzzer is silent after it", silent["level"] == 0, level=silent["level"])
    before = int(rig.machine.property("NRestarts"))
    rig.machine.run(f"kill -STOP {rig.machine.property('MainPID')}")
    began = time.monotonic()
    back = eventually(lambda: int(rig.machine.property("NRestarts")) > before, 60)
    rig.page.wait_until_up(60)
    rig.check("the watchdog restarts a station that hangs", back, page_after_s=round(time.monotonic() - began, 1))
    rig.person.leave()


def power(rig: Rig) -> None:
    """The power goes in the middle of a hold: the station comes back by itself with everything but a second."""
    rig.settings(hold_s="30")
    earlier = rig.page.results()
    _hold_for(rig, 8)
    rig.machine.cut_power()
    over_at = time.monotonic()
    rig.board.hang_up()
    time.sleep(1)
    began = time.monotonic()
    rig.machine.power()
    rig.board.wait(60)
    booted_s = time.monotonic() - began
    rig.page.wait_until_up(120)
    up_s = time.monotonic() - began
    rig.person.leave()
    rig.person.place(100)
    now = rig.page.results()
    rig.check(
        "after a power cut every earlier result is there",
        now[: len(earlier)] == earlier,
        results=len(earlier),
        shell_after_s=round(booted_s, 1),
        page_after_s=round(up_s, 1),
    )
    _kept(rig, "a power cut in a hold", "interrupted", over_at)
    reading = eventually(lambda: rig.page.now is not None and rig.page.now["toe_mm"] is not None, 15)
    rig.check("after a power cut the sensor is read again", reading)


def check(rig: Rig) -> None:
    """`station check` reports a good board, and names the cable that is out."""
    rig.person.leave()
    rig.person.place(100)
    rig.machine.run(SET_CLOCK)
    rig.machine.run(f"systemctl stop {UNIT}")
    try:
        said = json.loads(rig.machine.run(CHECK, fails=True) or "[]")
        wrong = [one["sentence"] for one in said if not one["well"]]
        rig.check("station check finds all well", bool(said) and wrong == [], parts=len(said), wrong=wrong)
        for bus, wanted in (("i2c", ["distance sensor"]), ("spi", ["left heel sensor", "right heel sensor"])):
            rig.board(bus, "absent")
            said = json.loads(rig.machine.run(CHECK, fails=True) or "[]")
            rig.board(bus, "ok")
            wrong = [one["sentence"] for one in said if not one["well"]]
            parts = [one["part"] for one in said if not one["well"]]
            rig.check(f"station check names what hangs on {bus}", parts == wanted, says=wrong)
    finally:
        rig.machine.run(f"systemctl start {UNIT}")
        rig.page.wait_until_up(60)


def _faulty(now: dict[str, Any]) -> bool:
    return bool(now["phase"] == "fault")


def _settling(now: dict[str, Any]) -> bool:
    return bool(now["phase"] == "settle")


def _hold_for(rig: Rig, seconds: float) -> None:
    """Start a stretch, and hold for this long."""
    rig.begin("stretch")
    rig.person.until(held(seconds), 60, f"{seconds:g} s of a hold")


def _kept(rig: Rig, what: str, ended: str, over_at: float) -> None:
    """The hold that was broken off is there as unfinished, with all but a second of the credit that the page showed,
    and no more than the time until it was over."""
    rig.page.wait_until_up(60)
    row = rig.rows("hold")[-1]
    kept_s, shown_s = float(row["value"]), rig.page.held_s
    later_s = over_at - rig.page.held_at
    words = rig.page.session(row["session"])
    rig.check(
        f"{what} keeps it as unfinished",
        row["state"] == "unfinished" and shown_s - CREDIT_S <= kept_s <= shown_s + later_s,
        state=row["state"],
        kept_s=kept_s,
        shown_s=round(shown_s, 2),
        over_later_s=round(later_s, 2),
    )
    rig.check(f"{what}: the session says so", ended in words, says=words[max(0, words.find(ended) - 80) :][:160])
