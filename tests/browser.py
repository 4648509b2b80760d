"""A real browser for tests: Debian's headless Chromium with a temporary profile and no background traffic.

`open_browser()` yields a `Browser`; `wait_until` waits for a condition with a deadline; `layout_faults` finds what a
person on a phone would complain about.
"""

from __future__ import annotations

import base64
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException, WebDriverException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from tests.pdf import sheets

CHROMIUM, DRIVER = "/usr/bin/chromium", "/usr/bin/chromedriver"
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--disable-extensions",
    "--mute-audio",
    "--autoplay-policy=user-gesture-required",
)
PHONE_SMALL, PHONE, TABLET, DESKTOP = (320, 640), (390, 844), (800, 1280), (1280, 800)
A4_INCHES, LETTER_INCHES = (8.27, 11.69), (8.5, 11.0)
TAB_KEY = {"key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9}
VISIBLE_TEXT = """
const element = document.querySelector(arguments[0])
return element && element.getClientRects().length ? element.innerText.trim() : ''
"""
LAYOUT_FAULTS = Path(__file__).with_name("layout_faults.js").read_text(encoding="utf-8")
OPEN_FOLDS = """
for (let one = arguments[0]; one; one = one.parentElement) {
  const inside = !one.matches('summary') && one.parentElement
  if (inside && inside.matches('details:not([open])')) inside.querySelector('summary').click()
  else if (one.matches('summary')) one = one.parentElement
}
"""
"""Opens the folds around an element, as a person looking for it would."""
FOCUS = """
const at = document.activeElement, style = getComputedStyle(at)
const seen = style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2
const name = (at.innerText || at.name || at.id || '').trim().slice(0, 40)
return `${at.tagName.toLowerCase()} ${name} ${seen ? 'seen' : 'unseen'}`
"""
PAGE_IS_GONE = (
    "does not belong to the document",
    "aborted by navigation",
    "Cannot find context",
    "context was destroyed",
)
"""What the driver reports when a page is replaced under a command, besides missing and stale elements."""
BOUND_S = 10.0
STEP_S = 0.02


def is_available() -> bool:
    """Whether this machine has the browser and its driver."""
    return all(shutil.which(path) for path in (CHROMIUM, DRIVER))


class Browser:
    """One browser with the screen size and preferences of a device."""

    def __init__(self, driver: Chrome) -> None:
        self.driver = driver

    def emulate(
        self,
        size: tuple[int, int],
        *,
        dark: bool = False,
        reduced_motion: bool = False,
        scripts: bool = True,
        printed: bool = False,
        device_scale: float = 1,
    ) -> None:
        """Emulate a device of this size in CSS pixels, with its colour scheme, motion preference and scripts.

        `printed` shows the page as it is printed; `device_scale` is the device's pixels a CSS pixel.
        """
        width, height = size
        metrics = {"width": width, "height": height, "deviceScaleFactor": device_scale, "mobile": width < TABLET[0]}
        self._send_command("Emulation.setDeviceMetricsOverride", metrics)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"},
        ]
        self._send_command("Emulation.setEmulatedMedia", {"media": "print" if printed else "", "features": features})
        self._send_command("Emulation.setScriptExecutionDisabled", {"value": not scripts})

    def clear_cookies(self) -> None:
        self._send_command("Network.clearBrowserCookies", {})

    def set_cookie(self, origin: str, name: str, value: str) -> None:
        self._send_command("Network.setCookie", {"url": origin, "name": name, "value": value})

    def share_cookies(self, other: Browser, origin: str) -> None:
        """Give another browser this one's cookies for an address."""
        for cookie in self.driver.execute_cdp_cmd("Network.getCookies", {"urls": [origin]})["cookies"]:
            other.set_cookie(origin, cookie["name"], cookie["value"])

    def open(self, address: str) -> None:
        self.driver.get(address)

    @contextmanager
    def prepared(self, script: str) -> Iterator[None]:
        """Within the block, run this script in each new page before the page's own scripts."""
        added = self._send_command("Page.addScriptToEvaluateOnNewDocument", {"source": script})
        yield
        self._send_command("Page.removeScriptToEvaluateOnNewDocument", added)

    def run(self, script: str, *arguments: Any) -> Any:
        """Run a script's body in the page and return its result."""
        return self.driver.execute_script(script, *arguments)

    def text(self, selector: str) -> str:
        """The text of the first matching element, or an empty string."""
        return str(self.run(VISIBLE_TEXT, selector))

    def wait_until(self, condition: Callable[[], Any], what: str, bound_s: float = BOUND_S) -> Any:
        """Wait until the condition is true and return its value. Fails with `what` after the deadline.

        While one page replaces another the condition counts as false.
        """
        until = time.monotonic() + bound_s
        while not (found := self._value_unless_replaced(condition)):
            if time.monotonic() > until:
                raise AssertionError(f"after {bound_s:g} s not yet: {what}")
            time.sleep(STEP_S)
        return found

    def click(self, selector: str) -> None:
        """Open the folds around the element, scroll it into view and click it; wait if the page is being replaced."""

        def click() -> bool:
            self.run(OPEN_FOLDS, self.find(selector))
            self.run("arguments[0].scrollIntoView({block: 'center'})", self.find(selector))
            self.find(selector).click()
            return True

        self.wait_until(click, f"{selector} can be clicked")

    def find(self, selector: str) -> Any:
        return self.driver.find_element("css selector", selector)

    def find_all(self, selector: str) -> list[Any]:
        return list(self.driver.find_elements("css selector", selector))

    def press_tab(self) -> str:
        """Press Tab, and return the focused element and whether its focus is visible."""
        for kind in ("rawKeyDown", "keyUp"):
            self._send_command("Input.dispatchKeyEvent", {"type": kind, **TAB_KEY})
        return str(self.run(FOCUS))

    def screenshot(self, path: str) -> None:
        """Save the whole page as a PNG."""
        width, height = self.run("return [innerWidth, document.documentElement.scrollHeight]")
        clip = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        how = {"clip": clip, "captureBeyondViewport": True, "optimizeForSpeed": True}
        shot = self._send_command("Page.captureScreenshot", how)
        Path(path).write_bytes(base64.b64decode(shot["data"]))

    def print_pdf(self, paper: tuple[float, float] = A4_INCHES) -> bytes:
        """Print the page on this paper, as a PDF."""
        wanted = {"paperWidth": paper[0], "paperHeight": paper[1], "preferCSSPageSize": True}
        return base64.b64decode(self._send_command("Page.printToPDF", wanted)["data"])

    def printed_pages(self, paper: tuple[float, float] = A4_INCHES) -> list[int]:
        """Print the page on this paper: the number of pieces of text on each sheet, 0 for a blank one."""
        return [sheet.count(b"BT") for sheet in sheets(self.print_pdf(paper))]

    def console_errors(self) -> list[str]:
        """Errors that the console has logged since the last call."""
        return [str(line["message"]) for line in self.log("browser") if line["level"] == "SEVERE"]

    def log(self, kind: str) -> list[dict[str, str]]:
        """The lines of this log of the browser since the last call."""
        lines: list[dict[str, str]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]  # selenium has no types here
        return lines

    def layout_faults(self, least_target: int) -> list[str]:
        """Layout faults: sideways scrolling, small targets, missing names, low contrast, duplicate ids."""
        return list(self.run(LAYOUT_FAULTS, least_target))

    @staticmethod
    def _value_unless_replaced(condition: Callable[[], Any]) -> Any:
        """The condition's value, or `None` if its page was replaced meanwhile."""
        try:
            return condition()
        except (NoSuchElementException, StaleElementReferenceException):
            return None
        except WebDriverException as error:
            if not any(message in str(error.msg) for message in PAGE_IS_GONE):
                raise
            return None

    def _send_command(self, command: str, arguments: dict[str, Any]) -> Any:
        return self.driver.execute_cdp_cmd(command, arguments)


@contextmanager
def open_browser(
    *, network: bool = False, flags: Sequence[str] = (), program: str | Path = CHROMIUM
) -> Iterator[Browser]:
    """Open a browser with a temporary profile; `network` records network traffic; `flags` are more Chromium flags.

    `program` may start Chromium elsewhere, in another network for example.
    """
    profile = tempfile.mkdtemp(prefix="page-browser-")
    options = ChromeOptions()
    options.binary_location = str(program)
    for flag in (*FLAGS, *flags, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    records = {"browser": "ALL", "performance": "ALL"} if network else {"browser": "ALL"}
    options.set_capability("goog:loggingPrefs", records)
    driver = Chrome(options=options, service=Service(DRIVER))
    try:
        yield Browser(driver)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
