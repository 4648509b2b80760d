"""Both sides of the wire in one process: calls, answers, errors, and any bytes from a socket."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import ExitStack, closing, suppress
from functools import partial
from pathlib import Path
from random import Random

import pytest

from station.app.api import BoardAwayError
from station.app.snapshot import Snapshot
from station.catalogue.records import Item
from station.clock import SystemClock
from station.core.events import CommandName, Side
from station.store import Store, StoreError
from station.store.reading.following import FollowingReader
from station.wire.board_side import MAX_OPEN_CALLS, BoardServer
from station.wire.messages import MAX_TO_BOARD_BYTES, Hello, wire
from station.wire.page_side import AWAY, RemoteStation
from tests.station.process import BOUND_S, wait_until
from tests.web.double import RecordedBoard, StationDouble

HELLO = wire().encode(Hello(wire().version))


def converse(connection: socket.socket, sent: bytes, *, reads: bool = True, is_all: bool = False) -> None:
    """Send bytes, and read until the board closes the connection; `is_all`: nothing follows them."""
    with suppress(ConnectionError):
        connection.sendall(sent)
        if is_all:
            connection.shutdown(socket.SHUT_WR)
        while reads and connection.recv(1 << 16):
            pass


class Board:
    """The board's side: a station that records requests, and its server."""

    def __init__(self, directory: Path) -> None:
        self.store = Store.open(directory / "station.db", clock=SystemClock())
        self.station = StationDouble(self.store, RecordedBoard(("step_on",)))
        self.path = directory / "page.sock"
        self.listen()

    def listen(self) -> None:
        self.server = BoardServer(self.station, lambda: self.store.cache.revision)
        self.server.listen(self.path)

    def connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(self.path))
        connection.settimeout(BOUND_S)
        return connection


@pytest.fixture
def board(tmp_path: Path) -> Iterator[Board]:
    made = Board(tmp_path)
    yield made
    made.server.close()
    made.store.close()


@pytest.fixture
def page(board: Board) -> Iterator[RemoteStation]:
    made = RemoteStation(board.connect, lambda _revision: None, lambda: None)
    made.start()
    assert made.arrived.wait(BOUND_S)
    yield made
    made.close()


@pytest.mark.parametrize("number", [2**64, -(10**30)])
def test_number_that_cannot_be_sent_is_refused_with_a_sentence(page: RemoteStation, number: int) -> None:
    """A form may contain any number; the connection stays."""
    with pytest.raises(ValueError, match="too large"):
        page.answer_bring_up(number, "ready")
    with pytest.raises(ValueError, match="is not asking anything"):
        page.answer_bring_up(0, "ready").result(BOUND_S)


def test_page_gets_each_newer_snapshot(board: Board, page: RemoteStation) -> None:
    woken: list[Snapshot] = []
    cancel = page.subscribe(lambda: woken.append(page.snapshot()))
    board.station.show(toe_mm=83.0)
    wait_until(lambda: woken[-1:] == [board.station.snapshot()], "the snapshot has not come")
    assert page.snapshot() == board.station.snapshot()
    cancel()


def test_calls_reach_the_station(board: Board, page: RemoteStation) -> None:
    """Results, error sentences and commands without an answer, as if the station were in this process."""
    api = page.api
    person_id = api.add_person("Ada").result(BOUND_S)
    assert [one.name for one in board.store.people()] == ["Ada"]
    assert api.save_routine(None, person_id, "Mine", [Item(test="quick")]).result(BOUND_S)
    with pytest.raises(ValueError, match="Ada"):
        api.add_person("Ada").result(BOUND_S)
    api.command(CommandName.SIDE, Side.LEFT)
    assert api.board is not None
    api.board.act("step_on", "left")
    with pytest.raises(ValueError, match="does not know the word"):
        api.board.act("fly")
    wait_until(lambda: board.station.commands == [(CommandName.SIDE, Side.LEFT)], "the command has not come")
    assert board.station.board is not None
    assert board.station.board.acts == [("step_on", "left")]


def following(board: Board, reader: FollowingReader) -> RemoteStation:
    made = RemoteStation(board.connect, reader.follow, lambda: None)
    made.start()
    return made


def test_a_write_is_read_at_once(board: Board) -> None:
    """The page caches its reads; after its own write it never shows old data."""
    with FollowingReader(board.store.path) as reader, closing(following(board, reader)) as page:
        assert page.arrived.wait(BOUND_S)
        for number in range(50):
            assert len(reader.people()) == number
            page.api.add_person(f"Ada {number}").result(BOUND_S)
        assert len(reader.people()) == 50
        assert reader.people() is reader.people()


def test_page_survives_the_board(board: Board, page: RemoteStation) -> None:
    """Without the board it says so and refuses writes with a sentence; it connects to the next one automatically."""
    board.server.close()
    wait_until(lambda: [one.sentence for one in page.snapshot().faults] == [AWAY], "the page says nothing")
    with pytest.raises(BoardAwayError):
        page.api.add_person("Ada").result(BOUND_S)
    with pytest.raises(BoardAwayError):
        page.api.command(CommandName.STOP)
    board.listen()
    wait_until(lambda: page.snapshot().faults == (), "the page has not connected again")
    page.api.add_person("Ada").result(BOUND_S)


def has_phase(page: RemoteStation, phase: str) -> bool:
    return page.snapshot().phase == phase


def test_clock_stands_while_the_board_is_lost(board: Board, page: RemoteStation) -> None:
    """During a hold the page counts up on its own; a lost board credits nothing, so the count stops."""
    for phase, shown in (("hold", "fault"), ("finish", "finish")):
        board.station.show(
            activity="hold", phase=phase, side=Side.LEFT, counting="hold", counted_us=12, target_us=30, rate=1
        )
        wait_until(partial(has_phase, page, phase), "the state has not come")
        board.server.close()
        wait_until(lambda: page.snapshot().faults != (), "the page says nothing")
        clock = page.snapshot().state.clock
        assert clock is not None
        assert (page.snapshot().phase, clock.counted_us, clock.rate) == (shown, 12, 1 if shown == "finish" else 0)
        board.listen()
        wait_until(lambda: page.snapshot().faults == (), "the page has not connected again")


def test_pending_calls_fail_when_the_board_is_lost(
    board: Board, page: RemoteStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A write without an answer at the board's end raises the sentence too."""
    monkeypatch.setattr(board.station, "add_person", lambda _name: Future())
    waiting = page.api.add_person("Ada")
    board.server.close()
    with pytest.raises(BoardAwayError):
        waiting.result(BOUND_S)


def test_board_survives_pages_that_leave(board: Board, page: RemoteStation) -> None:
    """A dozen pages connect and leave at any point; the remaining one is served, and nothing is left behind."""
    for number in range(12):
        with board.connect() as other:
            converse(other, HELLO[: 3 + number], reads=False)
    board.station.show(toe_mm=50.0)
    wait_until(lambda: page.snapshot().toe_mm == 50.0, "the page is not served")
    wait_until(lambda: board.station.watchers == 1, "a subscription is left")


def test_page_that_does_not_read_is_disconnected(
    board: Board, page: RemoteStation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The station publishes without waiting; the deaf page is disconnected, the other one is still served."""
    monkeypatch.setattr("station.wire.board_side.SLOW_S", 0.2)
    with board.connect() as deaf:
        deaf.sendall(wire().encode(Hello(wire().version)))
        wait_until(lambda: board.station.watchers == 2, "the second page is not served")

        def is_dropped() -> bool:
            board.station.show(note="x" * 20_000)
            return board.station.watchers == 1

        wait_until(is_dropped, "the deaf page is still there")
    board.station.show(toe_mm=1.0)
    wait_until(lambda: page.snapshot().toe_mm == 1.0, "the page is not served")


def frame(body: bytes) -> bytes:
    return len(body).to_bytes(4, "big") + body


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/1.1\r\n\r\n" * 10,
        struct.pack(">I", MAX_TO_BOARD_BYTES + 1),
        struct.pack(">I", 2**32 - 1) + b"x",
        frame(b""),
        frame(b"\xc1"),
        frame(b"\x91" * 60_000),
        wire().encode(Hello("another version")),
        HELLO + HELLO,
        HELLO + frame(b"\x93\xa4Call\x01\x91\xa6reboot"),
        HELLO + wire().encode(["Call", 1, ["remove_routine"]]),
        HELLO + wire().encode(["Call", 1, ["remove_routine", 3]]),
        HELLO + wire().encode(["Call", 1, ["command", "explode", None, None]]),
        HELLO + wire().encode(["Call", 2**63, ["remove_routine", "a", "more"]]),
        HELLO + wire().encode(["Call", "1", ["subscribe", None]]),
        HELLO + wire().encode(["Call", 1, ["__class__"]]),
    ],
    ids=lambda sent: repr(sent[-24:]),
)
def test_malicious_bytes_close_the_connection(board: Board, page: RemoteStation, sent: bytes) -> None:
    """Invalid data ends its connection, does nothing, and disturbs no other page."""
    with board.connect() as hostile:
        converse(hostile, sent)
    assert board.store.people() == ()
    assert board.station.commands == []
    page.api.add_person("Ada").result(BOUND_S)


def test_random_bytes_never_harm(board: Board, page: RemoteStation, caplog: pytest.LogCaptureFixture) -> None:
    """Two hundred mutated conversations: no call is executed as another one, no traceback, the page stays served."""
    random = Random(1)
    good = HELLO + wire().encode(["Call", 1, ["command", "stop", None, None]]) * 3
    for _ in range(200):
        bad = bytearray(good)
        for _ in range(random.randint(1, 8)):
            bad[random.randrange(len(bad))] = random.randrange(256)
        with ExitStack() as stack:
            hostile = stack.enter_context(board.connect())
            converse(hostile, bytes(bad), is_all=True)
    assert [record.exc_info for record in caplog.records if record.exc_info] == []
    page.api.add_person("Ada").result(BOUND_S)


def test_too_many_open_calls_end_the_connection(board: Board, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board.station, "remove_routine", lambda _name: Future())
    with board.connect() as hostile:
        calls = (wire().encode(["Call", number, ["remove_routine", "a"]]) for number in range(MAX_OPEN_CALLS + 1))
        converse(hostile, HELLO + b"".join(calls))


def test_socket_is_only_for_the_stations_group(board: Board) -> None:
    assert board.path.stat().st_mode & 0o777 == 0o660


def test_socket_of_a_killed_station_is_replaced(board: Board, tmp_path: Path) -> None:
    board.server.close()
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)) as left:
        left.bind(str(board.path))
    board.listen()
    board.connect().close()


def test_path_that_is_no_socket_is_refused_with_a_sentence(board: Board, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="too long for a socket"):
        board.server.listen(tmp_path / ("x" * 120))
    with pytest.raises(StoreError, match="cannot be made"):
        board.server.listen(tmp_path / "nowhere" / "page.sock")


def test_other_version_is_refused_on_both_sides(board: Board) -> None:
    """A page of another version ends, so that its service starts the new version."""
    with board.connect() as older:
        converse(older, wire().encode(Hello("older")))
    ours, theirs = socket.socketpair()
    ended: list[bool] = []
    page = RemoteStation(lambda: ours, lambda _revision: None, lambda: ended.append(True))
    with theirs:
        theirs.sendall(wire().encode(Hello("older")))
        page.start()
        wait_until(lambda: ended == [True], "the page goes on")
    assert page.is_other_version
    assert not page.arrived.is_set()
    page.close()
