"""The bench: every figure has a measurement, the table is readable, and the arithmetic is correct."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import pytest
from msgspec import structs

from station.core.events import SECOND_US, Side
from station.devices.cue_player import PlayedEdge
from station.store.records import Hold
from tests.bench import __main__ as bench
from tests.bench.station import Run, credit_errors_us, heel_up_latencies_us, page_latencies_us

MS = 1_000
BEGIN_US = 70 * SECOND_US
GO_US, UP_US, DOWN_US = BEGIN_US + SECOND_US, BEGIN_US + 3 * SECOND_US, BEGIN_US + 4 * SECOND_US
HOLD = Hold(
    id="",
    session_id="",
    run_id="",
    person_id=None,
    started_at=datetime(2026, 11, 23, tzinfo=UTC),
    side=Side.LEFT,
    repetition=1,
    target_us=5 * SECOND_US,
    credited_us=5 * SECOND_US,
    lifted_us=SECOND_US,
    lift_count=1,
    micro_lift_count=0,
    state="finished",
    started_us=SECOND_US,
    ended_us=7 * SECOND_US,
    heel_lifts=(),
    simulated=True,
)
GO = [PlayedEdge(GO_US, GO_US + MS, 2300), PlayedEdge(GO_US + 400 * MS, GO_US + 401 * MS, 0)]
HEEL_UP = PlayedEdge(UP_US + 500 * MS, UP_US + 520 * MS, 770)
SHOWN = [(UP_US + 110 * MS, True), (DOWN_US + 130 * MS, False)]
RUN = Run([(UP_US, DOWN_US)], (HOLD,), [*GO, HEEL_UP], SHOWN)


@pytest.mark.parametrize("figure", bench.FIGURES, ids=lambda figure: figure.name)
def test_figure_names_a_module_that_measures_it(figure: bench.Figure) -> None:
    assert callable(import_module(f"tests.bench.{figure.module}").figures)
    assert figure.sense in (bench.AT_MOST, bench.AT_LEAST)


def test_machine_without_systemd_says_so_and_measures_the_rest(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert bench.measure(["unit_exposure"], lambda _line: None) == {}
    (said,) = capsys.readouterr().err.splitlines()
    assert said.startswith("This machine has no systemd-analyze")


def test_result_has_value_unit_target_and_comparison() -> None:
    """A measured figure also has a line in the table."""
    printed: list[str] = []
    results = bench.measure(["core_ten_minutes_ms"], printed.append)
    (figure,) = results.values()
    assert list(figure) == ["value", "unit", "target", "sense", "against"]
    assert figure["value"] > 0
    assert printed == ["measuring core …"]
    assert "core_ten_minutes_ms" in bench.table(results).splitlines()[1]


@pytest.mark.parametrize(
    ("sense", "value", "met"), [("at most", 9.0, True), ("at most", 11.0, False), ("at least", 11.0, True)]
)
def test_target_is_met_or_missed(sense: str, value: float, met: bool) -> None:
    """`at most` and `at least` compare in opposite directions."""
    assert bench.is_met({"value": value, "target": 10.0, "sense": sense}) is met


def test_credit_error_compares_with_true_heel_times() -> None:
    """An exactly credited hold has no error; an end credited 8 ms late is an error of 8 ms."""
    assert credit_errors_us(RUN) == [0]
    assert credit_errors_us(replace(RUN, holds=(structs.replace(HOLD, ended_us=7 * SECOND_US + 8 * MS),))) == [8 * MS]


def test_latencies_count_from_true_edge() -> None:
    """HEEL_UP counts from the end of the grace; the page from the rise and from the return."""
    assert heel_up_latencies_us(RUN) == [20 * MS]
    assert page_latencies_us(RUN) == [110 * MS, 130 * MS]
