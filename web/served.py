"""Where the page is served, as its own pages show it: addresses, codes to scan, and whether a request is https."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from pathlib import Path

from flask import Response, request
from markupsafe import Markup
from msgspec import Struct, field
from werkzeug.wrappers import Response as AnyResponse

from station.network import AUTHORITY_FILE, EVERYWHERE, VALID_UNTIL, Machine, is_loopback_host

HSTS_S = 30 * 24 * 3600
"""How long a browser insists on https: long enough between two visits, not too long after `station tls off`."""


class Served(Struct, frozen=True):
    """Where the page listens: host and port, its configured names, and its certificate for https."""

    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    certificate: Path | None = None
    machine: Machine = field(default_factory=Machine)

    @property
    def is_on_network(self) -> bool:
        """Whether other devices can reach the page."""
        return self.host in EVERYWHERE or not is_loopback_host(self.host)

    def addresses(self) -> list[str]:
        """The addresses that open the page now, best first."""
        is_https = self.certificate is not None
        return self.machine.page_addresses(self.host, self.port, self.names, is_https=is_https)

    def address_to_scan(self) -> str | None:
        """The address for a phone; `None` if no phone can reach the page."""
        return self.addresses()[0] if self.is_on_network else None

    def authority(self) -> bytes | None:
        """The certificate of the station's own authority (PEM), if it has one."""
        if self.certificate is None:
            return None
        try:
            return (self.certificate.parent / AUTHORITY_FILE).read_bytes()
        except OSError:
            return None

    def certificate_ends_at(self) -> datetime | None:
        """When the certificate of `station tls` expires; `None` if there is none, or another program made it."""
        if self.certificate is None:
            return None
        try:
            first = self.certificate.read_bytes().partition(b"\n")[0].decode()
            return datetime.fromisoformat(first.removeprefix(VALID_UNTIL)) if first.startswith(VALID_UNTIL) else None
        except (OSError, ValueError):
            return None


def is_https() -> bool:
    """Whether this request came over https, to the page itself or to the configured proxy."""
    return request.is_secure


def set_cookie(response: AnyResponse, name: str, value: str, *, max_age_s: int | None = None) -> None:
    """Set a cookie for this page only: hidden from scripts and other sites, Secure if the request came over https."""
    response.set_cookie(name, value, max_age=max_age_s, httponly=True, samesite="Strict", path="/", secure=is_https())


def require_https_later(response: Response) -> Response:
    """Tell a browser that came over https to keep using it (HSTS)."""
    if is_https():
        response.headers["Strict-Transport-Security"] = f"max-age={HSTS_S}"
    return response


@lru_cache(maxsize=8)
def code_svg(address: str) -> Markup:
    """The address as a QR code in SVG, scaled by its class, with a label for screen readers."""
    import segno

    drawn = segno.make(address, error="m", micro=False).svg_inline(
        omitsize=True, border=4, light="#fff", svgclass="code", lineclass=None, title=f"Code to scan: {address}"
    )
    return Markup(drawn.replace("<svg ", '<svg role="img" ', 1))
