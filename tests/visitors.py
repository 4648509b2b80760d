"""Visitors of a demonstration: `station demo` as a real process, and browsers that record what the live page shows.

A state may last less than a poll interval, so the page records its own states, and a visitor reads the record in order.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium.common.exceptions import StaleElementReferenceException, WebDriverException

from tests.browser import OPEN_FOLDS, Browser

STEP_BOUND_S = 30.0
"""Twice the longest step of a test or hold, with a margin for a busy machine."""
END_S = 10.0
RECORD_STATES = """
window.seen = []
const stage = document.getElementById('stage')
const record = () => {
  const texts = ['side', 'word', 'sentence', 'heels'].map(id => document.getElementById(id).innerText.trim())
  const now = [...texts, getComputedStyle(stage).backgroundColor].join(' | ')
  if (seen.at(-1) !== now) seen.push(now)
}
new MutationObserver(record).observe(stage, {subtree: true, childList: true, characterData: true, attributes: true})
record()
"""
MOST_STOPS = 100
"""More tab stops than any page has."""
Key = dict[str, object]
ENTER: Key = {"key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13, "text": "\r"}
SPACE: Key = {"key": " ", "code": "Space", "windowsVirtualKeyCode": 32, "text": " "}
BUTTON = """
const buttons = [...document.querySelectorAll('button')]
return buttons.find(one => (one.innerText || one.textContent).trim() === arguments[0]) || null
"""
"""Finds a button by its label; in a closed fold its text is not rendered."""


@contextmanager
def run_demo(directory: Path, *options: str) -> Iterator[str]:
    """Run `station demo` with these options on a free port, yield its address, and end it as Ctrl-C does."""
    program = Path(sys.executable).with_name("station")
    arguments: tuple[str | Path, ...] = (program, "demo", *options, "--port", "0", "--data", directory)
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+", process.stdout.readline())
            assert found, "the station prints its address"
            yield found[0]
        finally:
            process.terminate()
            assert process.wait(END_S) == 0


class Visitor:
    """A person with a browser at the station's address."""

    def __init__(self, window: Browser, address: str) -> None:
        self.window = window
        self.address = address
        self._position = 0

    def open(self, path: str) -> None:
        """Open a page; on the live page, start recording what it shows."""
        self.window.open(self.address + path)
        self._position = 0
        if path in ("/live", "/board"):
            self.window.run(RECORD_STATES)

    def click_button(self, label: str) -> None:
        """Press the button with this label, even in a closed fold."""
        button = self.window.run(BUTTON, label)
        assert button is not None, f"no button {label!r}"
        self.window.run(OPEN_FOLDS, button)
        self.window.run("arguments[0].scrollIntoView({block: 'center'})", button)
        button.click()

    def wait_for(self, *words: str, bound_s: float = STEP_BOUND_S) -> str:
        """Wait until the page shows all these words at once, after the last match; returns what it showed."""
        try:
            return str(self.window.wait_until(lambda: self._find_shown(words), f"the page shows {words}", bound_s))
        except AssertionError as error:
            seen = self.window.run("return seen.slice(arguments[0])", self._position)
            raise AssertionError("\n".join([f"{error}; it has shown", *seen])) from None

    def _find_shown(self, words: tuple[str, ...]) -> str | None:
        seen: list[str] = self.window.run("return seen.slice(arguments[0])", self._position)
        for place, shown in enumerate(seen):
            if all(word in shown for word in words):
                self._position += place
                return shown
        return None

    def press_key(self, label: str, key: Key) -> None:
        """Press and release a key on the button with this label."""
        self.hold_key(label, key)
        self.release_key(key)

    def hold_key(self, label: str, key: Key) -> None:
        """Move to the button or fold with Tab, and hold a key down on it."""
        for _ in range(MOST_STOPS):
            if self.window.press_tab().startswith((f"button {label} ", f"summary {label} ")):
                break
        else:
            raise AssertionError(f"no button {label!r} is reached by keys")
        self.window.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyDown", **key})

    def release_key(self, key: Key) -> None:
        self.window.driver.execute_cdp_cmd("Input.dispatchKeyEvent", {"type": "keyUp", **key})

    def click_and_wait(self, selector: str) -> None:
        """Click without scripts, and wait for the next page."""
        pressed = self.window.wait_until(lambda: self._click_first(selector), f"{selector} can be pressed")
        self.window.wait_until(lambda: _is_replaced(pressed), f"pressing {selector} loads a page")

    def _click_first(self, selector: str) -> Any:
        try:
            for button in self.window.find_all(selector):
                self.window.run(OPEN_FOLDS, button)
                self.window.run("arguments[0].scrollIntoView({block: 'center'})", button)
                button.click()
                return button
        except StaleElementReferenceException:
            pass  # the page is being replaced
        return None

    def reload_until(self, path: str, selector: str, words: str) -> None:
        """Reload a page until it contains these words, as a person without scripts must."""

        def loaded() -> bool:
            self.window.open(self.address + path)
            return words in self.window.find(selector).text

        self.window.wait_until(loaded, f"{path} shows {words!r}", STEP_BOUND_S)

    def text(self, selector: str) -> str:
        return self.window.text(selector)


def _is_replaced(element: Any) -> bool:
    """Whether the page that the element was on has been replaced."""
    try:
        element.is_enabled()
    except WebDriverException:
        return True
    return False
