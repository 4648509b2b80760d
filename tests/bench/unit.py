"""A fixed workload in plain Python: the unit for figures that would otherwise depend on the machine."""

from __future__ import annotations

import time

ROUNDS = 240
RUNS = 5


def workload() -> int:
    """Integers, floats, strings, lists and dictionaries, about a tenth of a second on a fast machine in 2026."""
    total = 0
    for round_number in range(ROUNDS):
        table = {f"{number:x}": number * 0.5 for number in range(2_000)}
        values = sorted(table.values(), key=lambda value: -value)
        total += sum(int(value) & 7 for value in values) + len("".join(table)) + round_number
    return total


def unit_s() -> float:
    """Processor seconds of one workload, the best of a few runs."""
    best_s = float("inf")
    for _ in range(RUNS):
        began_s = time.process_time()
        workload()
        best_s = min(best_s, time.process_time() - began_s)
    return best_s
