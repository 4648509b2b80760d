"""Merges a staged database into the station's, after a preview and the person's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from station.store import Store
    from station.store.exchange.merge_report import MergeReport
    from station.store.exchange.staging import Staged

SAME_BOARD_QUESTION = "Is it the same board, with its distance sensor not moved?"


def merge_if_sure(
    store: Store, staged: Staged, question: str, *, same_board: bool, yes: bool, as_json: bool
) -> tuple[MergeReport, bool]:
    """Show what a merge would do, ask, and merge; returns the report, and whether it was merged.

    With `yes` nothing is asked, with `as_json` nothing is asked or shown.
    """
    from station.app.exchange.import_preview import preview_lines
    from station.store.exchange.merge import merge, preview

    report = preview(store, staged)
    if not as_json:
        click.echo("\n".join(preview_lines(report)))
    asks = not (yes or as_json)
    if not report.new_rows or not (yes or (asks and click.confirm(question))):
        return report, False
    if asks and not same_board and report.takes_board is None:
        same_board = click.confirm(SAME_BOARD_QUESTION)
    return merge(store, staged, same_board=same_board), True
