"""A person who reads the large words and numbers of the live page, and does what they say; nothing else leads them."""

from __future__ import annotations

from typing import Any

from station.core.activities.questions import FELT_QUESTION, PAIN_QUESTION
from station.core.events import BOTH_LEGS, Legs, Side
from station.core.facts import Cue, CueName
from station.simulator.person import Person
from web.live.phase_styles import BOARD_STYLES, NOT_VERIFIED, TEMPO_PARTS

LEGS: dict[str, Legs] = {"LEFT": Side.LEFT, "RIGHT": Side.RIGHT, "BOTH": BOTH_LEGS}
BOARD_WORDS = {word for word, _, _ in BOARD_STYLES.values()}
QUESTION_WORDS = {"WHERE?": FELT_QUESTION, "PAIN?": PAIN_QUESTION}
TEMPO_WORDS = {word for parts in TEMPO_PARTS.values() for word, _ in parts}
HEEL_WORDS = ("HEEL DOWN", "HEELS DOWN")
MOVE_WORDS = {"SLIDE BACK": 1, "CLOSER": -1, "STAND STILL": 0}
"""The words in a move, and the direction in which the number beside them leads."""
WORDS = {
    **dict.fromkeys(("READY", "LEFT", "RIGHT", "BOTH FEET", "COME BACK", "SIT DOWN"), CueName.READY),
    **dict.fromkeys(("LUNGE", "KEEP GOING", "YOUR PACE", *TEMPO_WORDS), CueName.GO),
    **dict.fromkeys((*BOARD_WORDS, *QUESTION_WORDS), CueName.ASK),
    **dict.fromkeys(HEEL_WORDS, CueName.HEEL_UP),
    "REST": CueName.HOLD_DONE,
    "OTHER SIDE": CueName.SWITCH,
    "SLIDE BACK": CueName.YES,
    "CLOSER": CueName.NO,
    "PAUSED": CueName.PAUSED,
    "DONE": CueName.COMPLETE,
    "ENDED": CueName.ENDED,
    "STEP ON": CueName.NUDGE,
}
"""What a word asks for, as the cue that asks for the same."""
MM_PER_CM = 10


class PageReader:
    """Reads the view of the page (in centimetres) to `person`, and is the page that they know (`PageView`)."""

    def __init__(self, person: Person) -> None:
        self._person = person
        self._view: dict[str, Any] = {"word": "", "caption": "", "side_word": "", "exercise": None, "number": None}
        self._word = ""

    def look(self, view: dict[str, Any], at_us: int) -> None:
        """Look at the page at this time, and react to a new word."""
        self._view = view
        word, before = view["word"], self._word
        if word == before or not self._person.script.accepts_cues:
            return
        self._word = word
        if (name := self._asked_by(word, before)) is not None:
            self._person.on_cue(Cue(at_us, name))

    def _asked_by(self, word: str, before: str) -> CueName | None:
        """What a new word asks for; nothing where it continues what the person does already."""
        is_same_move = word in MOVE_WORDS and before in MOVE_WORDS and self.activity == "test"
        if is_same_move or (word in TEMPO_WORDS and before in (*TEMPO_WORDS, *HEEL_WORDS)):
            return None
        if word == "STAND STILL":
            return CueName.YES if before == "LUNGE" else None
        if word == "REST" and self.activity == "test":
            return CueName.TRIAL_OK
        return WORDS.get(word)

    @property
    def activity(self) -> str:
        if self._word in BOARD_WORDS:
            return "setup"
        if self._word in QUESTION_WORDS:
            return "ask"
        if self._view["exercise"] is None:
            return "test"
        return "reps" if self._view["caption"] in ("to do", "times") else "hold"

    @property
    def phase(self) -> str:
        return "attempt" if self._word == "LUNGE" else QUESTION_WORDS.get(self._word, "")

    @property
    def side(self) -> Legs | None:
        return LEGS.get(self._view["side_word"])

    @property
    def exercise(self) -> str | None:
        return None if self._view["exercise"] is None else str(self._view["exercise"]["key"])

    @property
    def verified(self) -> bool | None:
        return None if self._view["exercise"] is None else self._view["exercise"]["verifies"] != NOT_VERIFIED

    @property
    def target_count(self) -> int | None:
        """How often to move: the number on the page, and again where it says "each way"."""
        if self._view["caption"] != "to do":
            return None
        return int(self._view["number"]) * (2 if "each way" in self._view["sentence"] else 1)

    @property
    def toe_mm(self) -> float | None:
        """Where the board is, from where it is: only the way to the target is read."""
        return 0.0

    @property
    def target_mm(self) -> float | None:
        """How far to slide the board from where it is, negative towards the wall."""
        direction = MOVE_WORDS.get(self._word, 0)
        return direction * MM_PER_CM * float(self._view["number"]) if direction else 0.0
