"""The station's own certificate authority, and the certificate of its page.

No public authority can vouch for `station.local` or 192.168.1.5, so the home or clinic has its own, whose certificate
each phone installs once. It may only vouch for the home's names and private addresses (name constraints), so that a
stolen key is no danger to other sites.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from msgspec import Struct

from station.network import AUTHORITY_FILE, HOME_NETWORKS, PAGE_FILE, VALID_UNTIL, Address

AUTHORITY_LIFE = timedelta(days=3_650)
CERTIFICATE_LIFE = timedelta(days=397)
"""Browsers refuse longer-lived certificates from public authorities; the home's may as well follow that rule."""
RENEW_BEFORE = timedelta(days=60)
CLOCK_MARGIN = timedelta(days=1)
"""A certificate becomes valid this long before it is made, because a phone's clock may be slow."""
AUTHORITY_KEY_FILE = "authority.key"


class AuthorityError(Exception):
    """No certificate can be made; the text is one sentence with the cause and the remedy."""


class Names(Struct, frozen=True):
    """The host names and addresses of a page."""

    hosts: tuple[str, ...]
    addresses: tuple[Address, ...]

    def general_names(self) -> list[x509.GeneralName]:
        """The names in a certificate's format."""
        return [*map(x509.DNSName, self.hosts), *map(x509.IPAddress, self.addresses)]


class PageCertificate(Struct, frozen=True):
    """The page's current certificate, and the expiry of its authority."""

    names: frozenset[str]
    ends_at: datetime
    authority_ends_at: datetime
    fingerprint: str
    """The SHA-256 of the authority's certificate, as phones show it."""

    def renewal_reason(self, wanted: Names, now: datetime) -> str:
        """Why a new certificate is due, in words; empty if none is."""
        if self.ends_at - now < RENEW_BEFORE:
            return f"it ends on {self.ends_at:%Y-%m-%d}"
        missing = {*wanted.hosts, *map(str, wanted.addresses)} - self.names
        return f"it lacks {', '.join(sorted(missing))}" if missing else ""


class Authority:
    """The authority in one directory, with the page's certificate. Only root can read the keys."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    @property
    def exists(self) -> bool:
        return (self.directory / AUTHORITY_FILE).exists() and (self.directory / AUTHORITY_KEY_FILE).exists()

    def create(self, owner: str, hosts: Sequence[str], now: datetime) -> None:
        """Make the authority, replacing any former one: every phone must then install the new one.

        `owner` is the machine's name; `hosts` are names outside `.local` for which it may vouch.
        """
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Slant board station"),
                x509.NameAttribute(NameOID.COMMON_NAME, f"{owner[:40]}: own authority of this station"),
            ]
        )
        permitted = [x509.DNSName("local"), *map(x509.DNSName, dict.fromkeys((owner, *hosts)))]
        constraints = x509.NameConstraints([*permitted, *map(x509.IPAddress, HOME_NETWORKS)], None)
        certificate = (
            _builder(name, name, key.public_key(), key.public_key(), now, AUTHORITY_LIFE)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(is_authority=True), critical=True)
            .add_extension(constraints, critical=True)
            .sign(key, hashes.SHA256())
        )
        self._write(AUTHORITY_KEY_FILE, _private_pem(key), 0o600)
        self._write(AUTHORITY_FILE, certificate.public_bytes(serialization.Encoding.PEM), 0o644)

    def vouches_for(self, host: str) -> bool:
        """Whether phones would accept this authority for a host name. Raises AuthorityError if it cannot be read."""
        return _is_within(host, _permitted(self._read()[0]))

    def issue(self, names: Names, now: datetime) -> None:
        """Make a certificate for the page with a new key. Raises AuthorityError."""
        authority, authority_key = self._read()
        _check_permitted(authority, names)
        key = ec.generate_private_key(ec.SECP256R1())
        life = min(CERTIFICATE_LIFE, authority.not_valid_after_utc - now)
        if life <= timedelta(0):
            raise AuthorityError(
                f"The authority ended on {authority.not_valid_after_utc:%Y-%m-%d}: make another with "
                "`station tls on --new-authority` and install it on each phone."
            )
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names.hosts[0][:64])])
        certificate = (
            _builder(subject, authority.subject, key.public_key(), authority_key.public_key(), now, life)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(is_authority=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(x509.SubjectAlternativeName(names.general_names()), critical=False)
            .sign(authority_key, hashes.SHA256())
        )
        ends = certificate.not_valid_after_utc.isoformat()
        pem = certificate.public_bytes(serialization.Encoding.PEM) + _private_pem(key)
        self._write(PAGE_FILE, f"{VALID_UNTIL}{ends}\n".encode() + pem, 0o600)

    def page_certificate(self) -> PageCertificate | None:
        """The current certificate; `None` if there is none. Raises AuthorityError if it is damaged."""
        file = self.directory / PAGE_FILE
        if not file.exists():
            return None
        authority, _ = self._read()
        try:
            certificate = x509.load_pem_x509_certificate(file.read_bytes())
            found = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (OSError, ValueError, x509.ExtensionNotFound) as error:
            raise AuthorityError(f"{file} cannot be read ({error}): type `station tls on` again.") from error
        names = {*found.get_values_for_type(x509.DNSName), *map(str, found.get_values_for_type(x509.IPAddress))}
        fingerprint = authority.fingerprint(hashes.SHA256()).hex(":").upper()
        return PageCertificate(
            frozenset(names), certificate.not_valid_after_utc, authority.not_valid_after_utc, fingerprint
        )

    def _read(self) -> tuple[x509.Certificate, ec.EllipticCurvePrivateKey]:
        try:
            certificate = x509.load_pem_x509_certificate((self.directory / AUTHORITY_FILE).read_bytes())
            key = serialization.load_pem_private_key((self.directory / AUTHORITY_KEY_FILE).read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityError(
                f"The authority in {self.directory} cannot be read ({error}): make another with "
                "`station tls on --new-authority` and install it on each phone."
            ) from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or key.public_key() != certificate.public_key():
            raise AuthorityError(
                f"{AUTHORITY_FILE} and {AUTHORITY_KEY_FILE} in {self.directory} do not match: restore them, "
                "or make another authority with `station tls on --new-authority`."
            )
        return certificate, key

    def _write(self, name: str, content: bytes, mode: int) -> None:
        """Write a file atomically; others can never read a key, not even for a moment."""
        self.directory.mkdir(mode=0o755, parents=True, exist_ok=True)
        beside = self.directory / f"{name}.new"
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(descriptor, mode)
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        beside.replace(self.directory / name)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer_key: ec.EllipticCurvePublicKey,
    now: datetime,
    life: timedelta,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - CLOCK_MARGIN)
        .not_valid_after(now.astimezone(UTC) + life - CLOCK_MARGIN)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key), critical=False)
    )


def _key_usage(*, is_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _check_permitted(authority: x509.Certificate, names: Names) -> None:
    """Refuse names for which phones would not accept the authority. Raises AuthorityError."""
    refused = [host for host in names.hosts if not _is_within(host, _permitted(authority))]
    if refused:
        raise AuthorityError(
            f"The authority does not vouch for {', '.join(refused)}: make another with `station tls on "
            "--new-authority` and install it on each phone."
        )


def _permitted(authority: x509.Certificate) -> list[str]:
    constraints = authority.extensions.get_extension_for_class(x509.NameConstraints).value
    return [one.value for one in constraints.permitted_subtrees or () if isinstance(one, x509.DNSName)]


def _is_within(host: str, permitted: Iterable[str]) -> bool:
    return any(host == name or host.endswith(f".{name}") for name in permitted)
