"""Commands that page buttons and API clients may send to the current activity."""

from __future__ import annotations

from enum import StrEnum

from station.app.api import StationApi
from station.core.events import ANSWERS, CommandName, Side


class PageCommand(StrEnum):
    """The station's commands that need nobody on the board; starting has an address of its own."""

    PAUSE = CommandName.PAUSE.value
    RESUME = CommandName.RESUME.value
    NEXT = CommandName.NEXT.value
    SKIP = CommandName.SKIP.value
    SKIP_EXERCISE = CommandName.SKIP_EXERCISE.value
    STOP = CommandName.STOP.value
    CONFIRM = CommandName.CONFIRM.value
    SIDE = CommandName.SIDE.value
    ANSWER = CommandName.ANSWER.value
    UNDO = CommandName.UNDO.value


def send_command(api: StationApi, command: PageCommand, side: Side | None, answer: str | None) -> None:
    """Send the command. Raises ValueError with a sentence if side or answer is missing, wrong or superfluous."""
    if (side is None) is (command is PageCommand.SIDE):
        raise ValueError("side must be left or right, and goes with the command side only.")
    if (answer is None) is (command is PageCommand.ANSWER) or (answer is not None and answer not in ANSWERS):
        raise ValueError("answer must be a place or a number from 0 to 10, and goes with the command answer only.")
    api.command(CommandName(command.value), side, answer)
