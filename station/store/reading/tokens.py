"""Reads the tokens of programs."""

from __future__ import annotations

from sqlalchemy import bindparam, select

from station.store.access_records import ApiToken
from station.store.reading.loading import AnyRow
from station.store.reading.transactions import ReadTransactions
from station.store.schema import api_tokens, devices

_SELECT_TOKENS = select(api_tokens, devices.c.name.label("device_name"), devices.c.person_id).join(devices)
_SELECT_TOKEN_WITH = _SELECT_TOKENS.where(api_tokens.c.token_hash == bindparam("token_hash"))


class TokenReader(ReadTransactions):
    """The queries about tokens."""

    def api_tokens(self, device_id: str | None = None) -> tuple[ApiToken, ...]:
        """The tokens that this browser made, or all, in the order made, including revoked ones."""
        query = _SELECT_TOKENS if device_id is None else _SELECT_TOKENS.where(api_tokens.c.device_id == device_id)
        with self.read_transaction() as connection:
            rows = connection.execute(query.order_by(api_tokens.c.created_at, api_tokens.c.id))
            return tuple(_token_from_row(row) for row in rows)

    def api_token_with(self, token_hash: str) -> ApiToken | None:
        """The token with this hash, even if revoked; one index lookup."""
        with self.read_transaction() as connection:
            row = connection.execute(_SELECT_TOKEN_WITH, {"token_hash": token_hash}).one_or_none()
            return None if row is None else _token_from_row(row)


def _token_from_row(row: AnyRow) -> ApiToken:
    values = {name: getattr(row, name) for name in ApiToken.__struct_fields__}
    return ApiToken(**values | {"scopes": tuple(values["scopes"].split())})
