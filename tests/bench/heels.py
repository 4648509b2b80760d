"""The cost of sampling the heels: gpiozero's own `MCP3008` on the emulated chip, two channels at 100 Hz.

`python -m tests.bench.heels` prints the processor time per second.
"""

from __future__ import annotations

import sys
import time

from station.core.events import SECOND_US, Load, Side
from station.devices.heels import AnalogueHeels
from station.simulator.adc import EmulatedMcp3008
from station.simulator.pins import SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

MEASURED_S = 20
ROUNDS = 5


def cost_of_sampling() -> float:
    """Milliseconds of processor time per second, the best of several rounds."""
    clock = HandClock()
    chip = EmulatedMcp3008(lambda channel, _now_us: 0.25 * (channel + 1), clock.now_us, noise_codes=0.8)
    loads: list[Load] = []
    channels = {Side.LEFT: 0, Side.RIGHT: 1}
    heels = AnalogueHeels(channels, loads.append, unexpected, pin_factory=SimulatedPinFactory(clock, chip))
    spent_s = []
    for _ in range(ROUNDS):
        begun_s = time.process_time()
        live(clock, clock.us + MEASURED_S * SECOND_US, heels)
        spent_s.append(time.process_time() - begun_s)
    heels.close()
    return min(spent_s) / MEASURED_S * 1_000


def report() -> None:
    """Print the cost."""
    sys.stdout.write(f"two heels at 100 Hz: {cost_of_sampling():.2f} ms of processor time a second of life\n")


if __name__ == "__main__":
    report()
