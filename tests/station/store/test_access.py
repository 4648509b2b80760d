"""Access as stored: devices, consents, tries."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from datetime import timedelta
from pathlib import Path

import pytest

from station.store import Store
from station.store.access_records import Role
from station.store.exchange.export import export_csv, export_json
from station.store.exchange.export_read import ImportRefusedError
from station.store.exchange.merge import import_export
from tests.station.store.histories import HandClock

DAY = timedelta(days=1)


def add_device(
    store: Store, clock: HandClock, name: str, role: Role = Role.MEMBER, person_id: str | None = None
) -> str:
    expires_at = clock.utc_now() + DAY
    return store.add_device(
        token_hash=f"hash of {name}", name=name, role=role, person_id=person_id, expires_at=expires_at
    )


def test_a_device_is_found_by_the_hash_of_its_token(store: Store, clock: HandClock) -> None:
    """With the people who agreed that its person sees their results, and no others."""
    ann, bea, cem = (store.add_person(name).id for name in ("Ann", "Bea", "Cem"))
    device_id = add_device(store, clock, "Phone", person_id=ann)
    store.agree_consent(ann, bea)
    store.agree_consent(ann, cem)
    store.agree_consent(cem, ann)
    store.withdraw_consent(ann, cem)
    found = store.device_with("hash of Phone")
    assert found is not None
    assert (found.device.id, found.device.person_id, found.agreed_ids) == (device_id, ann, frozenset({bea}))
    assert store.device_with("hash of another") is None
    assert [(one.viewer_id, one.person_id) for one in store.consents(person_id=ann)] == [(cem, ann)]


def test_a_person_added_in_a_browser_is_seen_by_its_person(store: Store) -> None:
    ann = store.add_person("Ann").id
    bea = store.add_person("Bea", viewer_id=ann).id
    assert [(one.viewer_id, one.person_id) for one in store.consents()] == [(ann, bea)]


def test_a_consent_can_be_given_again(store: Store, clock: HandClock) -> None:
    """It is valid from the new time; agreeing twice changes nothing."""
    ann, bea = store.add_person("Ann").id, store.add_person("Bea").id
    store.agree_consent(ann, bea)
    store.withdraw_consent(ann, bea)
    store.withdraw_consent(ann, bea)
    again_at = clock.pass_by(days=1)
    store.agree_consent(ann, bea)
    clock.pass_by(days=1)
    store.agree_consent(ann, bea)
    assert [one.agreed_at for one in store.consents()] == [again_at]


def test_the_only_owner_stays_until_another_is_made(store: Store, clock: HandClock) -> None:
    first, second = add_device(store, clock, "Phone", Role.OWNER), add_device(store, clock, "Laptop")
    with pytest.raises(ValueError, match="owner's only browser"):
        store.revoke_device(first)
    with pytest.raises(ValueError, match="owner's only browser"):
        store.set_role(first, Role.MEMBER)
    store.set_role(second, Role.OWNER)
    store.revoke_device(first)
    assert [(one.name, one.role, one.revoked_at is None) for one in store.devices()] == [
        ("Phone", Role.OWNER, False),
        ("Laptop", Role.OWNER, True),
    ]
    clock.pass_by(minutes=1)
    store.reset_owner()
    assert not store.has_owner()
    assert [one.what for one in store.access_log(limit=2)] == ["owner reset", "revoked"]


def test_wrong_tries_are_counted_after_a_restart(path: Path, clock: HandClock) -> None:
    """Tries marked as right do not count, and each kind is counted separately."""
    with Store.open(path, clock=clock) as store:
        since = clock.utc_now()
        store.note_attempt("pin")
        store.note_success(store.note_attempt("pin"))
        store.note_attempt("rhythm")
    with Store.open(path, clock=clock) as store:
        assert len(store.failed_attempts("pin", since)) == 1
        assert store.failed_attempts("pin", clock.pass_by(days=1)) == ()


def test_exports_never_contain_access_data(store: Store, clock: HandClock, tmp_path: Path) -> None:
    """Neither hashes of tokens and PINs nor the log leave the station; an import adds none, and keeps the station's."""
    ann = store.add_person("Ann").id
    add_device(store, clock, "Phone", person_id=ann)
    store.set_pin(ann, "canary of a PIN")
    export_json(store, tmp_path / "all.json")
    export_csv(store, tmp_path / "all.zip")
    document = json.loads((tmp_path / "all.json").read_text(encoding="utf-8"))
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        texts = {name: archive.read(name).decode() for name in archive.namelist()}
        assert "pin_hash" not in next(csv.reader(io.StringIO(texts["people.csv"])))
    for text in (json.dumps(document), *texts.values(), *texts):
        assert not any(word in text for word in ("canary", "hash of Phone", "devices", "access_log", "access_attempts"))
    (people,) = (part for part in document["parts"] if part.get("table") == "people")
    forged = [
        {"table": "devices", "columns": {"id": ["d"], "token_hash": ["mine"]}},
        {"table": "people", "columns": people["columns"] | {"pin_hash": ["mine"]}},
    ]
    with Store.open(tmp_path / "other.db", clock=clock) as other:
        add_device(other, clock, "Laptop", Role.OWNER)
        for part in forged:
            (tmp_path / "forged.json").write_text(json.dumps(document | {"parts": [part, *document["parts"]]}))
            with pytest.raises(ImportRefusedError, match=r"there is no table devices|has the columns"):
                import_export(other, tmp_path / "forged.json")
        assert other.people() == ()
        import_export(other, tmp_path / "all.zip")
        assert [one.name for one in other.devices()] == ["Laptop"]
        assert [one.name for one in other.people()] == ["Ann"]
        assert other.pin_hash(ann) is None
