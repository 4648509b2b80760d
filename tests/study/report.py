"""Tables and pictures of the study, made only from its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from station.core.progress.change import ODDS_AGAINST_SPELLS
from tests.study.claims import NAMES, WORLDS
from tests.study.measure import PHASES, PLAIN
from tests.study.people import Scenario
from tests.study.scenarios import BANDS, CHANGES, COURSES, FORECASTS, LIVES, ODDS, PRICED, SEASONS, STEADY, gaining

SHOWN = ("ours", "above 19 mm", "above MDC95", "two in a row", "limit")
SAYS = {
    "ours": "this station",
    "above 19 mm": "above 19 mm",
    "above MDC95": "above the MDC95",
    "two in a row": "two in a row",
    "limit": "the limit",
}
STROKES = {"ours": "", "above 19 mm": "2 4", "above MDC95": "8 4", "two in a row": "8 3 2 3", "limit": "1 3"}
RARE = 0.01
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
        "price.svg": price_chart(results["price"]),
    }


def price_chart(results: Mapping[str, Any]) -> str:
    """Draw false changes from spells against the weeks until half of the gains are confirmed: a point for each odds."""
    weeks = [results["gain"][f"side at {odds:g}"]["half"] for odds in ODDS]
    first, last = int(min(weeks)), int(max(weeks)) + 1
    title = "False changes within a year against delay: the price of the promise"

    def x(week: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * (week - first) / (last - first), 1)

    parts, y = _frame(title, 1.0)
    parts += _ticks(range(first, last + 1), x)
    names = []
    for one, dash in zip((one for one in PRICED if one.is_null), ("none", "8 4"), strict=True):
        shares = [results[one.name][f"side at {odds:g}"]["told"] for odds in ODDS]
        path = "M" + "L".join(f"{x(week)} {y(share)}" for week, share in zip(weeks, shares, strict=True))
        parts.append(f'<path class="line ours" stroke-dasharray="{dash}" d="{path}"/>')
        names.append(f'<text x="{x(weeks[-1]) + 8}" y="{y(shares[-1]) + 4}">{one.says}</text>')
        for odds, week, share in zip(ODDS, weeks, shares, strict=True):
            if odds == ODDS_AGAINST_SPELLS:
                parts.append(f'<circle class="note" fill="none" cx="{x(week)}" cy="{y(share)}" r="7"/>')
    return _svg(title, "A circle marks the odds of the station.", [*parts, *names])


def chart(curves: Mapping[str, Sequence[float]], title: str, says: str, top: float, note: float | None = None) -> str:
    """Draw shares against weeks, with each curve's name at its end and a line at `note`."""
    weeks = max(len(curve) for curve in curves.values()) - 1

    def x(week: float) -> float:
        return round(LEFT + (WIDTH - LEFT - RIGHT) * week / weeks, 1)

    parts, y = _frame(title, top)
    parts += _ticks(range(0, weeks + 1, max(1, weeks // 10)), x)
    if note is not None:
        parts.append(f'<path class="note" d="M{LEFT} {y(note)}h{WIDTH - LEFT - RIGHT}"/>')
    for rule, curve in curves.items():
        parts.append(_stroke(rule, "M" + "L".join(f"{x(week)} {y(share)}" for week, share in enumerate(curve))))
    return _svg(title, says, [*parts, *_names(curves, y, x(weeks) + 8)])


def _frame(title: str, top: float) -> tuple[list[str], Callable[[float], float]]:
    """Return the background, the title and the grid lines, and the function from a share to its height."""
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - FOOT

    def y(share: float) -> float:
        return round(TOP + high * (1 - share / top), 1)

    parts = [
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/><text class="title" x="{LEFT}" y="24">{title}</text>'
    ]
    for tick in range(6):
        share = top * tick / 5
        parts.append(f'<path class="grid" d="M{LEFT} {y(share)}h{wide}"/>')
        parts.append(f'<text x="{LEFT - 8}" y="{y(share) + 4}" text-anchor="end">{100 * share:.0f} %</text>')
    parts.append(f'<text x="{LEFT + wide / 2}" y="{HEIGHT - 8}" text-anchor="middle">weeks</text>')
    return parts, y


def _ticks(weeks: range, x: Callable[[float], float]) -> list[str]:
    return [f'<text x="{x(week)}" y="{HEIGHT - FOOT + 20}" text-anchor="middle">{week}</text>' for week in weeks]


def _svg(title: str, says: str, parts: Sequence[str]) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{title}. {says}">'
        f"<style>{STYLE}</style>{''.join(parts)}</svg>\n"
    )


def _stroke(rule: str, path: str) -> str:
    kind, dash = ("line ours" if rule == "ours" else "line"), STROKES[rule]
    return f'<path class="{kind}" stroke-dasharray="{dash or "none"}" d="{path}"/>'


def _names(curves: Mapping[str, Sequence[float]], y: Callable[[float], float], at: float) -> Iterator[str]:
    """Write the names at the ends of the curves, each with its stroke, moved apart if they would touch."""
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
    yield "# Is the change real? How well each rule works for simulated people whose true course is known"
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
    yield "Counted from the start of the change; a negative number means that it was confirmed before it began."
    yield "A dash means that fewer have it confirmed within the simulated time."
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
    yield from _lives(results)
    yield from _price(results["price"])
    yield "## How often the 95 % intervals contain the true value"
    yield ""
    yield "After 26 weeks (12 for people who keep gaining) unless stated otherwise, with each person's error as the"
    yield "station estimates it. The true level is that in the circumstances that are usual at the end. *Plain* is the"
    yield "same filter without steps, outliers and habits."
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
    yield "## Steady: how many are ever called steady within a year, or during their hump, if checked every week"
    yield ""
    yield from _table(
        ("people", "ever called steady"),
        (
            (one.says, percent(found["ever"] / found["people"]))
            for one in STEADY
            for found in (results["steady"][one.name],)
        ),
    )

    yield ""
    yield "## Sentences: how often each claim is true, if read every week"
    yield ""
    watched = round(sum(found["people"] for found in results["claims"].values()))
    yield f"{watched:,} people with both ankles, in equal numbers from these worlds:"
    yield ""
    yield from (f"- {one.says}" for one in WORLDS)
    yield ""
    yield "The last column is the world in which the claim is true least often, among those where at least one look"
    yield "in a hundred makes it. If a forecast's first date is the day of the look, the goal may already be reached."
    yield ""
    yield from _table(("claim", "made", "true", "least true in"), _claims(results["claims"]))


def _claims(results: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    """Each claim ever made: how often, how often it is true, and the world in which it is true least often."""
    for name in NAMES:
        made = sum(found.get(f"{name}|made", 0) for found in results.values())
        if not made:
            continue
        true = sum(found.get(f"{name}|true", 0) for found in results.values())
        shares = {
            world.says: results[world.name][f"{name}|true"] / results[world.name][f"{name}|made"]
            for world in WORLDS
            if results[world.name].get(f"{name}|made", 0) >= RARE * results[world.name]["looks"]
        }
        least = min(shares, key=lambda world: shares[world], default=None)
        yield (
            name,
            f"{round(made):,}",
            percent(true / made),
            "" if least is None else f"{percent(shares[least])}: {least}",
        )


def _weeks(found: Mapping[str, Any]) -> str:
    return f"{_week(found['half'])} / {_week(found['most'])}"


def _lives(results: Mapping[str, Any]) -> Iterator[str]:
    lives, courses = results["lives"], results["courses"]
    who = ("side", "person")
    yield "## Realistic lives: a false change within a year, and the weeks until a gain is confirmed"
    yield ""
    yield "Both sides, checked after every test. A person's change is the first of three: left, right, and the mean of"
    yield "both. The gain is 2 mm a week in both ankles: weeks for half / for 95 %."
    yield ""
    yield from _table(
        ("people", "false: a side", "false: a person", "gain: a side", "gain: a person"),
        (
            (
                one.says,
                *(percent(lives[one.name][of]["told"]) for of in who),
                *(_weeks(lives[gaining(one).name][of]) for of in who),
            )
            for one in LIVES
        ),
    )
    yield ""
    yield "Courses shared by both ankles, and how many have a change confirmed after its start:"
    yield ""
    yield from _table(
        ("course", "of sides", "of people", "weeks, a side", "weeks, a person"),
        (
            (
                one.says,
                *(percent(courses[one.name][of]["told"]) for of in who),
                *(_weeks(courses[one.name][of]) for of in who),
            )
            for one in COURSES
        ),
    )
    yield ""
    found = results["seasons"][SEASONS.name]
    confirmed = found["confirmed"]
    yield f"Seasons ({SEASONS.says}): {confirmed / found['people']:.2f} changes are confirmed per side and year."
    yield f"Of these {percent(found['direction'] / confirmed)} name the true direction, and the 95 % interval contains"
    yield f"the true size in {percent(found['size'] / confirmed)}."
    yield ""


def _price(results: Mapping[str, Any]) -> Iterator[str]:
    yield "## The price: how much likelier than spells a change must be, and what that delays"
    yield ""
    yield f"The station requires odds of {ODDS_AGAINST_SPELLS:g} to 1. Each cell: for a side, then for a person."
    yield ""
    yield from _table(
        ("odds", *(one.says for one in PRICED)),
        (
            (
                f"{odds:g}",
                *(
                    ", ".join(
                        percent(found["told"]) if one.is_null or one.step_mm else _weeks(found)
                        for of in ("side", "person")
                        for found in (results[one.name][f"{of} at {odds:g}"],)
                    )
                    for one in PRICED
                ),
            )
            for odds in ODDS
        ),
    )
    yield ""
    yield "The first weeks are blind at any odds: with three tests before a loss of 10 mm in week 1, a rule that knows"
    yield "its date, its size and the error gets a likelihood ratio of e^4.4 on average, however many tests follow."
    yield "After two weeks of tests, half of the people have such a loss confirmed (table of courses)."
    yield ""
    yield "![False changes against delay, for each odds](price.svg)"
    yield ""
    yield "`python -m tests.study.spells_limit` shows how little a better rule could gain for one ankle. A likelihood"
    yield "ratio that knows the error, the start and the size of a gain of 2 mm a week, and how long spells last, needs"
    yield "7.6 weeks for half and 10.6 for 95 %, if spells of 5 mm with daily tests may look like a change in 10 % of"
    yield "sides; 8.3 and 11.3 if it knows only that a slope is 1, 2, 3 or 4 mm a week. The station knows none of this."
    yield ""


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
