"""The bytes of a person's data that reach browsers and programs without access, on every route and the stream.

`python -m tests.bench.leaks` prints each leak.
"""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.web.leaks import Leak, leaked_bytes, leaks_at_moments, leaks_of_stream, leaks_to, open_house


def leaks() -> list[Leak]:
    """Every leak to anybody who may not see the private person."""
    with TemporaryDirectory(prefix="station-bench-") as scratch, open_house(Path(scratch)) as house:
        found = leaks_of_stream(house, house.askers)
        for asker in house.askers.values():
            found += [*leaks_to(house, asker), *leaks_at_moments(house, asker)]
    return found


def figures() -> dict[str, dict[str, float | str]]:
    """The figure for the bench."""
    return {"leaked_bytes": {"value": leaked_bytes(leaks()), "unit": "bytes"}}


def report() -> None:
    """Print each leak."""
    for leak in leaks():
        sys.stdout.write(f"{leak.method} {leak.address}: {leak.word!r} in the {leak.where}\n")


if __name__ == "__main__":
    report()
