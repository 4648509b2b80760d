"""The thread that calls back for the edges of the pins. It sleeps in the kernel until there is one."""

from __future__ import annotations

import os
import select
from collections import deque
from collections.abc import Callable
from threading import RLock, Thread

from station.devices.watched_line import LineEdge, WatchedLine


class EdgeThread(Thread):
    """Calls back for each edge of the lines that it watches; one thread for all.

    An error that a callback raises ends it, as does a line that the kernel withdraws.
    """

    def __init__(self) -> None:
        super().__init__(name="edges of the pins", daemon=True)
        self.lock = RLock()
        """Held while a line is read or closed: another file may get its descriptor at once. Python may close a part
        that was forgotten in the very thread that holds it."""
        self._lines: dict[int, tuple[WatchedLine, Callable[[LineEdge], None]]] = {}
        self._calls: deque[Callable[[], None]] = deque()
        self._is_closing = False
        self._bell = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        self._epoll = select.epoll()  # unlike a poll, it may gain and lose lines while the thread waits
        self._epoll.register(self._bell, select.EPOLLIN)

    def watch(self, line: WatchedLine, on_edge: Callable[[LineEdge], None]) -> None:
        """Call `on_edge` for each edge from here on."""
        with self.lock:
            self._epoll.register(line.fd, select.EPOLLIN)
            self._lines[line.fd] = (line, on_edge)

    def release(self, line: WatchedLine) -> None:
        """Watch this line no longer, and close it. It may still be called for an edge that has been read."""
        with self.lock:
            self._epoll.unregister(line.fd)
            del self._lines[line.fd]
            line.close()

    def post(self, call: Callable[[], None]) -> None:
        """Have the thread make this call; from any thread."""
        self._calls.append(call)
        os.eventfd_write(self._bell, 1)

    def close(self) -> None:
        """End the thread and wait for it. Its lines must have been released."""

        def leave() -> None:
            self._is_closing = True

        if self.is_alive():
            self.post(leave)
            self.join()
        self._epoll.close()
        os.close(self._bell)

    def run(self) -> None:
        while not self._is_closing:
            for fd, state in self._epoll.poll():
                if fd == self._bell:
                    os.eventfd_read(self._bell)
                    while self._calls:
                        self._calls.popleft()()
                elif state & select.EPOLLIN:
                    self._report_edges(fd)
                else:
                    raise OSError(f"The kernel has withdrawn the line of a pin (epoll: {state}).")

    def _report_edges(self, fd: int) -> None:
        with self.lock:
            if fd not in self._lines:
                return  # released meanwhile
            line, on_edge = self._lines[fd]
            edges = line.read()
        for edge in edges:
            on_edge(edge)
