"""Faults: cables, a restart, a hang, the power. Each part ends with the station running and an empty board."""

from __future__ import annotations

import json
import time
from typing import Any

from station.app.recording.holds import MAX_LOSS_US
from station.core.events import SECOND_US
from tests.pi.machine import CHECK, UNIT
from tests.pi.rig import SET_CLOCK, Rig, eventually, held

CREDIT_S = MAX_LOSS_US / SECOND_US
"""How much of a hold a power cut may lose."""


def cables(rig: Rig) -> None:
    """A cable unplugged during an attempt is named, fails no attempt, and is detected again."""
    rig.settings()
    for bus, part, word in (("i2c", "distance sensor", "cable"), ("spi", "heel", "cable")):
        rig.person.place(60)
        rig.start("test")
        rig.person.follow_until(lambda now: now["phase"] == "count", 60, "the count")
        rig.person.knee(touching=bus == "spi")  # an ADC that reads 0 is a fault if something else detects a person
        rig.person.follow_until(lambda now: now["phase"] == "attempt", 10, "an attempt", follows=False)
        session_id = rig.page.now["session"] if rig.page.now else ""
        rig.board(bus, "absent")
        began = time.monotonic()
        now = rig.person.follow_until(_faulty, 15, f"a fault of {bus}", follows=False)
        reported_s = time.monotonic() - began
        sentences = [one["sentence"] for one in now["faults"]]
        named = any(part in sentence and word in sentence for sentence in sentences)
        rig.check(f"{bus} pulled: the page names the cable", named, after_s=round(reported_s, 2), text=sentences)
        time.sleep(2)
        rig.person.stand()
        rig.board(bus, "ok")
        began = time.monotonic()
        rig.person.follow_until(_settling, 20, f"that {bus} is found again", follows=False)
        back_s = time.monotonic() - began
        rig.person.follow_until(lambda now: now["phase"] == "attempt", 40, "the next attempt")
        rig.stop()
        words = rig.page.session(session_id)
        verdicts = [word for word in ("passed", "heel came up", "did not reach", "does not count") if word in words]
        rig.check(
            f"{bus} returned: settled again, and no verdict on the dropped attempt",
            verdicts == [] and not rig.page.faulty_parts(),
            settled_after_s=round(back_s, 1),
            verdicts=verdicts,
        )


def service(rig: Rig) -> None:
    """A restart during a hold stores it as unfinished and silences the buzzer; the watchdog restarts a hung station."""
    rig.settings(hold_s="30")
    _hold_for(rig, 5)
    rig.machine.run(f"systemctl restart {UNIT}")
    over_at = time.monotonic()
    silent = rig.board("gpio", 18)
    _check_partial_hold(rig, "a restart in a hold", "the station was stopped", over_at)
    rig.check("the buzzer is silent after it", silent["level"] == 0, level=silent["level"])
    before = int(rig.machine.property("NRestarts"))
    rig.machine.run(f"kill -STOP {rig.machine.property('MainPID')}")
    began = time.monotonic()
    back = eventually(lambda: int(rig.machine.property("NRestarts")) > before, 60)
    rig.page.wait_until_up(60)
    rig.check("the watchdog restarts a station that hangs", back, page_after_s=round(time.monotonic() - began, 1))
    rig.person.step_off()


def power(rig: Rig) -> None:
    """The power fails during a hold: the station starts automatically with all but the last five seconds stored."""
    rig.settings(hold_s="30")
    earlier = rig.page.results()
    _hold_for(rig, 8)
    rig.machine.cut_power()
    over_at = time.monotonic()
    rig.board.close()
    time.sleep(1)
    began = time.monotonic()
    rig.machine.restore_power()
    rig.board.wait(60)
    booted_s = time.monotonic() - began
    rig.page.wait_until_up(120)
    up_s = time.monotonic() - began
    rig.person.step_off()
    rig.person.place(100)
    now = rig.page.results()
    rig.check(
        "after a power cut every earlier result is there",
        now[: len(earlier)] == earlier,
        results=len(earlier),
        shell_after_s=round(booted_s, 1),
        page_after_s=round(up_s, 1),
    )
    _check_partial_hold(rig, "a power cut in a hold", "interrupted", over_at)
    reading = eventually(lambda: rig.page.now is not None and rig.page.now["toe_mm"] is not None, 15)
    rig.check("after a power cut the sensor is read again", reading)


def check(rig: Rig) -> None:
    """`station check` reports a good board, and names the unplugged cable."""
    rig.person.step_off()
    rig.person.place(100)
    rig.machine.run(SET_CLOCK)
    rig.machine.run(f"systemctl stop {UNIT}")
    try:
        parts_found = json.loads(rig.machine.run(CHECK, fails=True) or "[]")
        wrong = [one["sentence"] for one in parts_found if not one["well"]]
        rig.check(
            "station check finds no fault", bool(parts_found) and wrong == [], parts=len(parts_found), wrong=wrong
        )
        for bus, fault, wanted in (
            ("i2c", "absent", "The distance sensor does not answer"),
            ("i2c", "stuck", "SDA"),
            ("spi", "absent", "check its cable, and the MCP3008's"),
            ("spi", "high", "DOUT"),
        ):
            rig.board(bus, fault)
            parts_found = json.loads(rig.machine.run(CHECK, fails=True) or "[]")
            rig.board(bus, "ok")
            wrong = [one["sentence"] for one in parts_found if not one["well"]]
            rig.check(
                f"station check names what hangs on {bus}, {fault}", any(wanted in one for one in wrong), text=wrong
            )
    finally:
        rig.machine.run(f"systemctl start {UNIT}")
        rig.page.wait_until_up(60)


def _faulty(now: dict[str, Any]) -> bool:
    return bool(now["phase"] == "fault")


def _settling(now: dict[str, Any]) -> bool:
    return bool(now["phase"] == "settle")


def _hold_for(rig: Rig, seconds: float) -> None:
    """Start a stretch, and hold for this long."""
    rig.start("stretch")
    rig.person.follow_until(held(seconds), 60, f"{seconds:g} s of a hold")


def _check_partial_hold(rig: Rig, what: str, ended: str, over_at: float) -> None:
    """The interrupted hold is stored as unfinished, with at least the credit that the page showed minus what may be
    lost, and at most the time until it ended.
    """
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
    rig.check(f"{what}: the session says so", ended in words, text=words[max(0, words.find(ended) - 80) :][:160])
