"""The calibration sheet prints at 1:1: measured in the PDF that Chromium makes."""

from __future__ import annotations

import base64
import re
import zlib
from itertools import pairwise
from math import hypot

import pytest

from hardware import dimensions as d
from hardware.workshop import files, sheet
from tests.browser import A4_INCHES, LETTER_INCHES, is_available, open_browser

MM_PER_POINT = 25.4 / 72
Matrix = tuple[float, float, float, float, float, float]


def streams(pdf: bytes) -> list[bytes]:
    """What is drawn on each sheet of a PDF of Chromium's."""
    found = []
    for number in re.findall(rb"/Type /Page\n.*?/Contents (\d+) 0 R", pdf, re.DOTALL):
        start = pdf.index(b"stream\n", pdf.index(b"\n" + number + b" 0 obj")) + len(b"stream\n")
        found.append(zlib.decompress(pdf[start : pdf.index(b"\nendstream", start)]))
    return found


def within(outer: Matrix, inner: Matrix) -> Matrix:
    a, b, c, e, x, y = inner
    oa, ob, oc, oe, ox, oy = outer
    return (
        a * oa + b * oc,
        a * ob + b * oe,
        c * oa + e * oc,
        c * ob + e * oe,
        x * oa + y * oc + ox,
        x * ob + y * oe + oy,
    )


def lines_mm(stream: bytes) -> list[tuple[float, float, float, float]]:
    """Every straight stroke on a sheet: its two ends in mm on paper."""
    matrix: Matrix = (1, 0, 0, 1, 0, 0)
    kept: list[Matrix] = []
    numbers: list[float] = []
    at = begun = (0.0, 0.0)
    found = []

    def place(x: float, y: float) -> tuple[float, float]:
        a, b, c, e, dx, dy = matrix
        return (a * x + c * y + dx) * MM_PER_POINT, (b * x + e * y + dy) * MM_PER_POINT

    for word in stream.decode("latin-1").split():
        if re.fullmatch(r"-?\d*\.?\d+", word):
            numbers.append(float(word))
            continue
        if word == "q":
            kept.append(matrix)
        elif word == "Q":
            matrix = kept.pop()
        elif word == "cm":
            matrix = within(matrix, (numbers[-6], numbers[-5], numbers[-4], numbers[-3], numbers[-2], numbers[-1]))
        elif word == "m":
            at = begun = place(*numbers[-2:])
        elif word in ("l", "h"):
            end = place(*numbers[-2:]) if word == "l" else begun
            found.append((*at, *end))
            at = end
        elif word == "re":
            x, y, width, height = numbers[-4:]
            corners = [place(x + u * width, y + v * height) for u, v in ((0, 0), (1, 0), (1, 1), (0, 1), (0, 0))]
            found += [(*a, *b) for a, b in pairwise(corners)]
        numbers = []
    return found


@pytest.mark.skipif(not is_available(), reason="needs Chromium and its driver")
@pytest.mark.parametrize("paper", [A4_INCHES, LETTER_INCHES], ids=["A4", "Letter"])
def test_sheet_prints_at_its_own_size(paper: tuple[float, float]) -> None:
    """On paper both rulers, the window of the template and the ribs are as long as they say, to a tenth of a mm."""
    with open_browser() as browser:
        browser.open((files.HOME / "calibration-sheet.html").as_uri())
        wanted = {"paperWidth": paper[0], "paperHeight": paper[1], "preferCSSPageSize": True}
        pdf = base64.b64decode(browser.driver.execute_cdp_cmd("Page.printToPDF", wanted)["data"])
    pages = streams(pdf)
    assert len(pages) == 3
    strokes = [[(hypot(c - a, e - b), abs(c - a), abs(e - b)) for a, b, c, e in lines_mm(page)] for page in pages]

    def has(page: int, across: float, down: float) -> bool:
        return any(abs(x - across) < 0.1 and abs(y - down) < 0.1 for _, x, y in strokes[page])

    assert has(0, sheet.RULER_MM, 0)
    assert has(0, 0, sheet.UPRIGHT_RULER_MM)
    assert sum(abs(x) < 0.01 and abs(y - 7.0) < 0.05 for _, x, y in strokes[0]) >= sheet.RULER_MM // 10 + 1
    assert has(1, d.WINDOW_WIDTH_MM, 0)
    assert has(1, 0, d.WINDOW_LENGTH_MM)
    for slopes in d.RISERS_DEG:
        corners = d.riser_corners(slopes)
        assert has(2, corners[1][0] - corners[0][0], 0)
        assert has(2, 0, corners[2][1])
    assert not has(0, sheet.RULER_MM + 1, 0)
    edges = [value for page in pages for a, b, c, e in lines_mm(page) for value in (a, c)]
    assert min(edges) > 5.0
    assert max(edges) < paper[0] * 25.4 - 5.0
