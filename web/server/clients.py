"""Which devices the page answers, and what a proxy in front of it may say about them."""

from __future__ import annotations

from msgspec import Struct

from station.network import Address, is_home, parse_address
from web.server.refusal import RefusalError
from web.server.stream import Scope

FOREIGN = "This station answers devices of its own network only, and this request comes from elsewhere."
PLAIN = (
    "This station answers devices of the internet over https only: let the web server in front take no plain http, and "
    "send X-Forwarded-Proto."
)
UNNAMED = "The web server in front of the station did not say whose request this is: let it send X-Forwarded-For."
FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-proto", b"x-forwarded-host", b"x-forwarded-port")
"""Headers in which a proxy describes the client. Any client can send them, so they are removed here."""


class Clients(Struct, frozen=True):
    """Who is answered. `proxy` is the address of the web server in front, if any. `public`: the whole internet, over
    the page's own https; `public_by_proxy`: the whole internet, if that web server forwards it over https.
    """

    proxy: Address | None = None
    public: bool = False
    public_by_proxy: bool = False

    def admit(self, scope: Scope) -> None:
        """Check the addresses at both ends, and put the client's own address into the request. Raises RefusalError.

        A Unix socket connection has no address: it comes from this machine.
        """
        scope.setdefault("scheme", "http")
        peer, local = _address(scope.get("client")), _address(scope.get("server"))
        if not self.public and not all(one is None or is_home(one) for one in (peer, local)):
            raise RefusalError(403, FOREIGN)
        if self.proxy is not None and peer == self.proxy:
            self._use_forwarded(scope)
        scope["headers"] = [one for one in scope["headers"] if one[0] not in FORWARDED]

    def _use_forwarded(self, scope: Scope) -> None:
        """Take the client and scheme from the last hop, the one that the proxy itself added."""
        client = parse_address(_last_hop(scope, b"x-forwarded-for"))
        if client is None:
            raise RefusalError(400, UNNAMED)
        scheme = "https" if _last_hop(scope, b"x-forwarded-proto") == "https" else "http"
        if not is_home(client) and (not self.public_by_proxy or scheme != "https"):
            raise RefusalError(403, PLAIN if self.public_by_proxy else FOREIGN)
        scope["client"], scope["scheme"] = (str(client), 0), scheme


def _address(end: tuple[str, int] | None) -> Address | None:
    return parse_address(end[0]) if end else None


def _last_hop(scope: Scope, name: bytes) -> str:
    """The last entry of a header that each proxy appends to; empty if there is none."""
    values = [value for key, value in scope["headers"] if key == name]
    return values[-1].decode("latin-1").rpartition(",")[2].strip().lower() if values else ""
