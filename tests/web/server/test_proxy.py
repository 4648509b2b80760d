"""The page behind Caddy, as systemd/README.md describes it, with the phone on another host."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import two_hosts
from tests.station.process import wait_until
from tests.tree import ROOT
from tests.two_hosts import OPEN_PAGE, PUBLIC_ADDRESS, PUBLIC_STATION_ADDRESS, STATION_ADDRESS, Host, running
from tests.two_hosts import two_hosts as pair
from web.server.clients import FOREIGN

REASON = two_hosts.reason_not_possible() or ("" if shutil.which("caddy") else "this machine has no Caddy")
pytestmark = pytest.mark.skipif(bool(REASON), reason=REASON)


@pytest.fixture(scope="module")
def behind_caddy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Host, Path]]:
    """The phone's host, and the certificate of Caddy's own authority."""
    directory = tmp_path_factory.mktemp("caddy")
    manual = (ROOT / "systemd" / "README.md").read_text(encoding="utf-8")
    (block,) = re.findall(r"( +board\.clinic\.example \{\n.*?\n +\})\n", manual, flags=re.DOTALL)
    written = block.replace("board.clinic.example", f"https://{STATION_ADDRESS}, https://{PUBLIC_STATION_ADDRESS}")
    assert "tls internal" in written
    (directory / "Caddyfile").write_text(
        "{\n admin off\n skip_install_trust\n auto_https disable_redirects\n}\n" + written + "\n", encoding="utf-8"
    )
    with pair() as (station, phone), running(station, directory, 'proxy = "127.0.0.1"'):
        environment = {"XDG_DATA_HOME": str(directory), "XDG_CONFIG_HOME": str(directory), "HOME": str(directory)}
        caddy = station.start("caddy", "run", "--config", str(directory / "Caddyfile"), **environment)
        try:
            root = directory / "caddy/pki/authorities/local/root.crt"
            wait_until(lambda: root.exists(), "Caddy has its authority")
            wait_until(
                lambda: phone.request(STATION_ADDRESS, OPEN_PAGE, port=443, authority=root).status == 200,
                "Caddy answers for the station",
            )
            yield phone, root
        finally:
            caddy.terminate()
            caddy.communicate(timeout=20)


def test_phone_opens_the_page_encrypted(behind_caddy: tuple[Host, Path]) -> None:
    """The station knows that the phone came over https, though the last hop is plain."""
    phone, root = behind_caddy
    answer = phone.request(STATION_ADDRESS, OPEN_PAGE, port=443, authority=root)
    assert (answer.status, answer.headers["strict-transport-security"]) == (200, "max-age=2592000")
    assert "manifest.webmanifest" in answer.text


def test_stranger_is_refused_whatever_it_says_about_itself(behind_caddy: tuple[Host, Path]) -> None:
    phone, root = behind_caddy
    for said in ({}, {"X-Forwarded-For": "127.0.0.1"}, {"Forwarded": "for=127.0.0.1"}, {"X-Real-IP": "127.0.0.1"}):
        answer = phone.request(
            PUBLIC_STATION_ADDRESS, OPEN_PAGE, port=443, source=PUBLIC_ADDRESS, authority=root, headers=said
        )
        assert (answer.status, answer.text) == (403, f"{FOREIGN}\n")


def test_write_of_the_own_page_passes_and_of_another_is_refused(behind_caddy: tuple[Host, Path]) -> None:
    """Caddy passes `Host` and `Origin` unchanged. The route itself refuses the first, because it names no routine."""
    phone, root = behind_caddy
    own, other, plain = (
        phone.request(
            STATION_ADDRESS, "/start", port=443, authority=root, body="routine=none", headers={"Origin": origin}
        )
        for origin in (f"https://{STATION_ADDRESS}", "https://evil.example", f"http://{STATION_ADDRESS}")
    )
    assert "another site" not in own.text
    assert ("another site" in other.text, "another site" in plain.text) == (True, True)


def test_stream_comes_through(behind_caddy: tuple[Host, Path]) -> None:
    """Caddy passes each event on at once."""
    phone, root = behind_caddy
    script = f"""
import http.client, ssl
trusted = ssl.create_default_context(cafile={str(root)!r})
page = http.client.HTTPSConnection({STATION_ADDRESS!r}, timeout=10, context=trusted)
page.request("GET", "/events")
answer = page.getresponse()
print(answer.status, answer.readline().decode().strip())
"""
    assert phone.run(sys.executable, "-c", script).strip() == "200 event: state"
