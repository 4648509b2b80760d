"""The whole station in real time, with its page open in a browser, compared with the true times of an emulated heel.

One run gives four figures. Twenty holds of five seconds each have one sudden lift at a random moment; the heel is moved
in the simulated world, below every driver, so its true times are known. They are compared with the stored results, the
buzzer's pin, and what the browser showed.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import cast

from station.core.events import SECOND_US, Side
from station.core.state import HoldState
from station.core.steps import HoldStep
from station.devices.cue_player import PlayedEdge
from station.simulator.board import SimulatedBoard
from station.store.records import Hold
from station.system.service import Service
from tests.bench.cues import jitter_of, percentile
from tests.bench.live_station import STANDING_N, STILL_S, now_us, running
from tests.browser import DESKTOP, Browser, open_browser

HOLDS, HOLD_US, REST_US, PREPARE_US = 20, 5 * SECOND_US, 2 * SECOND_US, 3 * SECOND_US
LIFT_AFTER_S, LIFT_LASTS_S = (0.4, 4.0), (0.7, 1.7)
GRACE_US = SECOND_US // 2
GO_US = 400_000
POLL_S = 0.005
"""The poll interval for the start of the next hold."""
BOUND_S = 30.0
ASKED = 30
"""How many times the browser's clock is read; the quickest answer counts."""
WATCH = """
window.shown = []
const heels = document.getElementById('heels')
const note = () => shown.push([performance.timeOrigin + performance.now(), heels.innerText])
new MutationObserver(note).observe(heels, {subtree: true, childList: true, characterData: true})
"""


@dataclass
class Run:
    """True times and observed times, in µs on the station's clock."""

    lifts: list[tuple[int, int]] = field(default_factory=list)
    """When the heel rose and when it was down again."""
    holds: tuple[Hold, ...] = ()
    edges: list[PlayedEdge] = field(default_factory=list)
    shown: list[tuple[int, bool]] = field(default_factory=list)
    """When the browser showed the left heel, and whether it was up."""


def run() -> Run:
    """Run the twenty holds."""
    with TemporaryDirectory() as scratch, running(Path(scratch)) as service, open_browser() as browser:
        assert service.page is not None
        browser.emulate(DESKTOP)
        browser.open(f"http://localhost:{service.page.port}/live")
        browser.run(WATCH)
        found = Run()
        time.sleep(STILL_S)
        _hold(service, found)
        assert service.devices is not None
        assert service.devices.player is not None
        found.edges = service.devices.player.played_edges()
        found.shown = _shown(browser)
        (session,) = service.store.sessions(limit=1)
        detail = service.store.session(session.id)
        assert detail is not None
        found.holds = detail.holds
        return found


def _hold(service: Service, found: Run) -> None:
    station, random = service.station, Random(1)
    world = cast(SimulatedBoard, station.board).world
    world.press(Side.LEFT, STANDING_N, now_us(), 0)
    steps = HoldStep((Side.LEFT,), hold_us=HOLD_US, repetitions=HOLDS, rest_us=REST_US, prepare_us=PREPARE_US)
    station.start((steps,), None)
    for number in range(1, HOLDS + 1):
        _wait(service, number, "hold")
        time.sleep(random.uniform(*LIFT_AFTER_S))
        up_us = now_us()
        world.press(Side.LEFT, 0.0, up_us, 0)
        time.sleep(random.uniform(*LIFT_LASTS_S))
        down_us = now_us()
        world.press(Side.LEFT, STANDING_N, down_us, 0)
        found.lifts.append((up_us, down_us))
        sys.stderr.write(f"\r  hold {number} of {HOLDS}")
        sys.stderr.flush()
    _wait(service, None, "done")
    sys.stderr.write("\r")


def _wait(service: Service, repetition: int | None, phase: str) -> None:
    until = time.monotonic() + BOUND_S
    while True:
        seen = service.station.snapshot().state
        shown = seen.repetition if isinstance(seen, HoldState) else None
        if seen.phase == phase and repetition in (None, shown):
            return
        if time.monotonic() > until:
            raise TimeoutError(f"no {phase} {repetition or ''} within {BOUND_S:g} s, but {seen.phase}")
        time.sleep(POLL_S)


def _shown(browser: Browser) -> list[tuple[int, bool]]:
    """The states that the browser recorded, converted to the station's clock."""
    ahead_us = min(_clock_offset(browser) for _ in range(ASKED))[1]
    return [(round(at * 1000 - ahead_us), "left heel up" in text) for at, text in browser.run("return shown")]


def _clock_offset(browser: Browser) -> tuple[int, float]:
    """The round trip, and how far the browser's clock is ahead, accurate to half the round trip."""
    before_us = now_us()
    page_ms = browser.run("return performance.timeOrigin + performance.now()")
    after_us = now_us()
    return after_us - before_us, page_ms * 1000 - (before_us + after_us) / 2


def credit_errors_us(found: Run) -> list[int]:
    """For each hold, the difference between the credit and the time from GO to HOLD_DONE with the heel truly down.

    Stored times count from the start of their run, which the first GO in the buzzer's record places on the clock.
    """
    tones = zip(found.edges, found.edges[1:], strict=False)
    first_go_us = next(on.planned_us for on, off in tones if on.hz and off.planned_us - on.planned_us == GO_US)
    begin_us = first_go_us - found.holds[0].started_us
    errors = []
    for hold, (up_us, down_us) in zip(found.holds, found.lifts, strict=True):
        assert hold.ended_us is not None
        assert hold.lift_count == 1
        assert hold.started_us + begin_us < up_us < down_us < hold.ended_us + begin_us
        held_us = hold.ended_us - hold.started_us - (down_us - up_us)
        errors.append(abs(held_us - hold.credited_us))
    return sorted(errors)


def heel_up_latencies_us(found: Run) -> list[int]:
    """For each lift, from the end of the grace to the first edge of HEEL_UP."""
    return sorted(
        min(edge.actual_us for edge in found.edges if edge.hz and edge.planned_us > up_us + GRACE_US // 2)
        - (up_us + GRACE_US)
        for up_us, _ in found.lifts
    )


def page_latencies_us(found: Run) -> list[int]:
    """For each rise and return of the heel, the time until the browser shows it."""
    changes = [(at_us, up) for lift in found.lifts for at_us, up in zip(lift, (True, False), strict=True)]
    return sorted(min(at for at, up in found.shown if up is is_up and at > at_us) - at_us for at_us, is_up in changes)


def _ms(us: float) -> dict[str, float | str]:
    return {"value": round(us / 1000, 2), "unit": "ms"}


def figures() -> dict[str, dict[str, float | str]]:
    """The figures of this module."""
    found = run()
    return {
        "hold_credit_error_ms": _ms(credit_errors_us(found)[-1]),
        "cue_jitter_p99_ms": _ms(percentile(jitter_of(found.edges), 0.99)),
        "heel_up_latency_p99_ms": _ms(percentile(heel_up_latencies_us(found), 0.99)),
        "event_to_page_p99_ms": _ms(percentile(page_latencies_us(found), 0.99)),
    }


def report() -> None:
    """Print the whole distribution of each."""
    found = run()
    for name, values in (
        ("credit error", credit_errors_us(found)),
        ("cue jitter", jitter_of(found.edges)),
        ("HEEL_UP latency", heel_up_latencies_us(found)),
        ("event to page", page_latencies_us(found)),
    ):
        late = ", ".join(f"p{share * 100:g} {percentile(values, share) / 1000:.1f}" for share in (0.5, 0.9, 0.99))
        sys.stdout.write(f"{name}: {len(values)} values, {late}, worst {values[-1] / 1000:.1f} ms\n")


if __name__ == "__main__":
    report()
