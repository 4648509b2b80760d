"""What the live page shows at many moments of a session, as fields of a snapshot (`tests.web.snapshots`)."""

from __future__ import annotations

from typing import Any

from station.app.snapshot import CueView, Fault, HeelView, UnfinishedView
from station.core.events import BOTH_LEGS, BoardPosition, Press, Side
from station.core.facts import Contact, CueName

HEELS = (HeelView(Side.LEFT, True, 1.0), HeelView(Side.RIGHT, True, 0.9))
HOLD: dict[str, Any] = {
    "activity": "hold",
    "phase": "hold",
    "side": Side.LEFT,
    "counting": "hold",
    "counted_us": 6_000_000,
    "target_us": 30_000_000,
    "rate": 1,
    "repetition": 2,
    "repetitions": 3,
    "toe_mm": 93.0,
    "heels": HEELS,
}
STATES: dict[str, dict[str, Any]] = {
    "idle": {},
    "hold": HOLD,
    "prepare": {**HOLD, "phase": "prepare", "counting": "prepare", "target_us": 10_000_000, "next_step": "Right leg"},
    "lifted": {**HOLD, "phase": "lifted", "rate": 0},
    "result": {"activity": "test", "phase": "result", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "fault": {"phase": "fault", "faults": (Fault("toe", "It does not answer: check the blue and yellow wire."),)},
    "block": {
        "activity": "calibrate",
        "phase": "block",
        "target_mm": 100.0,
        "repetition": 2,
        "repetitions": 6,
        "why": "Someone stood on the board while a block was read: step off and show it again",
    },
    "capture": {"activity": "calibrate", "phase": "capture", "counting": "capture", "target_us": 10_000_000, "rate": 1},
    "move": {
        "activity": "test",
        "phase": "move",
        "toe_mm": 93.0,
        "target_mm": 109.0,
        "off_mm": -16.0,
        "verdict": "passed",
        "trial": 1,
    },
    "felt": {"activity": "ask", "phase": "felt", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "pain": {"activity": "ask", "phase": "pain", "result_left_mm": 94.0, "result_right_mm": 101.2},
    "exercise": {**HOLD, "exercise": "3b", "verified": True, "next_step": "hold", "next_exercise": "3c"},
    "ready": {**HOLD, "phase": "prepare", "side": BOTH_LEGS, "exercise": "3c", "target_us": 30_000_000},
    "both": {**HOLD, "phase": "lifted", "rate": 0, "side": BOTH_LEGS, "exercise": "3c", "verified": True},
    "pace": {
        "activity": "reps",
        "phase": "reps",
        "side": Side.LEFT,
        "count": 0,
        "target_count": 40,
        "exercise": "1a",
        "verified": False,
    },
    "quiz": {"activity": "lesson", "phase": "quiz", "claimed": CueName.SWITCH, "repetition": 2, "repetitions": 6},
    "rhythm": {"activity": "rhythm", "phase": "press", "presses": (Press.SHORT, Press.LONG), "is_down": True},
    "number": {"activity": "rhythm", "phase": "number"},
    "unfinished": {"unfinished": UnfinishedView("Daily", 700), "note": "Undone. Heel taps are off now."},
    "tapped": {**HOLD, "phase": "paused", "rate": 0, "exercise": "3a", "verified": True, "undo_us": 1},
    "wait": {"activity": "test", "phase": "wait"},
    "stand": {"activity": "test", "phase": "settle", "heels": HEELS, "toe_mm": 68.0},
    "lay": {"activity": "setup", "phase": "lay", "board": BoardPosition.SLOPE, "is_occupied": True},
    "side": {"activity": "test", "phase": "side", "side": Side.LEFT, "toe_mm": 68.0, "heels": HEELS},
    "lunge": {"activity": "test", "phase": "attempt", "side": Side.LEFT, "toe_mm": 84.0, "best_mm": 80.0, "trial": 1},
    "confirm": {
        "activity": "test",
        "phase": "attempt",
        "side": Side.RIGHT,
        "toe_mm": 84.0,
        "best_mm": 80.0,
        "contact": Contact.SELF,
    },
    "closer": {
        "activity": "test",
        "phase": "move",
        "toe_mm": 130.0,
        "target_mm": 109.0,
        "off_mm": 21.0,
        "verdict": "contact",
    },
    "lift": {"activity": "test", "phase": "switch", "side": Side.RIGHT, "heels": HEELS},
    "next-exercise": {
        "activity": "rest",
        "phase": "rest",
        "counting": "rest",
        "target_us": 9_000_000,
        "next_exercise": "5a",
    },
    "switch": {"activity": "hold", "phase": "switch", "side": Side.RIGHT, "exercise": "3a", "heels": HEELS},
    "rest": {**HOLD, "phase": "rest", "counting": "rest", "target_us": 20_000_000, "exercise": "3a", "verified": True},
    "pause": {**HOLD, "phase": "paused", "rate": 0, "exercise": "3a", "verified": True},
    "unsensed": {**HOLD, "exercise": "4a", "verified": False},
    "ended": {
        "activity": "hold",
        "phase": "ended",
        "unfinished": UnfinishedView("Daily", 700),
        "cue": CueView(1, CueName.ENDED, None, None, False),
    },
}
TEST: dict[str, Any] = {"activity": "test", "side": Side.RIGHT, "toe_mm": 124.0, "heels": HEELS}
ON_BOARD: dict[str, dict[str, Any]] = {
    **{name: STATES[name] for name in ("hold", "prepare", "lifted", "result", "move", "exercise", "ready", "both")},
    **{name: STATES[name] for name in ("pace", "quiz")},
    **{name: {**TEST, "phase": name} for name in ("wait", "settle", "side", "switch")},
    "count": {**TEST, "phase": "count", "cue": CueView(1, CueName.COUNT, 3, None, False)},
    "attempt": {**TEST, "phase": "attempt", "contact": Contact.SELF},
    "heel": {**TEST, "phase": "move", "target_mm": 109.0, "verdict": "heel"},
    "unclear": {**TEST, "phase": "move", "target_mm": 140.0, "verdict": "unclear"},
    "target": {**TEST, "phase": "move", "target_mm": 124.0, "is_on_target": True},
    "between": {
        **HOLD,
        "phase": "rest",
        "counting": "rest",
        "exercise": "3b",
        "repetition": 2,
        "repetitions": 3,
        "target_us": 15_000_000,
    },
    "rest": {"activity": "rest", "phase": "rest", "counting": "rest", "target_us": 90_000_000, "next_exercise": "5a"},
    "away": {**HOLD, "phase": "away", "counting": None, "repetitions": 10, "exercise": "3b"},
    "paused": {**HOLD, "phase": "paused", "counting": None, "exercise": "3b"},
    "come back": {"activity": "hold", "phase": "wait", "side": Side.RIGHT, "step": 2, "steps": 4, "exercise": "10b"},
    "tempo": {
        "activity": "reps",
        "phase": "hold",
        "side": BOTH_LEGS,
        "exercise": "7a",
        "count": 12,
        "target_count": 30,
    },
    "done": {"activity": "hold", "phase": "done"},
}
"""The states that a person on the board reads from two metres."""
