"""Heels on an MCP3008 and on comparators, through gpiozero and the emulated board."""

from __future__ import annotations

import gc
from threading import Event

import pytest

from station.clock import SystemClock
from station.core.events import SECOND_US, Heel, Load, Side
from station.core.sensing.sensors import BoardSensors, HeelChange, References, Wiring
from station.devices.errors import DeviceError
from station.devices.heels import (
    AWAKE_US,
    REST_POST_US,
    REST_SAMPLE_US,
    SAMPLE_INTERVAL_US,
    AnalogueHeels,
    ComparatorHeels,
)
from station.devices.pacer import DeadlineThread
from station.simulator.adc import AdcState, EmulatedMcp3008
from station.simulator.pins import SimulatedPinFactory
from tests.station.devices.board_rig import HandClock, live, unexpected

LINES = {Side.LEFT: 27, Side.RIGHT: 23}
CODE = 1 / 1023


class Adc:
    """Two heels on an emulated MCP3008."""

    def __init__(self, channels: dict[Side, int] | None = None) -> None:
        self.clock = HandClock()
        self.shares = {0: 0.25, 1: 0.75}
        self.chip = EmulatedMcp3008(lambda channel, _now_us: self.shares.get(channel, 0.0), self.clock.now_us)
        self.pins = SimulatedPinFactory(self.clock, self.chip)
        self.loads: list[Load] = []
        self.faults: list[Exception] = []
        self.heels = AnalogueHeels(
            {Side.LEFT: 0, Side.RIGHT: 1} if channels is None else channels,
            self.loads.append,
            self.faults.append,
            pin_factory=self.pins,
        )


def test_analogue_heels_sample_share_of_full_scale() -> None:
    """Both heels at the same time, correct to one code of the converter."""
    adc = Adc()
    left, right = adc.heels.sample(7)
    assert (left.at_us, left.side, right.side) == (7, Side.LEFT, Side.RIGHT)
    assert left.share == pytest.approx(0.25, abs=CODE)
    assert right.share == pytest.approx(0.75, abs=CODE)


def test_analogue_heels_reach_0_and_1() -> None:
    """An empty input reads exactly 0 and a full one exactly 1."""
    adc = Adc()
    adc.shares = {0: 0.0, 1: 1.0}
    assert [load.share for load in adc.heels.sample(0)] == [0.0, 1.0]


def test_analogue_heels_read_single_plate_on_its_channel() -> None:
    """One heel on channel 5 is one load a sample."""
    adc = Adc({Side.RIGHT: 5})
    adc.shares[5] = 0.5
    (load,) = adc.heels.sample(0)
    assert load.side is Side.RIGHT
    assert load.share == pytest.approx(0.5, abs=CODE)


def test_analogue_heels_sample_100_hz_without_drift() -> None:
    """Ten seconds give a thousand samples of each heel, all on the same grid."""
    adc = Adc()
    live(adc.clock, 10 * SECOND_US - 1, adc.heels)
    times = [load.at_us for load in adc.loads if load.side is Side.LEFT]
    assert times == list(range(0, 10 * SECOND_US, SAMPLE_INTERVAL_US))


def test_analogue_heels_skip_missed_slot() -> None:
    """After a stall there is one sample, not a burst, on the same grid."""
    adc = Adc()
    live(adc.clock, 100_000, adc.heels)
    adc.loads.clear()
    adc.clock.us = 173_000
    adc.heels.run_due(173_000)
    live(adc.clock, 200_000, adc.heels)
    assert [load.at_us for load in adc.loads if load.side is Side.LEFT] == [173_000, 180_000, 190_000, 200_000]


def lefts(adc: Adc) -> list[int]:
    """The times at which the left load was posted."""
    return [load.at_us for load in adc.loads if load.side is Side.LEFT]


def test_resting_heels_sample_slowly_once_still() -> None:
    """After two still seconds; posts are still frequent enough that the sensor does not count as lost."""
    adc = Adc()
    adc.heels.rest(True)
    live(adc.clock, AWAKE_US - 1, adc.heels)
    assert lefts(adc) == list(range(0, AWAKE_US, SAMPLE_INTERVAL_US))
    adc.loads.clear()
    live(adc.clock, AWAKE_US + 2 * SECOND_US, adc.heels)
    assert lefts(adc) == list(range(AWAKE_US + REST_POST_US, AWAKE_US + 2 * SECOND_US + 1, REST_POST_US))


def test_resting_heels_wake_at_the_first_sample_that_moves() -> None:
    """That sample and all following ones are posted, until two seconds after the last movement."""
    adc = Adc()
    adc.heels.rest(True)
    live(adc.clock, 5 * SECOND_US, adc.heels)
    adc.loads.clear()
    adc.shares[1] -= 5 * CODE
    live(adc.clock, 6 * SECOND_US, adc.heels)
    first_us = lefts(adc)[0]
    assert first_us - 5 * SECOND_US <= REST_SAMPLE_US
    assert lefts(adc) == list(range(first_us, 6 * SECOND_US + 1, SAMPLE_INTERVAL_US))
    adc.loads.clear()
    live(adc.clock, 9 * SECOND_US, adc.heels)
    adc.loads.clear()
    live(adc.clock, 10 * SECOND_US, adc.heels)
    assert len(lefts(adc)) == SECOND_US // REST_POST_US


def test_heels_in_use_sample_at_full_rate() -> None:
    """However still the person stands."""
    adc = Adc()
    adc.heels.rest(True)
    live(adc.clock, 5 * SECOND_US, adc.heels)
    adc.heels.rest(False)
    live(adc.clock, 6 * SECOND_US - 1, adc.heels)
    adc.loads.clear()
    live(adc.clock, 16 * SECOND_US - 1, adc.heels)
    assert lefts(adc) == list(range(6 * SECOND_US, 16 * SECOND_US, SAMPLE_INTERVAL_US))


@pytest.mark.parametrize("over_us", [20_000, 300_000, 2_000_000], ids=["at once", "as people do", "slowly"])
def test_step_on_resting_heels_is_noticed_within_280_ms(over_us: int) -> None:
    """For any start and speed, counted from when the load shows the heel down; dated to within 170 ms."""
    empty, standing, begin_us, step_us = 0.25, 0.75, 5 * SECOND_US, 1_000
    late_us, known_us = [], []
    for begins_us in range(begin_us, begin_us + 5 * REST_SAMPLE_US, step_us * 7):
        adc = Adc()

        def share(_channel: int, now_us: int, begins_us: int = begins_us) -> float:
            return empty + (standing - empty) * min(1.0, max(0.0, (now_us - begins_us) / over_us))

        adc.chip.channel_share = share
        adc.heels.rest(True)
        live(adc.clock, begins_us + over_us + SECOND_US, adc.heels)
        sensors = BoardSensors(Wiring(), 0, References(dict.fromkeys(Side, empty), dict.fromkeys(Side, standing)))
        ((change, change_us),) = (
            (one, load.at_us)
            for load in adc.loads
            for one in sensors.update(load)
            if isinstance(one, HeelChange) and one.down and one.side is Side.LEFT
        )
        load_of_it = sensors.plate_for(Side.LEFT).load
        assert load_of_it is not None
        ramp = range(begins_us, begins_us + over_us + step_us, step_us)
        true_us = next(at_us for at_us in ramp if load_of_it.level_at(share(0, at_us), False))
        late_us.append(change.since_us - true_us)
        known_us.append(change_us - true_us)
    assert -2 * step_us <= min(late_us)
    assert max(late_us) <= 170_000
    assert max(known_us) <= 280_000


def test_analogue_heels_sample_once_per_slot_in_real_time() -> None:
    """The thread keeps to the grid: no two samples of a heel in one slot of 10 ms, and none before its slot."""
    clock = SystemClock()
    chip = EmulatedMcp3008(lambda _channel, _now_us: 0.5, clock.now_us)
    loads: list[Load] = []
    enough = Event()

    def post(load: Load) -> None:
        loads.append(load)
        if len(loads) == 30:
            enough.set()

    heels = AnalogueHeels({Side.LEFT: 0}, post, unexpected, pin_factory=SimulatedPinFactory(clock, chip))
    pacer = DeadlineThread(heels, clock, unexpected, name="heel sensors")
    pacer.start()
    assert enough.wait(20)
    pacer.close()
    heels.close()
    slots = [load.at_us // SAMPLE_INTERVAL_US for load in loads]
    assert slots[1:] == sorted(set(slots[1:]))


@pytest.mark.parametrize(("state", "share"), [(AdcState.ABSENT, 0.0), (AdcState.HIGH, 1.0)])
def test_missing_adc_reads_end_of_scale(state: AdcState, share: float) -> None:
    """Nothing attached is no bus error: the rules see a load at the end of the scale."""
    adc = Adc()
    adc.chip.state = state
    assert [load.share for load in adc.heels.sample(0)] == [share, share]


def test_failed_bus_is_reported_once_and_posts_nothing() -> None:
    """No load is invented while the bus is down, and the next fault is reported again."""
    adc = Adc()

    def broken(_channel: int, _now_us: int) -> float:
        raise OSError("SPI transfer error -5")

    honest = adc.chip.channel_share
    for share_of in (broken, honest, broken):
        adc.chip.channel_share = share_of
        live(adc.clock, adc.clock.us + 50_000, adc.heels)
    assert len(adc.loads) == 2 * 5
    assert [str(fault) for fault in adc.faults] == [
        "The heel sensors cannot be read (SPI transfer error -5): check the MCP3008's cable at SPI 0."
    ] * 2


def test_missing_spi_raises_instead_of_software_bus() -> None:
    """One sentence instead of gpiozero's silent fallback, which always reads 0; the pins are free afterwards."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock, EmulatedMcp3008(lambda _channel, _now_us: 0.5, clock.now_us))
    pins.spi_missing = True
    with pytest.raises(DeviceError, match=r"^The heel sensors on /dev/spidev0\.0 .*\(can not open SPI device\): sw"):
        AnalogueHeels({Side.LEFT: 0}, unexpected_load, unexpected, pin_factory=pins)
    pins.spi_missing = False
    heels = AnalogueHeels({Side.LEFT: 0}, unexpected_load, unexpected, pin_factory=pins)
    heels.close()
    heels.close()


def unexpected_load(load: Load) -> None:
    raise AssertionError(load)


class Comparators:
    """Two comparators on emulated pins."""

    def __init__(self, *, left_high: bool | None = False) -> None:
        self.clock = HandClock()
        self.pins = SimulatedPinFactory(self.clock)
        self.pins.drive(27, left_high)
        self.heels: list[Heel] = []
        self.faults: list[Exception] = []
        self.lines = ComparatorHeels(LINES, self.clock, self.heels.append, self.faults.append, pin_factory=self.pins)


def test_comparators_post_levels_at_start() -> None:
    """A heel that is down before the program starts is known."""
    board = Comparators(left_high=True)
    board.lines.start()
    assert board.heels == [Heel(0, Side.LEFT, down=True), Heel(0, Side.RIGHT, down=False)]


def test_comparators_post_every_change() -> None:
    """High is down, low is up, and the other side does not change."""
    board = Comparators()
    board.lines.start()
    board.heels.clear()
    for at_us, high in ((1_000, True), (2_000, False)):
        board.clock.us = at_us
        board.pins.drive(23, high)
    assert board.heels == [Heel(1_000, Side.RIGHT, down=True), Heel(2_000, Side.RIGHT, down=False)]


def test_comparators_post_bounces() -> None:
    """The core debounces, and needs every edge."""
    board = Comparators()
    board.lines.start()
    board.heels.clear()
    board.pins.drive(27, True, bounces=2)
    live(board.clock, 100_000, board.pins)
    assert [(heel.at_us, heel.down) for heel in board.heels] == [
        (0, True), (1_000, False), (2_000, True), (3_000, False), (4_000, True)
    ]  # fmt: skip


def test_unplugged_comparator_reads_as_heel_up() -> None:
    """An open line gets no credit."""
    board = Comparators(left_high=True)
    board.lines.start()
    board.pins.drive(27, None)
    assert board.heels[-1] == Heel(0, Side.LEFT, down=False)


def test_comparator_callback_never_raises() -> None:
    """An error is passed to `on_error`, even if that raises too: the edge thread must continue."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    posted: list[Heel] = []
    reported: list[Exception] = []

    def refuse(heel: Heel) -> None:
        if heel.down:
            raise RuntimeError("the queue is full")
        posted.append(heel)

    def fail(error: Exception) -> None:
        reported.append(error)
        raise error

    lines = ComparatorHeels({Side.LEFT: 27}, clock, refuse, fail, pin_factory=pins)
    lines.start()
    pins.drive(27, True)
    pins.drive(27, False)
    assert len(posted) == 2
    assert [str(error) for error in reported] == ["the queue is full"]


def test_comparators_refuse_taken_pin_and_free_others() -> None:
    """The sentence names side and pin, and a second start finds everything free."""
    clock = HandClock()
    pins = SimulatedPinFactory(clock)
    pins.refuse_opening(23, Exception("GPIO busy"))
    with pytest.raises(DeviceError, match=r"^The right heel comparator on GPIO 23 cannot be opened \(GPIO busy\)"):
        ComparatorHeels(LINES, clock, unexpected_heel, unexpected, pin_factory=pins)
    pins.refuse_opening(23, None)
    gc.collect()  # a device that failed to open reserves its pin until it is collected, and its error refers to it
    lines = ComparatorHeels(LINES, clock, unexpected_heel, unexpected, pin_factory=pins)
    lines.close()
    lines.close()


def unexpected_heel(heel: Heel) -> None:
    raise AssertionError(heel)
