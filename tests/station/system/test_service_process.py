"""The station as systemd sees it: a process that is ready, alive, stopping or ended."""

from __future__ import annotations

import json
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from threading import Event

import pytest
from click.testing import CliRunner

from station.cli.main import main
from station.clock import SystemClock
from station.config import load
from station.core.events import SECOND_US
from station.settings import Settings
from station.simulator.board import SimulatedBoard
from station.store import Reader
from station.store.connect import lock_database, sqlite_driver, write_engine
from station.store.migrate import upgrade
from station.store.records import Hold
from station.system.page_child import PageChild
from station.system.service import PAGE_LATE, Service
from station.system.store_opening import WAITS_FOR_ROOM, WAITS_FOR_STORE
from tests.station.process import BOUND_S, ROOT, Running, configured, station, wait_until


def in_a_hold(running: Running, database: Path) -> int:
    """Set short holds, begin a stretch, step on, and wait until a second of the first hold is stored.

    Returns the stored credit in µs.
    """
    wait_until(lambda: "WATCHDOG=1" in running.notifications, "the loop does not run")  # pages are served before
    running.post("/settings", hold_s="60", prepare_s="3", repetitions="1", on_step="nothing", ask_setup="no")
    wait_until(lambda: settings(database).prepare_s == 3, "the settings are not stored")
    running.post("/start", routine="stretch", person="nobody")
    running.post("/board/act", command="step_on", argument="left")

    def has_credit() -> bool:
        return any(hold.credited_us >= 1_000_000 for hold in holds(database))

    wait_until(has_credit, "no hold has begun")
    return holds(database)[0].credited_us


def settings(database: Path) -> Settings:
    with Reader.open(database) as reader:
        return reader.settings()


def holds(database: Path) -> tuple[Hold, ...]:
    with Reader.open(database) as reader:
        return reader.holds()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stop_during_hold_stores_it_unfinished(tmp_path: Path, number: int) -> None:
    """It reports ready and alive; on a stop the hold is stored as unfinished to the second, and the end is orderly."""
    with Running(configured(tmp_path)) as running:
        wait_until(lambda: len(running.notifications) >= 3, "the station is not ready")
        assert running.notifications[:3] == ["READY=1", "WATCHDOG=1", "WATCHDOG=1"]
        before = in_a_hold(running, tmp_path / "station.db")
        looked_us = [SystemClock().now_us()]

        def goes_on() -> bool:
            looked_us.append(SystemClock().now_us())
            return holds(tmp_path / "station.db")[0].credited_us > before

        wait_until(goes_on, "the hold does not go on")
        stored = holds(tmp_path / "station.db")[0].credited_us
        status, error = running.send_signal(number)
        since_us = SystemClock().now_us() - looked_us[-2]  # at the last look but one this was not stored
        assert (status, error) == (0, "")
        assert running.notifications[-1] == "STOPPING=1"
    (hold,) = holds(tmp_path / "station.db")
    assert hold.state == "unfinished"
    assert stored <= hold.credited_us <= stored + since_us + SECOND_US
    with Reader.open(tmp_path / "station.db") as reader:
        assert reader.sessions()[0].end_reason == "the station was stopped"


def test_loop_error_ends_process(tmp_path: Path) -> None:
    """The rows are deleted under the station: it says so and ends, and systemd restarts it."""
    with Running(configured(tmp_path)) as running:
        in_a_hold(running, tmp_path / "station.db")
        with closing(sqlite3.connect(tmp_path / "station.db")) as other:
            other.execute("DELETE FROM holds")
            other.commit()
        status, error = running.wait_for_exit()
        assert status == 1
        assert "There is no row" in error
        assert running.notifications[-1] == "STOPPING=1"


def test_restart_after_kill_keeps_hold(tmp_path: Path) -> None:
    """After SIGKILL the same database opens, the session is cut off, and the hold has its stored credit."""
    with Running(configured(tmp_path)) as running:
        stored_us = in_a_hold(running, tmp_path / "station.db")
        status, _ = running.send_signal(signal.SIGKILL)
        assert status == -signal.SIGKILL
    with Running(configured(tmp_path)) as running:
        (hold,) = holds(tmp_path / "station.db")
        assert hold.state == "unfinished"
        assert hold.credited_us >= stored_us
        with Reader.open(tmp_path / "station.db") as reader:
            assert reader.sessions()[0].end_reason == "cut off"


def test_second_station_is_refused(tmp_path: Path) -> None:
    """It says which process uses the database and what to do, and the first one keeps running."""
    with Running(configured(tmp_path)) as running:
        second = station("run", "--config", str(configured(tmp_path)))
        _, error = second.communicate(timeout=BOUND_S)
        assert second.returncode == 1
        wanted = ("station: Another station (process ", "station.db", "stop it, or give this one another database")
        assert [words for words in wanted if words not in error] == []
        assert len(error.splitlines()) == 1
        assert running.send_signal()[0] == 0


def refused(*arguments: str) -> tuple[int, str]:
    """Exit status and the one sentence on standard error."""
    done = CliRunner().invoke(main, list(arguments))
    assert done.stdout == ""
    assert len(done.stderr.splitlines()) == 1, done.stderr
    return done.exit_code, done.stderr


def test_run_refuses_bad_configuration(tmp_path: Path) -> None:
    """Exit status 78, after which systemd does not restart it, and a sentence with file, key and allowed values."""
    path = tmp_path / "station.toml"
    path.write_text("[pins]\nbuzzer = 99\n", encoding="utf-8")
    for command in ("run", "check", "demo"):
        status, sentence = refused(command, "--config", str(path))
        assert status == 78
        assert [words for words in (str(path), "pins.buzzer is 99", "from 2 to 27") if words not in sentence] == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("at_s,channel,value\n1,heel_left,sideways\n", ("line 2", "heel_left", "sideways")),
        ("at_s,channel,value\n1,toe,163\n0,toe,163\n", ("line 3", "time goes back")),
        ("# not json\nat_s,channel,value\n", ("line 1", "JSON")),
        ("", ("no header line",)),
    ],
)
def test_replay_process_refuses_bad_trace(tmp_path: Path, text: str, words: tuple[str, ...]) -> None:
    """Exit status 2 and one sentence with file, line, channel and value."""
    path = tmp_path / "trace.csv"
    path.write_text(text, encoding="utf-8")
    status, sentence = refused("replay", str(path), "--do", "hold")
    assert status == 2
    assert [word for word in (str(path), *words) if word not in sentence] == []


def test_demo_refuses_taken_port(tmp_path: Path) -> None:
    """A demonstration needs its page: the sentence has the address and what to do, and the database is released."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        for _ in range(2):
            status, sentence = refused("demo", "--empty", "--port", str(port), "--data", str(tmp_path))
            assert status == 1
            assert f"127.0.0.1 port {port}: another program uses it" in sentence


def test_board_runs_while_the_pages_port_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The fault names the address and what to do; once the port is free, the page opens automatically."""
    monkeypatch.setattr("station.system.service.PAGE_RETRY_S", 0.05)
    monkeypatch.setattr("station.system.service.PAGE_FIRST_S", BOUND_S)
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]
        service = Service(load(configured(tmp_path, port=port)))
        live = service.open()
        try:
            live.drain()
            (fault,) = [one for one in live.snapshot().faults if one.part == "page"]
            assert [
                words for words in (str(port), "Stop that program", "board runs") if words not in fault.sentence
            ] == []
            assert service.devices is not None
            assert service.page is None
            other.close()
            wait_until(lambda: service.page is not None, "the page has not opened")

            def is_mended() -> bool:
                live.drain()
                return not live.snapshot().faults

            wait_until(is_mended, "the fault stays")
        finally:
            service.close()


def test_page_that_starts_while_its_board_closes_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The board has not seen it yet when it stops its page."""
    monkeypatch.setattr("station.system.service.PAGE_RETRY_S", 0.05)
    monkeypatch.setattr("station.system.service.PAGE_FIRST_S", BOUND_S)
    starts, is_closed = Event(), Event()
    late: list[PageChild] = []

    class Late(PageChild):
        def __init__(self) -> None:
            starts.set()
            is_closed.wait(BOUND_S)
            super().__init__()
            late.append(self)

    first = PageChild()
    first._process.kill()
    service = Service(load(configured(tmp_path)), page=first)
    monkeypatch.setattr("station.system.service.PageChild", Late)
    service.open()
    assert starts.wait(BOUND_S)
    service.close()
    is_closed.set()
    assert service._retrying is not None
    service._retrying.join(BOUND_S)
    assert [page.alive for page in late] == [False]


def test_page_meets_its_board_only_when_that_is_open(tmp_path: Path) -> None:
    """A request before that would wait for the loop, such as that of a demonstration's first browser."""
    child, socket_path = PageChild(), tmp_path / "page.sock"

    def can_meet() -> dict[str, bool]:
        return {"its child": child._connection is None, "systemd's": socket_path.exists()}

    met: list[dict[str, bool]] = []

    class Looking(Service):
        def _open_board(self, undo: ExitStack, board: SimulatedBoard | None) -> None:
            met.append(can_meet())
            super()._open_board(undo, board)
            met.append(can_meet())

    config = load(configured(tmp_path))
    child.configure(config)
    service = Looking(config, page=child)
    service.open(socket_path=socket_path)
    try:
        assert met == [{"its child": False, "systemd's": False}] * 2
        assert can_meet() == {"its child": True, "systemd's": True}
    finally:
        service.close()


def test_board_starts_while_its_page_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A fault says so; once the page answers, the fault is cleared and its address is shown."""
    monkeypatch.setattr("station.system.service.PAGE_FIRST_S", 0.05)
    config = load(configured(tmp_path))
    shown: list[PageChild] = []
    child = PageChild()
    child.configure(config)
    child._process.send_signal(signal.SIGSTOP)
    service = Service(config, page=child, on_page=shown.append)
    live = service.open()
    try:
        live.drain()
        assert [one.sentence for one in live.snapshot().faults if one.part == "page"] == [PAGE_LATE]
        assert service.devices is not None
        assert service.page is None
        child._process.send_signal(signal.SIGCONT)
        wait_until(lambda: shown == [child], "the page has not opened")
        assert service.page is child
    finally:
        service.close()


def test_board_ends_a_page_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("station.system.service.PAGE_FIRST_S", 0.05)
    monkeypatch.setattr("station.system.page_child.STOP_S", 0.05)
    config = load(configured(tmp_path))
    child = PageChild()
    child.configure(config)
    child._process.send_signal(signal.SIGSTOP)
    service = Service(config, page=child)
    service.open()
    service.close()
    assert not child.alive


def test_upgrade_asks_systemd_for_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upgrade of the database may take longer than a start: systemd is asked to wait for an hour."""
    config = configured(tmp_path, wiring="")
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.setblocking(False)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        engine = write_engine(tmp_path / "station.db", sqlite_driver)
        upgrade(engine, "0003")
        engine.dispose()
        for expected in (["EXTEND_TIMEOUT_USEC=3600000000"], []):
            service = Service(load(config))
            service.open(page=False)
            received = []
            with suppress(BlockingIOError):
                while True:
                    received.append(systemd.recv(200).decode())
            service.close()
            assert received == expected
            with suppress(BlockingIOError):
                assert systemd.recv(200) == b"STOPPING=1"


def test_service_waits_for_a_database_that_is_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Under systemd, which would start it every two seconds. An upgrade that follows the wait may take an hour, and
    then the watchdog has its usual time again."""
    monkeypatch.setattr("station.system.store_opening.RETRY_S", 0)
    monkeypatch.setenv("WATCHDOG_USEC", "10000000")
    database = tmp_path / "station.db"
    engine = write_engine(database, sqlite_driver)
    upgrade(engine, "0003")
    engine.dispose()
    held = lock_database(database)
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(BOUND_S)
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        service = Service(load(configured(tmp_path, wiring="")))
        received: list[str] = []

        def free_when_it_waits() -> None:
            received.append(systemd.recv(2_000).decode())
            held.close()

        helper = threading.Thread(target=free_when_it_waits)
        helper.start()
        with closing(service):
            service.open(page=False)
            helper.join()
            service.station.stop()
            service.run()
        systemd.setblocking(False)
        with suppress(BlockingIOError):
            while True:
                received.append(systemd.recv(2_000).decode())
    assert received[0].startswith("READY=1\nSTATUS=Another station (process ")
    assert WAITS_FOR_STORE in received[0]
    allowed_us, during_upgrade_us = 10_000_000, 0
    for line in "\n".join(received).splitlines():
        name, _, value = line.partition("=")
        if name == "WATCHDOG_USEC":
            allowed_us = int(value)
        elif name == "EXTEND_TIMEOUT_USEC":
            during_upgrade_us = allowed_us
    assert (during_upgrade_us, allowed_us) == (3_600_000_000, 10_000_000)
    assert "READY=1\nSTATUS=\nWATCHDOG_USEC=10000000" in received


def test_run_refuses_unusable_database(tmp_path: Path) -> None:
    """Of another or a newer program: status 78, after which systemd does not restart it, and an unchanged file."""
    config = configured(tmp_path)
    database = tmp_path / "station.db"
    database.write_bytes(b"this is a letter to my aunt" * 100)
    status, sentence = refused("run", "--config", str(config))
    assert status == 78
    assert [words for words in ("station.db", "is not a database", "move it away") if words not in sentence] == []
    assert database.read_bytes() == b"this is a letter to my aunt" * 100
    database.unlink()
    with closing(sqlite3.connect(database)) as newer:
        newer.execute("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL PRIMARY KEY)")
        newer.execute("INSERT INTO alembic_version VALUES ('9999')")
        newer.commit()
    status, sentence = refused("run", "--config", str(config))
    assert status == 78
    assert [words for words in ("station.db", "newer program", "update") if words not in sentence] == []


def test_run_waits_for_room_on_a_full_disk(tmp_path: Path) -> None:
    """It says so once, ends on a signal, and releases the lock."""
    command = f'ulimit -f 20; exec {sys.executable} -m station.cli run --config "{configured(tmp_path)}"'
    waiting = subprocess.Popen(["bash", "-c", command], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    assert waiting.stderr is not None
    sentence = waiting.stderr.readline()
    wanted = ("station.db", "The disk is full", "free some space", WAITS_FOR_ROOM)
    assert [words for words in wanted if words not in sentence] == []
    waiting.terminate()
    waiting.communicate(timeout=BOUND_S)
    assert waiting.returncode == 0
    with Running(configured(tmp_path)) as running:
        assert running.send_signal()[0] == 0


def test_run_refuses_real_board_without_gpio(tmp_path: Path) -> None:
    """On a machine without GPIO a real board is an error with a sentence, never a simulation."""
    path = configured(tmp_path)
    path.write_text(path.read_text(encoding="utf-8").replace("simulated = true", "simulated = false"), encoding="utf-8")
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has pins: a real board would start")
    status, sentence = refused("run", "--config", str(path))
    assert status == 1
    assert "pins cannot be" in sentence


def test_check_creates_nothing(tmp_path: Path) -> None:
    """A database that the first start will create passes, and still does not exist afterwards."""
    config = configured(tmp_path, database=tmp_path / "new" / "station.db")
    done = CliRunner().invoke(main, ["check", "--json", "--config", str(config)])
    found = {one["part"]: one for one in json.loads(done.stdout)}
    assert found["store"]["well"]
    assert "the first start creates it" in found["store"]["sentence"]
    assert list(tmp_path.iterdir()) == [config]


def test_check_json_reports_taken_port(tmp_path: Path) -> None:
    """A taken port is the only fault; exit status 1, and a sentence for it."""
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        config = configured(tmp_path, port=other.getsockname()[1])
        done = CliRunner().invoke(main, ["check", "--json", "--config", str(config)])
    found = {one["part"]: one for one in json.loads(done.stdout)}
    assert done.exit_code == 1
    assert not found["page"]["well"]
    assert "choose another" in found["page"]["sentence"]
    wrong = [part for part, one in found.items() if not one["well"] and part not in ("page", "clock")]
    assert wrong == []
    assert {"store", "distance sensor", "buzzer", "left heel comparator", "right heel comparator"} <= set(found)
