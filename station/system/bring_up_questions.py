"""The questions of the bring-up, as terminal and page ask them."""

from __future__ import annotations

from station.app.board.bring_up_records import SKIP, Question
from station.system.wire_faults import COLOURS, Line

PRESS_S = 4
"""How long the board listens for a requested press."""
PARTS = {
    "left heel": "the left heel plate, firmly, with your hand",
    "right heel": "the right heel plate, firmly, with your hand",
    "knee pad": "the knee pad",
    "button": "the button",
}
PICTURES = {
    "left heel": "plate-inside.svg",
    "right heel": "plate-inside.svg",
    "knee pad": "knee-pad.svg",
    "button": "schematic.svg",
}
CANNOT_SAY = (SKIP, "Not sure")


def press_question(part: str) -> Question:
    """Ask the person to get ready to press this part."""
    return Question(
        part,
        f"Next, press {PARTS[part]}, and let go: you have {PRESS_S} seconds. Ready?",
        (("ready", "Ready"), (SKIP, "Skip it")),
        then=f"Now press {PARTS[part]}, and let go.",
        picture=PICTURES[part],
    )


def tones_question() -> Question:
    """Ask whether the cue was heard."""
    answers = (("yes", "Yes"), ("no", "No"), CANNOT_SAY)
    return Question("buzzer", "Did you hear two tones, a short and a long one?", answers, picture="box-open.svg")


def colour_question() -> Question:
    """Ask which colour the LED has."""
    shown = ((colour, colour.capitalize()) for colour in COLOURS)
    answers = (*shown, ("none", "It is dark"), ("several", "Several at once"), CANNOT_SAY)
    return Question("LED", "Which colour is the LED now?", answers)


def volts_question(line: Line, *, is_near: bool) -> Question:
    """Ask for the voltage at an end of this wire, while the buses are busy."""
    place, end = (line.near, "the Pi\u2019s end") if is_near else (line.far, "the far end")
    held = f", while you press {PARTS[line.name]}" if line.name in PARTS else ""
    text = f"{line.name}: measure from {place} ({end}) to ground{held}. How many volts?"
    return Question(line.name, text, ((SKIP, "I cannot measure"),), takes_volts=True, picture=line.picture)
