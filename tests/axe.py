"""Accessibility checks with axe, run in the browser's current page."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from tests.browser import Browser

SERIOUS_IMPACTS = ("serious", "critical")
RUN = """
const [answer] = arguments
const words = fault => node => `${fault.impact}: ${fault.id} at ${node.target.join(' ')}: ${fault.help}`
axe.run(document, {resultTypes: ['violations']}).then(
  found => answer(found.violations.flatMap(fault => fault.nodes.map(words(fault)))),
  error => answer([`critical: ${error}`]))
"""


@cache
def _axe_source() -> str:
    """The script from the installed package; nothing is downloaded."""
    return files("selenium_axe_python").joinpath("axe-core", "axe.min.js").read_text(encoding="utf-8")


def serious_violations(browser: Browser) -> list[str]:
    """Serious and critical violations on the current page, each with its element."""
    browser.run(_axe_source())
    found = browser.driver.execute_async_script(RUN)
    return [fault for fault in found if fault.startswith(SERIOUS_IMPACTS)]
