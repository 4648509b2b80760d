"""`station check`: checks every part in wiring order, and says that it works, or what is wrong and what to do."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from queue import Empty, SimpleQueue
from statistics import median, pstdev

from station.app.board.bring_up_records import Result, Witness
from station.clock import Clock, SystemClock
from station.config import Config, StoreConfig
from station.core.events import SECOND_US, Event, Heel, Load, Side, Toe
from station.core.facts import Cue, CueName
from station.core.sensing.heel_load import HeelLoad, LoadRules
from station.core.sensing.sensors import NOISY
from station.core.sensing.toe_distance import ToeRules, invalid_reason
from station.devices.board import Devices
from station.devices.board_lock import BoardHeldError, lock_board
from station.devices.errors import DeviceError
from station.devices.pins import PinFactory
from station.devices.probe import keep_busy
from station.devices.range_parts import I2cBus
from station.store import Reader, Store, StoreError
from station.system import bring_up
from station.system.bring_up import Bench
from station.system.running_page import status_of_page
from station.system.wall_clock import DateCheck
from station.system.wire_faults import Diagnosis

LISTEN_US = 3 * SECOND_US
"""How long to listen to the board: at least sixty readings, even if the sensor only starts at the third try."""
STOP_SERVICE = "If it is the station's service, type sudo systemctl stop station."

NEAR_0 = 0.1
"""The share of full scale below which a plate may be empty: a person on it presses harder."""


def checks(config: Config, witness: Witness | None = None) -> Iterator[Result]:
    """Run every check in turn; without a `witness` there are no questions."""
    yield Result("configuration", True, f"{'a simulated' if config.board.simulated else 'a real'} board")
    clock: Clock = SystemClock()
    right = DateCheck(Path(config.store.path)).is_right(clock)
    date = f"{clock.utc_now().astimezone():%Y-%m-%d %H:%M}"
    yield Result("clock", right, date if right else f"{date} may be wrong: connect the network or set the date")
    yield _store(config, clock)
    yield _page(config)
    yield from _board(config, clock, witness)


def _store(config: Config, clock: Clock) -> Result:
    path = Path(config.store.path)
    if _is_of_installed_station(config):
        return Result("store", True, f"{path} is left alone: name a [store] path of the simulated board's own")
    if not path.exists():
        return _place_for_store(path)
    try:
        with _as_owner_of(path), Store.open(path, clock=clock) as store:
            people = len(store.people())
    except StoreError as error:
        return Result("store", False, str(error))
    return Result("store", True, f"{path} can be read and written; people: {people}")


def _is_of_installed_station(config: Config) -> bool:
    """Whether a simulated board's configuration, which names no database, means that of a real one."""
    return config.board.simulated and config.store.path == StoreConfig().path


@contextmanager
def _as_owner_of(path: Path) -> Iterator[None]:
    """If root, act as the database's owner: root's files beside it would lock out the station's own user."""
    if os.geteuid() != 0 or not path.exists():
        yield
        return
    owner = path.stat()
    os.setegid(owner.st_gid)
    os.seteuid(owner.st_uid)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(os.getgid())


def _place_for_store(path: Path) -> Result:
    """Whether the first start can create the database; a check creates nothing."""
    parent = next(one for one in path.absolute().parents if one.exists())
    if not os.access(parent, os.W_OK | os.X_OK):
        return Result(
            "store", False, f"{path} does not exist, and {parent} cannot be written: choose another [store] path"
        )
    return Result("store", True, f"{path} does not exist yet; the first start creates it")


def _page(config: Config) -> Result:
    import socket

    where = f"{config.page.host} port {config.page.port}"
    family = socket.AF_INET6 if ":" in config.page.host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((config.page.host, config.page.port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE and status_of_page((config.page.port,))[1] is not None:
                return Result("page", True, f"{where} answers")
            sentence = f"{where} cannot be used ({error.strerror}): choose another [page] host or port"
            return Result("page", False, sentence)
    return Result("page", True, f"{where} is free")


def _board(config: Config, clock: Clock, witness: Witness | None) -> Iterator[Result]:
    faults: dict[str, str | None] = {}
    close: list[Callable[[], None]] = []
    try:
        bench = _bench(config, clock, faults.__setitem__, close)
    except BoardHeldError as error:
        yield Result(error.part, False, f"{error} {STOP_SERVICE}")
        return
    except DeviceError as error:
        yield Result(error.part, False, str(error))
        return
    try:
        empty = {} if _is_of_installed_station(config) else empty_plates(config)
        yield from check_board(bench, Diagnosis(config), empty, witness, faults)
    finally:
        for one in close:
            one()


def check_board(
    bench: Bench,
    diagnosis: Diagnosis,
    empty: Mapping[Side, float],
    witness: Witness | None,
    faults: dict[str, str | None] | None = None,
) -> Iterator[Result]:
    """The whole bring-up of a board whose parts are not open; without a `witness` there are no questions.

    `empty` is the load of each empty plate, if the station has learnt it. `faults` collects the faults of the parts.
    """
    faults = {} if faults is None else faults
    yield from bring_up.probe(bench, diagnosis)
    devices = Devices(
        bench.config,
        bench.clock,
        bench.post,
        faults.__setitem__,
        pin_factory=bench.pin_factory,
        open_bus=bench.open_bus,
    )
    try:
        devices.start(threads=bench.has_threads)
        heard = bench.listen(devices, LISTEN_US)
        yield from (Result(part, False, text) for part, text in faults.items() if text is not None)
        bring_up.see_full_scale(heard, diagnosis)
        yield from _heard(heard, faults, empty)
        if witness is not None:
            yield from bring_up.exercise(bench, devices, diagnosis, witness)
            yield from bring_up.witness_outputs(bench, devices, diagnosis, witness)
        elif faults.get("buzzer") is None:
            devices.play_cues([Cue(bench.clock.now_us(), CueName.YES)])
            bench.listen(devices, bring_up.CUE_US)
            yield Result("buzzer", True, "short, long: did you hear YES? If not, check its two wires")
    finally:
        devices.close()
    if witness is not None:
        yield from bring_up.witness_light(bench, diagnosis, witness)
        bring_up.measure(bench, diagnosis, witness)
    yield bring_up.named(diagnosis)


def empty_plates(config: Config) -> dict[Side, float]:
    """The load of each empty plate, if the station has learnt it."""
    try:
        with _as_owner_of(Path(config.store.path)), Reader.open(Path(config.store.path)) as reader:
            return reader.empty_shares()
    except StoreError:
        return {}


def _bench(
    config: Config,
    clock: Clock,
    report: Callable[[str, str | None], None],
    close: list[Callable[[], None]],
) -> Bench:
    """The board, real or simulated, in real time; `close` collects functions to call at the end."""
    if not config.board.simulated:
        from station.devices.pins import open_pin_factory

        close.append(lock_board(config.range_sensor.i2c_bus))
        return bench_of(config, clock, open_pin_factory(), None)
    from station.devices.pacer import DeadlineThread
    from station.simulator.board import SimulatedBoard

    board = SimulatedBoard(config, clock)
    pacer = DeadlineThread(board, clock, lambda error: report("simulated board", repr(error)), name="simulated board")
    board.wake = pacer.wake
    pacer.start()
    close.append(pacer.close)
    return bench_of(config, clock, board.pin_factory, board.open_bus)


def bench_of(config: Config, clock: Clock, pin_factory: PinFactory, open_bus: Callable[[], I2cBus] | None) -> Bench:
    """A board in real time, on these pins and this bus (`None`: the configured Linux bus)."""
    from station.devices.ranging import open_linux_bus

    events: SimpleQueue[Event] = SimpleQueue()
    bus = open_bus or partial(open_linux_bus, config.range_sensor.i2c_bus)
    return Bench(
        config,
        clock,
        pin_factory,
        bus,
        events.put,
        True,
        lambda us: time.sleep(us / SECOND_US),
        lambda _devices, us: _listen(clock, events, clock.now_us() + us),
        lambda sounds: keep_busy(
            bus,
            pin_factory,
            adc=config.board.heels == "analogue",
            pulled_up=(config.pins.knee_pad,) if config.board.knee_pad else (),
            tone=config.pins.buzzer if sounds else None,
        ),
    )


def _listen(clock: Clock, events: SimpleQueue[Event], until_us: int) -> list[Event]:
    heard: list[Event] = []
    while (left_us := until_us - clock.now_us()) > 0:
        try:
            heard.append(events.get(timeout=left_us / SECOND_US))
        except Empty:
            break
    return heard


def _heard(heard: Sequence[Event], faults: dict[str, str | None], empty: Mapping[Side, float]) -> Iterator[Result]:
    readings = [toe.reading_mm for toe in heard if isinstance(toe, Toe) and invalid_reason(toe, ToeRules()) is None]
    if readings:
        rate = _rate([toe.at_us for toe in heard if isinstance(toe, Toe)])
        sentence = f"reads {median(readings):g} mm, scatter {pstdev(readings):.1f} mm, {rate:.0f} readings a second"
        yield Result("distance sensor", True, sentence)
    elif faults.get("distance sensor") is None:
        yield Result("distance sensor", False, "no valid reading: is a wall in front of it, within 1.2 m?")
    for side in Side:
        loads = [load for load in heard if isinstance(load, Load) and load.side is side]
        if loads:
            yield _load(side, loads, empty.get(side, 0.0))
    for heel in heard:
        if isinstance(heel, Heel):
            yield Result(f"{heel.side} heel comparator", True, f"reads {'down' if heel.down else 'up'}")


def _load(side: Side, loads: list[Load], empty: float) -> Result:
    shares = [load.share for load in loads]
    part = f"{side} heel sensor"
    if max(shares) == 0 and empty > LoadRules().cut_wire_share:
        return Result(part, False, "reads 0, which its empty plate never does: check its cable, and the MCP3008's")
    if any(_noisy(loads)):
        return Result(part, False, f"{NOISY}; check its cable, its divider's resistor and the MCP3008's ground")
    rate, least, most = _rate([load.at_us for load in loads]), min(shares), max(shares)
    sentence = f"{rate:.0f} samples a second, {least:.2f} to {most:.2f} of full scale"
    return Result(
        part, True, sentence + ("; an empty plate reads near 0, and so does a cut wire" if least < NEAR_0 else "")
    )


def _noisy(loads: list[Load]) -> Iterator[bool]:
    """For each sample, whether the load jumps in a way that no heel does."""
    heel = HeelLoad()
    for load in loads:
        heel.add_sample(load.at_us, load.share)
        yield heel.noisy_since(load.at_us) is not None


def _rate(times_us: list[int]) -> float:
    """Events a second."""
    return (len(times_us) - 1) * SECOND_US / max(1, times_us[-1] - times_us[0])
