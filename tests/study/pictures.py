"""The pictures of the study, made only from its results."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from station.core.progress.change import ODDS_AGAINST_SPELLS
from tests.study.scenarios import ODDS, PRICED

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


def pictures(results: Mapping[str, Any]) -> dict[str, str]:
    """The SVG files by name."""
    rules = results["rules"]
    return {
        "gain.svg": chart(
            {rule: rules["gain"][rule]["by_week"][:21] for rule in SHOWN},
            "Share of people who gain 2 mm a week and see it confirmed",
            "Each line is a rule; the further to the upper left, the sooner it confirms.",
            1.0,
        ),
        "no_change.svg": chart(
            {rule: rules["null"][rule]["by_week"] for rule in SHOWN},
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
        shares = [results[one.name][f"side at {odds:g}"]["confirmed"] for odds in ODDS]
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
