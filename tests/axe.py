"""axe, which looks for what keeps people out of a page: it is run in the page by the browser that shows it."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tests.browser import Browser

GRAVE = ("serious", "critical")
RUN = """
const [answer] = arguments
const words = fault => node => `${fault.impact}: ${fault.id} at ${node.target.join(' ')}: ${fault.help}`
axe.run(document, {resultTypes: ['violations']}).then(
  found => answer(found.violations.flatMap(fault => fault.nodes.map(words(fault)))),
  error => answer([`critical: ${error}`]))
"""


@cache
def _program() -> str:
    """The program as its package has it; nothing is fetched."""
    return files("selenium_axe_python").joinpath("axe-core", "axe.min.js").read_text(encoding="utf-8")


def grave_faults(browser: Browser) -> list[str]:
    """What is serious or critical on the page that the browser shows, each with its place."""
    browser.run(_program())
    told = browser.driver.execute_async_script(RUN)
    return [fault for fault in told if fault.startswith(GRAVE)]
