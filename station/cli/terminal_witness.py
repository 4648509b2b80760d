"""The person who answers `station check` in the terminal."""

from __future__ import annotations

import click

from station.app.board.bring_up_records import SKIP, Question


class TerminalWitness:
    """Asks the questions of the bring-up in the terminal; see `Witness`."""

    def ask(self, question: Question) -> str:
        """Ask until the answer is valid for the question; just Enter is the usual answer."""
        words = [word for word, _ in question.answers]
        usual = words[0] if question.then or question.takes_volts else None
        shown = "/".join([*(["a number"] if question.takes_volts else []), *words])
        while True:
            answer: str = click.prompt(f"{question.text} ({shown})", default=usual, prompt_suffix=" ")
            try:
                checked = question.checked(answer)
            except ValueError as error:
                click.echo(str(error))
                continue
            if question.then and checked != SKIP:
                click.echo(question.then)
            return checked
