"""The calibration sheet prints at 1:1: measured in the PDF that Chromium makes."""

from __future__ import annotations

from math import hypot

import pytest

from hardware import dimensions as d
from hardware.workshop import files, sheet
from tests.browser import A4_INCHES, LETTER_INCHES, is_available, open_browser
from tests.pdf import lines_mm, sheets


@pytest.mark.skipif(not is_available(), reason="needs Chromium and its driver")
@pytest.mark.parametrize("paper", [A4_INCHES, LETTER_INCHES], ids=["A4", "Letter"])
def test_sheet_prints_at_its_own_size(paper: tuple[float, float]) -> None:
    """On paper both rulers, the window of the template and the ribs are as long as they say, to a tenth of a mm."""
    with open_browser() as browser:
        browser.open((files.HOME / "calibration-sheet.html").as_uri())
        pages = sheets(browser.print_pdf(paper))
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
