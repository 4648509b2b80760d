"""How many taps, keys and screens a person needs to do what they came for, in a running demonstration.

By touch on a phone, and by keyboard on a desktop. `python -m tests.bench.taps_needed` prints the table in
`web/README.md`; a journey's title, or its beginning, selects that one. Typing and picking from a list do not count,
only getting to the field. Actions on the board (stepping on) are not taps. A screen is a page, or another word on the
live page at the moment of a tap.

The journeys at the top are the part to edit when a page changes: each step finds its control by role and accessible
name, as a screen reader does.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import click

from station.clock import SystemClock
from station.store import Store
from station.system.demo_history import fill
from station.system.simulate import answer_no_to_all
from tests.browser import DESKTOP, PHONE, Browser, open_browser
from tests.visitors import run_demo
from tests.web.history import add_session


class Press(NamedTuple):
    """A control to press, and words that the screen then shows."""

    role: str
    name: str
    shows: str


class Fill(NamedTuple):
    """A field to fill in."""

    role: str
    name: str
    text: str


class PressAll(NamedTuple):
    """Every control with this name, one after the other."""

    role: str
    name: str


class Act(NamedTuple):
    """An action on the simulated board, and words that the screen then shows."""

    command: str
    argument: str
    shows: str


Step = Press | PressAll | Fill | Act


def no_history(_store: Store) -> None:
    """A new station."""


def ten_weeks(store: Store) -> None:
    """Add the demonstration's two people; their last session was days ago."""
    fill(store)
    for person in store.people():
        answer_no_to_all(store, person.id)


def tested_today(store: Store) -> None:
    """The same, with a test half an hour ago whose questions are still open."""
    ten_weeks(store)
    add_session(store, days_ago=timedelta(minutes=30) / timedelta(days=1), name="Robin")


@dataclass(frozen=True, slots=True)
class Journey:
    """A goal and the steps to it, from Today in a new browser."""

    title: str
    history: Callable[[Store], None]
    steps: tuple[Step, ...]


ON_TODAY = "What do these numbers mean?"
"""Words that Today shows to every paired browser."""
TO_GO = (Press("button", "Next", "Come back to the board"), Act("step_on", "left", "LUNGE"))
TO_TRAIN = Press("link", "Train", "Ready-made")
JOURNEYS = (
    Journey(
        "newcomer to the first GO, with a name",
        no_history,
        (Fill("textbox", "Your name", "Ada"), Press("button", "Start", "FLAT"), *TO_GO),
    ),
    Journey(
        "newcomer to the first GO, name afterwards",
        no_history,
        (Press("button", "Start without a name", "FLAT"), *TO_GO),
    ),
    Journey(
        "newcomer to the start of a routine",
        no_history,
        (
            Press("link", "Person: no one yet", "Type your name to begin."),
            Fill("textbox", "Your name", "Ada"),
            Press("button", "Add", ON_TODAY),
            TO_TRAIN,
            Press("button", "Start Daily", "Before the first routine"),
            PressAll("radio", "No"),
            Press("button", "Save", "every exercise is open to you"),
            Press("button", "Start: Daily", "Stop"),
        ),
    ),
    Journey("felt place answered", tested_today, (Press("button", "Calf", "How much did it hurt"),)),
    Journey(
        "today's routine begun",
        ten_weeks,
        (
            Press("button", "Start", "FLAT"),
            Press("button", "Next", "Come back to the board"),
            Act("step_on", "left", "READY"),
        ),
    ),
    Journey("newest result found", ten_weeks, ()),
    Journey(
        "an older result found",
        ten_weeks,
        (Press("link", "Progress", "All tests"), Press("link", "Mon 16 Nov 2026", "Mon 16 Nov 2026,")),
    ),
    Journey(
        "plan made, three evenings a week",
        ten_weeks,
        (
            TO_TRAIN,
            Press("link", "Plan", "No plan yet"),
            Press("radio", "Mon, Wed, Fri", "Mon, Wed, Fri"),
            Press("radio", "18:00", "18:00"),
            Press("button", "Save", "Monday, Wednesday and Friday at 18:00"),
        ),
    ),
    Journey(
        "report ready to print",
        ten_weeks,
        (
            Press("link", "Progress", "All tests"),
            Press("link", "Report for your physiotherapist", "How well tests repeat"),
        ),
    ),
    Journey(
        "sheet of a routine ready to print",
        ten_weeks,
        (
            TO_TRAIN,
            Press("DisclosureTriangle", "4 exercises of Daily", "Print"),
            Press("link", "Print Daily", "All routines"),
        ),
    ),
)

BOUND_S = 40.0
"""Longer than the longest wait, from stepping on to GO."""
EMPTY_S = 4.0
"""How long the board stays empty before the first step, to learn the weight of the empty plate."""
MOST_STOPS = 250
"""More tab stops than any page has."""
SCREEN = """
const shown = selector => { const found = document.querySelector(selector); return found ? found.innerText.trim() : '' }
return [performance.timeOrigin, shown('h1'), shown('#word')].join(' | ')
"""
SHOWS = "return document.readyState === 'complete' && document.body.innerText.includes(arguments[0])"
ACT = """
const form = new URLSearchParams({command: arguments[0], argument: arguments[1]})
return fetch('/board/act', {method: 'POST', body: form}).then(answer => answer.ok)
"""
IS_SHOWN = "function() { return this.checkVisibility({visibilityProperty: true}) && !this.disabled }"
PLACE = """function() {
  const middle = () => {
    const box = this.getBoundingClientRect()
    return [box.left + box.width / 2, box.top + box.height / 2]
  }
  const is_hit = () => this.contains(document.elementFromPoint(...middle()))
  const box = this.getBoundingClientRect()
  const scrolls = box.top < 0 || box.bottom > innerHeight || !is_hit()
  if (scrolls) this.scrollIntoView({block: 'center', behavior: 'instant'})
  return [...middle(), scrolls, is_hit()]
}"""
"""Where to touch, and whether that needs scrolling, even from under the menu bar."""
HAS_FOCUS = "function() { return document.activeElement === this }"
IN_GROUP = "function() { return this.type === 'radio' && document.activeElement.name === this.name }"
SET = """function(text) {
  this.value = text
  for (const kind of ['input', 'change']) this.dispatchEvent(new Event(kind, {bubbles: true}))
}"""


@dataclass
class Count:
    """What a journey has cost so far: `presses` are taps, or keys including Tab."""

    presses: int = 0
    screens: int = 0
    fields: int = 0
    scrolls: int = 0


Hand = Callable[["Walk", str], None]
"""Presses a control, or moves into a field."""


@dataclass
class Walk:
    """One person on a journey."""

    window: Browser
    hand: Hand
    count: Count = field(default_factory=Count)
    _screen: str = ""

    def take(self, step: Step) -> None:
        """Take a step, and wait for what it shows."""
        if isinstance(step, PressAll):
            self.look()
            for control in self.find_all(step.role, step.name):
                self.hand(self, control)
            return
        if isinstance(step, Act):
            time.sleep(EMPTY_S)
            assert self.window.run(ACT, step.command, step.argument), f"the board refuses {step.command}"
        else:
            control = self.window.wait_until(
                lambda: next(iter(self.find_all(step.role, step.name)), None),
                f"a {step.role} {step.name!r} on {self.window.run(SCREEN)}",
            )
            self.look()
            self.hand(self, control)
            if isinstance(step, Fill):
                self.count.fields += 1
                self.call(control, SET, step.text)
                return
        self.window.wait_until(lambda: self.window.run(SHOWS, step.shows), f"the screen shows {step.shows!r}", BOUND_S)

    def look(self) -> None:
        """Count the screen, if it is another one."""
        screen = self.window.run(SCREEN)
        self.count.screens += screen != self._screen
        self._screen = screen

    def find_all(self, role: str, name: str) -> list[str]:
        """The controls with this role whose names begin so, as the browser exposes them to assistive technology."""
        root = self.send("DOM.getDocument", depth=0)["root"]["nodeId"]
        nodes = self.send("Accessibility.queryAXTree", nodeId=root, role=role)["nodes"]
        named = [node for node in nodes if not node["ignored"] and node["name"]["value"].startswith(name)]
        found = [self.send("DOM.resolveNode", backendNodeId=node["backendDOMNodeId"]) for node in named]
        controls = [str(one["object"]["objectId"]) for one in found]
        return [control for control in controls if self.call(control, IS_SHOWN)]

    def call(self, control: str, function: str, *arguments: Any) -> Any:
        given = [{"value": argument} for argument in arguments]
        called = self.send(
            "Runtime.callFunctionOn",
            objectId=control,
            functionDeclaration=function,
            arguments=given,
            returnByValue=True,
        )
        return called["result"].get("value")

    def send(self, command: str, **arguments: Any) -> Any:
        return self.window.driver.execute_cdp_cmd(command, arguments)

    def press_key(self, key: str, code: int, text: str = "") -> None:
        for kind in ("keyDown" if text else "rawKeyDown", "keyUp"):
            self.send("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)
        self.count.presses += 1


def touch(walk: Walk, control: str) -> None:
    """Tap a control with a finger, scrolling to it first if it is off the screen."""
    x, y, scrolls, is_hit = walk.call(control, PLACE)
    assert is_hit, "something covers the control"
    walk.count.scrolls += scrolls
    walk.send("Emulation.setTouchEmulationEnabled", enabled=True)
    walk.send("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])
    walk.send("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
    walk.count.presses += 1


def keys(walk: Walk, control: str) -> None:
    """Tab to a control and press it; a field needs only the focus, and arrow keys choose within a group."""
    for _ in range(MOST_STOPS):
        if walk.call(control, HAS_FOCUS):
            break
        in_group = walk.call(control, IN_GROUP)
        walk.press_key(*(("ArrowDown", 40) if in_group else ("Tab", 9)))
    else:
        raise AssertionError("the control is not reached by keys")
    if walk.call(control, "function() { return this.matches('input, select') }"):
        return
    walk.press_key("Enter", 13, "\r")


HANDS: dict[str, tuple[Hand, tuple[int, int]]] = {"touch": (touch, PHONE), "keyboard": (keys, DESKTOP)}


def measure(journey: Journey, hand: Hand, size: tuple[int, int]) -> Count:
    """Do a journey in a demonstration of its own."""
    with TemporaryDirectory() as scratch, open_browser() as window:
        with Store.open(Path(scratch) / "demo.db", clock=SystemClock()) as store:
            journey.history(store)
        with run_demo(Path(scratch), "--empty") as address:
            window.emulate(size)
            window.open(f"{address}/")
            walk = Walk(window, hand)
            walk.look()
            for step in journey.steps:
                walk.take(step)
            walk.look()
            window.open("about:blank")
    return walk.count


def figures() -> dict[str, dict[str, float | str]]:
    """The figure of this module: a newcomer's taps on a phone, with a name."""
    return {"taps_to_first_go": {"value": measure(JOURNEYS[0], *HANDS["touch"]).presses, "unit": "taps"}}


def main(wanted: Sequence[str]) -> None:
    """Print a row for each journey."""
    click.echo(f"{'':40} {'touch':>30}   {'keyboard':>16}")
    click.echo(f"{'journey':40} {'taps':>6} {'screens':>8} {'fields':>7} {'scrolls':>8}   {'keys':>7} {'screens':>8}")
    for journey in JOURNEYS:
        if journey.title.startswith(tuple(wanted) or ""):
            by_touch, by_keys = (measure(journey, hand, size) for hand, size in HANDS.values())
            counted = f"{by_touch.presses:6} {by_touch.screens:8} {by_touch.fields:7} {by_touch.scrolls:8}"
            click.echo(f"{journey.title:40} {counted}   {by_keys.presses:7} {by_keys.screens:8}")


if __name__ == "__main__":
    main(sys.argv[1:])
