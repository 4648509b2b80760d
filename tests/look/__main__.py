"""`make look`: photograph every page at the widths of phones, tablets, desktops and televisions, light, dark and
printed, and lay the pictures out side by side.

Writes `build/look/index.html` (a row of pictures for each page, each a link to its full size) and contact sheets as PNG
in `build/look/sheets/`, a series for each width.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from html import escape
from pathlib import Path
from queue import Queue
from tempfile import TemporaryDirectory
from urllib.parse import quote

import click

from station.cli.progress_bar import with_progress
from station.units import count_text
from tests.browser import Browser, is_available, open_browser
from tests.tree import ROOT
from tests.web.every_page import Place, View, open_places, show, views

DIRECTORY = ROOT / "build" / "look"
HEIGHTS = {320: 640, 390: 844, 768: 1024, 1280: 800, 1920: 1080}
"""The height of a screen for each width, in CSS pixels."""
LIGHT, DARK, PRINT = "light", "dark", "print"
MEDIA = (LIGHT, DARK, PRINT)
PAPER = (718, 1047)
"""A4 minus margins of 10 mm, in CSS pixels: paper has one width, whatever the screen's."""
STUDIOS = 2
SHEET_WIDTH, ROWS = 1960, 3
THUMBNAIL_HEIGHT, MARGIN = 640, 8
INDEX_WIDTH = 200
THUMBNAIL_WIDTHS = {320: 236, 390: 236, PAPER[0]: 310, 768: 310, 1280: 470, 1920: 470}
STYLE = f"""
body {{ margin: {MARGIN}px; font: 13px sans-serif; background: #bbb; color: #000 }}
figure {{ display: inline-block; margin: 0 0 {MARGIN}px {MARGIN}px; vertical-align: top }}
figcaption {{ height: 18px; overflow: hidden; white-space: nowrap }}
img {{ display: block; width: 100%; object-fit: cover; object-position: top }}
h1, h2 {{ font-size: 16px; margin: {MARGIN}px }}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """One way to show a page: on a screen of this width, or on paper."""

    width: int
    medium: str

    @property
    def title(self) -> str:
        return PRINT if self.medium == PRINT else f"{self.width} {self.medium}"


@dataclass(frozen=True, slots=True)
class Picture:
    """A photographed page."""

    name: str
    look: Look
    file: Path
    caption: str


def looks(widths: Sequence[int], media: Sequence[str]) -> list[Look]:
    """Every way to show a page: light and dark on each screen, and once on paper."""
    screens = [Look(width, medium) for width in widths for medium in media if medium != PRINT]
    return [*screens, *([Look(PAPER[0], PRINT)] if PRINT in media else [])]


def photograph(window: Browser, view: View, look: Look, directory: Path) -> Picture:
    """Photograph the window's whole page; for a printed page, count the sheets of paper."""
    file = directory / f"{view.name}-{look.title.replace(' ', '-')}.png"
    window.screenshot(str(file))
    paper = f": {count_text(len(window.printed_pages()), 'page')}" if look.medium == PRINT else ""
    return Picture(view.name, look, file, f"{view.name}{paper}")


class Studio:
    """A browser with its own stations to photograph."""

    def __init__(self, window: Browser, places: Mapping[str, Place]) -> None:
        self._window = window
        self._places = places

    def photograph(self, view: View, wanted: Sequence[Look], directory: Path) -> list[Picture]:
        """Photograph a view in every way, reloading it for each width."""
        pictures = []
        loaded = None
        for look in wanted:
            size = PAPER if look.medium == PRINT else (look.width, HEIGHTS[look.width])
            self._window.emulate(size, dark=look.medium == DARK, printed=look.medium == PRINT)
            if look.width != loaded:
                show(self._window, self._places, view)
                loaded = look.width
            pictures.append(photograph(self._window, view, look, directory))
        return pictures


@contextmanager
def open_studio() -> Iterator[Studio]:
    with TemporaryDirectory() as scratch, open_places(Path(scratch)) as places, open_browser() as window:
        yield Studio(window, places)


def photograph_all(chosen: Sequence[View], wanted: Sequence[Look], directory: Path) -> Iterator[list[Picture]]:
    """Photograph all views, several at a time; yields the pictures of each in order."""
    with ExitStack() as opened:
        idle: Queue[Studio] = Queue()
        for _ in range(STUDIOS):
            idle.put(opened.enter_context(open_studio()))
        threads = opened.enter_context(ThreadPoolExecutor(STUDIOS))

        def photograph_one(view: View) -> list[Picture]:
            studio = idle.get()
            try:
                return studio.photograph(view, wanted, directory)
            finally:
                idle.put(studio)

        yield from threads.map(photograph_one, chosen)


def figure(picture: Picture, width: int, directory: Path, caption: str) -> str:
    """A thumbnail with its caption, linked to its full size."""
    address = quote(os.path.relpath(picture.file, directory))
    return (
        f'<figure style="width: {width}px"><a href="{address}"><img src="{address}" alt=""'
        f' style="max-height: {THUMBNAIL_HEIGHT}px"></a><figcaption>{escape(caption)}</figcaption></figure>'
    )


def write_page(file: Path, title: str, body: str) -> None:
    head = f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{escape(title)}</title>'
    file.write_text(f"{head}<style>{STYLE}</style><h1>{escape(title)}</h1>{body}", encoding="utf-8")


def write_index(pictures: Sequence[list[Picture]], directory: Path) -> None:
    """Write the page with a row for each view: all widths light, then dark, then printed."""
    rows = []
    for each in pictures:
        ordered = sorted(each, key=lambda one: MEDIA.index(one.look.medium))
        shown = "".join(figure(one, INDEX_WIDTH, directory, one.look.title) for one in ordered)
        rows.append(f"<h2>{escape(ordered[-1].caption)}</h2><div>{shown}</div>")
    write_page(directory / "index.html", f"Every page of the station, {len(pictures)} views", "".join(rows))


def write_sheets(pictures: Sequence[list[Picture]], wanted: Sequence[Look], directory: Path) -> Iterator[Path]:
    """Write a series of contact sheets for each way to show the pages."""
    with open_browser() as window:
        for look in wanted:
            width = THUMBNAIL_WIDTHS[look.width]
            series = [one for each in pictures for one in each if one.look == look]
            room = ROWS * ((SHEET_WIDTH - 3 * MARGIN) // (width + MARGIN))
            for start in range(0, len(series), room):
                part = series[start : start + room]
                laid = directory / "sheet.html"
                title = f"{look.title}, {start + 1} to {start + len(part)} of {len(series)}"
                write_page(laid, title, "".join(figure(one, width, directory, one.caption) for one in part))
                window.emulate((SHEET_WIDTH, 1000))
                window.open(laid.as_uri())
                sheet = directory / "sheets" / f"{look.title.replace(' ', '-')}-{start // room + 1:02}.png"
                window.screenshot(str(sheet))
                laid.unlink()
                yield sheet


def look_at(chosen: Sequence[View], wanted: Sequence[Look], directory: Path) -> tuple[int, int]:
    """Photograph the views and write everything to the directory; returns the numbers of pictures and sheets."""
    shutil.rmtree(directory, ignore_errors=True)
    shots, sheets = directory / "shots", directory / "sheets"
    for each in (shots, sheets):
        each.mkdir(parents=True)
    pictures = list(with_progress(photograph_all(chosen, wanted, shots), len(chosen), "pages"))
    write_index(pictures, directory)
    return sum(map(len, pictures)), len(list(write_sheets(pictures, wanted, directory)))


def parse_options() -> tuple[list[View], list[Look]]:
    """The views, and the ways to show them, from the command line."""
    options = argparse.ArgumentParser(
        description=__doc__, epilog="Example: make look LOOK='--pages today,live --widths 390'"
    )
    options.add_argument("--pages", default="", help="only pages whose name begins with one of these, with commas")
    options.add_argument("--widths", default=",".join(map(str, HEIGHTS)), help="only these widths, with commas")
    options.add_argument("--media", default=",".join(MEDIA), help="only these of light, dark and print, with commas")
    options.add_argument("--list", action="store_true", help="list the names of the pages")
    given = options.parse_args()
    chosen = [view for view in views() if view.name.startswith(tuple(given.pages.split(",")))]
    if given.list:
        options.exit(message="".join(f"{view.name}\n" for view in chosen))
    if not chosen:
        options.error(f"no page's name begins with {given.pages}: --list lists them")
    for word, known in ((given.widths, map(str, HEIGHTS)), (given.media, MEDIA)):
        if unknown := set(word.split(",")) - set(known):
            options.error(f"there is no {', '.join(sorted(unknown))}: choose from {', '.join(known)}")
    return chosen, looks([int(width) for width in given.widths.split(",")], given.media.split(","))


def main() -> int:
    chosen, wanted = parse_options()
    if not is_available():
        click.echo("There is no browser here. Please type: apt-get install chromium chromium-driver", err=True)
        return 1
    begun_s = time.monotonic()
    pictures, sheets = look_at(chosen, wanted, DIRECTORY)
    took_s = time.monotonic() - begun_s
    click.echo(f"{pictures} pictures and {sheets} sheets in {took_s:.0f} s: {DIRECTORY / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
