"""gpiozero's pins through lgpio, but for their edges, which come from the kernel itself.

lgpio's own thread looks for them 2,000 times a second while one pin is watched. Importing this module loads lgpio.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from threading import RLock
from typing import Any

import lgpio
from gpiozero.pins.lgpio import LGPIOFactory, LGPIOPin

from station.core.events import SECOND_US
from station.devices.edge_thread import EdgeThread
from station.devices.watched_line import LineEdge, WatchedLine


class EdgePin(LGPIOPin):  # type: ignore[misc]  # gpiozero ships no types
    """A pin that is lgpio's, except while its edges are watched: then lgpio leaves the line to the kernel's watch."""

    _line: WatchedLine | None = None

    def close(self) -> None:
        self.when_changed = None
        super().close()

    def _set_function(self, value: str) -> None:
        self._disable_event_detect()
        super()._set_function(value)

    def _get_state(self) -> float:
        with self.factory.edge_thread.lock:
            if self._line is not None:
                return self._line.level()
            state: float = super()._get_state()  # lgpio would claim a line that it does not hold
            return state

    def _set_pull(self, value: str) -> None:
        with self._left_to_lgpio():
            super()._set_pull(value)

    def _set_bounce(self, value: float | None) -> None:
        with self._left_to_lgpio():
            super()._set_bounce(value)

    @contextmanager
    def _left_to_lgpio(self) -> Iterator[None]:
        """The line is lgpio's meanwhile, which changes it."""
        is_watched = self._line is not None
        self._disable_event_detect()
        try:
            yield
        finally:
            if is_watched:
                self._enable_event_detect()

    def _enable_event_detect(self) -> None:
        """Watch the line. Raises OSError if the kernel refuses: then lgpio holds it as before, and nobody watches."""
        pull, debounce_us = self.pull, round((self.bounce or 0) * SECOND_US)
        handle, number = self.factory._handle, self._number
        flags = lgpio.gpio_get_mode(handle, number) & self.GPIO_LINE_FLAGS_MASK
        with self.factory.edge_thread.lock, ExitStack() as undo:
            undo.callback(setattr, self, "_when_changed", None)
            lgpio.gpio_free(handle, number)
            undo.callback(lgpio.gpio_claim_input, handle, number, flags)
            line = WatchedLine(self.factory.chip, number, pull=pull, edges=self.edges, debounce_us=debounce_us)
            undo.callback(line.close)
            self.factory.edge_thread.watch(line, self._on_edge)
            self._line = line
            undo.pop_all()

    def _disable_event_detect(self) -> None:
        """End the watch, if there is one; the pull stays."""
        with self.factory.edge_thread.lock:
            if self._line is None:
                return
            flags = lgpio.gpio_get_mode(self.factory._handle, self._number) & self.GPIO_LINE_FLAGS_MASK
            self.factory.edge_thread.release(self._line)
            self._line = None
            lgpio.gpio_claim_input(self.factory._handle, self._number, flags)

    def _on_edge(self, edge: LineEdge) -> None:
        watcher = self._when_changed  # read once: another thread may be closing the pin
        handler = None if watcher is None else watcher()
        if handler is not None:
            handler(edge.at_ns / 1e9, edge.level)


class EdgeFactory(LGPIOFactory):  # type: ignore[misc]  # gpiozero ships no types
    """The pins of this Raspberry Pi, and the thread that watches those whose edges are wanted."""

    def __init__(self, chip: int | None = None) -> None:
        super().__init__(chip)
        self._res_lock = RLock()
        """gpiozero's own is waited for by the thread that holds it: a closed SPI may be collected in a reservation, and
        releases its pins."""
        self.pin_class: Any = EdgePin
        self.edge_thread = EdgeThread()
        self.edge_thread.start()

    def close(self) -> None:
        super().close()
        self.edge_thread.close()
