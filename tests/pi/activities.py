"""What a person does on the board, and what the page shows. Each part ends with an empty board."""

from __future__ import annotations

import time
from statistics import fmean, median
from typing import Any

from station.core.activities.questions import PLACE_BY_TAPS
from station.core.facts import TestFinished
from station.core.replay import replay
from station.core.steps import routine_from_header
from station.core.trace import curve_from_header, read_trace
from tests.pi.person import LIFTED
from tests.pi.rig import CLOCK_SET, LIMIT_MM, SET_CLOCK, Rig, eventually, faults, held
from web.pages.timeline import FELT_TEXTS

NEAR_MM = 3.0
"""A result may be off by the sensor's own slow wander, which the page states as its uncertainty."""
LIFT_S = 1.5
STILL_S = 1.5
"""How long both heels are down before a tap; by then the question has sounded."""
PLACE, PAIN = "calf", "2"
"""The answers: where the limit was felt, and how much it hurt."""
RANGES_PER_S = 27
SAMPLES_PER_S = 50
"""Four samples of a heel within the 80 ms of debouncing. The station requests 100; how many it gets on a machine that
shares its processor says little about a Raspberry Pi, and is only recorded.
"""


def figures(rig: Rig) -> None:
    """Readings and samples a second, processor time and memory, with the live page open."""
    rig.person.step_off()
    before, used_s, began = rig.board("stats"), rig.machine.processor_s(), time.monotonic()
    time.sleep(10)
    after, lasted_s = rig.board("stats"), time.monotonic() - began
    used_s = rig.machine.processor_s() - used_s
    seconds = after["monotonic"] - before["monotonic"]
    ranges = after["ranges"] - before["ranges"]
    messages = after["spi"]["messages"] - before["spi"]["messages"]
    transactions = after["i2c"]["transactions"] - before["i2c"]["transactions"]
    rig.check(
        "the sensors are read often enough",
        ranges / seconds > RANGES_PER_S and messages / seconds / 2 > SAMPLES_PER_S,
        ranges_per_s=round(ranges / seconds, 1),
        heel_samples_per_s=round(messages / seconds / 2, 1),
        i2c_transactions_per_range=round(transactions / ranges, 2),
        processor_percent=round(100 * used_s / lasted_s, 1),
        memory_mb=round(rig.machine.memory_mb(), 1),
        start_s=round(rig.machine.start_s(), 1),
    )


def clock(rig: Rig) -> None:
    """An unset clock is reported until it is set."""
    rig.machine.run(f"rm -f {CLOCK_SET}")
    reported = eventually(lambda: "clock" in faults(rig), 5)
    rig.check("a clock that was never set is reported", reported, faults=faults(rig))
    rig.machine.run(SET_CLOCK)
    well = eventually(lambda: rig.page.health()["ok"], 5)
    rig.check("the station has no faults", well, faults=faults(rig))


def distance(rig: Rig) -> float:
    """Compare the page with known distances. Returns how much it reads too long, in mm."""
    rig.person.step_off()
    errors = []
    for toe_mm in (60.0, 100.0, 150.0):
        rig.person.place(toe_mm)
        time.sleep(1.5)
        shown = []
        for _ in range(40):
            if rig.page.now is not None and rig.page.now["toe_mm"] is not None:
                shown.append(rig.page.now["toe_mm"])
            time.sleep(0.05)
        errors.append(fmean(shown) - toe_mm if shown else 999.0)
    rig.check("distances are right", max(map(abs, errors)) < 5, error_mm=[round(error, 1) for error in errors])
    return median(errors)


def knee_to_wall(rig: Rig) -> None:
    """A quick test of both sides and its questions: the page has the true distances and the answers, and the trace
    replays to them.
    """
    offset_mm = distance(rig)
    rig.settings(on_step="test")
    before = len(rig.rows("quick test"))
    rig.person.place(60)
    rig.person.passed_mm.clear()
    began = time.monotonic()
    rig.step_on()
    rig.person.follow_until(lambda now: now["phase"] == "felt", 420, "the question where the limit was felt")
    lasted_s = time.monotonic() - began
    now = _answer_questions(rig)
    session_id = now["session"]
    rig.leave()
    rows = {row["side"]: row for row in rig.rows("quick test")[before:]}
    for side, true_mm in sorted(rig.person.passed_mm.items()):
        row = rows.get(side)
        shown_mm = None if row is None else float(row["value"])
        rig.check(
            f"the result is the true distance, {side}",
            shown_mm is not None and abs(shown_mm - true_mm - offset_mm) <= NEAR_MM,
            shown_mm=shown_mm,
            true_mm=round(true_mm, 1),
            sensor_offset_mm=round(offset_mm, 1),
            uncertainty_mm=None if row is None else row["uncertainty"],
            limit_mm=LIMIT_MM[side],
        )
    words = rig.page.session(session_id)
    rig.check(
        "the session tells the test",
        all(part in words for part in ("Quick test", "contact: knee pad", "heel came up", "did not reach")),
        result=now["result"],
        attempts=sum(words.count(outcome) for outcome in ("passed", "heel came up", "knee did not reach")),
        lasted_s=round(lasted_s),
    )
    scores = [replayed(text) for text in rig.page.traces(session_id)]
    stored = {side: float(row["value"]) for side, row in rows.items()}
    rig.check("the trace replays to the stored result", stored in scores, stored=stored, replayed=scores)


def _answer_questions(rig: Rig) -> dict[str, Any]:
    """Answer the felt place by heel taps and the pain on the page; returns what the page then shows."""
    rig.person.stand()
    time.sleep(STILL_S)
    cues, began = len(rig.page.cues), time.monotonic()
    rig.person.tap("left", next(taps for taps, place in PLACE_BY_TAPS.items() if place == PLACE))
    rig.person.follow_until(lambda now: now["phase"] == "pain", 10, "that the taps are accepted", follows=False)
    accepted_s = time.monotonic() - began
    played = [name for _, name in rig.page.cues[cues:]]
    rig.check("heel taps are counted and echoed", "ECHO" in played, cues=played, taken_after_s=round(accepted_s, 2))
    rig.page.press("/command", command="answer", answer=PAIN)
    now = rig.person.follow_until(lambda now: now["phase"] == "result", 5, "the result of a test", follows=False)
    words = rig.page.session(now["session"])
    expected = f"{FELT_TEXTS[PLACE]}, pain {PAIN} of 10"
    rig.check("the session tells both answers", expected in words, wanted=expected, text=words[:160])
    return now


def replayed(text: str) -> dict[str, float] | None:
    """The score of a trace, by this checkout's rules."""
    trace = read_trace(text.splitlines())
    curve = curve_from_header(trace.header)
    for fact in replay(trace, routine_from_header(trace.header), curve):
        if isinstance(fact, TestFinished):
            both = {"left": fact.left_mm, "right": fact.right_mm}
            return {side: mm for side, mm in both.items() if mm is not None}
    return None


def hold(rig: Rig) -> None:
    """A stretch of each side: a heel lift sounds, is shown and earns no credit, and the credit ends at its target."""
    rig.settings()
    before = len(rig.rows("hold"))
    rig.start("stretch")
    now = rig.person.follow_until(held(4), 40, "four seconds of a hold")
    side = now["side"]
    cues = len(rig.page.cues)
    rig.person.press(side, LIFTED)
    lifted_at = time.monotonic()
    now = rig.person.follow_until(lambda now: now["phase"] == "lifted", LIFT_S, "that the page shows the lift")
    seen_s = time.monotonic() - lifted_at
    time.sleep(max(0.0, lifted_at + LIFT_S - time.monotonic()))
    rig.person.stand()
    rig.person.follow_until(lambda now: now["phase"] == "hold", 2, "that the hold continues")
    played = [name for _, name in rig.page.cues[cues:]]
    rig.check(
        "a lift is shown and sounds", played[:2] == ["HEEL_UP", "YES"], cues=played, shown_after_s=round(seen_s, 2)
    )
    sounded = rig.board("tone", 18, 2)
    rig.check("the buzzer has sounded", sounded["hz"] is not None, hz=sounded["hz"] and round(sounded["hz"]))
    rig.person.follow_until(
        lambda now: now["activity"] == "idle" or now["phase"] == "done", 60, "the end of the stretch"
    )
    rig.leave()
    rows = {row["side"]: row for row in rig.rows("hold")[before:]}
    lifts = {one: (row["state"], float(row["value"]), row["heel_lifts"]) for one, row in rows.items()}
    wanted = {one: ("finished", 10.0, "1" if one == side else "0") for one in LIMIT_MM}
    rig.check("a hold with a lift is credited to its target exactly", lifts == wanted, holds=lifts)
