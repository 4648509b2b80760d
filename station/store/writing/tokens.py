"""Writes the tokens of programs."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import delete, or_, select

from station.store.names import unique_name
from station.store.schema import api_tokens, devices
from station.store.writing.transactions import WriteTransactions


class TokenWriter(WriteTransactions):
    """Writes tokens. A method that raises `StoreError` (one sentence) has changed nothing.

    It raises `LookupError` for an id that does not exist.
    """

    def add_api_token(self, device_id: str, token_hash: str, name: str, scopes: Sequence[str]) -> str:
        """Store a browser's token and return its id; deletes tokens that are revoked, or whose browser is.

        Raises `ValueError` with a sentence for an empty or overlong name.
        """
        name = unique_name(name, (), "")
        revoked = select(devices.c.id).where(devices.c.revoked_at.is_not(None))
        with self.write_transaction() as connection:
            is_over = or_(api_tokens.c.revoked_at.is_not(None), api_tokens.c.device_id.in_(revoked))
            connection.execute(delete(api_tokens).where(is_over))
            values = {"device_id": device_id, "token_hash": token_hash, "name": name, "scopes": " ".join(scopes)}
            return self._insert(connection, api_tokens, created_at=self._clock.utc_now(), **values)

    def revoke_api_token(self, token_id: str) -> None:
        """End a token."""
        self._update_and_commit(api_tokens, token_id, revoked_at=self._clock.utc_now())

    def touch_api_token(self, token_id: str) -> None:
        """Note that a token was used now."""
        self._update_and_commit(api_tokens, token_id, last_used_at=self._clock.utc_now())
