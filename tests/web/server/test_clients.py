"""Who is answered, by the connection's addresses, and what a proxy may say about its client."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from web.server.clients import FOREIGN, PLAIN, UNNAMED, Clients
from web.server.refusal import RefusalError

PROXY = "127.0.0.1"


def scope(client: str | None, server: str | None = "192.168.1.5", **headers: str) -> dict[str, Any]:
    """A request from one address to another, with headers (`x_forwarded_for`)."""
    return {
        "client": client and (client, 40_000),
        "server": server and (server, 80),
        "scheme": "http",
        "headers": [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()],
    }


def refusal(clients: Clients, request: dict[str, Any]) -> RefusalError:
    with pytest.raises(RefusalError) as refused:
        clients.admit(request)
    return refused.value


@pytest.mark.parametrize("client", ["192.168.1.9", "10.0.0.1", "127.0.0.1", "fe80::1%wlan0", "fd00::9", None])
def test_device_of_the_home_is_answered(client: str | None) -> None:
    Clients().admit(scope(client))


@pytest.mark.parametrize("client", ["8.8.8.8", "100.64.0.1", "2001:db8::1", "::ffff:8.8.8.8"])
def test_device_of_the_internet_is_refused_with_one_sentence(client: str) -> None:
    refused = refusal(Clients(), scope(client))
    assert (refused.status, refused.sentence) == (403, FOREIGN)
    Clients(public=True).admit(scope(client))


def test_connection_to_a_public_address_of_the_machine_is_refused() -> None:
    """A machine may have a private and a public address; the page is only on the private one."""
    assert refusal(Clients(), scope("192.168.1.9", server="203.0.113.5")).sentence == FOREIGN


@pytest.mark.parametrize("proxy", [None, ip_address("192.168.1.2")])
def test_forwarded_headers_of_others_are_ignored(proxy: Any) -> None:
    """Without a proxy, or from another address than the proxy's, they have no effect and are removed."""
    request = scope(
        "192.168.1.9",
        x_forwarded_for="127.0.0.1",
        x_forwarded_proto="https",
        x_forwarded_host="evil.example",
        forwarded="for=127.0.0.1;proto=https",
        accept="*/*",
    )
    Clients(proxy=proxy).admit(request)
    assert (request["client"][0], request["scheme"]) == ("192.168.1.9", "http")
    assert request["headers"] == [(b"accept", b"*/*")]


def test_proxy_names_client_and_scheme_by_its_last_hop() -> None:
    """Everything before the last comma came from the client itself."""
    request = scope(PROXY, x_forwarded_for="127.0.0.1, 192.168.1.9", x_forwarded_proto="http, HTTPS")
    Clients(proxy=ip_address(PROXY)).admit(request)
    assert (request["client"][0], request["scheme"], request["headers"]) == ("192.168.1.9", "https", [])


def test_of_two_headers_the_later_one_counts() -> None:
    request = scope(PROXY)
    request["headers"] = [(b"x-forwarded-for", b"127.0.0.1"), (b"x-forwarded-for", b"192.168.1.9")]
    Clients(proxy=ip_address(PROXY)).admit(request)
    assert request["client"][0] == "192.168.1.9"


@pytest.mark.parametrize("forwarded", ["", "unknown", "192.168.1.9, ", "_hidden", "192.168.1.9, \xff"])
def test_proxy_without_client_address_is_refused(forwarded: str) -> None:
    clients = Clients(proxy=ip_address(PROXY))
    assert refusal(clients, scope(PROXY, x_forwarded_for=forwarded)).sentence == UNNAMED
    assert refusal(clients, scope(PROXY)).status == 400


def test_proxy_brings_no_foreign_client_unless_configured() -> None:
    request = scope(PROXY, x_forwarded_for="8.8.8.8")
    assert refusal(Clients(proxy=ip_address(PROXY)), request).sentence == FOREIGN
    clients = Clients(proxy=ip_address(PROXY), public_by_proxy=True)
    assert refusal(clients, request).sentence == PLAIN
    assert refusal(clients, scope("8.8.8.8")).sentence == FOREIGN
    request = scope(PROXY, x_forwarded_for="8.8.8.8", x_forwarded_proto="https")
    clients.admit(request)
    assert request["client"][0] == "8.8.8.8"
