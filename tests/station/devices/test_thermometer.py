"""The thermometer: a file with thousandths of a degree, or a sentence and no temperature."""

from __future__ import annotations

from pathlib import Path

import pytest

from station.core.events import SECOND_US
from station.devices.thermometer import Thermometer


def test_kernel_format_is_read(tmp_path: Path) -> None:
    """Once a minute, with the final newline of both drivers."""
    file = tmp_path / "temperature"
    file.write_text("21562\n", encoding="ascii")
    reported: list[str | None] = []
    thermometer = Thermometer(file, reported.append)
    assert thermometer.next_due_us() == 0
    thermometer.run_due(5 * SECOND_US)
    assert (thermometer.celsius, thermometer.next_due_us()) == (21.562, 65 * SECOND_US)
    assert reported == []


@pytest.mark.parametrize("text", [None, "", "warm", "85000", "-127000", "21.5"])
def test_unreadable_temperature_is_none_with_a_sentence(tmp_path: Path, text: str | None) -> None:
    """No file, no number, or a sensor's value before its first measurement; reported once, until it works again."""
    file = tmp_path / "temperature"
    if text is not None:
        file.write_text(text, encoding="ascii")
    reported: list[str | None] = []
    thermometer = Thermometer(file, reported.append)
    for at_us in (0, 60 * SECOND_US):
        thermometer.run_due(at_us)
        assert thermometer.celsius is None
    (sentence,) = reported
    assert sentence is not None
    assert str(file) in sentence
    file.write_text("-1250", encoding="ascii")
    thermometer.run_due(120 * SECOND_US)
    assert (thermometer.celsius, reported[1:]) == (-1.25, [None])
