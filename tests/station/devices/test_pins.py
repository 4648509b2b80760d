"""The Raspberry Pi's own pins, on a machine without any."""

from __future__ import annotations

import sys
from typing import NoReturn

import pytest

from station.devices.errors import DeviceError
from station.devices.pins import open_pin_factory
from tests.station.devices.kernel_rig import LOADED_WITH_LGPIO, KernelChip, chip

__all__ = ["chip"]


def test_pin_factory_names_missing_lgpio(monkeypatch: pytest.MonkeyPatch) -> None:
    """gpiozero would try one backend after another; the station names the one that works on every model."""
    monkeypatch.setitem(sys.modules, "lgpio", None)
    for name in LOADED_WITH_LGPIO:
        monkeypatch.delitem(sys.modules, name, raising=False)
    with pytest.raises(DeviceError, match=r"lgpio cannot be loaded .*: install Debian's python3-lgpio") as caught:
        open_pin_factory()
    assert caught.value.part == "GPIO"


def test_pin_factory_refuses_machine_without_gpio(chip: KernelChip, monkeypatch: pytest.MonkeyPatch) -> None:
    """A PC, or a user without permission: one sentence names both, and how to simulate a board."""

    def refuse(_chip: int) -> NoReturn:
        raise RuntimeError("can not open gpiochip")

    monkeypatch.setattr(sys.modules["lgpio"], "gpiochip_open", refuse)
    with pytest.raises(DeviceError, match=r"/dev/gpiochip0 \(can not open gpiochip\): .* set simulated = true"):
        open_pin_factory()
