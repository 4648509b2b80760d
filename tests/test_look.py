"""`make look`: every page is listed once, with a picture of each kind, and the contact sheets."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import browser
from tests.look.__main__ import DARK, LIGHT, PRINT, look_at, looks
from tests.web.every_page import page_rules, views

PNG = b"\x89PNG"


def test_every_page_has_a_view_of_its_own_name() -> None:
    names = [view.name for view in views()]
    assert len(set(names)) == len(names)
    assert {name for name, _ in page_rules()} <= set(names)
    assert {address for _, address in page_rules()} <= {view.address for view in views()}


def test_paper_has_one_width() -> None:
    assert [look.title for look in looks([320, 1280], [LIGHT, PRINT])] == ["320 light", "1280 light", "print"]


@pytest.mark.skipif(not browser.is_available(), reason="no browser here: apt-get install chromium chromium-driver")
def test_pictures_and_sheets_are_written(tmp_path: Path) -> None:
    """Each view has a picture of every kind; the index and the sheets show all of them."""
    chosen = [view for view in views() if view.name in ("today", "live-pause", "interrupt")]
    assert look_at(chosen, looks([390], [LIGHT, DARK, PRINT]), tmp_path / "look") == (9, 3)
    shots = {file.name for file in (tmp_path / "look" / "shots").iterdir()}
    assert {f"{view.name}-{title}.png" for view in chosen for title in ("390-light", "390-dark", "print")} == shots
    assert all(file.read_bytes().startswith(PNG) for file in (tmp_path / "look").rglob("*.png"))
    index = (tmp_path / "look" / "index.html").read_text(encoding="utf-8")
    assert all(f"shots/{name}" in index for name in shots)
    assert re.search(r"<h2>today: [1-9] pages?</h2>", index)
