"""The chart of a run's trace."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree

from station.core.measurement.curve import Curve
from station.store import Store
from station.units import CM
from tests.web.history import add_session, lunge_rows
from web.charts.trace import downsample, read_channels, trace_chart

SVG = "{http://www.w3.org/2000/svg}"


def test_downsampling_keeps_single_sample_lifts() -> None:
    """An hour at 100 Hz, reduced to its columns, keeps a lift of one sample."""
    points = [(n * 10_000, 0.6 if n != 123_456 else 0.1) for n in range(360_000)]
    kept = list(downsample(points, 0, points[-1][0]))
    assert len(kept) < 1_000
    assert (1_234_560_000, 0.1) in kept


def test_flagged_readings_are_not_drawn() -> None:
    """A reading flagged by the sensor is not drawn; the others are calibrated."""
    channels = read_channels("0.000,toe,170\n0.033,toe,8190/4\n0.066,heel_left,down\n", Curve())
    assert channels["toe"] == [(0, 100.0)]
    assert channels["heel_left"] == [(66_000, 1.0)]


def test_attempts_lifts_and_credit_are_marked(store: Store) -> None:
    """Every attempt has a mark and every lift a bar; credited time excludes lifts. The text agrees."""
    _, session = add_session(store)
    detail = store.session(session)
    assert detail is not None
    test, hold = (trace_chart(detail, run, store.trace(run), CM) for run in detail.run_ids)
    assert test is not None
    assert hold is not None
    assert test.description == "5 attempts, 3 passed."
    assert hold.description == "1 stretch with 30 s credited, 1 heel lift."
    drawn = ElementTree.fromstring(str(test.svg).replace("<svg", f'<svg xmlns="{SVG[1:-1]}"', 1))
    assert drawn.find(f"{SVG}title") is not None
    classes = [one.get("class") for one in drawn.iter()]
    assert (classes.count("event passed"), classes.count("event")) == (3, 2)
    assert str(hold.svg).count('class="credit"') == 2
    assert str(hold.svg).count('class="heel-lift"') == 1


def test_run_without_trace_has_no_chart(store: Store) -> None:
    _, session = add_session(store)
    detail = store.session(session)
    assert detail is not None
    assert trace_chart(detail, "nowhere", store.trace("nowhere"), CM) is None
    assert trace_chart(detail, detail.run_ids[0], ({}, ""), CM) is None


def test_generated_trace_has_heels_and_distance_throughout() -> None:
    """The generated trace has both heels and a distance throughout."""
    assert read_channels(lunge_rows(), Curve()).keys() == {"toe", "load_left", "load_right"}
