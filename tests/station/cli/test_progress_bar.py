"""Progress of slow commands, even if standard error is not a terminal."""

from __future__ import annotations

import pytest

from station.cli.progress_bar import with_progress


def test_progress_off_a_terminal_is_a_line_for_each_tenth(capsys: pytest.CaptureFixture[str]) -> None:
    """A log shows that the command is working, and is not flooded."""
    assert list(with_progress(range(40), 40, "Robin")) == list(range(40))
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [f"Robin: {count} of 40" for count in range(4, 41, 4)]


@pytest.mark.parametrize("length", [1, 3])
def test_few_things_are_counted_one_by_one(capsys: pytest.CaptureFixture[str], length: int) -> None:
    list(with_progress(range(length), length, "Tests"))
    assert len(capsys.readouterr().err.splitlines()) == length
