"""The date is right if a time server, a clock chip or a person vouches for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from station.system import wall_clock
from station.system.wall_clock import EARLIEST_DATE, DateCheck, is_kernel_synchronised

DAY = timedelta(days=1)


class HandSet:
    """A clock that a test sets; the monotonic one starts at a second."""

    def __init__(self, wall: datetime) -> None:
        self.wall = wall
        self.us = 1_000_000

    def now_us(self) -> int:
        return self.us

    def utc_now(self) -> datetime:
        return self.wall

    def pass_time(self, span: timedelta) -> None:
        self.wall += span
        self.us += span // timedelta(microseconds=1)


@pytest.fixture
def clock() -> HandSet:
    return HandSet(EARLIEST_DATE + 20 * DAY)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any of the files that vouch for a date; its boot is called `first`."""
    monkeypatch.setattr(wall_clock, "SYSTEMD", tmp_path)
    monkeypatch.setattr(wall_clock, "SYNCHRONISED", tmp_path / "synchronized")
    monkeypatch.setattr(wall_clock, "CLOCK_CHIP", tmp_path / "since_epoch")
    monkeypatch.setattr(wall_clock, "BOOT_ID", tmp_path / "boot_id")
    monkeypatch.setattr(wall_clock, "is_kernel_synchronised", lambda: False)
    (tmp_path / "boot_id").write_text("first\n", encoding="ascii")
    return tmp_path


@pytest.fixture
def check(machine: Path, clock: HandSet) -> DateCheck:
    """The check of a station that has just started."""
    made = DateCheck(machine / "station.db")
    made.remember(clock)
    return made


def test_date_for_which_nothing_vouches_is_not_right(check: DateCheck, clock: HandSet) -> None:
    assert not check.is_right(clock)
    clock.pass_time(3 * DAY)
    assert not check.is_right(clock)


def test_systemd_vouches_for_a_date(check: DateCheck, clock: HandSet, machine: Path) -> None:
    (machine / "synchronized").touch()
    assert check.is_right(clock)


def test_other_time_servers_vouch_for_a_date(check: DateCheck, clock: HandSet, monkeypatch: pytest.MonkeyPatch) -> None:
    """chrony and ntpd inform the kernel, like systemd."""
    monkeypatch.setattr(wall_clock, "is_kernel_synchronised", lambda: True)
    assert check.is_right(clock)


def test_kernel_answers() -> None:
    assert is_kernel_synchronised() in (True, False)


@pytest.mark.parametrize(
    ("chip", "right"),
    [
        (lambda wall: wall.timestamp() - 90, True),
        (lambda wall: wall.timestamp() + 3_600, False),
        (lambda _wall: 63, False),  # without a battery it starts in 1970
        (lambda _wall: 10**30, False),
        (lambda _wall: "", False),
    ],
)
def test_clock_chip_vouches_for_the_date_that_it_shows(
    check: DateCheck, clock: HandSet, machine: Path, chip: object, right: bool
) -> None:
    assert callable(chip)
    shown = chip(clock.wall)
    (machine / "since_epoch").write_text(f"{shown if isinstance(shown, str) else int(shown)}\n", encoding="ascii")
    assert check.is_right(clock) is right


def test_date_set_by_hand_counts_until_the_next_boot(check: DateCheck, clock: HandSet, machine: Path) -> None:
    clock.wall += 2 * DAY
    assert check.is_right(clock)
    clock.pass_time(DAY)
    restarted = DateCheck(machine / "station.db")
    restarted.remember(clock)
    assert restarted.is_right(clock), "a restart of the station forgets that the date was set"
    (machine / "boot_id").write_text("second\n", encoding="ascii")
    restarted.remember(clock)
    assert not restarted.is_right(clock)


def test_date_before_the_program_was_written_is_wrong(check: DateCheck, clock: HandSet, machine: Path) -> None:
    (machine / "synchronized").touch()
    clock.wall = datetime(1970, 1, 1, tzinfo=UTC)
    assert not check.is_right(clock)


def test_damaged_note_is_no_note(check: DateCheck, clock: HandSet, machine: Path) -> None:
    (machine / "station.db.boot").write_text("first yesterday\n", encoding="ascii")
    assert not check.is_right(clock)
    check.remember(clock)
    clock.wall += DAY
    assert check.is_right(clock)


def test_machine_without_systemd_is_not_asked(
    check: DateCheck, clock: HandSet, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wall_clock, "SYSTEMD", machine / "none")
    assert check.is_right(clock)
