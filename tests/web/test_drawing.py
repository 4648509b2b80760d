"""The pictures of the exercises: whole, true to their exercise, feet on the ground, small, and still when asked."""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from math import hypot
from pathlib import Path
from threading import Thread
from typing import ClassVar
from xml.etree import ElementTree

import msgspec
import pytest

from station.catalogue.poses import Anchor, ExercisePicture, Pose, Prop, exercise_picture, picture_keys, prop_kind
from tests.bench.drawing import figures
from tests.browser import PHONE, Browser, is_there, opened
from tests.tree import ROOT
from web.app import CSP
from web.drawing import DARK, LIGHT, STYLE, PoseError, inline_svg, standalone_svg, svg_security_policy
from web.drawing.body import HAND, HIP_TO_SEAT, Figure, contact_points, figure
from web.drawing.path import SIZE
from web.drawing.props import distance_to_surface

SVG = "{http://www.w3.org/2000/svg}"
STANDS_WITHIN = 1.0
"""What stands, sits or leans is that near to what it stands, sits or leans on."""
BUDGET_KB = 60
HAND_WITHIN = 1.5
KEYS = picture_keys()
FIGURES = [(key, end) for key in KEYS for end in ("start", "end")]
NUMBER = re.compile(r"-?(?:\d+\.?\d*|\.\d+)")
OVER_TOES = ("3b", "3c", "4c", "7a", "7b", "7c")
STRAIGHT = ("3a", "7d", "8")
COLOURED = """
const canvas = document.createElement('canvas'), brush = canvas.getContext('2d')
canvas.width = canvas.height = 300
brush.drawImage(document.querySelector('img'), 0, 0, 300, 300)
const data = brush.getImageData(0, 0, 300, 300).data, [red, green, blue] = arguments[0]
for (let at = 0; at < data.length; at += 4)
  if (data[at] === red && data[at + 1] === green && data[at + 2] === blue && data[at + 3] === 255) return true
return false
"""
HARDLY_BENT = 12
"""Degrees that still look straight."""


def paths(key: str) -> list[ElementTree.Element]:
    return list(ElementTree.fromstring(standalone_svg(key, title="A title")).iter(f"{SVG}path"))


def looks(key: str) -> set[str]:
    return {look for path in paths(key) for look in path.attrib["class"].split()}


def data(path: ElementTree.Element) -> list[str]:
    """The path and all that it becomes."""
    return [path.attrib["d"], *(d for one in path.iter(f"{SVG}animate") for d in one.attrib["values"].split(";"))]


def points(d: str) -> Iterator[tuple[float, float]]:
    """Where a path goes: every end of a piece, and the control points that are written."""
    x = y = 0.0
    for command, given in re.findall(r"([Mlqtaz])([^Mlqtaz]*)", d):
        numbers = [float(one) for one in NUMBER.findall(given)]
        if command == "a":
            numbers = numbers[-2:]
        steps = list(zip(numbers[::2], numbers[1::2], strict=True))
        if command == "q":
            (aside, bside), end = steps
            yield x + aside, y + bside
            steps = [end]
        for right, down in steps:
            x, y = (right, down) if command == "M" else (x + right, y + down)
            yield x, y


def pose_and_figure(key: str, end: str) -> tuple[ExercisePicture, Pose, Figure]:
    pictured = exercise_picture(key)
    pose: Pose = getattr(pictured, end)
    return pictured, pose, figure(pose)


def nearest(pictured: ExercisePicture, name: str, point: tuple[float, float]) -> float:
    there: list[Prop] = [prop for prop in pictured.props if prop_kind(prop) == name]
    return min(distance_to_surface(prop, point) for prop in there)


def off_the_ground(pictured: ExercisePicture, pose: Pose, body: Figure) -> list[str]:
    """What is said to be on something and is not."""
    faults = []
    for name, leg, at in (("near", pose.near, body.near), ("far", pose.far, body.far)):
        if leg and at and leg.on:
            for point in contact_points(at, leg.by):
                away = nearest(pictured, leg.on, point)
                faults += [f"{name} foot {away:.1f} from the {leg.on}"] if away > STANDS_WITHIN else []
    for name, arm, hand in (("near", pose.near_arm, body.near_arm), ("far", pose.far_arm, body.far_arm)):
        if arm and hand and arm.on:
            away = nearest(pictured, arm.on, hand.hand)
            faults += [f"{name} hand {away:.1f} from the {arm.on}"] if away > HAND_WITHIN else []
    if pose.sits_on:
        away = nearest(pictured, pose.sits_on, (body.hip[0], body.hip[1] - HIP_TO_SEAT))
        faults += [f"the seat {away:.1f} from the {pose.sits_on}"] if away > STANDS_WITHIN else []
    return faults


@pytest.mark.parametrize("key", KEYS)
def test_a_picture_is_whole(key: str) -> None:
    """It is well-formed, an image by its role, and named by its title, also where that has signs of XML in it."""
    for text in (standalone_svg(key, title='Calf & "heel"'), inline_svg(key, title='Calf & "heel"')):
        top = ElementTree.fromstring(text)
        title = next(one for one in top if one.tag.endswith("title"))
        assert top.attrib["role"] == "img"
        assert top.attrib["aria-labelledby"] == title.attrib["id"]
        assert title.text == 'Calf & "heel"'


@pytest.mark.parametrize("key", KEYS)
def test_a_picture_says_what_the_heel_does_and_where_to_go(key: str) -> None:
    """There is an arrow with a head, a leg at work, and the mark of the heel that the exercise asks for."""
    exercise = tomllib.loads((ROOT / "station" / "catalogue" / "exercises" / f"{key}.toml").read_text(encoding="utf-8"))
    assert {"heel", "arrow", "arrow-head", "work"} <= looks(key)
    assert {"down", "lowered", "free"} & looks(key) == {exercise["heel"]}


@pytest.mark.parametrize("key", KEYS)
def test_start_and_end_differ_and_one_becomes_the_other(key: str) -> None:
    """The start is an outline, and what moves goes there and back through paths of the same pieces."""
    assert "start" in looks(key)
    moving = [path for path in paths(key) if "animated" in path.attrib["class"]]
    assert moving
    for path in moving:
        end, start, again, back = data(path)
        assert start == back != end == again
        assert re.sub(r"[^a-zM]", "", start) == re.sub(r"[^a-zM]", "", end)
        assert len(NUMBER.findall(start)) == len(NUMBER.findall(end))


@pytest.mark.parametrize("key", KEYS)
def test_nothing_is_cut_off(key: str) -> None:
    """Every point of every path lies in the square, at the start, at the end and so between."""
    out = [
        f"{path.attrib['class']} {x:.1f} {y:.1f}"
        for path in paths(key)
        for d in data(path)
        for x, y in points(d)
        if not (0 <= x <= SIZE and 0 <= y <= SIZE)
    ]
    assert not out, out


@pytest.mark.parametrize(("key", "end"), FIGURES)
def test_what_stands_stands(key: str, end: str) -> None:
    """Feet, hands and seats touch what the pose says they are on."""
    assert not off_the_ground(*pose_and_figure(key, end))


def test_the_helper_stands_and_holds_the_foot() -> None:
    """In 4a the helper's feet are on the floor and the hands within a hand's length of the foot, at both ends."""
    pictured = exercise_picture("4a")
    assert pictured.helper
    for pose, own in ((pictured.helper.start, pictured.start), (pictured.helper.end, pictured.end)):
        helper, near = figure(pose), figure(own).near
        assert not off_the_ground(pictured, pose, helper)
        for arm in (helper.near_arm, helper.far_arm):
            assert arm
            hand = (2 * pictured.helper.mirror - arm.hand[0], arm.hand[1])
            foot = (near.ankle, near.heel, near.tip, near.ball)
            assert min(hypot(hand[0] - at[0], hand[1] - at[1]) for at in foot) < HAND


def test_a_foot_in_the_air_is_seen() -> None:
    """A figure two units too high, or with the wrong bend of an ankle, does not pass for standing."""
    pictured, pose, _ = pose_and_figure("3b", "end")
    high = msgspec.structs.replace(pose, at=(pose.at[0], pose.at[1] + 2))
    bent = msgspec.structs.replace(pose, near=msgspec.structs.replace(pose.near, ankle=pose.near.ankle - 10))
    for wrong in (high, bent):
        assert off_the_ground(pictured, wrong, figure(wrong))


@pytest.mark.parametrize(("key", "end"), FIGURES)
def test_somebody_is_held_up_by_something(key: str, end: str) -> None:
    """Each figure stands or sits on something, or is a close-up."""
    pictured, pose, _ = pose_and_figure(key, end)
    limbs = (pose.near, pose.far, pose.near_arm, pose.far_arm)
    assert pose.sits_on or any(limb and limb.on for limb in limbs) or pictured.shows == "foot"


@pytest.mark.parametrize("key", OVER_TOES)
def test_the_knee_goes_over_the_toes(key: str) -> None:
    """Where the knee goes forwards it ends ahead of the ball of the foot, and farther than it began."""
    begun, ended = (figure(pose).near for pose in (exercise_picture(key).start, exercise_picture(key).end))
    assert ended.knee[0] - ended.ball[0] > 0
    assert ended.knee[0] - ended.ball[0] > begun.knee[0] - begun.ball[0]


@pytest.mark.parametrize("key", STRAIGHT)
def test_a_straight_knee_is_straight(key: str) -> None:
    """Where the guide asks for a straight knee, it is one at both ends."""
    assert max(exercise_picture(key).start.near.knee, exercise_picture(key).end.near.knee) < HARDLY_BENT


@pytest.mark.parametrize("key", ["3a", "7d"])
def test_a_lowered_heel_is_lower_than_the_ball(key: str) -> None:
    """On the slope and over the edge the heel ends below the ball of the foot."""
    near = figure(exercise_picture(key).end).near
    assert near.heel[1] < near.ball[1] - 3


@pytest.mark.parametrize("key", ["5a", "5b"])
def test_a_lifted_forefoot_is_up(key: str) -> None:
    """The ball of the foot leaves the floor, and the heel stays where it was."""
    begun, ended = (figure(pose).near for pose in (exercise_picture(key).start, exercise_picture(key).end))
    assert ended.ball[1] > begun.ball[1] + 3
    assert hypot(ended.heel[0] - begun.heel[0], ended.heel[1] - begun.heel[1]) < STANDS_WITHIN


def test_the_big_toe_lifts_alone() -> None:
    """In 10c the other toes stay where they are."""
    start, end = exercise_picture("10c").start.near, exercise_picture("10c").end.near
    assert start.others == end.others == 0
    assert end.toes > start.toes


def test_twenty_pictures_stand_on_one_page() -> None:
    """No id is there twice, and none of the pictures has a style or a script, which the page's policy would refuse."""
    page = "".join(inline_svg(key, title="A title") for key in KEYS)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids)) == len(KEYS)
    assert not any(given in page for given in ("<style", "style=", "<script", "href", "onload"))


@pytest.mark.parametrize("key", KEYS)
def test_a_still_picture_has_both_poses_and_no_motion(key: str) -> None:
    """Without animation the outline of the start and the strong end are there, and nothing moves."""
    still = inline_svg(key, title="A title", animated=False)
    assert "<animate" not in still
    assert 'class="start"' in still


def test_motion_is_only_for_who_wants_it() -> None:
    """What moves is hidden until the style says that there is a screen and nobody asked for less motion."""
    rules = STYLE.read_text(encoding="utf-8")
    assert ".drawing .animated { display: none }" in rules
    assert "@media screen and (prefers-reduced-motion: no-preference)" in rules
    for condition in ("prefers-reduced-motion:no-preference", "prefers-color-scheme:dark", "@media print"):
        assert condition in standalone_svg("3a", title="A title")


@pytest.mark.parametrize(("scheme", "number"), [(LIGHT, 0), (DARK, 1)])
def test_a_file_has_the_colours_of_the_page(scheme: str, number: int) -> None:
    """The colours of the file that stands alone are those of the page's style sheet, light and dark."""
    page = (ROOT / "web" / "static" / "page.css").read_text(encoding="utf-8")
    block = re.findall(r":root \{([^}]*)\}", page)[number]
    theirs = dict(re.findall(r"(--\w+): ([^;]+);", block))
    for name, colour in re.findall(r"(--\w+):([^;]+)", scheme):
        assert theirs[name] == colour


def test_all_pictures_are_small() -> None:
    """All twenty together, each as a compressed file, are within their budget."""
    assert float(figures()["drawing_kb"]["value"]) <= BUDGET_KB


def test_an_exercise_without_a_picture_is_an_error() -> None:
    """Nothing is drawn for a key that there is not."""
    with pytest.raises(PoseError, match="nothing"):
        inline_svg("nothing", title="A title")


@pytest.mark.parametrize("anchor", Anchor)
def test_a_pose_is_held_where_it_is_anchored(anchor: Anchor) -> None:
    """Whatever the joints do, the anchored point is where the pose says."""
    pose = msgspec.structs.replace(exercise_picture("3b").end, anchor=anchor, at=(12.0, 34.0))
    body = figure(pose)
    held = body.hip if anchor is Anchor.HIP else getattr(body.near, anchor)
    assert held == pytest.approx((12.0, 34.0))


def test_the_policy_of_the_file_lets_its_style_in_and_nothing_else() -> None:
    """The hash in the policy is that of the one style in every file, and there is no other source."""
    styles = {
        style for key in KEYS for style in re.findall(r"<style>(.*?)</style>", standalone_svg(key, title="A title"))
    }
    (style,) = styles
    digest = b64encode(sha256(style.encode()).digest()).decode("ascii")
    assert (
        svg_security_policy()
        == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; frame-ancestors 'none'"
    )


class Answers(BaseHTTPRequestHandler):
    """The picture as a file, in an `<img>` and in a page, with the policies that browsers get with them."""

    PAGE = '<!doctype html><title>A page</title><link rel="stylesheet" href="{}">{}'
    ASKED: ClassVar[dict[str, tuple[str, str, str]]] = {
        "/3a.svg": ("image/svg+xml", svg_security_policy(), standalone_svg("3a", title="A title")),
        "/strict.svg": ("image/svg+xml", CSP, standalone_svg("3a", title="A title")),
        "/drawing.css": ("text/css", CSP, ":root{--ink:#16191d}" + STYLE.read_text(encoding="utf-8")),
        "/inline": ("text/html", CSP, PAGE.format("/drawing.css", inline_svg("3a", title="A title"))),
        "/image": ("text/html", CSP, PAGE.format("/drawing.css", '<img src="/strict.svg" width="300" alt="">')),
    }

    def do_GET(self) -> None:  # the base class calls it so
        kind_of, guard, text = self.ASKED.get(self.path, ("text/plain", CSP, ""))
        self.send_response(200)
        for name, value in (("Content-Type", kind_of), ("Content-Security-Policy", guard)):
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        """Nothing is said about who asked."""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def window() -> Iterator[Browser]:
    if not is_there():
        pytest.skip("no browser here: apt-get install chromium chromium-driver")
    with opened() as browser:
        yield browser


def shown(window: Browser, selector: str, what: str) -> str:
    return str(window.run(f"return getComputedStyle(document.querySelector('{selector}')).{what}"))


@pytest.mark.parametrize("page", ["/3a.svg", "/inline"])
def test_a_browser_moves_it_unless_asked_not_to(window: Browser, address: str, page: str) -> None:
    """The figure moves on a screen, stands still for who wants less motion, and on paper; nothing is refused."""
    window.errors()
    for calm, moving, still in ((False, "inline", "none"), (True, "none", "inline")):
        window.look(PHONE, calm=calm)
        window.open(address + page)
        assert shown(window, ".animated", "display") == moving
        assert shown(window, ".still", "display") == still
        assert shown(window, ".work", "fill") == "rgb(22, 25, 29)"
    window.look(PHONE)
    window.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    assert shown(window, ".animated", "display") == "none"
    assert shown(window, ".work", "fill") == "rgb(0, 0, 0)"
    assert window.errors() == []


def test_the_file_is_dark_in_the_dark(window: Browser, address: str) -> None:
    """The file that stands alone follows the scheme of whoever looks."""
    window.look(PHONE, dark=True)
    window.open(f"{address}/3a.svg")
    assert shown(window, ".work", "fill") == "rgb(255, 255, 255)"


def test_an_image_has_its_colours_and_moves_under_the_policy_of_the_pages(
    window: Browser, address: str, tmp_path: Path
) -> None:
    """In an `<img>` the picture has its colours and moves, although the policy of the pages came with it."""
    window.look(PHONE)
    window.errors()
    window.open(f"{address}/image")
    assert window.run(COLOURED, [22, 25, 29])

    def seen() -> bytes:
        window.picture(str(tmp_path / "seen.png"))
        return (tmp_path / "seen.png").read_bytes()

    first = seen()
    window.settle(lambda: seen() != first, "the figure moves")
    assert window.errors() == []
