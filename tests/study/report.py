"""Tables and pictures of the study, from its results alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from tests.study.measure import PHASES, PLAIN
from tests.study.people import Scenario
from tests.study.scenarios import BANDS, CHANGES, FORECASTS, STEADY

SHOWN = ("ours", "above 19 mm", "above MDC95", "two in a row", "limit")
SAYS = {
    "ours": "this station",
    "above 19 mm": "above 19 mm",
    "above MDC95": "above the MDC95",
    "two in a row": "two in a row",
    "limit": "the limit",
}
STROKES = {"ours": "", "above 19 mm": "2 4", "above MDC95": "8 4", "two in a row": "8 3 2 3", "limit": "1 3"}
WIDTH, HEIGHT, LEFT, RIGHT, TOP, FOOT = 760, 380, 56, 220, 44, 48
STYLE = (
    "text{font:13px system-ui,sans-serif;fill:#1a1a1a}.title{font-weight:600;font-size:15px}"
    ".grid{stroke:#d0d0d0}.line{fill:none;stroke:#404040;stroke-width:2}.ours{stroke:#005a8c;stroke-width:3.5}"
    ".note{stroke:#b34700}.ground{fill:#fff}"
    "@media(prefers-color-scheme:dark){text{fill:#f0f0f0}.grid{stroke:#404850}.line{stroke:#c8c8c8}"
    ".ours{stroke:#56b4e9}.note{stroke:#e69f00}.ground{fill:#0b0f14}}"
)


def percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _week(week: float | None) -> str:
    return "\u2013" if week is None else f"{week:.1f}"


def pictures(results: Mapping[str, Any]) -> dict[str, str]:
    """The SVG files by name."""
    reported = results["told"]
    return {
        "gain.svg": chart(
            {rule: reported["gain"][rule]["by_week"][:21] for rule in SHOWN},
            "Share of people who gain 2 mm a week and see it confirmed",
            "Each line is a rule; the further to the upper left, the sooner it confirms.",
            1.0,
        ),
        "no_change.svg": chart(
            {rule: reported["null"][rule]["by_week"] for rule in SHOWN},
            "Share of people who do not change but see a change",
            "Each line is a rule; the limit is 5 % within a year.",
            1.0,
            note=0.05,
        ),
    }


def chart(curves: Mapping[str, Sequence[float]], title: str, says: str, top: float, note: float | None = None) -> str:
    """Draw shares against weeks, with each curve's name at its end and a line at `note`."""
    weeks = max(len(curve) for curve in curves.values()) - 1
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - FOOT

    def x(week: float) -> float:
        return round(LEFT + wide * week / weeks, 1)

    def y(share: float) -> float:
        return round(TOP + high * (1 - share / top), 1)

    parts = [
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/><text class="title" x="{LEFT}" y="24">{title}</text>'
    ]
    for tick in range(6):
        share = top * tick / 5
        parts.append(f'<path class="grid" d="M{LEFT} {y(share)}h{wide}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(share) + 4}" text-anchor="end">{100 * share:.0f} %</text>')
    parts += [
        f'<text x="{x(week)}" y="{HEIGHT - FOOT + 20}" text-anchor="middle">{week}</text>'
        for week in range(0, weeks + 1, max(1, weeks // 10))
    ]
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 8}" text-anchor="middle">weeks</text>')
    if note is not None:
        parts.append(f'<path class="note" d="M{LEFT} {y(note)}h{wide}"/>')
    for rule, curve in curves.items():
        parts.append(_stroke(rule, "M" + "L".join(f"{x(week)} {y(share)}" for week, share in enumerate(curve))))
    parts += _names(curves, y, x(weeks) + 8)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}. {says}">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _stroke(rule: str, path: str) -> str:
    kind, dash = ("line ours" if rule == "ours" else "line"), STROKES[rule]
    return f'<path class="{kind}" stroke-dasharray="{dash or "none"}" d="{path}"/>'


def _names(curves: Mapping[str, Sequence[float]], y: Callable[[float], float], at: float) -> Iterator[str]:
    """Write the names at the ends of the curves, each with its stroke, moved apart where they would touch."""
    least = float(TOP)
    for rule, curve in sorted(curves.items(), key=lambda item: -item[1][-1]):
        least = max(least, y(curve[-1]) + 4)
        yield _stroke(rule, f"M{at} {round(least - 4, 1)}h32")
        yield f'<text x="{at + 40}" y="{round(least, 1)}">{SAYS[rule]} {100 * curve[-1]:.0f} %</text>'
        least += 16


def prose(results: Mapping[str, Any]) -> str:
    """README.md with every table."""
    return "\n".join(_lines(results)) + "\n"


def _lines(results: Mapping[str, Any]) -> Iterator[str]:
    reported = results["told"]
    yield "# Is the change real? How each rule performs for simulated people whose true course is known"
    yield ""
    yield f"Written by `make study` from `results.json`: {results['people']:,} simulated people per scenario (fewer for"
    yield f'intervals, forecasts and "steady"), seed {results["seed"]}. Unless stated otherwise a person does three'
    yield "quick tests a week, with an SEM of 5 mm and an SD between days of 3 mm, and each rule is applied after every"
    yield 'test. "This station" is the shipped code. The MDC rules use the person\'s true error, unknown in practice.'
    yield "The limit is a sequential probability ratio test that knows error, slope and direction in advance."
    yield ""
    yield "## People who do not change: how many see a false change within a year"
    yield ""
    yield from _table(
        ("people", *(SAYS[rule] for rule in SHOWN)),
        ((one.says, *(percent(reported[one.name][rule]["told"]) for rule in SHOWN)) for one in CHANGES if one.is_null),
    )
    yield ""
    yield "![Share of people who do not change but see a change](no_change.svg)"
    yield ""
    yield "## People who change: weeks until it is confirmed for half of them / for 95 % of them"
    yield ""
    yield "Counted from the start of the change; a negative number is a change confirmed before there was one."
    yield "A dash: fewer have it confirmed within the simulated time."
    yield ""
    yield from _table(
        ("people", *(SAYS[rule] for rule in SHOWN), "first in the wrong direction"),
        (
            (
                one.says,
                *(
                    f"{_week(reported[one.name][rule]['half'])} / {_week(reported[one.name][rule]['most'])}"
                    for rule in SHOWN
                ),
                percent(reported[one.name]["wrong way"]["told"]),
            )
            for one in CHANGES
            if not one.is_null
        ),
    )
    yield ""
    yield "![Share of people who gain 2 mm a week and see it confirmed](gain.svg)"
    yield ""
    yield "## How often the 95 % intervals contain the true value"
    yield ""
    yield "After 26 weeks (12 for people who keep gaining) where no other time is stated, with each person's error as"
    yield "the station estimates it. The true level is that of the circumstances that are usual in the end. *Plain* is"
    yield "the same filter without steps, outliers and habits."
    yield ""
    yield from _bands(results["bands"], BANDS)
    yield ""
    yield "## Forecasts: made as soon as a gain is confirmed, for goals 15 and 25 mm above the start"
    yield ""
    yield from _table(
        ("people", "get a date", "get both dates", "reach the goal between them (80 % promised)", "before", "after"),
        (
            (
                one.says,
                percent(found["dates"] / found["asked"]),
                percent(found["both"] / found["asked"]),
                *(percent(found[where] / found["dates"]) for where in ("inside", "early", "late")),
            )
            for one in FORECASTS
            for found in (results["forecasts"][one.name],)
        ),
    )
    yield ""
    yield "## Steady: how many are ever called steady within a year, or during their hump, checked every week"
    yield ""
    yield from _table(
        ("people", "ever called steady"),
        (
            (one.says, percent(found["ever"] / found["people"]))
            for one in STEADY
            for found in (results["steady"][one.name],)
        ),
    )


def _bands(results: Mapping[str, Any], scenarios: Sequence[Scenario]) -> Iterator[str]:
    what = {"level": "level now", "band": "band", "change": "change", "slope": "slope"}
    what |= {name: f"{name.removeprefix('plain ')}, plain" for name in PLAIN}
    called = (*(f"called {phase}" for phase in PHASES), "given a habit")

    def row(scenario: Scenario) -> Iterator[str]:
        found = results[scenario.name]
        yield scenario.says
        yield from (percent(found[name] / found["people"]) for name in what)
        yield f"{found['half_mm'] / found['people']:.1f} mm"
        yield from (percent(found[name] / found["people"]) for name in (*PHASES, "habits"))

    yield from _table(
        ("people", *what.values(), "\u00b1 of the level now", *called), (tuple(row(one)) for one in scenarios)
    )


def _table(head: Sequence[str], rows: Iterator[Sequence[str]]) -> Iterator[str]:
    yield "| " + " | ".join(head) + " |"
    yield "| " + " | ".join("---" for _ in head) + " |"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
