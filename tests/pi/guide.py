"""A new person makes a plan on the page, and the board guides both feet through it."""

from __future__ import annotations

import re
import time
from collections import Counter

from station.advice.plan import WEEKDAYS, WEEKLY_GOAL_MINUTES
from station.core.events import SECOND_US
from station.core.facts import HoldEnd
from station.core.replay import replay
from station.core.steps import routine_from_header
from station.core.trace import curve_from_header, read_trace
from tests.pi.person import LIFTED
from tests.pi.rig import Rig, held

NAME, ROUTINE = "Ada", "Both feet"
RAISE, STRETCH = "5b", "3c"
"""A toe raise and a stretch, each with both feet at once."""
HOLD_S = 10.0
DOSES = (
    {"item": RAISE, "hold_s": f"{HOLD_S:g}", "repetitions": "2"},
    {"item": STRETCH, "hold_s": f"{HOLD_S:g}", "repetitions": "1"},
)
LIFT_S = 1.5
"""Longer than the grace, shorter than a pause."""


def guide(rig: Rig) -> None:
    """A person's own routine for both feet starts by stepping on; one lifted heel stops the clock; everything is
    stored.
    """
    rig.settings(on_step="today")
    try:
        _make_plan(rig)
        _check_guidance(rig)
    finally:
        rig.page.choose_person()


def _make_plan(rig: Rig) -> None:
    """A person adds themselves, answers the health questions, builds a routine and plans it for every day."""
    rig.page.press("/people", name=NAME)
    rig.page.answer_no_to_all()
    routine = rig.page.save_routine(ROUTINE, *DOSES)
    every_day = {f"day{day}": "00:00" for day in range(len(WEEKDAYS))}
    rig.page.press("/plan", routine=routine, zone="UTC", **every_day)
    words = rig.page.text_of("/")
    rig.check("today offers the routine of the plan", ROUTINE in words, text=words[words.find(NAME) :][:200])


def _check_guidance(rig: Rig) -> None:
    before = len(rig.rows("hold"))
    rig.step_on()
    now = rig.person.follow_until(lambda now: now["activity"] == "hold", 10, "that stepping on starts the plan")
    doing = now["exercise"]
    rig.check("stepping on starts the due routine", doing["key"] == RAISE, exercise=doing, word=now["side_word"])
    now = rig.person.follow_until(held(3), 60, "three seconds of a hold")
    cues, shown_s = len(rig.page.cues), now["counted_us"] / SECOND_US
    rig.person.press("right", LIFTED)
    lifted_at = time.monotonic()
    now = rig.person.follow_until(lambda now: now["phase"] == "lifted", LIFT_S, "that the page shows the lift")
    stood_s = now["counted_us"] / SECOND_US
    time.sleep(max(0.0, lifted_at + LIFT_S - time.monotonic()))
    rig.person.stand()
    rig.person.follow_until(lambda now: now["phase"] == "hold", 2, "that the hold continues")
    played = [name for _, name in rig.page.cues[cues:]]
    rig.check(
        "one heel of both stops the clock, and the page names it",
        played[:2] == ["HEEL_UP", "YES"] and "right heel" in now["sentence"],
        cues=played,
        text=now["sentence"],
        credit_before_s=round(shown_s, 2),
        credit_in_the_lift_s=round(stood_s, 2),
    )
    rig.person.follow_until(lambda now: (now["exercise"] or {}).get("key") == STRETCH, 60, "the second exercise")
    now = rig.person.follow_until(lambda now: now["activity"] == "idle" or now["phase"] == "done", 120, "the end")
    session_id = now["session"]
    rig.leave()
    _check_stored(rig, before, session_id)


def _check_stored(rig: Rig, before: int, session_id: str) -> None:
    holds = [(row["side"], row["state"], float(row["value"]), row["heel_lifts"]) for row in rig.rows("hold")[before:]]
    wanted = [("both", "finished", HOLD_S, lifts) for lifts in ("1", "0", "0")]
    rig.check("holds of both feet are credited to their target exactly", holds == wanted, holds=holds)
    total_s = HOLD_S * len(wanted)
    words = rig.page.session(session_id)
    parts = (f"{HOLD_S:g} s of {HOLD_S:g} s", NAME, "Toe raise", "Achilles stretch")
    rig.check("the session tells the routine", all(part in words for part in parts), text=words[:240])
    history = rig.page.text_of("/history")
    rig.check("the history has it", f"{total_s:g} s held" in history and NAME in history)
    credited = Counter[str]()
    for text in rig.page.traces(session_id):
        trace = read_trace(text.splitlines())
        for fact in replay(trace, routine_from_header(trace.header), curve_from_header(trace.header)):
            if isinstance(fact, HoldEnd):
                credited[str(fact.side)] += fact.credited_us
    replayed_s = {side: credited_us / SECOND_US for side, credited_us in credited.items()}
    rig.check("the trace replays to the stored credit", replayed_s == {"both": total_s}, replayed_s=replayed_s)
    rings = re.findall(r'class="(?:left|right)"[^>]*stroke-dasharray="(\d+) 100"', rig.page.get("/"))
    wanted_percent = [f"{100 * HOLD_S / 60 / WEEKLY_GOAL_MINUTES:.0f}"] * 2
    rig.check("today counts the stretch for either leg", rings == wanted_percent, rings=rings, wanted=wanted_percent)
    words = rig.page.text_of("/")
    rig.check("today shows it as done", "Done for today" in words, text=words[words.find(NAME) :][:200])
