"""The parts of a running station's board, which it lends to the bring-up."""

from __future__ import annotations

from collections.abc import Callable
from threading import current_thread

from station.app.board.bring_up_records import Result, Witness
from station.app.loop import Station
from station.clock import Clock
from station.config import Config
from station.devices.board import Devices
from station.devices.pins import PinFactory
from station.devices.range_parts import I2cBus
from station.system.supervisor import ForeignThread, Supervisor


class LentParts:
    """Opens and closes the parts; the station has them, except during the bring-up."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        station: Station,
        supervisor: Supervisor,
        pin_factory: PinFactory,
        open_bus: Callable[[], I2cBus] | None,
    ) -> None:
        self._config = config
        self._clock = clock
        self._station = station
        self._supervisor = supervisor
        self._pin_factory = pin_factory
        self._open_bus = open_bus
        self.devices: Devices | None = None
        self._reported: set[str] = set()
        self._borrower: ForeignThread | None = None
        """The bring-up's thread: if it ends without reopening the parts, the station has no board."""

    def open(self) -> Devices:
        """Open the parts, and report those that cannot be opened."""
        self.devices = devices = Devices(
            self._config,
            self._clock,
            self._station.post,
            self._report_fault,
            pin_factory=self._pin_factory,
            open_bus=self._open_bus,
        )
        return devices

    def start(self, devices: Devices) -> None:
        """Start the parts that are not started, and watch their threads."""
        started = len(devices.threads)
        devices.start(threads=True)
        for thread in devices.threads[started:]:
            self._supervisor.watch(thread)

    def open_missing(self) -> bool:
        """Open the parts that could not be opened before, while the station has them; returns whether any was."""
        if self.devices is None or not self.devices.open_missing():
            return False
        self.start(self.devices)
        return True

    def _report_fault(self, part: str, sentence: str | None) -> None:
        self._reported.add(part)
        self._station.report_fault(part, sentence)

    def bring_up(self, witness: Witness | None, publish: Callable[[Result], None]) -> None:
        """See `station.app.board.bring_up_desk.BoardParts`."""
        assert self.devices is not None
        self._borrower = ForeignThread("bring-up", current_thread())
        self._supervisor.watch(self._borrower)
        try:
            self.devices.close()  # waits for the threads, which are still watched in case one hangs
        finally:
            self._supervisor.release(self.devices.threads)
        for part in self._reported:
            self._station.report_fault(part, None)  # reopening reports what is still wrong
        from station.system.self_check import bench_of, check_board, empty_plates
        from station.system.wire_faults import Diagnosis

        bench = bench_of(self._config, self._clock, self._pin_factory, self._open_bus)
        for result in check_board(bench, Diagnosis(self._config), empty_plates(self._config), witness):
            publish(result)

    def reopen(self) -> Devices:
        """See `station.app.board.bring_up_desk.BoardParts`."""
        devices = self.open()
        self.start(devices)
        if self._borrower is not None:
            self._supervisor.release([self._borrower])
        return devices

    def silence(self) -> None:
        """Switch the buzzer off."""
        if self.devices is not None and self.devices.player is not None:
            self.devices.player.close()

    def close(self) -> None:
        """End the bring-up, if one is running, and close the parts."""
        self._station.end_bring_up()
        if self.devices is not None:
            self.devices.close()
