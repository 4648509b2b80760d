"""The four places of the page, and which pages belong to each."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Place(Struct, frozen=True):
    """One place: where it leads, its icon, its tabs (endpoint, name), and the blueprints of its further pages."""

    name: str
    icon: str
    endpoint: str
    tabs: tuple[tuple[str, str], ...] = ()
    further: tuple[str, ...] = ()

    def has(self, blueprint: str | None) -> bool:
        """Whether the pages of this blueprint belong here."""
        return blueprint in {endpoint.partition(".")[0] for endpoint, _ in ((self.endpoint, ""), *self.tabs)} | {
            *self.further
        }


PLACES = (
    Place("Today", "house", "today.today", further=("feedback", "circumstances", "inbox")),
    Place(
        "Train",
        "dumbbell",
        "routines.routines",
        tabs=(("routines.routines", "Routines"), ("exercises.exercises", "Exercises"), ("plan.plan", "Plan")),
        further=("why",),
    ),
    Place(
        "Progress",
        "chart-line",
        "progress.progress",
        tabs=(("progress.progress", "Change"), ("history.history", "Sessions")),
        further=("report",),
    ),
    Place(
        "More",
        "ellipsis",
        "more.more",
        further=(
            "pairing",
            "people",
            "data",
            "profile",
            "removal",
            "browsers",
            "consents",
            "health_questions",
            "sounds",
            "help",
            "causes",
            "calibration",
            "bring_up",
            "first_start",
            "status",
            "settings",
            "restore",
            "network",
            "offline",
            "about",
            "api_pages",
            "components",
        ),
    ),
)
"""The places, in menu order. The live page is not one: it is a mode of its own, without the menu."""

MORE = (
    (
        "You",
        (
            ("people.people", "users", "People", "Whose results this browser shows; someone new"),
            ("data.data", "archive", "Your data", "Take it out, or bring it back"),
            ("consents.consents", "heart-pulse", "Who sees what", "Who sees your results, and whose you see"),
            ("browsers.browsers", "monitor", "Browsers", "Paired phones and tablets; PIN"),
            ("health_questions.show", "heart-pulse", "Health questions", "What your answers change"),
            ("why.why", "route", "Why this routine", "The rules behind today\u2019s choice, with their sources"),
        ),
    ),
    (
        "Learn",
        (
            ("help.help", "circle-question-mark", "Help", "What people ask about stiff ankles"),
            ("causes.causes", "footprints", "What causes it", "What stiffens an ankle, and what to do about it"),
            ("sounds.sounds", "volume-2", "Sounds", "What the board tells you while you look elsewhere"),
        ),
    ),
    (
        "The board",
        (
            ("status.status", "activity", "Status", "Sensors, clock, storage"),
            ("bring_up.bring_up", "circle-check", "Check the board", "Tries every part and names a wrong wire"),
            ("calibration.calibration", "ruler", "Calibration", "How accurate the distance is"),
            ("live.live", "monitor", "Wall display", "The stage alone, for a tablet or a television", {"kiosk": ""}),
            ("api_pages.api", "code", "API", "Results and control for programs; tokens"),
            ("settings.settings", "settings", "Settings", "Goal, stretches, sounds, questions"),
            ("network.network", "wifi", "On your phone", "The network address, and encryption"),
            ("about.about", "info", "About", "What \u00b1 means, what the station is not"),
        ),
    ),
)
"""What *More* lists: groups of pages, each with its icon, name, what it is for, and the query of its address."""


def places_for(may_open: Callable[[str], bool]) -> list[tuple[Place, str]]:
    """The places that a visitor may open, each with its endpoint: its own, or that of the first tab they may open."""
    found = []
    for place in PLACES:
        endpoints = (place.endpoint, *(endpoint for endpoint, _ in place.tabs))
        first = next((endpoint for endpoint in endpoints if may_open(endpoint)), None)
        if first is not None:
            found.append((place, first))
    return found


def place_of(blueprint: str | None) -> Place | None:
    """The place of this blueprint's pages; `None` if they are in no place."""
    return next((place for place in PLACES if place.has(blueprint)), None)
