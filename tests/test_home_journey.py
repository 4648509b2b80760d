"""From a phone on another host: find the station, scan its code, pair by heel presses, see results, print, lose access.

The station is two processes, board and page, on one host with an empty store; Chromium runs on the other. The simulated
person is at the board, which no unpaired phone can control.
"""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import NamedTuple

import pytest
import zxingcpp
from PIL import Image

from station.app.api import SimulatedBoard
from station.wire.page_side import RemoteStation
from tests import browser, two_hosts
from tests.browser import A4_INCHES, CHROMIUM, LETTER_INCHES, PHONE, Browser
from tests.two_hosts import ADDRESS_RECORD, STATION_ADDRESS, Host, announced, answer_of_mdns, running
from tests.visitors import STEP_BOUND_S, Visitor
from web.server.stream import RECHECK_S

REASON = two_hosts.reason_not_possible() or (
    "" if browser.is_available() else "no browser here: apt-get install chromium chromium-driver"
)
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)

NAME = "station.local"
CONNECT_S = 20.0
OUT_S = RECHECK_S / 2
"""Long before the stream would look again by itself whether a browser is still paired."""
PAIR_FORM, NUMBER = "form[action='/pair']", ".presence-number"
ANSWER_NO = """
for (const one of document.querySelectorAll('.health-questions [value=no]')) one.click()
document.querySelector('.health-questions button').click()
"""


class Home(NamedTuple):
    """The board with its simulated person, and two phones; `leads_to` is the address in the station's QR code."""

    board: SimulatedBoard
    phone: Visitor
    other: Visitor
    leads_to: str


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A new station, and two phones on its network, which find it by name.

    Without Avahi the test resolves the name, and the station shows its address.
    """
    has_avahi = shutil.which("avahi-daemon") is not None
    with ExitStack() as undo:
        station, phone = undo.enter_context(two_hosts.two_hosts())
        address = STATION_ADDRESS
        if has_avahi:
            (tmp_path / "avahi").mkdir()
            station = undo.enter_context(announced(station, phone, tmp_path / "avahi"))
            address = str(IPv4Address(answer_of_mdns(phone, NAME, ADDRESS_RECORD)[-4:]))
        undo.enter_context(running(station, tmp_path, f'allowed_hosts = ["{NAME}"]', ("http", "0.0.0.0", 80)))
        board = undo.enter_context(simulated_board(tmp_path / "page.sock"))
        windows = [undo.enter_context(chromium(phone, tmp_path, address)) for _ in range(2)]
        first, other = (Visitor(window, f"http://{NAME}") for window in windows)
        yield Home(board, first, other, f"http://{NAME if has_avahi else STATION_ADDRESS}")


@contextmanager
def simulated_board(path: Path) -> Iterator[SimulatedBoard]:
    """The simulated board, through the socket that the page's service uses."""

    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.connect(str(path))
        return connection

    remote = RemoteStation(connect, lambda _revision: None, lambda: None)
    remote.start()
    try:
        assert remote.arrived.wait(CONNECT_S)
        assert remote.board is not None
        yield remote.board
    finally:
        remote.close()


@contextmanager
def chromium(host: Host, directory: Path, address: str) -> Iterator[Browser]:
    """Chromium on this host, as on a phone that has resolved the name to this address."""
    program = directory / "chromium"
    program.write_text(f'#!/bin/sh\nexec {" ".join(host.command(CHROMIUM))} "$@"\n', encoding="ascii")
    program.chmod(0o755)
    flags = "--remote-debugging-pipe", f"--host-resolver-rules=MAP {NAME} {address}"
    with browser.open_browser(flags=flags, program=program) as window:
        window.emulate(PHONE)
        yield window


def scan(window: Browser, directory: Path) -> str:
    """The content of the only QR code on the page, as a camera reads it."""
    picture = directory / "seen.png"
    window.screenshot(str(picture))
    with Image.open(picture) as seen:
        (code,) = zxingcpp.read_barcodes(seen)
    return str(code.text)


def get_in(home: Home, phone: Visitor, name: str) -> None:
    """Type the name on the pairing page, make the rhythm with a heel, and confirm the number."""
    window = phone.window
    window.find(f"{PAIR_FORM} [name=name]").send_keys(name)
    window.click(f"{PAIR_FORM} button")
    window.wait_until(lambda: window.find_all(".rhythm li"), "the rhythm is shown")
    home.board.act("rhythm")
    window.wait_until(lambda: window.text(NUMBER), "the number is shown", STEP_BOUND_S)
    window.click("#confirm")
    window.wait_until(lambda: name in window.text("header"), f"the phone shows {name}'s page")


def stretch(home: Home, phone: Visitor) -> None:
    """Answer the health questions, stretch for a while, and stop."""
    phone.open("/health-questions")
    phone.window.run(ANSWER_NO)
    phone.window.wait_until(lambda: "Saved" in phone.text("main"), "the answers are saved")
    phone.open("/live")
    phone.window.click('form[action="/start"] button[value=stretch]')
    phone.wait_for("SLOPE")
    home.board.act("step_on", "left")
    phone.wait_for("SLOPE", "left heel down")
    phone.click_button("Next")
    phone.wait_for("HOLD", "left heel down")
    phone.window.wait_until(lambda: 0 < int(phone.text("#number")) <= 27, "three seconds are held", STEP_BOUND_S)
    phone.click_button("Stop")
    phone.wait_for("ENDED")


def test_family_uses_one_board_with_a_phone_each(home: Home, tmp_path: Path) -> None:
    """The first phone becomes the owner's; the second sees only its person's results, until the owner unpairs it."""
    anna, ben = home.phone, home.other
    window = anna.window
    anna.open("/")
    assert anna.text("h1") == "Setting up the board"
    for address in ("/history", "/people"):
        anna.open(address)
        assert "Pair this browser" in anna.text("main")
    assert all("403" in line for line in window.console_errors())

    anna.open("/live")
    scanned = scan(window, tmp_path)
    assert scanned == f"{home.leads_to}/pair"
    anna.address = ben.address = home.leads_to
    window.open(scanned)
    assert "it becomes the owner" in anna.text("main")
    get_in(home, anna, "Anna")
    stretch(home, anna)
    anna.open("/history")
    assert "Stretch" in anna.text(".session-day")
    assert "held" in anna.text(".session-day")
    session = str(window.run("return document.querySelector('.session-day a').getAttribute('href')"))

    anna.open("/report")
    assert anna.text("h1") == "Ankle report: Anna"
    for paper in (A4_INCHES, LETTER_INCHES):
        (texts,) = window.printed_pages(paper)
        assert texts > 0
    window.emulate(PHONE, printed=True)
    assert scan(window, tmp_path) == home.leads_to
    window.emulate(PHONE)

    ben.open("/pair")
    get_in(home, ben, "Ben")
    for address in ("/", "/progress", "/history", "/people", "/inbox", "/report", "/browsers", "/consents", session):
        ben.open(address)
        assert "Anna" not in ben.window.driver.page_source, address
    assert "Stretch" not in ben.text("main")
    ben.open("/report")
    assert ben.text("h1") == "Ankle report: Ben"

    ben.open("/live")
    assert "Today\u2019s session" in ben.text("main")
    anna.open("/browsers")
    window.click("main section:nth-of-type(2) form[action$=revoke] button")
    ben.window.wait_until(lambda: "This browser is not paired" in ben.text("main"), "Ben's phone is out", OUT_S)
    ben.open("/history")
    assert "Pair this browser" in ben.text("main")
    anna.open("/browsers")
    assert "Ben" not in anna.text("main")
    assert anna.window.console_errors() == []
