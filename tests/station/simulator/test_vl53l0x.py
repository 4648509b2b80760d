"""The emulated VL53L0X, through its driver and its registers."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from statistics import mean, stdev

import pytest
from adafruit_vl53l0x import VL53L0X

from station.core.events import SECOND_US
from station.simulator.i2c import SimulatedI2C
from station.simulator.noise import NoiseParameters
from station.simulator.vl53l0x import EmulatedVl53l0x

QUIET = NoiseParameters(scatter_mm=0.0, wander=(), warm_up_mm=0.0)
ADDRESS = 0x29


class Wall:
    """A sensor in front of a wall, in virtual time, with its driver and its raw registers."""

    def __init__(
        self,
        *,
        figures: NoiseParameters = QUIET,
        seed: int = 0,
        offset_mm: float | None = -25.0,
        gain: float | None = 1.0,
    ) -> None:
        self.now_us = 0
        self.target_mm: float | None = 170.0
        self.levels: list[bool] = []
        self.model = EmulatedVl53l0x(
            lambda: self.now_us,
            lambda _at_us: self.target_mm,
            seed=seed,
            noise=figures,
            offset_mm=offset_mm,
            gain=gain,
            on_interrupt=self.levels.append,
        )
        self.bus = SimulatedI2C([self.model], self.spend)
        self.now_us = 10_000

    def spend(self, us: int) -> None:
        self.now_us += us

    def driver(self, io_timeout_s: float = 0.25) -> VL53L0X:
        return VL53L0X(self.bus, io_timeout_s=io_timeout_s)

    def read(self, register: int, count: int = 1, address: int = ADDRESS) -> bytes:
        answer = bytearray(count)
        self.bus.writeto_then_readfrom(address, bytes((register,)), answer)
        return bytes(answer)

    def write(self, register: int, *values: int) -> None:
        self.bus.writeto(ADDRESS, bytes((register, *values)))

    def samples(self, count: int) -> Iterator[bytes]:
        """The result blocks of the next `count` samples of a ranging sensor."""
        for _ in range(count):
            ready_us = self.model.next_due_us()
            assert ready_us is not None
            self.now_us = ready_us
            yield self.read(0x14, 12)
            self.write(0x0B, 0x01)


def range_of(block: bytes) -> int:
    return int.from_bytes(block[10:12], "big")


def status_of(block: bytes) -> int:
    return (block[0] & 0x78) >> 3


def ranging(wall: Wall) -> Wall:
    wall.driver().start_continuous()
    return wall


def test_real_driver_initialises_the_sensor() -> None:
    """The unmodified driver finds the sensor, initialises it in 12 to 21 ms and reads the distance."""
    wall = Wall()
    before_us = wall.now_us
    driver = wall.driver()
    assert 12_000 < wall.now_us - before_us < 21_000
    assert driver.range == 145


@pytest.mark.parametrize(
    ("budget_us", "range_us"), [(None, 34_433), (20_000, 20_515), (33_000, 33_518), (66_000, 66_463)]
)
def test_range_time_follows_the_timing_registers(budget_us: int | None, range_us: int) -> None:
    """A range takes 34.4 ms with the driver's defaults, otherwise its timing budget; back-to-back ranges leave no
    pause."""
    wall = Wall()
    driver = wall.driver()
    if budget_us is not None:
        driver.measurement_timing_budget = budget_us
    driver.start_continuous()
    assert wall.model.range_us == range_us
    first_us = wall.model.next_due_us()
    assert first_us is not None
    assert len(list(wall.samples(10))) == 10
    assert wall.model.next_due_us() == first_us + 10 * range_us


def test_timed_ranging_keeps_the_period_register() -> None:
    """In timed ranging the time between measurements is the one in the register, in milliseconds."""
    wall = Wall()
    wall.driver()
    wall.write(0x04, 0, 0, 0, 100)
    wall.write(0x00, 0x04)
    first_us = wall.model.next_due_us()
    assert first_us is not None
    list(wall.samples(1))
    assert wall.model.next_due_us() == first_us + 100_000


def test_stopped_sensor_becomes_idle() -> None:
    """After the driver stops ranging, the sensor is idle once its last single range is over."""
    wall = Wall()
    driver = wall.driver()
    driver.start_continuous()
    driver.stop_continuous()
    wall.now_us += SECOND_US
    wall.model.run_due(wall.now_us)
    assert wall.model.next_due_us() is None


def test_seed_gives_each_sensor_its_own_error() -> None:
    """Each seed gives another sensor, about 25 mm short with a gain near 1, and always the same one."""
    sensors = [Wall(seed=seed, offset_mm=None, gain=None).model for seed in range(200)]
    assert mean(sensor.range_error.offset_mm for sensor in sensors) == pytest.approx(-25, abs=1)
    assert 2 < stdev(sensor.range_error.offset_mm for sensor in sensors) < 6
    assert stdev(sensor.range_error.gain for sensor in sensors) == pytest.approx(0.01, abs=0.003)
    twin = Wall(seed=3, offset_mm=None, gain=None).model
    assert twin.range_error == sensors[3].range_error


def test_same_seed_gives_the_same_results() -> None:
    """Two sensors with one seed give the same results to the last byte; another seed gives others."""

    def blocks(seed: int) -> list[bytes]:
        return list(ranging(Wall(figures=NoiseParameters(), seed=seed)).samples(50))

    assert blocks(5) == blocks(5)
    assert blocks(5) != blocks(6)


def test_healthy_sensor_rarely_repeats_a_result() -> None:
    """Even without noise a healthy sensor never repeats a result six times, so a frozen one can be recognised."""
    blocks = list(ranging(Wall()).samples(3_000))
    assert max(len(list(run)) for _, run in groupby(blocks)) < 6


def test_missing_target_gives_a_bad_status() -> None:
    """Without a target the status is bad and the range 8190 or 8191, sometimes 2 to 4 or about 170 mm."""
    wall = ranging(Wall())
    wall.target_mm = None
    blocks = list(wall.samples(300))
    assert all(status_of(block) != 11 for block in blocks)
    ranges = {range_of(block) for block in blocks}
    assert {8190, 8191} < ranges
    assert ranges & {2, 3, 4}
    assert ranges & set(range(165, 176))


def test_distant_wall_fails_the_signal_limit() -> None:
    """A wall whose signal is below the limit gives status 4 and 8190; with a lower limit it is measured."""
    wall = Wall()
    driver = wall.driver()
    driver.start_continuous()
    wall.target_mm = 1_500.0
    (block,) = wall.samples(1)
    assert (status_of(block), range_of(block)) == (4, 8190)
    driver.signal_rate_limit = 0.05
    (block,) = wall.samples(1)
    assert (status_of(block), range_of(block)) == (11, 1475)


def test_offset_and_fraction_registers_change_the_range() -> None:
    """The offset register is in quarters of a millimetre, and so is the range with fractional output."""
    wall = ranging(Wall())
    wall.write(0x28, 0x00, 0x66)
    (block,) = wall.samples(1)
    assert range_of(block) == round(145 + 25.5)
    wall.write(0x09, 0x01)
    (block,) = wall.samples(1)
    assert range_of(block) == 4 * 170 + 2


def test_sensor_answers_at_its_set_address_until_reset() -> None:
    """The sensor answers at the address that it was given until it is switched off, then at the default."""
    wall = Wall()
    wall.driver().set_address(0x30)
    assert wall.read(0xC0, address=0x30) == b"\xee"
    with pytest.raises(OSError, match="Remote I/O"):
        wall.read(0xC0)
    wall.model.set_xshut(False)
    wall.model.set_xshut(True)
    wall.now_us += 2_000
    assert wall.read(0xC0) == b"\xee"


def test_interrupt_line_follows_ready_and_clear() -> None:
    """The line falls when a sample is ready and rises when it is cleared; the polarity bit swaps high and low."""
    wall = ranging(Wall())
    wall.levels.clear()
    list(wall.samples(2))
    assert wall.levels == [False, True, False, True]
    wall.write(0x84, 0x11)
    wall.levels.clear()
    list(wall.samples(1))
    assert wall.levels == [True, False]


def test_unread_samples_are_replaced_by_the_last() -> None:
    """After an hour without reading only the last sample remains, and ranging keeps its rhythm."""
    wall = ranging(Wall())
    first_us = wall.model.next_due_us()
    assert first_us is not None
    wall.now_us += 3_600 * SECOND_US
    wall.model.run_due(wall.now_us)
    ready_us = wall.model.next_due_us()
    assert ready_us is not None
    assert wall.now_us < ready_us <= wall.now_us + wall.model.range_us
    assert (ready_us - first_us) % wall.model.range_us == 0


@pytest.mark.parametrize("how", ["power", "xshut"])
def test_sensor_restarts_from_its_defaults_after_power_or_xshut(how: str) -> None:
    """Without power or with XSHUT low the sensor does not answer; then it boots for 1.2 ms with default registers."""
    wall = ranging(Wall())
    if how == "power":
        wall.model.power_off()
    else:
        wall.model.set_xshut(False)
    with pytest.raises(OSError, match="Remote I/O"):
        wall.read(0xC0)
    assert wall.model.interrupt_level
    if how == "power":
        wall.model.power_on()
    else:
        wall.model.set_xshut(True)
    with pytest.raises(OSError, match="Remote I/O"):
        wall.read(0xC0)
    wall.now_us += 1_200
    assert wall.read(0xC0, 3) == b"\xee\xaa\x10"
    assert wall.model.next_due_us() is None


def test_driver_finds_no_absent_sensor() -> None:
    """The driver raises ValueError when no device answers."""
    wall = Wall()
    wall.model.faults.absent = True
    with pytest.raises(ValueError, match="No I2C device at address: 0x29"):
        wall.driver()


def test_driver_refuses_a_wrong_identity() -> None:
    """The driver raises RuntimeError for another chip's identity."""
    wall = Wall()
    wall.model.faults.identity = b"\x00\xaa\x10"
    assert wall.read(0xC0, 3) == b"\x00\xaa\x10"
    with pytest.raises(RuntimeError, match="expected ID"):
        wall.driver()


@pytest.mark.parametrize("fault", ["strobe_never_ends", "never_ready"])
def test_driver_times_out_on_a_sensor_that_never_finishes(fault: str) -> None:
    """A strobe or a calibration that never ends makes the driver time out."""
    wall = Wall()
    setattr(wall.model.faults, fault, True)
    with pytest.raises(RuntimeError, match="Timeout"):
        wall.driver(io_timeout_s=0.02)


def test_status_and_range_can_be_forced() -> None:
    """A status or a range can be forced independently."""
    wall = ranging(Wall())
    wall.model.faults.status = 6
    (block,) = wall.samples(1)
    assert (status_of(block), range_of(block)) == (6, 145)
    wall.model.faults.status, wall.model.faults.range_mm = None, 20
    (block,) = wall.samples(1)
    assert (status_of(block), range_of(block)) == (11, 20)


def test_frozen_sensor_repeats_its_result() -> None:
    """A frozen sensor is ready again and again with the same block, until it thaws."""
    wall = ranging(Wall(figures=NoiseParameters()))
    wall.model.faults.frozen = True
    assert len(set(wall.samples(30))) == 1
    wall.model.faults.frozen = False
    assert len(set(wall.samples(30))) > 20


def test_failed_start_can_leave_a_foreign_page() -> None:
    """As on the real chip, a failed start can leave another page selected, where the next start reads a wrong
    identity."""
    wall = Wall()
    wall.driver()
    count = wall.bus.transactions
    trapped = 0
    for position in range(count):
        wall = Wall()
        wall.bus.faults.nack_at = position
        try:
            wall.driver()
        except (OSError, ValueError):
            try:
                wall.driver()
            except RuntimeError as error:
                trapped += "expected ID" in str(error)
    assert trapped > count / 5


def test_first_start_on_a_ranging_sensor_times_out() -> None:
    """As on the real chip, a driver's first start on a sensor that still ranges times out, and the second works."""
    wall = ranging(Wall())
    wall.now_us += SECOND_US
    with pytest.raises(RuntimeError, match="Timeout"):
        wall.driver(io_timeout_s=0.02)
    assert wall.driver().range == 145


def test_transactions_take_bus_time() -> None:
    """At 400 kHz the status block takes 0.35 ms and a ready reading about a quarter of a millisecond."""
    wall = Wall()
    driver = wall.driver()
    driver.start_continuous()
    ready_us = wall.model.next_due_us()
    assert ready_us is not None
    wall.now_us = ready_us
    before_us = wall.now_us
    wall.read(0x14, 12)
    assert 300 < wall.now_us - before_us < 400
    before_us = wall.now_us
    assert driver.data_ready
    before_us = wall.now_us
    driver.read_range()
    assert 200 < wall.now_us - before_us < 270


def test_missing_acknowledges_follow_the_seed() -> None:
    """A share of transactions fails at random, the same ones with the same seed."""

    def lost(seed: int) -> list[int]:
        wall = Wall()
        bus = SimulatedI2C([wall.model], seed=seed)
        bus.faults.nack_probability = 0.1
        failed = []
        for number in range(1_000):
            try:
                bus.writeto(ADDRESS, b"\xc0")
            except OSError:
                failed.append(number)
        return failed

    assert 60 < len(lost(1)) < 140
    assert lost(1) == lost(1) != lost(2)
