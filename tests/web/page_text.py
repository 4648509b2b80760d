"""The text of a page, as a test reads it."""

from __future__ import annotations

from html import unescape

from flask.testing import FlaskClient


def text_of(client: FlaskClient, address: str, status: int = 200) -> str:
    """The page at this address, which must answer with this status."""
    answer = client.get(address)
    assert answer.status_code == status
    return answer.get_data(as_text=True)


def read_page(client: FlaskClient, address: str, status: int = 200) -> str:
    """The page at this address with its entities decoded, as a reader sees it."""
    return unescape(text_of(client, address, status))
