"""Writes access: paired browsers, consents, PINs and tries. Each change is also written to the access log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, delete, select, update

from station.store.access_records import Role
from station.store.names import unique_name
from station.store.schema import access_attempts, access_log, consents, devices, people
from station.store.writing.transactions import WriteTransactions

ATTEMPTS_KEPT = timedelta(days=7)
LOG_KEPT = timedelta(days=366)

LAST_OWNER = (
    "This is the owner's only browser: make another one the owner first, or reset the owner at the board, as Help says."
)


class AccessWriter(WriteTransactions):
    """Writes devices, consents, PINs and tries. A method that raises `StoreError` (one sentence) has changed nothing.

    It raises `LookupError` for an id that does not exist.
    """

    def add_device(
        self,
        *,
        token_hash: str,
        name: str,
        role: Role,
        person_id: str | None,
        expires_at: datetime,
        is_shared: bool = False,
    ) -> str:
        """Pair a browser and return its id. Raises `ValueError` with a sentence for an empty or overlong name."""
        now, name = self._clock.utc_now(), unique_name(name, (), "")
        values = {"token_hash": token_hash, "name": name, "role": role, "person_id": person_id, "is_shared": is_shared}
        with self.write_transaction() as connection:
            device_id = self._insert(
                connection, devices, paired_at=now, last_seen_at=now, expires_at=expires_at, **values
            )
            self._log(connection, f"paired as {role}", device_id, person_id)
            return device_id

    def rename_device(self, device_id: str, name: str) -> None:
        """Raises `ValueError` with a sentence for an empty or overlong name."""
        self._update_and_commit(devices, device_id, name=unique_name(name, (), ""))

    def revoke_device(self, device_id: str) -> None:
        """End a pairing; it stays listed. Raises `ValueError` with a sentence for the owner's only browser."""
        with self.write_transaction() as connection:
            self._require_other_owner(connection, device_id)
            self._update(connection, devices, device_id, revoked_at=self._clock.utc_now())
            self._log(connection, "revoked", device_id)

    def set_role(self, device_id: str, role: Role) -> None:
        """Change a device's role. Raises `ValueError` with a sentence if there would be no owner."""
        with self.write_transaction() as connection:
            if role != Role.OWNER:
                self._require_other_owner(connection, device_id)
            self._update(connection, devices, device_id, role=role)
            self._log(connection, f"became {role}", device_id)

    def share_device(self, device_id: str, *, is_shared: bool) -> None:
        """Let several people use a browser, each with their PIN, or stop sharing it. Either way it loses its person."""
        with self.write_transaction() as connection:
            self._update(connection, devices, device_id, is_shared=is_shared, person_id=None, person_until=None)
            self._log(connection, "shared" if is_shared else "no longer shared", device_id)

    def assign_device(self, device_id: str, person_id: str) -> None:
        """Assign a device to this person."""
        with self.write_transaction() as connection:
            self._update(connection, devices, device_id, person_id=person_id)
            self._log(connection, "assigned", device_id, person_id)

    def choose_person(self, device_id: str, token_hash: str, person_id: str | None, until: datetime | None) -> None:
        """Assign a shared browser to this person (`None`: to nobody) until `until`, under a new token."""
        with self.write_transaction() as connection:
            values = {"token_hash": token_hash, "person_id": person_id, "person_until": until, "present_until": None}
            self._update(connection, devices, device_id, **values)
            self._log(connection, "chosen by PIN" if person_id is not None else "left", device_id, person_id)

    def renew_token(self, device_id: str, token_hash: str) -> None:
        """Replace a device's token; the former one stops working at once."""
        self._update_and_commit(devices, device_id, token_hash=token_hash)

    def touch_device(self, device_id: str, person_until: datetime | None = None) -> None:
        """Note that a device was seen now; its person stays until `person_until`, if given."""
        values: dict[str, Any] = {"last_seen_at": self._clock.utc_now()}
        if person_until is not None:
            values["person_until"] = person_until
        self._update_and_commit(devices, device_id, **values)

    def note_presence(self, device_id: str, until: datetime) -> None:
        """Store a proof of presence made with this device; it counts until `until`."""
        with self.write_transaction() as connection:
            self._update(connection, devices, device_id, present_until=until)
            self._log(connection, "presence proved", device_id)

    def agree_consent(self, viewer_id: str, person_id: str, device_id: str | None = None) -> None:
        """Store that the person agrees to the viewer seeing their results; the log has the browser that asked.

        A valid consent stays unchanged.
        """
        with self.write_transaction() as connection:
            self._agree(connection, viewer_id, person_id, device_id)

    def _agree(self, connection: Connection, viewer_id: str, person_id: str, device_id: str | None = None) -> None:
        same = (consents.c.viewer_id == viewer_id, consents.c.person_id == person_id)
        if (
            viewer_id == person_id
            or connection.execute(select(consents.c.person_id).where(*same, consents.c.withdrawn_at.is_(None))).first()
        ):
            return
        connection.execute(delete(consents).where(*same))
        self._insert(connection, consents, viewer_id=viewer_id, person_id=person_id, agreed_at=self._clock.utc_now())
        self._log(connection, "agreed", device_id, person_id)

    def withdraw_consent(self, viewer_id: str, person_id: str) -> None:
        """End the person's consent that the viewer sees their results; does nothing without one."""
        holds = (
            consents.c.viewer_id == viewer_id,
            consents.c.person_id == person_id,
            consents.c.withdrawn_at.is_(None),
        )
        with self.write_transaction() as connection:
            ended = connection.execute(update(consents).where(*holds).values(withdrawn_at=self._clock.utc_now()))
            if ended.rowcount:
                self._log(connection, "withdrew", None, person_id)

    def set_pin(self, person_id: str, pin_hash: str | None) -> None:
        """Replace the hash of a person's PIN; `None` removes it."""
        with self.write_transaction() as connection:
            self._update(connection, people, person_id, pin_hash=pin_hash)
            self._log(connection, "PIN removed" if pin_hash is None else "PIN set", None, person_id)

    def note_attempt(self, kind: str, *, succeeded: bool = False) -> str:
        """Count a try of this kind (`rhythm`, `pin`) and return its id; old ones are deleted."""
        now = self._clock.utc_now()
        with self.write_transaction() as connection:
            connection.execute(delete(access_attempts).where(access_attempts.c.at < now - ATTEMPTS_KEPT))
            return self._insert(connection, access_attempts, kind=kind, at=now, succeeded=succeeded)

    def note_success(self, attempt_id: str) -> None:
        """Mark that try as right."""
        self._update_and_commit(access_attempts, attempt_id, succeeded=True)

    def log_access(self, what: str, device_id: str | None = None, person_id: str | None = None) -> None:
        """Add an entry to the access log: a few words without a name."""
        with self.write_transaction() as connection:
            self._log(connection, what, device_id, person_id)

    def reset_owner(self) -> None:
        """Make every owner's browser a member's, so that the next pairing makes an owner."""
        with self.write_transaction() as connection:
            connection.execute(update(devices).where(devices.c.role == Role.OWNER).values(role=Role.MEMBER))
            self._log(connection, "owner reset")

    def _require_other_owner(self, connection: Connection, device_id: str) -> None:
        owners = select(devices.c.id).where(devices.c.role == Role.OWNER, devices.c.revoked_at.is_(None))
        if connection.execute(owners).scalars().all() == [device_id]:
            raise ValueError(LAST_OWNER)

    def _log(
        self, connection: Connection, what: str, device_id: str | None = None, person_id: str | None = None
    ) -> None:
        now = self._clock.utc_now()
        connection.execute(delete(access_log).where(access_log.c.at < now - LOG_KEPT))
        self._insert(connection, access_log, at=now, what=what, device_id=device_id, person_id=person_id)
