"""The questions of `station check` in the terminal."""

from __future__ import annotations

import click

from station.system.bring_up import PRESS_US

PARTS = {
    "left heel": "the left heel plate, firmly, with your hand",
    "right heel": "the right heel plate, firmly, with your hand",
    "knee pad": "the knee pad",
    "button": "the button",
}
COLOURS = ("red", "green", "blue", "none", "several", "skip")
ANSWERS = {"y": True, "n": False, "skip": None}


class Questions:
    """The person at the terminal."""

    def press(self, line: str) -> None:
        """Wait until somebody is ready to press this part."""
        seconds = PRESS_US // 1_000_000
        click.prompt(
            f"Press Enter; then press {PARTS[line]}, and let go, within {seconds} seconds",
            default="",
            show_default=False,
            prompt_suffix=" ",
        )

    def heard_two_tones(self) -> bool | None:
        """Ask whether two tones were heard."""
        answer = click.prompt("Did you hear two tones, a short and a long one?", type=click.Choice(tuple(ANSWERS)))
        return ANSWERS[answer]

    def colour(self) -> str | None:
        """Ask which colour the LED has."""
        answer: str = click.prompt("Which colour is the LED now?", type=click.Choice(COLOURS))
        return None if answer == "skip" else answer

    def measured_v(self, near: bool, line: str, place: str) -> float | None:
        """Ask for a voltage, until it is a number or nothing."""
        held = f", while you press {PARTS[line]}" if line in PARTS else ""
        end = "the Pi's end" if near else "the far end"
        while True:
            answer: str = click.prompt(
                f"{line}: measure from {place} ({end}) to ground{held}, in V (Enter to skip)",
                default="",
                show_default=False,
            )
            if not answer.strip():
                return None
            try:
                return float(answer.strip().removesuffix("V").replace(",", "."))
            except ValueError:
                click.echo(f"{answer!r} is not a voltage: type a number such as 2.5, or only Enter.")
