"""Parts that are absent, wrong, busy or forbidden: a sentence says so, and the rest of the board works."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from gpiozero import GPIOPinInUse

from station.core.facts import CueName
from station.simulator.board import SimulatedBoard
from tests.station.rig import COMPARATORS, Rig

TAKEN = GPIOPinInUse("pin is already in use by another program")
FORBIDDEN = PermissionError(13, "Permission denied")
ANALOGUE = ""


def _bus_forbidden(board: SimulatedBoard) -> None:
    def refuse() -> None:
        raise FORBIDDEN

    board.open_bus = refuse  # type: ignore[method-assign]  # as the board offers it to tests


def _wrong_chip(board: SimulatedBoard) -> None:
    board.sensor.faults.identity = bytes((0xEA, 0xCC, 0x10))


def _hangs(board: SimulatedBoard) -> None:
    board.sensor.faults.strobe_never_ends = True


def _no_spi(board: SimulatedBoard) -> None:
    board.pin_factory.spi_missing = True


def _refused(pin: int, error: Exception) -> Callable[[SimulatedBoard], None]:
    return lambda board: board.pin_factory.refuse_opening(pin, error)


@pytest.mark.parametrize(
    ("wiring", "before", "part", "what", "where", "to_do"),
    [
        (COMPARATORS, lambda b: b.sensor.power_off(), "distance sensor", "does not answer", "0x29", "check its cable"),
        (COMPARATORS, _wrong_chip, "distance sensor", "is not a VL53L0X", "/dev/i2c-1", "check which sensor board"),
        (COMPARATORS, _hangs, "distance sensor", "does not finish starting", "sensor", "disconnect its power"),
        (COMPARATORS, _bus_forbidden, "distance sensor", "No permission", "/dev/i2c-1", "group i2c"),
        (ANALOGUE, _no_spi, "heel sensors", "cannot be opened", "/dev/spidev0.0", "switch SPI on"),
        (COMPARATORS, _refused(27, TAKEN), "left heel comparator", "in use", "GPIO 27", "name another pin"),
        (COMPARATORS, _refused(23, FORBIDDEN), "right heel comparator", "denied", "GPIO 23", "groups gpio"),
        (COMPARATORS, _refused(18, TAKEN), "buzzer", "in use", "GPIO 18", "name another pin"),
        (COMPARATORS, _refused(18, FORBIDDEN), "buzzer", "denied", "GPIO 18", "groups gpio"),
        (COMPARATORS, _refused(24, TAKEN), "knee pad", "in use", "GPIO 24", "name another pin"),
        (COMPARATORS, _refused(22, TAKEN), "button", "in use", "GPIO 22", "name another pin"),
        (COMPARATORS, _refused(6, FORBIDDEN), "LED", "denied", "GPIO 5, 6", "groups gpio"),
        (COMPARATORS, _refused(17, TAKEN), "distance sensor's interrupt line", "in use", "GPIO 17", "another pin"),
    ],
)
def test_part_that_cannot_be_opened_is_reported(
    tmp_path: Path,
    wiring: str,
    before: Callable[[SimulatedBoard], None],
    part: str,
    what: str,
    where: str,
    to_do: str,
) -> None:
    """The sentence says what is wrong, where, and what to do; no other part has a fault, and nothing is measured."""
    with Rig(tmp_path, wiring, before=before) as rig:
        assert list(rig.faults) == [part]
        sentence = rig.faults[part]
        assert [word for word in (what, where, to_do) if word not in sentence] == []
        assert rig.store.sessions() == ()


@pytest.mark.parametrize("part", ["sensor", "buzzer", "button", "LED", "pad"])
def test_hold_works_without_unneeded_part(tmp_path: Path, part: str) -> None:
    """The hold ends with exactly its target, and is stored."""
    before: dict[str, Callable[[SimulatedBoard], None]] = {
        "sensor": lambda board: board.sensor.power_off(),
        "buzzer": _refused(18, TAKEN),
        "button": _refused(22, TAKEN),
        "LED": _refused(5, TAKEN),
        "pad": _refused(24, TAKEN),
    }
    with Rig(tmp_path, before=before[part]) as rig:
        rig.step_on()
        rig.hold(6)
        rig.until_phase("done")
        (hold,) = rig.last_session().holds
        assert (hold.state, hold.credited_us, hold.lift_count) == ("finished", 6_000_000, 0)
        assert len(rig.faults) == 1


@pytest.mark.parametrize("xshut", ["true", "false"])
def test_unacknowledged_transaction_at_start_is_retried(tmp_path: Path, xshut: str) -> None:
    """Whichever transaction of the sensor's start is not acknowledged, the station measures within three seconds.

    Every single transaction, with the sentences shown, is in `tests/station/devices/test_range_faults.py`.
    """
    wiring = f"{COMPARATORS}[range_sensor]\nxshut = {xshut}\n"
    for position in range(0, 200, 7):

        def unanswered(board: SimulatedBoard, position: int = position) -> None:
            board.bus.faults.nack_at = position

        (tmp_path / str(position)).mkdir()
        with Rig(tmp_path / str(position), wiring, before=unanswered) as rig:
            seen = rig.station.snapshot()
            assert seen.toe_mm is not None, f"position {position}"
            assert abs(seen.toe_mm - rig.board.world.toe_mm(rig.clock.now_us())) < 10
            assert seen.faults == (), f"position {position}"


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("never_ready", ("stopped measuring", "power wire", "being restarted")),
        ("frozen", ("repeats the same result", "replace the sensor board")),
    ],
)
def test_sensor_failure_is_reported_until_it_recovers(tmp_path: Path, fault: str, words: tuple[str, ...]) -> None:
    """The sentence names the symptom, and no distance is shown until the sensor works again."""
    with Rig(tmp_path) as rig:
        setattr(rig.board.sensor.faults, fault, True)
        rig.until(lambda: "distance sensor" in rig.faults, 5.0)
        assert [word for word in words if word not in rig.faults["distance sensor"]] == []
        rig.live(1.0)
        assert rig.station.snapshot().toe_mm is None
        assert rig.station.snapshot().toe_missing_reason is not None
        setattr(rig.board.sensor.faults, fault, False)
        rig.until(lambda: not rig.faults and rig.station.snapshot().toe_mm is not None, 8.0)


def test_flagged_readings_give_no_distance(tmp_path: Path) -> None:
    """The snapshot says why."""
    with Rig(tmp_path) as rig:
        rig.board.sensor.faults.status = 4
        rig.live(2.0)
        seen = rig.station.snapshot()
        assert seen.toe_mm is None
        assert seen.toe_missing_reason is not None
        assert (
            "4" in seen.toe_missing_reason or "status" in seen.toe_missing_reason or "flag" in seen.toe_missing_reason
        )


def test_buzzer_failure_is_reported_and_hold_completes(tmp_path: Path) -> None:
    """The hold ends exactly and is stored."""
    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.hold(6)
        rig.board.pin_factory.break_output(18, OSError(5, "Input/output error"))
        rig.until_phase("done")
        assert "check its pin" in rig.faults["buzzer"]
        assert rig.last_session().holds[0].credited_us == 6_000_000
        rig.board.pin_factory.break_output(18, None)


def test_failing_subscriber_does_not_stop_the_loop(tmp_path: Path) -> None:
    """The hold ends exactly."""

    def wake() -> None:
        raise RuntimeError("the page has gone")

    with Rig(tmp_path) as rig:
        rig.step_on()
        rig.station.subscribe(wake)
        rig.hold(6)
        rig.until_phase("done")
        assert rig.last_session().holds[0].credited_us == 6_000_000
        rig.live(5.0)
        assert CueName.COMPLETE in rig.recognised_cues()
