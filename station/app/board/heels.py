"""The heels' states, references and faults, from the board sensors."""

from __future__ import annotations

from station.app.snapshot import HeelView
from station.core.events import SECOND_US
from station.core.sensing.sensors import SILENT, BoardSensors, References

PAD_CONTRADICTION_US = 3 * SECOND_US
"""A knee on the pad for this long with no heel down means a heel fault."""
STUCK_HEEL_US = 300 * SECOND_US
"""A heel down for this long on an idle board is stuck: nobody stands there for so long."""


def heel_references(sensors: BoardSensors) -> References:
    """The heel references learnt so far, which the next run starts with."""
    loads = [(plate.side, plate.load) for plate in sensors.plates if plate.load is not None]
    return References(
        {side: load.empty for side, load in loads if load.empty is not None},
        {side: load.standing for side, load in loads if load.standing is not None},
    )


def heel_views(sensors: BoardSensors) -> tuple[HeelView, ...]:
    """Each heel as the page shows it."""
    return tuple(
        HeelView(plate.side, plate.down, None if plate.load is None else plate.load.relative_load())
        for plate in sensors.plates
    )


def heel_fault_of(sensors: BoardSensors, at_us: int) -> str | None:
    """The fault of a heel's sensor, in a sentence: lost, stuck, or contradicted by the knee pad."""
    for plate in sensors.plates:
        if plate.lost_reason == SILENT:
            return (
                f"The {plate.side} heel was not read for half a second: either the MCP3008 does not answer, which "
                "is reported separately, or the processor was busy: then close other programs on this machine."
            )
        if plate.lost_reason is not None:
            return f"The {plate.side} heel sensor is lost ({plate.lost_reason}): check its cable and the plate."
        load = plate.load
        if load is not None and load.stuck_since(at_us) is not None and load.shares[-1] >= 1.0:
            return f"The {plate.side} heel sensor is {load.stuck_reason}: check its cable and the plate."
    if (
        sensors.knee.value is True
        and at_us - sensors.knee.since_us >= PAD_CONTRADICTION_US
        and _all_heels_up_since_knee(sensors)
    ):
        return "The knee pad is pressed while no heel is down: check that the heel plates press, and their cables."
    return None


def _all_heels_up_since_knee(sensors: BoardSensors) -> bool:
    """Whether every heel has been up since before the knee touched the pad."""
    return all(plate.down is False and plate.debouncer.since_us <= sensors.knee.since_us for plate in sensors.plates)


def stuck_heel_fault(sensors: BoardSensors, at_us: int) -> str | None:
    """The fault of a heel that has been down too long on an idle board, in a sentence."""
    for plate in sensors.plates:
        if plate.is_known_down and at_us - plate.debouncer.since_us >= STUCK_HEEL_US:
            return f"The {plate.side} heel has been down for five minutes: clear its plate, or check its wire."
    return None
