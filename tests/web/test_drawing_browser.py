"""The exercise pictures in a browser: coloured, moving, and still on request, under the security policies."""

from __future__ import annotations

from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import ClassVar

import pytest

from tests.browser import PHONE, Browser, is_available, open_browser
from web.app import CSP
from web.drawing import STYLE, inline_svg, standalone_svg, svg_security_policy

COLOURED = """
const canvas = document.createElement('canvas'), brush = canvas.getContext('2d')
canvas.width = canvas.height = 300
brush.drawImage(document.querySelector('img'), 0, 0, 300, 300)
const data = brush.getImageData(0, 0, 300, 300).data, [red, green, blue] = arguments[0]
for (let at = 0; at < data.length; at += 4)
  if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) return true
return false
"""


class PictureHandler(BaseHTTPRequestHandler):
    """Serves the picture as a file, in an `<img>` and in a page, each with its security policy."""

    PAGE = '<!doctype html><title>A page</title><link rel="stylesheet" href="{}">{}'
    ASKED: ClassVar[dict[str, tuple[str, str, str]]] = {
        "/3a.svg": ("image/svg+xml", svg_security_policy(), standalone_svg("3a", title="A title")),
        "/strict.svg": ("image/svg+xml", CSP, standalone_svg("3a", title="A title")),
        "/drawing.css": ("text/css", CSP, ":root{--ink:#16191d}" + STYLE.read_text(encoding="utf-8")),
        "/inline": ("text/html", CSP, PAGE.format("/drawing.css", inline_svg("3a", title="A title"))),
        "/image": ("text/html", CSP, PAGE.format("/drawing.css", '<img src="/strict.svg" width="300" alt="">')),
    }

    def do_GET(self) -> None:  # the base class calls it so
        kind_of, guard, text = self.ASKED.get(self.path, ("text/plain", CSP, ""))
        self.send_response(200)
        for name, value in (("Content-Type", kind_of), ("Content-Security-Policy", guard)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Log no requests."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), PictureHandler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    if not is_available():
        pytest.skip("no browser here: apt-get install chromium chromium-driver")
    with open_browser() as browser:
        yield browser


def shown(window: Browser, selector: str, what: str) -> str:
    return str(window.run(f"return getComputedStyle(document.querySelector('{selector}')).{what}"))


@pytest.mark.parametrize("page", ["/3a.svg", "/inline"])
def test_browser_animates_unless_reduced_motion_or_print(window: Browser, address: str, page: str) -> None:
    """The figure moves on a screen, and is still with reduced motion and on paper; the policy blocks nothing."""
    window.console_errors()
    for reduced, moving, still in ((False, "inline", "none"), (True, "none", "inline")):
        window.emulate(PHONE, reduced_motion=reduced)
        window.open(address + page)
        assert shown(window, ".animated", "display") == moving
        assert shown(window, ".still", "display") == still
        assert shown(window, ".work", "fill") == "rgb(22, 25, 29)"
    window.emulate(PHONE)
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert shown(window, ".animated", "display") == "none"
    assert shown(window, ".work", "fill") == "rgb(0, 0, 0)"
    assert window.console_errors() == []


def test_picture_file_follows_dark_scheme(window: Browser, address: str) -> None:
    window.emulate(PHONE, dark=True)
    window.open(f"{address}/3a.svg")
    assert shown(window, ".work", "fill") == "rgb(255, 255, 255)"


def test_img_is_coloured_and_animated_under_page_policy(window: Browser, address: str, tmp_path: Path) -> None:
    window.emulate(PHONE)
    window.console_errors()
    window.open(f"{address}/image")
    assert window.run(COLOURED, [22, 25, 29])

    def seen() -> bytes:
        window.screenshot(str(tmp_path / "seen.png"))
        return (tmp_path / "seen.png").read_bytes()

    first = seen()
    window.wait_until(lambda: seen() != first, "the figure moves")
    assert window.console_errors() == []
