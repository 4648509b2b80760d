"""`station replay`: what it prints, and how it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from station.cli.main import main

TRACES = Path(__file__).parents[2] / "traces"
HEADER = "at_s,channel,value\n"


def replay(file: Path, *options: str) -> Result:
    return CliRunner().invoke(main, ["replay", str(file), *options])


def facts(result: Result) -> list[dict[str, Any]]:
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.parametrize("file", sorted(TRACES.glob("*.csv")), ids=lambda file: file.stem)
def test_replay_prints_recorded_facts(file: Path) -> None:
    """The output for each recorded trace is, byte for byte, the file of the same name."""
    result = replay(file)
    assert result.exit_code == 0
    assert result.stdout == file.with_suffix(".facts").read_text(encoding="utf-8")
    assert replay(file).stdout == result.stdout


def test_replay_options_describe_activity(tmp_path: Path) -> None:
    """`--do hold` with its options; back-dated facts carry both times."""
    file = tmp_path / "hold.csv"
    file.write_text(HEADER + "0,heel_left,down\n8,heel_left,up\n8.3,heel_left,down\n12,heel_left,down\n")
    options = ["--do", "hold", "--side", "left", "--hold-s", "5", "--repetitions", "1", "--prepare-s", "5"]
    found = facts(replay(file, *options))
    lifted = next(fact for fact in found if fact["fact"] == "HeelLifted")
    assert lifted == {"at_s": 8.08, "fact": "HeelLifted", "side": "left", "since_s": 8.0}
    finished = next(fact for fact in found if fact["fact"] == "HoldFinished")
    assert finished == {
        "at_s": 10.3,
        "fact": "HoldFinished",
        "side": "left",
        "repetition": 1,
        "credited_s": 5.0,
        "lifted_s": 0.3,
        "lifts": 0,
        "micro_lifts": 1,
    }


def test_replay_runs_repetitions_of_both_sides(tmp_path: Path) -> None:
    """`--do reps --count`; without a side, both sides, the left one first."""
    file = tmp_path / "reps.csv"
    file.write_text(HEADER + "0,heel_left,down\n12,heel_left,up\n13,heel_left,down\n20,heel_left,down\n")
    found = facts(replay(file, "--do", "reps", "--count", "1"))
    counted = next(fact for fact in found if fact["fact"] == "RepCounted")
    assert counted == {"at_s": 13.3, "fact": "RepCounted", "side": "left", "count": 1}
    switch = next(fact for fact in found if fact.get("cue") == "SWITCH")
    assert switch["side"] == "right"


def test_replay_of_empty_trace_prints_nothing(tmp_path: Path) -> None:
    """A readable trace with only a header line: nothing happened."""
    file = tmp_path / "empty.csv"
    file.write_text(HEADER)
    assert facts(replay(file, "--do", "hold")) == []


@pytest.mark.parametrize(
    ("text", "options", "words"),
    [
        (HEADER, [], "--do"),
        ("nonsense\n", ["--do", "hold"], "line 1"),
        (HEADER + "2,toe,163\n1,toe,163\n", ["--do", "test"], "line 3"),
        (HEADER + "2,toe,far\n", ["--do", "test"], "'far'"),
        (HEADER, ["--do", "hold", "--hold-s", "0"], "hold_s"),
        (HEADER, ["--do", "hold", "--hold-s", "nan"], "hold_s"),
        (HEADER, ["--do", "reps", "--count", "0"], "count"),
        ('# {"do": "dance"}\n' + HEADER, [], "dance"),
    ],
)
def test_replay_refuses_bad_trace(tmp_path: Path, text: str, options: list[str], words: str) -> None:
    """Exit 2, nothing on standard output, one sentence on standard error."""
    file = tmp_path / "bad.csv"
    file.write_text(text)
    result = replay(file, *options)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert words in result.stderr
    assert len(result.stderr.strip().splitlines()) == 1


def test_replay_refuses_missing_file() -> None:
    """Exit 2 and a sentence with its name."""
    result = replay(Path("nowhere.csv"), "--do", "hold")
    assert result.exit_code == 2
    assert "nowhere.csv" in result.stderr


def test_replay_says_that_sides_of_results_were_exchanged(tmp_path: Path) -> None:
    """The facts are as recorded, and a sentence says that the results are not."""
    recorded = TRACES / "quick_test_where_the_person_says_so.csv"
    file = tmp_path / "exchanged.csv"
    file.write_text('# {"sides_exchanged_at": "2026-03-01T08:00:00+00:00"}\n' + recorded.read_text(encoding="utf-8"))
    result = replay(file)
    assert result.exit_code == 0
    assert result.stdout == recorded.with_suffix(".facts").read_text(encoding="utf-8")
    assert "left and right of the results were exchanged ('2026-03-01T08:00:00+00:00')" in result.stderr
    assert "as recorded" in result.stderr
    assert "exchanged" not in replay(recorded).stderr
