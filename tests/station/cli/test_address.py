"""The address that `station run` prints can be opened."""

from __future__ import annotations

import pytest

from station.cli.main import page_address
from station.config import PageConfig


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("::1", "http://localhost:8080"),
        ("0.0.0.0", "http://station.local:8080"),
        ("::", "http://station.local:8080"),
        ("192.168.1.5", "http://192.168.1.5:8080"),
        ("fd00::5", "http://[fd00::5]:8080"),
    ],
)
def test_printed_address_can_be_opened(host: str, address: str) -> None:
    assert page_address(PageConfig(host=host, allowed_hosts=("station.local",)), 8080) == address
