"""The page on the network: its address for a phone, switching the network on and off, and trusting the certificate."""

from __future__ import annotations

import hashlib
import os
import ssl
from datetime import UTC, datetime

from flask import Blueprint, Response, abort, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from web.context import Site, wait_until_saved

CERTIFICATE_TYPE = "application/x-x509-ca-cert"
"""The media type that makes a phone offer to install the certificate."""

NO_AUTHORITY = "This station has no authority of its own. Type sudo station tls on at the station to make one.\n"


def blueprint(site: Site) -> Blueprint:
    """`/settings/network`, and `/trust` with the certificate of the authority."""
    pages = Blueprint("network", __name__)

    @pages.get("/settings/network")
    def network() -> str:
        return render_template("network.html", **_context(site))

    @pages.post("/settings/network")
    def switch() -> AnyResponse:
        """Ask systemd to open the page to the network or close it; the page restarts meanwhile."""
        wanted = request.form.get("network")
        if wanted not in ("on", "off"):
            abort(400, "network must be on or off.")
        if not _is_service():
            abort(409, f"Nothing here can switch the network: type sudo station network {wanted} at the station.")
        wait_until_saved(site.api.request_network(wanted == "on"))
        return Response(render_template("network.html", **_context(site), wanted=wanted), 202)

    @pages.get("/trust")
    def trust() -> str:
        found = _authority(site)
        return render_template(
            "trust.html", fingerprint=fingerprint(found) if found else None, address=site.served.addresses()[0]
        )

    @pages.get("/trust/station.crt")
    def certificate() -> Response:
        """The authority's certificate (DER): every phone and computer accepts it under this type and name."""
        found = _authority(site)
        if found is None:
            return Response(NO_AUTHORITY, 404, mimetype="text/plain")
        return Response(found, mimetype=CERTIFICATE_TYPE)

    return pages


def fingerprint(certificate: bytes) -> str:
    """The SHA-256 fingerprint of a certificate (DER), as phones and `station tls status` show it."""
    return hashlib.sha256(certificate).digest().hex(":").upper()


def _authority(site: Site) -> bytes | None:
    """The certificate of the station's own authority (DER), if it has one."""
    found = site.served.authority()
    try:
        return ssl.PEM_cert_to_DER_cert(found.decode("ascii")) if found is not None else None
    except ValueError:
        return None


def _is_service() -> bool:
    """Whether systemd runs the page, and so can switch the network."""
    return "INVOCATION_ID" in os.environ


def _context(site: Site) -> dict[str, object]:
    served = site.served
    ends_at = served.certificate_ends_at()
    return {
        "is_on": served.is_on_network,
        "addresses": served.addresses() if served.is_on_network else [],
        "local_name": served.machine.local_name,
        "is_announced": served.machine.is_announced,
        "is_service": _is_service(),
        "has_authority": served.authority() is not None,
        "ends_at": ends_at,
        "days_left": (ends_at - datetime.now(UTC)).days if ends_at else None,
    }
