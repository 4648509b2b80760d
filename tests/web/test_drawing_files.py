"""The exercise pictures as files: well formed, small, coloured like the page, allowed by its policy, and scored."""

from __future__ import annotations

import re
from base64 import b64encode
from hashlib import sha256
from xml.etree import ElementTree

import pytest

from station.catalogue.poses import (
    picture_keys,
)
from tests.bench.drawing import figures
from tests.tree import ROOT
from web.drawing import DARK, LIGHT, STYLE, PoseError, inline_svg, standalone_svg, svg_security_policy

KEYS = picture_keys()
BUDGET_KB = 60
SCORES = (ROOT / "web" / "drawing" / "SCORES.md").read_text(encoding="utf-8")
LEAST_SCORE = 52


@pytest.mark.parametrize("key", KEYS)
def test_picture_is_well_formed_and_labelled(key: str) -> None:
    """Its role is an image, and its title names it, with XML characters escaped."""
    for text in (standalone_svg(key, title='Calf & "heel"'), inline_svg(key, title='Calf & "heel"')):
        top = ElementTree.fromstring(text)
        title = next(one for one in top if one.tag.endswith("title"))
        assert top.attrib["role"] == "img"
        assert top.attrib["aria-labelledby"] == title.attrib["id"]
        assert title.text == 'Calf & "heel"'


def test_pictures_on_one_page_share_no_id() -> None:
    """None has a style or a script, which the page's policy would refuse."""
    page = "".join(inline_svg(key, title="A title") for key in KEYS)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == len(KEYS)
    assert not any(given in page for given in ("<style", "style=", "<script", "href", "onload"))


@pytest.mark.parametrize("key", KEYS)
def test_still_picture_has_both_poses_and_no_animation(key: str) -> None:
    """The outline of the start and the solid end are both there."""
    still = inline_svg(key, title="A title", animated=False)
    assert "<animate" not in still
    assert 'class="start"' in still


def test_motion_respects_reduced_motion_and_print() -> None:
    """Moving parts are hidden unless the medium is a screen and reduced motion is not preferred."""
    rules = STYLE.read_text(encoding="utf-8")
    assert ".drawing .animated { display: none }" in rules
    assert "@media screen and (prefers-reduced-motion: no-preference)" in rules
    for condition in ("prefers-reduced-motion:no-preference", "prefers-color-scheme:dark", "@media print"):
        assert condition in standalone_svg("3a", title="A title")


@pytest.mark.parametrize(("scheme", "number"), [(LIGHT, 0), (DARK, 1)])
def test_picture_file_uses_page_colours(scheme: str, number: int) -> None:
    """The standalone file has the colours of the page's style sheet, light and dark."""
    page = (ROOT / "web" / "static" / "page.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{([^}]*)\}", page)[number]
    theirs = dict(re.findall(r"(--\w+): ([^;]+);", block))
    for name, colour in re.findall(r"(--\w+):([^;]+)", scheme):
        assert theirs["--surface" if name == "--paper" else name] == colour


def test_all_pictures_fit_size_budget() -> None:
    """All twenty together, each as a compressed file."""
    assert float(figures()["drawing_kb"]["value"]) <= BUDGET_KB


def test_scoring_sheet_has_every_picture_and_says_what_is_missing() -> None:
    """The totals are the sums; the sheet says so if fresh eyes score a picture below 2 or all of them below 52."""
    cells = r"[^|]+\| (\d) \|"
    rows = re.findall(rf"\| `(\w+)` \|{cells}{cells}{cells}", SCORES)
    assert {key for key, *_ in rows} == set(KEYS)
    before, after, fresh = (sum(int(row[at]) for row in rows) for at in (1, 2, 3))
    assert f"| all | | {before} | | {after} | | {fresh} |" in SCORES
    low = [key for key, *_, score in rows if int(score) < 2]
    is_reached = fresh >= LEAST_SCORE and not low
    assert ("Not reached yet" in SCORES) is not is_reached
    assert is_reached or f"**Not reached yet:** {fresh} of the {LEAST_SCORE} wanted" in SCORES
    assert all(f"`{key}`" in SCORES.split("| key |")[0] for key in low)
    assert figures()["picture_score"]["value"] == fresh


def test_unknown_picture_raises() -> None:
    with pytest.raises(PoseError, match="nothing"):
        inline_svg("nothing", title="A title")


def test_picture_policy_allows_only_its_own_style() -> None:
    """The policy's hash is that of the one style in every file, and there is no other source."""
    styles = {
        style for key in KEYS for style in re.findall(r"<style>(.*?)</style>", standalone_svg(key, title="A title"))
    }
    (style,) = styles
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    assert (
        svg_security_policy()
        == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )
