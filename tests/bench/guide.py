"""How exactly the station credits the prescribed dose, for every exercise, with a person who follows the cues.

The real drivers run in virtual time, in the default wiring. The figure is the largest difference between the prescribed
and the stored dose over all exercises and legs, in seconds of hold or in repetitions. `python -m tests.bench.guide`
prints each exercise.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from station.catalogue.read import exercises
from station.catalogue.records import Item
from tests.station.guided_station import ANALOGUE, GuidedStation, prescribed_doses, routine_of, stored_doses

NOTHING = (0.0, 0)


def differences() -> Iterator[tuple[str, float]]:
    """Each exercise with the error of its stored dose, in seconds or repetitions, whichever is larger."""
    for key in exercises():
        with TemporaryDirectory(prefix="station-bench-") as scratch, GuidedStation(Path(scratch), ANALOGUE) as guided:
            routine = routine_of((Item(exercise=key),))
            guided.run_routine(routine)
            owed, found = prescribed_doses(routine), stored_doses(guided)
        pairs = [(found.get(legs, NOTHING), owed.get(legs, NOTHING)) for legs in owed.keys() | found.keys()]
        yield key, max(abs(had - wanted) for each in pairs for had, wanted in zip(*each, strict=True))


def figures() -> dict[str, dict[str, float | str]]:
    """The figure for the bench."""
    return {"routine_dose_error": {"value": round(max(off for _, off in differences()), 6), "unit": "s or reps"}}


def report() -> None:
    """Print each exercise."""
    for key, off in differences():
        sys.stdout.write(f"{key:4} {off:g}\n")


if __name__ == "__main__":
    report()
