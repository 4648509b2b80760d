"""Reads access: paired browsers, consents and tries."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, bindparam, exists, func, select

from station.store.access_records import AccessLogEntry, Consent, Device, DeviceAccess, Role
from station.store.reading.loading import AnyRow
from station.store.reading.transactions import DEFAULT_LIMIT, ReadTransactions
from station.store.schema import access_attempts, access_log, consents, devices, people

_DEVICE_COLUMNS = tuple(devices.c[name] for name in Device.__struct_fields__)
_SELECT_DEVICES = select(*_DEVICE_COLUMNS).order_by(devices.c.paired_at, devices.c.id)
_AGREED = select(func.group_concat(consents.c.person_id)).where(
    consents.c.viewer_id == devices.c.person_id, consents.c.withdrawn_at.is_(None)
)
_HAS_VIEWERS = exists().where(consents.c.person_id == devices.c.person_id, consents.c.withdrawn_at.is_(None))
_SELECT_DEVICE_ACCESS = select(
    *_DEVICE_COLUMNS,
    devices.c.token_hash,
    _AGREED.correlate(devices).scalar_subquery().label("agreed_ids"),
    _HAS_VIEWERS.correlate(devices).label("has_viewers"),
)
"""One row, however many people agreed: with a row for each, 300 of them would cost 8 ms per request."""
_SELECT_DEVICE_WITH_TOKEN = _SELECT_DEVICE_ACCESS.where(devices.c.token_hash == bindparam("token_hash"))
_SELECT_DEVICE_WITH_ID = _SELECT_DEVICE_ACCESS.where(devices.c.id == bindparam("device_id"))


class AccessReader(ReadTransactions):
    """The queries about access."""

    def devices(self) -> tuple[Device, ...]:
        """All paired browsers, even revoked or expired ones, in the order of pairing."""
        with self.read_transaction() as connection:
            return tuple(_device_from_row(row) for row in connection.execute(_SELECT_DEVICES))

    def device(self, device_id: str) -> Device | None:
        with self.read_transaction() as connection:
            row = connection.execute(_SELECT_DEVICES.where(devices.c.id == device_id)).one_or_none()
            return None if row is None else _device_from_row(row)

    def device_with(self, token_hash: str) -> DeviceAccess | None:
        """The device whose token has this hash, even if revoked or expired; one index lookup."""
        return self._device_access(_SELECT_DEVICE_WITH_TOKEN, {"token_hash": token_hash})

    def device_access(self, device_id: str) -> DeviceAccess | None:
        """The device with this id, even if revoked or expired."""
        return self._device_access(_SELECT_DEVICE_WITH_ID, {"device_id": device_id})

    def _device_access(self, query: Select[Any], values: dict[str, str]) -> DeviceAccess | None:
        with self.read_transaction() as connection:
            row = connection.execute(query, values).one_or_none()
        if row is None:
            return None
        agreed_ids = frozenset((row.agreed_ids or "").split(",")) - {""}
        return DeviceAccess(_device_from_row(row), row.token_hash, agreed_ids, bool(row.has_viewers))

    def has_owner(self) -> bool:
        """Whether the station has an owner; without one, the next pairing makes one."""
        with self.read_transaction() as connection:
            owner = select(devices.c.id).where(devices.c.role == Role.OWNER).limit(1)
            return connection.execute(owner).first() is not None

    def is_only_owner(self, person_id: str) -> bool:
        """Whether every owner's browser is this person's, so that they cannot be deleted."""
        with self.read_transaction() as connection:
            return is_only_owner(connection, person_id)

    def consents(self, *, viewer_id: str | None = None, person_id: str | None = None) -> tuple[Consent, ...]:
        """The valid consents, oldest first: for this viewer, by this person, or all."""
        query = select(consents.c.viewer_id, consents.c.person_id, consents.c.agreed_at, consents.c.withdrawn_at)
        query = query.where(consents.c.withdrawn_at.is_(None))
        if viewer_id is not None:
            query = query.where(consents.c.viewer_id == viewer_id)
        if person_id is not None:
            query = query.where(consents.c.person_id == person_id)
        order = (consents.c.agreed_at, consents.c.viewer_id, consents.c.person_id)
        with self.read_transaction() as connection:
            return tuple(Consent(*row) for row in connection.execute(query.order_by(*order)))

    def pin_hash(self, person_id: str) -> str | None:
        """The hash of a person's PIN; `None` without one, or without such a person."""
        with self.read_transaction() as connection:
            query = select(people.c.pin_hash).where(people.c.id == person_id)
            return connection.execute(query).scalar_one_or_none()

    def failed_attempts(self, kind: str, since: datetime) -> tuple[datetime, ...]:
        """The times of the wrong tries of this kind (`rhythm`, `pin`) from `since` on, newest first."""
        query = select(access_attempts.c.at).where(
            access_attempts.c.kind == kind, access_attempts.c.at >= since, access_attempts.c.succeeded.is_(False)
        )
        with self.read_transaction() as connection:
            return tuple(connection.execute(query.order_by(access_attempts.c.at.desc())).scalars())

    def access_log(self, *, limit: int = DEFAULT_LIMIT) -> tuple[AccessLogEntry, ...]:
        """The entries of the access log, newest first."""
        columns = (access_log.c[name] for name in AccessLogEntry.__struct_fields__)
        query = select(*columns).order_by(access_log.c.at.desc(), access_log.c.id.desc()).limit(limit)
        with self.read_transaction() as connection:
            return tuple(AccessLogEntry(*row) for row in connection.execute(query))


def is_only_owner(connection: Connection, person_id: str) -> bool:
    """See `AccessReader.is_only_owner`."""
    owners = select(devices.c.person_id).where(devices.c.role == Role.OWNER, devices.c.revoked_at.is_(None))
    return set(connection.execute(owners).scalars()) == {person_id}


def _device_from_row(row: AnyRow) -> Device:
    values = {name: getattr(row, name) for name in Device.__struct_fields__}
    return Device(**values | {"role": Role(values["role"])})
