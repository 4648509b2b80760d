"""How far captured distances scatter on the real recording, compared with the best estimator that knows its noise.

`python -m tests.bench.distance` prints the noise and what other estimators would give.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from statistics import median

import numpy as np
from numpy.typing import NDArray

from station.core.measurement.estimate import Estimate, estimate
from tests.recordings import StillRecording, still_recordings

Array = NDArray[np.float64]

RATES_HZ = (55.6, 30.0)
"""The recording as it is (20 ms budget), and thinned to the rate of a 33 ms budget."""
WINDOWS_S = (1.0, 2.0)
"""The windows of the attempt rule: with contact by the pad, and without it."""
FIT_S = 2.5
"""The lags over which the wander's covariance is fitted: a little more than the windows."""


class Windows:
    """A recording cut into consecutive windows.

    `readings_mm` has a row a window; `times_us`, the same for all, are from the window's first reading.
    """

    def __init__(self, recording: StillRecording, rate_hz: float, window_s: float) -> None:
        readings = np.array(recording.readings_mm)
        recorded_hz = len(readings) / recording.lasts_s
        every = max(1.0, recorded_hz / rate_hz)
        chosen = readings[np.floor(np.arange(0, len(readings), every)).astype(int)]
        n = round(window_s * recorded_hz / every)
        self.name = f"{recording.name}, {recorded_hz / every:.1f} Hz, {window_s:.0f} s"
        self.recording = recording
        self.mean_mm = float(np.mean(readings))
        self.readings_mm = chosen[: len(chosen) // n * n].reshape(-1, n)
        self.times_us = [round(i * every / recorded_hz * 1e6) for i in range(n)]


def all_windows() -> Iterator[Windows]:
    for recording in still_recordings():
        for rate_hz in RATES_HZ:
            for window_s in WINDOWS_S:
                yield Windows(recording, rate_hz, window_s)


def covariance(of: StillRecording) -> Callable[[Array], Array]:
    """Fitted autocovariance of a recording in mm2, by lag in s: white noise, and a wander that falls linearly.

    The line is fitted to the lags above 0; the excess at lag 0 is white noise.
    """
    recording = np.array(of.readings_mm)
    about = recording - recording.mean()
    pace_s = of.lasts_s / len(recording)
    lags = np.arange(1, round(FIT_S / pace_s))
    at_lags = [float(np.mean(about[:-lag] * about[lag:])) for lag in lags]
    slope, wander = np.polyfit(lags * pace_s, at_lags, 1)
    white = float(np.var(recording)) - wander
    return lambda lag_s: np.where(lag_s == 0, white, 0.0) + wander + slope * lag_s


def best_linear(windows: Windows) -> Array:
    """Generalised least squares for a constant distance: no weights on these readings have a smaller variance."""
    times_s = np.array(windows.times_us) / 1e6
    weights = np.linalg.solve(
        covariance(windows.recording)(np.abs(times_s[:, None] - times_s[None, :])), np.ones(len(times_s))
    )
    captured: Array = windows.readings_mm @ (weights / weights.sum())
    return captured


def captures(windows: Windows) -> list[Estimate]:
    """The shipped estimator's result for each window. Raises if it refuses one."""
    found = [estimate(windows.times_us, readings) for readings in windows.readings_mm.tolist()]
    estimates = [one for one in found if isinstance(one, Estimate)]
    if len(estimates) < len(found):
        raise ValueError(f"{len(found) - len(estimates)} windows of the still recording have no estimate")
    return estimates


def shipped(windows: Windows) -> Array:
    return np.array([one.reading_mm for one in captures(windows)])


def plain_median(windows: Windows) -> Array:
    return np.array([median(readings) for readings in windows.readings_mm.tolist()])


def about_mean(captured: Array) -> float:
    """SD about the mean of the recording: the target did not move, so all of it is error, wander included."""
    return float(np.std(captured))


def within_seconds(captured: Array) -> float:
    """SD from one capture to the next (their differences over the square root of 2).

    The stricter measure: the wander, which no estimator can remove, is nearly the same in both and cancels.
    """
    return float(np.sqrt(np.mean(np.diff(captured) ** 2) / 2))


SCATTERS = (within_seconds, about_mean)


def worst_ratio(estimator: Callable[[Windows], Array]) -> float:
    """SD of `estimator`'s captures over that of the best: the worst of both rates, windows and measures."""
    return max(
        scatter(estimator(windows)) / scatter(best_linear(windows)) for windows in all_windows() for scatter in SCATTERS
    )


def figures() -> dict[str, dict[str, float | str]]:
    """The figure: `value` is a ratio, 1 is perfect."""
    return {"distance_sd_ratio": {"value": round(worst_ratio(shipped), 4), "unit": "ratio"}}


def _trimmed(windows: Windows) -> Array:
    cut = windows.readings_mm.shape[1] // 10
    inner: Array = np.sort(windows.readings_mm, axis=1)[:, cut:-cut].mean(axis=1)
    return inner


def _huber(windows: Windows) -> Array:
    centre = np.median(windows.readings_mm, axis=1, keepdims=True)
    spread = 1.4826 * np.median(np.abs(windows.readings_mm - centre), axis=1, keepdims=True)
    for _ in range(3):
        reach = 1.345 * np.maximum(spread, 1.0)
        centre = centre + np.clip(windows.readings_mm - centre, -reach, reach).mean(axis=1, keepdims=True)
    flat: Array = centre[:, 0]
    return flat


def _mean(windows: Windows) -> Array:
    means: Array = windows.readings_mm.mean(axis=1)
    return means


ESTIMATORS: dict[str, Callable[[Windows], Array]] = {
    "best": best_linear,
    "shipped": shipped,
    "mean": _mean,
    "trimmed": _trimmed,
    "huber": _huber,
    "median": plain_median,
}


def report() -> Iterator[str]:
    """Lines that describe the noise of each recording, and the result of each estimator."""
    for recording in still_recordings():
        yield from _noise_report(recording)
    for windows in all_windows():
        for name, estimator in ESTIMATORS.items():
            captured = estimator(windows)
            blocks = np.sqrt(np.mean([np.var(block) for block in np.array_split(captured, 6)]))
            yield (
                f"{windows.name}: {name:8} SD one to the next {within_seconds(captured):.3f}, "
                f"within ten minutes {blocks:.3f}, about its mean {about_mean(captured):.3f} mm"
            )
    for name, estimator in ESTIMATORS.items():
        yield f"worst ratio to the best: {name:8} {worst_ratio(estimator):.3f}"


def _noise_report(of: StillRecording) -> Iterator[str]:
    recording = np.array(of.readings_mm)
    pace_s = of.lasts_s / len(recording)
    fitted = covariance(of)
    yield f"{of.name}: {len(recording)} readings in {of.lasts_s / 3600:g} h"
    at_zero, near, far = (float(fitted(np.array(lag))) for lag in (0.0, 1e-9, 2.0))
    yield f"SD {recording.std():.2f} mm: white {np.sqrt(at_zero - near):.2f}, wander {np.sqrt(near):.2f} mm"
    yield f"wander in common two seconds apart: {far / near:.0%} of its variance"
    about = recording - recording.mean()
    kurtosis = np.mean(about**4) / np.var(recording) ** 2
    yield f"kurtosis {kurtosis:.2f} (normal: 3), from {about.min():.1f} to {about.max():.1f} mm"
    changes = np.flatnonzero(np.diff(recording, prepend=-1.0, append=-1.0))
    yield f"longest run of the same reading: {np.diff(changes).max()}"
    smooth = np.convolve(recording, np.full(round(3 / pace_s), pace_s / 3), "valid")
    yield f"SD of 3 s means {smooth.std():.2f} mm"
    for apart_s in (10, 60, 600):
        moved = np.abs(smooth[round(apart_s / pace_s) :] - smooth[: -round(apart_s / pace_s)])
        yield (
            f"3 s means {apart_s} s apart: SD {np.sqrt(np.mean(moved**2)):.2f}, "
            f"95 % within {np.quantile(moved, 0.95):.1f}, at worst {moved.max():.1f} mm"
        )


if __name__ == "__main__":
    sys.stdout.writelines(f"{line}\n" for line in report())
